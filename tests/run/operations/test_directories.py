"""The operations on directories: create_directory, remove_directory, open_directory, read_directory,
close_directory, change_directory, current_directory."""

from __future__ import annotations

import struct

import pytest

from portwright.describe.ledger import DirectoryRecords


def names(guest, path: str, length: int = 300) -> dict[bytes, int]:
    """All entries by the ledger's one-name form."""
    fd = guest.call("opendir", guest.path(path))
    assert fd >= 0
    found: dict[bytes, int] = {}
    room = guest.room(length)
    while size := guest.call("readdir", fd, room, length):
        assert size > 0
        data = guest.space.read(room, size + 2)
        assert data[size] == 0 and data[:size] not in found
        found[data[:size]] = data[size + 1]
    assert guest.call("closedir", fd) == 0
    return found


def test_create_and_remove_directory(guest) -> None:
    assert guest.call("mkdir", guest.path("/d"), 0o700) == 0
    assert (guest.root / "d").stat().st_mode & 0o777 == 0o700
    assert guest.call("mkdir", guest.path("/d/"), 0o777) == guest.error("EEXIST")
    assert guest.call("mkdir", guest.path("/x/y"), 0o777) == guest.error("ENOENT")
    assert guest.call("mkdir", guest.path("/"), 0o777) == guest.error("EEXIST")
    (guest.root / "d" / "f").touch()
    assert guest.call("rmdir", guest.path("/d")) == guest.error("ENOTEMPTY")
    assert guest.call("rmdir", guest.path("/d/f")) == guest.error("ENOTDIR")
    (guest.root / "d" / "f").unlink()
    assert guest.call("rmdir", guest.path("/d/")) == 0
    assert not (guest.root / "d").exists()
    assert guest.call("rmdir", guest.path("/")) < 0


def test_read_directory_gives_every_name_once_with_its_kind(guest) -> None:
    (guest.root / "file").touch()
    (guest.root / "sub").mkdir()
    (guest.root / "link").symlink_to("file")
    types = guest.ledger.directory.types
    assert names(guest, "/") == {
        b".": types["directory"],
        b"..": types["directory"],
        b"file": types["file"],
        b"sub": types["directory"],
        b"link": types["symlink"],
        b"tmp": types["directory"],
        b"dev": types["directory"],
    }
    assert names(guest, "/dev")[b"null"] == types["char-device"]


def test_an_entry_that_does_not_fit_is_not_lost(guest) -> None:
    (guest.root / "sub").mkdir()
    (guest.root / "sub" / ("n" * 100)).touch()
    fd = guest.call("opendir", guest.path("/sub"))
    seen = []
    for _ in range(3):
        room = guest.room(200)
        size = guest.call("readdir", fd, room, 10)
        if size == guest.error("EINVAL"):
            size = guest.call("readdir", fd, room, 200)
        seen.append(guest.space.read(room, size))
    assert sorted(seen) == [b".", b"..", b"n" * 100]


def test_the_order_of_entries_is_nobodys_promise(make_guest) -> None:
    def order(seed: int, kind: bool) -> list[bytes]:
        guest = make_guest(seed=seed, kind=kind)
        for number in range(20):
            (guest.root / f"{number:02}").touch()
        return [name for name in names(guest, "/") if name.isdigit()]

    orders = [order(seed, kind=False) for seed in range(4)]
    assert len({tuple(one) for one in orders}) > 1
    assert all(sorted(one) == sorted(orders[0]) for one in orders)


def test_read_directory_as_records(guest, make_guest) -> None:
    # Linux's struct linux_dirent64, read back by hand.
    form = DirectoryRecords.model_validate(
        {
            "form": "records",
            "inode": {"offset": 0, "size": 8},
            "length": {"offset": 16, "size": 2},
            "type": {"offset": 18, "size": 1},
            "name": 19,
            "types": {"file": 8, "directory": 4},
        }
    )
    guest = make_guest(ledger=guest.ledger.model_copy(update={"directory": form}), kind=False)
    for number in range(30):
        (guest.root / f"name-{'x' * number}").touch()
    fd = guest.call("opendir", guest.path("/"))
    found: list[tuple[bytes, int]] = []
    calls = 0
    while size := guest.call("readdir", fd, room := guest.room(256), 256):
        calls += 1
        data = guest.space.read(room, size)
        while data:
            inode, _, length, kind = struct.unpack_from("<QqHB", data)
            assert inode and length % 8 == 0 and length <= len(data)
            found.append((data[19:length].split(b"\0")[0], kind))
            data = data[length:]
    assert calls > 1
    assert sorted(found) == sorted(
        [*((f"name-{'x' * number}".encode(), 8) for number in range(30))]
        + [(name, 4) for name in (b".", b"..", b"tmp", b"dev")]
    )


def test_open_directory_and_close_directory_want_directories(guest) -> None:
    (guest.root / "f").touch()
    assert guest.call("opendir", guest.path("/f")) == guest.error("ENOTDIR")
    assert guest.call("opendir", guest.path("/none")) == guest.error("ENOENT")
    fd = guest.call("open", guest.path("/f"), 0, 0)
    assert guest.call("readdir", fd, guest.room(9), 9) == guest.error("ENOTDIR")
    assert guest.call("closedir", fd) == guest.error("ENOTDIR")
    directory = guest.call("opendir", guest.path("/"))
    assert guest.call("read", directory, guest.room(9), 9) == guest.error("EISDIR")
    assert guest.call("closedir", directory) == 0
    assert guest.call("closedir", directory) == guest.error("EBADF")


def test_change_directory_is_where_paths_begin(guest) -> None:
    (guest.root / "a" / "b").mkdir(parents=True)
    (guest.root / "a" / "f").write_text("here")
    assert guest.call("chdir", guest.path("/a/b")) == 0
    assert guest.call("open", guest.path("../f"), 0, 0) == 3
    assert guest.call("chdir", guest.path("..")) == 0
    room = guest.room(32)
    assert guest.call("getcwd", room, 32) == 2
    assert guest.space.read(room, 4) == b"/a\0\xee"
    assert guest.call("chdir", guest.path("f")) == guest.error("ENOTDIR")
    assert guest.call("chdir", guest.path("/none")) == guest.error("ENOENT")


@pytest.mark.parametrize("length", [0, 1])
def test_current_directory_needs_room_for_the_path_and_its_nul(guest, length: int) -> None:
    # No ERANGE in this ledger: EINVAL is the nearest.
    assert guest.call("getcwd", guest.room(8), length) == guest.error("EINVAL")


def test_current_directory_of_one_that_is_gone(guest) -> None:
    (guest.root / "a").mkdir()
    guest.call("chdir", guest.path("/a"))
    (guest.root / "a").rmdir()
    assert guest.call("getcwd", guest.room(8), 8) == guest.error("ENOENT")
    assert guest.call("open", guest.path("x"), guest.constant("O_WRONLY|O_CREAT"), 0) == guest.error("ENOENT")
