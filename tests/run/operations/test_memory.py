"""The operations on memory: map_memory, unmap_memory, protect_memory, set_break."""

from __future__ import annotations

import itertools

import pytest

from portwright.run.engine import Access, BadAddress
from portwright.run.limits import Limits

PRIVATE = "MAP_PRIVATE|MAP_ANONYMOUS"


def mmap(
    guest, length: int, protection: str = "PROT_READ|PROT_WRITE", flags: str = PRIVATE, at: int = 0
) -> int:
    """mmap without a file: its fd -1 and offset 0 share the fifth word."""
    return guest.call(
        "mmap", at, length, guest.constant(protection), guest.constant(flags), 0xFFFF_FFFF << 32
    )


def test_map_memory_gives_zeros_that_can_be_written(guest) -> None:
    address = mmap(guest, 10_000)
    assert address >= guest.ledger.memory.map_base and address % 4096 == 0
    assert guest.space.read(address, 12_288) == bytes(12_288)
    guest.space.write(address + 12_287, b"!")
    with pytest.raises(BadAddress):
        guest.space.read(address + 12_288, 1)


def test_map_memory_never_gives_the_same_twice(make_guest) -> None:
    guest = make_guest(kind=False)
    spans = sorted((mmap(guest, size), size) for size in (4096, 8192, 100, 65536, 4096))
    for (one, size), (other, _) in itertools.pairwise(spans):
        assert one + size <= other


def test_map_memory_at_a_fixed_place_replaces_what_is_there(guest) -> None:
    address = mmap(guest, 3 * 4096)
    guest.space.write(address, b"a" * 3 * 4096)
    fixed = mmap(guest, 4096, flags=f"{PRIVATE}|MAP_FIXED", at=address + 4096)
    assert fixed == address + 4096
    assert guest.space.read(address, 3 * 4096) == b"a" * 4096 + bytes(4096) + b"a" * 4096
    assert mmap(guest, 4096, flags=f"{PRIVATE}|MAP_FIXED", at=address + 1) == guest.error("EINVAL")
    assert mmap(guest, 4096, flags=f"{PRIVATE}|MAP_FIXED", at=0) == guest.error("EINVAL")


def test_a_kind_kernel_follows_a_wish_for_an_address_and_a_hostile_one_does_not(make_guest) -> None:
    wish = 0x4100_0000_0000
    assert mmap(make_guest(kind=True), 4096, at=wish) == wish
    assert mmap(make_guest(kind=False), 4096, at=wish) != wish


def test_map_memory_refuses_what_makes_no_sense(guest) -> None:
    assert mmap(guest, 0) == guest.error("EINVAL")
    assert mmap(guest, 1 << 62) == guest.error("EINVAL")
    assert mmap(guest, 1 << 46) == guest.error("ENOMEM")
    assert guest.call("mmap", 0, 4096, 0x40, guest.constant(PRIVATE), 0xFFFF_FFFF << 32) == guest.error(
        "EINVAL"
    )


def test_memory_that_is_writable_and_executable_is_refused_as_the_ledger_says(guest, make_guest) -> None:
    both = "PROT_READ|PROT_WRITE|PROT_EXEC"
    assert mmap(guest, 4096, both) == guest.error("EPERM")
    address = mmap(guest, 4096)
    assert guest.call("mprotect", address, 4096, guest.constant(both)) == guest.error("EPERM")
    memory = guest.ledger.memory.model_copy(update={"write_execute": "allowed"})
    lenient = make_guest(ledger=guest.ledger.model_copy(update={"memory": memory}))
    assert mmap(lenient, 4096, both) > 0


def test_the_memory_limit_is_enomem_and_a_report(make_guest) -> None:
    guest = make_guest(limits=Limits(memory=1 << 20))
    assert mmap(guest, 1 << 20) == guest.error("ENOMEM")
    assert [kind for kind, _, _ in guest.reports] == ["memory-limit"]
    assert "1 MiB" in guest.reports[0][1] and "--memory" in guest.reports[0][2]
    address = mmap(guest, 1 << 19)
    assert address > 0
    assert mmap(guest, 1 << 19) == guest.error("ENOMEM")
    assert guest.call("munmap", address, 1 << 19) == 0
    assert mmap(guest, 1 << 19) > 0


