"""The ledger's check: each kind of fault, planted alone into a good ledger, is found alone and at its place."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portwright.base.errors import BadInput
from portwright.describe import ledger as ledgers
from portwright.describe import ledger_check, toml_file
from portwright.describe.ledger_finding import Finding

# A ledger of a small OS, without fault: what a porter writes on the first day.
GOOD = """\
[abi]
cpu = "x86-64"
trap = "syscall"
number = "rax"
arguments = ["rdi", "rsi", "rdx", "r10"]
result = "rax"
error = "negative-errno"
clobbers = ["rcx", "r11"]

[entry]
stack = ["argc", "argv", "null", "envp", "null", "strings"]

[memory]
page-size = 4096
stack-top = 0x8000_0000
stack-size = 0x1_0000
map-base = 0x4000_0000

[clocks]
monotonic = { id = 1, epoch = "boot" }

[errors]
EINVAL = 1
ENOENT = 2
Odd = { number = 3, kind = "Other", message = "odd" }

[constants]
PROT_READ = 1
PROT_WRITE = 2
MAP_PRIVATE = 1
MAP_ANONYMOUS = 2
SET_FS = 5

[types.timespec]
size = 16
fields.tv_sec = { offset = 0, size = 8, signed = true }
fields.tv_nsec = { offset = 8, size = 8, signed = true }

[directory]
form = "one-name"
types = { file = 0, directory = 1 }

