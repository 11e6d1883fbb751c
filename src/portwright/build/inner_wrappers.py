"""Compilers that a step starts itself went through the wrapper: what stands for the wrapper when the step runs again.

While it was recorded, the wrapper added the flags that keep folders' names out of what is made. A step that is a
compiler has these in its own command line. One that starts compilers (a build script, a recipe of several commands)
finds a small script of the same name in front of its PATH instead, which adds the same flags: a file of the plan.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from portwright.base.hashing import hash_bytes
from portwright.build.recording_place import TEMPORARY, WRAPPER, Places
from portwright.build.trade import trade_of
from portwright.build.work_units import Unit, call_of
from portwright.derive.plan import Input, Step
from portwright.derive.recording import Output

VARIABLE = "PORTWRIGHT_"
"""What the names of variables begin with that tell the scripts where the roots are."""


def names_in_products(roots: Mapping[str, str]) -> dict[str, str]:
    """What each root is called in what compilers make: {root: name}."""
    return {name: f"/{name.lower()}" for name in roots if name not in (TEMPORARY, WRAPPER)}


@dataclass(slots=True)
class Wrappers:
    """The scripts that steps need, by name, and the steps that lay them down."""

    places: Places
    portable: bool
    texts: dict[str, str] = field(default_factory=dict)

    def needed(self, unit: Unit) -> tuple[list[Input], dict[str, str]]:
        """(inputs, variables) that a step needs for the compilers that it starts; none for most."""
        found: dict[str, str] = {}
        if WRAPPER not in self.places.roots:
            return [], {}
        words = self._words(unit)
        for process in unit.processes:
            if process is unit.process or not process.wraps:
                continue
            wrap, shim = process.wraps[0], next((image for image in process.images if image.shim), None)
            trade = trade_of(call_of(process))[1]
            added = self.portable and trade.remap and any(word.startswith(trade.remap) for word in wrap.argv)
            if shim is None or shim.call is None:
                continue
            called = shim.call.argv[0].rpartition("/")[2]
            # One that a build system has by its full name must be there, even if it has nothing to add.
            if added or shim.call.argv[0] in words:
                found.setdefault(called, self._script(called, wrap.argv[0], trade.remap if added else ""))
        if not found:
            return [], {}
        self.texts |= found
        inputs = [self._input(name, text) for name, text in sorted(found.items())]
        variables = {f"{VARIABLE}{name}": f"${name}" for name in names_in_products(self.places.roots)}
        if any(text.startswith(_PASSING) for text in found.values()):
            passing = next(name for name, text in sorted(found.items()) if text.startswith(_PASSING))
            variables |= dict.fromkeys(self._asked(unit), f"${WRAPPER}/{passing}")
        return inputs, variables

    def _asked(self, unit: Unit) -> list[str]:
        """The variables by which the step was told of the recorder's wrapper: rustc's own build hands on the caller's
        RUSTC_WRAPPER by another name."""
        folder, env = self.places.roots[WRAPPER] + "/", call_of(unit.process).env
        named = [name for name, value in env.items() if value.startswith(folder)]
        return sorted(name for name in named if not name.startswith(VARIABLE)) or ["RUSTC_WRAPPER"]

    def _words(self, unit: Unit) -> str:
        """All that its programs were told, where a wrapper is spoken of by its full name."""
        folder = self.places.roots[WRAPPER] + "/"
        calls = [image.call for one in unit.processes for image in one.images if not image.shim]
        return "\0".join(word for call in calls if call for word in call.argv[1:] if folder in word)

    def _script(self, called: str, real: str, flag: str) -> str:
        names = names_in_products(self.places.roots) if flag else {}
        flags = "".join(f'"{flag}${VARIABLE}{name}={written}" ' for name, written in names.items())
        passes_on = called == real.rsplit("/", 1)[-1]
        return (
            f'#!/bin/sh\nexec {shlex.quote(real)} {flags}"$@"\n' if passes_on else f'{_PASSING} {flags}"$@"\n'
        )

    def _input(self, name: str, text: str) -> Input:
        path = f"${WRAPPER}/{name}"
        return Input(path, path, hash_bytes(text.encode()), f"wrapper-{name}", "executable")

    def steps(self) -> list[tuple[Step, Output, str]]:
        """(step, its output, its text) of every script that some step needs."""
        rows = []
        for name, text in sorted(self.texts.items()):
            row = self._input(name, text)
            step = Step(
                name=row.step,
                argv=(),
                why="adds the flags that the recorder's wrapper added",
                cwd="",
                outputs=(row.path,),
                kind="files",
                type="files",
            )
            rows.append((step, Output(row.path, row.digest, "executable", len(text.encode())), text))
        return rows


_PASSING = '#!/bin/sh\ntool=$1\nshift\nexec "$tool"'
"""A wrapper that is given the whole command of its tool (RUSTC_WRAPPER)."""
