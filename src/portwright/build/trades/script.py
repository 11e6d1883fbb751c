"""Interpreters of scripts: generators are steps; a script that starts drivers (x.py) drives."""

from __future__ import annotations

from pathlib import PurePosixPath

from portwright.build.trade import Call, Trade


def _subject(call: Call) -> str:
    words = [word for word in call.options if not word.startswith("-")]
    return PurePosixPath(words[0]).name if words and "-c" not in call.options else ""


TRADE = Trade(
    "runs a script",
    names=("python", "python[0-9]*", "perl", "perl[0-9]*", "ruby", "node", "tclsh*", "guile*"),
    role="either",
    probe=lambda call: call.options in (("--version",), ("-V",), ("-v",)),
    subject=_subject,
    environment=("PYTHONPATH", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "PERL5LIB"),
    own_work=True,
)
