"""The law of the house, as functions from a source tree to its violations (file: what is wrong)."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BELOW = {
    "base": {"base"},
    "formats": {"base", "formats"},
    "describe": {"base", "formats", "describe"},
    "derive": {"base", "formats", "describe", "derive"},
    "build": {"base", "formats", "describe", "derive", "build"},
    "pack": {"base", "formats", "describe", "pack"},
    "run": {"base", "formats", "describe", "run"},
    "judge": {"base", "formats", "describe", "judge", "run.events"},
    "jobs": {"base", "formats", "describe", "derive", "build", "pack", "run", "judge", "jobs"},
    "assist": {"base", "formats", "describe", "derive", "build", "pack", "run", "judge", "jobs", "assist"},
    "cli": {
        "base",
        "formats",
        "describe",
        "derive",
        "build",
        "pack",
        "run",
        "judge",
        "jobs",
        "assist",
        "cli",
    },
}
OPEN_ROOMS = (
    "formats",
    "describe/operations",
    "describe/cpus",
    "describe/rules",
    "describe/spec_changes",
    "describe/extractors",
    "describe/toolchains",
    "describe/machines",
    "derive/crates",
    "derive/generators",
    "build/steps",
    "build/backends",
    "build/errata",
    "build/emitters",
    "build/trades",
    "pack/faults",
    "run/engines",
    "run/cpus",
    "run/operations",
    "judge/causes",
    "run/machines",
    "judge/failures",
    "judge/presenters",
    "jobs",
    "cli/views",
)
STARTERS = {"subprocess", "multiprocessing", "pty", "_posixsubprocess"}
OS_STARTERS = re.compile(r"^(fork|forkpty|system|popen|posix_spawnp?|spawn\w*|exec[lv]\w*|kill|killpg)$")
BANNED_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "misc"}
FILE_LINES, FUNCTION_LINES = 400, 70


@dataclass(frozen=True)
class Facts:
    """What the laws ask of a module's text, found in one walk; lines with what stands there."""

    imports: tuple[tuple[int, str], ...]
    tested: tuple[tuple[int, str, str], ...]
    starts: tuple[tuple[int, str], ...]
    prints: tuple[int, ...]
    exits: tuple[int, ...]
    long_functions: tuple[tuple[int, str], ...]
    has_functions: bool
    has_sentence: bool


def modules(root: Path) -> Iterator[tuple[Path, str, Facts]]:
    """(file, path below the package, what is in it) of every module."""
    package = root / "src" / "portwright"
    for path in sorted(package.rglob("*.py")):
        below = path.relative_to(package).as_posix()
        if not below.startswith("ports/"):
            yield path, below, _facts(path.read_text(encoding="utf-8"))


