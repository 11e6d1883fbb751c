"""The operations on threads and futexes, one thread at a time: thread_create, thread_clone, thread_exit, thread_join,
thread_id, thread_affinity, thread_name, futex_wait, futex_wake. What several do together is in test_threads.py above."""

from __future__ import annotations

import pytest

from portwright.describe import ledger as ledgers
from portwright.describe import port as ports
from portwright.run.events import Died, Exited

THREAD = "CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD"
WAIT, WAKE = 0, 1
OWN = {
    "thread_create": ["entry", "stack", "argument", "thread_pointer"],
    "thread_join": ["thread", "result"],
    "thread_name": ["name"],
}


@pytest.fixture(scope="session")
def ledger() -> ledgers.Ledger:
    """Linux's, with calls of our own for the operations that it does otherwise."""
    linux = ports.load("x86_64-portwright-linux").ledger
    calls = {
        name: ledgers.Call.model_validate({"number": 900 + index, "operation": name, "arguments": arguments})
        for index, (name, arguments) in enumerate(OWN.items())
    }
    return linux.model_copy(update={"syscalls": {**linux.syscalls, **calls}})


@pytest.fixture
def guest(make_guest, ledger):
    """A kind guest with those calls."""
    return make_guest(ledger=ledger)


def others(guest):
    """The threads beside the first."""
    return [thread for thread in guest.process.threads.values() if thread.id != guest.process.id]


def timespec(guest, nanoseconds: int) -> int:
    seconds, rest = divmod(nanoseconds, 10**9)
    return guest.put(seconds.to_bytes(8, "little", signed=True) + rest.to_bytes(8, "little"))


def test_thread_id_is_the_processs_for_the_first_thread(guest) -> None:
    assert guest.call("gettid") == guest.call("getpid") == 77


def test_thread_create_starts_a_function_with_its_argument(guest) -> None:
    created = guest.call("thread_create", 0x40_1000, 0x7000_0009, 1234, 0x5000)
    (thread,) = others(guest)
    assert created == thread.id != 77
    registers = thread.context.content
    wanted = {"pc": 0x40_1000, "rdi": 1234, "thread-pointer": 0x5000, "sp": 0x7000_0000 - 8}
    assert {name: registers[name] for name in wanted} == wanted
    assert guest.call("thread_create", 0, 0x7000_0000, 0, 0) == guest.error("EINVAL")
    assert guest.call("thread_create", 0x40_1000, 0, 0, 0) == guest.error("EINVAL")


def test_a_new_threads_registers_hold_garbage_in_a_hostile_run(make_guest, ledger) -> None:
    guest = make_guest(ledger=ledger, kind=False)
    guest.call("thread_create", 0x40_1000, 0x7000_0000, 0, 0)
    (thread,) = others(guest)
    assert all(thread.context.content[name] for name in ("rax", "rbp", "r15", "xmm0", "xmm15"))


def test_thread_clone_goes_on_with_0_on_its_own_stack(guest) -> None:
    flags = guest.constant(
        f"{THREAD}|CLONE_SETTLS|CLONE_PARENT_SETTID|CLONE_CHILD_SETTID|CLONE_CHILD_CLEARTID"
    )
    one, two = guest.room(4), guest.room(4)
    guest.engine.set({"rbx": 99, "pc": 0x40_0010})
    created = guest.call("clone", flags, 0x7000_0000, one, two, 0x5000)
    (thread,) = others(guest)
    assert created == thread.id and thread.clear_word == two
    registers = thread.context.content
    wanted = {"rax": 0, "rbx": 99, "pc": 0x40_0010, "sp": 0x7000_0000, "thread-pointer": 0x5000}
    assert {name: registers[name] for name in wanted} == wanted
    for word in (one, two):
        assert int.from_bytes(guest.space.read(word, 4), "little") == created


@pytest.mark.parametrize(
    ("flags", "stack", "said"),
    [
        ("CLONE_VM|CLONE_THREAD|CLONE_SIGHAND", 4096, "without CLONE_FILES"),
        (f"{THREAD}|CLONE_VFORK", 4096, "with CLONE_VFORK"),
        (THREAD, 0, "without a stack"),
    ],
)
def test_thread_clone_refuses_what_is_no_thread(guest, flags: str, stack: int, said: str) -> None:
    assert guest.call("clone", guest.constant(flags), stack, 0, 0, 0) == guest.error("EINVAL")
    assert said in guest.reports[0][1] and not others(guest)


def test_thread_clone_that_cannot_tell_the_id_starts_nothing(guest) -> None:
    flags = guest.constant(f"{THREAD}|CLONE_PARENT_SETTID")
    assert guest.call("clone", flags, 4096, 0x10, 0, 0) == guest.error("EFAULT")
    assert guest.call("clone", guest.constant(f"{THREAD}|CLONE_SETTLS"), 4096, 0, 0, 0x10) != 0
    assert len(others(guest)) == 1


def test_thread_exit_of_the_last_thread_ends_the_process(guest) -> None:
    assert guest.call("exit", 3) is None
    assert guest.process.end == Exited(3)


