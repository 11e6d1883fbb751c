"""Start a thread at `entry` with `argument` on a stack whose top is `stack`; answers its id."""

from __future__ import annotations

from portwright.run.cpu import engine_cpu
from portwright.run.failure import Failure
from portwright.run.process import Process


def perform(process: Process, entry: int, stack: int, argument: int, thread_pointer: int) -> int | Failure:
    """`entry` may be a function of the CPU's C convention; it has nowhere to return to."""
    facts = engine_cpu(process.cpu.name).function_entry
    if not stack or not entry:
        return Failure("EINVAL")
    registers = process.hostility.registers(process.cpu.register_bits)
    top = stack - stack % facts.alignment - facts.above_stack
    registers |= {"pc": entry, "sp": top, "thread-pointer": thread_pointer}
    if facts.argument is None:
        word = process.cpu.pointer_size
        process.space.write(top + word, argument.to_bytes(word, process.cpu.endian))
    else:
        registers[facts.argument] = argument
    return process.kernel.start_thread(process, registers).id