@cache
def _facts(text: str) -> Facts:
    """Found once for a text: every law asks all modules, and a copy of the house has the same."""
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    return Facts(
        tuple(imports(nodes)),
        tuple(_tested_strings(nodes)),
        tuple(
            (node.lineno, node.attr)
            for node in nodes
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "os"
            and OS_STARTERS.match(node.attr)
        ),
        tuple(call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"),
        tuple(call.lineno for call in calls if _is_exit(call.func)),
        tuple(
            (node.lineno, node.name)
            for node in nodes
            if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno > FUNCTION_LINES
        ),
        any(isinstance(node, ast.FunctionDef) for node in tree.body),
        not tree.body or bool(ast.get_docstring(tree)),
    )


def _is_exit(func: ast.expr) -> bool:
    return isinstance(func, ast.Name | ast.Attribute) and ast.unparse(func) in ("sys.exit", "exit", "quit")


def imports(nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything imported, absolute, names imported from packages included."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"
        elif isinstance(node, ast.ImportFrom) and node.level > 0:
            yield node.lineno, "." * node.level


def import_directions(root: Path) -> list[str]:
    """Imports against the direction in which data flows."""
    found = []
    for _, below, facts in modules(root):
        room = below.split("/")[0]
        for line, name in facts.imports:
            if name.startswith("."):
                found.append(f"{below}:{line}: relative import; say the whole name")
            if room not in BELOW or not name.startswith("portwright."):
                continue
            inner = name.removeprefix("portwright.")
            if not any(inner == allowed or inner.startswith(allowed + ".") for allowed in BELOW[room]):
                if inner[0].isupper():
                    continue
                found.append(f"{below}:{line}: {room}/ may not import {name}")
    return found


def sibling_imports(root: Path) -> list[str]:
    """Entries of an open room that import another entry of it."""
    found = []
    for _, below, facts in modules(root):
        folder, _, name = below.rpartition("/")
        if folder not in OPEN_ROOMS or name == "__init__.py":
            continue
        dotted = "portwright." + folder.replace("/", ".") + "."
        for line, target in facts.imports:
            inner = target.removeprefix(dotted)
            sibling = root / "src" / "portwright" / folder / f"{inner.split('.')[0]}.py"
            if target.startswith(dotted) and sibling.exists() and sibling.name != name:
                found.append(f"{below}:{line}: an entry may not import its sibling {inner.split('.')[0]}")
    return found


def _names_of_entries(root: Path) -> tuple[set[str], set[str]]:
    """(names that no engine may test anywhere, names of operations)."""
    package = root / "src" / "portwright"
    names: set[str] = set()
    for room in (
        "describe/cpus",
        "describe/rules",
        "describe/extractors",
        "describe/toolchains",
        "derive/generators",
        "build/steps",
        "build/backends",
        "build/errata",
        "pack/faults",
        "run/engines",
        "run/machines",
        "judge/failures",
    ):
        names |= {path.stem for path in (package / room).glob("*.py") if path.stem != "__init__"}
    for port in (root / "ports").glob("*/port.toml"):
        names.add(port.parent.name)
        names.add(str(tomllib.loads(port.read_text())["target"].get("os", port.parent.name.split("-")[2])))
    names |= {name.replace("_", "-") for name in names}
    names.discard("bitcode")  # also a kind of object file, which engines do tell apart
    names.discard("portwright")  # the reference ports' OS is called as the product, which engines do speak of
    operations = {path.stem for path in (package / "describe" / "operations").glob("*.py")} - {"__init__"}
    return names, operations


def _tested_strings(nodes: list[ast.AST]) -> Iterator[tuple[int, str, str]]:
    """(line, constant, source of what it is tested against) of comparisons and match cases."""
    for node in nodes:
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for side in sides:
                parts = side.elts if isinstance(side, ast.Tuple | ast.Set | ast.List) else [side]
                others = " ".join(ast.unparse(other) for other in sides if other is not side)
                for part in parts:
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield part.lineno, part.value, others
        elif isinstance(node, ast.Match):
            for case in node.cases:
                for pattern in ast.walk(case.pattern):
                    if isinstance(pattern, ast.MatchValue) and isinstance(pattern.value, ast.Constant):
                        yield pattern.lineno, str(pattern.value.value), ast.unparse(node.subject)


def engines_naming_entries(root: Path) -> list[str]:
    """Engines that test the name of an entry, a port or an operating system."""
    names, operations = _names_of_entries(root)
    found = []
    for _, below, facts in modules(root):
        if below.rpartition("/")[0] in OPEN_ROOMS:
            continue
        for line, text, against in facts.tested:
            if text in names:
                found.append(
                    f"{below}:{line}: an engine tests the name {text!r}; the description lacks a field"
                )
            elif text in operations and re.search(r"operation", against):
                found.append(f"{below}:{line}: an engine tests the operation {text!r}")
    return found


def operation_sets(root: Path) -> list[str]:
    """Operations that are not in all of describe/, run/ and derive/layer/."""
    package = root / "src" / "portwright"
    described = {path.stem for path in (package / "describe/operations").glob("*.py")} - {"__init__"}
    performed = {path.stem for path in (package / "run/operations").glob("*.py")} - {"__init__"}
    rust = "\n".join(path.read_text() for path in sorted((package / "derive/layer").rglob("*.rs")))
    called = set(re.findall(r"\bfn\s+([a-z_0-9]+)\s*[(<]", rust))
    found = [
        f"describe/operations/{name}.py has no run/operations/{name}.py"
        for name in sorted(described - performed)
    ]
    found += [
        f"run/operations/{name}.py has no describe/operations/{name}.py"
        for name in sorted(performed - described)
    ]
    found += [f"operation {name} has no `fn {name}` in derive/layer/" for name in sorted(described - called)]
    return found


def machine_kinds(root: Path) -> list[str]:
    """Kinds of machines that are described and cannot be started, or the other way round."""
    package = root / "src" / "portwright"
    rooms = ("describe/machines", "run/machines")
    described, started = ({path.stem for path in (package / room).glob("*.py")} for room in rooms)
    return [f"{name}.py is not in both of {' and '.join(rooms)}" for name in sorted(described ^ started)]


def untested_entries(root: Path) -> list[str]:
    """Entries whose name no test of their room says."""
    package = root / "src" / "portwright"
    found = []
    for room in OPEN_ROOMS:
        tests = root / "tests" / room
        beside = root / "tests" / Path(room).parent
        files = [*tests.rglob("test_*.py"), *beside.glob(f"test_*{Path(room).name.rstrip('s')}*.py")]
        said = "\n".join(path.name + "\n" + path.read_text(encoding="utf-8") for path in files)
        for path in sorted((package / room).glob("*.py")):
            words = {path.stem, path.stem.replace("_", "-"), path.stem.replace("_", " ")}
            if path.stem != "__init__" and not any(
                re.search(rf"(?<![a-z]){re.escape(w)}(?![a-z])", said) for w in words
            ):
                found.append(f"{room}/{path.name}: no test under tests/{room}/ says its name")
    return found


def process_starters(root: Path) -> list[str]:
    """Modules outside base/ that can start or signal a process."""
    found = []
    for _, below, facts in modules(root):
        if below.startswith("base/"):
            continue
        for line, name in facts.imports:
            if name.split(".")[0] in STARTERS:
                found.append(f"{below}:{line}: only base/ starts processes, and this imports {name}")
        for line, name in facts.starts:
            found.append(f"{below}:{line}: only base/ starts or signals processes, and this uses os.{name}")
    return found


def speaking_rooms(root: Path) -> list[str]:
    """Modules outside cli/ that print or exit."""
    found = []
    for _, below, facts in modules(root):
        if below.startswith("cli/") or below == "__main__.py":
            continue
        found += [f"{below}:{line}: only cli/ prints" for line in facts.prints]
        found += [f"{below}:{line}: only cli/ exits" for line in facts.exits]
    return found


def shapes(root: Path) -> list[str]:
    """Files and functions that outgrew their purpose, modules without a first sentence, code in `__init__.py`."""
    found = []
    for path, below, facts in modules(root):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > FILE_LINES:
            found.append(f"{below}: {lines} lines; a file has at most {FILE_LINES}")
        if path.stem in BANNED_NAMES:
            found.append(f"{below}: a module is not called {path.stem}")
        if not facts.has_sentence:
            found.append(f"{below}: no sentence at its top says what it does")
        for line, name in facts.long_functions:
            found.append(f"{below}:{line}: {name} has over {FUNCTION_LINES} lines")
        if path.name == "__init__.py" and facts.has_functions:
            found.append(f"{below}: holds code; at most a contract type belongs here")
    return found


LAWS = {
    "import directions": import_directions,
    "entries do not import siblings": sibling_imports,
    "no engine names an entry": engines_naming_entries,
    "the sets of operations agree": operation_sets,
    "the kinds of machines agree": machine_kinds,
    "every entry has a test": untested_entries,
    "only base starts processes": process_starters,
    "only cli prints and exits": speaking_rooms,
    "shapes of files and functions": shapes,
}
