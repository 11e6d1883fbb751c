"""Archivers and the other small tools for object files."""

from __future__ import annotations

from pathlib import PurePosixPath

from portwright.build.trade import Call, Trade


def _subject(call: Call) -> str:
    names = [word for word in call.options if word.endswith((".a", ".o", ".so", ".lib"))]
    return PurePosixPath(names[0]).name if names else ""


TRADE = Trade(
    "packs or changes object files",
    names=("ar", "ranlib", "*-ar", "*-ranlib", "llvm-ar-[0-9]*", "llvm-ranlib-[0-9]*"),
    probe=lambda call: call.options in (("--version",), ("-V",), ("--help",)),
    subject=_subject,
    wrapped=True,
)
