"""Which names are one file: the hard links that a build made, and which unit gave each of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portwright.build.work_units import Unit


@dataclass(slots=True)
class HardLinks:
    """Groups of names; each name with the unit that gave it and the name that it gave it for (the first: none)."""

    _groups: dict[str, dict[str, tuple[Unit | None, str]]] = field(default_factory=dict)

    def join(self, old: str, new: str, unit: Unit) -> None:
        """A unit gave the file `old` the name `new` too."""
        self.part(new)
        group = self._groups.setdefault(old, {old: (None, "")})
        group[new] = (unit, old)
        self._groups[new] = group

    def part(self, path: str) -> None:
        """A name is gone, or another file's."""
        group = self._groups.pop(path, None)
        if group is not None:
            del group[path]
            if len(group) == 1:
                del self._groups[next(iter(group))]

    def rename(self, old: str, new: str) -> None:
        """A file has another name."""
        self.part(new)
        group = self._groups.pop(old, None)
        if group is not None:
            row = group.pop(old)
            for name, (unit, target) in group.items():
                group[name] = (unit, new if target == old else target)
            group[new] = row
            self._groups[new] = group

    def same(self, one: str, other: str) -> bool:
        """Whether both are names of one file."""
        return one != other and other in self._groups.get(one, ())

    def beside(self, path: str, unit: Unit) -> Iterator[tuple[str, bool]]:
        """The other names of a file, and whether the unit itself linked them: it does so whenever it runs."""
        group = self._groups.get(path)
        if group is None:
            return
        rows = [(name, target) for name, (by, target) in group.items() if unit.same_actor(by)]
        linked = {name for row in rows for name in row}
        for name in [name for name in group if name != path]:
            yield name, path in linked and name in linked
