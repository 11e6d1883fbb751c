"""A failure that has been met before: how it shows itself, its cause and its cure. A port's own are in `failures.toml`.

Those of every port are entries of `judge/failures/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from portwright.base.errors import BadInput, Fault, Where
from portwright.describe import toml_file
from portwright.describe.machine import Expression
from portwright.describe.model import Described

FILE = "failures.toml"


class KnownFailure(Described):
    """[[failure]]: `pattern` is looked for in the console; `cause` and `cure` are quoted where it is found.

    `confidence`: how sure that is where the pattern is there. `outcome`: seeing it ends the boot with that verdict;
    where `outcome` is left out, it only explains one. `early`: it counts only before the first milestone. `lines`: the
    pattern spans that many lines at most.
    """

    name: Annotated[str, Field(min_length=1)]
    pattern: Expression
    cause: str
    cure: str
    confidence: Literal["certain", "likely", "possible"] = "likely"
    outcome: Literal["panicked", "crashed", "no-boot-target", "wrong", "could-not-run"] | None = None
    early: bool = False
    lines: Annotated[int, Field(ge=1, le=200)] = 1

    @model_validator(mode="after")
    def _one_line_ends(self) -> KnownFailure:
        if self.outcome is not None and self.lines > 1:
            raise ValueError("a failure that ends the boot has a pattern of one line")
        return self


class Failures(Described):
    """failures.toml."""

    failure: list[KnownFailure] = []

    @model_validator(mode="after")
    def _once(self) -> Failures:
        names = [each.name for each in self.failure]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two failures have one name: {', '.join(twice)}")
        return self


def of_port(folder: Path) -> tuple[KnownFailure, ...]:
    """The failures that a port knows; raises `BadInput` with every fault of the file."""
    path = folder / FILE
    if not path.is_file():
        if path.exists() or path.is_symlink():
            raise BadInput(
                [Fault("this is no file", Where(path), "a text file, or nothing", "port/failures")]
            )
        return ()
    return tuple(toml_file.validate(Failures, toml_file.read(path), toml_file.Places(path)).failure)
