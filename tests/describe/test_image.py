"""[image.NAME] of port.toml: read, and every fault at its line; the recipes and steps that follow from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from port_copies import copied
from portwright.base.errors import BadInput
from portwright.derive import image_plan
from portwright.derive.image_plan import ImageFacts
from portwright.describe import port as ports
from portwright.describe.image import in_bytes

IMAGES = """
[image.disk]
format = "gpt"
[[image.disk.partition]]
label = "ROOT"
kind = "linux"
image = "inner"
size = "2MiB"

[image.inner]
format = "blockfs"
size = "1MiB"
tree = ["files"]
[[image.inner.file]]
path = "bin/hello"
program = "hello"
[[image.inner.file]]
path = "etc/x"
from = "files/x"
[[image.inner.file]]
path = "lib"
sysroot = "lib"
[[image.inner.stamp]]
file = "etc/x"
line = "id {stamp}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = copied("x86_64-unknown-veridian", tmp_path / "port")
    text = (folder / "port.toml").read_text()
    (folder / "port.toml").write_text(text[: text.index("# The root image")])
    (folder / "files").mkdir()
    (folder / "files" / "x").write_text("x\n")
    return folder


def described(folder: Path, text: str) -> ports.Port:
    with (folder / "port.toml").open("a") as file:
        file.write(text)
    return ports.load(str(folder))


def facts() -> ImageFacts:
    return ImageFacts(
        ("python", "-m", "portwright"), {"PYTHONPATH": "src"}, "code", {"files": "d"}, {"commit": "c"}
    )


def test_sizes() -> None:
    assert [in_bytes(each) for each in (5, "5", "2 KiB", "3M", "1GiB")] == [5, 5, 2048, 3 << 20, 1 << 30]


def test_a_recipe_holds_what_is_said_with_whole_paths(folder: Path) -> None:
    port = described(folder, IMAGES)
    texts = image_plan.texts(port, facts())
    inner = json.loads(texts["images/inner.json"])
    assert (inner["size"], inner["tree"], inner["version"]) == (
        1 << 20,
        [str(folder / "files")],
        {"commit": "c"},
    )
    assert inner["file"][1] == {"path": "etc/x", "from": str(folder / "files" / "x")}
    assert json.loads(texts["images/disk.json"])["partition"][0]["size"] == 2 << 20


def test_steps_follow_what_is_inside(folder: Path) -> None:
    port = described(folder, IMAGES)
    texts = image_plan.texts(port, facts())
    steps = image_plan.steps(port, facts(), texts, {"hello": "program-hello"})
    assert [(step.name, step.needs) for step in steps] == [
        ("image-inner", ("program-hello", "sysroot")),
        ("image-disk", ("image-inner",)),
        ("image", ("image-inner", "image-disk")),
    ]
    assert "program:hello={program-hello}" in steps[0].argv
    assert "image:inner={image-inner}/inner.img" in steps[1].argv
    assert [each.digest for each in steps[0].inputs][1:] == ["d", ""]
    assert image_plan.steps(port, facts(), texts, {}) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[image.a]\nformat = "blokfs"', "no image format `blokfs`"),
        ('[image.a]\nformat = "gpt"\nsize = "2 cups"', "`image.a.size`"),
        ('[image."A b"]\nformat = "gpt"', "is no name for an image"),
        ('[image.a]\nformat = "gpt"\nsiez = 3', "did you mean `size`"),
        ('[image.a]\nformat = "gpt"\ntree = ["gone"]', "no folder `gone`"),
        ('[image.a]\nformat = "fat"\n[[image.a.file]]\npath = "x"', "give one of from, text"),
        (
            '[image.a]\nformat = "fat"\n[[image.a.file]]\npath = "x"\ntext = ""\nprogram = "hello"',
            "not text and program",
        ),
        ('[image.a]\nformat = "fat"\n[[image.a.file]]\npath = "x"\nprogram = "helo"', "did you mean `hello`"),
        ('[image.a]\nformat = "fat"\n[[image.a.file]]\npath = "x"\nfrom = "gone"', "no file `gone`"),
        ('[image.a]\nformat = "fat"\n[[image.a.file]]\npath = "x"\nimage = "a"', "inside of itself"),
        ('[image.a]\nformat = "fat"\nbootstrap = "boot"', "no program `boot`"),
        ('[image.a]\nformat = "fat"\n[[image.a.stamp]]\nfile = "x"\nline = "x"', "with {stamp} where"),
        (
            '[image.a]\nformat = "gpt"\n[[image.a.partition]]\nlabel = "x"\nkind = "efi"\nimage = "b"',
            "no image `b`",
        ),
    ],
)
def test_a_fault_stands_at_its_line(folder: Path, text: str, says: str) -> None:
    before = (folder / "port.toml").read_text().count("\n")
    with pytest.raises(BadInput) as caught:
        described(folder, text + "\n")
    (fault,) = caught.value.faults
    assert says in str(fault)
    assert fault.where is not None
    assert (fault.where.line or 0) > before


def test_the_root_image_of_the_bundled_port() -> None:
    image = ports.load("x86_64-unknown-veridian").manifest.image["root"]
    assert {"bin/hello", "sbin/init", "etc/os-release"} <= {each.path for each in image.file}
    assert image.wants_sysroot
