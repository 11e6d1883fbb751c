"""Archives against `ar` and `nm`-made ones of this machine, both manners of long names, and rubbish."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from portwright.base.errors import BadInput
from portwright.base.sources import Memory
from portwright.formats import ar


def member(name: bytes, content: bytes) -> bytes:
    head = name.ljust(16) + b"0".ljust(12) + b"0".ljust(6) + b"0".ljust(6) + b"644".ljust(8)
    return head + str(len(content)).encode().ljust(10) + b"`\n" + content + b"\n" * (len(content) & 1)


GNU = ar.MAGIC + member(b"/", b"\0\0\0\0") + member(b"//", b"a_name_longer_than_fifteen.o/\n")
GNU += member(b"/0", b"long") + member(b"short.o/", b"odd")
BSD = ar.MAGIC + member(b"__.SYMDEF", b"x") + member(b"#1/20", b"a_long_name_bsd.o\0\0\0" + b"content")
THIN = ar.THIN + member(b"//", b"elsewhere/x.o/\n") + member(b"/0", b"")


def contents(data: bytes) -> dict[str, bytes]:
    archive = ar.read(Memory(data))
    return {m.name: archive.content(m).read(0, m.size) for m in archive.members}


def test_long_names_of_both_manners() -> None:
    assert contents(GNU) == {"a_name_longer_than_fifteen.o": b"long", "short.o": b"odd"}
    assert contents(BSD) == {"a_long_name_bsd.o": b"content"}
    assert ar.read(Memory(THIN)).thin and ar.identify(Memory(THIN)) == "thin archive"


def test_agrees_with_ar(tmp_path: Path) -> None:
    tool = shutil.which("ar")
    if tool is None:
        pytest.skip("ar is not on this machine (binutils)")
    for name, data in (("a.o", b"x"), ("b_with_a_long_name_indeed.o", b"yy" * 99), ("empty.o", b"")):
        (tmp_path / name).write_bytes(data)
    names = sorted(path.name for path in tmp_path.iterdir())
    subprocess.run([tool, "rcs", "x.a", *names], cwd=tmp_path, check=True)
    data = (tmp_path / "x.a").read_bytes()
    assert contents(data) == {name: (tmp_path / name).read_bytes() for name in names}
    subprocess.run([tool, "rcsT", "thin.a", *names], cwd=tmp_path, check=True)
    assert [m.name for m in ar.read(Memory((tmp_path / "thin.a").read_bytes())).members] == names


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not an archive"),
        (ar.MAGIC + b"x" * 30, "a member's header should be"),
        (ar.MAGIC + member(b"a.o/", b"x" * 9)[:-4], "beyond the end"),
        (ar.MAGIC + member(b"/7", b""), "long names"),
        (ar.MAGIC + member(b"#1/99", b"x"), "longer than its member"),
        (ar.MAGIC + member(b"a.o/", b"").replace(b"0         `", b"zz        `"), "should be a number"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        ar.read(Memory(data))


@settings(max_examples=60, deadline=None)
@given(some.sampled_from([GNU, BSD, THIN]), some.data())
def test_mutations(data: bytes, draw: some.DataObject) -> None:
    changed = bytearray(data)
    for _ in range(draw.draw(some.integers(1, 4))):
        changed[draw.draw(some.integers(8, len(data) - 1))] = draw.draw(some.sampled_from(b"\0 /09#`\n\xff"))
    try:
        contents(bytes(changed[: draw.draw(some.integers(0, len(data)))]))
    except BadInput as error:
        assert error.faults
