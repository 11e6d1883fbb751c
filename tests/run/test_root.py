"""No path leads out of the root: not by `..`, absolute paths, links, shares, nor by a race with a renamer."""

from __future__ import annotations

import contextlib
import resource
import threading
import time
from pathlib import Path

import pytest

from portwright.base.errors import BadInput
from portwright.run.failure import nearest
from portwright.run.options import share, size
from portwright.run.root import DEEPEST, Share

SECRET = b"outside"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the guest's root, with a file that it must never read or change."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_bytes(SECRET)
    return folder


@pytest.fixture
def caged(make_guest, tmp_path: Path, outside: Path):
    """A guest with a root of the test's own."""
    root = tmp_path / "root"
    (root / "in").mkdir(parents=True)
    return make_guest(root=root)


def read(guest, path: str) -> bytes | int:
    fd = guest.call("open", guest.path(path), 0, 0)
    if fd < 0:
        return fd
    room = guest.room(64)
    data = guest.space.read(room, max(0, guest.call("read", fd, room, 64)))
    guest.call("close", fd)
    return data


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def ways_out(outside: Path) -> list[str]:
    up = "../" * 30
    real = str(outside / "secret")
    return [
        real,
        f"{up}{real}",
        f"/{up}{real}",
        f"in/{up}{real}",
        f"/in/..//.././{up}{real}",
        "/link-absolute",
        "/link-relative",
        "/link-folder/secret",
        "/link-folder/../outside/secret",
        "/in/chain",
        "/proc/self/root" + real,
        "/proc/self/cwd/secret",
        "/link-proc" + real,
        "/dev/../.." + real,
        "/tmp/../../" + real,
    ]


def test_every_way_out_ends_inside(caged, outside: Path) -> None:
    root = caged.root
    (root / "link-absolute").symlink_to(outside / "secret")
    (root / "link-relative").symlink_to(f"../{outside.name}/secret")
    (root / "link-folder").symlink_to(outside)
    (root / "in" / "chain").symlink_to("../link-relative")
    (root / "link-proc").symlink_to("/proc/self/root")
    for path in ways_out(outside):
        assert read(caged, path) == caged.error("ENOENT"), path
        write = caged.constant("O_WRONLY|O_CREAT|O_TRUNC")
        fd = caged.call("open", caged.path(path), write, 0o644)
        if fd >= 0:
            caged.call("write", fd, caged.put(b"x"), 1)
        caged.call("unlink", caged.path(path))
        caged.call("mkdir", caged.path(path + "-new"), 0o777)
        caged.call("rename", caged.path("/in"), caged.path(path))
        caged.call("chdir", caged.path(path))
    assert (outside / "secret").read_bytes() == SECRET
    assert listing(outside) == ["secret"]
    assert listing(outside.parent) == ["outside", "root"]


def test_an_absolute_link_starts_at_the_guests_root(caged) -> None:
    (caged.root / "target").write_text("mine")
    (caged.root / "in" / "link").symlink_to("/target")
    assert read(caged, "/in/link") == b"mine"
    (caged.root / "in" / "up").symlink_to("../../../target")
    assert read(caged, "/in/up") == b"mine"


def test_create_through_a_dangling_link_stays_inside(caged, outside: Path) -> None:
    (caged.root / "new").symlink_to(outside / "made")
    flags = caged.constant("O_WRONLY|O_CREAT")
    assert caged.call("open", caged.path("/new"), flags, 0o644) == caged.error("ENOENT")
    (caged.root / "near").symlink_to("in/made")
    assert caged.call("open", caged.path("/near"), flags, 0o644) >= 0
    assert (caged.root / "in" / "made").exists() and not (outside / "made").exists()


