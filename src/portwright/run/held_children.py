"""Children of an OS that has no scheduler for them: one begins to run when its parent waits, and runs to its end in that
very call; only then does the parent look again whether what it waited for is there.
"""

from __future__ import annotations

from portwright.run.process import Process
from portwright.run.waiting import Wait


def begin(parent: Process, wait: Wait) -> Process | None:
    """The child that runs now, if this wait runs any that is held; the wait is then over with that child's end."""
    if wait.runs is None:
        return None
    held = (one for one in parent.kernel.processes.values() if one.held and one.parent is parent)
    child = next((one for one in held if one.end is None and wait.runs(one)), None)
    if child is not None:
        child.held = False
        wait.ready = lambda: child.end is not None
    return child
