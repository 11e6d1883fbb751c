"""Redox's initfs: the files that are there before any disk is, and the program that the kernel runs first.

Seven layouts have borne the same magic, and nothing in an image says which it is: reading tries those that its header
allows. R3, R4a, R4b and R5 can be written. What the bootstrap must be is not judged here (`pack/bootstrap.py`): of
it only the entry is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from portwright.base.errors import BadInput, Fault, raise_if
from portwright.base.sources import Source, Window
from portwright.formats import Layout, Node, Packing, Problem, Target
from portwright.formats.parts.redox_initfs_image import MAGIC, NO_ENTRY, PAGE, STRIDES, Initfs, elf_entry
from portwright.formats.parts.redox_initfs_writer import DEFAULT, WRITTEN, Plan, Tree

HOLDS = "files"
SUMMARY = "Redox's initfs: the files that are there before any disk is, and the program that starts first"
FIELDS = ("layout", "bootstrap", "order", "modified", "most")
BASE = 0x1000
"""The address at which the kernel maps an image's first byte; page 0 stays empty."""


def identify(source: Source) -> str | None:
    """See the contract."""
    if source.size < 26 or source.read(0, 8) != MAGIC:
        return None
    try:
        return f"Redox initfs, layout {Initfs(source).layout}"
    except BadInput:
        return "Redox initfs, damaged"


def read(source: Source) -> Initfs:
    """See the contract."""
    return Initfs(source)


def layout(nodes: Iterable[Node], packing: Packing) -> Layout:
    """See the contract. `Packing.layout` is R3 (the default), R4a, R4b or R5; the last needs a bootstrap."""
    name = packing.layout or DEFAULT
    tree = Tree(nodes, packing.order)
    faults = [*_packing_faults(name, packing), *tree.faults]
    plan = Plan(name if name in WRITTEN else DEFAULT, tree, packing)
    raise_if([*faults, *plan.faults(packing.most)])
    return Layout(plan.size, plan.pieces())


def _packing_faults(name: str, packing: Packing) -> Iterator[Fault]:
    choices = ", ".join(WRITTEN)
    if name not in WRITTEN:
        what = (
            f"layout {name} can be read but not written" if name in STRIDES else f"there is no layout {name}"
        )
        yield Fault(what, None, f"one of {choices}", "redox-initfs/layout")
    if packing.bootstrap is None and name == "R5":
        hint = "give the bootstrap's ELF file: the kernel jumps into it, nothing else starts"
        yield Fault("layout R5 is never without a bootstrap", None, hint, "redox-initfs/no-bootstrap")
    if packing.bootstrap is not None and elf_entry(packing.bootstrap) is None:
        what = f"the bootstrap {packing.bootstrap.name} is no ELF file"
        yield Fault(
            what, None, "it is the program `bootstrap` of Redox's base", "redox-initfs/bootstrap-kind"
        )
    if not 0 <= packing.modified < 1 << 64:
        yield Fault(
            f"{packing.modified} is no time that the header can hold", None, None, "redox-initfs/time"
        )


def packing(volume: Initfs) -> Packing:
    """See the contract. The bootstrap comes with the zeros up to its page's end: its length is written nowhere."""
    size = volume.bootstrap_size
    bootstrap = Window(volume.source, PAGE, size, f"bootstrap of {volume.source.name}") if size else None
    header = volume.header
    most = max(volume.source.size + PAGE, 64 << 20)
    return Packing(
        layout=header.layout, bootstrap=bootstrap, order="given", modified=header.created, most=most
    )


def stored_target(layout: str, link: bytes, target: bytes, root: bytes = b"") -> bytes:
    """What an image stores for a symlink of the host's, `link` being its path in the tree.

    R3 counts from the image's root and leaves `..` where they are; later layouts count from the link's own folder.
    An absolute target becomes the way there from `root`, the tree's absolute path on the host, as the archivers do
    it: it may lead out of the image. Without `root` it is taken for a path in the image.
    """
    folder = _parts(link)[:-1]
    start = _parts(root) + ([] if layout == "R3" else folder)
    if target.startswith(b"/"):
        goal = _parts(target) if root else _parts(root) + _parts(target)
    else:
        goal = _parts(root) + folder + _parts(target)
    same = 0
    while same < min(len(start), len(goal)) and start[same] == goal[same]:
        same += 1
    return b"/".join([b".."] * (len(start) - same) + goal[same:])


def _parts(path: bytes) -> list[bytes]:
    return [part for part in path.split(b"/") if part not in (b"", b".")]


def check(source: Source) -> Iterator[Problem]:
    """See the contract."""
    try:
        image = Initfs(source)
    except BadInput as error:
        for fault in error.faults:
            address = fault.where.address if fault.where else None
            yield Problem(fault.code or "", fault.what, address, hint=fault.hint or "")
        return
    yield from _problems(image)


def _problems(image: Initfs) -> Iterator[Problem]:
    whole = True
    for problem in _tree_problems(image):
        whole = whole and not problem.code.endswith("outside")
        yield problem
    yield from _place_problems(image)
    yield from _size_problems(image, whole)
    yield from _start_problems(image)


