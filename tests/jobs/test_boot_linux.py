"""A real Linux whose first program and programs are std programs of the port: what passed in the machine passes there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bare_metal
import linux_kernels
from port_copies import one_at_a_time, quick
from portwright.base.errors import StepFailed
from portwright.base.events import outcome
from portwright.build import goals
from portwright.describe import port as ports
from portwright.describe.port import Port
from portwright.jobs import boot
from portwright.jobs.boot import Arguments, Result

pytestmark = [pytest.mark.toolchain, pytest.mark.slow]
INIT = Path(__file__).resolve().parents[1] / "fixtures" / "linux-init" / "init.rs"
ARCHES = ("x86_64", "aarch64")


class Linux:
    """What a boot of it takes: Debian's kernel, and the port's programs in an initramfs."""

    def __init__(self, arch: str, cache: Path, folder: Path) -> None:
        bare_metal.need_qemu(arch)
        self.kernel = linux_kernels.kernel(arch, cache)
        self.port: Port = ports.load(str(quick(f"{arch}-portwright-linux")))
        with one_at_a_time(self.port):
            built = outcome(goals.build(self.port, "programs"))
        self.init = outcome(goals.build_crate(self.port, INIT)).programs["init"][0]
        files = {f"bin/{name}": paths[0].read_bytes() for name, paths in built.programs.items()}
        self.initrd = linux_kernels.initramfs(
            folder / "initrd", {"init": self.init.read_bytes(), **files, "motd": b"read by std\n"}
        )

    def machine(self) -> str:
        """The port's description of it, to be changed."""
        text = (self.port.folder / "port.toml").read_text()
        return "\n[machine.linux]" + text.split("[machine.linux]")[1]

    def boot(self, append: str = "", **others: Any) -> Result:
        own = self.port.machines["linux"].model_dump()["append"]
        words = {
            "kernel": self.kernel,
            "initrd": self.initrd,
            "append": f"{own} {append}",
            "symbols": (self.init,),
        }
        result: Result = outcome(boot.run(Arguments(str(self.port.folder), **{**words, **others})))
        return result


