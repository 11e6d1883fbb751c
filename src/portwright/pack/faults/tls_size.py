"""A thread-local segment whose size is no multiple of its alignment, for a loader that needs one.

## What it is
p_memsz of PT_TLS is no multiple of its p_align, where `[os] tls-padding` is `size-multiple-of-alignment`.

## Why is this bad?
Compilers count thread-locals from the rounded size. A loader that puts the thread pointer at the block's start plus
p_memsz is off by the difference: every thread-local is read from the wrong place, and on one kernel that ends in a page
fault of the kernel itself. Programs whose own start-up code makes the block do not care.

## Example
Three bytes of thread-locals aligned to 8: p_memsz 3, and all offsets are wrong by 5.

## What to do
Pad it: a thread-local `[u8; N]` with the largest alignment, or start-up code that makes the block and sets the thread
pointer itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.base.demangle import demangle
from portwright.pack.fault import Found, Severity
from portwright.pack.subject import Case, defined

OWN_START = "::make_thread_locals"  # what std's start-up code has where it does this itself


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    program = case.program
    if program is None or program.tls is None or not program.runs:
        return
    tls = program.tls
    over = tls.memory_size % tls.alignment if tls.alignment else 0
    if not over:
        return
    what = (
        f"its thread-local segment has {tls.memory_size} bytes, no multiple of its alignment {tls.alignment}"
    )
    if case.port is None:
        text = (
            f"{what}: a loader that takes the thread pointer from the size is off by {tls.alignment - over}"
        )
        yield Found(text, tls.address, severity="note")
    elif case.port.os.tls_padding == "size-multiple-of-alignment":
        severity: Severity = "error"
        if any(
            OWN_START in demangle(symbol.name) for symbol in defined(case.symbols) if "thread" in symbol.name
        ):
            return
        if program.stripped and case.port.os.crt_objects == "std":
            severity, what = (
                "warning",
                f"{what} (stripped: whether its start-up code makes the block is not seen)",
            )
        yield Found(f"{what}; the loader of {case.port.name} needs that", tls.address, severity=severity)
