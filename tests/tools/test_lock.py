"""requirements.lock holds everything that pyproject.toml asks for, exactly, with hashes, and names no registry."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@pytest.fixture(scope="module")
def lock(repo: Path) -> dict[str, tuple[str, int]]:
    """Name -> (version, number of hashes) of every locked package."""
    found: dict[str, tuple[str, int]] = {}
    name = ""
    for line in (repo / "requirements.lock").read_text().splitlines():
        pinned = re.match(r"([A-Za-z0-9._-]+)==([^ ;\\]+)", line)
        if pinned:
            name = canonicalize_name(pinned[1])
            found[name] = (pinned[2], 0)
        elif "--hash=sha256:" in line:
            found[name] = (found[name][0], found[name][1] + 1)
    return found


def test_every_dependency_is_locked_at_a_version_that_fits(
    repo: Path, lock: dict[str, tuple[str, int]]
) -> None:
    project = tomllib.loads((repo / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["dev"]]
    wanted += project["build-system"]["requires"]
    wrong = []
    for text in wanted:
        requirement = Requirement(text)
        version, _ = lock.get(canonicalize_name(requirement.name), ("none", 0))
        if version == "none" or not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{text}: the lock has {version}; run `make lock`")
    assert wrong == []


def test_every_locked_package_has_hashes(lock: dict[str, tuple[str, int]]) -> None:
    assert len(lock) > 20
    assert [name for name, (_, hashes) in lock.items() if hashes == 0] == []


def test_no_registry_is_named(repo: Path) -> None:
    text = (repo / "requirements.lock").read_text()
    assert not re.search(r"https?:|--(extra-)?index-url|--find-links", text)
    for line in text.splitlines():
        assert re.fullmatch(
            r"#.*|[a-z0-9._-]+==\S+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|", line
        ), line
