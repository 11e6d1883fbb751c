"""Sorts a build's processes: drivers, which only start others, steps with all that they lead to, and questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from portwright.build.file_version import Version
from portwright.build.process_tree import Process, Tree
from portwright.build.trade import PROGRAM, Call, Trade, trade_of


@dataclass(slots=True, eq=False)
class Unit:
    """A piece of work: a step or a question with its whole subtree of processes, or one driver's own.

    `reads` are the versions of files that it read and did not make (in order), `writes` those that are there at its
    end, `listed` and `folders` the folders that it listed and made,
    `created` those that it made, gone by its end or not.
    """

    process: Process
    call: Call
    type: str = "program"
    trade: Trade = PROGRAM
    role: Literal["step", "driver", "question"] = "step"
    processes: list[Process] = field(default_factory=list)
    reads: dict[Version, None] = field(default_factory=dict)
    writes: dict[str, Version] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    created: set[str] = field(default_factory=set)
    spoken_to: set[str] = field(default_factory=set)
    remarks: list[tuple[str, str]] = field(default_factory=list)
    name: str = ""

    @property
    def whole(self) -> bool:
        """Whether its end was seen, or could not be: only the wrapper saw it."""
        return self.process.exit is not None or not self.process.traced

    def same_actor(self, other: Unit | None) -> bool:
        """Whether both are one actor: all drivers count as one."""
        return self is other or (other is not None and self.role == other.role == "driver")


NO_CALL = Call("", ("",), {})


@dataclass(slots=True)
class Sorted:
    """What each process belongs to."""

    units: list[Unit] = field(default_factory=list)
    of: dict[Process, Unit] = field(default_factory=dict)

    @property
    def steps(self) -> list[Unit]:
        """The steps in the order in which they began."""
        return [unit for unit in self.units if unit.role == "step"]


def call_of(process: Process) -> Call:
    """The command of a process; of a wrapper that runs its tool as a child, the tool's."""
    image = process.image
    if image.call is None:
        return NO_CALL
    if image.shim and process.wraps:
        wrap = process.wraps[-1]
        return Call(wrap.argv[0], wrap.argv, image.call.env, image.call.cwd)
    return image.call


def sort_out(tree: Tree) -> Sorted:
    """Find the units of a build."""
    found = Sorted()
    leads: dict[Process, bool] = {}
    for process in reversed(tree.processes):  # children began after their parents
        role = _role(process)
        leads[process] = role == "driver" or (
            role != "step" and any(leads[each] for each in process.children)
        )
    for process in tree.processes:
        if process not in found.of:
            _place(process, leads, found)
    return found


def _role(process: Process) -> str:
    """driver, step or either; `copy` for a process that became no program."""
    calls = [image.call for image in process.images if image.call is not None and not image.shim]
    if process.image.shim:
        calls.append(call_of(process))
    if not calls:
        return "copy"
    roles = [trade_of(call)[1].role_of(call) for call in calls]
    return "driver" if "driver" in roles else trade_of(call_of(process))[1].role_of(call_of(process))


def _place(process: Process, leads: Mapping[Process, bool], found: Sorted) -> None:
    """Say what a process is whose parent is a driver, or that has none."""
    role = _role(process)
    parent = found.of.get(process.parent) if process.parent is not None else None
    if role == "copy":
        if parent is not None:
            found.of[process] = parent
            parent.processes.append(process)
        else:
            _add(process, "driver", found, (process,))
        return
    recorded = process.parent is None and process.traced
    drives = role == "driver" or (
        role == "either" and (leads[process] or (recorded and _starts_tools(process)))
    )
    if drives:
        unit = _add(process, "driver", found, (process,))
        if _piped(process):
            unit.remarks.append(("unseen", "steps that a pipe joins: what went through it is not recorded"))
        return
    worker = _worker(process) if role == "either" else process
    call = call_of(worker)
    asked = trade_of(call)[1].probe(call)
    unit = _add(worker, "question" if asked else "step", found, process.below())
    if role == "either" and recorded and len(started_by(process)) > 2:
        count = len(started_by(process))
        unit.remarks.append(
            ("coarse", f"a pipe joins some of the {count} programs that it starts: all are one step")
        )


def _worker(process: Process) -> Process:
    """The one program that a script started, where it did nothing else (`sh -c 'gcc ...'`): that is the step."""
    while True:
        started = started_by(process)
        own = [one for one in process.below() if one is process or _copy_of(one, process)]
        busy = any(image.wrote or image.read for one in own for image in one.images)
        if len(started) != 1 or busy or _role(process) != "either":
            return process
        ends = process.exit, started[0].exit
        if ends[0] is not None and (ends[1] is None or ends[0].status != ends[1].status):
            return process
        process = started[0]


def _copy_of(one: Process, process: Process) -> bool:
    """Whether a process is only a copy of another, or of a copy of it."""
    while _role(one) == "copy" and one.parent is not None:
        if one.parent is process:
            return True
        one = one.parent
    return False


def _add(process: Process, role: Literal["step", "driver", "question"], found: Sorted, below: object) -> Unit:
    call = call_of(process)
    unit = Unit(process, call, *trade_of(call), role)
    unit.processes = list(below)  # type: ignore[call-overload]
    found.units.append(unit)
    found.of.update((each, unit) for each in unit.processes)
    return unit


def _starts_tools(process: Process) -> bool:
    """Whether the recorded command, a script, starts programs; what a pipe joins is one step with it."""
    return bool(started_by(process)) and not _piped(process)


def started_by(process: Process) -> list[Process]:
    """The programs that a process started, itself or in copies of itself."""
    found: list[Process] = []
    for child in process.children:
        found += started_by(child) if _role(child) == "copy" else [child]
    return found


def _piped(process: Process) -> bool:
    """Whether a pipe leads from one of the programs that it started to another."""
    children = started_by(process)
    if len(children) < 2:
        return False
    into = {child.image.fds[0] for child in children}
    return any(fd.startswith("pipe:") and fd in into for child in children for fd in child.image.fds[1:])
