"""Adds a file to an image when a line comes on standard input: the tests kill it at a random moment."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "toy"))

import portwright_with_toys  # noqa: F401

from portwright.base import rooms
from portwright.pack import format as formats
from portwright.pack import transaction


def main() -> None:
    """`killed_edit.py IMAGE FILE [--large]`"""
    formats.formats()
    job = rooms.load("portwright.jobs", "image-add")
    if "--large" in sys.argv:
        transaction.BESIDE = 0
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in job.run(job.Arguments(sys.argv[1], Path(sys.argv[2]))):
        pass


if __name__ == "__main__":
    main()
