"""Finds what the plan of a port's images is made from: how portwright is started, its code's hash, sources, revision."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import portwright
from portwright.base import revision
from portwright.base.hashing import hash_file, hash_tree, hash_value
from portwright.build import tool_versions
from portwright.derive.image_plan import ImageFacts
from portwright.describe import lock
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain

ROOMS = ("base", "formats", "pack")
"""The rooms whose code makes an image; the verb itself adds nothing."""


def gather(port: Port, toolchain: Toolchain, source_digest: str) -> ImageFacts | None:
    """The facts for a port's images; None where it has none."""
    images = port.manifest.image
    if not images:
        return None
    digests = {name: _digest(port.folder / name) for image in images.values() for name in image.sources}
    stamped = any(image.stamp for image in images.values())
    package = Path(portwright.__file__).resolve().parent
    return ImageFacts(
        (sys.executable, "-m", "portwright"),
        {"PYTHONPATH": str(package.parent)},
        fingerprint(package),
        digests,
        _version(port, toolchain, source_digest) if stamped else {},
    )


@cache
def fingerprint(package: Path) -> str:
    """The hash of the code that makes an image."""
    return hash_value(
        [hash_tree(package / room, keep=lambda name: "__pycache__" not in name) for room in ROOMS]
    )


def _digest(path: Path) -> str:
    if path.is_dir():
        return hash_tree(path)
    return hash_value([hash_file(path), bool(path.stat().st_mode & 0o100)])


def _version(port: Port, toolchain: Toolchain, source_digest: str) -> Mapping[str, str | int | bool]:
    found = revision.of(port.folder)
    locked = lock.of(toolchain, source_digest, tool_versions.versions(toolchain))
    return {
        "commit": found.commit,
        "dirty": found.dirty,
        "time": found.time,
        "lock": hash_value([dict(locked.facts), dict(locked.tools)]),
    }
