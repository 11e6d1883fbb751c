"""Short names for a recording's steps that stay the same when contents change: `rustc_libcore_k7f3`.

A name tells the trade and what is made, and ends with a few letters of a hash over the names of the step's outputs.
Contents, and where the step stands in the plan, are not in it: a changed source renames nothing. It is a name in sh,
in Nix and in a file system.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from portwright.derive.plan import Step

LETTERS = "abcdfghijklmnpqrsvwxyz0123456789"
MOST_STEM = 24
SHORTEST = 4


def number(position: int, count: int) -> str:
    """The name of the step at a position (from 0) among `count`: `step001`."""
    return f"step{position + 1:0{max(3, len(str(count)))}}"


def ids(steps: Sequence[Step]) -> dict[str, str]:
    """A name for every step, by the step's own."""
    hashes: dict[str, str] = {}
    seen: dict[tuple[str, ...], int] = {}
    for step in steps:
        said = (step.type or step.kind, *(step.outputs or (step.cwd, *step.argv)))
        again = seen[said] = seen.get(said, 0) + 1
        hashes[step.name] = letters([*said, str(again)])
    stems = {step.name: stem(step) for step in steps}
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name, letter in hashes.items():
        length = SHORTEST
        while (made := f"{stems[name]}_{letter[:length]}") in taken and length < len(letter):
            length += 1
        taken.add(made)
        found[name] = made
    return found


def stem(step: Step) -> str:
    """What the name tells a person: the trade and the first output."""
    what = step.outputs[0].rpartition("/")[2] if step.outputs else (step.argv[0] if step.argv else "")
    what = what.rpartition("/")[2]
    what = what.rpartition(".")[0] or what
    what = re.sub(r"-[0-9a-f]{16}$", "", what)  # cargo's own hash, which changes with its version
    rows = (_plain(step.type or step.kind), _plain(what)[:MOST_STEM].strip("_"))
    name = "_".join(row for row in rows if row)
    return name if re.match(r"[a-z]", name) else f"x_{name}".rstrip("_")


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def letters(words: Iterable[str]) -> str:
    """A hash of words in letters and digits."""
    data = b"\0".join(word.encode("utf-8", "surrogateescape") for word in words)
    value = int.from_bytes(hashlib.sha256(data).digest()[:20])
    return "".join(LETTERS[value >> (5 * place) & 31] for place in range(32))
