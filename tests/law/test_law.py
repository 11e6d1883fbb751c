"""The law holds, and catches each kind of violation when one is planted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from law import LAWS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("law", LAWS)
def test_the_law_holds(law: str) -> None:
    assert LAWS[law](ROOT) == []


def _append(path: str, text: str) -> Callable[[Path], None]:
    def plant(root: Path) -> None:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text() if file.exists() else ""
        file.unlink(missing_ok=True)  # it may be a link to the tree's own
        file.write_text(before + text)

    return plant


def _remove(path: str) -> Callable[[Path], None]:
    return lambda root: (root / path).unlink()


PLANTED = {
    "import upwards": (
        "import directions",
        _append("src/portwright/base/errors.py", "\nfrom portwright.describe import port\n"),
    ),
    "judge imports an engine": (
        "import directions",
        _append("src/portwright/judge/verdict.py", "\nimport portwright.run.machine\n"),
    ),
    "run imports derive": (
        "import directions",
        _append("src/portwright/run/events.py", "\nfrom portwright.derive.plan import Plan\n"),
    ),
    "relative import": (
        "import directions",
        _append("src/portwright/judge/verdict.py", "\nfrom . import program\n"),
    ),
    "sibling import": (
        "entries do not import siblings",
        _append(
            "src/portwright/describe/operations/read.py",
            "\nfrom portwright.describe.operations import write\n",
        ),
    ),
    "an OS in an engine": (
        "no engine names an entry",
        _append(
            "src/portwright/describe/port.py", "\n\ndef f(os: str) -> bool:\n    return os == 'veridian'\n"
        ),
    ),
    "a port in a match": (
        "no engine names an entry",
        _append(
            "src/portwright/describe/port.py",
            "\n\ndef f(t: str) -> int:\n    match t:\n"
            "        case 'x86_64-unknown-veridian':\n            return 1\n    return 0\n",
        ),
    ),
    "an operation in an engine": (
        "no engine names an entry",
        _append(
            "src/portwright/describe/ledger.py",
            "\n\ndef f(operation: str) -> bool:\n    return operation in ('read',)\n",
        ),
    ),
    "an operation without its twin": (
        "the sets of operations agree",
        _remove("src/portwright/run/operations/seek.py"),
    ),
    "an operation std cannot call": (
        "the sets of operations agree",
        _append("src/portwright/describe/operations/brand_new.py", '"""New."""\n'),
    ),
    "a machine that cannot be started": (
        "the kinds of machines agree",
        _remove("src/portwright/run/machines/serial.py"),
    ),
    "an entry without a test": (
        "every entry has a test",
        _append("src/portwright/describe/rules/never_mentioned_anywhere.py", '"""A rule."""\n'),
    ),
    "subprocess outside base": (
        "only base starts processes",
        _append("src/portwright/judge/verdict.py", "\nimport subprocess\n"),
    ),
    "os.kill outside base": (
        "only base starts processes",
        _append("src/portwright/judge/verdict.py", "\nimport os\n\n\ndef f() -> None:\n    os.kill(1, 9)\n"),
    ),
    "print in a job": (
        "only cli prints and exits",
        _append("src/portwright/jobs/check.py", "\nprint('x')\n"),
    ),
    "exit in a job": (
        "only cli prints and exits",
        _append("src/portwright/jobs/check.py", "\nimport sys\nsys.exit(1)\n"),
    ),
    "a long file": (
        "shapes of files and functions",
        _append("src/portwright/judge/verdict.py", "\n# x" * 500),
    ),
    "a nameless purpose": (
        "shapes of files and functions",
        _append("src/portwright/base/utils.py", '"""Things."""\n'),
    ),
    "no first sentence": (
        "shapes of files and functions",
        _append("src/portwright/base/things.py", "X = 1\n"),
    ),
    "code in a package": (
        "shapes of files and functions",
        _append("src/portwright/jobs/__init__.py", "\n\ndef f() -> None: ...\n"),
    ),
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("law") / "tree"
    ignore = shutil.ignore_patterns("__pycache__", "target")
    for name in ("src", "tests", "ports"):
        shutil.copytree(ROOT / name, copy / name, ignore=ignore)
    return copy


@pytest.mark.parametrize("case", PLANTED)
def test_a_planted_violation_is_caught(case: str, tree: Path, tmp_path: Path) -> None:
    law, plant = PLANTED[case]
    copy = tmp_path / "tree"
    shutil.copytree(tree, copy, copy_function=os.link)
    before = LAWS[law](tree)
    plant(copy)
    assert len(LAWS[law](copy)) > len(before)


def test_every_test_file_is_run(request: pytest.FixtureRequest) -> None:
    """No folder's name hides its tests from pytest (by default `build` does)."""
    hidden = [
        pattern for pattern in request.config.getini("norecursedirs") if not pattern.startswith((".", "_"))
    ]
    folders = {
        part for path in (ROOT / "tests").rglob("test_*.py") for part in path.relative_to(ROOT).parts[:-1]
    }
    assert not [folder for folder in folders if any(Path(folder).match(pattern) for pattern in hidden)]
