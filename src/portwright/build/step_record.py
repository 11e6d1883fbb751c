"""Makes of a unit of work a plan's step and what was seen of it: names normalised, contents hashed, secrets hidden."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portwright.base.hashing import hash_bytes
from portwright.build.file_digests import Digests
from portwright.build.file_history import NOT_FILES, History
from portwright.build.file_version import Version
from portwright.build.inner_wrappers import Wrappers
from portwright.build.looked_at import looked_at
from portwright.build.own_work import FilesStep, OwnWork
from portwright.build.recorded_environment import Secrets, secret_name, shown
from portwright.build.recording_place import SYSTEM, TEMPORARY, WRAPPER, Places
from portwright.build.redirections import streams
from portwright.build.remapping import NOT_PORTABLE, folders_in_products
from portwright.build.step_notes import is_note
from portwright.build.trade import Call
from portwright.build.work_units import Unit
from portwright.derive.plan import Input, Step
from portwright.derive.recording import FileKind, Impurity, Output, Seen

TEXT_BYTES = 1 << 16
"""A driver's text up to this size stands in the recording itself."""

OUTLIVES = 50_000_000
"""Nanoseconds by which a process may outlive the step that started it before that is told."""


@dataclass(slots=True)
class Reading:
    """What the making of steps needs, and what it finds beside them."""

    places: Places
    secrets: Secrets
    digests: Digests
    history: History
    own: OwnWork
    wrappers: Wrappers
    start: int
    private: tuple[str, ...] = ()
    programs: frozenset[str] = frozenset()
    """Folders in which programs were found that were started."""
    tools: set[str] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)

    def word(self, text: str) -> str:
        """A word as the recording shows it."""
        return self.places.name(self.secrets.hide(text))

    def words(self, argv: Sequence[str]) -> tuple[str, ...]:
        """A command line as the recording shows it."""
        return tuple(map(self.places.name, self.secrets.hide_words(argv)))

    def path(self, path: str) -> str:
        """A file's name as the recording shows it."""
        return self.secrets.hide(self.places.path(path))

    def environment(self, call: Call, variables: dict[str, str]) -> dict[str, str]:
        """The variables as the recording shows them, without the recorder's own folders in lists."""
        found = {}
        for name, value in variables.items():
            found[name] = self.word(self._searched(value) if name == "PATH" else value)
        return found

    def _searched(self, value: str) -> str:
        """A search path without the recorder's folders and those of the user in which no program was found."""
        parts = dict.fromkeys(part for part in value.split(os.pathsep) if part)
        return os.pathsep.join(
            part
            for part in parts
            if not part.startswith(self.private or ("\0",))
            and (part in self.programs or self.places.root(part) or f"{part}/".startswith(SYSTEM))
        )

    def maker(self, version: Version) -> str:
        """The name of the step that made a version; empty where it was there before."""
        if version.maker is None:
            return ""
        if version.maker.role == "driver":
            step = self.own.of.get(version)
            return step.name if step is not None else ""
        return version.maker.name if version.maker.whole else ""

    def content(self, version: Version) -> tuple[str, int, FileKind]:
        """(digest, size, kind) of a version; an empty digest where its content is not known any more."""
        if version.symlink:
            target = self.word(version.target)
            return hash_bytes(os.fsencode(target)), len(os.fsencode(target)), "symlink"
        if version.digest:
            return version.digest, version.size, version.kind
        if version.hidden:
            return self._renamed(version)
        found = self.digests.of(version.path)
        if found is None or (version.maker is None and found.changed > self.start):
            return "", 0, version.kind
        return found.digest, found.size, "executable" if found.mode & 0o100 else "file"

    def _renamed(self, version: Version) -> tuple[str, int, FileKind]:
        """The content of a source that the build renamed, kept beside the recording: at its place it is no more."""
        now = version.moved
        found = (
            self.digests.of(now.path) if now is not None and not now.hidden and not now.own_digest else None
        )
        if now is None or found is None or version.maker is not None or found.changed > self.start:
            return "", 0, version.kind
        self.contents[found.digest] = now.path
        return found.digest, found.size, "executable" if found.mode & 0o100 else "file"


@dataclass(frozen=True, slots=True)
class Made:
    """A step and what was seen of it."""

    step: Step
    seen: Seen

    @property
    def portable(self) -> bool:
        """Whether nothing that it made was seen to hold the name of a folder."""
        return not any(impurity.kind == NOT_PORTABLE for impurity in self.seen.impurities)


