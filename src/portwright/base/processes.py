"""The one door to other processes: argument lists in, a result or an error with a pasteable command out.

Nothing else in portwright starts a process. A process is killed only by its own id, and with the group that
was made for it.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from portwright.base.errors import Fault, MissingTool, StepFailed

PIPE, DEVNULL = subprocess.PIPE, subprocess.DEVNULL
Started = subprocess.Popen[bytes]
"""What `start` answers."""


@dataclass(frozen=True, slots=True)
class Completed:
    """A process that ended: `status` is the exit status, or minus the signal's number; times in seconds."""

    argv: tuple[str, ...]
    status: int
    stdout: bytes
    stderr: bytes
    seconds: float

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.stdout.decode(errors="replace")

    @property
    def error_text(self) -> str:
        """Standard error as text."""
        return self.stderr.decode(errors="replace")


def paste(argv: Sequence[str], *, cwd: Path | str | None = None, env: Mapping[str, str] | None = None) -> str:
    """One line that does the same when pasted into a shell; `env` holds only what differs from the caller's."""
    words = [f"{name}={shlex.quote(value)}" for name, value in sorted((env or {}).items())]
    words += [shlex.quote(word) for word in argv]
    line = " ".join(words)
    return f"cd {shlex.quote(str(cwd))} && {line}" if cwd else line


def which(tool: str, *, path: str | None = None) -> Path | None:
    """The tool's absolute path, or None."""
    found = shutil.which(tool, path=path)
    return Path(found) if found else None


def need(tool: str, hint: str) -> Path:
    """The tool's path; raises `MissingTool` with the hint where it is not on this machine."""
    found = which(tool)
    if found is None:
        raise MissingTool([Fault(f"`{tool}` is not on this machine", None, hint, "tool/missing")])
    return found


