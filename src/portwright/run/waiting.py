"""How an operation says that it cannot be done yet: its thread sleeps, others run, and the call is served again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portwright.run.process import Process


class Wait(Exception):
    """Raised by an operation before it has changed anything; the kernel serves the same call again later.

    That is when `ready()` is true, when somebody `wake`s the thread, when the host's descriptor `host_fd` can
    be read (or written), or when the `deadline` has come (nanoseconds on the machine's own clock,
    `Clocks.now`). `what` says for what it waits, to a person: a deadlock report prints it. `memo` is the
    operation's own, for when it is served again (`thread.wait.memo`). `runs` says which of the caller's children
    run meanwhile, in an OS that runs them only then.
    """

    def __init__(
        self,
        what: str,
        ready: Callable[[], bool] | None = None,
        deadline: int | None = None,
        host_fd: int | None = None,
        for_writing: bool = False,
        memo: Any = None,
        runs: Callable[[Process], bool] | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.ready = ready
        self.deadline = deadline
        self.host_fd = host_fd
        self.for_writing = for_writing
        self.memo = memo
        self.runs = runs

    @property
    def polled(self) -> bool:
        """Whether the kernel has to look when it is over; False where only a `wake` ends it."""
        return self.ready is not None or self.deadline is not None or self.host_fd is not None