def test_a_renamer_cannot_win(caged, outside: Path) -> None:
    """Somebody swaps a folder for a link to the outside, again and again, while the guest walks through it."""
    root = caged.root
    (root / "swap").mkdir()
    (root / "swap" / "secret").write_bytes(b"inside")
    (root / "evil").symlink_to(outside)
    stop = threading.Event()

    def rename() -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                (root / "swap").rename(root / "kept")
                (root / "evil").rename(root / "swap")
                (root / "swap").rename(root / "evil")
                (root / "kept").rename(root / "swap")
                time.sleep(
                    0.0001
                )  # else the two threads can keep step, and the folder is never there to be read

    thread = threading.Thread(target=rename)
    thread.start()
    seen: set[object] = set()
    deadline = time.monotonic() + 30
    rounds = 0
    try:
        while rounds < 1500 or (b"inside" not in seen and time.monotonic() < deadline):
            rounds += 1
            seen.add(read(caged, "/swap/secret"))
            fd = caged.call("open", caged.path("/swap/secret"), caged.constant("O_RDWR"), 0)
            if fd >= 0:
                caged.call("write", fd, caged.put(b"inside"), 6)
                caged.call("close", fd)
    finally:
        stop.set()
        thread.join()
    assert SECRET not in seen and b"inside" in seen
    assert (outside / "secret").read_bytes() == SECRET


def test_a_file_that_becomes_a_link_is_never_followed(caged, outside: Path) -> None:
    root = caged.root
    stop = threading.Event()
    (root / "a").write_bytes(b"inside")
    (root / "b").symlink_to(outside / "secret")

    def swap() -> None:
        while not stop.is_set():
            (root / "a").rename(root / "c")
            (root / "b").rename(root / "a")
            (root / "a").rename(root / "b")
            (root / "c").rename(root / "a")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        seen = {read(caged, "/a") for _ in range(1500)}
    finally:
        stop.set()
        thread.join()
    assert SECRET not in seen


def test_a_share_is_seen_at_its_place_and_can_be_read_only(make_guest, tmp_path: Path, outside: Path) -> None:
    shares = (Share(outside, "/data/here"), Share(outside, "/locked", readonly=True))
    guest = make_guest(shares=shares)
    assert read(guest, "/data/here/secret") == SECRET
    assert read(guest, "/locked/../locked/secret") == SECRET
    assert read(guest, "/data/here/../../data/here/secret") == SECRET
    for path in ("/locked", "/data/here", "/locked/secret"):
        assert guest.call("stat", guest.path(path), guest.room(144)) == 0
    write = guest.constant("O_WRONLY")
    create = guest.constant("O_WRONLY|O_CREAT")
    # No EROFS in this ledger: EACCES is the nearest.
    for path in ("/locked/secret", "/locked/new"):
        assert guest.call("open", guest.path(path), create, 0o644) == guest.error("EACCES")
    assert guest.call("mkdir", guest.path("/locked/d"), 0o777) == guest.error("EACCES")
    assert guest.call("unlink", guest.path("/locked/secret")) == guest.error("EACCES")
    assert guest.call("open", guest.path("/data/here/secret"), write, 0) >= 0
    assert guest.call("rmdir", guest.path("/data/here")) < 0
    assert guest.call("rename", guest.path("/data"), guest.path("/moved")) < 0
    (guest.root / "f").touch()
    assert guest.call("rename", guest.path("/f"), guest.path("/locked/f")) == guest.error("EACCES")
    assert listing(outside) == ["secret"]
    room = guest.room(100)
    fd = guest.call("opendir", guest.path("/"))
    found = set()
    while (length := guest.call("readdir", fd, room, 100)) > 0:
        found.add(guest.space.read(room, length))
    assert found == {b".", b"..", b"tmp", b"dev", b"data", b"locked", b"f"}


def test_the_hosts_proc_is_no_door_even_in_a_share(make_guest) -> None:
    guest = make_guest(shares=(Share(Path("/"), "/host", readonly=True),))
    for path in ("/host/proc/self/environ", "/host/proc/1/root/etc/passwd"):
        assert guest.call("open", guest.path(path), 0, 0) == guest.error("EACCES")


def test_special_files_of_a_share_are_not_opened(make_guest, tmp_path: Path) -> None:
    guest = make_guest(shares=(Share(Path("/dev"), "/hostdev"),))
    assert guest.call("open", guest.path("/hostdev/zero"), 0, 0) == guest.error("EACCES")
    assert guest.call("open", guest.path("/hostdev/zero"), guest.constant("O_RDWR"), 0) == guest.error(
        "EACCES"
    )


