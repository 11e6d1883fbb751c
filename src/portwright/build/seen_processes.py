"""What a recording says of single processes: every one that any recorder saw, the questions, and who missed what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from portwright.build.process_tree import Process as Traced
from portwright.build.process_tree import Tree
from portwright.build.recorded_environment import shown
from portwright.build.remapping import went_past
from portwright.build.step_record import Reading
from portwright.build.trade import Call, trade_of
from portwright.build.work_units import Sorted, call_of
from portwright.derive.recording import Impurity, Probe, Process


def processes_of(tree: Tree, found: Sorted, reading: Reading) -> tuple[Process, ...]:
    """Every program that was started; a process that became several is there once for each."""
    rows = []
    for process in sorted(tree.processes, key=lambda one: (one.began, one.pid)):
        unit = found.of[process]
        step = unit.name if unit.role == "step" else ""
        images = [image for image in process.images if image.call is not None]
        for at, image in enumerate(images):
            assert image.call is not None
            until = images[at + 1].began if at + 1 < len(images) else process.ended
            status = process.exit.status if process.exit and image is images[-1] else None
            rows.append(
                Process(
                    pid=process.pid,
                    parent=process.parent.pid if process.parent else 0,
                    argv=reading.words(image.call.argv),
                    step=step,
                    seen_by=_seen_by(process),
                    status=status,
                    began=round(image.began / 1e9, 4),
                    seconds=round(((until or image.began) - image.began) / 1e9, 4),
                )
            )
    return tuple(rows)


def _seen_by(process: Traced) -> tuple[str, ...]:
    return (*(("trace",) if process.traced else ()), *(("wrapper",) if process.wraps else ()))


def probes_of(tree: Tree, found: Sorted, reading: Reading) -> tuple[Probe, ...]:
    """The questions that were asked, each once, with their answers."""
    rows: dict[tuple[object, ...], Probe] = {}
    for process in tree.processes:
        unit = found.of[process]
        asked = unit.role == "question" and unit.process is process
        if not asked and not process.answers:
            continue
        call = call_of(process)
        answer = process.answers[-1] if process.answers else None
        status = answer.status if answer else process.exit.status if process.exit else -1
        text = reading.secrets.hide(answer.text) if answer else ""
        env = reading.environment(call, shown(call.env, trade_of(call)[1]))
        probe = Probe(reading.words(call.argv), env, reading.word(call.cwd), status, text)
        rows.setdefault((probe.argv, probe.cwd, probe.status, probe.answer, tuple(env.items())), probe)
    return tuple(sorted(rows.values(), key=lambda probe: (probe.argv, probe.cwd, sorted(probe.env.items()))))


def unmatched(tree: Tree, found: Sorted, recorders: Sequence[str]) -> Iterable[Impurity]:
    """Calls that one recorder saw and the other, which should have, did not."""
    if "trace" not in recorders:
        yield Impurity("unseen", "files, and all that does not go through the wrapper: there was no trace")
    missed: dict[tuple[str, str], int] = {}
    for process in tree.processes:
        call = call_of(process)
        if process.wraps and not process.traced and "trace" in recorders:
            yield Impurity("unseen", f"only the wrapper saw {_program(call)}, process {process.pid}")
        if "wrapper" in recorders and process.traced and went_past(process):
            key = (_program(call), found.of[process].name)
            missed[key] = missed.get(key, 0) + 1
    for (program, step), count in sorted(missed.items()):
        where = f" in {step}" if step else ""
        times = f", {count} times" if count > 1 else ""
        yield Impurity("unseen", f"{program} was started past the wrapper{where}{times}")


def _program(call: Call) -> str:
    return call.argv[0].rsplit("/", 1)[-1] if call.argv and call.argv[0] else call.exe
