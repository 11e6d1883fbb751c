"""What tests of replays share: a recording's file replayed, and what became of its steps."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from portwright.base import namespaces
from portwright.base.events import outcome
from portwright.build import recording_file
from portwright.build.replay import Replay, Settings
from portwright.build.replay_result import Replayed

needs_views = pytest.mark.skipif(bool(namespaces.refused()), reason="namespaces are not allowed here")


def replayed(path: Path, out: Path | None = None, **how: Any) -> dict[str, Replayed]:
    """Replay a recording's file; every step by name."""
    with Replay(recording_file.load(path), Settings(**{"isolation": "links", **how})) as replay:
        rows = outcome(replay.run())
        if out is not None:
            shutil.rmtree(out, ignore_errors=True)
            replay.put_out(out)
        replay.finish()
    return {row.step.name: row for row in rows}


def ran(rows: dict[str, Replayed]) -> set[str]:
    return {name for name, row in rows.items() if row.ran}


def outcomes(rows: dict[str, Replayed]) -> set[str]:
    return {row.outcome for row in rows.values()}
