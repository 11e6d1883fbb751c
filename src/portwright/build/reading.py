"""Makes of what the recorders saw of a build its recording: the whole way from events to steps."""

from __future__ import annotations

import heapq
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from portwright.build import event_log as on
from portwright.build import file_history, process_tree, work_units
from portwright.build.file_digests import Digests
from portwright.build.inner_wrappers import Wrappers
from portwright.build.own_work import OwnWork, own_work
from portwright.build.recorded_environment import Secrets
from portwright.build.recording_place import TOOL, About, Places
from portwright.build.seen_processes import probes_of, processes_of, unmatched
from portwright.build.step_names import name_steps
from portwright.build.step_record import Made, Reading, declared_by, files_step, tool_step
from portwright.build.trade import Call, trade_of
from portwright.build.work_units import Unit
from portwright.derive.plan import Plan, Step
from portwright.derive.recording import Impurity, Recording, Seen, Tool


@dataclass(slots=True)
class Result:
    """A recording, and the files that must lie in the folder of contents beside it, by their digests."""

    recording: Recording
    contents: dict[str, str] = field(default_factory=dict)


def read_off(log: on.Log, wrapped: Iterable[on.Event], about: About, status: int | None = None) -> Result:
    """The recording of a build whose events are these; `status` is the command's where no trace tells it."""
    tree = process_tree.make(log.events, wrapped, about.shims)
    found = work_units.sort_out(tree)
    places = Places(_with_tool(about.roots, found.units))
    history = file_history.follow(tree, found, lambda path: bool(places.root(path)))
    secrets = _secrets(tree, about, {name for unit in found.steps for name in declared_by(unit)})
    whole = [unit for unit in found.steps if unit.whole]
    name_steps(whole, places, secrets)
    units = [unit for unit in found.units if unit.role != "step" or unit.whole]
    digests = Digests()
    own = own_work(history, units, places, digests)
    wrappers = Wrappers(places, about.portable)
    programs = frozenset(
        image.call.exe.rpartition("/")[0]
        for process in tree.processes
        for image in process.images
        if image.call is not None
    )
    reading = Reading(places, secrets, digests, history, own, wrappers, log.start, about.private, programs)
    made = [tool_step(unit, reading) for unit in whole] + [files_step(step, reading) for step in own.steps]
    for step, output, text in wrappers.steps():
        made.append(Made(step, Seen((output,))))
        reading.texts[output.digest] = text
    steps, circles = in_order([one.step for one in made], _rewritten(whole, own))
    impurities = [*_remarks(found, reading, log.ended), *unmatched(tree, found, about.recorders), *circles]
    end = next((event.status for event in log.events if isinstance(event, on.End)), status)
    recording = Recording(
        plan=Plan(platform.machine(), steps, dict(sorted(reading.texts.items()))),
        command=tuple(map(places.name, secrets.hide_words(about.command))),
        cwd=places.name(about.cwd),
        roots=dict(places.roots),
        seen={one.step.name: one.seen for one in made},
        tools=_tools(reading),
        probes=probes_of(tree, found, reading),
        processes=processes_of(tree, found, reading),
        impurities=tuple(sorted(set(impurities), key=lambda row: (row.kind, row.what))),
        portable=about.portable and all(one.portable for one in made),
        ended=log.ended,
        status=end,
        seconds=round(tree.last / 1e9, 3),
        recorders=about.recorders,
        host=f"{platform.system()} {platform.machine()}",
        left_out=tuple(secrets.hide(places.path(path)) for path in own.left_out),
    )
    digests.keep()
    return Result(recording, reading.contents)


def _with_tool(roots: Mapping[str, str], units: Sequence[Unit]) -> dict[str, str]:
    """The roots with the toolchain's: where the first Rust compiler lies that was started, if no root says it."""
    found = dict(roots)
    if TOOL in found:
        return found
    for unit in units:
        for process in unit.processes if unit.role == "step" else ():
            call = process.image.call
            trade = trade_of(call)[1] if call is not None else None
            if call is not None and trade is not None and trade.toolchain is not None:
                folder = trade.toolchain(call.exe)
                if folder:
                    return found | {TOOL: folder}
    return found


