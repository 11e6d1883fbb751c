"""The private folder of events beside a recording's file while it is made: taken, left by a kill, read, given back.

`FILE.events` is there from a recording's start to its end. It holds whole environments, and only its owner may read it.
Whoever holds its lock is recording; a folder that nobody holds was left by a killed recording and can be recovered.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from portwright.base.errors import Where, fail
from portwright.base.files import disk_errors, folder_atomic, remove_tree, write_atomic
from portwright.build.recording_place import About
from portwright.derive.recording import Recording

ABOUT = "about.json"
RECORDER = "recorder"


def folder_of(file: Path) -> Path:
    """The folder of events of a recording's file."""
    return file.with_name(file.name + ".events")


def contents_of(file: Path) -> Path:
    """The folder beside a recording's file that holds contents by their digests."""
    return file.with_name(file.name + ".contents")


@contextlib.contextmanager
def taken(file: Path, *, left: bool = False) -> Iterator[Path]:
    """Hold the folder of events: a fresh one, or with `left` the one that a killed recording left."""
    folder = folder_of(file)
    hint = "name another file with -o"
    with disk_errors(folder, hint):
        if left and not folder.is_dir():
            raise fail(
                "no recording was cut off here", Where(folder), "name its file with -o", "record/nothing-left"
            )
        if file.is_dir():
            raise fail("this is a folder, no file to write", Where(file), hint, "record/folder")
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            fresh = not folder.exists()
            folder.mkdir(mode=0o700, exist_ok=True)
        except (FileNotFoundError, FileExistsError) as error:
            what = f"cannot write here: {error.strerror}"
            raise fail(what, Where(error.filename or folder), hint, "record/no-place") from None
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise fail("another recording is writing this file", Where(file), hint, "record/busy") from None
        busy = _recorder_of(folder)
        if busy:
            what = f"it is still being recorded, by process {busy}"
            raise fail(what, Where(folder), "wait for its end, or end that process", "record/busy")
        if not left and not fresh and any(folder.iterdir()):
            hint = f"make its recording with `portwright record --recover -o {file}`, or remove the folder"
            raise fail("a recording was cut off here", Where(folder), hint, "record/left")
        yield folder
    finally:
        os.close(held)


def recorded_by(folder: Path, pid: int) -> None:
    """Write down which process records, which may outlive us."""
    write_atomic(folder / RECORDER, str(pid), mode=0o600)


def _recorder_of(folder: Path) -> int:
    """The process that still writes the log of a recording whose command line was killed; 0 where there is none."""
    try:
        pid = int((folder / RECORDER).read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return 0
    return pid if os.fsencode(folder / "log") in words else 0


def begin(folder: Path, about: About) -> None:
    """Write down what is known before the command starts."""
    write_atomic(folder / ABOUT, json.dumps(asdict(about)), mode=0o600)


def about_of(folder: Path) -> About:
    """What was known of a recording that was cut off."""
    try:
        value = json.loads((folder / ABOUT).read_text())
        lists = {name: tuple(value[name]) for name in ("command", "recorders", "private", "shims")}
        return About(**{**value, **lists})
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = "it was ended before it began; remove the folder"
        raise fail("nothing was recorded here", Where(folder / ABOUT), hint, "record/nothing-left") from error


def finish(file: Path, folder: Path, recording: Recording, needed: Mapping[str, str]) -> None:
    """Put the recording and the contents that it needs (digest: file) in their places; then the events go."""
    with disk_errors(file, "name another file with -o"):
        contents = contents_of(file)
        if needed:
            with folder_atomic(contents) as fresh:
                for digest, path in needed.items():
                    shutil.copyfile(path, fresh / digest)
        elif contents.is_dir():
            remove_tree(contents)
        write_atomic(file, recording.to_json())
    remove_tree(folder)