[syscalls]
exit = { number = 1, operation = "exit", arguments = ["status"] }
write = { number = 2, operation = "write", arguments = ["fd", "buffer", "length"] }
map = { number = 3, operation = "map_memory", arguments = [
    "address", "length", "protection",
    { pack = [
        { argument = "flags", shift = 0, bits = 8 },
        { argument = "fd", shift = 8, bits = 24 },
        { argument = "offset", shift = 32, bits = 32 },
    ] },
] }
clock = { number = 4, operation = "clock_read", arguments = ["clock", "time"] }
list = { number = 5, operation = "read_directory", arguments = [
    "fd", "buffer", "length",
], limit = { argument = "length", at-most = 512, beyond = "EINVAL" } }
thread = { number = 6, aliases = [60], operation = "set_thread_pointer", arguments = [{ value = "SET_FS" }, "address"] }
sleep = { number = 7, operation = "sleep", arguments = [{ argument = "duration", as = "milliseconds" }, "remaining"] }
remove = { number = 8, operation = "remove_file", arguments = ["path", { argument = "path", as = "length" }] }
private = { number = 9, arguments = ["this", "that"] }
"""
EXIT = 'exit = { number = 1, operation = "exit", arguments = ["status"] }'
WRITE = 'write = { number = 2, operation = "write", arguments = ["fd", "buffer", "length"] }'
MAP_FIELD = '{ argument = "fd", shift = 8, bits = 24 }'

CODE = "code = { shift = 8, bits = 8 }"

Check = Callable[..., list[Finding]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """The findings in GOOD after replacements."""

    def run(*changes: tuple[str, str]) -> list[Finding]:
        text = GOOD
        for old, new in changes:
            assert old in text, f"{old!r} is not in the ledger"
            text = text.replace(old, new, 1)
        path = tmp_path / "abi.toml"
        path.write_text(text)
        return ledger_check.check(ledgers.load(path), toml_file.Places(path))

    return run


def test_the_good_ledger_has_no_fault(check: Check) -> None:
    """What the rows below change is right before."""
    assert check() == []


ROWS = [
    # code, what is changed, what must be said, what the place points at, severity
    ("unknown-cpu", 'cpu = "x86-64"', 'cpu = "x86_64"', "did you mean `x86-64`?", "cpu"),
    ("unknown-trap", 'trap = "syscall"', 'trap = "sycall"', "did you mean `syscall`?", "trap"),
    ("unknown-register", '"r10"]', '"r01"]', "did you mean `r", '"r01"'),
    ("unknown-register", 'number = "rax"', 'number = "eax"', "no register `eax`", "number"),
    ("unknown-register", '["rcx", "r11"]', '["rcx", "r11", "xmm16"]', "no register `xmm16`", '"xmm16"'),
    ("wrong-register", '"r10"]', '"xmm0"]', "cannot pass an argument", '"xmm0"'),
    ("wrong-register", 'result = "rax"', 'result = "rsp"', "cannot pass an argument", "result"),
    ("register-twice", '"r10"]', '"rdi"]', "two things", '"rdi"'),
    ("register-twice", '"r10"]', '"rax"]', "two things", '"rax"'),
    ("forgotten-clobber", '["rcx", "r11"]', '["rcx"]', "`r11` is missing", "clobbers"),
    ("entry-stack", '"argv", "null"', '"argv"', "must be followed by `null`", '"argv"'),
    ("entry-stack", '"argc",', '"argc", "argc",', "twice", "stack"),
    ("executable", "[entry]", "[entry]\nexecutable = { auxv = 31 }", "no `auxv` on the stack", "executable"),
    ("alignment", "[entry]", "[entry]\nalignment = 12", "power of 2", "alignment"),
    ("alignment", "[entry]", "[entry]\nalignment = 4", "at least 8", "alignment"),
    ("thread-pointer", "[entry]", '[entry]\nthread-pointer = { at-entry = "zero", set-by = "os" }', "OS", "thread-"),
    ("wait-status", "[errors]", f"[processes]\nwait-status = {{ {CODE}, signal = {{ shift = 15, bits = 7 }} }}\n[errors]",
     "`signal` and `code` share bits", "signal"),
    ("wait-status", "[errors]", f"[processes]\nwait-status = {{ {CODE}, signal = {{ shift = 31, bits = 2 }} }}\n[errors]",
     "ends at bit 33", "signal"),
    ("page-size", "page-size = 4096", "page-size = 5000", "no page size", "page-size"),
    ("page-size", "map-base = 0x4000_0000", "map-base = 0x4000_0100", "page's border", "map-base"),
    ("stack", "map-base", "stack-limit = 0x1000\nmap-base", "cannot shrink", "stack-limit"),
    ("stack", "map-base", "stack-limit = 0x1_0000_0000\nmap-base", "first address", "stack-top"),
    ("map-base", "map-base = 0x4000_0000", "map-base = 0x7fff_e000", "in the stack", "map-base"),
    ("no-clock", 'monotonic = { id = 1, epoch = "boot" }', "", "no `monotonic`", "clock"),
    ("resolution", 'epoch = "boot" }', 'epoch = "boot", resolution = 0 }', "1 or more", "resolution"),
    ("error-number", "EINVAL = 1", "EINVAL = -1", "positive", "EINVAL"),
    ("error-twice", "ENOENT = 2", "ENOENT = 1", "`ENOENT` and `EINVAL` (line 23)", "ENOENT"),
    ("error-kind", 'kind = "Other"', 'kind = "NotFonud"', "did you mean `NotFound`?", "kind"),
    ("field-outside", "offset = 8", "offset = 9", "outside the 16 bytes", "tv_nsec"),
    ("field-outside", "offset = 0", "offset = -8", "outside the 16 bytes", "tv_sec"),
    ("field-overlap", "offset = 8", "offset = 4", "lie over each other", "tv_nsec"),
    ("type-size", "size = 16", "size = 0", "holds nothing", "size"),
    ("file-kind", "directory = 1 }", "dictionary = 1 }", "did you mean `directory`?", "dictionary"),
    ("unknown-form", "[syscalls]", '[sources]\nsyscalls = { file = "x.rs", form = "rust-enums" }\n\n[syscalls]',
     "did you mean `rust-enum`?", "form"),
    ("name", "SET_FS = 5", 'SET_FS = 5\n"A-B" = 6', "cannot be a name", '"A-B"'),
    ("name", '["this", "that"]', '["this", "9"]', "`9` cannot be a name", '"9"'),
    ("pack-outside", "shift = 32, bits = 32", "shift = 32, bits = 9223372036854775807", "a register has 64", "{ arg"),
    ("number-twice", WRITE, WRITE.replace("number = 2", "number = 1"), "`exit` at line 44", "number"),
    ("number-twice", "aliases = [60]", "aliases = [9]", "`thread` at line", "number = 9"),
    ("number-twice", "aliases = [60]", "aliases = [6]", "number 6", "number = 6"),
    ("call-twice", "private = {", "Re_move = {", "one call with two numbers", "Re_move"),
    ("alias-names", "aliases = [60]", 'aliases = [60], kernel-aliases = ["A", "B"]', "1 aliases have 2", "kernel-al"),
    ("symbol-alias", "number = 6, aliases", 'symbol = "set_fs", aliases', "no further numbers", "aliases"),
    ("unknown-operation", 'operation = "write"', 'operation = "wirte"', "did you mean `write`?", "operation"),
    ("needed-operation", 'operation = "exit", ', "", "nothing provides `exit`", "[syscalls]"),
    ("needed-operation", 'operation = "map_memory", ', "", "`map_memory` or `set_break`", "[syscalls]"),
    ("lacks", "MAP_PRIVATE = 1", "", "needs [constants] MAP_PRIVATE", "operation"),
    ("lacks", '[directory]\nform = "one-name"\ntypes = { file = 0, directory = 1 }\n', "", "needs [directory]",
     "operation"),
    ("too-many-arguments", '["this", "that"]', '["a", "b", "c", "d", "e"]', "the trap passes 4", "arguments"),
    ("unknown-argument", '["fd", "buffer", "length"] }', '["fd", "bufer", "length"] }', "did you mean `buffer`?",
     '"bufer"'),
    ("unknown-argument", MAP_FIELD, MAP_FIELD.replace("fd", "df"), "no argument `df`", "argument"),
    ("unknown-argument", 'limit = { argument = "length"', 'limit = { argument = "lenght"', "`length`", "argument"),
    ("unpassed-argument", '["fd", "buffer", "length"] }', '["fd", "length"] }', "never passes `buffer`", "arguments"),
    ("wrong-part", '"path", as = "length"', '"path", as = "seconds"', "no seconds", "argument"),
    ("unknown-constant", 'value = "SET_FS"', 'value = "SET_GS"', "did you mean `SET_FS`?", "value"),
    ("unknown-constant", "[{ value", '[{ value = "SET_FS | GET_FS" }, { value', "`GET_FS`", "value"),
    ("unknown-constant", "private = { number = 9", 'private = { number = 9, ignores = ["PROT_REED"]',
     "did you mean `PROT_READ`?", '"PROT_REED"'),
    ("pack-outside", "shift = 32, bits = 32", "shift = 40, bits = 32", "ends at bit 72", "{ argument"),
    ("pack-overlap", MAP_FIELD, MAP_FIELD.replace("24", "25"), "`offset` and `fd` share bits", "{ argument"),
    ("pack", MAP_FIELD, MAP_FIELD.replace("24", "0"), "1 bit or more", "{ argument"),
    ("limit", "at-most = 512", "at-most = 0", "lets nothing pass", "at-most"),
    ("too-wide", "SET_FS = 5", "SET_FS = 0x1_0000_0000_0000_0000", "64 bits of a register", "SET_FS"),
    ("too-wide", "SET_FS = 5", "SET_FS = 5\nODD = -9223372036854775809", "64 bits of a register", "ODD"),
    ("too-wide", "aliases = [60]", "aliases = [18446744073709551616]", "64 bits of a register", "18446744073709551616"),
    ("error-number", "EINVAL = 1", "EINVAL = 4096", "errors are 1 to 4095", "EINVAL"),
    ("wrong-register", '"r10"]', '"rcx"]', "`syscall` itself overwrites it", '"rcx"'),
    ("name-twice", "SET_FS = 5", "SET_FS = 5\nset_fs = 6", "`set_fs` and `SET_FS` (line", "set_fs = 6"),
    ("unknown-error", 'beyond = "EINVAL"', 'beyond = "EINVLA"', "did you mean `EINVAL`?", "beyond"),
    ("unknown-error", 'error = "negative-errno"', 'error = "negative-errno"\nbusy = "EBUSY"', "`EBUSY`", "busy"),
]  # fmt: skip
WARNINGS = [
    ("clobber-twice", '["rcx", "r11"]', '["rcx", "r11", "rcx"]', "listed twice", '"rcx"]'),
    ("thread-pointer", 'operation = "set_thread_pointer", ', "", "set its thread pointer", "[entry]"),
    ("executable", "[entry]", '[entry]\nexecutable = { link = "/self" }', "no call has the operation", "executable"),
    ("unread-clock", 'operation = "clock_read", ', "", "nothing reads this clock", "monotonic"),
    ("unread-directory", 'operation = "read_directory", ', "", "nothing reads directories", "[directory]"),
    ("error-message", "EINVAL = 1", "EINVAL = 1\nEINVALID = 9", "did you mean `EINVAL`?", "EINVALID"),
    ("error-twice", "ENOENT = 2", "ENOENT = 2\nEAGAIN = 6\nEWOULDBLOCK = 6", "both have the number 6", "EWOULD"),
    ("operation-twice", "private = { number = 9, arguments = [\"this\", \"that\"] }",
     WRITE.replace("write =", "put =").replace("2,", "9,"), "provides `write` already", "operation"),
    ("unpassed-argument", ', "remaining"]', "]", "never passes `remaining`", "arguments"),
    ("argument-twice", '["fd", "buffer", "length"] }', '["fd", "buffer", "length", "fd"] }', "2 times", "arguments"),
    ("no-constants", "private = { number = 9",
     'r = { number = 10, operation = "fill_random", arguments = ["buffer", "length", "flags"] }\nprivate = { number = 9',
     "constants `GRND_...`", "arguments"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "old", "new", "says", "points_at"), ROWS, ids=[f"{r[0]}-{r[3]}" for r in ROWS]
)
def test_each_error_is_found_at_its_place(
    check: Check, tmp_path: Path, code: str, old: str, new: str, says: str, points_at: str
) -> None:
    """One planted error: one finding of its kind, an error, pointing at what is wrong."""
    found = [row for row in check((old, new)) if row.code == f"ledger/{code}"]
    assert len(found) == 1, [str(row.fault()) for row in check((old, new))]
    _judge(found[0], "error", says, points_at, tmp_path / "abi.toml")


@pytest.mark.parametrize(("code", "old", "new", "says", "points_at"), WARNINGS, ids=[r[0] for r in WARNINGS])
def test_each_warning_is_found_at_its_place(
    check: Check, tmp_path: Path, code: str, old: str, new: str, says: str, points_at: str
) -> None:
    """What may be meant is a warning, and the ledger has no error beside it."""
    rows = check((old, new))
    assert not [row for row in rows if row.severity == "error"], [str(row.fault()) for row in rows]
    found = [row for row in rows if row.code == f"ledger/{code}"]
    assert len(found) == 1
    _judge(found[0], "warning", says, points_at, tmp_path / "abi.toml")


def _judge(finding: Finding, severity: str, says: str, points_at: str, path: Path) -> None:
    assert finding.severity == severity
    assert says in f"{finding.what} {finding.hint}"
    where = finding.where
    assert where.line is not None and where.column is not None
    line = path.read_text().split("\n")[where.line - 1]
    here = line[where.column - 1 :]
    # A table's own key stands inside its header's brackets.
    assert here.startswith(points_at) or (points_at.startswith("[") and line.startswith(points_at)), here


def test_all_faults_in_one_pass(check: Check) -> None:
    """Five faults in five tables are five findings, from the top of the file down."""
    rows = check(
        ('cpu = "x86-64"', 'cpu = "x86-64"\nbusy = "EBUSY"'),
        ("page-size = 4096", "page-size = 0"),
        ("offset = 8", "offset = 10"),
        (WRITE, WRITE.replace("number = 2", "number = 1")),
        ('value = "SET_FS"', 'value = "NO_SUCH"'),
    )
    codes = [row.code.removeprefix("ledger/") for row in rows]
    assert codes == ["unknown-error", "page-size", "field-outside", "number-twice", "unknown-constant"]


def test_a_wide_field_over_two_others_is_named_each_time(check: Check) -> None:
    """Overlaps are found although the fields that share bytes do not follow each other."""
    rows = check(
        ("fields.tv_sec = { offset = 0, size = 8", "fields.tv_sec = { offset = 0, size = 16"),
        ("fields.tv_nsec", "fields.early = { offset = 2, size = 2 }\nfields.tv_nsec"),
    )
    assert {row.key[-1] for row in rows if row.code == "ledger/field-overlap"} == {"early", "tv_nsec"}


def test_a_call_without_arguments_passes_the_operation_s_own(check: Check) -> None:
    """Left out, `arguments` are the operation's, and may then be too many for the trap."""
    rows = check(
        (
            'private = { number = 9, arguments = ["this", "that"] }',
            'private = { number = 9, operation = "protect_memory" }',
        )
    )
    assert rows == []
    rows = check(('arguments = ["rdi", "rsi", "rdx", "r10"]', 'arguments = ["rdi", "rsi"]'))
    assert {row.key[1] for row in rows if row.code == "ledger/too-many-arguments"} == {"write", "map", "list"}


