"""Replaying: random builds come out the same; a change runs exactly what depends on it; rooms, names, interruptions."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portwright.base.errors import BadInput
from recording_maker import Maker
from replayed_builds import needs_views, outcomes, ran, replayed

pytestmark = pytest.mark.usefixtures("fresh_cache")
QUICK = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


# --- random builds -----------------------------------------------------------------------------------------------

COMMANDS = {
    "cat": 'cat "$$@"',
    "first": 'cat "$$@" | head -c 1',
    "size": 'cat "$$@" | wc -c',
    "fixed": "echo always",
}


def model(kind: str, inputs: list[bytes]) -> bytes:
    """What a command prints, by its meaning."""
    data = b"".join(inputs)
    return {"cat": data, "first": data[:1], "size": f"{len(data)}\n".encode(), "fixed": b"always\n"}[kind]


@dataclass
class Graph:
    """Sources by content and steps: (kind, inputs: numbers below zero are sources, others earlier steps)."""

    sources: list[bytes]
    steps: list[tuple[str, list[int]]]

    def values(self) -> list[bytes]:
        """Each step's output, from scratch."""
        found: list[bytes] = []
        for kind, inputs in self.steps:
            found.append(model(kind, self.reads(inputs, found)))
        return found

    def reads(self, inputs: list[int], made: list[bytes]) -> list[bytes]:
        return [self.sources[-at - 1] if at < 0 else made[at] for at in inputs]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Small builds."""
    sources = draw(st.lists(st.binary(min_size=1, max_size=3), min_size=1, max_size=3))
    steps: list[tuple[str, list[int]]] = []
    for number in range(draw(st.integers(1, 6))):
        known = st.integers(-len(sources), number - 1)
        steps.append(
            (
                draw(st.sampled_from(sorted(COMMANDS))),
                draw(st.lists(known, min_size=1, max_size=3, unique=True)),
            )
        )
    return Graph(sources, steps)


def record(graph: Graph, folder: Path) -> Maker:
    maker = Maker(folder)
    for number, data in enumerate(graph.sources):
        maker.write(f"$SRC/s{number}", data)
    for number, (kind, inputs) in enumerate(graph.steps):
        names = [f"$SRC/s{-at - 1}" if at < 0 else f"$OUT/o{at}" for at in inputs]
        maker.run(
            "sh",
            "-c",
            COMMANDS[kind],
            "sh",
            *names,
            inputs=names,
            stdout=f"$OUT/o{number}",
            name=f"o{number}",
        )
    return maker


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@QUICK
@given(graphs(), st.data())
def test_a_change_runs_exactly_what_depends_on_it_up_to_what_came_out_equal(
    graph: Graph, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        maker = record(graph, folder)
        file = maker.save(folder / "r.json")
        first = replayed(file, jobs=2)
        assert outcomes(first) == {"same"} and len(ran(first)) == len(graph.steps)
        again = replayed(file, folder / "got")
        assert outcomes(again) == {"same"} and not ran(again)
        before = graph.values()
        which = data.draw(st.integers(0, len(graph.sources) - 1))
        graph.sources[which] = data.draw(
            st.binary(max_size=3).filter(lambda new: new != graph.sources[which])
        )
        maker.write(f"$SRC/s{which}", graph.sources[which])
        old = [maker.roots, before]
        now = graph.values()
        used = any(-which - 1 in inputs for _, inputs in graph.steps)
        if used:
            with pytest.raises(BadInput, match="has changed since it was recorded"):
                replayed(file)
        updated = replayed(file, folder / "got", update=True, jobs=2)
        expected = {
            f"o{number}"
            for number, (_, inputs) in enumerate(graph.steps)
            if any(at == -which - 1 or (at >= 0 and now[at] != before[at]) for at in inputs)
        }
        assert ran(updated) == expected, old
        assert [(folder / "got" / f"o{at}").read_bytes() for at in range(len(now))] == now
        different = {f"o{at}" for at in range(len(now)) if now[at] != before[at]}
        assert {name for name, row in updated.items() if row.outcome == "rebuilt"} == different
        assert not ran(replayed(file, update=True))


# --- names, rooms, kinds -----------------------------------------------------------------------------------------

NAMES = ["a b", "quo'te\"s", "new\nline", "dollar$$", os.fsdecode(b"caf\xe9"), "-dash", "*", "\\n", "ü"]


@pytest.mark.parametrize("isolation", ["links", pytest.param("namespace", marks=needs_views)])
def test_names_of_all_kinds(folder: Path, isolation: str) -> None:
    maker = Maker(folder)
    for name in NAMES:
        maker.write(f"$SRC/{name}", name.encode("utf-8", "surrogateescape"))
    names = [f"$SRC/{name}" for name in NAMES]
    copies = [f"$OUT/{name}" for name in NAMES]
    maker.run("cp", "--", *names, "$OUT/", inputs=names, outputs=copies, env={"X": NAMES[4]})
    maker.copy(copies[2], "$OUT/inner/again\n")
    rows = replayed(maker.save(folder / "r.json"), folder / "got", isolation=isolation)
    assert outcomes(rows) == {"same"}
    for name in NAMES:
        plain = name.replace("$$", "$")
        assert (folder / "got" / plain).read_bytes() == name.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("isolation", ["links", pytest.param("namespace", marks=needs_views)])
def test_kinds_of_files(folder: Path, isolation: str) -> None:
    """Executables, links, folders, files changed in place, names rewritten, input and output by redirection."""
    maker = Maker(folder)
    maker.write("$SRC/run.sh", "#!/bin/sh\ncat\n", 0o755)
    maker.write("$SRC/text", "one\n")
    maker.run("$SRC/run.sh", inputs=["$SRC/run.sh"], stdin="$SRC/text", stdout="$OUT/text")
    maker.run("sh", "-c", "echo two >> $OUT/text", inputs=["$OUT/text"], outputs=["$OUT/text"])
    maker.run("cp", "$OUT/text", "$OUT/third", inputs=["$OUT/text"], outputs=["$OUT/third"])
    maker.run("mkdir", "$OUT/new", outputs=["$OUT/new"])
    maker.run("ln", "-s", "../text", "$OUT/new/link", inputs=["$OUT/new"], outputs=["$OUT/new/link"])
    maker.run(
        "sh", "-c", "cat new/link > $OUT/read", cwd="$OUT", outputs=["$OUT/read"],
        inputs=["$OUT/new/link", "$OUT/text"],
    )  # fmt: skip
    maker.run("ln", "-s", "$OUT/third", "$OUT/far", outputs=["$OUT/far"])
    maker.run("cat", "$OUT/far", stdout="$OUT/near", inputs=["$OUT/far", "$OUT/third"])
    maker.copy("$SRC/run.sh", "$OUT/bin/run")
    maker.copy("../text", "$OUT/bin/link", link=True)
    maker.text("$OUT/note", "by the driver")
    maker.run("false")
    rows = replayed(maker.save(folder / "r.json"), folder / "got", isolation=isolation)
    assert {name: row.outcome for name, row in rows.items() if row.outcome != "same"} == {}
    got = folder / "got"
    assert (got / "third").read_text() == (got / "read").read_text() == (got / "near").read_text()
    assert os.access(got / "bin" / "run", os.X_OK) and not os.access(got / "text", os.X_OK)
    assert (got / "bin" / "link").readlink() == Path("../text")
    assert not ran(replayed(folder / "r.json", isolation=isolation))


def test_roots_within_one_another_and_beside(folder: Path) -> None:
    """Relative names lead from root to root as they did."""
    maker = Maker(
        folder, roots={"OUT": folder / "src" / "build", "DEPS": folder / "deps", "TOOL": Path("/usr")}
    )
    maker.write("$SRC/a", "a")
    maker.write("$DEPS/b", "b")
    maker.run(
        "sh", "-c", "cat a ../deps/b > build/c", inputs=["$SRC/a", "$DEPS/b"], outputs=["$OUT/c"]
    )  # fmt: skip
    maker.run("sh", "-c", "cat ../a c > d", cwd="$OUT", inputs=["$SRC/a", "$OUT/c"], outputs=["$OUT/d"])
    file = maker.save(folder / "r.json")
    for isolation in ("links", "auto"):
        rows = replayed(file, folder / "got", isolation=isolation, again=True)
        assert outcomes(rows) == {"same"} and (folder / "got" / "d").read_text() == "aab"


def test_roots_that_were_moved(folder: Path) -> None:
    maker = Maker(folder / "one")
    maker.write("$SRC/a", "a")
    maker.run("cp", "$SRC/a", "$OUT/b", inputs=["$SRC/a"], outputs=["$OUT/b"])
    file = maker.save(folder / "r.json")
    (folder / "one").rename(folder / "two")
    with pytest.raises(BadInput, match="is gone since it was recorded"):
        replayed(file)
    assert outcomes(replayed(file, roots={"SRC": str(folder / "two" / "src")})) == {"same"}
    with pytest.raises(BadInput, match="no root SCR"):
        replayed(file, roots={"SCR": str(folder)})


@needs_views
def test_a_step_sees_only_what_is_declared(folder: Path) -> None:
    """In a view even the full old name of a file leads nowhere; folders of links cannot hide that."""
    maker = Maker(folder)
    maker.write("$SRC/a", "a")
    full = str(maker.path("$SRC/a"))
    maker.run("sh", "-c", f"cat '{full}' > $OUT/b; true", outputs=["$OUT/b"])
    file = maker.save(folder / "r.json")
    assert outcomes(replayed(file, isolation="links")) == {"same"}
    rows = replayed(file, isolation="namespace")
    assert outcomes(rows) == {"differs"} and len(ran(rows)) == 1  # what ran open proves nothing about shut in


@needs_views
def test_what_is_not_portable_is_replayed_at_its_old_places(folder: Path) -> None:
    maker = Maker(folder)
    maker.run("sh", "-c", "pwd > $OUT/where", outputs=["$OUT/where"])
    maker.run("cat", "$OUT/where", stdout="$OUT/again", inputs=["$OUT/where"])
    file = maker.save(folder / "r.json", portable=False)
    assert outcomes(replayed(file, folder / "got", isolation="auto")) == {"same"}
    assert (folder / "got" / "again").read_text().strip() == maker.roots["SRC"]
    with pytest.raises(BadInput, match="not portable"):
        replayed(file, isolation="links")
    assert outcomes(replayed(maker.save(folder / "p.json"), isolation="auto")) == {"differs"}


def test_a_real_program_of_c(folder: Path) -> None:
    if not shutil.which("gcc"):
        pytest.skip("gcc: not on this machine")
    maker = Maker(folder)
    maker.write("$SRC/main.c", '#include "a.h"\nint main(void) { return A + f(); }\n')
    maker.write("$SRC/f.c", '#include "a.h"\nint f(void) { return A; }\n')
    maker.write("$SRC/a.h", "#define A 1\nint f(void);\n")
    flags = ["-g", "-ffile-prefix-map=$SRC=/src", "-ffile-prefix-map=$OUT=/out"]
    for name in ("main", "f"):
        maker.run(
            "gcc", "-c", *flags, f"$SRC/{name}.c", "-o", f"$OUT/{name}.o", name=name,
            inputs=[f"$SRC/{name}.c", "$SRC/a.h"], outputs=[f"$OUT/{name}.o"],
        )  # fmt: skip
    maker.run(
        "ar", "rcsD", "$OUT/libf.a", "$OUT/f.o", inputs=["$OUT/f.o"], outputs=["$OUT/libf.a"], name="ar"
    )
    maker.run(
        "gcc", "$OUT/main.o", "-L$OUT", "-lf", "-o", "$OUT/app", name="link",
        inputs=["$OUT/main.o", "$OUT/libf.a"], outputs=["$OUT/app"],
    )  # fmt: skip
    file = maker.save(folder / "r.json")
    rows = replayed(file, folder / "got", isolation="auto")
    assert outcomes(rows) == {"same"}
    assert (folder / "got" / "app").read_bytes() == maker.path("$OUT/app").read_bytes()
    maker.write(
        "$SRC/f.c", '#include "a.h"\n\nint f(void) { return A; }\n'
    )  # other lines, so other debug data
    assert ran(replayed(file, update=True)) == {"f", "ar", "link"}
    maker.write("$SRC/a.h", "#define A 1 // one\nint f(void);\n")  # nothing that a compiler sees
    assert ran(replayed(file, update=True)) == {"main", "f"}
