"""Compiles and runs the tests in a crate's documentation for a target that rustdoc does not have built in.

rustdoc itself stops with an internal error there when it is to run one. It still tells what the tests are
(`--output-format=doctest`); the rest is done here as rustdoc does it. What it lets a test leave out (the `main`
around it) it says, too.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from portwright.base.errors import Fault, StepFailed
from portwright.base.processes import paste, run

COMPILED = ("--edition", "--extern", "--cfg", "--check-cfg", "--cap-lints", "--target", "-L", "-C", "-Z")
"""What of rustdoc's words goes to the compiler of a test too."""

_OWN = ("--crate-name", "--crate-type", "--color", "--error-format", "--persist-doctests", "--out-dir")
_OF_TESTS = ("--test-run-directory", "--test-runtool", "--test-runtool-arg", "--test-args")
VALUED = frozenset((*COMPILED, *_OWN, *_OF_TESTS))
OUR_FAILURE = 125


@dataclass(frozen=True, slots=True)
class Request:
    """What cargo asks of rustdoc: `compile` are words for the compiler, `runner` the command that runs a binary in
    `folder`, `filters` parts of the names of the tests that are wanted."""

    words: tuple[str, ...]
    compile: tuple[str, ...]
    runner: tuple[str, ...]
    filters: tuple[str, ...]
    target: str
    folder: Path
    no_run: bool


def request(words: Sequence[str]) -> Request:
    """Read rustdoc's words."""
    options: dict[str, list[str]] = {}
    compiled: list[str] = []
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if len(word) > 2 and word[0] == "-" and word[1] in "LCZ":
            name, value = word[:2], word[2:]
        elif name in VALUED and not equals:
            value = next(rest, "")
        options.setdefault(name, []).append(value)
        if name in COMPILED:
            compiled += [name, value]
    last = {name: values[-1] for name, values in options.items()}
    asked = [word for value in options.get("--test-args", []) for word in value.split()]
    return Request(
        tuple(words),
        tuple(compiled),
        (*options.get("--test-runtool", []), *options.get("--test-runtool-arg", [])),
        tuple(word for word in asked if not word.startswith("-")),
        last.get("--target", ""),
        Path(last.get("--test-run-directory", ".")),
        "--no-run" in options,
    )


@dataclass(frozen=True, slots=True)
class Doctest:
    """One test: its whole program, and what must come of it."""

    name: str
    code: str
    edition: str | None
    ignored: bool
    should_panic: bool
    no_run: bool
    compile_fail: bool
    harness: bool

    @property
    def title(self) -> str:
        """The name with what is special about it, as rustdoc shows it."""
        if self.compile_fail:
            return f"{self.name} - compile fail"
        return f"{self.name} - compile" if self.no_run else self.name


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a test; `said` is why it failed."""

    title: str
    result: Literal["ok", "FAILED", "ignored"]
    said: str = ""


def find(rustdoc: Path, wanted: Request) -> list[Doctest]:
    """The tests in the crate's documentation; raises `StepFailed` where the crate does not compile."""
    argv = [str(rustdoc), *wanted.words, "-Zunstable-options", "--output-format=doctest"]
    answer = run(argv)
    try:
        rows = json.loads(answer.text)["doctests"]
    except (ValueError, KeyError):
        hint = f"run it again: {paste(argv)}"
        raise StepFailed(
            [Fault(f"rustdoc tells no tests:\n{answer.error_text.strip()}", None, hint)]
        ) from None
    return [_doctest(row, wanted.target) for row in rows if row["doctest_attributes"]["rust"]]


def _doctest(row: dict[str, Any], target: str) -> Doctest:
    attributes, parts = row["doctest_attributes"], row["doctest_code"]
    code = row["original_code"]
    if parts is not None:
        wrapper = parts["wrapper"] or {"before": "", "after": ""}
        code = parts["crate_level"] + wrapper["before"] + parts["code"] + wrapper["after"]
    ignore = attributes["ignore"]
    some = ignore["Some"] if isinstance(ignore, dict) else []
    return Doctest(
        row["name"],
        code + "\n",
        attributes["edition"],
        ignore == "All" or any(part in target for part in some),
        attributes["should_panic"],
        attributes["no_run"],
        attributes["compile_fail"],
        attributes["test_harness"],
    )


def outcomes(rustdoc: Path, wanted: Request, tests: Sequence[Doctest]) -> Iterator[Outcome]:
    """What comes of each test, in order; as many at once as there are processors."""
    with tempfile.TemporaryDirectory(prefix="portwright-doctest-") as folder:
        places = [Path(folder) / str(number) for number in range(len(tests))]
        pool = ThreadPoolExecutor(os.cpu_count())
        try:
            yield from pool.map(lambda test, place: _try(rustdoc, wanted, test, place), tests, places)
        finally:
            pool.shutdown(cancel_futures=True)


def _try(rustdoc: Path, wanted: Request, test: Doctest, place: Path) -> Outcome:
    if test.ignored:
        return Outcome(test.title, "ignored")
    place.mkdir()
    source, binary = place / "rust_out.rs", place / "rust_out"
    source.write_text(test.code, encoding="utf-8")
    argv = [str(rustdoc.with_name("rustc")), *wanted.compile, "--crate-name", "rust_out"]
    argv += ["--test"] if test.harness else ["--crate-type", "bin"]
    argv += [f"--edition={test.edition}"] if test.edition else []
    compiled = run([*_last_edition(argv), "-o", str(binary), str(source)])
    if test.compile_fail:
        if compiled.status == 0:
            return Outcome(
                test.title, "FAILED", "Test compiled successfully, but it's marked `compile_fail`."
            )
        return Outcome(test.title, "ok")  # a stable rustdoc does not look at which error it was
    if compiled.status != 0:
        return Outcome(test.title, "FAILED", f"{compiled.error_text.strip()}\nCouldn't compile the test.")
    if test.no_run or wanted.no_run:
        return Outcome(test.title, "ok")
    ran = run([*wanted.runner, str(binary)], cwd=wanted.folder)
    well = ran.status == 0
    if ran.status != OUR_FAILURE and well != test.should_panic:
        return Outcome(test.title, "ok")
    if well:
        return Outcome(test.title, "FAILED", "Test executable succeeded, but it's marked `should_panic`.")
    said = "\n".join(part for part in (ran.text.strip(), ran.error_text.strip()) if part)
    return Outcome(test.title, "FAILED", f"Test executable failed (exit status: {ran.status}).\n{said}")


def _last_edition(argv: list[str]) -> list[str]:
    """rustc takes one `--edition`: a test's own counts, not the crate's."""
    if not argv[-1].startswith("--edition=") or "--edition" not in argv:
        return argv
    at = argv.index("--edition")
    return [*argv[:at], *argv[at + 2 :]]
