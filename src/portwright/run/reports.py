"""What went wrong in a guest, for a person: the instruction or call, where it is in the source, how it got there.

Made only when something is wrong; a report must come out whatever state the guest is in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from portwright.run.cpu import EngineCpu, engine_cpu
from portwright.run.engine import Access, BadAddress, Stop
from portwright.run.events import Called, Died, Frame, Report
from portwright.run.loader import Image
from portwright.run.process import Process
from portwright.run.symbols import Symbols
from portwright.run.trace import Describer
from portwright.run.unwind import Unwinder

SIGNALS = {
    "read": 11,
    "write": 11,
    "execute": 11,
    "illegal": 4,
    "divide": 8,
    "breakpoint": 5,
    "alignment": 7,
    "other": 11,
}
SIGKILL = 9
NULL_REACH = 0x1000
DID = {"read": "read of", "write": "write to", "execute": "jump to", "alignment": "unaligned access to"}


def _rights(access: Access) -> str:
    """`read and execute`"""
    names = [str(right.name).lower() for right in Access if right and access & right]
    return " and ".join(names) or "nothing"


class Reporter:
    """Makes the reports of one process, of the thread that its engine holds."""

    def __init__(self, process: Process, image: Image, describer: Describer) -> None:
        self._process = process
        self._image = image
        self._describer = describer
        self._cpu: EngineCpu = engine_cpu(process.cpu.name)
        self._symbols: Symbols | None = None
        self._unwinder: Unwinder | None = None

    def call_report(self, kind: str, what: str, advice: str) -> Report:
        """A report about the call that the guest is in."""
        return Report(cast(Any, kind), what, "", self.backtrace(), self.calls(), advice)

    def backtrace(self) -> tuple[Frame, ...]:
        """Where the thread is that the engine holds, in a call."""
        trap = self._process.cpu.traps[self._process.ledger.abi.trap]
        return self._backtrace(self._process.engine.get(("pc",))[0] - len(trap.encoding))

    def calls(self) -> tuple[Called, ...]:
        """The last calls of the process."""
        recent: Iterable[Any] = self._process.dispatcher.recent
        return tuple(self._describer.describe(ended) for ended in recent)

    def limit_end(self, end: Died) -> Died:
        """The end by a limit, with where the guest was."""
        pc = self._process.engine.get(("pc",))[0]
        report = end.report
        return Died(
            end.signal,
            Report(report.kind, report.what, "", self._backtrace(pc), self.calls(), report.advice),
        )

    def fault_end(self, stop: Stop) -> Died:
        """The end by an instruction that could not be done, or by an engine that failed."""
        if stop.reason == "engine-died":
            advice = "run it again with another `--engine`; if it comes again, report it"
            return Died(SIGKILL, Report("engine-died", f"the engine failed: {stop.detail}", advice=advice))
        pc = stop.pc if stop.pc is not None else self._process.engine.get(("pc",))[0]
        instruction = self._instruction(pc)
        kind, what, advice = self._explain(stop, pc, instruction)
        report = Report(cast(Any, kind), what, instruction, self._backtrace(pc), self.calls(), advice)
        return Died(SIGNALS.get(stop.fault, 11), report)

    def _explain(self, stop: Stop, pc: int, instruction: str) -> tuple[str, str, str]:
        detail = f" ({stop.detail})" if stop.detail else ""
        space, address = self._process.space, stop.address
        if stop.fault in DID:
            shown = f"{address:#x}" if address is not None else "an address that is none"
            what = f"{DID[stop.fault]} {shown}{detail}"
            if address is not None and stop.fault in ("read", "write") and space.in_guard(address):
                limit = space.memory.stack_top - space.stack_lowest
                advice = f"the OS gives a program {limit:#x} bytes of stack: recurse less, or use the heap"
                return "stack-overflow", f"stack overflow: {what}, below the stack's limit", advice
            kind = "alignment" if stop.fault == "alignment" else "bad-access"
            return kind, what, self._access_advice(address, instruction)
        if stop.fault == "illegal":
            advice = (
                "a trap that the compiler put there (`abort`, `unreachable`), or an instruction that this CPU "
                "does not have: compare `cpu` and `features` of the target spec with it"
            )
            return "illegal-instruction", f"illegal instruction at {pc:#x}{detail}", advice
        if stop.fault == "divide":
            return "divide", f"division by zero, or one whose result is too large, at {pc:#x}", ""
        if stop.fault == "breakpoint":
            return "breakpoint", f"breakpoint at {pc:#x}", "nothing here is a debugger: take it out"
        return "other", f"the program cannot go on at {pc:#x}{detail}", ""

    def _access_advice(self, address: int | None, instruction: str) -> str:
        if address is None:
            return ""
        segment = self._cpu.thread_segment
        (pointer,) = self._process.engine.get(("thread-pointer",))
        known = self._process.space.find(pointer) or self._process.space.find(pointer - 1)
        if segment is not None and segment in instruction and known is None:
            entry = self._process.ledger.entry.thread_pointer
            return (
                f"the thread pointer is {pointer:#x}, where nothing is: thread-locals were used before they were "
                f"set up (at entry the ledger has it `{entry.at_entry}`, to be set by `{entry.set_by}`)"
            )
        if address < NULL_REACH:
            return "a null pointer, or a field of what one points to"
        region = self._process.space.find(address)
        if region is not None:
            return f"there is memory ({region.kind}), which may be used to {_rights(region.access)}"
        return "there is no memory: freed, never mapped, or a pointer that was overwritten"

    def _instruction(self, pc: int) -> str:
        """The instruction at `pc`, disassembled; its bytes where that is not possible."""
        code = b""
        for size in range(self._cpu.longest_instruction, 0, -1):
            try:
                code = self._process.engine.read(pc, size)
                break
            except BadAddress:
                continue
        if not code:
            return ""
        import capstone

        machine = capstone.Cs(*(getattr(capstone, name) for name in self._cpu.disassembler))
        for found in machine.disasm(code, pc, 1):
            return f"{found.mnemonic} {found.op_str}".strip()
        return f"bytes {code[:8].hex(' ')}"

    def _backtrace(self, pc: int) -> tuple[Frame, ...]:
        if self._symbols is None:
            self._symbols = Symbols(self._image.elf, self._image.base, functions=self._image.functions)
        if self._unwinder is None:
            self._unwinder = Unwinder(
                self._process.engine,
                self._process.cpu,
                self._cpu.unwinding,
                self._image.elf,
                self._image.base,
                self._image.is_code,
            )
        rows = self._unwinder.frames(pc=pc)
        first = self._symbols.frame(rows[0][0])
        # A return address is behind its call: look the call itself up, show the address as it is.
        return (first, *(self._returning(address, guess) for address, guess in rows[1:]))

    def _returning(self, address: int, guess: bool) -> Frame:
        assert self._symbols is not None
        inside = self._symbols.frame(address - 1, guess=guess)
        return Frame(address, inside.symbol, inside.offset + 1 if inside.symbol else 0, inside.line, guess)
