"""Makes an image from its recipe: what [image.NAME] of a port says, with the places of what was built for it."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from portwright.base.errors import Fault, Where, fail, raise_if
from portwright.base.events import Event
from portwright.base.sources import File, Memory, Source
from portwright.formats import Node, Partition
from portwright.pack import bootstrap, make, stamp, tree, write
from portwright.pack import format as formats
from portwright.pack.format import Format
from portwright.pack.make import Made
from portwright.pack.place import encoded, inner, printable
from portwright.pack.stamp import Version
from portwright.pack.tree import Keeping

ALIGNMENT = 1 << 20
PLAIN = "plain"
TOLD = ("size", "most", "inodes", "layout", "order", "label", "compression", "variant")


def read(path: Path) -> dict[str, Any]:
    """A recipe; raises `BadInput` where it is none."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(said, dict) and "format" in said:
            return said
    except (OSError, ValueError):
        pass
    raise fail(
        "this is no recipe of an image",
        Where(path),
        "`portwright build PORT image` writes them",
        "image/recipe",
    )


def compose(
    recipe: Mapping[str, Any], made: Mapping[str, str], output: Path, listed: Path | None
) -> Generator[Event, None, Made]:
    """Make the image; `made` leads from `program:NAME`, `image:NAME` and `sysroot` to what was built."""
    wanted = formats.named(recipe["format"])
    said = {name: recipe.get(name) for name in TOLD}
    said["uuid"] = make.uuid_of(recipe.get("uuid"))
    said["modified"] = _time(recipe)
    if recipe.get("bootstrap") is not None:
        said["bootstrap"] = started = File(binary(made, recipe["bootstrap"]))
        bootstrap.require(started)
    packing = make.packing(wanted, said, str(recipe.get("name", output)))
    if not wanted.holds_files:
        return (yield from _disk(wanted, recipe, made, output, packing))
    nodes = _nodes(recipe, made)
    if recipe.get("stamp"):
        places = [(inner(row["file"]), str(row["line"])) for row in recipe["stamp"]]
        nodes = stamp.stamp_nodes(nodes, places, Version(**recipe["version"]))
    return (yield from make.make(wanted, nodes, packing, output, listed=listed))


def _time(recipe: Mapping[str, Any]) -> int:
    """The time that files are given: the version's, where there is one."""
    return tree.epoch() or int(recipe.get("version", {}).get("time", 0))


def _nodes(recipe: Mapping[str, Any], made: Mapping[str, str]) -> list[Node]:
    """The whole tree: folders laid over each other, then what the recipe names, each folder before what is in it."""
    found: dict[bytes, Node] = {b"": Node(b"", "directory", 0o755)}
    keeping = Keeping(modes=PLAIN)
    faults: list[Fault] = []
    for folder in recipe.get("tree", []):
        found |= {node.path: node for node in tree.nodes(folder, keeping)}
    for path, mode in recipe.get("directories", {}).items():
        found[inner(path)] = Node(inner(path), "directory", int(mode, 8))
    for path, target in recipe.get("symlinks", {}).items():
        raw = encoded(target)
        found[inner(path)] = Node(inner(path), "symlink", 0o777, len(raw), raw)
    for row in recipe.get("file", []):
        path = inner(row["path"])
        nodes = _file(row, path, made, keeping)
        if "mode" in row:
            nodes[0] = replace(nodes[0], mode=int(row["mode"], 8))
        found |= {node.path: node for node in nodes}
    for path in list(found):
        _fill_in(found, path, faults)
    raise_if(faults)
    for node in found.values():
        node.modified = _time(recipe)
    return sorted(found.values(), key=lambda node: node.path.split(b"/") if node.path else [])


def _fill_in(found: dict[bytes, Node], path: bytes, faults: list[Fault]) -> None:
    """The folders above a path that nothing names."""
    parent = path.rpartition(b"/")[0]
    while path and parent not in found:
        found[parent] = Node(parent, "directory", 0o755)
        parent = parent.rpartition(b"/")[0]
    if path and found[parent].kind != "directory":
        what = f"`/{printable(path)}` lies below `/{printable(parent)}`, which is no folder"
        faults.append(Fault(what, None, "one of the two is to go", "image/recipe"))


def _file(row: Mapping[str, Any], path: bytes, made: Mapping[str, str], keeping: Keeping) -> list[Node]:
    if "text" in row:
        data = encoded(row["text"])
        return [Node(path, "file", 0o644, len(data), content=Memory(data, printable(path)))]
    if "program" in row:
        program = File(binary(made, row["program"]))
        return [Node(path, "file", 0o755, program.size, content=program)]
    if "image" in row:
        image = File(_made(made, f"image:{row['image']}"))
        return [Node(path, "file", 0o644, image.size, content=image)]
    if "sysroot" in row:
        return tree.single(Path(_made(made, "sysroot")) / row["sysroot"], path, keeping)
    return tree.single(row["from"], path, keeping)


def _made(made: Mapping[str, str], what: str) -> str:
    if what not in made:
        raise fail(f"where is `{what}`?", None, f"say it with --made {what}=PATH", "image/recipe")
    return made[what]


def binary(made: Mapping[str, str], program: str) -> Path:
    """The binary of a program, in the folder of the step that built it."""
    folder = Path(_made(made, f"program:{program}"))
    if folder.is_file():
        return folder
    for single in (folder / "bin" / program, folder / program):
        if single.is_file():
            return single
    messages = folder / "messages.json"
    rows = messages.read_text().splitlines() if messages.is_file() else []
    named = [json.loads(line).get("executable") for line in rows if line.startswith("{")]
    paths = sorted((Path(each) for each in named if each), key=lambda path: (path.name != program, path.name))
    if not paths:
        raise fail(f"the program `{program}` was not built", Where(folder), None, "image/program")
    return paths[0]


def _disk(
    wanted: Format, recipe: Mapping[str, Any], made: Mapping[str, str], output: Path, packing: Any
) -> Generator[Event, None, Made]:
    rows: list[Partition] = []
    at = ALIGNMENT
    for number, row in enumerate(recipe.get("partition", []), 1):
        content = _content(row, made)
        start = int(row.get("start", at))
        size = int(row["size"]) if "size" in row else _aligned(content.size if content else 0)
        if content is not None and content.size > size:
            what = f"the partition `{row['label']}` has {size:,} bytes, its content {content.size:,}"
            raise fail(what, None, "give it a larger `size`", "image/full")
        uuid = make.uuid_of(row.get("uuid")) or 0
        rows.append(Partition(number, start, size, row["kind"], row["label"], uuid, content=content))
        at = _aligned(start + size)
    written = yield from write.write(wanted.layout_of(rows, packing), output)
    return Made(output, wanted.name, written.size, output.stat().st_blocks * 512, 0, 0, 0)


def _content(row: Mapping[str, Any], made: Mapping[str, str]) -> Source | None:
    if "image" in row:
        return File(_made(made, f"image:{row['image']}"))
    return File(row["from"]) if "from" in row else None


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
