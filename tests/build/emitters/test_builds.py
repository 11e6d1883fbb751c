"""sh, ninja and nix: each builds in an empty folder, without portwright, and gives the recorded bytes.

Any byte in a command, its environment or a name comes through; a changed source runs again what depends on it, no more.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emitted_builds import FORMS, build, c_project, emission, finish, in_private_nix, need
from portwright.base import rooms
from portwright.base.errors import StepFailed
from portwright.build import emit_folder, nix_scripts
from portwright.build.emission import Emission
from portwright.build.step_script import body
from recording_maker import Maker

ROOM = "portwright.build.emitters"
NASTY = (
    "'",
    '"',
    "$x",
    "${x}",
    "''${x}",
    "`id`",
    "\\",
    "\n",
    "\r\n",
    "a b",
    "|",
    "\udcff",
    "*",
    "~",
    "=",
    "!",
    ";",
    "é",
)


@pytest.fixture(scope="module")
def nix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A Nix of these tests' own."""
    with in_private_nix(tmp_path_factory.mktemp("nix")) as variables:
        yield variables


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Emission:
    if shutil.which("gcc") is None or shutil.which("ar") is None:
        pytest.skip("gcc, ar: not on this machine")
    return emission(c_project(tmp_path_factory.mktemp("project")))


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest, nix: dict[str, str]) -> ModuleType:
    need(request.param)
    return rooms.load(ROOM, request.param)


def test_a_build_comes_out_byte_by_byte(form: ModuleType, project: Emission, tmp_path: Path) -> None:
    """Generated code, a header, a library, a program that runs, a copy, a link, a text, a command that fails."""
    assert build(form, project, tmp_path / "a folder's $name") == []


