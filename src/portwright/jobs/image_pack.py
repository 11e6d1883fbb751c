"""Make an image of a folder: a file system, an archive, of any format that is known here.

The same tree gives the same bytes: names are sorted, owners and times left out (the time is SOURCE_DATE_EPOCH, or 0),
and holes of files stay holes. What does not fit is refused, with the largest files and what stripping would save.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.errors import Where, fail
from portwright.base.events import Event
from portwright.base.sources import File
from portwright.jobs import Arg
from portwright.pack import bootstrap as bootstraps
from portwright.pack import format as formats
from portwright.pack import make, tree, written_by
from portwright.pack.make import Made
from portwright.pack.tree import Keeping

VERB = "image pack"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The tree, the image, and what its format can be told."""

    tree: Annotated[Path, Arg("The folder to pack.", positional=True)]
    format: Annotated[str, Arg("The format of the image.", short="f")]
    output: Annotated[Path, Arg("The image to write.", short="o", metavar="IMAGE")]
    size: Annotated[str | None, Arg("Its size: 64MiB, 2GiB, or bytes.", short="s")] = None
    most: Annotated[str | None, Arg("The size that it may not exceed.", metavar="SIZE")] = None
    inodes: Annotated[int | None, Arg("How many files there is room for.", metavar="N")] = None
    layout: Annotated[str | None, Arg("The revision of a format that has several.", metavar="NAME")] = None
    bootstrap: Annotated[Path | None, Arg("The program that the format carries.", metavar="ELF")] = None
    order: Annotated[
        str, Arg("Entries of a folder by name, or as the host lists them.", choices=("sorted", "given"))
    ] = "sorted"
    label: Annotated[str | None, Arg("The image's label.", metavar="TEXT")] = None
    uuid: Annotated[str | None, Arg("The image's UUID or serial number.", metavar="UUID")] = None
    compression: Annotated[str | None, Arg("How the format compresses.", metavar="NAME")] = None
    variant: Annotated[str | None, Arg("A choice of the format's own (FAT: 12, 16, 32).", metavar="NAME")] = (
        None
    )
    owners: Annotated[bool, Arg("Keep the files' users and groups (else 0:0).")] = False
    times: Annotated[bool, Arg("Keep when each file was changed.")] = False
    modes: Annotated[
        str, Arg("The files' modes, or 0755 for what is executable and 0644.", choices=("given", "plain"))
    ] = "given"
    manifest: Annotated[Path | None, Arg("Write a list of the files with their hashes.", metavar="FILE")] = (
        None
    )


@dataclass(frozen=True, slots=True)
class Result:
    """The image."""

    image: Made

    @property
    def status(self) -> int:
        """0: it is there (what cannot be packed raises)."""
        return 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Lay the tree out and write the image."""
    wanted = formats.named(arguments.format)
    if not wanted.holds_files:
        hint = "describe it as [image.NAME] in a port's port.toml"
        raise fail(f"a {wanted.name} image holds partitions, not a tree", None, hint, "image/partitions")
    if not arguments.tree.is_dir():
        raise fail("this is no folder", Where(arguments.tree), "name the folder to pack", "file/missing")
    said = {
        "size": arguments.size and make.size_of(arguments.size, "--size"),
        "most": arguments.most and make.size_of(arguments.most, "--most"),
        "inodes": arguments.inodes,
        "layout": arguments.layout,
        "bootstrap": _bootstrap(arguments.bootstrap),
        "order": arguments.order,
        "label": arguments.label,
        "uuid": make.uuid_of(arguments.uuid),
        "modified": tree.epoch(),
        "compression": arguments.compression,
        "variant": arguments.variant,
    }
    packing = make.packing(wanted, said, str(arguments.output))
    keeping = Keeping(arguments.owners, arguments.times, tree.epoch(), arguments.modes, arguments.order)
    nodes = tree.nodes(arguments.tree, keeping)
    if hasattr(wanted.module, "WRITTEN_BY"):
        work = written_by.make(
            wanted, arguments.tree, nodes, packing, arguments.output, listed=arguments.manifest
        )
        return Result((yield from work))
    return Result((yield from make.make(wanted, nodes, packing, arguments.output, listed=arguments.manifest)))


def _bootstrap(path: Path | None) -> File | None:
    if path is not None and not path.is_file():
        raise fail("no such file", Where(path), "--bootstrap takes an ELF program", "file/missing")
    if path is None:
        return None
    found = File(path)
    bootstraps.require(found)
    return found
