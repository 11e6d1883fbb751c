"""Applies an overlay's edits to source texts: finds each place on the syntax tree, changes nothing else by a byte.

Pure: texts in, texts out, faults together. All edits of a file find their places in the file as it was, so
their order does not matter. An edit whose effect is already there is refused: it is no longer needed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Sequence

from portwright.base.errors import BadInput, Fault, Where
from portwright.derive import tokens
from portwright.derive.edit import Edit, NewFile, TomlTable
from portwright.derive.places import PLACERS, Lost, Splice, comment, describe, needless


def apply(path: str, text: str | None, edits: Iterable[Edit]) -> str:
    """The text of `path` after its edits (`text` is None for a file that is not there); edits of other paths
    are an error of the caller. Raises `BadInput` with every edit that did not find its place."""
    faults: list[Fault] = []
    made: list[str] = []
    placed: list[Edit] = []
    for edit in edits:
        assert edit.path == path, f"{edit.path} is not {path}"
        (made.append(edit.text) if isinstance(edit, NewFile) else placed.append(edit))
    if made:
        if text is not None or len(made) > 1 or placed:
            hint = "the tree has it now: take the file out of the overlay, or give it another name"
            faults.append(Fault("the new file is not new", Where(path), hint, "edit/exists"))
            raise BadInput(faults)
        return made[0]
    if text is None:
        raise BadInput([_no_file(path, edit) for edit in placed])
    return _splice_all(path, text, placed)


def apply_all(read: Callable[[str], str | None], edits: Sequence[Edit]) -> dict[str, str]:
    """The new text of every file that the edits touch, by path; `read` gives a file's text or None.

    Raises `BadInput` with the faults of all files together.
    """
    by_path: dict[str, list[Edit]] = {}
    for edit in edits:
        by_path.setdefault(edit.path, []).append(edit)
    result: dict[str, str] = {}
    faults: list[Fault] = []
    for path, rows in by_path.items():
        try:
            result[path] = apply(path, read(path), rows)
        except BadInput as error:
            faults += error.faults
    if faults:
        raise BadInput(faults)
    return result


def _no_file(path: str, edit: Edit) -> Fault:
    what = f"no such file, wanted for {describe(edit)}"
    hint = f"this source tree has no such module: another Rust version? The edit is there because: {edit.why}"
    return Fault(what, Where(path), hint, "edit/no-file")


def _splice_all(path: str, text: str, edits: Sequence[Edit]) -> str:
    if path.endswith(".toml"):
        return _toml(path, text, edits)
    source = tokens.parse(text.encode())
    faults: list[Fault] = []
    splices: list[Splice] = []
    for edit in edits:
        try:
            splices += PLACERS[type(edit)](path, source, edit)
        except Lost as lost:
            faults.append(lost.fault)
    if faults:
        raise BadInput(faults)
    data = bytearray(source.data)
    crlf = b"\r\n" in source.data
    splices.sort(key=lambda splice: splice.at)
    for splice in reversed(
        splices
    ):  # from the end, so that offsets stay true and equal ones keep their order
        piece = splice.text.replace("\n", "\r\n") if crlf else splice.text
        data[splice.at : splice.at] = piece.encode()
    errors = tokens.parse(bytes(data)).errors
    if errors > source.errors:
        what = f"the edits leave {errors - source.errors} places that are not Rust"
        hint = "an unbalanced bracket or a missing comma in: " + "; ".join(describe(edit) for edit in edits)
        raise BadInput([Fault(what, Where(path), hint, "edit/not-rust")])
    return data.decode()


def _toml(path: str, text: str, edits: Sequence[Edit]) -> str:
    faults: list[Fault] = []
    for edit in edits:
        if not isinstance(edit, TomlTable):
            what = f"{describe(edit)} is an edit of Rust source"
            faults.append(Fault(what, Where(path), "a Cargo.toml takes only `TomlTable`", "edit/wrong-kind"))
            continue
        if _has_table(text, edit.header):
            faults.append(needless(path, 1, edit).fault)
            continue
        break_ = "" if not text or text.endswith("\n") else "\n"
        longer = f"{text}{break_}\n{comment('#', edit)}\n[{edit.header}]\n{edit.body.strip()}\n"
        try:
            tomllib.loads(longer)
        except tomllib.TOMLDecodeError as error:
            what = f"with the table [{edit.header}] the file is no TOML: {error}"
            faults.append(Fault(what, Where(path), "correct the table's body or header", "edit/not-toml"))
        else:
            text = longer
    if faults:
        raise BadInput(faults)
    return text


def _has_table(text: str, header: str) -> bool:
    try:
        tables, wanted = tomllib.loads(text), tomllib.loads(f"[{header}]")
    except tomllib.TOMLDecodeError:
        return False
    while wanted:
        key, wanted = next(iter(wanted.items()))
        if not isinstance(tables, dict) or key not in tables:
            return False
        tables = tables[key]
    return True