def tool_step(unit: Unit, reading: Reading) -> Made:
    """The step of a command."""
    call = unit.call
    impurities: list[Impurity] = [Impurity(kind, what) for kind, what in unit.remarks]
    inputs = _inputs(unit, reading, impurities)
    notes: list[str] = []
    outputs = _outputs(unit, reading, impurities, notes)
    env = _environment(unit, reading, impurities)
    argv = reading.words(_absolute(call, reading.private))
    given = streams(unit, reading, argv, impurities)
    folders = _folders(unit, reading, inputs, outputs)
    wrappers, variables = reading.wrappers.needed(unit)
    if wrappers:
        env |= variables
        env["PATH"] = f"${WRAPPER}{os.pathsep}{env.get('PATH', os.defpath)}"
        inputs += wrappers
    _purity(unit, reading, impurities)
    folder = folders_in_products(unit, reading.places) if reading.wrappers.portable else None
    impurities += [folder] if folder is not None else []
    step = Step(
        name=unit.name,
        argv=given.argv,
        why=unit.trade.why,
        env=env,
        cwd=reading.word(call.cwd),
        inputs=tuple(sorted([*inputs, *folders], key=lambda row: (row.path, row.step))),
        outputs=tuple(row.path for row in outputs),
        needs=tuple(sorted({row.step for row in inputs if row.step})),
        stdout=given.stdout,
        stdin=given.stdin,
        type=unit.type,
    )
    return Made(step, _seen(unit, outputs, impurities, notes))


def _absolute(call: Call, private: tuple[str, ...]) -> tuple[str, ...]:
    """The command line with the program's whole path: a replay has another PATH."""
    name = call.argv[0] if call.argv else call.exe
    if "/" in name:
        return call.argv or (name,)
    for folder in call.env.get("PATH", os.defpath).split(os.pathsep):
        path = f"{folder}/{name}"
        if folder and not folder.startswith(private or ("\0",)) and os.access(path, os.X_OK):
            return (path, *call.argv[1:])
    return (call.exe, *call.argv[1:])


def _inputs(unit: Unit, reading: Reading, impurities: list[Impurity]) -> list[Input]:
    """The files below roots that it read; those of the toolchain and the system are noted as tools."""
    found: dict[str, Input] = {}
    for version in unit.reads:
        path = version.path
        if path.startswith(NOT_FILES):
            continue
        root = reading.places.root(path)
        if root == WRAPPER:
            continue
        if reading.places.is_tool(path):
            reading.tools.add(path)
            continue
        if not root or (root == TEMPORARY and version.maker is None):
            impurities.append(Impurity("outside", reading.path(path)))
            reading.tools.add(path)
            if not root:
                continue
        digest, _, kind = reading.content(version)
        name = reading.path(path)
        if not digest:
            if version.maker is None and not version.hidden and not _is_file(path):
                continue  # a folder, a device
            impurities.append(Impurity("unseen", f"what {name} held when it was read"))
        if name in found:
            impurities.append(Impurity("unseen", f"{name} was read twice, with something else in it"))
            continue
        found[name] = Input(name, name, digest, reading.maker(version), kind)
    for version in looked_at(unit, reading.history, reading.places):
        name = reading.path(version.path)
        digest, _, kind = reading.content(version)
        if digest and name not in found and not reading.places.is_tool(version.path):
            found[name] = Input(name, name, digest, "", kind)
    return list(found.values())


def _is_file(path: str) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 - called by the thousands


def _outputs(unit: Unit, reading: Reading, impurities: list[Impurity], notes: list[str]) -> list[Output]:
    """The files below roots that it wrote and that were there at its end, and folders that are still empty."""
    found: list[Output] = []
    for path, version in unit.writes.items():
        if path.startswith(NOT_FILES):
            continue
        if not reading.places.root(path):
            impurities.append(Impurity("wrote-outside", reading.path(path)))
            continue
        if is_note(version, unit, reading.places, reading.own.copied):
            notes.append(reading.path(path))
            continue
        digest, size, kind = reading.content(version)
        if not digest:
            impurities.append(Impurity("unseen", f"what it left in {reading.path(path)}"))
        found.append(Output(reading.path(path), digest, kind, size))
    for folder in unit.folders:
        if reading.places.root(folder) and not any(path.startswith(folder + "/") for path in unit.writes):
            found.append(Output(reading.path(folder), "", "folder"))
    return sorted(found, key=lambda row: row.path)


def _environment(unit: Unit, reading: Reading, impurities: list[Impurity]) -> dict[str, str]:
    declared = declared_by(unit)
    for name in sorted(declared):
        if secret_name(name) and name in unit.call.env:
            impurities.append(Impurity("secret", f"it reads the variable {name}, which is not shown"))
    return reading.environment(unit.call, shown(unit.call.env, unit.trade, declared))


def declared_by(unit: Unit) -> set[str]:
    """The variables that the command said it reads, in files that it or its driver wrote."""
    trade = unit.trade
    if trade.declarations is None or trade.declared is None:
        return set()
    found: set[str] = set()
    for path in trade.declarations(unit.call, list(unit.writes)):
        try:
            found |= trade.declared(Path(path).read_text(errors="replace"))
        except OSError:
            continue
    return found


