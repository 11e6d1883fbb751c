"""The vocabulary of operations: each entry says itself fully, in kinds that exist, and belongs to the set agreed on."""

from __future__ import annotations

import pytest

from portwright.base import rooms
from portwright.base.errors import BadInput
from portwright.describe import errno
from portwright.describe.operation import KINDS, ROOM, operation, vocabulary

# What the arguments of operations are, in order. A change here is a change of every ledger's meaning; an operation
# that is added has a test file of its own beside this one.
SIGNATURES = {
    "change_directory": "path",
    "clock_read": "clock time",
    "close": "fd",
    "close_directory": "fd",
    "create_directory": "path mode",
    "current_directory": "buffer length",
    "exit": "status",
    "fd_status": "fd status",
    "file_status": "path status",
    "fill_random": "buffer length flags",
    "link_status": "path status",
    "map_memory": "address length protection flags fd offset",
    "open": "path flags mode",
    "open_directory": "path",
    "process_id": "",
    "protect_memory": "address length protection",
    "read": "fd buffer length",
    "read_directory": "fd buffer length position",
    "remove_directory": "path",
    "remove_file": "path",
    "rename": "path target",
    "seek": "fd offset whence",
    "set_break": "address",
    "set_length": "fd length",
    "set_thread_pointer": "address",
    "sleep": "duration remaining",
    "unmap_memory": "address length",
    "write": "fd buffer length",
    "yield_now": "",
}


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_signature(name: str) -> None:
    """The arguments, by name and in the vocabulary's order."""
    assert " ".join(argument.name for argument in operation(name).arguments) == SIGNATURES[name]


@pytest.mark.parametrize("name", sorted(vocabulary()))
def test_each_says_itself_fully(name: str) -> None:
    """A sentence, what of std it unlocks, known kinds, known errors; lengths that are arguments of its own."""
    found = operation(name)
    module = rooms.load(ROOM, rooms.entry_name(name))
    assert found.name == name
    assert (module.__doc__ or "").startswith(found.summary.split(".")[0])
    assert found.summary.endswith(".") and found.unlocks and 1 <= found.weight <= 10
    assert set(found.errors) <= errno.NAMES
    names = [argument.name for argument in found.arguments]
    for argument in found.arguments:
        assert argument.kind in KINDS
        assert (argument.kind.startswith(("bytes-", "vectors-"))) == (argument.length is not None)
        assert argument.length is None or argument.length in names
        assert (argument.kind.startswith(("struct-", "vectors-"))) == (argument.type is not None)
        assert (argument.kind in ("flags", "choice")) == (argument.constants is not None)
        assert (argument.kind == "option") == (argument.level is not None)
        assert argument.level is None or found.argument(argument.level).kind == "choice"
        assert found.argument(argument.name) is argument


def test_an_unknown_operation_names_the_file_to_add() -> None:
    """What to write, and where."""
    with pytest.raises(BadInput) as caught:
        operation("wirte")
    hint = caught.value.faults[0].hint or ""
    assert "did you mean `write`?" in hint and "describe/operations/wirte.py" in hint
    with pytest.raises(KeyError):
        operation("write").argument("no such")
