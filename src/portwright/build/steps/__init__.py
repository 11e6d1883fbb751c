"""The contract of portwright's own steps: `run(call)` does the work, `MODULES` names the code that it stands on.

`NETWORK`, where it is there, says for what the step may need the network: such a step is not emitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a step: its `--options`, where to write (`out`), and where that will lie when the step is
    done (`final`): texts that name their own folder must name that one."""

    options: Mapping[str, str]
    environment: Mapping[str, str]
    out: Path
    final: Path
    key: str
