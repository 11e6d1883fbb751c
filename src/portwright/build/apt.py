"""Debian's packages through the machine's own apt: what is offered, installing as root, unpacking without.

Knows nothing of Rust: which packages are wanted, and where they go, is the caller's business. The sources are
those that the machine is configured with; none is named here.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from portwright.base.errors import Fault, PortwrightError, Where
from portwright.base.events import Advanced, Event
from portwright.base.files import disk_errors
from portwright.base.processes import Completed, environment, need, paste, run, watch

STATUS = Path("/var/lib/dpkg/status")
SYSTEM_LISTS = Path("/var/lib/apt/lists")
STALE_SECONDS = 24 * 3600
NOT_HERE = "this way works on Debian and its kin; elsewhere use rustup: `rustup toolchain install`"


@dataclass(frozen=True, slots=True)
class Offer:
    """A version of a package that the sources offer, and the pool that has it (`bookworm-security/main`)."""

    package: str
    version: str
    pool: str


@dataclass(frozen=True, slots=True)
class Apt:
    """One way to call apt: on the machine's state, or on a state of our own that needs no root."""

    lists: Path = SYSTEM_LISTS
    options: tuple[str, ...] = ()

    def is_stale(self) -> bool:
        """Whether the lists of packages are missing or older than a day."""
        if not any(self.lists.glob("*_Packages*")):
            return True
        touched = [place.stat().st_mtime for place in (self.lists, self.lists / "partial") if place.is_dir()]
        return time.time() - max(touched) > STALE_SECONDS

    def update(self) -> Completed:
        """Fetch the lists anew. One broken source among many is no error: see what is offered afterwards."""
        return run([*self._get(), "update"], env=_environment())

    def offers(self, packages: Sequence[str]) -> list[Offer]:
        """Every version of the packages that a source offers (not what is merely installed)."""
        cache = str(need("apt-cache", NOT_HERE))
        said = run([cache, *self.options, "madison", *packages], env=_environment())
        rows = [[cell.strip() for cell in line.split("|")] for line in said.text.splitlines()]
        return [Offer(r[0], r[1], _pool(r[2])) for r in rows if len(r) == 3 and r[2].endswith("Packages")]

    def install(self, packages: Sequence[str], part: str) -> Generator[Event, None, None]:
        """Install as root: no questions, nothing removed, a half-done earlier run mended first."""
        words = ["-y", "--no-install-recommends", "--no-remove", "-o", "DPkg::Lock::Timeout=300"]
        argv = [*self._get(), *words, "-o", "Dpkg::Options::=--force-confold", "install", *packages]
        done = yield from _watch(argv, part)
        if "dpkg --configure -a" in done.error_text + done.text:
            run([str(need("dpkg", NOT_HERE)), "--configure", "-a"], env=_environment())
            done = yield from _watch(argv, part)
        _check(done, f"installing {' '.join(packages)}", Path("/var/cache/apt/archives"))

    def needed(self, packages: Sequence[str], status: Path) -> dict[str, int]:
        """File name -> bytes of the packages that `status` (a dpkg table) lacks for these, dependencies too."""
        argv = [
            *self._get(status),
            "-qq",
            "-y",
            "--no-install-recommends",
            "--print-uris",
            "install",
            *packages,
        ]
        said = run(argv, env=_environment())
        _check(said, f"resolving {' '.join(packages)}", self.lists)
        rows = re.findall(r"^'[^']+' (\S+\.deb) (\d+)", said.text, re.MULTILINE)
        return {name: int(size) for name, size in rows}

    def download(
        self, packages: Sequence[str], status: Path, folder: Path, part: str
    ) -> Generator[Event, None, None]:
        """Fetch what `needed` says into `folder`, checked by apt; what an interrupted run left is used."""
        (folder / "partial").mkdir(parents=True, exist_ok=True)
        options = [
            "-o",
            f"Dir::Cache::archives={folder}/",
            "-y",
            "--no-install-recommends",
            "--download-only",
        ]
        done = yield from _watch([*self._get(status), *options, "install", *packages], part)
        _check(done, f"downloading {' '.join(packages)}", folder)

    def _get(self, status: Path | None = None) -> list[str]:
        words = [str(need("apt-get", NOT_HERE)), *self.options, "-o", "Acquire::Retries=3"]
        if status is not None:
            # Nothing is installed with a table of ours, so dpkg's lock, which only root may take, is not needed.
            words += ["-o", f"Dir::State::status={status}", "-o", "Debug::NoLocking=1"]
        return words


