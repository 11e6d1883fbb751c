"""The formats of images: found by their names in `formats/`, and known by their bytes, each asked for its own magic.

A format that is not told is the one that says the bytes are its own; one that is told and that another contradicts
is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from portwright.base import rooms
from portwright.base.errors import BadInput, Fault, Where, closest, fail
from portwright.base.sources import Source
from portwright.formats import Editor, Layout, Node, Packing, Partition, Partitions, Problem, Target, Volume

ROOM = "portwright.formats"


@dataclass(frozen=True, slots=True)
class Format:
    """An entry of `formats/` that holds files or partitions (see there what each of these does)."""

    name: str
    module: Any

    @property
    def holds_files(self) -> bool:
        """Whether it holds files, and not partitions."""
        return bool(self.module.HOLDS == "files")

    @property
    def fields(self) -> frozenset[str]:
        """The fields of `Packing` that it heeds."""
        return frozenset(self.module.FIELDS)

    @property
    def in_place(self) -> bool:
        """Whether its files can be changed in place."""
        return hasattr(self.module, "edit")

    @property
    def mends(self) -> bool:
        """Whether it can repair an image."""
        return hasattr(self.module, "repair")

    def identify(self, source: Source) -> str | None:
        """What the bytes are, if they are this format's."""
        found = self.module.identify(source)
        assert found is None or isinstance(found, str)
        return found

    def read(self, source: Source) -> Volume:
        """The files of an image."""
        volume: Volume = self.module.read(source)
        return volume

    def partitions(self, source: Source) -> Partitions:
        """The partitions of an image."""
        table: Partitions = self.module.read(source)
        return table

    def layout(self, nodes: Iterable[Node], packing: Packing) -> Layout:
        """The image of a tree."""
        made: Layout = self.module.layout(nodes, packing)
        return made

    def layout_of(self, partitions: Iterable[Partition], packing: Packing) -> Layout:
        """The image of partitions."""
        made: Layout = self.module.layout(tuple(partitions), packing)
        return made

    def packing(self, volume: Volume) -> Packing:
        """How an image like this one is made again."""
        found: Packing = self.module.packing(volume)
        return found

    def check(self, source: Source) -> Iterator[Problem]:
        """Everything that is wrong with an image."""
        yield from self.module.check(source)

    def edit(self, target: Target) -> Editor:
        """Changes the files of an image in place."""
        editor: Editor = self.module.edit(target)
        return editor

    def repair(self, target: Target) -> list[str]:
        """Mends what can be mended safely; what was done."""
        return list(self.module.repair(target))


@cache
def formats() -> tuple[Format, ...]:
    """Every format that holds something."""
    found = rooms.load_all(ROOM)
    return tuple(Format(name, module) for name, module in found.items() if hasattr(module, "HOLDS"))


def named(name: str) -> Format:
    """The format of that name; raises `BadInput` with what there is."""
    for each in formats():
        if each.name == name:
            return each
    names = [each.name for each in formats()]
    near = closest(name, names)
    hint = f"did you mean `{near}`? " if near else ""
    raise fail(f"no image format `{name}`", None, f"{hint}there are: {', '.join(names)}", "image/format")


def identified(source: Source) -> tuple[Format, str] | None:
    """The first format that says that the bytes are its own, and what it says."""
    for each in formats():
        says = each.identify(source)
        if says is not None:
            return each, says
    return None


def format_of(source: Source, forced: str | None = None) -> Format:
    """The format of an image; raises `BadInput` where there is none, or where the bytes contradict the forced one."""
    found = identified(source)
    if forced is None:
        if found is None:
            raise BadInput([_unknown(source)])
        return found[0]
    wanted = named(forced)
    if wanted.identify(source) is None and found is not None:
        raise fail(
            f"this is a {found[1]}, not {_article(wanted)}",
            Where(source.name, address=0),
            f"it begins with {_beginning(source)}; {tools(found[0], wanted)}read it with --format {found[0].name},"
            " or leave the option out",
            "image/contradicted",
        )
    return wanted


def tools(*wanted: Format) -> str:
    """What the formats' own tools are called, where their entries say it (`TOOLS`)."""
    known = [(each.name, getattr(each.module, "TOOLS", "")) for each in wanted]
    said = [f"{tool} ({name})" for name, tool in known if tool]
    return f"the tools are {' and '.join(said)}; " if said else ""


def _article(wanted: Format) -> str:
    return f"{wanted.name} ({wanted.module.SUMMARY})" if wanted.module.SUMMARY else wanted.name


def _beginning(source: Source) -> str:
    data = source.read(0, min(8, source.size))
    shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)
    return f"{data.hex(' ')} ({shown})"


def _unknown(source: Source) -> Fault:
    names = ", ".join(each.name for each in formats())
    begins = _beginning(source) if source.size else "nothing: the file is empty"
    return Fault(
        "this is no image of a kind that is known here",
        Where(source.name),
        f"it begins with {begins}; known are: {names}",
        "image/unknown",
    )
