"""The operations on links: create_link, create_symlink, read_link; and that none leads out of the root."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from portwright.describe import port as ports
from portwright.run.root import Share


@pytest.fixture
def linux(make_guest):
    """A guest of Linux's own table."""
    return make_guest(ledger=ports.load("x86_64-portwright-linux").ledger)


def symlink(guest, target: str, path: str) -> int:
    return guest.call("symlink", guest.put(os.fsencode(target) + b"\0"), guest.path(path))


def link(guest, path: str, target: str) -> int:
    return guest.call("link", guest.path(path), guest.path(target))


def read_link(guest, path: str, length: int = 200) -> str | int:
    room = guest.room(length)
    count = guest.call("readlink", guest.path(path), room, length)
    return os.fsdecode(guest.space.read(room, count)) if count >= 0 else count


def opened(guest, path: str, flags: str = "O_RDONLY") -> int:
    return guest.call("open", guest.path(path), guest.constant(flags), 0o644)


def test_a_link_holds_any_text(linux) -> None:
    for text in ("file", "../../..", "/etc/passwd", "a//b/", " ", "x" * 3000, "\udcff\n"):
        assert symlink(linux, text, "/l") == 0
        assert read_link(linux, "/l", 4000) == text
        assert (linux.root / "l").readlink() == Path(text)
        assert linux.call("unlink", linux.path("/l")) == 0


def test_a_short_buffer_cuts_the_text_and_nothing_behind_it_changes(linux) -> None:
    symlink(linux, "0123456789", "/l")
    room = linux.room(20)
    assert linux.call("readlink", linux.path("/l"), room, 4) == 4
    assert linux.space.read(room, 6) == b"0123\xee\xee"
    assert linux.call("readlink", linux.path("/l"), room, 0) == linux.error("EINVAL")
    assert linux.call("readlink", linux.path("/l"), 0x10, 4) == linux.error("EFAULT")


@pytest.mark.parametrize(
    ("target", "path", "error"),
    [
        ("x", "/there", "EEXIST"),
        ("x", "/folder", "EEXIST"),
        ("x", "/folder/", "EEXIST"),
        ("x", "/new/", "ENOENT"),
        ("x", "/none/l", "ENOENT"),
        ("x", "/there/l", "ENOTDIR"),
        ("x", "/", "EEXIST"),
        ("x", "/dev/null", "EEXIST"),
        ("x", "/tmp", "EEXIST"),
        ("", "/l", "ENOENT"),
        ("x", "", "ENOENT"),
    ],
)
def test_where_no_link_can_be(linux, target: str, path: str, error: str) -> None:
    (linux.root / "there").touch()
    (linux.root / "folder").mkdir()
    assert symlink(linux, target, path) == linux.error(error)
    assert not (linux.root / "new").is_symlink()


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/f", "EINVAL"),
        ("/f/", "ENOTDIR"),
        ("/d", "EINVAL"),
        ("/d/", "EINVAL"),
        ("/none", "ENOENT"),
        ("/", "EINVAL"),
        ("/dev/null", "EINVAL"),
        ("/dev/null/", "ENOTDIR"),
        ("/l/", "ENOTDIR"),
        ("/loop/x", "ELOOP"),
        ("", "ENOENT"),
    ],
)
def test_what_is_no_link(linux, path: str, error: str) -> None:
    (linux.root / "f").touch()
    (linux.root / "d").mkdir()
    (linux.root / "l").symlink_to("f")
    (linux.root / "loop").symlink_to("loop")
    assert read_link(linux, path) == linux.error(error)


def test_the_systems_own_link_leads_to_the_program(linux) -> None:
    (linux.root / "me").write_bytes(b"program")
    linux.process.files.executable = (b"/proc/self/exe", b"/me")
    assert read_link(linux, "/proc/self/exe") == "/me"
    number = linux.call("open", linux.path("/proc/self/exe"), 0, 0)
    place = linux.room(16)
    assert linux.call("read", number, place, 16) == 7 and linux.space.read(place, 7) == b"program"
    assert linux.call("stat", linux.path("/proc/self/exe"), linux.room(144)) == 0
    no_follow = linux.constant("O_NOFOLLOW")
    assert linux.call("open", linux.path("/proc/self/exe"), no_follow, 0) == linux.error("ENOENT")


