"""Programs that nobody here wrote: the examples in std's own documentation, gathered into one crate.

Which of them count is decided by the host: an example that compiles and passes there must do so on a port.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LEAVE_OUT = {
    "threads come with a later issue": r"thread::(spawn|scope|sleep|Builder|park)|mpsc|Barrier|Condvar",
    "no network yet": r"std::net|TcpStream|UdpSocket|TcpListener",
    "no processes yet": r"std::process|Command::",
    "of another OS": r"std::os::|libc::|windows|cfg\(",
    "needs an unstable feature or another crate": r"#!\[feature|extern crate|extern \"C\"|asm!",
    "waits for a person": r"stdin\(\)|io::read_to_string",
    "the panic is the point, and a panic ends a program without an unwinder": r"catch_unwind|panic::|should_panic",
    "says where it runs": r"env::consts|file!\(\)|module_path!|current_exe|home_dir|temp_dir|env::var",
}
FENCE = re.compile(r"^\s*```(.*)$")


@dataclass(frozen=True)
class Example:
    """One example: the file and line that it stands at, and its Rust."""

    file: str
    line: int
    code: str


def examples(file: Path, root: Path) -> Iterator[Example]:
    """The runnable examples in a source file's documentation."""
    inside, start, body = False, 0, []  # type: ignore[var-annotated]
    for number, raw in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        comment = re.match(r"^\s*//[/!] ?(.*)$", raw)
        if comment is None:
            inside = False
            continue
        fence = FENCE.match(comment[1])
        if fence and not inside:
            inside, start, body = fence[1].strip() in ("", "rust"), number, []
            if not inside:
                body = None  # type: ignore[assignment]
                inside = True
        elif fence:
            inside = False
            if body:
                yield Example(file.relative_to(root).as_posix(), start, "\n".join(body))
        elif inside and body is not None:
            body.append(re.sub(r"^(\s*)# ?(?=[^\[!#]|$)", r"\1", comment[1]).replace("##", "#"))


def usable(example: Example) -> bool:
    """Whether an example needs nothing that is left out."""
    return not any(re.search(pattern, example.code) for pattern in LEAVE_OUT.values())


def _wrapped(number: int, code: str) -> str:
    if re.search(r"\bfn main\(", code):
        body = re.sub(r"\bfn main\(", "pub fn main(", code, count=1)
        call = "let _ = example::main();"
        return (
            f"pub fn ex{number}() {{ {call} }}\nmod m{number} {{ pub mod example {{\n{body}\n}} }}".replace(
                "example::main", f"m{number}::example::main"
            )
        )
    if re.search(r"^\s*(Ok::<|Ok\(\(\)\)|Some\(\(\)\)|std::io::Result::Ok)", code, re.M) or re.search(
        r"\)\?;", code
    ):
        result = (
            "Option<()>"
            if re.search(r"^\s*Some\(\(\)\)", code, re.M)
            else "Result<(), impl core::fmt::Debug>"
        )
        return f"pub fn ex{number}() {{ fn inner() -> {result} {{\n{code}\n}} inner().unwrap(); }}"
    return f"pub fn ex{number}() {{\n{code}\n}}"


HEADER = '#![allow(warnings)]\n#![recursion_limit = "256"]\n'


def crate(chosen: list[Example], *, catch: bool) -> tuple[str, list[range]]:
    """The crate's text, and the lines that each example takes; with `catch` a failing one does not end it."""
    text, spans = HEADER, []
    for number, example in enumerate(chosen):
        first = text.count("\n") + 1
        text += _wrapped(number, example.code) + "\n"
        spans.append(range(first, text.count("\n") + 1))
    text += "fn main() {\n"
    for number in range(len(chosen)):
        call = f"ex{number}()"
        run = f"std::panic::catch_unwind(|| {call}).is_ok()" if catch else f"{{ {call}; true }}"
        text += f'    if {run} {{ println!("passed {number}"); }} else {{ println!("failed {number}"); }}\n'
    return text + "}\n", spans


def compiling(chosen: list[Example], rustc: list[str], folder: Path) -> list[Example]:
    """The examples that the host's compiler takes: those with errors are dropped until none is left."""
    for _ in range(12):
        text, spans = crate(chosen, catch=True)
        source = folder / "check.rs"
        source.write_text(text)
        argv = [
            *rustc,
            "--edition=2024",
            "--error-format=json",
            "--emit=metadata",
            "-o",
            str(folder / "check.rmeta"),
        ]
        done = subprocess.run([*argv, str(source)], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return chosen
        bad: set[int] = set()
        for line in done.stderr.splitlines():
            message = json.loads(line)
            if message.get("level") == "error":
                for span in message["spans"]:
                    bad |= {n for n, lines in enumerate(spans) if span["line_start"] in lines}
        if not bad:
            raise AssertionError(done.stderr[-3000:])
        chosen = [example for number, example in enumerate(chosen) if number not in bad]
    raise AssertionError("the examples do not come to compile")


def passing_on_host(chosen: list[Example], rustc: list[str], folder: Path) -> list[Example]:
    """The examples that compile and pass on this machine's own OS."""
    chosen = compiling(chosen, rustc, folder)
    source, program = folder / "host.rs", folder / "host"
    source.write_text(crate(chosen, catch=True)[0])
    subprocess.run(
        [*rustc, "--edition=2024", "-o", str(program), str(source)], check=True, capture_output=True
    )
    done = subprocess.run([str(program)], capture_output=True, text=True, check=True, cwd=folder)
    passed = {int(line.split()[1]) for line in done.stdout.splitlines() if re.fullmatch(r"passed \d+", line)}
    return [example for number, example in enumerate(chosen) if number in passed]