def _folders(unit: Unit, reading: Reading, inputs: Sequence[Input], outputs: Sequence[Output]) -> list[Input]:
    """Folders that must be there although nothing in them is read: where it runs, what its options name."""
    call = unit.call
    wanted = {call.cwd, *unit.listed}
    variables = [value for name, value in shown(call.env, unit.trade).items() if name != "PATH"]
    for word in (*call.argv[1:], *variables):
        for part in word.replace("=", ":").split(":"):
            path = part.removeprefix("-L").removeprefix("-I")
            if path.startswith("/"):
                wanted.add(path.rstrip("/"))
    names = [*(row.path for row in inputs), *(row.path for row in outputs)]
    filled = {parent for name in names for parent in _parents(name)}
    found = []
    for path in sorted(wanted):
        root = reading.places.root(path)
        name = reading.path(path)
        if not root or reading.places.is_tool(path) or name in filled or path in unit.folders:
            continue
        if path in reading.history.known_folders or os.path.isdir(path):  # noqa: PTH112
            found.append(Input(name, name, "", "", "folder"))
    return found


def _parents(path: str) -> Iterable[str]:
    parts = path.split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts)))


def _purity(unit: Unit, reading: Reading, impurities: list[Impurity]) -> None:
    """What makes the step depend on more than its inputs."""
    for address in sorted(unit.spoken_to):
        impurities.append(Impurity("network", address))
    ended = unit.processes[0].ended  # the outermost one, which waited for the others
    for process in unit.processes:
        impurities += [Impurity("unseen", why) for why in process.lost]
        late = process.ended is None or (ended is not None and process.ended > ended + OUTLIVES)
        if late and process.traced:
            call = process.image.call
            impurities.append(
                Impurity("left-running", " ".join(reading.words(call.argv)) if call else "a process")
            )
    said = (*unit.call.argv, *shown(unit.call.env, unit.trade).values(), *unit.writes)
    impurities += [Impurity("secret", what) for what in reading.secrets.reasons(*said)]
    if reading.secrets.hide_words(unit.call.argv) != unit.call.argv and not any(
        i.kind == "secret" for i in impurities
    ):
        impurities.append(Impurity("secret", "the value of an option"))


def _seen(
    unit: Unit, outputs: Sequence[Output], impurities: Sequence[Impurity], notes: Sequence[str]
) -> Seen:
    exits = [process.exit for process in unit.processes if process.exit is not None]
    process = unit.process
    began = process.image.began or process.began
    return Seen(
        outputs=tuple(outputs),
        status=process.exit.status if process.exit else None,
        began=round(began / 1e9, 4),
        seconds=round(((process.ended or began) - began) / 1e9, 4),
        cpu=round(sum(end.user + end.system for end in exits) / 1e9, 4),
        peak=max((end.peak for end in exits), default=0),
        impurities=tuple(sorted(set(impurities), key=lambda row: (row.kind, row.what))),
        notes=tuple(sorted(notes)),
    )


def files_step(own: FilesStep, reading: Reading) -> Made:
    """The step of files that drivers made."""
    inputs: dict[tuple[str, str], Input] = {}
    outputs: list[Output] = []
    impurities: list[Impurity] = []
    for version in own.versions:
        digest, size, kind = reading.content(version)
        name = reading.path(version.path)
        origin = own.origins.get(version)
        if origin is not None and not digest:
            digest, size, kind = reading.content(origin)
        outputs.append(Output(name, digest, kind, size))
        if not digest:
            impurities.append(Impurity("unseen", f"what was in {name}"))
        elif origin is not None:
            source = reading.path(origin.path)
            inputs[source, reading.maker(origin)] = Input(source, source, digest, reading.maker(origin), kind)
        elif not _keep(version, digest, reading):
            impurities.append(Impurity("unseen", f"the content of {name} is not at hand any more"))
    outputs.sort(key=lambda row: row.path)
    rows = tuple(row for _, row in sorted(inputs.items()))
    step = Step(
        name=own.name,
        argv=(),
        why="what a driver copied, linked or wrote itself",
        cwd="",
        inputs=rows,
        outputs=tuple(row.path for row in outputs),
        needs=tuple(sorted({row.step for row in rows if row.step})),
        kind="files",
        type="files",
    )
    began = min(version.time for version in own.versions) / 1e9
    return Made(step, Seen(tuple(outputs), began=round(began, 4), impurities=tuple(impurities)))


def _keep(version: Version, digest: str, reading: Reading) -> bool:
    """Put the content of a driver's file by its digest where emitters find it; whether it could be had."""
    if version.symlink:
        reading.texts[digest] = reading.word(version.target)
        return True
    if digest == hash_bytes(b""):
        reading.texts[digest] = ""
        return True
    found = None if version.hidden else reading.digests.of(version.path)
    if found is None or found.digest != digest:
        return digest in reading.texts or digest in reading.contents
    data = Path(version.path).read_bytes()
    if reading.secrets.within(data):
        return False
    if found.size <= TEXT_BYTES:
        try:
            reading.texts[digest] = data.decode()
            return True
        except UnicodeDecodeError:
            pass
    reading.contents[digest] = version.path
    return True
