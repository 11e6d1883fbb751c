"""Writes a target spec as another version of rustc takes it, and has that rustc load it where one is found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from portwright.base.errors import BadInput, Fault, Where, fail
from portwright.base.events import Note
from portwright.base.files import temporary_folder, write_atomic
from portwright.derive.generators import target_spec
from portwright.describe import rustc_facts, spec_versions
from portwright.describe import toolchain as toolchains
from portwright.describe.rustc_facts import RustcFacts
from portwright.describe.spec import Spec
from portwright.describe.spec_versions import Made, Version
from portwright.describe.toolchain import Toolchain

OLDEST = (1, 85)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a real rustc of the version says: `accepted`, `refused`, or `not-run` where none was found."""

    outcome: Literal["accepted", "refused", "not-run"]
    detail: str


@dataclass(frozen=True, slots=True)
class Translated:
    """The spec in the other form: its text, the file that holds it (none: only shown), the steps, the proof."""

    rust: str
    text: str
    file: Path | None
    changed: bool
    made: tuple[Made, ...]
    unknown: tuple[str, ...]
    proof: Proof


def translate(spec: Spec, facts: RustcFacts, wanted: str, file: Path | None) -> Translated:
    """Translate to the version `wanted` ("1.85", "1.85.0"); raises `BadInput` for what is no such version."""
    version = _version(wanted)
    found = spec_versions.translate(spec.keys, version)
    keys, made = dict(found.keys), list(found.made)
    other = _rustc_of(version)
    if other is not None:
        layout = _layout(spec, facts, rustc_facts.load(other))
        if layout is not None and keys.get("data-layout") != layout:
            keys["data-layout"] = layout
            what = f"`data-layout` is that of rustc {other.version} for the same CPU"
            made.append(Made("twin", "data-layout", what, other.version, f"printed by {other.rustc}"))
    text = target_spec.text(keys)
    if file is not None and file.exists() and spec.path is not None and file.resolve() == spec.path.resolve():
        hint = "give another name; `--fix` mends a spec in place"
        raise fail("the translation would overwrite the spec itself", Where(file), hint, "check/output")
    changed = write_atomic(file, text) if file is not None else False
    rust = ".".join(map(str, version))
    return Translated(
        rust, text, file, changed, tuple(made), found.unknown, _proof(spec.target, text, other, rust)
    )


def notes(target: str, translated: Translated) -> Iterator[Note]:
    """What was done to the spec, what is not known, and what a real rustc says of it."""
    for made in translated.made:
        yield Note(f"{made.what} (since {made.since}: {made.source})", "warning" if made.loss else "info")
    for what in translated.unknown:
        yield Note(f"not known: {what}", "warning")
    proof = translated.proof
    level: Literal["warning", "info"] = "info" if proof.outcome == "accepted" else "warning"
    yield Note(f"{target} for rustc {translated.rust}: {proof.outcome}: {proof.detail}", level)


def _version(text: str) -> Version:
    match = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?", text.strip())
    if match is None or (version := tuple(int(part) for part in match.groups() if part)) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        hint = f"a version from {oldest} on, for example {oldest} or 1.96.0"
        raise BadInput(
            [Fault(f"`{text}` is no version that specs are translated for", None, hint, "check/for-rust")]
        )
    return version


def _rustc_of(version: Version) -> Toolchain | None:
    """A rustc of that version among those that portwright finds; its source is not needed."""
    for found in toolchains.survey():
        if found.toolchain is not None:
            own = toolchains.version_key(found.toolchain.version)
            if own[: len(version)] == version:
                return found.toolchain
    return None


def _layout(spec: Spec, own: RustcFacts, other: RustcFacts) -> str | None:
    """The layout that the other rustc has for the built-in target whose layout this spec has here."""
    layout = spec.keys.get("data-layout")
    for name, row in own.by_arch.get(str(spec.keys.get("arch")), {}).items():
        twin = other.builtin(name)
        if row.get("data-layout") == layout and twin is not None:
            return str(twin["data-layout"])
    return None


def _proof(target: str, text: str, rustc: Toolchain | None, wanted: str) -> Proof:
    if rustc is None:
        return Proof(
            "not-run", f"no rustc {wanted} was found here to load it; `portwright doctor` lists those found"
        )
    with temporary_folder("portwright-spec-") as folder:
        file = folder / f"{target}.json"
        file.write_text(text, encoding="utf-8")
        answer = rustc_facts.ask(rustc, "--print", "cfg", "--target", str(file))
    if answer.status == 0:
        return Proof("accepted", f"loaded by {rustc.rustc} ({rustc.version})")
    said = next(
        (line for line in answer.error_text.splitlines() if "error" in line), "it failed without a word"
    )
    return Proof(
        "refused", f"{rustc.rustc} ({rustc.version}) says: {said.strip().replace(str(file), file.name)}"
    )
