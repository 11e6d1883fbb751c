"""Edits happen whole or not at all: under kill -9, full disks and one another; and they are undone and done again."""

from __future__ import annotations

import fcntl
import hashlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pack.conftest import command, environment
from portwright.base.errors import BadInput, PortwrightError
from portwright.pack import transaction
from portwright.pack.journal import Journal

Verb = Callable[..., Any]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(params=["beside", "in-place"])
def method(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The two ways in which an edit reaches the image."""
    if request.param == "in-place":
        monkeypatch.setattr(transaction, "BESIDE", 0)
    return str(request.param)


def test_both_ways_do_the_same(toy: Path, tmp_path: Path, verb: Verb, method: str) -> None:
    before, inode = toy.read_bytes(), toy.stat().st_ino
    (tmp_path / "f").write_bytes(b"x" * 5000)
    assert verb("add", image=str(toy), source=tmp_path / "f").method == method
    assert (toy.stat().st_ino == inode) == (method == "in-place")
    assert b"x" * 5000 in toy.read_bytes()
    journal = Journal.of(toy)
    assert not journal.pending.exists()
    assert sorted(path.name for path in journal.objects.iterdir()) == ["000001.add", "000001.old"]
    (entry,) = journal.entries()
    for extent in entry.extents:
        old = before[extent.offset : extent.offset + extent.length]
        new = toy.read_bytes()[extent.offset : extent.offset + extent.length]
        assert (extent.before, extent.after) == tuple(hashlib.sha256(each).hexdigest() for each in (old, new))
    verb("undo", image=toy)
    assert toy.read_bytes() == before


# What a kill leaves, wherever it comes: the run is ended at a random moment, by its number.


def killed_edits(image: Path, add: Path, runs: int, *, large: bool, seed: int) -> tuple[int, int]:
    """Edits that are killed; (how often the old, how often the new image was found). Each is one of the two, whole."""
    chance = random.Random(seed)
    limit = ["--large"] if large else []
    driver = Path(__file__).parent / "killed_edit.py"
    outcomes = [0, 0]
    expected: dict[bool, str] = {}
    base = image.with_name("base.img")
    shutil.copyfile(image, base)
    words = [sys.executable, str(driver), str(image), str(add), *limit]
    began = time.monotonic()
    subprocess.run(words, env=environment(), check=True, stdout=subprocess.DEVNULL, input=b"\n")
    longest = time.monotonic() - began
    expected = {False: digest(base), True: digest(image)}
    for _ in range(runs):
        shutil.rmtree(Journal.of(image).folder, ignore_errors=True)
        shutil.copyfile(base, image)
        process = subprocess.Popen(words, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()  # all is imported
        process.stdin.write(b"\n")
        process.stdin.flush()
        time.sleep(chance.uniform(0, min(longest, 0.06)))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        if not large:  # no portwright is needed to see a whole image
            assert digest(image) in expected.values()
        with transaction.reading(image):
            found = digest(image)
        assert found in expected.values(), "a third thing"
        new = found == expected[True]
        assert len(Journal.of(image).entries()) == new
        outcomes[new] += 1
        if new:
            with transaction.editing(image) as held:
                held.undo(1, {})
            assert digest(image) == expected[False]
        assert not [path for path in image.parent.iterdir() if path.name.endswith(".new")]
    return outcomes[0], outcomes[1]


@pytest.mark.parametrize("large", [False, True])
def test_kill_leaves_the_old_image_or_the_new(toy: Path, tmp_path: Path, large: bool) -> None:
    (tmp_path / "f").write_bytes(random.Random(1).randbytes(300_000))
    old, new = killed_edits(toy, tmp_path / "f", 12, large=large, seed=large)
    assert old + new == 12


@pytest.mark.e2e
@pytest.mark.parametrize("large", [False, True])
def test_kill_at_five_hundred_moments(toy: Path, tmp_path: Path, large: bool) -> None:
    (tmp_path / "f").write_bytes(random.Random(1).randbytes(300_000))
    old, new = killed_edits(toy, tmp_path / "f", 500, large=large, seed=10 + large)
    assert old > 0 < new


def stopped_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the given system call that changes something (counted from 0) the last one: what follows does not happen."""
    count = iter(range(10_000))

    class Killed(BaseException):
        """Not an error: nobody handles it."""

    for module, name in (
        (os, "pwrite"),
        (os, "fsync"),
        (os, "ftruncate"),
        (os, "link"),
        (os, "truncate"),
        (Path, "replace"),
        (Path, "unlink"),
        (Path, "mkdir"),
    ):
        real = getattr(module, name)

        def call(*words: Any, real: Any = real, **more: Any) -> Any:
            if next(count) >= step:
                raise Killed
            return real(*words, **more)

        monkeypatch.setattr(module, name, call)


def test_every_moment_once(toy: Path, tmp_path: Path, verb: Verb, method: str) -> None:
    """The edit stops before each of its system calls that change something."""
    (tmp_path / "f").write_bytes(b"new" * 3000)
    before, step, seen = toy.read_bytes(), 0, set()
    while True:
        with pytest.MonkeyPatch.context() as patch:
            if method == "in-place":
                patch.setattr(transaction, "BESIDE", 0)
            stopped_at(step, patch)
            try:
                verb("add", image=str(toy), source=tmp_path / "f")
                done = True
            except BaseException as error:
                if type(error).__name__ != "Killed":
                    raise
                done = False
        listing = [row.path for row in verb("ls", image=str(toy)).rows]
        new = "/f" in listing
        seen.add(new)
        assert verb("check", image=str(toy)).status == 0
        if new:
            assert b"".join(verb("cat", image=str(toy), path="/f").chunks()) == b"new" * 3000
            verb("undo", image=toy)
        assert toy.read_bytes() == before
        shutil.rmtree(Journal.of(toy).folder, ignore_errors=True)
        if done:
            break
        step += 1
    assert step > 8
    assert seen == {True, False}


def test_an_image_with_two_names_is_changed_in_place(toy: Path, tmp_path: Path, verb: Verb) -> None:
    os.link(toy, tmp_path / "other.img")
    assert verb("mkdir", image=str(toy), path="/x").method == "in-place"
    assert (tmp_path / "other.img").read_bytes() == toy.read_bytes()


def test_a_symlink_to_an_image_stays_one(toy: Path, tmp_path: Path, verb: Verb) -> None:
    (tmp_path / "other.img").symlink_to("toy.img")
    toy.chmod(0o640)
    verb("mkdir", image=str(tmp_path / "other.img"), path="/x")
    assert (tmp_path / "other.img").is_symlink()
    assert toy.stat().st_mode & 0o777 == 0o640
    assert Journal.of(toy).log.is_file()


def test_many_edits_at_once(toy: Path, tmp_path: Path, cli: Any) -> None:
    """All of them happen, one after the other."""
    runs = [
        subprocess.Popen(command("mkdir", toy, f"/d{number}"), env=environment(), stderr=subprocess.PIPE)
        for number in range(6)
    ]
    assert [run.communicate()[1] for run in runs if run.wait()] == []
    done = cli("ls", toy).stdout.decode().split()
    assert {f"d{number}" for number in range(6)} <= set(done)
    assert [entry.number for entry in Journal.of(toy).entries()] == [1, 2, 3, 4, 5, 6]


def test_a_full_disk_leaves_the_old_image(toy: Path, tmp_path: Path, verb: Verb, method: str) -> None:
    """A limit on the size of files stands for it."""
    (tmp_path / "f").write_bytes(b"new" * 100_000)
    before = toy.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        with pytest.raises(PortwrightError) as caught:
            verb("add", image=str(toy), source=tmp_path / "f")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, old)
    assert "File too large" in str(caught.value)
    assert toy.read_bytes() == before
    assert not Journal.of(toy).folder.exists()


