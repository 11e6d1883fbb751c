"""What would become of an overlay's edits on another source tree: each applies, has moved, meets something else, or
has nothing left to change.

Pure: the tree is given as the names of its files and a function that reads one.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, Literal

from portwright.base.errors import BadInput
from portwright.derive import overlay, tokens
from portwright.derive.edit import ArmFirst, AttributeTerm, Edit, NewFile, TomlTable
from portwright.derive.places import describe

Outcome = Literal["applies", "moved", "changed", "gone"]
OUTCOMES: tuple[Outcome, ...] = ("applies", "moved", "changed", "gone")
OLDER_MACRO = "cfg_if"
"""What std chose its platform modules with before `cfg_select!`."""
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Tree:
    """Another source tree: the paths of its files below `library/`, and the text of one."""

    files: frozenset[str]
    read: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one edit.

    `place` is where (`std/src/sys/alloc/mod.rs:72`), `found` what is there now. `carried` is the edit in the form
    that fits there, where its meaning is beyond doubt.
    """

    path: str
    edit: str
    outcome: Outcome
    place: str
    found: str
    why: str
    carried: Edit | None = None


def forecast(edits: Sequence[Edit], tree: Tree) -> tuple[Fate, ...]:
    """The fate of every edit, in their order."""
    new = frozenset(edit.path for edit in edits if isinstance(edit, NewFile))
    return tuple(_fate(edit, tree, new) for edit in edits)


def carried(edits: Sequence[Edit], fates: Sequence[Fate]) -> tuple[Edit, ...]:
    """The edits that can be laid over the tree as it is."""
    rows = zip(edits, fates, strict=True)
    return tuple(fate.carried or edit for edit, fate in rows if fate.carried or fate.outcome == "applies")


def count(fates: Iterable[Fate]) -> dict[Outcome, int]:
    """How many edits have each fate."""
    found = Counter(fate.outcome for fate in fates)
    return {outcome: found[outcome] for outcome in OUTCOMES}


def _fate(edit: Edit, tree: Tree, new: frozenset[str]) -> Fate:
    def fate(outcome: Outcome, place: str, found: str, other: Edit | None = None) -> Fate:
        return Fate(edit.path, describe(edit), outcome, place, found, edit.why, other)

    if isinstance(edit, NewFile):
        return fate(*_new_file(edit, tree, new))
    text = tree.read(edit.path)
    if text is None:
        return fate(*_elsewhere(edit.path, tree))
    try:
        overlay.apply(edit.path, text, [edit])
    except BadInput as error:
        fault = error.faults[0]
        line = fault.where.line if fault.where and fault.where.line else None
        place = f"{edit.path}:{line}" if line else edit.path
        if fault.code == "edit/already-there":
            return fate("changed", place, "what the edit adds is there already")
        if isinstance(edit, ArmFirst):
            return fate(*_other_macro(edit, text, fault.what))
        return fate("changed", place, _seen(edit, text, fault.what))
    if isinstance(edit, TomlTable) and (other := _older_needs(edit, text)) is not None:
        return fate("changed", edit.path, f"the tree has {_needs(other)}, the edit {_needs(edit)}", other)
    return fate("applies", edit.path, "")


def _older_needs(edit: TomlTable, text: str) -> TomlTable | None:
    """The table with the versions that the tree itself asks for, where they are others."""
    theirs = dict(_dependencies(tomllib.loads(text)))
    lines = []
    for line in edit.body.splitlines():
        name = line.partition("=")[0].strip()
        wanted = theirs.get(name)
        lines.append(re.sub(r'(version *= *")[^"]*', rf"\g<1>{wanted}", line) if wanted else line)
    body = "\n".join(lines)
    return replace(edit, body=body) if body != edit.body.rstrip("\n") else None


