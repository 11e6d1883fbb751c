"""Starts a command below the native recorder, which is compiled once and kept in the cache, and finds what it wrote.

The recorder's sources lie in `recorder/`: a tracer of system calls (Linux) and a wrapper that stands in for compilers.
`event_log.py` reads what they write. The folder of a recording is private: the log holds whole environments.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import signal
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from portwright.base import processes
from portwright.base.errors import Fault, MissingTool, StepFailed
from portwright.base.files import cache_root, folder_atomic, lock
from portwright.base.hashing import hash_bytes, hash_value
from portwright.build import event_log
from portwright.describe import toolchain

SOURCES = Path(__file__).parent / "recorder"
NAME = "portwright-recorder"
FLAGS = ("--edition=2021", "-Copt-level=2", "-Cpanic=abort", "-Cstrip=symbols", "-Cdebuginfo=0")
STATIC = "-Ctarget-feature=+crt-static"
"""A program without shared libraries starts in half the time; not every machine has a C library to link so."""

OWN_FAILURE = 125
"""The recorder's exit status where it failed itself."""

RUSTC_WRAPPER = "rustc-wrapper"
# Not `as`: compilers look for it on PATH for every file, and a second program each time is too dear.
_COMPILER = re.compile(
    r"(?:[\w.]+-)*(?:cc|c\+\+|gcc|g\+\+|clang|clang\+\+|ar|gcc-ar|llvm-ar"
    r"|ld|ld\.(?:bfd|gold|lld|mold)|lld|mold|ranlib|strip|objcopy)(?:-\d+(?:\.\d+)*)?"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the recorders wrote: the tracer's log, if it ran, and the wrapper's events by their times."""

    log: event_log.Log | None
    wrapped: tuple[event_log.Event, ...]


def recorder() -> Path:
    """The compiled recorder; it is compiled first where it is not in the cache."""
    sources = sorted(SOURCES.glob("*.rs"))
    said = [[path.name, hash_bytes(path.read_bytes())] for path in sources]
    for rustc, variables in _rustcs():
        status = rustc.stat()
        key = hash_value([said, FLAGS, platform.machine(), str(rustc), status.st_size, status.st_mtime_ns])
        place = cache_root() / "recorder" / key[:32]
        if (place / NAME).is_file():
            break
        if not variables and not _runs(rustc):
            continue  # a rustup without a toolchain of this user's
        with lock(place.with_name(f".{place.name}.lock")):
            if not (place / NAME).is_file():
                with folder_atomic(place) as folder:
                    _compile(rustc, variables, folder)
        break
    return place / NAME


def _rustcs() -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Any rustc will do: those that a shell would find, at last what a port would be built with, or an error."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        found = processes.which("rustc", path=folder) if folder else None
        if found is not None:
            yield found, {}
    tools = toolchain.find(need_source=False)
    yield tools.rustc, {"RUSTFLAGS": "", **tools.variables()}


def _runs(rustc: Path) -> bool:
    return processes.run([str(rustc), "-vV"], cwd=Path("/")).status == 0


def _compile(rustc: Path, variables: Mapping[str, str], folder: Path) -> None:
    unwanted = ("RUSTFLAGS", "RUSTC_WRAPPER")
    env = processes.environment({**dict.fromkeys(unwanted), **variables})
    argv = [str(rustc), *FLAGS, str(SOURCES / "main.rs"), "-o", NAME]
    # In the fresh folder no file of the user's chooses another toolchain.
    done = processes.run([*argv, STATIC], cwd=folder, env=env)
    if done.status != 0:
        done = processes.run(argv, cwd=folder, env=env)
    try:
        processes.check(done, what="compiling the recorder")
    except StepFailed as error:
        hint = "it needs a rustc and a C linker (`cc`); the command was: " + processes.paste(argv, cwd=folder)
        raise MissingTool([Fault(error.faults[0].what, None, hint, "recorder/not-compiled")]) from error


def why_not_traced(program: Path) -> str:
    """Why no process can be traced here (a container that forbids it, another system); empty where it can."""
    if platform.system() != "Linux":
        return "tracing needs Linux"
    done = processes.run([str(program), "check"])
    return "" if done.status == 0 else done.text.strip() or f"the recorder's check ended with {done.status}"


def shims(program: Path, path: str) -> Path:
    """A folder of names of compilers, those in the folders of `path`, each of which is the wrapper.

    It lies in the cache and stays: build systems remember the full name of the compiler that they found, and outside a
    recording the wrapper only passes on.
    """
    names = sorted({RUSTC_WRAPPER, *_compilers(path)})
    place = program.parent / f"shims-{hash_value(names)[:16]}"
    if not place.is_dir():
        with lock(program.parent / f".{place.name}.lock"):
            if not place.is_dir():
                with folder_atomic(place) as folder:
                    for name in names:
                        (folder / name).symlink_to(program)
    return place


def _compilers(path: str) -> Iterable[str]:
    for folder in path.split(os.pathsep):
        try:
            yield from (name for name in os.listdir(folder or ".") if _COMPILER.fullmatch(name))  # noqa: PTH208
        except OSError:
            continue


def start(
    command: Sequence[str],
    folder: Path,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    traced: bool = True,
    wrapped: bool = True,
    remaps: Mapping[str, str] | None = None,
    settings: Mapping[str, str] | None = None,
) -> processes.Started:
    """Start a command and record it in the private folder; it has our terminal, streams and process group.

    `env` is the whole environment where it is not ours, `settings` are more variables for the command. `remaps` says
    which folders are to be written as which names in what compilers make: {folder: name}.
    """
    program = recorder()
    given = os.environ if env is None else env
    path = given.get("PATH", os.defpath)
    began = time.monotonic_ns()
    changes: dict[str, str | None] = {
        **(settings or {}),
        "PORTWRIGHT_RECORD_DIR": str(folder),
        "PORTWRIGHT_RECORD_START": str(began),
        "PORTWRIGHT_RECORD_REMAP": "\n".join(f"{old}={new}" for old, new in (remaps or {}).items()) or None,
    }
    if wrapped:
        place = shims(program, path)
        changes["PATH"] = os.pathsep.join((str(place), path))
        changes["PORTWRIGHT_RECORD_RUSTC_WRAPPER"] = given.get("RUSTC_WRAPPER") or None
        changes["RUSTC_WRAPPER"] = str(place / RUSTC_WRAPPER)
    argv = [str(program), "trace", str(folder / "log"), str(began), "--"] if traced else []
    whole = processes.environment(changes, base=given)
    return processes.start([*argv, *command], cwd=cwd, env=whole, stdin=None, own_group=False)


@contextlib.contextmanager
def forwarding(process: processes.Started) -> Iterator[None]:
    """Hand the signals on to the command that are meant to end it, and stay to read what it did."""

    def forward(number: int, frame: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def wait(process: processes.Started) -> int:
    """Wait for the end; the command's status, negative for a signal.

    A terminal's interrupt is the command's affair: it got it too, and we stay to read what it did.
    """
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def seen(folder: Path) -> Seen:
    """What was recorded in the folder; a log that was cut off up to its last whole line."""
    log = folder / "log"
    read = event_log.parse(log.read_bytes(), str(log)) if log.exists() else None
    return Seen(read, event_log.parse_wrapped(folder))
