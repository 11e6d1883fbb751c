"""What Nix runs beside the steps themselves, and every derivation of an emission put into the store at once.

The derivations say the same as default.nix: a test holds both to the same paths.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from portwright.base import processes
from portwright.build.emission import Emission, SourceSet
from portwright.build.emitted_parts import CHECKSUMS, checksums, encoded
from portwright.build.nix_derivations import (
    EXPORT_END,
    Derivation,
    Leaf,
    Node,
    derive,
    exported,
    source_path,
)
from portwright.build.shell_words import Var, below, word
from portwright.build.step_script import body, grouped, link_function, many, variable

PATH = "/usr/bin:/bin"
SCRIPT_ARGS = ("-c", '. "$scriptPath"')
LIST_ARGS = ("-c", 'cp "$stepsPath" "$out"')
_EACH = """set -eu
for step in $(cat "$stepsPath"); do
  name=${step##*/}
  name=${name#*-}
"""


def results(emission: Emission) -> str:
    """The script of `results`: every file as the whole build leaves it, as links to the steps' results."""
    groups: dict[tuple[str, str], list[str]] = {}
    folders: dict[str, None] = {}
    lines = [
        f"ln -s {word([Var(job.id)])} {word([Var('out'), f'/{job.step.name}'])}"
        for job in emission.jobs
        if job.script
    ]
    for place, (job, kept) in emission.latest().items():
        parent = place.rpartition("/")[0]
        source = word([Var(job.id), f"/{place}"])
        if kept.output.kind == "folder":
            folders[place] = None
        elif kept.output.kind == "symlink":
            lines.append(f"given_link {source} {word([Var('out'), f'/{place}'])}")
        else:
            groups.setdefault((job.id, parent), []).append(source)
        folders[parent] = None
    text = _EACH + '  eval "$name=\\$step"\ndone\n'
    wanted = [word([Var("out"), f"/{folder}" if folder else ""]) for folder in folders or {"": None}]
    text += "".join(f"{line}\n" for line in many("mkdir -p", wanted))
    for (_, parent), rows in groups.items():
        into = word([Var("out"), f"/{parent}/"])
        text += "".join(f"{line}\n" for line in grouped("ln -s", rows, into))
    if lines:
        roots = list(emission.folders)
        text += "".join(f"{variable(root)}={below('out', emission.folders[root])}\n" for root in roots)
        text += "".join(f"{line}\n" for line in link_function("given_link", roots, inwards=True))
    return text + "".join(f"{line}\n" for line in lines)


def check() -> str:
    """The script of `check`: the checksums of every step's files are those that were recorded."""
    return (
        _EACH
        + '  ln -s "$step" "$name"\ndone\nif [ -s "$sums" ]; then sha256sum -c --quiet "$sums"; fi\necho same > "$out"\n'
    )


def _tree(row: SourceSet) -> Node:
    tree: dict[str, Any] = {}
    for file in row.files:
        *folders, name = file.place.split("/")
        inner = tree
        for folder in folders:
            inner = inner.setdefault(folder, {})
        inner[name] = Leaf(file.content, file.executable)
    return tree


class _Store:
    """The derivations of an emission for one store and system."""

    def __init__(self, emission: Emission, store: str, system: str) -> None:
        self.emission, self.store = emission, store
        self.base = {"system": system, "builder": "/bin/sh", "PATH": PATH}
        self.base |= {row.name: row.default for row in emission.parameters}
        self.trees: dict[str, Node | Leaf] = {}
        self.derivations: dict[str, Derivation] = {}

    def source(self, tree: Node | Leaf, name: str) -> str:
        path = source_path(self.store, tree, name)
        self.trees[path] = tree
        return path

    def make(self) -> None:
        """All of them, each after what it needs."""
        sets = {row.id: self.source(_tree(row), row.id) for row in self.emission.sets}
        for job in self.emission.jobs:
            attributes = {
                **self.base,
                "name": job.id,
                "script": body(job, self.emission),
                "passAsFile": "script",
            }
            attributes |= {name: sets[name] for name in job.sets}
            attributes |= {name: self.derivations[name].out for name in job.needs}
            attributes |= {"marked": job.marked} if job.marked else {}
            needs = [self.derivations[name] for name in job.needs]
            made = derive(self.store, attributes, SCRIPT_ARGS, needs, [sets[name] for name in job.sets])
            self.derivations[job.id] = made
        steps = dict(sorted(self.derivations.items()))
        self._many("all", steps, LIST_ARGS, "", {})
        sums = self.source(Leaf(encoded(checksums(self.emission))), CHECKSUMS)
        self._many("check", steps, SCRIPT_ARGS, check(), {"sums": sums})
        self._many("results", steps, SCRIPT_ARGS, results(self.emission), {})

    def _many(
        self,
        name: str,
        steps: Mapping[str, Derivation],
        args: tuple[str, ...],
        script: str,
        given: Mapping[str, str],
    ) -> None:
        attributes = {
            **self.base,
            "name": name,
            **given,
            "steps": " ".join(row.out for row in steps.values()),
        }
        attributes["passAsFile"] = "script steps" if script else "steps"
        if script:
            attributes["script"] = script
        self.derivations[name] = derive(
            self.store, attributes, args, list(steps.values()), list(given.values())
        )

    def stream(self) -> Iterator[bytes]:
        """What nix-store --import reads."""
        for path, tree in self.trees.items():
            yield from exported(path, tree)
        for row in self.derivations.values():
            yield from exported(row.path, Leaf(row.text), row.references)
        yield EXPORT_END


def derivations(emission: Emission, store: str, system: str) -> dict[str, Derivation]:
    """Every derivation, by its attribute in default.nix."""
    made = _Store(emission, store, system)
    made.make()
    return made.derivations


def add(emission: Emission, store: str, system: str, tool: Path) -> str:
    """Put every derivation into the store; answers the path of the one that needs all others."""
    made = _Store(emission, store, system)
    made.make()
    with tempfile.TemporaryFile() as file:
        for piece in made.stream():
            file.write(piece)
        file.seek(0)
        argv = [str(tool), "--import"]
        process = processes.start(argv, stdin=file, stdout=processes.DEVNULL, stderr=processes.PIPE)
        _, words = process.communicate()
    processes.check(
        processes.Completed(tuple(argv), process.returncode, b"", words, 0.0), what="nix-store --import"
    )
    return made.derivations["all"].path
