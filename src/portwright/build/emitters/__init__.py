"""The contract of emitters: forms in which a plan is written down.

`emit(plan)` gives a text (`portwright plan --format`). `write(emission)` gives the files of a folder (`portwright emit`),
and where these can be built, `build(folder, emission)` builds them and answers each job's result folder by the job's id;
it yields events meanwhile. `drafts(emission)`: whether it also writes recordings that cannot be built again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Emitted:
    """A file of an emitted folder: its bytes, or the file that they are read from and what they must hash to."""

    path: str
    content: bytes | Path
    executable: bool = False
    digest: str = ""
