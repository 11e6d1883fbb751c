"""Hashes all that a build of a crate reads, or says that only cargo can know: then cargo is asked every time.

A crate is closed if nothing outside its folder takes part in its build: no path dependency, no workspace above or
below it, no build script, no link, no file included from elsewhere, and every dependency pinned by a lock file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from portwright.base.hashing import hash_file, hash_tree

_MORE_FILES = re.compile(
    r"^\s*(?:#\[[^\n]*\]\s*)*(?:(?:pub(?:\([^)]*\))?\s+)?mod\s+\w+\s*;|#\[path)|\binclude(?:_str|_bytes)?!",
    re.M,
)
# An include of anything but a plain name below the file's own folder: `concat!` and `env!` can lead anywhere.
_FROM_OUTSIDE = re.compile(
    r"""include(?:_str|_bytes)?!\s*[(\[{](?!\s*r?#*"(?!/)(?:(?!\.\./)[^"])*"#*\s*,?\s*[)\]}])"""
    r"""|path\s*=\s*r?#*"(?:/|[^"]*\.\./)"""
)
_OUTPUTS = frozenset({"target", ".git"})


def digest(path: Path) -> str | None:
    """The hash of a `.rs` file or of a Cargo package's folder; None where that is not all that its build reads."""
    if path.suffix == ".rs":
        text = path.read_text(encoding="utf-8", errors="replace")
        return None if _MORE_FILES.search(text) else hash_file(path)
    try:
        manifest = tomllib.loads((path / "Cargo.toml").read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None  # cargo says it better
    dependencies = list(_dependencies(manifest))
    locked = not dependencies or (path / "Cargo.lock").is_file()
    if not locked or not _closed(path, manifest, dependencies):
        return None
    # Cargo writes a lock file where there is none; without dependencies it says nothing.
    ignored = _OUTPUTS if dependencies else {*_OUTPUTS, "Cargo.lock"}
    return hash_tree(path, keep=lambda name: name.split("/")[0] not in ignored)


def _closed(path: Path, manifest: Mapping[str, Any], dependencies: list[Any]) -> bool:
    package = manifest.get("package", {})
    if "build" in package or (path / "build.rs").exists() or {"patch", "replace"} & set(manifest):
        return False
    if "workspace" in package or _inherits(manifest):
        return False
    if "workspace" in manifest:
        if manifest["workspace"].get("members"):
            return False
    elif any((parent / "Cargo.toml").is_file() for parent in path.parents):
        return False
    if any(isinstance(row, dict) and {"path", "workspace"} & set(row) for row in dependencies):
        return False
    paths = (row.get("path", "") for row in _targets(manifest))
    if any(".." in place or place.startswith("/") for place in paths):
        return False
    files = [file for file in path.rglob("*") if file.relative_to(path).parts[0] not in _OUTPUTS]
    if any(file.is_symlink() for file in files):
        return False
    sources = (file for file in files if file.suffix == ".rs" and file.is_file())
    return not any(
        _FROM_OUTSIDE.search(file.read_text(encoding="utf-8", errors="replace")) for file in sources
    )


def _dependencies(table: Mapping[str, Any]) -> Iterator[Any]:
    """Every dependency of the manifest, those of single targets too."""
    for name, value in table.items():
        if name.endswith("dependencies") and isinstance(value, dict):
            yield from value.values()
        elif name == "target" and isinstance(value, dict):
            for inner in value.values():
                yield from _dependencies(inner)


def _targets(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if isinstance(manifest.get("lib"), dict):
        yield manifest["lib"]
    for kind in ("bin", "example", "test", "bench"):
        yield from (row for row in manifest.get(kind, []) if isinstance(row, dict))


def _inherits(value: Any) -> bool:
    """Whether a key is taken from a workspace (`version.workspace = true`)."""
    if isinstance(value, dict):
        return value.get("workspace") is True or any(map(_inherits, value.values()))
    return False