def _dependencies(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every (crate, version asked for) of a Cargo.toml, in whatever table."""
    for key, value in table.items():
        if isinstance(value, dict):
            if key == "dependencies":
                rows = ((name, row) for name, row in value.items() if isinstance(row, dict))
                yield from ((name, str(row["version"])) for name, row in rows if "version" in row)
            else:
                yield from _dependencies(value)


def _needs(edit: TomlTable) -> str:
    rows = dict(_dependencies({"dependencies": tomllib.loads(edit.body)}))
    return ", ".join(f"{name} {version}" for name, version in rows.items())


def _new_file(edit: NewFile, tree: Tree, new: frozenset[str]) -> tuple[Outcome, str, str]:
    if edit.path in tree.files:
        return "changed", edit.path, "the tree has this file"
    # A folder of the overlay's own is new in any tree; what must be there is the folder of the module that names it.
    folder = PurePosixPath(edit.path).parent
    while "portwright" in folder.name or f"{folder}/mod.rs" in new:
        folder = folder.parent
    if any(name.startswith(f"{folder}/") for name in tree.files):
        return "applies", edit.path, ""
    return _elsewhere(f"{folder}/mod.rs", tree)


def _elsewhere(path: str, tree: Tree) -> tuple[Outcome, str, str]:
    """A module that is not where it was: other files of its name below the same crate."""
    pure = PurePosixPath(path)
    crate, module = pure.parts[0], pure.parent.name if pure.stem == "mod" else pure.stem
    root = f"{crate}/src/"
    near = sorted(
        name
        for name in tree.files
        if name.startswith(root) and name.endswith((f"/{module}.rs", f"/{module}/mod.rs"))
    )
    inner = [name for name in near if name.startswith("std/src/sys/")] or near
    if not inner:
        return "gone", path, f"no module `{module}` below {root}"
    folders = Counter(str(PurePosixPath(name).parent.parent) for name in inner)
    above, most = folders.most_common(1)[0]
    if most > SHOWN:
        found = f"{above}/*/{module}.rs: one for each of {most} systems, chosen in {above}/mod.rs"
        return "moved", f"{above}/mod.rs", found
    return "moved", inner[0], f"the module is now {', '.join(inner[:SHOWN])}"


def _other_macro(edit: ArmFirst, text: str, what: str) -> tuple[Outcome, str, str, Edit | None]:
    source = tokens.parse(text.encode())
    calls = tokens.macro_calls(source, OLDER_MACRO)
    if not calls or edit.macro == OLDER_MACRO:
        return "changed", edit.path, what, None
    lines = ", ".join(str(call.name.line) for call in calls)
    found = f"`{OLDER_MACRO}!` at {'line' if len(calls) == 1 else 'lines'} {lines} instead of `{edit.macro}!`"
    place = f"{edit.path}:{calls[0].name.line}"
    block = edit.block if len(calls) == edit.of else _alike(edit, calls)
    if block is None:
        return "changed", place, f"{found}; {len(calls)} blocks, not {edit.of}", None
    place = f"{edit.path}:{calls[block - 1].name.line}"
    return "changed", place, f"{found}: the arm becomes an `if`", _as_branch(edit, block, len(calls))


def _alike(edit: ArmFirst, calls: Sequence[tokens.Macro]) -> int | None:
    """The number of the only block whose branches look as the arm does: its own names may differ."""
    body = tokens.words(edit.arm.partition("=>")[2])
    shape = re.sub(r"\bportwright\b", r"\\w+", re.escape(body.strip("{} ")).replace("\\ ", " "))
    fits = [at for at, call in enumerate(calls, 1) if re.search(shape, tokens.spelling(call.body.inner))]
    return fits[0] if len(fits) == 1 else None


def _as_branch(edit: ArmFirst, block: int, of: int) -> ArmFirst:
    """The arm as the first branch of a `cfg_if!`: the old first `if` follows as its `else`."""
    condition, _, body = edit.arm.partition("=>")
    branch = f"if #[cfg({condition.strip()})] {body.strip()} else"
    return ArmFirst(edit.path, block, of, branch, edit.why, macro=OLDER_MACRO)


def _seen(edit: Edit, text: str, what: str) -> str:
    """What stands in the place of a term's list."""
    if not isinstance(edit, AttributeTerm):
        return what
    items = [attribute.predicate.line for attribute in tokens.cfg_attributes(tokens.parse(text.encode()))]
    return f"{what}; the file has #[cfg(...)] at lines {_some(items)}" if items else what


def _some(lines: Sequence[int]) -> str:
    shown = ", ".join(map(str, lines[: 2 * SHOWN]))
    return f"{shown} and {len(lines) - 2 * SHOWN} more" if len(lines) > 2 * SHOWN else shown
