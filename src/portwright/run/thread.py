"""A thread of a guest: its saved registers, what it waits for, and what is done when it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from portwright.run.engine import Context
from portwright.run.waiting import Wait

if TYPE_CHECKING:
    from portwright.run.process import Process


@dataclass(slots=True, eq=False)
class Thread:
    """One thread.

    `context` holds its registers while its process's engine holds another thread's. `asleep`: `wait` is not
    over. `waited`: the call that is being served has waited before, for `wait`; `expired`: the wait's
    deadline came, and nothing else. `pending`: a call of it is to be served before it goes on. `settled`: its
    registers are as they must be, and the call that did that has no result to give. `over`: it has ended,
    with `status`. `ran_long`: its turn ended because
    it had made many calls in it. `clear_word`: the address of a word that its end sets to 0 and wakes (0: none).
    """

    id: int
    process: Process
    name: str = ""
    context: Context | None = None
    wait: Wait | None = None
    asleep: bool = False
    waited: bool = False
    expired: bool = False
    pending: bool = False
    settled: bool = False
    over: bool = False
    status: int = 0
    ran_long: bool = False
    clear_word: int = 0

    def deadline(self, nanoseconds: int | None) -> int | None:
        """When a wait of so long ends that begins with this call, however often the call is served; None: never."""
        if nanoseconds is None:
            return None
        if self.waited and self.wait is not None and self.wait.deadline is not None:
            return self.wait.deadline
        return self.process.clocks.now() + nanoseconds
