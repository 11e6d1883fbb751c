"""From a trap to an operation and back, through the ledger: tables made once, a few microseconds per call.

What the ledger does not know, or this machine does not offer, becomes a report and the ledger's own error.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from portwright.base import rooms
from portwright.base.errors import Fault, PortwrightError
from portwright.describe.cpu import Cpu
from portwright.describe.ledger import Call, Ledger
from portwright.describe.operation import Operation, operation, vocabulary
from portwright.run.cpu import engine_cpu
from portwright.run.decode import Decoder, Decoders, Sources, fixed_value
from portwright.run.engine import BadAddress, CannotMap, Prepared
from portwright.run.events import Died
from portwright.run.failure import EndRun, Failed, Failure, nearest, of_os_error
from portwright.run.injection import FaultPlan
from portwright.run.process import Process
from portwright.run.waiting import Wait

ROOM = "portwright.run.operations"
RECENT = 8
MOST_REPORTS = 16
SENSELESS = (ValueError, OverflowError)  # what the host's own calls say of numbers that make no sense

Perform = Callable[..., int | Failure]


@dataclass(slots=True)
class Variant:
    """One system call made ready. Calls that share a number differ in their `fixed` arguments.

    `perform` is loaded at the first call; None with `operation`: this machine does not offer it.
    """

    name: str
    number: int
    call: Call
    operation: Operation | None
    registers: tuple[str, ...]
    decoders: tuple[Decoder, ...] = ()
    fixed: tuple[tuple[int, int], ...] = ()
    limit: tuple[int, int, Failure | None] | None = None
    perform: Perform | None = None
    sources: Sources | None = None

    def fits(self, registers: Sequence[int]) -> bool:
        """Whether the fixed arguments are this variant's."""
        return all(registers[index] == value for index, value in self.fixed)


@dataclass(slots=True)  # not frozen: one is made for every call, and that would cost three times as much
class Ended:
    """A call that ended, raw: what reports and traces are made of. `variant` is None for an unknown number.

    `result` is None where the thread did not go on after it; `thread` is the number of the calling one;
    `injected` is the rule that a fault came from.
    """

    number: int
    variant: Variant | None
    registers: Sequence[int]
    values: Sequence[Any] | None
    result: int | None
    error: str | None
    thread: int
    injected: Any = None


Key = int | tuple[str, int]
"""A call's number, with its trap where that is not the ABI's own."""
Table = dict[Key, tuple[Variant, ...]]
Tracer = Callable[[Ended], None]
ReportCall = Callable[[str, str, str], None]


