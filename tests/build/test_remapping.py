"""Compilers that went past the wrapper: whether the recording still claims to be portable."""

from __future__ import annotations

from pathlib import Path

import pytest

from log_maker import LogMaker
from portwright.build import event_log as on
from portwright.derive.recording import Recording


@pytest.fixture
def log(tmp_path: Path) -> LogMaker:
    return LogMaker(tmp_path)


def compiled(log: LogMaker, *words: str, content: str = "object", wrapped: bool = False) -> Recording:
    make = log.start(None, "make")
    argv = ("/usr/bin/cc", *words)
    cc = log.start(make, *argv)
    if wrapped:
        log.wrapped.append(on.Wrap(log.now, cc, make, str(log.folder), argv, ()))
    log.read(cc, "m.c")
    log.write(cc, "m.o", content)
    log.exit(cc)
    log.exit(make)
    log.end()
    return log.result().recording


def kinds(recording: Recording) -> list[str]:
    return [one.kind for seen in recording.seen.values() for one in seen.impurities]


def test_what_holds_a_folder_is_not_portable(log: LogMaker) -> None:
    log.lay("m.c", "int m;")
    recording = compiled(log, "-g", "-c", "m.c", "-o", "m.o", content=f"\x00{log.folder}\x00")
    assert kinds(recording) == ["not-portable"] and not recording.portable
    (impurity,) = next(iter(recording.seen.values())).impurities
    assert impurity.what == "/usr/bin/cc was started past the wrapper, and $SRC/m.o holds the folder of $SRC"


def test_what_holds_none_may_hold_one(log: LogMaker) -> None:
    """Compressed debug information, for instance: said, and not refused."""
    log.lay("m.c", "int m;")
    recording = compiled(log, "-c", "m.c", "-o", "m.o", content=f"{log.folder}2")
    assert kinds(recording) == ["not-remapped"] and recording.portable


@pytest.mark.parametrize(
    ("words", "wrapped"),
    [
        (("-c", "m.c", "-o", "m.o", "-ffile-prefix-map=/a=/b"), False),
        (("m2.o", "-o", "m.o"), False),
        (("-c", "m.c", "-o", "m.o"), True),
    ],
    ids=["own flags", "it only links", "wrapped"],
)
def test_what_needs_no_flag_or_has_it(log: LogMaker, words: tuple[str, ...], wrapped: bool) -> None:
    log.lay("m.c", "int m;")
    recording = compiled(log, *words, content=str(log.folder), wrapped=wrapped)
    assert kinds(recording) == [] and recording.portable


def test_a_compiler_that_a_wrapped_one_starts_went_not_past(log: LogMaker) -> None:
    """clang starts itself anew as `clang -cc1`."""
    log.lay("m.c", "int m;")
    make = log.start(None, "make")
    outer = log.start(make, "/usr/bin/clang", "-c", "m.c")
    log.wrapped.append(on.Wrap(log.now, outer, make, str(log.folder), ("/usr/bin/clang", "-c", "m.c"), ()))
    inner = log.start(outer, "/usr/bin/clang", "-cc1", "-c", "m.c")
    log.write(inner, "m.o", str(log.folder))
    for one in (inner, outer, make):
        log.exit(one)
    log.end()
    assert kinds(log.result().recording) == []
