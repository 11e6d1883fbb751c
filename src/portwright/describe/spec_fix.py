"""Makes the edits that findings carry, in the text of a JSON spec or of a port's [target]; comments stay."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable
from dataclasses import replace

from portwright.base.errors import BadInput, Fault
from portwright.base.files import write_atomic
from portwright.describe import json_file, toml_edit
from portwright.describe.rule import Edit, Finding, examine
from portwright.describe.spec import Spec, overlay
from portwright.describe.spec_case import Case

PASSES = 8


def fix(case: Case) -> str:
    """Make the safe edits in the spec's file, at once; the unified diff of what changed ("" for nothing).

    An edit can uncover the next fault, so passes follow each other until none is left to make. What leads to
    no further change is written once, atomically.
    """
    path = case.spec.path
    if path is None:
        what = f"{case.spec.target} is rustc's own: there is no file to mend"
        raise BadInput([Fault(what, None, "write its keys into a file of your own", "check/fix-built-in")])
    # Bytes, so that line ends stay; the file that a link leads to, so that the link stays.
    path = path.resolve()
    before = text = path.read_bytes().decode("utf-8")
    for _ in range(PASSES):
        edits = chosen(examine(case))
        if not edits:
            break
        edited = _edited(case.spec, text, edits)
        if edited == text:
            break
        text = edited
        case = replace(case, spec=_reread(case, text))
    old, new = before.splitlines(keepends=True), text.splitlines(keepends=True)
    diff = "".join(difflib.unified_diff(old, new, fromfile=str(path), tofile=str(path)))
    if diff:
        write_atomic(path, text, mode=path.stat().st_mode & 0o777)
    return diff


def _edited(spec: Spec, text: str, edits: list[Edit]) -> str:
    return edited_json(text, edits) if spec.source == "json" else edited_toml(text, edits, spec.inherited)


def _reread(case: Case, text: str) -> Spec:
    """The spec as the changed text has it; places are of no use before it is written."""
    spec = case.spec
    if spec.source == "json":
        return replace(spec, keys=json.loads(text), places=None)
    return overlay(spec.target, tomllib.loads(text)["target"], case.facts, spec.path, None)


def chosen(findings: Iterable[Finding]) -> list[Edit]:
    """The edits that may be made without asking: one per key, those of the first finding that has it.

    A finding's edits are made all or none, so one that touches a key already taken waits for the next pass.
    """
    edits: dict[str, Edit] = {}
    for finding in findings:
        if finding.safe and not any(edit.key in edits for edit in finding.edits):
            edits |= {edit.key: edit for edit in finding.edits}
    return list(edits.values())


def edited_json(text: str, edits: Iterable[Edit]) -> str:
    """A JSON spec with the edits made; all else keeps its spelling."""
    for edit in edits:
        if edit.remove:
            text = json_file.removed(text, edit.key)
        else:
            text = json_file.changed(text, edit.key, edit.value)
    return text


def edited_toml(text: str, edits: Iterable[Edit], inherited: Iterable[str]) -> str:
    """A port.toml with the edits made in [target]: an inherited key is removed by naming it under `remove`."""
    known = frozenset(inherited)
    for edit in edits:
        removed: list[str] = tomllib.loads(text)["target"].get("remove", [])
        if not edit.remove:
            if edit.key in removed:
                left = [name for name in removed if name != edit.key]
                text = toml_edit.changed(text, "target", "remove", left)
            text = toml_edit.changed(text, "target", edit.key, edit.value)
            continue
        text = toml_edit.removed(text, "target", edit.key)
        if edit.key in known and edit.key not in removed:
            text = toml_edit.changed(text, "target", "remove", [*removed, edit.key])
    return text
