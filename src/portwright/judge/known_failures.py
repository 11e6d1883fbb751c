"""All failures that are known for a port: those of every port, in `failures/`, then its own."""

from __future__ import annotations

from collections.abc import Sequence

from portwright.base import rooms
from portwright.describe.known_failure import KnownFailure

ROOM = "portwright.judge.failures"


def known(own: Sequence[KnownFailure] = ()) -> tuple[KnownFailure, ...]:
    """The failures; one of a port stands in the place of a common one of its name."""
    common = [module.FAILURE for module in rooms.load_all(ROOM).values()]
    names = {row.name for row in own}
    return (*own, *(row for row in common if row.name not in names))