def _secrets(tree: process_tree.Tree, about: About, declared: set[str]) -> Secrets:
    """What must not be shown, of all environments and command lines."""
    secrets = Secrets()
    calls = [image.call for one in tree.processes for image in one.images if image.call is not None]
    roots = {id(call.env) for root in tree.roots for call in _first_call(root)}
    for env in {id(call.env): call.env for call in calls}.values():
        secrets.learn(env, declared, callers=id(env) in roots)
    for process in tree.processes:
        for wrap in process.wraps:
            secrets.learn(process_tree.variables(wrap.env), declared, callers=not process.traced)
            secrets.learn_words(wrap.argv)
    for argv in (about.command, *(call.argv for call in calls)):
        secrets.learn_words(argv)
    return secrets


def _first_call(process: process_tree.Process) -> list[Call]:
    return [image.call for image in process.images if image.call is not None][:1]


def _tools(reading: Reading) -> tuple[Tool, ...]:
    rows = []
    for path in sorted(reading.tools):
        found = reading.digests.of(path, remember=True)
        if found is not None:
            name = reading.secrets.hide(reading.places.path(path))
            rows.append(Tool(name, found.digest, found.size))
    return tuple(rows)


def _remarks(found: work_units.Sorted, reading: Reading, ended: bool) -> Iterable[Impurity]:
    """What drivers did that no recording can hold, and what was not whole."""
    for unit in found.units:
        named = reading.words(unit.call.argv)
        if unit.role == "step" and not unit.whole:
            kind = "left-running" if ended else "unseen"
            yield Impurity(kind, f"not whole when the recording ended, and left out: {' '.join(named)}")
        if unit.role != "driver":
            continue
        program = os.path.basename(unit.call.argv[0])  # noqa: PTH119
        for address in sorted(unit.spoken_to):
            yield Impurity("network", f"{program} spoke to {address}")
        for kind, what in unit.remarks:
            yield Impurity(kind, what)
        for process in unit.processes:
            for why in process.lost:
                yield Impurity("unseen", f"{program}: {why}")


def _rewritten(whole: Sequence[Unit], own: OwnWork) -> dict[str, set[str]]:
    """Of steps that wrote a name which others had written before: those others. The last one in the plan leaves it."""
    rows = [(version, unit.name) for unit in whole for version in unit.writes.values()]
    rows += [(version, step.name) for step in own.steps for version in step.versions]
    last: dict[str, str] = {}
    after: dict[str, set[str]] = {}
    for version, name in sorted(rows, key=lambda row: row[0].time):
        before = last.get(version.path, name)
        if before != name:
            after.setdefault(name, set()).add(before)
        last[version.path] = name
    return after


def in_order(
    steps: Sequence[Step], after: Mapping[str, set[str]] | None = None
) -> tuple[tuple[Step, ...], list[Impurity]]:
    """The steps, each behind all that it needs, otherwise by name. What stands in a circle is said and cut.

    `after` are steps that a step comes behind although it does not need them, as far as that makes no circle.
    """
    left = {step.name: set(step.needs) for step in steps}
    soft = {name: set(after.get(name, ())) & left.keys() if after else set() for name in left}
    readers: dict[str, list[str]] = {}
    for step in steps:
        for need in {*step.needs, *soft[step.name]}:
            readers.setdefault(need, []).append(step.name)
    ready = [name for name, needs in left.items() if not needs and not soft[name]]
    heapq.heapify(ready)
    by_name = {step.name: step for step in steps}
    done: list[Step] = []
    circles: list[Impurity] = []
    while left:
        if not ready:
            free = [name for name, needs in left.items() if not needs]
            name = min(free or left, key=lambda one: (len(left[one]), len(soft[one]), one))
            if not free:
                what = f"{name} reads what is made of its own outputs: {', '.join(sorted(left[name]))}"
                circles.append(Impurity("unseen", what))
                by_name[name] = _without(by_name[name], left[name])
            left[name], soft[name] = set(), set()
            heapq.heappush(ready, name)
        name = heapq.heappop(ready)
        del left[name]
        done.append(by_name[name])
        for reader in readers.get(name, ()):
            if reader in left and (name in left[reader] or name in soft[reader]):
                left[reader].discard(name)
                soft[reader].discard(name)
                if not left[reader] and not soft[reader]:
                    heapq.heappush(ready, reader)
    return tuple(done), circles


def _without(step: Step, needs: set[str]) -> Step:
    from dataclasses import replace

    inputs = tuple(replace(row, step="" if row.step in needs else row.step) for row in step.inputs)
    return replace(step, inputs=inputs, needs=tuple(need for need in step.needs if need not in needs))
