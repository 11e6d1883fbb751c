"""The bundled port of Redox: its images hold what the system looks for, and what breaks them is found and named."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portwright.base.errors import BadInput
from portwright.base.events import outcome
from portwright.build import goals
from portwright.build.executor import Settings
from portwright.build.goals import BuildResult
from portwright.build.store import Store
from portwright.describe import port as ports
from portwright.describe.toolchain import Toolchain
from portwright.jobs import image_cat, image_check, image_extract, image_pack, image_stamp, inspect
from portwright.pack import compose

pytestmark = pytest.mark.toolchain
NAME = "aarch64-unknown-redox"
SECTOR = 512
INSIDE = (
    *("bin/init", "bin/pcid", "bin/pcid-spawner", "lib/drivers/virtio-blkd"),
    *("etc/init.rc", "etc/init_drivers.rc", "etc/pcid/initfs.toml"),
)


@pytest.fixture(scope="module")
def built(toolchain: Toolchain) -> BuildResult:
    """All images of the port."""
    found = outcome(goals.build(ports.load(NAME), "image", settings=Settings(2)))
    assert isinstance(found, BuildResult)
    return found


def said(*files: Path | str) -> inspect.Result:
    found = outcome(inspect.run(inspect.Arguments(tuple(map(str, files)), port=NAME)))
    assert isinstance(found, inspect.Result)
    return found


def errors(result: inspect.Result) -> set[str]:
    return {
        row.fault
        for report in result.reports
        for each in report.every()
        for row in each.findings
        if row.severity == "error"
    }


def test_the_initfs_has_all_that_the_kernel_and_init_look_for(built: BuildResult, tmp_path: Path) -> None:
    image = str(built.images["initfs"])
    checked = outcome(image_check.run(image_check.Arguments(image)))
    assert not checked.findings and checked.checked[0].says == "Redox initfs, layout R3"
    outcome(image_extract.run(image_extract.Arguments(image, output=tmp_path / "out")))
    assert all((tmp_path / "out" / name).stat().st_size for name in INSIDE)
    first, *rest = (tmp_path / "out" / "etc" / "init.rc").read_text().splitlines()
    assert first.startswith("# portwright-stamp:") and not any("stamp" in line for line in rest)
    (stamp,) = outcome(image_stamp.run(image_stamp.Arguments(image))).stamps
    assert not stamp.changed
    head = Path(image).read_bytes()[:0x2000]
    assert int.from_bytes(head[0x1A:0x22], "little") == 0x3000, "the bootstrap's entry"
    assert head[0x1000:0x1004] == b"\x7fELF", "the bootstrap lies behind the header's page"


def test_the_disk_has_its_partitions_where_the_documents_have_them(built: BuildResult) -> None:
    disk = built.images["disk"]
    checked = outcome(image_check.run(image_check.Arguments(str(disk))))
    assert checked.status == 0 and len(checked.checked) == 3
    assert {row.code for row in checked.findings} == {"redox-initfs/trailing"}, "no RedoxFS is made here"
    table = disk.read_bytes()[2 * SECTOR : 3 * SECTOR]
    places = [
        (int.from_bytes(row[32:40], "little"), int.from_bytes(row[40:48], "little"))
        for row in (table[at : at + 128] for at in range(0, 3 * 128, 128))
    ]
    assert places[:2] == [(34, 2047), (2048, 4095)] and places[2][0] == 4096
    loader = outcome(image_cat.run(image_cat.Arguments(f"{disk}:EFI:/EFI/BOOT/BOOTAA64.EFI")))
    assert loader.status == 0
    if shutil.which("sgdisk"):
        told = subprocess.run(["sgdisk", "-v", disk], capture_output=True, text=True, check=True)
        assert "No problems found" in told.stdout


def test_inspect_finds_no_error_and_warns_of_what_is_true(built: BuildResult) -> None:
    programs = [path for paths in built.programs.values() for path in paths]
    result = said(built.images["initfs"], built.images["disk"], *programs)
    assert result.status == 0 and not errors(result)
    warned = {row.fault for report in result.reports for each in report.every() for row in each.findings}
    # Assembly says of no code generator that it made it; and the REDOX partition holds the initfs itself.
    assert warned == {"wrong-backend", "image-check", "initfs-as-partition"}
    assert said(*programs).count("warning") == len(programs) - 1, "the boot loader is no ELF file"


def test_the_same_images_each_time(built: BuildResult) -> None:
    again = outcome(goals.build(ports.load(NAME), "image", settings=Settings(2)))
    assert not again.ran and again.images == built.images


@pytest.fixture
def object_file(built: BuildResult) -> Path:
    """The object of `init`, to be linked as it should not be."""
    plan, _ = goals.prepare(ports.load(NAME), images=True)
    return Store(plan).out(plan.step("object-init")) / "init.o"


Pack = Callable[..., Path]


@pytest.fixture
def pack(built: BuildResult, tmp_path: Path) -> Pack:
    """Packs the files of the initfs anew, with another init or without the bootstrap."""

    def packed(init: Path | None = None, bootstrap: Path | None = None) -> Path:
        folder, image = tmp_path / "tree", tmp_path / "initfs.img"
        outcome(image_extract.run(image_extract.Arguments(str(built.images["initfs"]), output=folder)))
        if init is not None:
            (folder / "bin" / "init").unlink()
            shutil.copy(init, folder / "bin" / "init")
            (folder / "bin" / "init").chmod(0o755)
        outcome(
            image_pack.run(
                image_pack.Arguments(folder, "redox-initfs", image, layout="R3", bootstrap=bootstrap)
            )
        )
        return image

    return packed


def linked(toolchain: Toolchain, object_file: Path, out: Path, *words: str) -> Path:
    subprocess.run([str(toolchain.lld), *words, object_file, "-o", out], check=True, capture_output=True)
    return out


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("-static", "--entry=nowhere"), "entry-zero"),
        (("-pie", "--no-dynamic-linker", "--entry=_start", "-z", "max-page-size=4096"), "pie-loader"),
    ],
)
def test_an_init_that_cannot_start_is_found(
    built: BuildResult,
    toolchain: Toolchain,
    object_file: Path,
    pack: Pack,
    tmp_path: Path,
    words: tuple[str, ...],
    fault: str,
) -> None:
    broken = linked(toolchain, object_file, tmp_path / "broken", *words)
    image = pack(broken, built.programs["bootstrap"][0])
    assert fault in errors(said(image))


def test_an_initfs_without_its_bootstrap_is_found(pack: Pack) -> None:
    assert "initfs-bootstrap-missing" in errors(said(pack()))


def test_an_init_in_the_bootstrap_s_place_is_found_and_no_build_makes_such_an_image(
    built: BuildResult, pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is linked for elsewhere: nobody would move it to where it can run."""
    init = built.programs["init"][0]
    with pytest.raises(BadInput) as refused:
        pack(bootstrap=init)
    assert "bootstrap/place" in {fault.code for fault in refused.value.faults}
    shutil.rmtree(tmp_path / "tree")
    with monkeypatch.context() as unlooked:  # as the original archiver packs: it looks at nothing
        unlooked.setattr("portwright.pack.bootstrap.require", lambda source: None)
        assert "initfs-bootstrap-place" in errors(said(pack(bootstrap=init)))
    recipe = {"format": "redox-initfs", "layout": "R3", "bootstrap": "init"}
    with pytest.raises(BadInput) as caught:
        outcome(compose.compose(recipe, {"program:init": str(init)}, tmp_path / "made.img", None))
    assert "bootstrap/place" in {fault.code for fault in caught.value.faults}
    assert not (tmp_path / "made.img").exists()


@pytest.mark.parametrize("goal", ["view", "std", "sysroot", "dist"])
def test_what_needs_a_ledger_says_that_there_is_none(goal: str, toolchain: Toolchain) -> None:
    with pytest.raises(BadInput) as caught:
        goals.plan(ports.load(NAME), goal)
    assert caught.value.faults[0].code == "port/no-ledger"


@pytest.mark.parametrize("verb", ["up", "ledger show", "std"])
def test_verbs_that_need_one_end_with_2(portwright: Any, verb: str) -> None:
    told = portwright(*verb.split(), NAME)
    assert told.returncode == 2 and "has no abi.toml yet" in told.stderr and "Traceback" not in told.stderr
