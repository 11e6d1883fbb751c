"""Hostile by default: what an OS does not promise is made to fail here, so that green here is green on a kernel.

All choices come from one seed, so that a run can be repeated. Kind behaviour is the same object with nothing
done. It decides; doing is for those who ask.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, MutableSequence
from typing import Any

PATTERN = bytes((0xA5 ^ (7 * index & 0xFF)) | 1 for index in range(4096))
GARBAGE_SETS = 16
# How probable it is that another thread has its turn around a call: some mistakes show only when threads take turns
# all the time, others only when one runs far ahead, so each seed has its own.
SWITCHING = (0.03, 0.1, 0.25, 0.5, 0.8)


class Hostility:
    """Seeded choices. `kind` turns every unkind one off; random bytes for the guest still come from the seed."""

    def __init__(self, seed: int, *, kind: bool = False) -> None:
        self.seed = seed
        self.kind = kind
        self._random = random.Random(f"{seed}/choices")
        self._bytes = random.Random(f"{seed}/bytes")
        self._turns = random.Random(f"{seed}/turns")
        self._switching = self._turns.choice(SWITCHING)

    def random_bytes(self, count: int) -> bytes:
        """Bytes for a guest that asks for randomness."""
        return self._bytes.randbytes(count)

    def shorten(self, length: int) -> int:
        """How many of `length` bytes a read or write moves at most: now and then fewer, never 0 of some."""
        if self.kind or length < 2 or self._random.random() >= 0.25:
            return length
        return self._random.randint(1, length - 1)

    def interrupts(self) -> bool:
        """Whether a blocking call is interrupted (EINTR) instead of done."""
        return not self.kind and self._random.random() < 0.125

    def delays(self) -> bool:
        """Whether what was sent is seen a little later by those who do not wait for it."""
        return not self.kind and self._random.random() < 0.125

    def refuses(self) -> bool:
        """Whether a system that may be busy refuses a call until later."""
        return not self.kind and self._random.random() < 0.03125

    def wakes_for_nothing(self) -> bool:
        """Whether a thread that would sleep on a futex comes back at once, as if it had been woken."""
        return not self.kind and self._turns.random() < 0.0625

    def processors(self) -> int:
        """How many processors the machine says it has."""
        return 4 if self.kind else random.Random(f"{self.seed}/processors").randint(2, 4)

    def turn(self, count: int) -> int:
        """Which of `count` runnable threads is next; they are in the order in which they came."""
        return 0 if self.kind or count == 1 else self._turns.randrange(count)

    def switches(self) -> bool:
        """Whether another thread has a turn now, though this one could go on."""
        return not self.kind and self._turns.random() < self._switching

    def shuffle(self, items: MutableSequence[Any]) -> None:
        """Put items into an order that nobody promised."""
        if not self.kind:
            self._random.shuffle(items)

    def gap(self, page_size: int) -> int:
        """Bytes left free before a fresh map, in whole pages."""
        return 0 if self.kind else page_size * self._random.randrange(0, 64)

    def number(self, low: int, high: int, kind: int) -> int:
        """A number between `low` and `high`, or `kind` in a kind run."""
        return kind if self.kind else self._random.randint(low, high)

    def garbage(self, length: int) -> bytes:
        """Bytes that are not zero, for memory whose content nobody promised."""
        if self.kind:
            return bytes(length)
        return (PATTERN * (length // len(PATTERN) + 1))[:length]

    def bits(self, mask: int) -> int:
        """Some of the bits of a mask, for flags that nobody kept; none in a kind run."""
        return 0 if self.kind else self._random.getrandbits(mask.bit_length()) & mask

    def register_sets(self, registers: dict[str, int]) -> list[dict[str, int]]:
        """Sets of garbage for registers (name -> bits), made once so that destroying them costs one store.

        Empty in a kind run. No value is 0, and each is one that faults when used as an address.
        """
        if self.kind or not registers:
            return []
        return [
            {name: self._garbage_value(bits) for name, bits in registers.items()} for _ in range(GARBAGE_SETS)
        ]

    def registers(self, registers: Mapping[str, int]) -> dict[str, int]:
        """What registers (name -> bits) hold that nobody set: garbage, zeros in a kind run."""
        if self.kind:
            return dict.fromkeys(registers, 0)
        return {name: self._garbage_value(bits) for name, bits in registers.items()}

    def _garbage_value(self, bits: int) -> int:
        # The top two bits differ: no canonical x86-64 address, and a NaN or a huge number as a float.
        return (self._random.getrandbits(bits) & ~(3 << bits - 2)) | (1 << bits - 2) | 1