def test_packing_onto_a_full_disk_leaves_nothing(tree: Path, verb: Verb) -> None:
    """A disk of our own that is full: needs root."""
    if os.geteuid() != 0:
        pytest.skip("full disk: mounting a small disk needs root")
    with tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], capture_output=True
        )
        if mounted.returncode:
            pytest.skip("full disk: no disk may be mounted here")
        try:
            (tree / "large").write_bytes(b"x" * (3 << 20))
            with pytest.raises(PortwrightError) as caught:
                verb("pack", tree=tree, format="toyfs", output=Path(folder) / "x.img")
            assert "No space left" in str(caught.value)
            assert list(Path(folder).iterdir()) == []
        finally:
            subprocess.run(["umount", folder], check=True)


def test_a_place_that_cannot_be_written(tree: Path, tmp_path: Path, verb: Verb) -> None:
    for output, says in (
        (tmp_path / "gone" / "x", "no such folder"),
        (tmp_path, "no ordinary file"),
        (Path("/proc/x.img"), ""),
    ):
        with pytest.raises(PortwrightError) as caught:
            verb("pack", tree=tree, format="toyfs", output=output)
        assert says in str(caught.value)


# who else uses it


def test_an_image_that_is_read_only(toy: Path, verb: Verb) -> None:
    toy.chmod(0o444)
    with pytest.raises(BadInput, match="read-only"):
        verb("mkdir", image=str(toy), path="/x")
    assert not Journal.of(toy).folder.exists()