def test_what_differs_is_named(form: ModuleType, project: Emission, tmp_path: Path) -> None:
    """The comparison is not blind: the same build with a changed source."""
    folder = tmp_path / "changed"
    emit_folder.write(folder, "x", form.write(project))
    source = next(path for path in folder.rglob("b.c"))
    source.write_text("int other(void) { return 4; }\n")
    results = finish(form.build(folder, project))
    differing = {row.path: row for row in emit_folder.compare(project, results)}
    assert "$OUT/b.o" in differing and "$OUT/libab.a" in differing
    assert "$OUT/a.o" not in differing and "$OUT/gen.h" not in differing
    assert differing["$OUT/b.o"].why == "its bytes differ"
    assert next(emit_folder.compare(project, {})).why == "the step has no result"


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    words=st.lists(
        st.binary(max_size=12).filter(lambda data: b"\0" not in data).map(os.fsdecode), max_size=12
    )
)
def test_any_bytes_come_through(
    form: ModuleType, words: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Arguments, environment, and names of files and folders of sources and outputs, through the real tool."""
    folder = tmp_path_factory.mktemp("bytes")
    names = [
        name.replace("/", "-") for name in (*NASTY, *words) if name.replace("/", "-") not in ("", ".", "..")
    ]
    maker = Maker(folder, env={"ODD": "".join(NASTY).replace("$", "$$")})
    said = [word.replace("$", "$$") for word in (*NASTY, *words, "")]
    paths = [f"$SRC/{name.replace('$', '$$')}/{name.replace('$', '$$')}" for name in dict.fromkeys(names)]
    for path in paths:
        maker.write(path, path.encode("utf-8", "surrogateescape"))
    show = maker.write("$SRC/show.sh", 'printf \'%s\\0\' "$ODD" "$@"\n')
    maker.run("sh", show, *said, inputs=[show], stdout="$OUT/said")
    made = [path.replace("$SRC", "$OUT") for path in paths]
    pairs = [name for pair in zip(paths, made, strict=True) for name in pair]
    each = maker.write("$SRC/each.sh", 'while [ $# != 0 ]; do cp "$1" "$2"; shift 2; done\n')
    maker.run("sh", each, *pairs, inputs=[each, *paths], outputs=made)
    maker.run("cat", *made, inputs=made, stdout="$OUT/all")
    maker.copy(made[0], "$OUT/a copy of \n it")
    assert build(form, emission(maker), folder / "emitted") == []


def ran(form: str, folder: Path) -> set[str]:
    """Build; the ids of what ran."""
    argv = {
        "ninja": ["ninja", "-v"],
        "nix": ["nix-build", "-A", "all", "--no-out-link", "--option", "sandbox", "false"],
    }
    done = subprocess.run(argv[form], cwd=folder, capture_output=True, text=True, check=True)
    found = {"ninja": r"sh steps/(\w+)\.sh", "nix": r"building '.*/[a-z0-9]{32}-(\w+)\.drv'"}
    return {re.sub(r"_[a-z0-9]+$", "", name) for name in re.findall(found[form], done.stdout + done.stderr)}


AFTER = {"ninja": set(), "nix": {"ar_libab", "cc_prog", "files_prog", "program_said", "all"}}


@pytest.mark.parametrize("name", ["ninja", "nix"])
def test_a_changed_source_runs_its_dependants_only(
    name: str, project: Emission, nix: dict[str, str], tmp_path: Path
) -> None:
    """ninja also stops where a file came out as it was: a comment behind the code changes no object file."""
    need(name)
    folder = tmp_path / name
    emit_folder.write(folder, name, rooms.load(ROOM, name).write(project))
    ran(name, folder)
    assert ran(name, folder) == set()
    next(folder.rglob("b.c")).write_text("int other(void) { return 3; } /* as it was */\n")
    again = ran(name, folder)
    assert again - {"all"} == {"cc_b"} | (AFTER[name] - {"all"})
    next(folder.rglob("a.h")).write_text("int two(void);\nint more(void);\n")
    assert {"cc_a", "cc_main"} <= ran(name, folder)
    assert ran(name, folder) == set()


def test_sh_and_ninja_need_nothing_of_portwright(
    project: Emission, nix: dict[str, str], tmp_path: Path
) -> None:
    """Moved elsewhere, run with an environment of nothing but PATH; then their own checksums hold."""
    for name in ("sh", "ninja"):
        need(name)
        emit_folder.write(tmp_path / "first", name, rooms.load(ROOM, name).write(project))
        folder = (tmp_path / "first").rename(tmp_path / name)
        env = {"PATH": "/usr/bin:/bin"}
        argv = {"sh": ["sh", "build.sh"], "ninja": ["ninja"]}[name]
        subprocess.run(argv, cwd=folder, env=env, check=True, capture_output=True)
        checked = ["sha256sum", "-c", "--quiet", "../SHA256SUMS"]
        subprocess.run(checked, cwd=folder / "results", check=True)
        if name == "sh":
            subprocess.run(["sh", folder / "build.sh", "check"], env=env, check=True)
        text = "".join(path.read_text() for path in (folder / "steps").iterdir())
        assert "portwright" not in text.replace("PORTWRIGHT_", "").lower()


def test_nix_attributes(project: Emission, nix: dict[str, str], tmp_path: Path) -> None:
    """One step by its number, the whole tree, the check, and the flake's view of them."""
    need("nix")
    folder = tmp_path / "nix"
    entry = rooms.load(ROOM, "nix")
    emit_folder.write(folder, "nix", entry.write(project))

    def built(attribute: str) -> Path:
        argv = ["nix-build", folder, "-A", attribute, "--no-out-link", "--option", "sandbox", "false"]
        return Path(subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip())

    assert (built("step002") / "out" / "a.o").is_file()
    results = built("results")
    assert (results / "out/prog").read_bytes() == (results / "out/bin/again").read_bytes()
    assert built("check").read_text() == "same\n"
    text = (folder / "default.nix").read_text()
    assert len(re.findall(r"^    \w+ = step ", text, re.M)) == len(project.jobs)
    words = ["nix", "--extra-experimental-features", "nix-command flakes", "eval", "--raw"]
    flake = [*words, f"path:{folder}#packages.{os.uname().machine}-linux.step002.outPath"]
    shown = subprocess.run(flake, check=True, capture_output=True, text=True).stdout
    assert shown == str(built("step002"))


def test_derivations_that_we_make_are_those_that_nix_makes(
    project: Emission, nix: dict[str, str], tmp_path: Path
) -> None:
    """--drv: the same .drv for every attribute, in the store without an evaluation, and they build."""
    need("nix")
    folder = tmp_path / "nix"
    entry = rooms.load(ROOM, "nix")
    emit_folder.write(folder, "nix", entry.write(project))
    with in_private_nix(tmp_path / "other") as variables:
        added = entry.add(folder, project)
        assert Path(added).is_file()
        store, system = variables["NIX_STORE_DIR"], f"{os.uname().machine}-linux"
        ours = {row.path for row in nix_scripts.derivations(project, store, system).values()}
        assert all(Path(path).is_file() for path in ours)
        argv = ["nix-instantiate", str(folder)]
        theirs = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()
        assert {path.split("!")[0] for path in theirs} == ours and len(ours) == len(project.jobs) + 3
        realise = ["nix-store", "--realise", added, "--option", "sandbox", "false"]
        subprocess.run(realise, check=True, capture_output=True)


def test_the_same_twice(form: ModuleType, project: Emission) -> None:
    assert list(form.write(project)) == list(form.write(project))


def test_a_step_that_fails_stops_the_build(form: ModuleType, tmp_path: Path) -> None:
    """Also one that ends well and leaves nothing."""
    for argv in (("false",), ("true",)):
        maker = Maker(tmp_path / argv[0])
        maker.run("cp", "/dev/null", "$OUT/x", outputs=["$OUT/x"])
        made = emission(maker)
        folder = tmp_path / argv[0] / "emitted"
        emit_folder.write(folder, "x", form.write(made))
        script = folder / "steps" / f"{made.jobs[0].id}.sh"
        script.write_text(
            script.read_text().replace(" cp \\\n", f" {argv[0]} \\\n").replace(" cp ", f" {argv[0]} ")
        )
        with pytest.raises(StepFailed):
            finish(form.build(folder, made))


def test_links_lead_to_where_a_step_runs(form: ModuleType, tmp_path: Path) -> None:
    """Absolute links into a root, made by a driver and by a step, read through by later steps."""
    maker = Maker(tmp_path / "made")
    text = maker.write("$SRC/text", "hello\n")
    maker.run("cp", text, "$OUT/text", inputs=[text], outputs=["$OUT/text"])
    maker.copy("$OUT/text", "$OUT/link", link=True)
    maker.run("ln", "-s", "$OUT/text", "$OUT/own", outputs=["$OUT/own"])
    read = ["$OUT/link", "$OUT/own"]
    maker.run("cat", *read, inputs=["$OUT/text", *read], stdout="$OUT/both")
    assert build(form, emission(maker), tmp_path / "emitted") == []


def test_a_file_written_in_place_is_a_copy(form: ModuleType, tmp_path: Path) -> None:
    maker = Maker(tmp_path / "made")
    log = maker.run("sh", "-c", "echo one > $OUT/log", outputs=["$OUT/log"]).outputs[0]
    maker.run("sh", "-c", "echo two >> $OUT/log", inputs=[log], outputs=[log])
    maker.run("cp", log, "$OUT/copy", inputs=[log], outputs=["$OUT/copy"])
    assert build(form, emission(maker), tmp_path / "emitted") == []


def test_a_program_whose_name_is_like_a_variable(form: ModuleType, tmp_path: Path) -> None:
    """env would take it for one: it is started by the shell that runs the script, wherever that lies."""
    maker = Maker(tmp_path / "made")
    tool = maker.write("$SRC/a=b", "#!/bin/sh\necho made\n", mode=0o755)
    maker.run(tool, inputs=[tool], stdout="$OUT/made")
    made = emission(maker)
    assert "/bin/sh" not in body(made.jobs[0], made)
    assert build(form, made, tmp_path / "emitted") == []
