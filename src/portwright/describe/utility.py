"""The programs that Rust's own tests start as they are found on any system: `sh`, `env` and the like.

They come with portwright, for every port; a port whose ledger could not start them does without.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from portwright.describe import toml_file
from portwright.describe.ledger import Ledger
from portwright.describe.model import Described
from portwright.describe.port import bundled_folder

FOLDER, FILE = "utilities", "utilities.toml"
GuestPath = Annotated[str, Field(pattern=r"^/[^/]+(/[^/]+)*$")]


class Utility(Described):
    """[[utility]]: a Cargo package beside the list, and where a guest finds its program.

    `needs`: what the ledger must offer, of each list one operation at least.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    path: str
    places: Annotated[list[GuestPath], Field(min_length=1)]
    needs: list[Annotated[list[str], Field(min_length=1)]] = []

    def serves(self, ledger: Ledger) -> bool:
        """Whether programs of such an OS can start it."""
        return all(any(name in ledger.offers for name in names) for names in self.needs)


class UtilityList(Described):
    """The whole file."""

    utility: list[Utility] = []


def folder() -> Path:
    """Where the list and the packages lie."""
    return bundled_folder() / FOLDER


def utilities(ledger: Ledger) -> tuple[Utility, ...]:
    """Those that serve an OS with this ledger; raises `BadInput` for a list that is wrong."""
    path = folder() / FILE
    found = toml_file.validate(UtilityList, toml_file.read(path), toml_file.Places(path))
    return tuple(utility for utility in found.utility if utility.serves(ledger))
