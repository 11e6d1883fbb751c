"""What the kinds of dynamic relocations mean on each machine: what a loader has to know to apply them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Meaning = Literal["relative", "tls-general", "tls-initial", "resolver", "symbol"]

# By e_machine. What is not named here is one that asks for a symbol's value.
MEANINGS: Mapping[int, Mapping[int, Meaning]] = {
    3: {
        8: "relative",
        35: "tls-general",
        36: "tls-general",
        14: "tls-initial",
        41: "tls-general",
        42: "resolver",
    },
    4: {22: "relative", 40: "tls-general", 41: "tls-general", 42: "tls-initial"},
    40: {
        23: "relative",
        17: "tls-general",
        18: "tls-general",
        19: "tls-initial",
        13: "tls-general",
        160: "resolver",
    },
    62: {
        8: "relative",
        16: "tls-general",
        17: "tls-general",
        18: "tls-initial",
        36: "tls-general",
        37: "resolver",
    },
    183: {
        1027: "relative",
        1028: "tls-general",
        1029: "tls-general",
        1030: "tls-initial",
        1031: "tls-general",
        1032: "resolver",
    },
    243: {
        3: "relative",
        6: "tls-general",
        7: "tls-general",
        8: "tls-general",
        9: "tls-general",
        10: "tls-initial",
        11: "tls-initial",
        12: "tls-general",
        58: "resolver",
    },
}


def counted(machine: int, kinds: Mapping[int, int]) -> dict[str, int]:
    """How many relocations there are of each meaning."""
    known, found = MEANINGS.get(machine, {}), dict[str, int]()
    for kind, count in kinds.items():
        if kind:
            meaning = known.get(kind, "symbol")
            found[meaning] = found.get(meaning, 0) + count
    return dict(sorted(found.items()))
