"""Lays an overlay over another source tree as far as it fits, compiles std there, and groups what the compiler says.

Nothing of the tree is touched: the view is a folder of its own in the cache.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from portwright.base.errors import Fault, PortwrightError, Where, fail
from portwright.base.events import Event, Note
from portwright.base.files import cache_root, lock, write_atomic
from portwright.base.hashing import hash_value
from portwright.base.processes import Completed, environment, watch
from portwright.build import view
from portwright.derive import build_plan
from portwright.derive.edit import Edit, to_json
from portwright.derive.forecast import Tree
from portwright.describe import rustc_facts, spec, spec_versions
from portwright.describe import toolchain as toolchains
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain

EXAMPLES = 3
SKIPPED = ("vendor", "target")


@dataclass(frozen=True, slots=True)
class Group:
    """Compiler errors of one cause: the code, the message with its names left out, how many, and some places."""

    code: str
    cause: str
    count: int
    places: tuple[str, ...]
    example: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """How std compiles in the tree. `not-run` says in `detail` why; `crate` is the one that failed."""

    outcome: Literal["compiles", "errors", "not-run"]
    detail: str
    errors: int = 0
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Against:
    """The tree that a port is held against: its `library/`, what version it says it is, a compiler of that one."""

    library: Path
    version: str | None
    toolchain: Toolchain | None


def find(named: str) -> Against:
    """A source tree by its path (its root, or its `library/`), or by a version that a found toolchain has.

    Raises `BadInput` where neither is there.
    """
    path = Path(named)
    for root in (path, path.parent if path.name == "library" else path):
        if toolchains.has_library(root):
            return _of_path(root.resolve())
    if re.fullmatch(r"\d+\.\d+(\.\d+)?", named):
        for found in toolchains.survey():
            have = found.toolchain
            if have is not None and have.source is not None and f"{have.version}.".startswith(f"{named}."):
                return Against(have.source / "library", have.version, have)
        hint = (
            f"`portwright setup --rust {named}` unpacks it where Debian offers it; or name the tree's folder"
        )
        raise fail(f"no sources of Rust {named} were found", None, hint, "patches/no-version")
    hint = "the root of a Rust source tree (it holds library/std/), or a version such as 1.85"
    raise fail("this is no Rust source tree", Where(path), hint, "patches/no-tree")


def _of_path(root: Path) -> Against:
    version = toolchains.source_version(root)
    for found in toolchains.survey():
        have = found.toolchain
        if have is not None and (version == have.version or (have.source and have.source.resolve() == root)):
            return Against(root / "library", version or have.version, have)
    return Against(root / "library", version, None)


def tree(library: Path) -> Tree:
    """The tree as the forecast sees it."""
    files: set[str] = set()
    for folder in sorted(library.iterdir()):
        if folder.is_dir() and folder.name not in SKIPPED:
            files |= {path.relative_to(library).as_posix() for path in folder.rglob("*") if path.is_file()}

    def read(path: str) -> str | None:
        try:
            return (library / path).read_bytes().decode()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except UnicodeDecodeError:
            raise PortwrightError([Fault("this is no text", Where(library / path))]) from None

    return Tree(frozenset(files), read)


def compile_std(port: Port, against: Against, edits: Sequence[Edit]) -> Generator[Event, None, Compiled]:
    """Compile std of that tree, with those edits laid over it, by the tree's own compiler."""
    toolchain = against.toolchain
    if toolchain is None:
        version = against.version or "of that tree"
        hint = (
            f"; `portwright setup --rust {toolchains.minor(version)}` may get one" if against.version else ""
        )
        return Compiled("not-run", f"no rustc {version} was found{hint}")
    name = hash_value([str(against.library), port.target, str(port.folder), port.variant])[:16]
    folder = cache_root() / "forecasts" / name
    with lock(folder / ".lock"):
        try:
            view.make_view(against.library, edits, folder / "view")
        except PortwrightError as error:
            return Compiled("not-run", f"the edits do not go together: {error.faults[0].what}")
        _texts(port, toolchain, folder, edits)
        done = yield from _cargo(port, toolchain, folder)
    messages = list(_errors(done.stdout))
    if done.status == 0:
        return Compiled("compiles", f"core, alloc, std and test, by rustc {toolchain.version}")
    if not messages:
        said = next(
            (line for line in done.error_text.splitlines() if line.startswith("error")), "no reason given"
        )
        return Compiled("not-run", f"cargo did not come to compile std: {said}")
    groups = tuple(group(messages, folder / "view"))
    return Compiled("errors", f"by rustc {toolchain.version}", sum(each.count for each in groups), groups)