def own_state(folder: Path) -> Apt:
    """Apt with lists and caches in `folder`, on the machine's configured sources; needs no root."""
    with disk_errors(folder):
        for name in ("state/lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True, exist_ok=True)
    words = [f"Dir::State={folder / 'state'}", f"Dir::Cache={folder / 'cache'}", "APT::Sandbox::User="]
    words.append(f"Dir::State::status={STATUS}")
    return Apt(folder / "state" / "lists", tuple(word for each in words for word in ("-o", each)))


def without_root(folder: Path) -> Apt:
    """Apt for reading and downloading only: the machine's lists where they are fresh, else lists in `folder`."""
    own = own_state(folder)
    if Apt().is_stale():
        return own
    return Apt(SYSTEM_LISTS, (*own.options, "-o", f"Dir::State::lists={SYSTEM_LISTS}"))


def table_without(ours: re.Pattern[str], table: str) -> str:
    """dpkg's table without the packages whose source package is `ours`, and without what depends on what.

    Apt then resolves as if these were not installed, and asks for all of them and for whatever else the machine
    lacks; the relations are taken out because the rest would look broken without its dependencies.
    """
    keep = ("Package", "Status", "Version", "Architecture", "Multi-Arch", "Provides", "Essential", "Source")
    result = []
    for paragraph in table.split("\n\n"):
        fields: dict[str, str] = dict(re.findall(r"^([A-Za-z-]+): (.*)$", paragraph, re.MULTILINE))
        name = fields.get("Package", "")
        if not name or ours.fullmatch(fields.get("Source", name).split(" ")[0]):
            continue
        rows = [f"{key}: {fields[key]}" for key in keep if key in fields]
        result.append("\n".join([*rows, "Maintainer: nobody <nobody>", "Description: installed"]))
    return "\n\n".join(result) + "\n"


def unpack(debs: Iterable[Path], folder: Path, part: str) -> Generator[Event, None, None]:
    """Unpack packages over one another into `folder`; no script of a package is run."""
    tool = str(need("dpkg-deb", NOT_HERE))
    for count, deb in enumerate(sorted(debs)):
        yield Advanced(part, count, deb.name.split("_")[0])
        _check(run([tool, "-x", str(deb), str(folder)]), f"unpacking {deb.name}", folder)


def library_folders(root: Path) -> list[str]:
    """The folders below an unpacked root that hold shared libraries which the loader would look for."""
    names = {Path(path).parent for path in _shared_libraries(root)}
    return sorted(str(name.relative_to(root)) for name in names)


def _shared_libraries(root: Path) -> Iterable[str]:
    for place in ("lib", "usr/lib"):
        for pattern in ("*/lib*.so.*", "llvm-*/lib/lib*.so.*"):
            yield from (str(path) for path in (root / place).glob(pattern))
    # rustc's own libraries have no version in their names.
    yield from (str(path) for path in (root / "usr/lib").glob("*/librustc_driver-*.so"))


def _environment() -> dict[str, str]:
    return environment({"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C", "LANGUAGE": None})


def _pool(source: str) -> str:
    """`bookworm-security/main` of madison's `http://... bookworm-security/main amd64 Packages`."""
    words = source.split()
    return words[1] if len(words) > 1 else source


def _watch(argv: Sequence[str], part: str) -> Generator[Event, None, Completed]:
    """Run apt and say how far it is, from the lines of its status on standard error."""
    work = watch([*argv[:1], "-o", "APT::Status-Fd=2", *argv[1:]], env=_environment())
    while True:
        try:
            fields = next(work).decode(errors="replace").strip().split(":", 3)
        except StopIteration as end:
            done: Completed = end.value
            return done
        if fields[0] in ("dlstatus", "pmstatus") and len(fields) == 4:
            yield Advanced(part, int(float(fields[2] or 0)), fields[3])


def _check(done: Completed, what: str, place: Path) -> None:
    """Pass on what ended well; else raise an error that names a full disk or a missing network as such."""
    if done.status == 0:
        return
    said = [line for line in done.error_text.splitlines() if not line.startswith(("dlstatus:", "pmstatus:"))]
    text = "\n".join([*said, done.text])
    lines = [
        line for line in text.splitlines() if line.startswith(("E: ", "dpkg", "tar: "))
    ] or text.splitlines()
    hint = f"run it again: {paste(done.argv, env={'DEBIAN_FRONTEND': 'noninteractive'})}"
    code = "packages/failed"
    if re.search(r"No space left|enough free space", text):
        free = shutil.disk_usage(_existing(place)).free >> 20
        hint, code = (
            f"{free} MB are free there; PORTWRIGHT_CACHE names another place for downloads",
            "disk/full",
        )
    elif re.search(r"Could not resolve|Temporary failure|Unable to connect|Network is unreachable", text):
        hint, code = "the package sources cannot be reached: is there a network?", "network/unreachable"
    elif re.search(r"Permission denied|are you root", text):
        hint, code = "run it as root, or `portwright setup --rootless`", "packages/permission"
    raise PortwrightError([Fault(f"{what} failed: {'; '.join(lines[-3:])}", Where(place), hint, code)])


def _existing(place: Path) -> Path:
    return place if place.exists() or place == place.parent else _existing(place.parent)


def is_root() -> bool:
    """Whether packages can be installed at all."""
    return os.geteuid() == 0