def test_parts_of_one_call_share_its_number(check: Check) -> None:
    """Calls of one number are right where a fixed argument tells them apart, and only there."""
    get = 'get = { number = 6, kernel-name = "Prctl", arguments = [{ value = 7 }, "place"] }\nprivate = {'
    assert check(("private = {", get), ("[constants]", "[constants]\nGET_FS = 7")) == []
    for value in ('{ value = "SET_FS" }', "{ value = 5 }", '"code"'):
        rows = check(("private = {", get.replace("{ value = 7 }", value)))
        assert [row.code for row in rows] == ["ledger/number-twice"], value


ONE_CALL = {
    "a-null-fixed": ('send = { number = 10, kernel-name = "out", operation = "send", arguments = ["fd", { value = 0 }] }',
                     'out = { number = 10, operation = "send_to", arguments = ["fd", "length"] }', True),
    "two-calls": ('send = { number = 10, operation = "send", arguments = ["fd", { value = 0 }] }',
                  'out = { number = 10, operation = "send_to", arguments = ["fd", "length"] }', False),
    "a-path-is-never-null": ('by_fd = { number = 10, kernel-name = "times", arguments = ["fd", { value = 0 }] }',
                             'times = { number = 10, operation = "remove_at", arguments = [{ value = 3 }, "path"] }',
                             True),
    "a-number-may-be-0": ('by_fd = { number = 10, kernel-name = "times", arguments = ["fd", { value = 0 }] }',
                          'times = { number = 10, operation = "remove_at", arguments = [{ value = 3 }, "flags"] }',
                          False),
}  # fmt: skip


