"""A target spec, whole: a port's [target] laid over the built-in spec it is like, a JSON file, or a built-in.

Reads and merges; what is wrong with a spec is found by the rules (`rule.py`, `rules/`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from portwright.base.errors import BadInput, Fault, Where
from portwright.describe import json_file
from portwright.describe.rustc_facts import NOT_SPEC, RustcFacts

if TYPE_CHECKING:
    from portwright.describe.port import Port

NOT_KEYS = ("like", "remove", "why")
"""Words of [target] that are portwright's own; all others are keys of the spec, spelled as rustc spells them."""

Places = Callable[..., Where]


@dataclass(frozen=True)
class Spec:
    """A whole target spec and where it was written.

    `target` is the triple (a JSON file's name without `.json`). `own` are the keys that were written by hand,
    the others come from the built-in `like`; `removed` are keys of `like` that [target] takes away. `why`
    holds the reasons that the port gives. `places` tells where a key path stands (None for a built-in).
    """

    target: str
    keys: Mapping[str, Any]
    source: Literal["port", "json", "built-in"]
    path: Path | None = None
    places: Places | None = None
    like: str | None = None
    inherited: Mapping[str, Any] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    why: Mapping[str, str] = field(default_factory=dict)

    @property
    def own(self) -> frozenset[str]:
        """The keys that were written by hand."""
        inherited = self.inherited
        return frozenset(k for k, v in self.keys.items() if k not in inherited or inherited[k] != v)


def of_port(port: Port, facts: RustcFacts) -> Spec:
    """The spec of a port: its [target] over the built-in `like`."""
    places = port.places
    table = dict(port.manifest.target)
    return overlay(port.target, table, facts, port.folder / "port.toml", places)


def overlay(
    target: str, table: Mapping[str, Any], facts: RustcFacts, path: Path | None, places: Places | None
) -> Spec:
    """Lay a [target] table over the built-in spec that it names.

    A key replaces the inherited one, tables too (nothing inside is merged). `remove = ["features"]` takes
    inherited keys away, since TOML has no null.
    """

    def place(*keys: str | int) -> Where:
        return places("target", *keys) if places else Where(path or target)

    removed = table.get("remove", [])
    if not isinstance(removed, list) or not all(isinstance(name, str) for name in removed):
        hint = 'write remove = ["key", ...]: the keys of `like` that this target does not have'
        raise BadInput([Fault("`target.remove` is no list of keys", place("remove"), hint, "toml/value")])
    own = {key: value for key, value in table.items() if key not in NOT_KEYS}
    both = sorted(set(own) & set(removed))
    if both:
        what = f"`{both[0]}` is both given and removed"
        raise BadInput([Fault(what, place("remove"), "keep one of the two", "spec/removed-and-given")])
    like = str(table["like"])
    try:
        inherited = facts.need_builtin(like)
    except BadInput as error:
        fault = error.faults[0]
        raise BadInput([Fault(fault.what, place("like"), fault.hint, fault.code)]) from None
    kept = {key: value for key, value in inherited.items() if key not in removed}
    why = {str(k): str(v) for k, v in dict(table.get("why", {})).items()}
    return Spec(
        target,
        {**kept, **own},
        "port",
        path,
        place if places else None,
        like,
        inherited,
        tuple(removed),
        why,
    )


def of_file(path: Path) -> Spec:
    """The spec that a JSON file holds. Raises `BadInput` where it is no JSON object."""
    return Spec(path.stem, json_file.read(path), "json", path, json_file.Places(path))


def of_builtin(name: str, facts: RustcFacts) -> Spec:
    """A built-in spec of the found rustc."""
    keys = facts.need_builtin(name)
    return Spec(name, keys, "built-in", inherited=keys)


def load_spec(subject: Port | Path | str, facts: RustcFacts) -> Spec:
    """The spec of a port, of a JSON file (by path) or of a built-in target (by its triple)."""
    if isinstance(subject, Path):
        return of_file(subject)
    if isinstance(subject, str):
        return of_builtin(subject, facts)
    return of_port(subject, facts)


def without_rustc_own(keys: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a printed spec that belong into one's own."""
    return {key: value for key, value in keys.items() if key not in NOT_SPEC}
