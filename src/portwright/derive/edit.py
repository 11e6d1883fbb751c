"""What an overlay does to a source tree, as data: new files and structured edits, each with its reason.

The engine that finds the places on the syntax tree is `overlay.py`; nothing here reads a file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that the tree does not have; `path` below the tree's root."""

    path: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class ArmFirst:
    """An arm before all others in the `block`-th (from 1) of `of` macro calls `cfg_select!` in a file.

    `block` counts all calls in the file in source order, nested ones too. `arm` is the arm's whole text
    (`target_os = "veridian" => { mod portwright; ... }`). `of` 0: however many there are (a crate of the registry,
    whose next version may have one more).
    """

    path: str
    block: int
    of: int
    arm: str
    why: str
    macro: str = "cfg_select"


@dataclass(frozen=True, slots=True)
class AttributeTerm:
    """A predicate added to the `any(...)` list of the `#[cfg(...)]` attribute on the item that `item` begins
    with (`mod common`); `negated` for a list inside `not(any(...))`."""

    path: str
    item: str
    term: str
    why: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class BuildTerm:
    """A term added to the `||` chain that holds `beside` (`target_os == "hermit"`) in a build.rs or a `cfg!`
    expression."""

    path: str
    beside: str
    term: str
    why: str


@dataclass(frozen=True, slots=True)
class CfgTerm:
    """A predicate added to the `any(...)` list of a `cfg!(...)` expression that holds `beside`
    (`target_os = "hermit"`)."""

    path: str
    beside: str
    term: str
    why: str


@dataclass(frozen=True, slots=True)
class CfgUnordered:
    """An entry added to the only `cfg_unordered!` call of a file."""

    path: str
    entry: str
    why: str


@dataclass(frozen=True, slots=True)
class EachCfg:
    """A predicate that stands for `term` too in the conditions of a file: `unix` becomes `any(unix, ...)`.

    `of` is how often it stands in `#[cfg(...)]`, then `#[cfg_attr(...)]`, then `cfg!(...)`, and `places` which of
    these are meant (from 1; all where there are none).
    """

    path: str
    predicate: str
    term: str
    of: int
    why: str
    places: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LastItems:
    """Items put at the end of a Rust file: in a module their order means nothing."""

    path: str
    items: str
    why: str


@dataclass(frozen=True, slots=True)
class ItemAttribute:
    """An attribute (`#[ignore = "..."]`) before the only item that begins with `item`, outside of its others."""

    path: str
    item: str
    attribute: str
    why: str


@dataclass(frozen=True, slots=True)
class TomlTable:
    """A table added at the end of a Cargo.toml that has no table of that `header`."""

    path: str
    header: str
    body: str
    why: str


KINDS = (
    *(NewFile, ArmFirst, AttributeTerm, BuildTerm, CfgTerm, CfgUnordered, EachCfg, ItemAttribute, LastItems),
    TomlTable,
)
Edit = (
    NewFile
    | ArmFirst
    | AttributeTerm
    | BuildTerm
    | CfgTerm
    | CfgUnordered
    | EachCfg
    | ItemAttribute
    | LastItems
    | TomlTable
)


def to_json(edits: Sequence[Edit]) -> str:
    """Edits as one stable JSON document."""
    rows = [{"edit": type(edit).__name__, **asdict(edit)} for edit in edits]
    return json.dumps(rows, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def from_json(text: str) -> tuple[Edit, ...]:
    """The edits of a document that `to_json` wrote."""
    kinds = {kind.__name__: kind for kind in KINDS}
    rows = [{name: _plain(value) for name, value in row.items()} for row in json.loads(text)]
    return tuple(kinds[row.pop("edit")](**row) for row in rows)


def _plain(value: Any) -> Any:
    """JSON knows no tuples."""
    return tuple(value) if isinstance(value, list) else value