@pytest.mark.parametrize(("one", "other", "right"), ONE_CALL.values(), ids=ONE_CALL)
def test_one_call_of_several_operations_may_have_a_general_one(
    check: Check, one: str, other: str, right: bool
) -> None:
    """What fixes more is tried first; a fixed null is told from what passes an address that must be one."""
    codes = [row.code for row in check(("private = {", f"{one}\n{other}\nprivate = {{"))]
    assert ("ledger/number-twice" in codes) != right


@given(st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_ledger_of_the_right_form_can_be_checked(tmp_path: Path, chance: random.Random) -> None:
    """Values taken away, emptied, made huge or strange: findings, never an error of portwright's, and soon."""
    tables = tomllib.loads(GOOD)
    for _ in range(chance.randrange(1, 5)):
        holder, key = chance.choice(list(_values(tables)))
        value = holder[key]
        strange = {
            str: ["", "rax", "xmm0", "rsp", "path", "a-b", "é", '"', "open"],
            int: [0, -1, 1, 7, 1 << 31, 1 << 63, 10**30],
            list: [[], [value, value]] if not isinstance(value, list) else [[], value + value, value[:-1]],
        }
        if chance.random() < 0.25:
            del holder[key]
        else:
            holder[key] = chance.choice(strange.get(type(value), [{}, {"number": 3}]))
    path = tmp_path / "abi.toml"
    path.write_text(GOOD)
    try:
        ledger = ledgers.from_tables(tables, path)
    except BadInput as error:
        assert error.faults
        return
    for finding in ledger_check.check(ledger, toml_file.Places(path)):
        assert finding.what and finding.code.startswith("ledger/") and finding.where.line is not None


def _values(node: Any) -> Iterator[tuple[Any, Any]]:
    """Each value of a document, as what holds it and its key there."""
    for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield node, key
        yield from _values(node[key])
