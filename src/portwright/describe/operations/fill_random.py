"""Fill a buffer with unpredictable bytes; the result counts them."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="fill_random",
    family="random",
    summary="Fill a buffer with unpredictable bytes; the result counts them.",
    arguments=(
        Argument("buffer", "bytes-out", length="length"),
        Argument("length", "size"),
        Argument("flags", "flags", constants="GRND_", optional=True),
    ),
    result="size",
    unlocks=("HashMap's keys (RandomState)",),
    weight=9,
    errors=("EINTR", "EINVAL", "EAGAIN"),
    partial=True,
    varies=("buffer",),
)
