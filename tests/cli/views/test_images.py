"""What a person sees of the image verbs: nothing decorated away, names that cannot be printed escaped. The views are
image_pack, image_compose, image_ls, image_tree, image_cat, image_extract, image_add, image_rm, image_mv, image_chmod,
image_ln, image_mkdir, image_replay, image_diff, image_check, image_log, image_undo and image_stamp."""

from __future__ import annotations

import importlib
import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from portwright.formats import Partition
from portwright.jobs import (
    image_check,
    image_compose,
    image_diff,
    image_extract,
    image_log,
    image_ls,
    image_pack,
    image_stamp,
    image_tree,
    image_undo,
)
from portwright.pack.compare import Difference
from portwright.pack.listing import Row
from portwright.pack.make import Made
from portwright.pack.session import Changed
from portwright.pack.stamp import Stamp
from portwright.pack.verify import Checked, Finding

ROWS = (
    Row("/[b]", "directory", 0o755, 0, 0, 0, 0, 2),
    Row("/[b]/\udce9\x1b", "file", 0o644, 12, 1, 2, 86400, 1),
    Row("/[b]/l", "symlink", 0o777, 1, 0, 0, 0, 1, "\udcff"),
)
MADE = Made(Path("x.img"), "blockfs", 1 << 20, 0, 1, 2, 3, "ab" * 32)
CHANGED = Changed(Path("x.img"), 7, tuple(f"add file /{n}" for n in range(30)), 30 << 10)


@pytest.mark.parametrize(
    ("name", "result", "says"),
    [
        ("pack", image_pack.Result(MADE), ["x.img: blockfs, 1 MiB, 1 files, 2 folders, 3 symlinks", "abab"]),
        ("compose", image_compose.Result(MADE), ["x.img: blockfs"]),
        ("ls", image_ls.Result("x", "y", ROWS), ["[b]\n\\xe9\\x1b\nl -> \\xff\n"]),
        (
            "ls",
            image_ls.Result("x", "y", ROWS, long=True),
            ["-rw-r--r--  1    1    2 12 1970-01-02 00:00 \\xe9"],
        ),
        ("ls", image_ls.Result("x", "y", ROWS, recursive=True), ["/[b]/\\xe9\\x1b\n"]),
        (
            "ls",
            image_ls.Result("x", "gpt", partitions=(Partition(1, 34, 5, "bios", "B"),)),
            ["34", "bios", "B"],
        ),
        (
            "tree",
            image_tree.Result("x", "y", "/", ROWS),
            ["/\n└── [b]\n    ├── \\xe9\\x1b\n    └── l -> \\xff\n"],
        ),
        (
            "extract",
            image_extract.Result(Path("o"), 1, 2, 3, 9, ("/dev: no",)),
            ["left out: /dev: no", "9 bytes"],
        ),
        ("add", CHANGED, ["add file /0\n", "and 10 more", "edit 7 of x.img: 30 KiB changed"]),
        ("rm", Changed(Path("x.img"), None), ["nothing was changed"]),
        ("mv", CHANGED, ["edit 7"]),
        ("chmod", CHANGED, ["edit 7"]),
        ("ln", CHANGED, ["edit 7"]),
        ("mkdir", CHANGED, ["edit 7"]),
        ("replay", CHANGED, ["edit 7"]),
        (
            "diff",
            image_diff.Result(
                "a",
                "b",
                (Difference("/x", "only-left", "file"), Difference("/[y]", "mode", "0644", "0600")),
                5,
            ),
            ["/x: only in a (file)", "/[y]: mode: 0644 / 0600", "2 differences, 5 files are the same"],
        ),
        (
            "check",
            image_check.Result(
                (Checked("x", "blockfs", "BlockFS"),),
                (Finding("x", "a/b", "[wrong]", 16, "/f", "do it", "error", True),),
                ("did it",),
                3,
            ),
            [
                "mended: did it",
                "edit 3",
                "error at 0x10: /f: [wrong] [a/b] (can be mended: --repair)",
                "hint: do it",
            ],
        ),
        (
            "log",
            image_log.Result(
                Path("j"),
                (image_log.Row(1, "T", "image add", {}, "0", ("add [x]",), 1, 1, 4096, (), (), 2),),
            ),
            ["1  T  image add: 4 KiB changed  (undone by 2)", "add [x]"],
        ),
        ("log", image_log.Result(Path("j"), ()), ["nothing was edited yet"]),
        ("undo", image_undo.Result(Path("x"), 2, (1,), ("image add: x",)), ["undone: 1  image add: x"]),
        (
            "stamp",
            image_stamp.Result("x", (Stamp("/f", "ab" * 20, True, "T", "", "m", True),)),
            ["/f: revision abababababab with changes, T: files were changed since"],
        ),
        ("stamp", image_stamp.Result("x", ()), ["holds no stamp"]),
    ],
)
def test_a_view(name: str, result: Any, says: list[str]) -> None:
    file = io.StringIO()
    view = importlib.import_module(f"portwright.cli.views.image_{name}")
    view.view(result, Console(file=file, width=60, soft_wrap=True, highlight=False))
    for text in says:
        assert text in file.getvalue()
