"""A model of thread-local storage that the port does not serve.

## What it is
Relocations or calls of `__tls_get_addr` that belong to a model which is not in `[os] tls-models`.

## Why is this bad?
Without somebody who fills in the offsets, every thread-local reads another's memory, or a call goes to 0.

## Example
Code built with `tls-model: global-dynamic` in a static PIE: relocations DTPMOD64 that nobody applies.

## What to do
Build with `-Z tls-model=local-exec` and `relocation-model: static`.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.subject import Case


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    program = case.program
    if program is None or program.tls is None or case.port is None or not program.runs:
        return
    served = case.port.os.tls_models
    if program.tls.model not in served:
        what = f"its thread-locals are reached as {program.tls.model}, and {case.port.name} serves "
        yield Found(what + (", ".join(served) or "none"), program.tls.address)
