"""Dispatch through the ledger: what is known, what is not offered, what is unknown, and how results come back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portwright.base.errors import PortwrightError
from portwright.describe import ledger as ledgers
from portwright.describe import port as ports
from portwright.describe.ledger import Call
from portwright.run.failure import SUBSTITUTES, nearest


def with_calls(ledger: ledgers.Ledger, **calls: object) -> ledgers.Ledger:
    """The ledger with calls added or replaced."""
    made = {name: Call.model_validate(call) for name, call in calls.items()}
    return ledger.model_copy(update={"syscalls": {**ledger.syscalls, **made}})


def test_an_unknown_number_is_reported_once_with_what_to_add(guest) -> None:
    assert guest.trap(9999, 1, 2, 3) == guest.error("ENOSYS")
    assert guest.trap(9999, 1, 2, 3) == guest.error("ENOSYS")
    ((kind, what, advice),) = guest.reports
    assert kind == "unknown-call" and "9999" in what and "number = 9999" in advice


def test_a_call_without_an_operation_is_not_offered(guest) -> None:
    assert guest.call("dup", 1) == guest.error("ENOSYS")
    ((kind, what, advice),) = guest.reports
    assert kind == "not-offered" and "dup (57)" in what and "operation" in advice


def test_an_alias_is_the_same_call(guest) -> None:
    (alias,) = guest.ledger.syscalls["lstat"].aliases
    assert guest.trap(alias, guest.path("/tmp"), guest.room(144)) == 0


def test_calls_that_share_a_number_differ_in_their_fixed_argument(guest, make_guest) -> None:
    ledger = with_calls(
        guest.ledger,
        whoami={"number": 900, "operation": "process_id", "arguments": [{"value": 1}]},
        wait={"number": 900, "operation": "yield_now", "arguments": [{"value": "WNOHANG|WUNTRACED"}]},
    )
    guest = make_guest(ledger=ledger)
    assert guest.trap(900, 1) == 77
    assert guest.trap(900, 3) == 0
    assert guest.trap(900, 2) == guest.error("EINVAL")
    assert "0x2" in guest.reports[0][1]


def test_a_limit_of_a_call_has_its_own_error(guest, make_guest) -> None:
    limit = {"argument": "length", "at-most": 4, "beyond": "EIO"}
    ledger = with_calls(
        guest.ledger,
        write={"number": 53, "operation": "write", "arguments": ["fd", "buffer", "length"], "limit": limit},
    )
    guest = make_guest(ledger=ledger)
    assert guest.call("write", 1, guest.put(b"four!"), 4) == 4
    assert guest.call("write", 1, guest.put(b"four!"), 5) == guest.error("EIO")


def test_a_limit_without_an_error_gives_as_much_as_the_call_takes(guest, make_guest) -> None:
    limit = {"argument": "length", "at-most": 4}
    ledger = with_calls(
        guest.ledger,
        write={"number": 53, "operation": "write", "arguments": ["fd", "buffer", "length"], "limit": limit},
    )
    guest = make_guest(ledger=ledger)
    assert guest.call("write", 1, guest.put(b"four!"), 5) == 4
    # The real kernel's getrandom fills 256 bytes of a longer buffer, and says so.
    assert guest.call("getrandom", guest.room(1000), 1000, 0) == 256


def test_paths_can_be_passed_with_their_length(guest, make_guest) -> None:
    ledger = with_calls(
        guest.ledger,
        mkdir={
            "number": 60,
            "operation": "create_directory",
            "arguments": ["path", {"argument": "path", "as": "length"}],
        },
    )
    guest = make_guest(ledger=ledger)
    assert guest.call("mkdir", guest.put(b"/abcdef"), 4) == 0
    assert (guest.root / "abc").is_dir()
    assert guest.call("mkdir", guest.put(b"/a\0c"), 4) == guest.error("EINVAL")


def test_a_duration_can_be_passed_in_parts(guest, make_guest) -> None:
    ledger = with_calls(
        guest.ledger,
        nanosleep={
            "number": 162,
            "operation": "sleep",
            "arguments": [
                {"argument": "duration", "as": "seconds"},
                {"argument": "duration", "as": "milliseconds"},
            ],
        },
    )
    guest = make_guest(ledger=ledger, clock="virtual")
    before = guest.process.clocks.read(1)
    assert guest.call("nanosleep", 2, 500) == 0
    after = guest.process.clocks.read(1)
    assert 2_500_000_000 <= after - before < 2_600_000_000


def test_a_call_that_passes_less_leaves_the_rest_to_the_os(guest, make_guest) -> None:
    ledger = with_calls(guest.ledger, mmap={"number": 20, "operation": "map_memory", "arguments": ["length"]})
    guest = make_guest(ledger=ledger)
    address = guest.call("mmap", 5000)
    guest.space.write(address, b"x" * 5000)


def test_the_last_calls_are_kept(guest) -> None:
    for _ in range(20):
        guest.call("getpid")
    guest.call("dup", 3)
    names = [ended.variant.name for ended in guest.dispatcher.recent]
    assert names == ["getpid"] * 7 + ["dup"]


def by_carry(ledger: ledgers.Ledger) -> ledgers.Ledger:
    """The ledger of a system that tells failures by the carry flag."""
    return ledger.model_copy(update={"abi": ledger.abi.model_copy(update={"error": "carry"})})


def test_a_failure_can_be_told_by_the_carry_flag(guest, make_guest) -> None:
    guest = make_guest(ledger=by_carry(guest.ledger))
    guest.engine.set({"flags": 0x246})
    assert guest.call("open", guest.path("/no"), 0, 0) == guest.ledger.error_number("ENOENT")
    assert guest.engine.get(["flags"]) == [0x247]
    assert guest.call("getpid") == 77
    assert guest.engine.get(["flags"]) == [0x246]


@pytest.mark.parametrize("engine", ["native", "unicorn"])
def test_a_program_sees_the_carry_flag(veridian, assembly, run_assembly, engine: str) -> None:
    """Both outcomes, as code sees them: `jc` is taken where the call fails, and not where it does not."""
    port = replace(veridian, abi=by_carry(veridian.ledger))
    fails = assembly.text(b"/no\0")
    assembly.raw("f9").call("getpid").raw("7302 0f0b")  # stc; getpid; jnc +2; ud2
    assembly.raw("f8").call("open", fails, 0, 0).raw("7202 0f0b")  # clc; open; jc +2; ud2
    outcome = run_assembly(assembly.exit_with_result(), port=port, engine=engine)
    assert outcome.status == port.ledger.error_number("ENOENT"), outcome


def test_numbers_that_the_host_cannot_take_are_einval(guest) -> None:
    (guest.root / "f").touch()
    fd = guest.call("open", guest.path("/f"), 2, 0)
    assert guest.call("lseek", fd, 1 << 62, guest.constant("SEEK_SET")) in (1 << 62, guest.error("EINVAL"))
    assert guest.call("mmap", 0, (1 << 64) - 1, 3, 0x22, 0) == guest.error("EINVAL")
    assert guest.call("munmap", 1 << 63, 4096) == guest.error("EINVAL")
    assert guest.call("open", (1 << 64) - 8, 0, 0) == guest.error("EFAULT")


def test_every_error_of_the_vocabulary_has_a_number_in_every_bundled_ledger(veridian) -> None:
    from portwright.describe import port as ports
    from portwright.describe.operation import vocabulary

    wanted = {name for operation in vocabulary().values() for name in operation.errors} | set(SUBSTITUTES)
    for variant in (None, "document"):
        ledger = ports.load(veridian.folder.name, variant).ledger
        for name in wanted:
            found, number = nearest(ledger, name)
            assert ledger.error_number(found) == number
            if ledger.error_number(name) is not None:
                assert found == name, "an error that the OS has is never replaced"


@pytest.mark.parametrize(
    ("name", "found"), [("ENOENT", "ENOENT"), ("EMFILE", "EAGAIN"), ("ERANGE", "EINVAL")]
)
def test_the_nearest_error_stands_in(veridian, name: str, found: str) -> None:
    assert nearest(veridian.ledger, name)[0] == found


def test_a_ledger_that_cannot_be_served_is_refused_with_a_reason(guest, make_guest) -> None:
    arguments = ["fd", "buffer", "length", {"value": 0}, {"value": 0}, {"value": 0}]
    too_many = with_calls(guest.ledger, write={"number": 53, "operation": "write", "arguments": arguments})
    with pytest.raises(PortwrightError, match="6 arguments"):
        make_guest(ledger=too_many)
    nameless = with_calls(
        guest.ledger, yield_={"number": 10, "operation": "yield_now", "arguments": [{"value": "NOBODY"}]}
    )
    with pytest.raises(PortwrightError, match="NOBODY"):
        make_guest(ledger=nameless)


def test_a_busy_system_refuses_any_call_now_and_then_and_a_kind_one_never(make_guest) -> None:
    ledger = ports.load("x86_64-unknown-veridian").ledger
    assert ledger.abi.busy == "EAGAIN"
    refused = -(ledger.error_number("EAGAIN") or 0)
    hostile, kind = make_guest(ledger, kind=False), make_guest(ledger, kind=True)
    seen = [hostile.call("getpid") for _ in range(2000)]
    assert set(seen) == {77, refused} and 20 < seen.count(refused) < 200
    assert {kind.call("getpid") for _ in range(2000)} == {77}


def test_the_error_of_a_busy_system_stands_in_for_no_other() -> None:
    """Who gets it asks again: for one file too many that would be for ever."""
    ledger = ports.load("x86_64-unknown-veridian").ledger
    assert ledger.abi.busy == "EAGAIN" and ledger.error_number("EMFILE") is None
    assert nearest(ledger, "EMFILE")[0] == "ENOMEM"
    assert nearest(ledger, "EAGAIN")[0] == "EAGAIN"
    assert all(nearest(ledger, name)[0] != "EAGAIN" for name in SUBSTITUTES if name != "EAGAIN")
