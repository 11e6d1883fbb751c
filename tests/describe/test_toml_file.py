"""TOML files as people get them wrong: each fault once, at its place, with the nearest right name."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from portwright.base.errors import BadInput, Fault
from portwright.describe import ledger as ledgers
from portwright.describe import port as ports
from portwright.describe import toml_file
from portwright.describe.ledger import Abi, Call, Ledger, Memory

Broken = Callable[..., list[Fault]]


@pytest.fixture
def broken(tmp_path: Path) -> Broken:
    """The faults of the bundled ledger after some replacements (each of which must find its text)."""

    def load(*changes: tuple[str, str]) -> list[Fault]:
        text = (ports.find("x86_64-unknown-veridian") / "abi.toml").read_text()
        for old, new in changes:
            assert old in text, f"{old!r} is not in the ledger"
            text = text.replace(old, new, 1)
        path = tmp_path / "abi.toml"
        path.write_text(text)
        with pytest.raises(BadInput) as caught:
            ledgers.load(path)
        return caught.value.faults

    return load


def at(fault: Fault, path: Path) -> str:
    """The text that a fault's place points at."""
    assert fault.where is not None and fault.where.line is not None and fault.where.column is not None
    return path.read_text().split("\n")[fault.where.line - 1][fault.where.column - 1 :]


PACK = '{ pack = [{ argument = "fd", shift = 32'


@pytest.mark.parametrize(
    ("old", "new", "what", "hint", "points_at"),
    [
        (PACK, PACK.replace("pack", "pakc"), "unknown key", "did you mean `pack`?", "pakc"),
        (PACK, PACK.replace("shift", "shfit"), "unknown key", "did you mean `shift`?", "shfit"),
        (PACK, PACK.replace("32", '"32"'), "must be a valid integer", None, "shift"),
        ('["fd", "buffer"', '["fd", { pack = [] }', "at least 1 item", None, "pack"),
        ('["fd", "buffer"', '["fd", 7', "an argument is a name", None, "7"),
        ('["fd", "buffer"', '["fd", { what = 7 }', "an argument is a name", None, "{ what"),
        (
            '{ value = "ARCH_SET_FS" }',
            "{ value = 1.5 }",
            "must be a valid integer, or a valid string",
            None,
            "value",
        ),
        ("number = 50,", 'number = "50",', "must be a valid integer", None, "number"),
        ("number = 50,", "number = true,", "must be a valid integer", None, "number"),
        ("number = 50,", "number = 50.0,", "must be a valid integer", None, "number"),
        ("number = 50,", "number = -50,", "must be greater than or equal to 0", None, "number"),
        (
            "number = 50,",
            "nubmer = 50,",
            "unknown key `syscalls.open.nubmer`",
            "did you mean `number`?",
            "nubmer",
        ),
        ("number = 50,", "", "give either `number` or `symbol`", None, "open"),
        ("number = 50,", 'number = 50, symbol = "open",', "give either `number` or `symbol`", None, "open"),
        (
            "monotonic = {",
            "monotnic = {",
            "unknown key `clocks.monotnic`",
            "did you mean `monotonic`?",
            "monotnic",
        ),
        ('"negative-errno"', '"negative-erno"', "`abi.error`", "did you mean `negative-errno`?", "error"),
        ("ENOSYS = {", 'EXTRA = "x"\nENOSYS = {', "`errors.EXTRA`", None, "EXTRA"),
        ("ENOSYS = { number", "ENOSYS = { nmber", "unknown key", "did you mean `number`?", "nmber"),
        ('"argc", "argv"', '"argc", "argvv"', "`entry.stack[1]`", "did you mean `argv`?", '"argvv"'),
        ("page-size = 4096\n", "", "`memory.page-size` is missing", "add `page-size = ...`", "memory"),
        (
            'trap = "syscall"',
            'trap = "syscall"\nflavour = "red"',
            "unknown key",
            "known keys here: ",
            "flavour",
        ),
        (
            "executable = { argument = true }",
            "executable = {}",
            "either `link`, `auxv` or",
            None,
            "executable",
        ),
        ("{ argument = true }", '{ link = "exe" }', "an absolute path", None, "executable"),
        ('form = "one-name"', 'form = "records"', 'form = "records" needs', None, "directory"),
    ],
)
def test_one_mistake_is_one_fault(
    broken: Broken, tmp_path: Path, old: str, new: str, what: str, hint: str | None, points_at: str
) -> None:
    """A mistake inside a union or a nested table gives one fault at the mistake, not one per branch."""
    faults = broken((old, new))
    assert len(faults) == 1, [str(fault) for fault in faults]
    assert what in faults[0].what
    assert at(faults[0], tmp_path / "abi.toml").startswith(points_at)
    if hint is not None:
        assert (faults[0].hint or "").startswith(hint)


def test_all_mistakes_in_one_pass_in_the_order_of_the_file(broken: Broken) -> None:
    """Three mistakes far apart are three faults, from the top down."""
    faults = broken(
        ("number = 330", "numero = 330"),
        ("stack-top", "stack-tip"),
        ('trap = "syscall"', 'trapp = "syscall"'),
    )
    assert [fault.what for fault in faults] == [
        "unknown key `abi.trapp`",
        "unknown key `memory.stack-tip`",
        "unknown key `syscalls.getrandom.numero`",
    ]
    lines = [fault.where.line for fault in faults if fault.where and fault.where.line]
    assert lines == sorted(lines) and len(lines) == 3


def test_misspelled_keys_get_the_nearest_name(tmp_path: Path) -> None:
    """A letter left out, doubled or swapped in any key of the ledger's tables leads back to the key."""
    known = [
        *(("abi", field.alias) for field in Abi.model_fields.values() if len(field.alias or "") > 5),
        *(("memory", field.alias) for field in Memory.model_fields.values()),
        *(
            ("syscalls.read", field.alias)
            for field in Call.model_fields.values()
            if len(field.alias or "") > 5
        ),
    ]
    chance = random.Random(7)
    for table, key in known:
        assert key is not None
        place = chance.randrange(1, len(key) - 1)
        wrong = chance.choice([key[:place] + key[place + 1 :], key[:place] + key[place] + key[place:]])
        path = tmp_path / "abi.toml"
        path.write_text(f"[{table}]\n{wrong} = 1\n")
        with pytest.raises(BadInput) as caught:
            toml_file.validate(Ledger, toml_file.read(path), toml_file.Places(path))
        (fault,) = [fault for fault in caught.value.faults if fault.code == "toml/unknown-key"]
        assert fault.hint == f"did you mean `{key}`?"
        assert at(fault, path).startswith(wrong)


def test_what_is_no_toml_says_where(tmp_path: Path) -> None:
    """A syntax error has its line and column, a missing file says what a port is."""
    path = tmp_path / "abi.toml"
    with pytest.raises(BadInput, match="no such file"):
        toml_file.read(path)
    path.write_text('[abi]\ncpu = "x86-64\n')
    with pytest.raises(BadInput) as caught:
        toml_file.read(path)
    where = caught.value.faults[0].where
    assert where is not None and where.line == 2
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="cannot be read"):
        toml_file.read(path)
