"""The operations on files beyond reading and writing: what their arguments are, in the vocabulary's order."""

from __future__ import annotations

import pytest

from portwright.describe.operation import operation

SIGNATURES = {
    "change_mode": "path mode",
    "create_link": "path target",
    "create_symlink": "path target",
    "fd_change_mode": "fd mode",
    "fd_set_times": "fd times",
    "link_set_times": "path times",
    "lock_file": "fd operation",
    "open_at": "directory path flags mode",
    "read_at": "fd buffer length offset",
    "read_link": "path buffer length",
    "read_vectored": "fd vectors count",
    "remove_at": "directory path flags",
    "set_times": "path times",
    "status_at": "directory path status flags",
    "sync_data": "fd",
    "sync_file": "fd",
    "terminal_status": "fd status",
    "write_at": "fd buffer length offset",
    "write_vectored": "fd vectors count",
}


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_signature(name: str) -> None:
    """The arguments, by name and in the vocabulary's order."""
    assert " ".join(argument.name for argument in operation(name).arguments) == SIGNATURES[name]


@pytest.mark.parametrize(
    ("name", "kind"), [("read_vectored", "vectors-out"), ("write_vectored", "vectors-in")]
)
def test_vectors_are_counted_and_of_the_ledgers_own_layout(name: str, kind: str) -> None:
    """An array of `iovec`, whose count is the call's third argument."""
    vectors = operation(name).argument("vectors")
    assert (vectors.kind, vectors.length, vectors.type) == (kind, "count", "iovec")


def test_times_are_one_struct_of_two() -> None:
    """Both of a file's times go in one struct, whoever's file it is."""
    for name in ("set_times", "fd_set_times", "link_set_times"):
        assert operation(name).argument("times").type == "timespec_pair"
