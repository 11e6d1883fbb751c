"""The small tools that change object files and archives in place."""

from __future__ import annotations

from pathlib import PurePosixPath

from portwright.build.trade import Call, Trade


def _subject(call: Call) -> str:
    names = [word for word in call.options if not word.startswith("-")]
    return PurePosixPath(names[-1]).name if names else ""


TRADE = Trade(
    "changes object files",
    names=("ranlib", "*-ranlib", "llvm-ranlib-[0-9]*", "strip", "*-strip", "objcopy", "*-objcopy"),
    probe=lambda call: call.options in (("--version",), ("-V",), ("--help",)),
    subject=_subject,
    wrapped=True,
)
