"""Writes an emitted folder, and compares what was built in it with what was recorded.

Emitting again into the same folder rewrites only what differs, takes away what is no longer written, and leaves what was
built there. A folder that portwright did not write is never touched.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from portwright.base.errors import Where, fail
from portwright.base.files import disk_errors, write_atomic
from portwright.base.hashing import hash_bytes, hash_file
from portwright.build.emission import Emission, Kept
from portwright.build.emitters import Emitted

LIST = ".portwright-emitted.json"


@dataclass(frozen=True, slots=True)
class Difference:
    """An output that is not what was recorded. `found` is its hash, empty where there is none."""

    step: str
    id: str
    path: str
    recorded: str
    found: str
    why: str


def write(folder: Path, form: str, files: Iterable[Emitted]) -> tuple[int, int]:
    """Write the files; how many there are, and how many were new or changed."""
    before = _owned(folder, form)
    rows = list(files)
    names = [file.path for file in rows]
    made: set[str] = set()
    with disk_errors(folder, "name another folder with -o"):
        folder.mkdir(parents=True, exist_ok=True)
        # The list comes first: what a killed run leaves is known to be ours.
        write_atomic(folder / LIST, _list(form, {*before, *names}))
        for name in set(before) - set(names):
            _remove(folder, name)
        modes = (0o644, 0o755)
        changed = sum(
            _put(f"{folder}/{file.path}", _content(file), modes[file.executable], made) for file in rows
        )
        write_atomic(folder / LIST, _list(form, names))
    return len(names), changed


def _list(form: str, names: Iterable[str]) -> str:
    return json.dumps({"form": form, "files": sorted(names)}, indent=0) + "\n"


def _owned(folder: Path, form: str) -> list[str]:
    """The files that an earlier run wrote there; raises where the folder is somebody's own."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return []
    hint = "name a folder with -o that is empty, or is not there yet"
    if not folder.is_dir():
        raise fail("this is no folder", Where(folder), hint, "emit/folder")
    try:
        value = json.loads((folder / LIST).read_text())
        found, names = value["form"], [str(name) for name in value["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise fail(
            "this folder is not empty, and not written by emit", Where(folder), hint, "emit/folder"
        ) from None
    if found != form:
        raise fail(f"`{found}` was emitted into this folder", Where(folder), hint, "emit/folder")
    return names


def _put(place: str, data: bytes, mode: int, made: set[str]) -> bool:
    """Write a file where that changes it. There are thousands: no paths as objects, no renaming of each; what a
    kill leaves half written is compared, and so mended, by the next run."""
    try:
        with open(place, "rb") as file:  # noqa: PTH123
            same = file.read() == data and not os.path.islink(place)  # noqa: PTH114
            if same and os.fstat(file.fileno()).st_mode & 0o777 == mode:
                return False
        os.unlink(place)  # noqa: PTH108
    except FileNotFoundError:
        parent = place.rpartition("/")[0]
        if parent not in made:
            os.makedirs(parent, exist_ok=True)  # noqa: PTH103
            made.add(parent)
    with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:  # noqa: PTH123
        os.fchmod(file.fileno(), mode)
        file.write(data)
    return True


def _content(file: Emitted) -> bytes:
    if isinstance(file.content, bytes):
        return file.content
    data = file.content.read_bytes()
    if file.digest and hash_bytes(data) != file.digest:
        hint = "something is writing it: emit again when it is still"
        raise fail("this changed while it was copied", Where(file.content), hint, "emit/source")
    return data


def _remove(folder: Path, name: str) -> None:
    place = folder / name
    place.unlink(missing_ok=True)
    for above in place.parents:
        if above == folder or not above.is_relative_to(folder):
            return
        try:
            above.rmdir()
        except OSError:
            return


def compare(emission: Emission, results: Mapping[str, Path]) -> Iterator[Difference]:
    """Every output that is not, byte for byte, what was recorded."""
    for job in emission.jobs:
        result = results.get(job.id)
        for kept in job.kept:
            found, why = ("", "the step has no result") if result is None else _found(result, kept)
            if why or found != kept.output.digest:
                yield Difference(
                    job.step.name,
                    job.id,
                    kept.output.path,
                    kept.output.digest,
                    found,
                    why or "its bytes differ",
                )


def _found(result: Path, kept: Kept) -> tuple[str, str]:
    """The hash of an output as it was built, and what is wrong but for that."""
    place = result / kept.place
    kind = kept.output.kind
    if kind == "symlink":
        if not place.is_symlink():
            return "", "it is no symlink" if place.exists() else "it is not there"
        target = os.fsencode(place.readlink())
        known = {hashlib.sha256(text).hexdigest() for text in (target, target.replace(b"$", b"$$"))}
        digest = kept.output.digest
        return (digest if digest in known else hashlib.sha256(target).hexdigest()), ""
    if kind == "folder":
        return "", "" if place.is_dir() else "it is no folder"
    if place.is_symlink() or not place.is_file():
        return "", "it is no plain file" if os.path.lexists(place) else "it is not there"
    runs = bool(place.stat().st_mode & 0o100)
    if runs != (kind == "executable"):
        return hash_file(place), "it is executable" if runs else "it is not executable"
    return hash_file(place), ""