class Dispatcher:
    """The trap handler of one process (`Engine.run` calls `trap`).

    `recent` holds the last calls. `report(kind, what, advice)` is called once for each thing that is wrong,
    `tracer` for every call.
    """

    def __init__(
        self,
        process: Process,
        report: ReportCall,
        tracer: Tracer | None = None,
        faults: FaultPlan | None = None,
    ) -> None:
        abi, cpu = process.ledger.abi, process.cpu
        self.recent: deque[Ended] = deque(maxlen=RECENT)
        self._process = process
        self._space = process.space
        self._get, self._set = process.engine.get, process.engine.set
        self._number = (abi.number,)
        self._arguments = tuple(abi.arguments)
        self._result = abi.result
        self._carry = _carry_flag(abi.cpu) if abi.error == "carry" else 0
        self._mask = (1 << cpu.pointer_bits) - 1
        self._second = abi.second_result
        self._trap = abi.trap if len(process.ledger.traps) > 1 else None
        self._serving: Variant | None = None
        if process.kernel.calls is None:
            process.kernel.calls = table(process.ledger, cpu)
        self._table = process.kernel.calls
        self._errors: dict[str, tuple[str, int]] = {}
        self._tracer = tracer
        self._faults = faults
        self._report = report
        self._reported: set[tuple[str, str]] = set()
        self._garbage = [Prepared(one) for one in process.hostility.register_sets(_destroyed(process))]
        self._turn = 0
        self._busy = Failure(abi.busy) if abi.busy is not None else None
        scrambled = abi.flags == "destroyed" and not process.hostility.kind
        self._scrambled = cpu.arithmetic_flags if scrambled else 0

    def trap(self) -> bool:
        """Serve one call of the thread whose registers the engine holds; False where the kernel has to look
        (`process.halt`, or the thread sleeps)."""
        number = self._get(self._number)[0]
        variants = self._table.get(number if self._trap is None else self._key(number))
        if variants is None:
            return self._unknown(number)
        variant = variants[0]
        registers: Sequence[int] = self._get(variant.registers) if variant.registers else ()
        if variant.fixed and not variant.fits(registers):
            other = self._other(variants[1:])
            if other is None:
                return self._odd(variant, registers)
            variant, registers = other
        perform = variant.perform or self._load(variant)
        if perform is None:
            return self._not_offered(variant, registers)
        if self._busy is not None and not self._process.thread.waited and self._process.hostility.refuses():
            return self._finish(number, variant, registers, None, self._busy)
        values: list[Any] | None = None
        process, space = self._process, self._space
        outcome: int | Failure
        self._serving = variant
        try:
            values = [decode(space, registers) for decode in variant.decoders]
            taken = values if variant.limit is None else _limited(values, *variant.limit)
            outcome = taken if isinstance(taken, Failure) else perform(process, *taken)
        except Wait as wait:
            process.kernel.sleep(process.thread, wait)
            return False
        except Failed as failed:
            outcome = Failure(failed.name)
        except OSError as error:
            outcome = of_os_error(error)
        except BadAddress as bad:
            outcome = self._bad_pointer(variant, bad)
        except EndRun as over:
            end = over.end
            process.kernel.first.finish(process.explained(end) if isinstance(end, Died) else end)
            process.halt = True
            outcome = 0
        except (CannotMap, MemoryError):
            outcome = Failure("ENOMEM")
        except SENSELESS:
            outcome = Failure("EINVAL")
        return self._finish(number, variant, registers, values, outcome)

    def _finish(
        self,
        number: int,
        variant: Variant | None,
        registers: Sequence[int],
        values: Sequence[Any] | None,
        outcome: int | Failure,
    ) -> bool:
        """Give the thread its result and destroy what the call destroys; False where the kernel has to look."""
        error, result, process = None, outcome, self._process
        if isinstance(result, Failure):
            error, code = self._error(result.name)
            result = -code
        thread = process.thread
        silent = process.halt and (process.end is not None or thread.over or thread.settled)
        ended = Ended(number, variant, registers, values, None if silent else result, error, thread.id)
        if self._faults is not None:
            ended.injected = self._faults.take()
        self.recent.append(ended)
        if not silent:
            if self._garbage:
                self._turn = turn = (self._turn + 1) % len(self._garbage)
                self._set(self._garbage[turn])
            if error is not None and variant is not None and variant.call.trap is not None:
                result = -result  # behind another trap an error is told as any result is
            self._set({self._result: result & self._mask})
            if variant is not None and error is None and self._second is not None:
                self._answer_twice(variant)
            if self._scrambled:
                flags = self._get(("flags",))[0]
                self._set({"flags": flags ^ process.hostility.bits(self._scrambled)})
            if self._carry and (variant is None or variant.call.trap is None):
                self._tell_by_carry(result, error is not None)
        if self._tracer is not None:
            self._tracer(ended)
        if process.complaints:
            self._tell()
        return not process.halt

    def returned(self, value: int) -> dict[str, int]:
        """The registers of a thread that begins behind the call that is being served, as if that had answered
        `value`: those that differ from the caller's."""
        registers: dict[str, int] = {}
        if self._garbage:
            self._turn = turn = (self._turn + 1) % len(self._garbage)
            registers |= self._garbage[turn]
        registers[self._result] = value & self._mask
        if self._second is not None and self._serving is not None and self._serving.call.child_flag:
            registers |= {self._result: self._process.id, self._second: 1}
        if self._carry:
            registers["flags"] = self._get(("flags",))[0] & ~self._carry
        return registers

    def _answer_twice(self, variant: Variant) -> None:
        """Put into registers what a call answers there besides its result."""
        assert self._second is not None
        if variant.call.child_flag:
            self._set({self._second: 0})
        if variant.call.answers:
            places = zip((self._result, self._second), variant.call.answers, strict=False)
            answers = self._process.answers
            self._set({register: answers.get(name, 0) & self._mask for register, name in places})

    def _key(self, number: int) -> Key:
        """Under what the table has a call, in a system with several traps."""
        trap = self._process.engine.trap()
        return number if trap == self._trap else (trap, number)

    def _tell_by_carry(self, result: int, failed: bool) -> None:
        """A failure is the carry flag and the error's number as it is; any other call clears the flag."""
        flags = self._get(("flags",))[0] & ~self._carry
        self._set({self._result: -result, "flags": flags | self._carry} if failed else {"flags": flags})

    def _error(self, name: str) -> tuple[str, int]:
        known = self._errors.get(name)
        if known is None:
            known = self._errors[name] = nearest(self._process.ledger, name)
        return known

    def _other(self, variants: Sequence[Variant]) -> tuple[Variant, Sequence[int]] | None:
        for variant in variants:
            registers = self._get(variant.registers)
            if variant.fits(registers):
                return variant, registers
        return None

    def _load(self, variant: Variant) -> Perform | None:
        if variant.operation is None or rooms.entry_name(variant.operation.name) not in rooms.names(ROOM):
            return None
        found: Perform = rooms.load(ROOM, rooms.entry_name(variant.operation.name)).perform
        if self._faults is not None:
            found = self._faults.arm(variant.name, variant.operation, found)
        variant.perform = found
        return found

    # --- what goes wrong

    def _tell(self) -> None:
        """Report what has been complained of, each thing once."""
        for kind, what, advice in self._process.complaints:
            if (kind, what) not in self._reported and len(self._reported) < MOST_REPORTS:
                self._reported.add((kind, what))
                self._report(kind, what, advice)
        self._process.complaints.clear()

    def _unknown(self, number: int) -> bool:
        registers = self._get(self._arguments)
        self._process.complain(
            "unknown-call",
            f"unknown system call {number}",
            f"if the kernel has this call, add it to the ledger: `[syscalls]` NAME = {{ number = {number}, "
            'operation = "...", arguments = [...] }; if not, the program was built for another ABI: '
            "`portwright ledger check --source` compares the numbers with the kernel's",
        )
        return self._finish(number, None, registers, None, Failure("ENOSYS"))

    def _not_offered(self, variant: Variant, registers: Sequence[int]) -> bool:
        meant = variant.call.operation
        advice = (
            f"write src/portwright/run/operations/{rooms.module_name(meant)}.py"
            if meant
            else f'if it means one of the operations, say so in the ledger: {variant.name} = {{ ..., operation = "..." }}'
        )
        what = f"not offered by portwright's userland machine: {variant.name} ({variant.number})"
        self._process.complain("not-offered", what, advice)
        return self._finish(variant.number, variant, registers, None, Failure("ENOSYS"))

    def _odd(self, variant: Variant, registers: Sequence[int]) -> bool:
        index, value = next((i, v) for i, v in variant.fixed if registers[i] != v)
        self._process.complain(
            "not-offered",
            f"{variant.name} was called with {registers[index]:#x} as argument {index + 1}, "
            f"and the ledger describes it with {value:#x} only",
            f"describe the other kind of {variant.name} in the ledger as a call of its own",
        )
        return self._finish(variant.number, variant, registers, None, Failure("EINVAL"))

    def _bad_pointer(self, variant: Variant, bad: BadAddress) -> Failure:
        self._process.complain(
            "bad-pointer",
            f"{variant.name} was given memory that the program does not have, at {bad.address:#x}",
            "the call failed with EFAULT; the arguments are those of the last call below",
        )
        return Failure("EFAULT")


