"""The kernel of a machine: its processes and threads, whose turn it is, what they wait for, and how time passes.

One thread runs at a time, and another has its turn only at a system call (or when a time slice is over), chosen
from the seed: so a run can be repeated. Where all threads wait, a virtual clock jumps to the first deadline.
Nothing here knows a CPU, an OS or an operation.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from portwright.run import held_children
from portwright.run.clocks import Clocks
from portwright.run.deadlock import deadlock_end
from portwright.run.engine import BadAddress, Stop
from portwright.run.events import Died, Exited
from portwright.run.failure import Failed
from portwright.run.hostility import Hostility
from portwright.run.limits import Budget, Limits, Watch
from portwright.run.network import Network
from portwright.run.process import Process
from portwright.run.sleepers import Sleepers
from portwright.run.slices import SLICE, Slices
from portwright.run.thread import Thread
from portwright.run.waiting import Wait

if TYPE_CHECKING:
    from portwright.run.dispatch import Table
    from portwright.run.programs import Programs

MOST_THREADS = 4096
WORD = 4
CALLS_BETWEEN = 2  # who gives way again after at most so many calls (a look at the clock) does nothing else
MOST_CALLS = 64  # in one turn, where somebody else could run: who never waits must not leave the others behind for ever
LONGEST_STEP = 1 << 24  # nanoseconds that pass at most while nobody does anything but give way


class Kernel:
    """See the module. `on_end` is told of each process that has ended, while its registers are still there."""

    def __init__(
        self,
        limits: Limits,
        clocks: Clocks,
        hostility: Hostility,
        on_end: Callable[[Process], None] = lambda process: None,
        network: Network | None = None,
    ) -> None:
        self.network = network
        self.processes: dict[int, Process] = {}
        self.programs: Programs
        self.calls: Table | None = None  # made ready once, for all processes
        self.memory = Budget(limits.memory)
        self.clocks = clocks
        self.watch = Watch(limits, self.interrupt, self.cpu_seconds)
        self.several = False  # whether there has ever been more than one thread
        self.switches = self.preemptions = 0
        self.counted = False  # whether the engine ends long turns, by counting instructions
        self.turn = 0  # goes up with each turn and each call, while there are several threads
        self.processors = hostility.processors()
        self._hostility = hostility
        self._on_end = on_end
        self._current: Thread | None = None
        self._runnable: list[Thread] = []
        self._sleepers = Sleepers()
        self._ended: list[Process] = []
        self._switch = False  # the current thread has had its turn
        self._calls = 0  # made in this turn while somebody else could run
        self._idle_step = 1
        self._gave_way = 0  # the turn in which a thread gave way last
        self._number = 1
        self._cpu_of_ended = 0.0
        self._slices = Slices(self)

    # --- processes and threads

    @property
    def calling(self) -> Thread:
        """The thread whose call is being served."""
        return self._current or self.first.thread

    def new_id(self) -> int:
        """A number for a process or a thread that none has had."""
        self._number += self._hostility.number(1, 40, kind=1)
        return self._number

    def add(self, process: Process, *, runs: bool = True) -> Thread:
        """Take a process in, with its first thread, which has the process's number and, if it `runs`, is ready to."""
        self._number = max(self._number, process.id)
        thread = Thread(process.id, process)
        process.kernel, process.thread = self, thread
        process.threads[thread.id] = thread
        self.several = self.several or bool(self.processes)
        self.processes[process.id] = process
        process.held = not runs
        if runs:
            self._runnable.append(thread)
        return thread

    def start_thread(self, process: Process, registers: Mapping[str, int]) -> Thread:
        """Start a thread: in a call, with the caller's registers but for those that are given.

        Raises `Failed` (EAGAIN) where there are too many already.
        """
        if len(process.threads) >= MOST_THREADS:
            raise Failed("EAGAIN")
        engine = process.engine
        callers = engine.context()
        try:
            engine.set(registers)
            thread = Thread(self.new_id(), process, context=engine.context())
        finally:
            engine.restore(callers)
        process.threads[thread.id] = thread
        self.several = process.halt = True
        self._switch = self._hostility.switches()
        self._runnable.append(thread)
        return thread

    def end_thread(self, thread: Thread, status: int) -> None:
        """End a thread; its process ends with its last one."""
        process = thread.process
        thread.over, thread.status = True, status
        process.halt = True
        del process.threads[thread.id]
        process.unjoined[thread.id] = status
        self._forget(thread)
        if thread.clear_word:
            with contextlib.suppress(BadAddress, Failed):
                process.space.write(thread.clear_word, bytes(WORD))
                process.futexes.wake(thread.clear_word, 1)
        if not process.threads:
            process.finish(Exited(status & 0xFF))

    def leave_alone(self, thread: Thread) -> None:
        """End all other threads of a thread's process."""
        for other in [one for one in thread.process.threads.values() if one is not thread]:
            other.over = True
            self._forget(other)
        thread.process.threads = {thread.id: thread}

    def ended(self, process: Process) -> None:
        """Note that a process has ended; it is buried when its turn is over."""
        self._ended.append(process)

    def sleep(self, thread: Thread, wait: Wait) -> None:
        """Put the running thread to sleep; its call is served again when the wait is over."""
        thread.wait = wait
        thread.asleep = thread.pending = True
        thread.expired = False
        if (child := held_children.begin(thread.process, wait)) is not None:
            self._runnable.append(child.thread)
        if wait.polled:
            self._sleepers.add(thread, wait)

    def wake(self, thread: Thread) -> None:
        """End a thread's wait, whatever it is for."""
        if thread.asleep:
            thread.asleep, thread.waited = False, True
            self._sleepers.remove(thread)
            self._runnable.append(thread)
            waker = self._current
            if waker is not None and waker.ran_long:
                # Its turn may always end while it holds the lock that the others want: here it has just let go of it.
                waker.ran_long = False
                waker.process.halt = self._switch = True

    def give_way(self, thread: Thread) -> None:
        """Let others run before the calling thread. Where there are none, a virtual clock goes on: a little at
        first, more and more while nothing else happens."""
        if self._runnable or self._sleepers:
            thread.process.halt = self._switch = True
        if self._runnable or self.turn > self._gave_way + CALLS_BETWEEN:
            self._idle_step = 1
        self._gave_way = self.turn
        if not self._runnable:
            self.clocks.pass_time(self._idle_step)
            self._idle_step = min(2 * self._idle_step, LONGEST_STEP)

    # --- running

    def run(self) -> Exited | Died:
        """Run until the first process has ended; the others end with it."""
        first = self.first
        self.watch.start()
        try:
            while first.end is None:
                thread = self.next()
                if thread is not None and self.enter(thread):
                    on_trap = thread.process.dispatcher.trap
                    if self.several:
                        on_trap = self._trap
                        self.turn += 1
                        self._count(thread.process)
                        self._slices.start()
                    self._stopped(thread, thread.process.engine.run(on_trap))
            return first.end
        finally:
            self._slices.stop()
            self.watch.stop()

    @property
    def first(self) -> Process:
        """The process that the run began with."""
        return next(iter(self.processes.values()))

    def next(self) -> Thread | None:
        """The thread whose turn it is; None where something has ended, or was waited for, meanwhile."""
        while self._ended:
            self._bury(self._ended.pop())
        thread, self._current = self._current, None
        if thread is not None and not thread.over:
            thread.process.halt = thread.settled = False
            if thread.asleep:
                thread = None
            elif not self._switch:
                self._current = thread
                return thread
        else:
            thread = None
        self._switch, self._calls = False, 0
        if self._sleepers:
            for other in self._sleepers.over(self.clocks.now()):
                self.wake(other)
        others = len(self._runnable)
        if thread is not None:  # the last of the queue, and chosen only where there is no other
            self._runnable.append(thread)
        if not self._runnable:
            self._idle()
            return None
        self._current = self._runnable.pop(self._hostility.turn(others) if others else 0)
        return self._current

    def enter(self, thread: Thread) -> bool:
        """Give a thread its registers and serve the call that it waits in; whether it can go on."""
        self.load(thread)
        if not thread.pending:
            return True
        thread.pending = False
        goes_on = thread.process.dispatcher.trap()
        if not thread.asleep:
            thread.wait, thread.waited, thread.expired = None, False, False
        return goes_on

    def load(self, thread: Thread) -> None:
        """Make the engine of a thread's process hold the thread's registers."""
        process = thread.process
        before = process.thread
        if before is thread:
            return
        if not before.over:
            before.context = process.engine.context()
        assert thread.context is not None
        process.engine.restore(thread.context)
        process.thread = thread
        self.switches += 1

    def _trap(self) -> bool:
        """Serve a call where there are several threads, and let another one of the process have its turn without
        leaving the engine, which is quicker."""
        thread = self._current
        assert thread is not None
        process = thread.process
        goes_on = self._serve(thread)
        while not goes_on and not self._ended:
            next_ = self.next()
            if next_ is None or next_.process is not process:
                return False
            goes_on = self.enter(next_)
        if goes_on:
            self._count(process)
        return goes_on

    def _count(self, process: Process) -> None:
        """Have the engine end a turn that is too long where somebody else could run, if it can."""
        if self._runnable or self._sleepers:
            self.counted = process.engine.count_turn(True)

    def _serve(self, thread: Thread) -> bool:
        """Serve a call; another thread may have its turn before it, or after it."""
        self.turn += 1
        if not (self._runnable or self._sleepers):
            return thread.process.dispatcher.trap()
        if self._hostility.switches():
            thread.pending = self._switch = True
            return False
        goes_on = thread.process.dispatcher.trap()
        self._calls += 1
        if goes_on and self._calls >= MOST_CALLS:
            thread.ran_long = self._switch = True
            return False
        if goes_on and self._hostility.switches():
            self._switch = True
            return False
        return goes_on

    def _stopped(self, thread: Thread, stop: Stop) -> None:
        """Take up what made the engine stop."""
        process = thread.process
        if stop.reason == "trap-ended":
            return
        if stop.reason == "interrupted":
            over = self.watch.ended or self.watch.expired()
            if over is not None:
                self.first.finish(process.explained(over))
            elif self._runnable or self._sleepers:
                self.preemptions += not self.counted
                self._switch = True
                self.clocks.pass_time(int(SLICE * 10**9))
            else:
                process.engine.count_turn(False)
        else:
            grows = stop.fault in ("read", "write") and stop.address is not None
            if not (grows and stop.address is not None and process.space.grow_stack(stop.address)):
                assert process.reporter is not None
                process.finish(process.reporter.fault_end(stop))

    def _idle(self) -> None:
        """Nobody can run: let time pass until somebody can, or end a run in which nobody ever will."""
        over = self.watch.ended or self.watch.expired()
        if over is not None:
            self.first.finish(self.first.explained(over))
            return
        deadline = self._sleepers.deadline
        if deadline is None and not self._sleepers.await_host:
            self.first.finish(deadlock_end(self))
        elif deadline is not None and self.clocks.mode == "virtual":
            self.clocks.pass_to(deadline)
        else:
            limits = [self.watch.remaining] if self.watch.remaining is not None else []
            if deadline is not None:
                limits.append(max(0.0, (deadline - self.clocks.now()) / 10**9))
            self._sleepers.pause(min(limits) if limits else None)

    # --- ends

    def _bury(self, process: Process) -> None:
        """Take a process that has ended out of the machine; it stays known until somebody asks how it ended."""
        for thread in list(process.threads.values()):
            thread.over = True
            self._forget(thread)
        process.threads.clear()
        self._cpu_of_ended += process.engine.cpu_seconds()
        self._on_end(process)
        process.close()
        process.space.clear()
        for child in [one for one in self.processes.values() if one.parent is process]:
            child.parent = None
            if child.end is not None:
                self.forget(child)
        if process.parent is None and process is not self.first:
            self.forget(process)

    def forget(self, process: Process) -> None:
        """Take a process out of the machine for good: it has ended and its parent knows, or it never began."""
        if process.id in self.processes:
            for thread in list(process.threads.values()):
                thread.over = True
                self._forget(thread)
            del self.processes[process.id]
        process.close()
        process.space.clear()

    def _forget(self, thread: Thread) -> None:
        self._sleepers.remove(thread)
        if thread in self._runnable:
            self._runnable.remove(thread)

    def close(self) -> None:
        """Give back what the processes hold of the host."""
        for process in self.processes.values():
            process.close()

    @property
    def peak(self) -> int:
        """The most memory that all processes held together."""
        return self.memory.peak

    # --- from other threads of the host

    def interrupt(self) -> None:
        """Make the guest that runs now stop soon."""
        thread = self._current
        if thread is not None:
            thread.process.engine.interrupt()

    def cpu_seconds(self) -> float:
        """The CPU time that all processes have used."""
        return self._cpu_of_ended + sum(
            p.engine.cpu_seconds() for p in list(self.processes.values()) if p.end is None
        )

    @property
    def contended(self) -> bool:
        """Whether some thread could run, now or later, while another one does."""
        return bool(self._runnable or self._sleepers)
