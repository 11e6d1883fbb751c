"""The recorder's wrapper, from outside: what it notes, answers and adds, and that it is not noticed otherwise."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from portwright.base.errors import MissingTool
from portwright.build import event_log as log
from portwright.build import tracing


@pytest.fixture(scope="module")
def program() -> Path:
    if sys.platform != "linux" or not shutil.which("rustc") or not shutil.which("cc"):
        pytest.skip("the recorder needs Linux, rustc and cc")
    return tracing.recorder()


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder of compilers that say how they were called."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("cc", "ar", "rustc"):
        tool = folder / name
        tool.write_text(
            f'#!/bin/sh\necho "{name}: $*"\necho to-err >&2\n[ "$1" != fail ] && [ "$2" != fail ]\n'
        )
        tool.chmod(0o755)
    return folder


class Called:
    """One call of a name in a folder of shims, with or without a recording."""

    def __init__(self, program: Path, tools: Path, folder: Path) -> None:
        self.shims, self.folder = tracing.shims(program, os.environ["PATH"]), folder
        self.folder.mkdir(exist_ok=True)
        path = os.pathsep.join(map(str, (self.shims, tools, os.defpath)))
        self.env = {"PATH": path, "HOME": "/", "WORD": "a b"}
        remap = f"{folder}=/src\n/other=/out"
        start, inside = "PORTWRIGHT_RECORD_START", "PORTWRIGHT_RECORD_DIR"
        self.recorded = {**self.env, inside: str(folder), start: "0", "PORTWRIGHT_RECORD_REMAP": remap}

    def __call__(self, *words: str, recorded: bool = True, **more: str) -> subprocess.CompletedProcess[bytes]:
        env = {**(self.recorded if recorded else self.env), **more}
        return subprocess.run([self.shims / words[0], *words[1:]], env=env, capture_output=True, timeout=30)

    def events(self) -> tuple[log.Event, ...]:
        found = log.parse_wrapped(self.folder)
        for path in self.folder.glob("wrap-*"):
            assert oct(path.stat().st_mode & 0o777) == "0o600"
            path.unlink()
        return found


@pytest.fixture
def call(program: Path, tools: Path, tmp_path: Path) -> Called:
    return Called(program, tools, tmp_path / "recording")


def test_work_gets_the_portable_flags(call: Called, tools: Path) -> None:
    flags = (f"-ffile-prefix-map={call.folder}=/src", "-ffile-prefix-map=/other=/out")
    done = call("cc", "-c", "a.c")
    assert done.stdout.decode() == f"cc: {' '.join(flags)} -c a.c\n" and done.stderr == b"to-err\n"
    (event,) = call.events()
    assert isinstance(event, log.Wrap) and event.argv == (str(tools / "cc"), *flags, "-c", "a.c")
    assert event.cwd == str(Path.cwd()) and "WORD=a b" in event.env and event.parent == os.getpid()
    assert call("cc", "a.o", "-o", "a").stdout == b"cc: a.o -o a\n"
    assert call("ar", "rcs", "a.a", "a.c").stdout == b"ar: rcs a.a a.c\n"
    flags = tuple(flag.replace("-ffile-prefix-map", "--remap-path-prefix") for flag in flags)
    done = call("rustc-wrapper", str(tools / "rustc"), "--print=link-args", "a.rs")
    assert done.stdout.decode() == f"rustc: {' '.join(flags)} --print=link-args a.rs\n"
    assert call("cc", "fail").returncode == 1


@pytest.mark.parametrize(
    "words",
    [
        ["cc", "--version"],
        ["cc", "-print-search-dirs"],
        ["cc", "-m64", "-dumpmachine"],
        ["ar", "--version"],
        ["rustc-wrapper", "RUSTC", "-vV"],
        ["rustc-wrapper", "RUSTC", "-", "--crate-name", "___", "--print=file-names", "--print=cfg"],
        ["rustc-wrapper", "RUSTC", "fail", "--print", "cfg"],
    ],
)
def test_a_question_is_answered_and_the_answer_noted(call: Called, tools: Path, words: list[str]) -> None:
    words = [str(tools / "rustc") if word == "RUSTC" else word for word in words]
    done = call(*words)
    wrap, answer = call.events()
    assert isinstance(wrap, log.Wrap) and isinstance(answer, log.Answer) and answer.pid == wrap.pid
    assert answer.text.encode() == done.stdout and answer.status == done.returncode == int("fail" in words)
    assert (
        done.stdout.split(b": ", 1)[1].decode().split() == list(wrap.argv[1:]) and done.stderr == b"to-err\n"
    )


def test_real_compilers_answer_the_same(call: Called, tools: Path) -> None:
    shutil.rmtree(tools)
    cc, rustc = shutil.which("cc", path=os.defpath), shutil.which("rustc")
    for shim, tool, *words in (
        ("cc", cc, "--version"),
        ("cc", cc, "-dumpmachine"),
        ("rustc-wrapper", rustc, "-vV"),
    ):
        given = [str(tool)] if shim == "rustc-wrapper" else []
        env = {
            "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")),
            "HOME": str(Path.home()),
        }
        plain = subprocess.run([str(tool), *words], capture_output=True, env={**call.env, **env})
        assert call(str(shim), *given, *words, **env).stdout == plain.stdout != b""


def test_outside_a_recording_it_only_passes_on(call: Called, tools: Path) -> None:
    assert call("cc", "-c", "a.c", recorded=False).stdout == b"cc: -c a.c\n"
    assert call("rustc-wrapper", str(tools / "rustc"), "-vV", recorded=False).stdout == b"rustc: -vV\n"
    assert not call.events()
    gone = call("cc", "-c", "a.c", PORTWRIGHT_RECORD_DIR="/nowhere/at/all")
    assert gone.returncode == 0 and gone.stdout.endswith(b"-c a.c\n")


def test_linkers_and_what_changes_objects_are_seen_and_given_nothing_more(call: Called, tools: Path) -> None:
    """`as` is not among them: a compiler looks for it on PATH for every file."""
    names = [
        name for name in ("ld", "ld.bfd", "strip", "ranlib", "objcopy") if (call.shims / name).is_symlink()
    ]
    assert {"ld", "strip", "ranlib"} <= set(names) and not (call.shims / "as").exists()
    for name in names:
        (tools / name).write_text('#!/bin/sh\necho "$*"\n')
        (tools / name).chmod(0o755)
        assert call(name, "-c", "a.c").stdout == b"-c a.c\n"
        (wrap,) = call.events()
        assert isinstance(wrap, log.Wrap) and wrap.argv == (str(tools / name), "-c", "a.c")
    call("strip", "--version")
    assert [type(event) for event in call.events()] == [log.Wrap, log.Answer]


def test_the_users_own_wrapper_comes_after(call: Called, tools: Path) -> None:
    (tools / "inner").write_text('#!/bin/sh\nprintf "inner "\nexec "$@"\n')
    (tools / "inner").chmod(0o755)
    inner = {"PORTWRIGHT_RECORD_RUSTC_WRAPPER": str(tools / "inner")}
    done = call("rustc-wrapper", str(tools / "rustc"), "-vV", recorded=False, **inner)
    assert done.stdout == b"inner rustc: -vV\n"


def test_a_caching_wrapper_that_finds_us_again_ends_at_the_compiler(call: Called, tools: Path) -> None:
    caching = tools.parent / "caching"
    caching.mkdir()
    # As ccache does: the first of that name on PATH that is not itself.
    (caching / "cc").write_text('#!/bin/sh\nexec "$(PATH=${PATH#*:none:} command -v cc)" cached "$@"\n')
    (caching / "cc").chmod(0o755)
    path = os.pathsep.join(map(str, (call.shims, caching, "none", call.shims, tools, os.defpath)))
    assert call("cc", "a.o", PATH=path).stdout == b"cc: cached a.o\n"


def test_a_tool_that_is_not_there(call: Called, tools: Path) -> None:
    (tools / "cc").unlink()
    done = call("cc", "a.o", PATH=f"{call.shims}:{tools}")
    assert done.returncode == 127 and b"cc: command not found" in done.stderr


def test_a_start_records_with_both_and_with_one(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUSTC_WRAPPER", raising=False)
    (tmp_path / "a.c").write_text("const char *where(void) { return __FILE__; }\n")
    command = ["sh", "-c", f"cc --version && cc -g -c {tmp_path}/a.c -o a.o"]
    for name, traced, wrapped in (("both", True, True), ("trace", True, False), ("wrapper", False, True)):
        folder = tmp_path / name
        folder.mkdir()
        process = tracing.start(
            command, folder, traced=traced, wrapped=wrapped, remaps={str(tmp_path): "/src"}
        )
        assert tracing.wait(process) == 0
        seen = tracing.seen(folder)
        assert (str(tmp_path).encode() in (tmp_path / "a.o").read_bytes()) != wrapped
        calls = [event.argv for event in seen.wrapped if isinstance(event, log.Wrap)]
        assert len(calls) == 2 * wrapped and (seen.log is not None) == traced
        if seen.log is not None:
            # What the wrapper says of a call is what the trace then sees, by process.
            became = {(e.pid, e.argv) for e in seen.log.events if isinstance(e, log.Exec)}
            work = [e for e in seen.wrapped if isinstance(e, log.Wrap) and "-c" in e.argv]
            assert {(e.pid, e.argv) for e in work} <= became
            assert not any(str(folder) in e.path for e in seen.log.events if isinstance(e, log.Open))


def test_what_is_compiled_once_is_found_again_and_two_at_once_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Path
) -> None:
    calls = tmp_path / "calls"
    fake = tmp_path / "bin" / "rustc"
    fake.parent.mkdir()
    fake.write_text(
        f'#!/bin/sh\n[ "$1" = -vV ] && exit\necho x >> {calls}\nsleep 0.2\n'
        f'while [ "$1" != -o ]; do shift; done\ncp {program} "$2"\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PORTWRIGHT_CACHE", str(tmp_path / "cache"))
    code = "from portwright.build import tracing; print(tracing.recorder())"
    env = {**os.environ, "PYTHONPATH": str(Path(tracing.__file__).parents[2])}
    both = [subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE) for _ in range(2)]
    said = {process.communicate(timeout=60)[0] for process in both}
    assert len(said) == 1 and calls.read_text() == "x\n"
    assert said == {f"{tracing.recorder()}\n".encode()} and calls.read_text() == "x\n"


def test_a_rustc_that_cannot_link_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "rustc"
    fake.write_text("#!/bin/sh\n[ \"$1\" = -vV ] && exit\necho 'error: linker `cc` not found' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("PORTWRIGHT_CACHE", str(tmp_path / "cache"))
    with pytest.raises(MissingTool, match="linker `cc` not found") as caught:
        tracing.recorder()
    assert "C linker" in str(caught.value) and caught.value.faults[0].code == "recorder/not-compiled"