def _carry_flag(cpu: str) -> int:
    found = engine_cpu(cpu).carry_flag
    if found is None:
        what = f"portwright does not know the carry flag of {cpu}, by which this ledger tells failures"
        raise PortwrightError([Fault(what, None, "add `carry_flag` in run/cpus/", "run/no-carry")])
    return found


def table(ledger: Ledger, cpu: Cpu) -> Table:
    """Number (aliases too) -> the calls that have it, those with fixed arguments first."""
    decoders = Decoders(ledger, cpu)
    found: dict[Key, list[Variant]] = {}
    for name, call in ledger.syscalls.items():
        for number in [] if call.number is None else [call.number, *call.aliases]:
            key = number if call.trap is None else (call.trap, number)
            found.setdefault(key, []).append(_variant(name, number, call, ledger, decoders))
    return {n: tuple(sorted(rows, key=lambda row: -len(row.fixed))) for n, rows in found.items()}


def _variant(name: str, number: int, call: Call, ledger: Ledger, decoders: Decoders) -> Variant:
    meant = operation(call.operation) if call.operation in vocabulary() else None
    registers = tuple(ledger.abi.arguments)
    if meant is None:
        return Variant(name, number, call, None, registers[: len(call.arguments or registers)])
    passed = call.arguments if call.arguments is not None else [a.name for a in meant.arguments]
    if len(passed) > len(registers):
        what = f"{name} has {len(passed)} arguments, and [abi] has {len(registers)} registers for them"
        raise PortwrightError([Fault(what, None, "pack two arguments into one word", "ledger/arguments")])
    sources = Sources(passed)
    fixed = tuple((index, fixed_value(value, ledger, call)) for index, value in sources.fixed)
    limit = None
    if call.limit is not None:
        index = [argument.name for argument in meant.arguments].index(call.limit.argument)
        limit = (index, call.limit.at_most, Failure(call.limit.beyond) if call.limit.beyond else None)
    made = decoders.make(meant, call, sources)
    kept = registers[: len(passed)]
    return Variant(name, number, call, meant, kept, made, fixed, limit, sources=sources)


def _limited(values: list[Any], index: int, at_most: int, beyond: Failure | None) -> list[Any] | Failure:
    """What a call with a limit works with: too much is its error, or where it has none, as much as it takes."""
    if values[index] <= at_most:
        return values
    return beyond or [*values[:index], at_most, *values[index + 1 :]]


def _destroyed(process: Process) -> dict[str, int]:
    """The registers that a call destroys, with their bits."""
    abi, cpu = process.ledger.abi, process.cpu
    names = {*abi.clobbers, *cpu.traps[abi.trap].clobbers} - {abi.result}
    return {
        name: 128 if name in cpu.vector_registers else cpu.pointer_bits
        for name in sorted(names)
        if name in cpu.registers or name in cpu.vector_registers
    }
