"""The registers of a guest in Unicorn: read and written in batches that are made ready once, saved and restored."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from portwright.describe.cpu import Cpu
from portwright.run.cpu import EngineCpu
from portwright.run.engine import BadAddress, Context, Prepared

SLOT = 16  # bytes kept for one register
WORD_MASK = (1 << 64) - 1


class _Batch:
    """A list of registers ready to be read or written in one call."""

    def __init__(self, ids: Sequence[int]) -> None:
        count = len(ids)
        self.ids = (ctypes.c_int * count)(*ids)
        self._store = ctypes.create_string_buffer(SLOT * count)
        start = ctypes.addressof(self._store)
        self.places = (ctypes.c_void_p * count)(*(start + SLOT * index for index in range(count)))
        self.count = count
        self.octets = memoryview(self._store).cast("B")
        self.words = self.octets.cast("Q")

    def fill(self, values: Iterable[int]) -> None:
        """Put the registers' values in, in the order of the list."""
        for place, value in enumerate(values):
            self.words[2 * place] = value & WORD_MASK
            self.words[2 * place + 1] = value >> 64


class Registers:
    """What the engine has of `Engine`'s methods on registers."""

    def __init__(self, uc: Any, unicorn: Any, constants: Any, facts: EngineCpu, cpu: Cpu) -> None:
        assert facts.emulated is not None
        self._uc: Any = uc
        self._unicorn = unicorn
        self._ids = {name: int(getattr(constants, what)) for name, what in facts.emulated.registers.items()}
        self._wide = frozenset(cpu.vector_registers)
        # What a CPU has no register for, and a kernel keeps with a thread.
        self._kept = {} if "thread-pointer" in self._ids else {"thread-pointer": 0}
        self._address_bits = facts.address_bits
        self._reads: dict[tuple[str, ...], _Batch] = {}
        self._writes: dict[tuple[str, ...], _Batch] = {}

    def get(self, names: Sequence[str]) -> list[int]:
        """See `Engine.get`."""
        key = tuple(names)
        if not self._kept.keys().isdisjoint(key):
            return [self._kept[name] if name in self._kept else self.get((name,))[0] for name in key]
        batch = self._reads.get(key)
        if batch is None:
            batch = self._reads[key] = self._batch(key)
        status = self._uc._do_reg_read_batch(batch.ids, batch.places, batch.count)
        if status:
            raise self._unicorn.UcError(status)
        words = batch.words.tolist()
        if self._wide.isdisjoint(key):
            return words[::2]
        return [
            words[2 * place] | (words[2 * place + 1] << 64 if name in self._wide else 0)
            for place, name in enumerate(key)
        ]

    def set(self, values: Mapping[str, int]) -> None:
        """See `Engine.set`; a thread pointer that no address can be raises `BadAddress`."""
        if not self._kept.keys().isdisjoint(values):
            self._kept |= {name: values[name] for name in self._kept if name in values}
            values = {name: value for name, value in values.items() if name not in self._kept}
        if type(values) is Prepared:
            if values.made is None:
                made = self._batch(values)
                made.fill(values.values())
                values.made = made
            batch = cast(_Batch, values.made)
        else:
            key = tuple(values)
            found = self._writes.get(key)
            batch = found if found is not None else self._writes.setdefault(key, self._batch(key))
            pointer = values.get("thread-pointer", 0)
            if pointer >> self._address_bits:
                raise BadAddress(pointer)
            batch.fill(values.values())
        status = self._uc._do_reg_write_batch(batch.ids, batch.places, batch.count)
        if status:
            raise self._unicorn.UcError(status)

    def _batch(self, names: Iterable[str]) -> _Batch:
        return _Batch([self._ids[name] for name in names])

    def context(self) -> Context:
        """See `Engine.context`."""
        return Context((self._uc.context_save(), dict(self._kept)))

    def restore(self, context: Context) -> None:
        """See `Engine.restore`."""
        saved, kept = context.content
        self._uc.context_restore(saved)
        self._kept = dict(kept)