def test_an_image_that_another_process_has_open(toy: Path, verb: Verb) -> None:
    script = f"import sys; f = open({str(toy)!r}, 'r+b'); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(BadInput) as caught:
            verb("mkdir", image=str(toy), path="/x")
        assert f"open to be written in process {holder.pid} ({sys.executable} -c" in str(caught.value)
        assert verb("ls", image=str(toy)).rows
        holder.communicate()
    verb("mkdir", image=str(toy), path="/x")


def test_an_image_that_a_virtual_machine_reads(toy: Path, verb: Verb) -> None:
    """QEMU locks what it only reads, too, by open file descriptions."""
    script = (
        "import fcntl, struct, sys; f = open(sys.argv[1], 'rb');"
        "fcntl.fcntl(f, 37, struct.pack('hhqqi4x', fcntl.F_RDLCK, 0, 100, 1, 0));"
        "print(1, flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", script, str(toy)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(BadInput) as caught:
            verb("mkdir", image=str(toy), path="/x")
        assert f"open and locked in process {holder.pid}" in str(caught.value)
        holder.communicate()


def test_an_image_that_is_mounted(tmp_path: Path) -> None:
    from portwright.pack import in_use

    image = tmp_path / "a b.img"
    image.write_bytes(b"")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "mounts").write_text(
        f"{str(image).replace(' ', chr(92) + '040')} /mnt fuse rw 0 0\n"
    )
    loop = tmp_path / "sys" / "block" / "loop7" / "loop"
    loop.mkdir(parents=True)
    (loop / "backing_file").write_text(f"{image}\n")
    found = in_use.faults(image, tmp_path / "proc", tmp_path / "sys")
    assert [fault.what for fault in found] == [
        "the image is attached to /dev/loop7",
        "the image is mounted on /mnt",
    ]


def test_what_is_no_image(tmp_path: Path, verb: Verb) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, says in (
        (tmp_path / "pipe", "no ordinary file"),
        (tmp_path, "a folder"),
        (Path("/dev/null"), ""),
    ):
        with pytest.raises(BadInput) as caught:
            verb("mkdir", image=str(path), path="/x")
        assert says in str(caught.value)


def test_a_reader_waits_for_an_edit_in_place(toy: Path, cli: Any) -> None:
    with toy.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        run = subprocess.Popen(command("ls", toy), env=environment(), stdout=subprocess.PIPE)
        time.sleep(0.5)
        assert run.poll() is None
    assert b"bin" in run.communicate()[0]


# undo and replay


def test_undo_refuses_what_something_else_changed(toy: Path, tmp_path: Path, verb: Verb) -> None:
    (tmp_path / "f").write_bytes(b"x" * 5000)
    verb("add", image=str(toy), source=tmp_path / "f")
    data = bytearray(toy.read_bytes())
    data[data.index(b"xxxx") + 7] = 0
    toy.write_bytes(data)
    with pytest.raises(BadInput, match=r"not as edit 1 \(image add\) left it: the bytes from"):
        verb("undo", image=toy)
    assert toy.read_bytes() == data
    toy.write_bytes(data + b"more")
    with pytest.raises(BadInput, match="it has 1,048,580 bytes"):
        verb("undo", image=toy)
    with pytest.raises(BadInput, match="2 edits cannot be taken back: 1 stand"):
        verb("undo", image=toy, count=2)