def _texts(port: Port, toolchain: Toolchain, folder: Path, edits: Sequence[Edit]) -> None:
    facts = rustc_facts.load(toolchains.find(rust=port.manifest.toolchain.rust, need_source=False))
    keys = spec.load_spec(port, facts).keys
    translated = spec_versions.translate(keys, toolchains.version_key(toolchain.version)).keys
    write_atomic(folder / "texts" / f"{port.target}.json", build_plan.spec_text(translated, port, toolchain))
    write_atomic(folder / "texts" / "edits.json", to_json(edits))


def _cargo(port: Port, toolchain: Toolchain, folder: Path) -> Generator[Event, None, Completed]:
    """`cargo check` of the workspace that rustc's bootstrap builds; what the tree has not vendored is fetched."""
    argv = [str(toolchain.cargo), "check", "--manifest-path", str(folder / "view" / "sysroot" / "Cargo.toml")]
    argv += ["--target", port.target, "--locked", "-Zavoid-dev-deps", "--message-format=json", "--keep-going"]
    argv += ["--no-default-features", "--features", "compiler-builtins-mem"]
    flags = ["-Zunstable-options", "-Zforce-unstable-if-unmarked"]
    argv += ["--config", f"build.rustflags={json.dumps(flags)}"]
    if toolchain.vendor is not None:
        write_atomic(folder / "texts" / "offline.toml", build_plan.offline(toolchain))
        argv += ["--offline", "--config", str(folder / "texts" / "offline.toml")]
    variables: dict[str, str | None] = {
        **toolchain.variables(),
        "CARGO_HOME": str(folder / "cargo-home"),
        "CARGO_TARGET_DIR": str(folder / "target"),
        "RUSTC": str(toolchain.rustc),
        "RUSTC_BOOTSTRAP": "1",
        "RUST_TARGET_PATH": str(folder / "texts"),
        "RUSTFLAGS": None,
        "CARGO_BUILD_TARGET": None,
    }
    running = watch(argv, cwd="/", env=environment(variables))
    while True:
        try:
            line = next(running).decode(errors="replace").strip()
        except StopIteration as ended:
            done = ended.value
            assert isinstance(done, Completed)
            return done
        if line:
            yield Note(line, "debug")


def _errors(output: bytes) -> Iterator[dict[str, Any]]:
    """The compiler's errors in cargo's messages, without the summary at each crate's end."""
    for line in output.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        message = row.get("message") if row.get("reason") == "compiler-message" else None
        if isinstance(message, dict) and message.get("level") == "error" and message.get("spans"):
            yield message


def group(messages: Iterable[dict[str, Any]], root: Path) -> list[Group]:
    """Errors by cause, the most frequent first: what differs only in names is one cause."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for message in messages:
        text = str(message["message"]).splitlines()[0]
        code = str((message.get("code") or {}).get("code", ""))
        span = next((span for span in message["spans"] if span.get("is_primary")), message["spans"][0])
        place = f"{_below(str(span['file_name']), root)}:{span['line_start']}"
        found.setdefault((code, _cause(text)), []).append((place, text))
    rows = [
        Group(code, cause, len(each), tuple(dict.fromkeys(place for place, _ in each))[:EXAMPLES], each[0][1])
        for (code, cause), each in found.items()
    ]
    return sorted(rows, key=lambda row: (-row.count, row.code, row.cause))


def _cause(text: str) -> str:
    return re.sub(r"\d+", "N", re.sub(r"`[^`]*`", "`_`", text))


def _below(path: str, root: Path) -> str:
    return path.removeprefix(f"{root}/")
