"""Shells: a recipe is a step; a script that starts drivers, or that is the recorded command, drives."""

from __future__ import annotations

from portwright.build.trade import Call, Trade

ORDINARY = (
    "CC",
    "CXX",
    "CFLAGS",
    "CXXFLAGS",
    "CPPFLAGS",
    "LDFLAGS",
    "AR",
    "RANLIB",
    "SHELL",
    "srcdir",
    "top_srcdir",
)


def _subject(call: Call) -> str:
    words = [word for word in call.options if not word.startswith("-")]
    first = words[0].split() if words else []
    return first[0].rsplit("/", 1)[-1] if first else ""


TRADE = Trade(
    "runs a script",
    names=("sh", "dash", "bash", "zsh", "ksh", "busybox"),
    role="either",
    subject=_subject,
    environment=ORDINARY,
    own_work=True,
    logs=("config.log", "configure.log"),
)