def test_a_broken_journal_is_named(toy: Path, verb: Verb) -> None:
    verb("mkdir", image=str(toy), path="/x")
    journal = Journal.of(toy)
    log = journal.log.read_text()
    journal.log.write_text(log + "{}\n")
    with pytest.raises(BadInput, match=r"log.jsonl:2: this line is no edit"):
        verb("log", image=toy)
    journal.log.write_text(log + '{"numb')  # cut off: it was never done
    assert len(verb("log", image=toy).edits) == 1
    verb("mkdir", image=str(toy), path="/y")
    assert [each.number for each in verb("log", image=toy).edits] == [1, 2]
    (journal.objects / "000002.old").unlink()
    with pytest.raises(BadInput, match="are gone"):
        verb("undo", image=toy)


EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from(["/a", "/b", "/d/a", "/d/b"]), st.binary(max_size=9000)),
        st.tuples(st.just("rm"), st.sampled_from(["/a", "/b", "/d/a", "/d"])),
        st.tuples(st.just("mv"), st.sampled_from(["/a", "/b", "/d"]), st.sampled_from(["/b", "/c", "/e"])),
        st.tuples(st.just("mkdir"), st.sampled_from(["/d", "/e"])),
        st.tuples(st.just("chmod"), st.sampled_from(["/a", "/d"]), st.integers(0, 0o777)),
        st.tuples(st.just("undo"), st.integers(1, 3)),
    ),
    max_size=10,
)


def do(verb: Verb, image: Path, edit: tuple[Any, ...], folder: Path) -> bool:
    """Do an edit; False where it cannot be."""
    try:
        if edit[0] == "add":
            (folder / "content").write_bytes(edit[2])
            verb("add", image=str(image), source=folder / "content", path=edit[1])
        elif edit[0] == "mv":
            verb("mv", image=str(image), old=edit[1], new=edit[2])
        elif edit[0] == "chmod":
            verb("chmod", image=str(image), path=edit[1], mode=f"{edit[2]:o}")
        elif edit[0] == "undo":
            verb("undo", image=image, count=edit[1])
        else:
            more = {"recursive": True} if edit[0] == "rm" else {}
            verb(edit[0], image=str(image), path=edit[1], **more)
    except BadInput:
        return False
    return True


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EDITS, st.booleans())
def test_undo_and_replay_against_a_model(
    toy: Path, verb: Verb, edits: list[tuple[Any, ...]], large: bool
) -> None:
    """The model: the images after each edit that stands."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(transaction, "BESIDE", 0 if large else 1 << 30)
        folder = Path(name)
        image = folder / "x.img"
        shutil.copyfile(toy, image)
        history = [image.read_bytes()]
        for edit in edits:
            if edit[0] == "undo":
                if do(verb, image, edit, folder):
                    del history[-edit[1] :]
            elif do(verb, image, edit, folder) and image.read_bytes() != history[-1]:
                history.append(image.read_bytes())
            assert image.read_bytes() == history[-1]
        fresh = folder / "fresh.img"
        shutil.copyfile(toy, fresh)
        if Journal.of(image).log.exists():
            verb("replay", journal=image, image=fresh)
        assert fresh.read_bytes() == image.read_bytes()
        if len(history) > 1:
            verb("undo", image=image, count=len(history) - 1)
        assert image.read_bytes() == toy.read_bytes()


def test_replay_takes_contents_from_the_journal(toy: Path, tmp_path: Path, verb: Verb) -> None:
    before = toy.read_bytes()
    (tmp_path / "f").write_bytes(b"first")
    verb("add", image=str(toy), source=tmp_path / "f")
    (tmp_path / "f").unlink()
    fresh = tmp_path / "fresh.img"
    fresh.write_bytes(before)
    shutil.move(Journal.of(toy).folder, tmp_path / "kept")
    result = verb("replay", journal=tmp_path / "kept", image=fresh)
    assert (result.done, fresh.read_bytes()) == (("add file /f",), toy.read_bytes())
    with pytest.raises(BadInput, match="no journal here"):
        verb("replay", journal=toy, image=fresh)