@pytest.fixture(scope="module", params=ARCHES)
def linux(
    request: pytest.FixtureRequest, cache: Path, tmp_path_factory: pytest.TempPathFactory, toolchain: Any
) -> Linux:
    return Linux(request.param, cache, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def x86(cache: Path, tmp_path_factory: pytest.TempPathFactory, toolchain: Any) -> Linux:
    return Linux("x86_64", cache, tmp_path_factory.mktemp("x86"))


def test_the_programs_that_passed_in_the_machine_pass_on_a_real_kernel(linux: Linux, tmp_path: Path) -> None:
    """One boot: commands and their statuses, every program that needs nothing else, and at last the end of init."""
    words = {"kernel": linux.kernel, "initrd": linux.initrd, "record": tmp_path / "record"}
    checked = 0
    with (
        pytest.raises(StepFailed, match=r"panicked: .*Attempted to kill init!"),
        boot.booted(str(linux.port.folder), **words) as guest,
    ):
        assert [row.name for row in guest.milestones] == ["kernel", "init"]
        assert "bin\ndev\ninit\nmotd\n" in guest.run("ls /").output
        assert guest.run("cat /motd").output == "read by std\n"
        missing = guest.run("/bin/none")
        assert (missing.status, missing.output.startswith("/bin/none: ")) == (127, True)
        for program in linux.port.manifest.program:
            expect = program.expect
            if program.stdin or program.files or program.environment or expect.stdout is None:
                continue
            answer = guest.run(" ".join([f"/bin/{program.name}", *program.arguments]), 30)
            assert answer.status == expect.exit, (program.name, answer)
            assert answer.output.startswith(expect.stdout), (program.name, answer)
            for text in expect.stderr_contains:  # the console shows both
                assert text in answer.output, (program.name, answer)
            assert expect.stderr_contains or answer.output == expect.stdout, (program.name, answer)
            checked += 1
        assert checked >= 3
        guest.run("exit 3")


LINUX = {
    "it switches itself off": ("do=off", {}, "never-reported", "the machine switched itself off"),
    "init ends": ("do=exit", {}, "panicked", "Attempted to kill init!"),
    "init aborts": ("do=abort", {}, "panicked", "Attempted to kill init!"),
    "init spins": ("do=spin", {}, "silent", "spinning in spin_in_a_program"),
    "init sleeps": ("do=sleep", {}, "silent", "idle"),
    "wrong root": ("root=/dev/nowhere", {"initrd": None}, "panicked", "VFS: Unable to mount root fs"),
    "no init": ("rdinit=/nothing init=/nothing", {}, "panicked", "Kernel panic"),
}


@pytest.mark.e2e
@pytest.mark.parametrize("name", LINUX)
def test_each_way_in_which_linux_ends(x86: Linux, tmp_path: Path, name: str) -> None:
    append, others, ended, detail = LINUX[name]
    machine = x86.machine()
    machine += '\n[[machine.linux.milestone]]\nname = "prompt"\npattern = "^init# "\nseconds = 5\n'
    folder = bare_metal.port(tmp_path / "port", machine)
    own = x86.port.machines["linux"].model_dump()["append"]
    words: dict[str, Any] = {"kernel": x86.kernel, "initrd": x86.initrd, "symbols": (x86.init,), **others}
    result: Result = outcome(boot.run(Arguments(str(folder), append=f"{own} {append}", **words)))
    assert result.verdict.outcome == ended, result.verdict
    assert detail in result.verdict.detail
    if ended == "panicked":
        assert result.runs[0].known


@pytest.mark.e2e
def test_a_kernel_and_an_initramfs_that_are_cut_off(x86: Linux, tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_bytes(x86.initrd.read_bytes()[:5000])
    assert x86.boot(initrd=short).verdict.outcome == "panicked"
    short.write_bytes(x86.kernel.read_bytes()[:2_000_000])
    assert not x86.boot(kernel=short).verdict.passed
    short.write_bytes(x86.kernel.read_bytes()[:200])
    assert x86.boot(kernel=short).verdict.outcome == "could-not-run"


Portwright = Callable[..., Any]


@pytest.mark.e2e
def test_the_command_of_the_document(x86: Linux, portwright: Portwright) -> None:
    done = portwright(
        "boot",
        x86.port.folder,
        "--kernel",
        x86.kernel,
        "--initrd",
        x86.initrd,
        "-c",
        "ls /",
        "-c",
        "/bin/hello",
    )
    assert done.returncode == 0, done.stdout
    assert "Hello from std!" in done.stdout


@pytest.fixture
def with_modules(x86: Linux, cache: Path, tmp_path: Path) -> tuple[Path, str]:
    """An initramfs with what Linux needs for virtio, and the command that loads it."""
    modules = linux_kernels.virtio_modules("x86_64", cache)
    files = {"init": x86.init.read_bytes(), **{f"lib/{name}.ko": data for name, data in modules.items()}}
    initrd = linux_kernels.initramfs(tmp_path / "initrd", files)
    return initrd, " ".join(["load", *(f"/lib/{name}.ko" for name in modules)])


@pytest.mark.e2e
def test_a_folder_of_the_host_in_the_guest(
    x86: Linux, with_modules: tuple[Path, str], tmp_path: Path
) -> None:
    """By 9p: read and written on both sides; the rights of a file are the host's."""
    initrd, load = with_modules
    share = tmp_path / "a share, with a comma"
    share.mkdir()
    (share / "given").write_text("from the host\n")
    (share / "given").chmod(0o644)
    with boot.booted(str(x86.port.folder), kernel=x86.kernel, initrd=initrd, share=share) as guest:
        loaded = guest.run(load)
        assert loaded.status == 0, (loaded.output, loaded.noise)
        assert guest.run("mkdir /share; mount hostshare /share 9p").status == 0
        assert guest.run("cat /share/given").output == "from the host\n"
        assert guest.run("write /share/taken out of the guest").status == 0
        assert guest.run("read-only /share/given").status == 0
        assert guest.run("ls /share").output == "given\ntaken\n"
    assert (share / "taken").read_text() == "out of the guest"
    assert (share / "given").stat().st_mode & 0o777 == 0o444


@pytest.mark.e2e
@pytest.mark.parametrize("persist", [False, True])
def test_what_a_guest_writes_on_a_disk_stays_where_that_is_wanted(
    x86: Linux, with_modules: tuple[Path, str], tmp_path: Path, persist: bool
) -> None:
    initrd, load = with_modules
    machine = x86.machine()
    machine = machine.replace('memory = "512M"', 'memory = "512M"\ndrives = [{ image = "disk" }]')
    folder = bare_metal.port(tmp_path / "port", machine)
    disk = folder / "disk"
    disk.write_bytes(bytes(1 << 20))
    with boot.booted(str(folder), kernel=x86.kernel, initrd=initrd, persist=persist) as guest:
        assert guest.run(load).status == 0
        assert guest.run("mount devtmpfs /dev devtmpfs; put /dev/vda written").status == 0
    assert disk.read_bytes()[:7] == (b"written" if persist else bytes(7))
    assert disk.stat().st_size == 1 << 20