def test_thread_exit_clears_its_word(guest) -> None:
    word = guest.room(4)
    created = guest.call("thread_create", 0x40_1000, 0x7000_0000, 0, 0)
    (thread,) = others(guest)
    thread.clear_word = word
    guest.process.kernel.end_thread(thread, 5)
    assert guest.space.read(word, 4) == bytes(4) and thread.over
    assert guest.process.unjoined == {created: 5} and guest.process.end is None


def test_thread_join_gives_the_status_once(guest) -> None:
    result = guest.room(8)
    created = guest.call("thread_create", 0x40_1000, 0x7000_0000, 0, 0)
    guest.process.kernel.end_thread(others(guest)[0], -2)
    assert guest.call("thread_join", created, result) == 0
    assert int.from_bytes(guest.space.read(result, 8), "little", signed=True) == -2
    assert guest.call("thread_join", created, result) == guest.error("ESRCH")
    assert guest.call("thread_join", 77, 0) == guest.error("EDEADLK")
    assert guest.call("thread_join", 4711, 0) == guest.error("ESRCH")


def test_thread_affinity_has_a_bit_for_each_processor(guest) -> None:
    mask = guest.room(16)
    assert guest.call("sched_getaffinity", 0, 16, mask) == 8
    assert guest.space.read(mask, 16) == (15).to_bytes(8, "little") + b"\xee" * 8
    assert guest.call("sched_getaffinity", 77, 8, mask) == 8
    assert guest.call("sched_getaffinity", 78, 8, mask) == guest.error("ESRCH")
    assert guest.call("sched_getaffinity", 0, 4, mask) == guest.error("EINVAL")
    assert guest.call("sched_getaffinity", 0, 8, 0x10) == guest.error("EFAULT")


def test_the_number_of_processors_follows_the_seed(make_guest, ledger) -> None:
    def count(seed: int) -> int:
        guest = make_guest(ledger=ledger, kind=False, seed=seed)
        mask = guest.room(8)
        guest.call("sched_getaffinity", 0, 8, mask)
        return int.from_bytes(guest.space.read(mask, 8), "little").bit_count()

    assert {count(seed) for seed in range(30)} == {2, 3, 4}
    assert count(3) == count(3)


def test_thread_name_is_for_reports(guest) -> None:
    assert guest.call("thread_name", guest.path("worker")) == 0
    assert guest.process.thread.name == "worker"


def test_futex_wait_compares_first(guest) -> None:
    word = guest.put((7).to_bytes(4, "little"))
    assert guest.call("futex_wait", word, WAIT, 8, 0) == guest.error("EAGAIN")
    assert guest.call("futex_wait", word + 1, WAIT, 8, 0) == guest.error("EINVAL")
    assert guest.call("futex_wait", 0x10, WAIT, 8, 0) == guest.error("EFAULT")
    assert guest.call("futex_wait", word, WAIT, 7, timespec(guest, -(10**9))) == guest.error("EINVAL")


def test_futex_wait_takes_as_long_as_its_timeout(make_guest, ledger) -> None:
    guest = make_guest(ledger=ledger, clock="virtual")
    word = guest.put((7).to_bytes(4, "little"))
    before = guest.process.clocks.now()
    assert guest.call("futex_wait", word, WAIT, 7, timespec(guest, 3600 * 10**9)) == guest.error("ETIMEDOUT")
    assert guest.process.clocks.now() - before == 3600 * 10**9
    assert guest.call("futex_wake", word, WAKE, 9) == 0, "it sleeps there no more"


def test_futex_wait_of_the_only_thread_is_a_deadlock(guest) -> None:
    word = guest.put((7).to_bytes(4, "little"))
    assert guest.call("futex_wait", word, WAIT, 7, 0) is None
    end = guest.process.end
    assert isinstance(end, Died) and end.report.kind == "deadlock"
    assert f"the futex at {word:#x}" in end.report.what


def test_futex_wait_comes_back_for_nothing_in_a_hostile_run(make_guest, ledger) -> None:
    guest = make_guest(ledger=ledger, kind=False, clock="virtual")
    word = guest.put((7).to_bytes(4, "little"))
    seen = [guest.call("futex_wait", word, WAIT, 7, timespec(guest, 1000)) for _ in range(300)]
    assert set(seen) == {0, guest.error("EINTR"), guest.error("ETIMEDOUT")}
    assert seen.count(guest.error("ETIMEDOUT")) > 150


def test_futex_wake_counts_who_slept(guest) -> None:
    word = guest.put((7).to_bytes(4, "little"))
    assert guest.call("futex_wake", word, WAKE, 1) == 0
    assert guest.call("futex_wake", word + 2, WAKE, 1) == guest.error("EINVAL")
    for _ in range(3):
        guest.call("thread_create", 0x40_1000, 0x7000_0000, 0, 0)
    for thread in others(guest):
        guest.process.futexes.join(word, thread)
        thread.asleep = True
    assert guest.call("futex_wake", word, WAKE, 2) == 2
    assert guest.call("futex_wake", word, WAKE, 0) == 0
    assert guest.call("futex_wake", word, WAKE, (1 << 31) - 1) == 1
