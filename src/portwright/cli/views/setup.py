"""What a person sees of `setup`: a line per thing seen to."""

from __future__ import annotations

from rich.console import Console

from portwright.jobs.setup import Result


def view(result: Result, console: Console) -> None:
    """Print what was done, and with which Rust portwright will work."""
    for part in result.parts:
        console.print(f"{part.name}: {part.outcome} ({part.detail})")
    found = result.toolchain
    console.print(f"portwright uses Rust {found.version} (LLVM {found.llvm_version}) at {found.rustc}")