def test_one_more_name_is_the_same_file(linux) -> None:
    (linux.root / "f").write_text("one")
    assert link(linux, "/f", "/g") == 0
    assert (linux.root / "g").samefile(linux.root / "f")
    assert link(linux, "/f", "/g") == linux.error("EEXIST")
    (linux.root / "l").symlink_to("f")
    assert link(linux, "/l", "/m") == 0
    assert (linux.root / "m").is_symlink()
    assert link(linux, "/tmp", "/t") == linux.error("EPERM")
    assert link(linux, "/dev/null", "/n") == linux.error("EXDEV")
    assert link(linux, "/f/", "/n") == linux.error("ENOTDIR")
    assert link(linux, "/f", "/n/") == linux.error("ENOENT")
    assert link(linux, "/none", "/n") == linux.error("ENOENT")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file of the host that no guest may reach."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_text("secret")
    return folder


def test_links_that_a_guest_makes_lead_nowhere_outside(linux, outside: Path) -> None:
    """Absolute ones start at the guest's root, and `..` ends there, in the middle of a path too."""
    up = "/.." * 20
    for number, target in enumerate(
        [str(outside), f"{up}{outside}", f"..{up}{outside}", "/proc/self/root" + str(outside)]
    ):
        assert symlink(linux, target, f"/l{number}") == 0
        for path in (f"/l{number}/secret", f"/l{number}{outside}/secret", f"/l{number}/..{outside}/secret"):
            for flags in ("O_RDONLY", "O_WRONLY|O_CREAT", "O_RDWR|O_TRUNC"):
                assert opened(linux, path, flags) < 0, path
            assert link(linux, path, "/stolen") < 0
            assert linux.call("chmod", linux.path(path), 0o777) < 0
            assert linux.call("unlink", linux.path(path)) < 0
            assert linux.call("rename", linux.path(path), linux.path("/stolen")) < 0
    assert (outside / "secret").read_text() == "secret"
    assert not (linux.root / "stolen").exists()


def test_a_link_of_the_hosts_is_walked_inside_too(linux, outside: Path) -> None:
    (linux.root / "host").symlink_to(outside)
    assert opened(linux, "/host/secret") == linux.error("ENOENT")
    assert read_link(linux, "/host") == str(outside)


def test_no_link_between_shares_nor_in_one_that_is_read_only(make_guest, tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (share / "f").touch()
    ledger = ports.load("x86_64-portwright-linux").ledger
    guest = make_guest(ledger=ledger, shares=(Share(share, "/s", readonly=True),))
    (guest.root / "own").touch()
    assert link(guest, "/s/f", "/g") == guest.error("EXDEV")
    assert link(guest, "/own", "/s/g") == guest.error("EXDEV")
    assert link(guest, "/s/f", "/s/g") == guest.error("EROFS")
    assert symlink(guest, "f", "/s/l") == guest.error("EROFS")
    assert sorted(path.name for path in share.iterdir()) == ["f"]


@pytest.fixture
def swapping(linux, outside: Path) -> Iterator[None]:
    """Somebody puts a link to the outside into a folder's place and back, as fast as he can."""
    folder, hidden, over = linux.root / "swapped", linux.root / "hidden", threading.Event()
    folder.mkdir()
    (folder / "secret").write_text("public")

    def swap() -> None:
        while not over.is_set():
            folder.rename(hidden)
            folder.symlink_to(outside)
            folder.unlink()
            hidden.rename(folder)

    thread = threading.Thread(target=swap)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.mark.usefixtures("swapping")
def test_a_race_with_links_leads_nowhere_outside(linux, outside: Path) -> None:
    before = (outside / "secret").stat()
    seen = set()
    for _ in range(300):
        fd = opened(linux, "/swapped/secret")
        if fd >= 0:
            room = linux.room(8)
            count = linux.call("read", fd, room, 8)
            seen.add(linux.space.read(room, count))
            linux.call("close", fd)
        linux.call("chmod", linux.path("/swapped/secret"), 0o600)
        linux.call("chmod", linux.path("/swapped"), 0o755)
        link(linux, "/swapped/secret", "/linked")
        linux.call("unlink", linux.path("/linked"))
        linux._next = 0x10_0000  # the guest's memory is used again
    assert seen <= {b"public"}
    after = (outside / "secret").stat()
    assert (before.st_mode, before.st_nlink, before.st_ctime_ns) == (
        after.st_mode,
        after.st_nlink,
        after.st_ctime_ns,
    )
