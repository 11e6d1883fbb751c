"""Bits and choices <-> the canonical names that the ledger's constants give them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portwright.describe.operation import belongs

# Constants that are masks over others, not bits of their own.
MASKS = frozenset({"O_ACCMODE", "S_IFMT", "MAP_TYPE"})
# Of each of these groups exactly one is always meant, also where its value is 0.
GROUPS = (("O_RDONLY", "O_WRONLY", "O_RDWR"), ("MAP_SHARED", "MAP_PRIVATE"))


class Names:
    """The constants of one prefix (`O_`), or of several in the order of precedence, made ready.

    Every answer is remembered.
    `ignored` are names that the call takes but does nothing for: they are not among its `flags`.
    """

    def __init__(self, constants: Mapping[str, int], prefix: str, ignored: Iterable[str] = ()) -> None:
        found = {
            name: value
            for start in prefix.split()
            for name, value in constants.items()
            if belongs(name, start) and name not in MASKS
        }
        self._ignored = frozenset(ignored)
        self._choices: dict[int, str] = {}
        for name, value in found.items():
            self._choices.setdefault(value, name)
        bits = [(name, value) for name, value in found.items() if value > 0]
        self._bits = sorted(bits, key=lambda row: -row[1].bit_count())
        self._zeros = [name for name, value in found.items() if value == 0]
        self._flags: dict[int, frozenset[str]] = {}

    def choice(self, value: int) -> str:
        """The name of a value, or the value in hexadecimal where it has none."""
        return self._choices.get(value) or hex(value)

    def flags(self, value: int) -> frozenset[str]:
        """The names of the bits that are set, bits without a name in hexadecimal, without the ignored."""
        known = self._flags.get(value)
        if known is None:
            known = self._flags[value] = frozenset(self._list(value)) - self._ignored
            if len(self._flags) > 1024:
                self._flags.clear()
        return known

    def text(self, value: int) -> str:
        """As in C: names joined with `|`, `0` for none."""
        shown: dict[int, str] = {}
        by_name = dict(self._bits)
        for name in self._list(value):
            shown.setdefault(by_name.get(name, -len(shown)), name)
        return "|".join(shown.values()) or "0"

    def _list(self, value: int) -> list[str]:
        """Names in the ledger's order of size; names of the same bits all count."""
        names, left = [], value
        for name, bits in self._bits:
            same = any(bits == other and name_ in names for name_, other in self._bits)
            if left & bits == bits or same:
                names.append(name)
                left &= ~bits
        for name in self._zeros:
            group = next((g for g in GROUPS if name in g), None)
            if (group is None and value == 0) or (group is not None and not set(group) & set(names)):
                names.insert(0, name)
        if left:
            names.append(hex(left))
        return names
