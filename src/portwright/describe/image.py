"""A port's images: [image.NAME] says what is in one, of which format and size it is, and where its stamps go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from portwright.base import rooms
from portwright.base.errors import Fault, Where, closest
from portwright.describe.model import Described
from portwright.describe.toml_file import Places

UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
Size = int | Annotated[str, Field(pattern=r"^\d+ ?([KMG]i?B?|B)?$")]
Mode = Annotated[str, Field(pattern=r"^[0-7]{3,4}$")]
STAMP = "{stamp}"


def in_bytes(size: int | str) -> int:
    """The bytes of `4096`, `64KiB`, `2GiB` (all powers of 1024)."""
    if isinstance(size, int):
        return size
    found = re.match(r"(\d+) ?([KMG]?)", size)
    assert found is not None
    return int(found[1]) * UNITS[found[2].lower()]


class ImageFile(Described):
    """[[image.NAME.file]]: one file, or a folder with all in it, from one of these: a path of the port's folder
    (`from`), a `text`, a built `program`, a path of the built `sysroot`, another `image` of the port."""

    path: str
    from_: str | None = Field(None, alias="from")
    text: str | None = None
    program: str | None = None
    sysroot: str | None = None
    image: str | None = None
    mode: Mode | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> ImageFile:
        given = [each for each in ORIGINS if getattr(self, "from_" if each == "from" else each) is not None]
        if len(given) != 1:
            raise ValueError(
                f"give one of {', '.join(ORIGINS)}" + (f", not {' and '.join(given)}" if given else "")
            )
        return self


ORIGINS = ("from", "text", "program", "sysroot", "image")


class ImagePartition(Described):
    """[[image.NAME.partition]]: what lies in it is another `image` of the port, or a file (`from`), or nothing.

    `start` and `size` in bytes or as `1MiB`; without them it follows the one before and takes what its content needs.
    """

    label: str
    kind: str
    start: Size | None = None
    size: Size | None = None
    image: str | None = None
    from_: str | None = Field(None, alias="from")
    uuid: str | None = None


class ImageStamp(Described):
    """[[image.NAME.stamp]]: a `line` of a `file` of the image, in which `{stamp}` becomes the version record."""

    file: str
    line: str

    @field_validator("line")
    @classmethod
    def _has_place(cls, line: str) -> str:
        if STAMP not in line or "\n" in line:
            raise ValueError(f"one line, with {STAMP} where the version record goes")
        return line


class Image(Described):
    """[image.NAME]. What a format can be told is in `describe`'s words the same as on the command line of `image
    pack`. `tree` are folders of the port, laid over each other; `directory`, `symlink` (path = target) and `file` come
    on top of them."""

    format: str
    size: Size | None = None
    most: Size | None = None
    inodes: int | None = None
    layout: str | None = None
    order: Literal["sorted", "given"] = "sorted"
    label: str | None = None
    uuid: str | None = None
    compression: str | None = None
    variant: str | None = None
    bootstrap: str | None = None
    tree: list[str] = []
    directories: dict[str, Mode] = {}
    symlinks: dict[str, str] = {}
    file: list[ImageFile] = []
    partition: list[ImagePartition] = []
    stamp: list[ImageStamp] = []

    @property
    def needs(self) -> list[str]:
        """The port's other images that are in it."""
        rows = [inner for _, _, inner, _ in _references(self)]
        return [name for name in dict.fromkeys(rows) if name is not None]

    @property
    def programs(self) -> list[str]:
        """The port's programs that are in it."""
        rows = [*(each.program for each in self.file), self.bootstrap]
        return [name for name in dict.fromkeys(rows) if name is not None]

    @property
    def sources(self) -> list[str]:
        """The paths of the port's folder that go into it."""
        rows = [*self.tree, *(source for _, _, _, source in _references(self))]
        return [name for name in dict.fromkeys(rows) if name is not None]

    @property
    def wants_sysroot(self) -> bool:
        """Whether something of the sysroot is in it."""
        return any(each.sysroot is not None for each in self.file)


def faults(images: Mapping[str, Image], programs: list[str], places: Places) -> Iterator[Fault]:
    """What the images name that is not there, each at its place."""
    formats = rooms.names("portwright.formats")
    for name, image in images.items():
        if image.format not in formats:
            near = closest(image.format, formats)
            hint = f"did you mean `{near}`?" if near else f"there are: {', '.join(formats)}"
            where = places("image", name, "format")
            yield Fault(f"no image format `{image.format}`", where, hint, "image/format")
        for index, file in enumerate(image.file):
            if file.program is not None and file.program not in programs:
                where = places("image", name, "file", index, "program")
                yield _unknown("program", file.program, programs, where)
        if image.bootstrap is not None and image.bootstrap not in programs:
            yield _unknown("program", image.bootstrap, programs, places("image", name, "bootstrap"))
        for kind, index, inner, _ in _references(image):
            if inner is not None and inner not in images:
                yield _unknown("image", inner, list(images), places("image", name, kind, index, "image"))
        yield from _not_there(name, image, places)
        if name in _inside(images, name):
            yield Fault(
                f"the image `{name}` is inside of itself", places("image", name), None, "image/circle"
            )


def _unknown(kind: str, name: str, known: list[str], where: Where) -> Fault:
    near = closest(name, known)
    hint = f"did you mean `{near}`? " if near else ""
    return Fault(
        f"no {kind} `{name}`", where, f"{hint}there are: {', '.join(known) or 'none'}", f"image/{kind}"
    )


def _not_there(name: str, image: Image, places: Places) -> Iterator[Fault]:
    folder = places.path.parent
    for index, tree in enumerate(image.tree):
        if not (folder / tree).is_dir():
            where = places("image", name, "tree", index)
            yield Fault(f"there is no folder `{tree}`", where, "a folder, relative to this one", "image/tree")
    for kind, index, _, source in _references(image):
        if source is not None and not (folder / source).exists():
            where = places("image", name, kind, index, "from")
            yield Fault(
                f"there is no file `{source}`", where, "a path, relative to this folder", "image/from"
            )


def _references(image: Image) -> Iterator[tuple[str, int, str | None, str | None]]:
    """(`file` or `partition`, which, the image in it, the path it comes from)."""
    for index, file in enumerate(image.file):
        yield "file", index, file.image, file.from_
    for index, part in enumerate(image.partition):
        yield "partition", index, part.image, part.from_


def _inside(images: Mapping[str, Image], name: str) -> set[str]:
    found: set[str] = set()
    waiting = list(images[name].needs)
    while waiting:
        each = waiting.pop()
        if each in images and each not in found:
            found.add(each)
            waiting += images[each].needs
    return found


def in_order(images: Mapping[str, Image]) -> list[str]:
    """The names, each after those that are in it."""
    done: list[str] = []

    def take(name: str) -> None:
        for need in images[name].needs:
            if need not in done:
                take(need)
        if name not in done:
            done.append(name)

    for name in images:
        take(name)
    return done
