"""Makes an image by the tool of a format's own authors, where only that writes it: into a file without a name, read back,
compared with the tree, and then put in its place."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from pathlib import Path

from portwright.base.errors import BadInput, Fault, MissingTool, StepFailed, Where
from portwright.base.events import Event, Note
from portwright.base.files import disk_errors
from portwright.base.processes import paste, run, which
from portwright.base.sources import File, Source
from portwright.formats import Node, Packing, Volume
from portwright.pack import make as making
from portwright.pack import volume as volumes
from portwright.pack import write
from portwright.pack.format import Format
from portwright.pack.make import Made
from portwright.pack.place import printable

BLOCK, SPARE = 4096, 8 << 20
"""Bytes: what each file takes beside its content, at most, and what a file system takes for itself."""
NOT_OURS = "owners, modes and times are the folder's, and the uuid is a fresh one: two runs do not give the same bytes"


def make(
    wanted: Format,
    tree: Path,
    nodes: Sequence[Node],
    said: Packing,
    output: Path,
    *,
    listed: Path | None = None,
) -> Generator[Event, None, Made]:
    """Make the image; raises `MissingTool` without the tool, `BadInput` where the tree does not fit."""
    name, install = wanted.module.WRITTEN_BY
    tool = which(name)
    if tool is None:
        what = f"a {wanted.name} is written by `{name}`, which is not on this machine"
        raise MissingTool([Fault(what, None, install, "tool/missing")])
    yield Note(f"{name} writes it: {NOT_OURS}", "warning")
    size = said.size or room(nodes)
    with disk_errors(output, write.ELSEWHERE), write.replaced(output) as descriptor:
        os.ftruncate(descriptor, size)
        place = f"/proc/{os.getpid()}/fd/{descriptor}"
        done = run([str(tool), place, str(tree)])
        said_last = (done.error_text.strip().splitlines() or ["it says nothing"])[-1]
        if done.status != 0:
            what = f"{name} did not write it into {size:,} bytes: {said_last}"
            hint = f"give it more with --size, or see what it says: {paste(done.argv)}"
            faults = [Fault(what, Where(output), hint, f"{wanted.name}/does-not-fit"), *making.largest(nodes)]
            raise BadInput(faults)
        _compare(wanted, File(place, size), nodes, name)
    total = making.list_nodes(nodes, {}, listed) if listed is not None else ""
    return making.made(wanted, output, size, nodes, total)


def room(nodes: Sequence[Node]) -> int:
    """Bytes that are enough for a tree, in whole MiB."""
    content = sum(-(-node.size // BLOCK) * BLOCK for node in nodes if not node.same_as)
    return -(-(content * 11 // 10 + 2 * BLOCK * len(nodes) + SPARE) // (1 << 20)) << 20


def _compare(wanted: Format, image: Source, nodes: Sequence[Node], tool: str) -> None:
    """Raise unless all of the tree is in the image."""
    volume = wanted.read(image)
    found = {node.path: node for node in volume.walk()}
    lost = [node.path for node in nodes if not _same(volume, found.get(node.path), node)]
    lost += sorted(found.keys() - {node.path for node in nodes})
    if lost:
        shown = ", ".join(f"/{printable(path)}" for path in lost[:5])
        what = f"{len(lost)} of {len(nodes)} files are not in what {tool} wrote as they are in the folder: {shown}"
        hint = "a folder that changes meanwhile, or another version of the tool: try once more"
        raise StepFailed([Fault(what, None, hint, f"{wanted.name}/written")])


def _same(volume: Volume, found: Node | None, node: Node) -> bool:
    if found is None or found.kind != node.kind:
        return False
    if node.kind == "symlink":
        return found.target == node.target
    if node.kind != "file" or node.content is None:
        return True
    written = volumes.content(volume, found)
    return written.size == node.content.size and all(
        one == two for one, two in zip(volumes.chunks(written), volumes.chunks(node.content), strict=True)
    )
