"""Views of the files: what is hidden, shown and writable, and what is said where it cannot be done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from portwright.base import namespaces, processes

pytestmark = pytest.mark.skipif(bool(namespaces.refused()), reason="namespaces are not allowed here")


def test_hidden_shown_and_written(tmp_path: Path) -> None:
    for name in ("room", "secret", "tool", "place"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    lone = tmp_path / "lone"
    lone.write_text("lone")
    room = str(tmp_path / "room")
    view = namespaces.view(
        [str(tmp_path), str(tmp_path / "secret"), "/usr", "/", str(tmp_path / "no")],
        [
            (str(tmp_path / "tool"), str(tmp_path / "place"), False),
            (room, room, True),
            (str(lone), str(lone), False),
        ],
    )
    assert view.hide == (str(tmp_path),)
    script = "ls .. ../place; cat ../place/file ../lone; echo x > here; echo x > ../place/no; echo x > ../lone; env"
    argv, trouble = namespaces.command(
        ["sh", "-c", script], cwd=room, env={"PATH": "/usr/bin:/bin"}, view=view, folder=tmp_path / "room"
    )
    done = processes.run(argv)
    assert {"lone", "place", "room", "file"} <= set(done.text.split()) and "tool" not in done.text.split()
    assert "secret" not in done.text and "toollone" in done.text
    assert (tmp_path / "room" / "here").read_text() == "x\n" and lone.read_text() == "lone"
    assert done.error_text.count("Read-only file system") == 2 and not trouble.read_text()
    assert not (tmp_path / "place" / "no").exists() and "LC_CTYPE" not in done.text


def test_what_cannot_be_started_is_said(tmp_path: Path) -> None:
    for argv, view, says in (
        (["no-such-tool"], None, "the command: No such file"),
        (["true"], namespaces.View(("/no/such/folder",)), "the view: "),
    ):
        command, trouble = namespaces.command(argv, cwd="/", env=dict(os.environ), view=view, folder=tmp_path)
        assert processes.run(command).status == 125 and trouble.read_text().startswith(says)
        trouble.unlink()


def test_a_command_keeps_its_bytes(tmp_path: Path) -> None:
    odd = os.fsdecode(b"a \xff'\"\n$")
    command, _ = namespaces.command(
        ["sh", "-c", 'printf %s "$1$X"', "sh", odd],
        cwd="/",
        env={"X": odd},
        view=namespaces.View(),
        folder=tmp_path,
    )
    assert processes.run(command).stdout == os.fsencode(odd) * 2