def test_a_path_without_end_is_refused(caged) -> None:
    assert caged.call("open", caged.path("a/" * 3000), 0, 0) == caged.error("EINVAL")
    assert caged.call("open", caged.path("n" * 300), 0, 0) == caged.error("EINVAL")


def test_a_given_root_is_left_as_it_was(make_guest, tmp_path: Path) -> None:
    root = tmp_path / "mine"
    root.mkdir()
    guest = make_guest(root=root, files={"/given/file": b"x", "/tmp/deep/down": b"y"})
    assert read(guest, "/tmp/deep/down") == b"y"
    assert read(guest, "/given/file") == b"x"
    assert guest.call("open", guest.path("/tmp/t"), guest.constant("O_WRONLY|O_CREAT"), 0o644) >= 0
    assert listing(root) == ["given"], "/tmp and /dev are beside it, not in it"


def test_files_that_cannot_be_put_are_a_fault(make_guest) -> None:
    for path in ("/", "/dev/null/x", "/tmp"):
        with pytest.raises(BadInput, match="cannot put"):
            make_guest(files={path: b"x"})


def test_options_say_everything_that_is_wrong(tmp_path: Path) -> None:
    assert size("512M") == 512 << 20 and size("2GiB") == 2 << 30 and size("77") == 77
    for bad in ("", "x", "0", "-1", "1.5G"):
        with pytest.raises(BadInput):
            size(bad)
    assert share(f"{tmp_path}=/a:ro") == (Share(tmp_path.resolve(), "/a", True), [])
    for bad in ("x", f"{tmp_path}=relative", f"{tmp_path}=/", f"{tmp_path}=/a/../b", "/does/not/exist=/a"):
        found, faults = share(bad)
        assert found is None and len(faults) == 1


def test_a_share_stays_the_folder_that_it_was(make_guest, tmp_path: Path, outside: Path) -> None:
    """A share that lies in the root (or in another share): the guest cannot put a link where it lies."""
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "secret").write_bytes(b"inside")
    (root / "away").symlink_to(outside)
    guest = make_guest(root=root, shares=(Share(root / "sub", "/data"),))
    assert guest.call("rename", guest.path("/sub"), guest.path("/kept")) == 0
    assert guest.call("rename", guest.path("/away"), guest.path("/sub")) == 0
    assert read(guest, "/data/secret") == b"inside"


def test_nothing_is_renamed_from_one_share_to_another(make_guest, tmp_path: Path, outside: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    guest = make_guest(shares=(Share(outside, "/one"), Share(other, "/two")))
    (guest.root / "f").touch()
    refused = -nearest(guest.ledger, "EXDEV")[1]
    assert guest.call("rename", guest.path("/one/secret"), guest.path("/two/secret")) == refused
    assert guest.call("rename", guest.path("/one/secret"), guest.path("/secret")) == refused
    assert guest.call("rename", guest.path("/f"), guest.path("/two/f")) == refused
    assert guest.call("rename", guest.path("/one/secret"), guest.path("/one/same")) == 0
    assert listing(outside) == ["same"] and listing(other) == []


def test_the_hosts_proc_is_no_share(make_guest) -> None:
    guest = make_guest(shares=(Share(Path("/proc"), "/p", readonly=True),))
    for path in ("/p/self/environ", "/p/version", "/p"):
        assert guest.call("open", guest.path(path), 0, 0) == guest.error("EACCES"), path


def test_folders_in_folders_without_end_cost_the_guest_its_own_files_only(make_guest) -> None:
    """Each folder that is walked through is held open: the host must keep some files for itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    guest = make_guest()
    name = guest.path("deep")
    made = 0
    while guest.call("mkdir", name, 0o777) == 0 and guest.call("chdir", name) == 0:
        made += 1
    assert made == DEEPEST
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        opened = 0
        path = guest.path("deep/" * 200)  # from the root: each holds 200 folders of its own
        assert guest.call("chdir", guest.path("/")) == 0
        while guest.call("opendir", path) >= 0:
            opened += 1
        assert 1 < opened < 6
        with contextlib.ExitStack() as kept:  # what the host needs to tell of a crash, for example
            for _ in range(16):
                kept.enter_context(Path("/proc/self/maps").open())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