def environment(
    changes: Mapping[str, str | None], *, base: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The caller's environment with changes; a value of None takes a variable away."""
    result = dict(os.environ if base is None else base)
    for name, value in changes.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process that `start` made, and its group: by its own id, first kindly, then for good."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            process.send_signal(number)
        try:
            process.wait(2.0)
        except subprocess.TimeoutExpired:
            continue


def stop_at_once(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that `start` made, and its group, without reaping it."""
    if process.returncode is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.send_signal(signal.SIGKILL)


def wait_and_end_group(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process that `start` made, end what is left of its group, and reap it: waitpid's status."""
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    # Not reaped yet, the process keeps its group's number from meaning another group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    _, status = os.waitpid(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return status


def start(
    argv: Sequence[str],
    *,
    cwd: Path | str | None = None,
    env: Mapping[str, str] | None = None,
    stdin: int | IO[bytes] | None = subprocess.DEVNULL,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
    pass_fds: Sequence[int] = (),
    own_group: bool = True,
) -> subprocess.Popen[bytes]:
    """Start a process (in a group of its own, so that `stop` reaches its children) and return at once."""
    try:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=tuple(pass_fds),
            process_group=0 if own_group else None,
        )
    except FileNotFoundError as error:
        raise MissingTool(
            [Fault(f"cannot start `{argv[0]}`: {error.strerror}", None, paste(argv, cwd=cwd))]
        ) from error
    except PermissionError as error:
        raise MissingTool(
            [Fault(f"may not start `{argv[0]}`: {error.strerror}", None, paste(argv, cwd=cwd))]
        ) from error


class Attended:
    """A long-running process that is waited for beside other things: `handle` becomes readable when it ends.

    What it says on standard error is kept in a file. It is ended by us, by its own id, or by itself; and by the
    kernel when we are killed, where there is `setpriv` (which sets that up, and then becomes the process).
    """

    def __init__(
        self,
        argv: Sequence[str],
        words: Path,
        *,
        cwd: Path | str | None = None,
        env: Mapping[str, str] | None = None,
        stdin: int | IO[bytes] | None = subprocess.DEVNULL,
        stdout: int | IO[bytes] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self._words = words
        if which(str(Path(cwd or ".") / argv[0]) if os.sep in argv[0] else argv[0]) is None:
            raise MissingTool(
                [Fault(f"cannot start `{argv[0]}`: it is not there", None, paste(argv, cwd=cwd))]
            )
        tool = which("setpriv")
        with words.open("wb") as file:
            self.process = start(
                [str(tool), "--pdeathsig", "KILL", *argv] if tool else argv,
                cwd=cwd,
                env=env,
                stdin=stdin,
                stdout=file if stdout is None else stdout,
                stderr=file,
                pass_fds=pass_fds,
            )
        self.handle = os.pidfd_open(self.process.pid)

    def status(self) -> int | None:
        """How it ended (minus the signal's number), or None while it runs."""
        return self.process.poll()

    def words(self, most: int = 4096) -> str:
        """The last of what it said on standard error."""
        try:
            with self._words.open("rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - most))
                return file.read().decode(errors="replace").strip()
        except OSError:
            return ""

    def close(self, patience: float = 0.0) -> None:
        """End it if it still runs, after waiting so many seconds for it to end by itself."""
        if self.handle < 0:
            return
        if patience and self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        stop(self.process)
        os.close(self.handle)
        self.handle = -1


def run(
    argv: Sequence[str],
    *,
    cwd: Path | str | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    timeout: float | None = None,
    on_line: Callable[[bytes], None] | None = None,
) -> Completed:
    """Run a process to its end and capture its output; `on_line` sees each line of standard error as it comes.

    `env` is the whole environment (see `environment`); `timeout` is in seconds, and what runs longer is
    stopped and reported with status -9. Stopping portwright stops the process.
    """
    began = time.monotonic()
    process = start(
        argv, cwd=cwd, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        if on_line is not None:
            return _stream(process, argv, stdin, on_line, began)
        try:
            out, err = process.communicate(stdin, timeout)
            status = process.returncode
        except subprocess.TimeoutExpired:
            stop(process)
            out, err = process.communicate()
            status = -9
        return Completed(tuple(argv), status, out, err, time.monotonic() - began)
    finally:
        stop(process)


def _stream(
    process: subprocess.Popen[bytes],
    argv: Sequence[str],
    stdin: bytes,
    on_line: Callable[[bytes], None],
    began: float,
) -> Completed:
    import threading

    assert process.stdin and process.stdout and process.stderr
    chunks: list[bytes] = []
    output = process.stdout

    def drain() -> None:
        chunks.append(output.read())

    reader = threading.Thread(target=drain, daemon=True)
    reader.start()
    process.stdin.write(stdin)
    process.stdin.close()
    lines: list[bytes] = []
    for line in process.stderr:
        lines.append(line)
        on_line(line)
    reader.join()
    status = process.wait()
    return Completed(tuple(argv), status, b"".join(chunks), b"".join(lines), time.monotonic() - began)


def watch(
    argv: Sequence[str], *, cwd: Path | str | None = None, env: Mapping[str, str] | None = None
) -> Generator[bytes, None, Completed]:
    """Like `run`, but yields each line of standard error as it comes, and returns how the process ended."""
    import tempfile

    began = time.monotonic()
    lines: list[bytes] = []
    with tempfile.TemporaryFile() as output:
        process = start(argv, cwd=cwd, env=env, stdout=output, stderr=subprocess.PIPE)
        try:
            assert process.stderr is not None
            for line in process.stderr:
                lines.append(line)
                yield line
            status = process.wait()
        finally:
            stop(process)
        output.seek(0)
        return Completed(tuple(argv), status, output.read(), b"".join(lines), time.monotonic() - began)


def check(
    completed: Completed, *, what: str, cwd: Path | str | None = None, env: Mapping[str, str] | None = None
) -> Completed:
    """Pass on a process that ended well; raise `StepFailed` with its last words and its command otherwise."""
    if completed.status == 0:
        return completed
    tail = "\n".join((completed.error_text.strip() or completed.text.strip()).splitlines()[-30:])
    ended = f"status {completed.status}" if completed.status >= 0 else f"signal {-completed.status}"
    raise StepFailed(
        [
            Fault(
                f"{what} failed ({ended}):\n{tail}",
                None,
                f"run it again: {paste(completed.argv, cwd=cwd, env=env)}",
            )
        ]
    )
