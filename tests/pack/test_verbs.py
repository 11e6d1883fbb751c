"""The image verbs on images of the tests' formats: packing, looking, editing, at the top and inside of others."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pack.conftest import document
from portwright.base.errors import BadInput, PortwrightError

Verb = Callable[..., Any]
Cli = Callable[..., Any]


def paths(verb: Verb, image: str | Path, path: str | None = None, *, deep: bool = True) -> list[str]:
    return [row.path for row in verb("ls", image=str(image), path=path, recursive=deep).rows]


def cat(verb: Verb, image: str | Path, path: str | None = None) -> bytes:
    return b"".join(verb("cat", image=str(image), path=path).chunks())


def test_what_was_packed_is_listed(toy: Path, verb: Verb) -> None:
    assert paths(verb, toy) == [
        "/bin",
        "/bin/init",
        "/bin/sh",
        "/empty",
        "/etc",
        "/etc/init.rc",
        "/etc/pcid",
        "/etc/pcid/initfs.toml",
        "/etc/zero",
    ]
    assert paths(verb, toy, deep=False) == ["/bin", "/empty", "/etc"]
    assert paths(verb, toy, "/bin/sh") == ["/bin/init"]
    assert (
        cat(verb, toy, "/etc/init.rc") == b"echo hello\nrun /bin/init\n" == cat(verb, f"{toy}:/etc/init.rc")
    )
    assert cat(verb, toy, "bin/sh") == bytes(range(256)) * 40


def test_the_same_tree_gives_the_same_bytes(tree: Path, toy: Path, tmp_path: Path, verb: Verb) -> None:
    for path in (*tree.rglob("*"), tree):
        os.utime(path, (5, 5), follow_symlinks=False)
    verb("pack", tree=tree, format="toyfs", output=tmp_path / "again", size="1MiB")
    assert (tmp_path / "again").read_bytes() == toy.read_bytes()


def test_nested_places(disk: Path, verb: Verb) -> None:
    assert [each.label for each in verb("ls", image=str(disk)).partitions] == ["BOOT", "ROOT", "EMPTY"]
    assert paths(verb, f"{disk}:ROOT", "/boot/initfs", deep=False) == ["/bin", "/empty", "/etc"]
    assert paths(verb, f"{disk}:2:/boot", deep=False) == ["/boot/initfs"]
    assert cat(verb, f"{disk}:2:/boot/initfs:/etc/init.rc").startswith(b"echo hello")
    assert cat(verb, f"{disk}:BOOT", "/etc/init.rc").startswith(b"echo hello")


@pytest.mark.parametrize(
    ("address", "path", "says"),
    [
        ("{disk}", "/etc", "say which: 1 (BOOT), 2 (ROOT), 3 (EMPTY)"),
        ("{disk}:4", None, "there are: 1 (BOOT), 2 (ROOT), 3 (EMPTY)"),
        ("{disk}:3", None, "it begins with 00 00"),
        ("{disk}:2:/boot/initf", None, "did you mean `initfs`? `/boot` holds: initfs"),
        ("{disk}:2:/nothing/there", None, "there is no folder `/nothing` either"),
        ("{disk}:2:/etc:/x", None, "a path goes on with `/` in a folder"),
        ("{disk}:2:/etc/init.rc:/x", None, "it begins with 65 63 68 6f"),
        ("{disk}::/x", None, "then a partition or a path behind each colon"),
        ("{disk}.gone", None, "No such file"),
    ],
)
def test_an_error_names_the_level(disk: Path, verb: Verb, address: str, path: str | None, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        verb("ls", image=address.format(disk=disk), path=path)
    assert says in str(caught.value)


def test_a_forced_format_that_the_magic_contradicts(toy: Path, verb: Verb) -> None:
    with pytest.raises(BadInput) as caught:
        verb("ls", image=str(toy), format="toybox")
    assert "this is a toy file system, not toybox" in str(caught.value)
    assert "toybox-ar (toybox)" in str(caught.value)
    assert verb("ls", image=str(toy), format="toyfs").format == "toyfs"
    with pytest.raises(BadInput, match="no image format `toyboxx`"):
        verb("ls", image=str(toy), format="toyboxx")


def test_names_with_colons(tree: Path, tmp_path: Path, verb: Verb) -> None:
    (tree / "a:b").write_text("x")
    image = tmp_path / "odd:name.img"
    verb("pack", tree=tree, format="toyfs", output=image)
    assert cat(verb, str(image), "/a:b") == b"x"
    escaped = str(image).replace(":", "\\:")
    assert cat(verb, f"{escaped}:/a\\:b") == b"x"


def test_edits(toy: Path, tmp_path: Path, verb: Verb) -> None:
    (tmp_path / "new.txt").write_text("new\n")
    image = str(toy)
    assert verb("add", image=image, source=tmp_path / "new.txt", path="/etc/").edit == 1
    verb("add", image=image, source=tmp_path / "new.txt", path="/etc/init.rc", mode="600")
    verb("mkdir", image=image, path="/usr/lib/x", parents=True)
    verb("mv", image=image, old="/etc/pcid", new="/usr/lib")
    verb("chmod", image=image, mode="a-w,g+x", path="/etc/new.txt")
    verb("ln", image=image, target="../usr/lib", path="/etc/lib", symbolic=True)
    verb("rm", image=image, path="/bin", recursive=True)
    assert paths(verb, toy) == [
        "/empty",
        "/etc",
        "/etc/init.rc",
        "/etc/lib",
        "/etc/new.txt",
        "/etc/zero",
        "/usr",
        "/usr/lib",
        "/usr/lib/pcid",
        "/usr/lib/pcid/initfs.toml",
        "/usr/lib/x",
    ]
    rows = {row.path: row for row in verb("ls", image=image, path="/etc").rows}
    assert rows["/etc/new.txt"].letters == "-r--r-xr--"
    assert rows["/etc/init.rc"].mode == 0o600
    assert cat(verb, toy, "/etc/lib/pcid/initfs.toml") == b"[drivers]\n"
    assert [row.verb for row in verb("log", image=toy).edits] == [
        f"image {each}" for each in ("add", "add", "mkdir", "mv", "chmod", "ln", "rm")
    ]


def test_an_edit_that_cannot_be_done_changes_nothing(toy: Path, tmp_path: Path, verb: Verb) -> None:
    before = toy.read_bytes()
    (tmp_path / "big").write_bytes(bytes(2 << 20))
    for name, words in (
        ("add", {"source": tmp_path / "big"}),
        ("add", {"source": tmp_path / "none"}),
        ("rm", {"path": "/bin"}),
        ("rm", {"path": "/gone"}),
        ("mv", {"old": "/gone", "new": "/x"}),
        ("mkdir", {"path": "/a/b"}),
        ("mkdir", {"path": "/bin"}),
        ("ln", {"target": "/bin/init", "path": "/bin/other"}),
        ("chmod", {"mode": "9", "path": "/bin"}),
    ):
        with pytest.raises(PortwrightError):
            verb(name, image=str(toy), **words)
    assert toy.read_bytes() == before
    assert not toy.with_name("toy.img.journal").exists()


def test_an_edit_that_changes_nothing_is_no_edit(toy: Path, verb: Verb) -> None:
    assert verb("chmod", image=str(toy), mode="755", path="/bin/init").edit is None
    assert not toy.with_name("toy.img.journal").exists()


def test_edits_inside_of_images(disk: Path, tmp_path: Path, verb: Verb) -> None:
    (tmp_path / "new.txt").write_text("new\n")
    before = disk.read_bytes()
    for place in (f"{disk}:1", f"{disk}:2:/boot/initfs"):
        verb("add", image=place, source=tmp_path / "new.txt", path="/etc/new.txt")
        verb("ln", image=place, target="/etc/new.txt", path="/soft", symbolic=True)
        verb("mv", image=place, old="/etc", new="/conf")
        verb("rm", image=place, path="/empty")
        verb("chmod", image=place, mode="444", path="/conf/new.txt")
        found = paths(verb, place)
        assert "/conf/pcid/initfs.toml" in found
        assert "/empty" not in found
        assert cat(verb, place, "/conf/new.txt") == b"new\n"
        assert cat(verb, place, "/bin/sh") == bytes(range(256)) * 40
    assert len(verb("log", image=disk).edits) == 10
    fresh = tmp_path / "fresh.img"
    fresh.write_bytes(before)
    verb("replay", journal=disk, image=fresh)
    assert fresh.read_bytes() == disk.read_bytes()
    verb("undo", image=disk, count=10)
    assert disk.read_bytes() == before


def test_a_nested_image_that_grows_too_large(disk: Path, tmp_path: Path, verb: Verb) -> None:
    before = disk.read_bytes()
    (tmp_path / "big").write_bytes(b"x" * (1 << 20))
    with pytest.raises(BadInput) as caught:
        verb("add", image=f"{disk}:1", source=tmp_path / "big")
    assert "the partition 1,048,576" in str(caught.value)
    assert disk.read_bytes() == before


def test_diff(toy: Path, tree: Path, tmp_path: Path, verb: Verb) -> None:
    assert verb("diff", left=str(tree), right=str(toy)).differences == ()
    other = tmp_path / "other.img"
    other.write_bytes(toy.read_bytes())
    (tmp_path / "x").write_bytes(b"echo hellO\nrun /bin/init\n")
    verb("add", image=str(other), source=tmp_path / "x", path="/etc/init.rc")
    verb("chmod", image=str(other), mode="700", path="/bin/init")
    verb("rm", image=str(other), path="/bin/sh")
    verb("mkdir", image=str(other), path="/new")
    result = verb("diff", left=str(toy), right=str(other))
    assert result.status == 1
    assert [(row.path, row.aspect, row.left, row.right) for row in result.differences] == [
        ("/bin/sh", "only-left", "symlink", ""),
        ("/etc/init.rc", "content", "6f at 0x9", "4f at 0x9"),
        ("/new", "only-right", "", "directory"),
        ("/bin/init", "mode", "0755", "0700"),
    ]
    assert len(verb("diff", left=str(toy), right=str(other), content=True).differences) == 3


def test_check_and_repair(disk: Path, toy: Path, verb: Verb) -> None:
    result = verb("check", image=str(disk))
    assert (result.status, [each.format for each in result.checked]) == (0, ["toydisk", "toybox", "toyfs"])
    data = toy.read_bytes()
    toy.write_bytes(data.replace(b'"path": "bin", "kind"', b'"path": "bim", "kind"'))
    broken = toy.read_bytes()
    result = verb("check", image=str(toy))
    assert result.status == 1
    assert {each.code for each in result.findings} == {"toyfs/orphan"}
    result = verb("check", image=str(toy), repair=True)
    assert (result.status, result.findings) == (0, ())
    assert set(result.mended) == {"removed bin/init", "removed bin/sh"}
    verb("undo", image=toy)
    assert toy.read_bytes() == broken


def test_pack_says_what_cannot_be(tree: Path, tmp_path: Path, verb: Verb) -> None:
    os.mkfifo(tree / "pipe")
    os.mkfifo(tree / "etc" / "pipe2")
    with pytest.raises(BadInput) as caught:
        verb("pack", tree=tree, format="toyfs", output=tmp_path / "x")
    assert len(caught.value.faults) == 2
    for name in ("pipe", "etc/pipe2"):
        (tree / name).unlink()
    with pytest.raises(BadInput, match="has no `inodes`"):
        verb("pack", tree=tree, format="toyfs", output=tmp_path / "x", inodes=4)
    with pytest.raises(BadInput, match="do not fit") as caught:
        verb("pack", tree=tree, format="toyfs", output=tmp_path / "x", size="64KiB")
    assert "/bin/init" in str(caught.value)
    with pytest.raises(BadInput, match="holds partitions"):
        verb("pack", tree=tree, format="toydisk", output=tmp_path / "x")
    assert [path.name for path in tmp_path.iterdir()] == ["tree"]


def test_names_that_are_no_utf8(tree: Path, tmp_path: Path, cli: Cli) -> None:
    (tree / os.fsdecode(b"b\xe9\x1b")).write_text("odd")
    image = tmp_path / "x.img"
    assert cli("pack", "-f", "toyfs", "-o", image, tree).returncode == 0
    assert b"b\\xe9\\x1b\n" in cli("ls", image).stdout
    rows = document(cli("ls", "--json", image))["rows"]
    assert [row["path"] for row in rows if row["kind"] == "file"] == ["/b\udce9\x1b"]
    assert cli("cat", image, b"/b\xe9\x1b").stdout == b"odd"
    assert cli("mv", image, b"/b\xe9\x1b", b"/b\xe8").returncode == 0
    assert "/b\udce8" in [row["path"] for row in document(cli("ls", "--json", image))["rows"]]
    assert cli("undo", image).returncode == 0
    assert cli("extract", image, "-o", tmp_path / "out").returncode == 0
    assert (tmp_path / "out" / os.fsdecode(b"b\xe9\x1b")).read_text() == "odd"


def test_the_command_line(tree: Path, tmp_path: Path, cli: Cli) -> None:
    done = cli("pack", "--format", "toyfs", "--size", "1MiB", "-o", "x.img", tree, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"toyfs, 1 MiB, 4 files, 5 folders, 1 symlinks" in done.stdout
    done = cli("ls", "-l", "x.img", cwd=tmp_path)
    assert b"drwxr-xr-x" in done.stdout
    assert cli("cat", "x.img", "/etc/init.rc", cwd=tmp_path).stdout == b"echo hello\nrun /bin/init\n"
    assert "└── zero" in cli("tree", "x.img", cwd=tmp_path).stdout.decode()
    assert cli("cat", "x.img", "/etc/gone", cwd=tmp_path).returncode == 2
    assert cli("diff", "x.img", tree, cwd=tmp_path).returncode == 0
    assert cli("rm", "x.img", "/etc/zero", cwd=tmp_path).stdout.startswith(
        b"remove /etc/zero\nedit 1 of x.img"
    )
    assert cli("diff", "x.img", tree, cwd=tmp_path).returncode == 1
    assert b"image rm" in cli("log", "x.img", cwd=tmp_path).stdout
    assert cli("undo", "x.img", cwd=tmp_path).stdout.startswith(b"undone: 1  image rm: remove /etc/zero")
    assert b"clean" in cli("check", "x.img", cwd=tmp_path).stdout
    text = document(cli("cat", "--json", "x.img", "/etc/init.rc", cwd=tmp_path))
    assert text["text"] == "echo hello\nrun /bin/init\n"
    assert cli("extract", "x.img", "/bin", "-o", "out", cwd=tmp_path).returncode == 0
    assert stat.S_IMODE((tmp_path / "out" / "init").stat().st_mode) == 0o755


def test_a_manifest(tree: Path, tmp_path: Path, verb: Verb) -> None:
    made = verb("pack", tree=tree, format="toyfs", output=tmp_path / "x", manifest=tmp_path / "list").image
    lines = (tmp_path / "list").read_text().splitlines()
    assert len(lines) == 9
    import hashlib

    digest = hashlib.sha256(b"echo hello\nrun /bin/init\n").hexdigest()
    assert f"file      -           25 {digest} /etc/init.rc" in lines
    assert made.manifest == hashlib.sha256((tmp_path / "list").read_bytes()).hexdigest()


def test_sparse_files_stay_sparse(tree: Path, tmp_path: Path, verb: Verb) -> None:
    with (tree / "sparse").open("wb") as file:
        file.truncate(64 << 20)
        file.seek(32 << 20)
        file.write(b"middle")
    if (tree / "sparse").stat().st_blocks * 512 > 1 << 20:
        pytest.skip("sparse: this file system has no holes")
    image, listed = tmp_path / "x.img", tmp_path / "list"
    made = verb("pack", tree=tree, format="toyfs", output=image, manifest=listed).image
    assert made.size > 64 << 20 > 1 << 20 > made.on_disk
    import hashlib

    assert hashlib.sha256((tree / "sparse").read_bytes()).hexdigest() in listed.read_text()
    verb("add", image=str(image), source=tree / "etc" / "zero", path="/more")
    assert image.stat().st_blocks * 512 < 1 << 20
    verb("extract", image=str(image), path="/sparse", output=tmp_path / "out")
    assert (tmp_path / "out" / "sparse").stat().st_blocks * 512 < 1 << 20