def _tree_problems(image: Initfs) -> Iterator[Problem]:
    init = False
    for found in image.explore():
        if isinstance(found, Problem):
            yield found
            continue
        init = init or found.path == b"bin/init" or (found.path == b"bin" and found.kind == "symlink")
        try:
            found.name.decode()
        except UnicodeDecodeError:
            what = "its name is not UTF-8: nobody can open it, since paths in Redox are text"
            yield Problem("redox-initfs/name-text", what, path=found.path, severity="warning")
    for number, reached in enumerate(image.reached):
        if not reached:
            place = image.header.table + number * image.stride
            lost = Problem("redox-initfs/lost", f"inode {number} is in no folder", place, severity="warning")
            yield image.trouble(number) or lost
    if not init:
        hint = "the bootstrap executes /scheme/initfs/bin/init, and nothing goes on without it"
        yield Problem("redox-initfs/no-init", "there is no bin/init", hint=hint, severity="warning")


def _place_problems(image: Initfs) -> Iterator[Problem]:
    """What lies where nothing of its kind may lie."""
    header = image.header
    taken = [(0, 34 if header.layout == "R5" else 26, "the header")]
    taken.append((header.table, header.table + len(image.rows), "the inodes"))
    for number in range(header.count):
        _, length, offset = image.inode(number)
        if length and image.trouble(number) is None:
            taken.append((offset, offset + length, f"inode {number}"))
            if header.page and offset % PAGE:
                what = f"the content of inode {number} begins inside a page, and programs may map it"
                yield Problem("redox-initfs/alignment", what, offset)
    taken = sorted(set(taken))
    reach, owner = 0, ""
    for start, end, what in taken:
        if start < reach:
            yield Problem("redox-initfs/overlap", f"{what} lies in the same place as {owner}", start)
        if end > reach:
            reach, owner = end, what
    image.used = max(image.used, reach)


def _size_problems(image: Initfs, whole: bool) -> Iterator[Problem]:
    """The sizes that the header names. `image.used` is known by now."""
    header, size = image.header, image.source.size
    if header.page not in (None, PAGE):
        what = f"it is made for pages of {header.page} bytes, and the bootstrap takes {PAGE} only"
        yield Problem("redox-initfs/page-size", what, 0x14 if header.layout == "R5" else 0x2A)
    if header.size is None:
        return
    place = 0x0C if header.layout == "R5" else 0x22
    if not image.used <= header.size <= size:
        what = f"the header says {header.size} bytes, the file has {size}, of which {image.used} are in use"
        hint = "" if whole else "the image was cut off"
        yield Problem("redox-initfs/size", what, place, hint=hint, mends=whole)
    elif size - header.size >= PAGE or any(image.source.read(header.size, size - header.size)):
        what = f"{size - header.size} bytes follow its end, which nobody will see"
        hint = "a partition is not its place: a boot loader looks there for a file system that holds it as a file"
        yield Problem("redox-initfs/trailing", what, header.size, hint=hint, severity="warning")


def _start_problems(image: Initfs) -> Iterator[Problem]:
    """Where the kernel jumps to."""
    entry, size = image.header.entry, image.bootstrap_size
    if image.layout == "R0":
        return
    found = elf_entry(image.source, PAGE) if size else None
    mends = found not in (None, 0, NO_ENTRY)
    if entry in (0, NO_ENTRY):
        code = "no-entry" if entry == 0 else "no-bootstrap"
        what = "the kernel refuses to start a bootstrap at address 0"
        if entry:
            what = (
                "there is no bootstrap: the kernel prints `Bootstrap entry point: FFFFFFFFFFFFFFFF` and dies"
            )
        hint = (
            f"an ELF file with the entry {found:#x} is there" if mends else "pack it anew, with a bootstrap"
        )
        yield Problem(f"redox-initfs/{code}", what, 0x1A, hint=hint, mends=mends)
    elif found is None:
        what = f"the kernel will jump to {entry:#x}, but no ELF file lies behind the header"
        yield Problem("redox-initfs/bootstrap-kind", what, PAGE, hint="pack it anew, with a bootstrap")
    elif found != entry:
        what = f"the kernel will jump to {entry:#x}, and the bootstrap's own entry is {found:#x}"
        yield Problem("redox-initfs/entry-differs", what, 0x1A, mends=mends)
    elif not BASE + PAGE <= entry < BASE + PAGE + size:
        what = f"the entry {entry:#x} is outside the bootstrap, which is run in place at {BASE + PAGE:#x}"
        hint = f"link it to {BASE + PAGE:#x}, with bootstrap's own linker script"
        yield Problem("redox-initfs/entry-outside", what, 0x1A, hint=hint)


def repair(target: Target) -> list[str]:
    """See the contract: the header's size and entry, where the rest of the image says what they must be."""
    image, done = Initfs(target), []
    for problem in list(_problems(image)):
        if problem.mends and problem.code == "redox-initfs/size":
            target.write(problem.address or 0, struct.pack("<Q", image.used))
            done.append(f"the size in the header is {image.used} now, and was {image.header.size}")
        elif problem.mends:
            entry = elf_entry(target, PAGE) or 0
            target.write(0x1A, struct.pack("<Q", entry))
            done.append(f"the entry in the header is {entry:#x} now, and was {image.header.entry:#x}")
    return done