def test_a_mapped_file_shows_its_content_and_is_not_written_back(guest) -> None:
    (guest.root / "data").write_bytes(b"0123456789" * 1000)
    fd = guest.call("open", guest.path("/data"), guest.constant("O_RDWR"), 0)
    protection = guest.constant("PROT_READ|PROT_WRITE")
    address = guest.call("mmap", 0, 8192, protection, guest.constant("MAP_PRIVATE"), fd << 32 | 4096)
    assert guest.space.read(address, 10) == b"6789012345"
    guest.space.write(address, b"changed")
    assert (guest.root / "data").read_bytes() == b"0123456789" * 1000
    shared = guest.call("mmap", 0, 4096, protection, guest.constant("MAP_SHARED"), fd << 32)
    assert shared < 0 and guest.reports[0][0] == "not-offered"
    assert guest.call("mmap", 0, 4096, protection, guest.constant("MAP_PRIVATE"), 99 << 32) == guest.error(
        "EBADF"
    )


@pytest.mark.parametrize("length", [1 << 30, 1 << 46])
def test_a_file_is_mapped_only_where_the_memory_allows_it(make_guest, length: int) -> None:
    """A length that no host has memory for must not be read before the limit is asked."""
    guest = make_guest(limits=Limits(memory=64 << 20))
    (guest.root / "data").write_bytes(b"content")
    fd = guest.call("open", guest.path("/data"), 0, 0)
    protection, private = guest.constant("PROT_READ"), guest.constant("MAP_PRIVATE")
    assert guest.call("mmap", 0, length, protection, private, fd << 32) == guest.error("ENOMEM")
    address = guest.call("mmap", 0, 3 << 20, protection, private, fd << 32)
    assert guest.space.read(address, 8) == b"content\0"


def test_unmap_memory_takes_away_and_splits(guest) -> None:
    address = mmap(guest, 3 * 4096)
    assert guest.call("munmap", address + 4096, 1) == 0
    guest.space.read(address, 4096)
    guest.space.read(address + 8192, 4096)
    with pytest.raises(BadAddress):
        guest.space.read(address + 4096, 1)
    assert guest.call("munmap", address + 4096, 4096) == 0, "nothing there is no error"
    assert guest.call("munmap", address + 1, 4096) == guest.error("EINVAL")
    assert guest.call("munmap", address, 0) == guest.error("EINVAL")


def test_protect_memory_holds_for_calls_and_for_the_engine(guest) -> None:
    address = mmap(guest, 2 * 4096)
    assert guest.call("mprotect", address, 4096, guest.constant("PROT_READ")) == 0
    assert guest.engine.access[address] == Access.READ
    assert guest.engine.access[address + 4096] == Access.READ | Access.WRITE
    assert guest.call("getcwd", address, 100) == guest.error("EFAULT")
    assert guest.call("getcwd", address + 4096, 100) == 1
    assert guest.call("mprotect", address, 3 * 4096, 1) == guest.error("ENOMEM")


def test_set_break_moves_and_answers_the_break_that_holds(guest) -> None:
    base = guest.call("brk", 0)
    assert base == guest.ledger.memory.break_base
    assert guest.call("brk", base + 5000) == base + 5000
    guest.space.write(base + 4999, b"x")
    assert guest.call("brk", base + 100) == base + 100
    with pytest.raises(BadAddress):
        guest.space.read(base + 4096, 1)
    assert guest.call("brk", base - 1) == base + 100, "below the base"
    assert guest.call("brk", base + (2 << 30)) == base + 100, "beyond the limit"


def test_fresh_memory_is_garbage_where_the_os_promises_nothing(make_guest, veridian) -> None:
    memory = veridian.ledger.memory.model_copy(update={"fresh": "undefined"})
    ledger = veridian.ledger.model_copy(update={"memory": memory})
    hostile = make_guest(ledger=ledger, kind=False)
    address = mmap(hostile, 8192)
    assert 0 not in hostile.space.read(address, 8192)
    kind = make_guest(ledger=ledger, kind=True)
    assert kind.space.read(mmap(kind, 8192), 8192) == bytes(8192)
