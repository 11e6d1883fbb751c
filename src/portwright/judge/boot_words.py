"""The verdicts of a boot in words: what happened, after and during what, with the last lines of the console."""

from __future__ import annotations

import re
import signal
from collections import Counter
from typing import TYPE_CHECKING

from portwright.judge import console_text
from portwright.judge.verdict import Outcome, Verdict
from portwright.run.events import Cpu, CpusSampled, Frame, MachineEnded

if TYPE_CHECKING:
    from portwright.judge.boot import Seen

LAST_LINES = 15
DEFAULT_SECONDS = 30.0
MOST_FRAMES = 6
REPEATED = 100


def passed(seen: Seen) -> Verdict:
    """All was as it must be."""
    off = ", then it switched itself off" if seen.rules.machine.power_off else ""
    last = seen.reached[-1].at if seen.reached else seen.at
    count = len(seen.reached)
    return Verdict("passed", f"{count} milestone{'s' * (count != 1)} in {last:.1f} s{off}")


def wrong(seen: Seen, name: str, what: str, text: bytes, place: int) -> Verdict:
    """A milestone came and says something else."""
    detail = f"milestone `{name}`: {what}: `{line_at(text, place)}`"
    return Verdict("wrong", detail, _evidence(seen))


def gave_up(seen: Seen, outcome: Outcome, line: str) -> Verdict:
    """The console shows a line that ends it; it may have come in pieces, and is whole by now."""
    rows = (row.strip() for row in console_text.lines(seen.tail))
    line = next((row for row in rows if row.startswith(line)), line) if line else line
    return Verdict(outcome, f"`{line}` {_when(seen)}", _evidence(seen))


def flood(seen: Seen) -> Verdict:
    """More than anybody could read."""
    often, _ = _most_often(seen)
    same = f", again and again `{often[:60]}`" if often else ""
    amount = f"{seen.total >> 20} MB" if seen.total >= 1 << 20 else f"{seen.total} bytes"
    return Verdict("flood", f"{amount} of console{same} {_when(seen)}", _evidence(seen))


def repeats(seen: Seen) -> bool:
    """Whether the console says the same line again and again."""
    _, share = _most_often(seen)
    return share > 0.5


def _most_often(seen: Seen) -> tuple[str, float]:
    """The line that is repeated most, and its share of the last lines; nothing where none is."""
    lines = [row for row in console_text.lines(seen.tail) if row.strip()]
    rows = Counter(lines).most_common(1)
    if not rows or rows[0][1] < REPEATED:
        return "", 0.0
    return rows[0][0], rows[0][1] / len(lines)


def reset_loop(seen: Seen, how: str) -> Verdict:
    """It starts anew, over and over."""
    return Verdict("crashed", f"it starts anew: {how} {_when(seen)}", _evidence(seen))


def never_reported(seen: Seen, why: str) -> Verdict:
    """It ended or went on in an orderly way, and a milestone is missing."""
    early = _out_of_order(seen)
    detail = f"{why}: {awaited(seen)} was never seen{early} {_when(seen, short=True)}"
    return Verdict("never-reported", detail, _evidence(seen))


def not_started(seen: Seen, end: MachineEnded) -> Verdict:
    """The machine could not begin."""
    words = end.words.strip().splitlines()
    return Verdict("could-not-run", words[-1] if words else f"it ended with status {end.status}", end.words)


def crashed(seen: Seen, end: MachineEnded) -> Verdict:
    """The machine is gone, and should not be."""
    said = end.words.strip().splitlines()
    status = f"with status {end.status}" if end.status is not None else ""
    what = {
        "triple-fault": f"triple fault{_at(end.cpu)}",
        "reset": "the guest reset the machine",
        "killed": f"the machine was killed from outside{_signal(end.status)}",
        "exited": f"the machine ended {status}{': ' + said[-1] if said else ''}",
        "closed": "the console just ends, without a word",
        "stopped": "the machine was stopped",
        "powered-off": "the machine switched itself off",
    }.get(end.how, end.how)
    rows = [_evidence(seen)]
    if end.cpu is not None:
        rows += _stack(end.cpu)
    early = _out_of_order(seen) if end.how == "closed" else ""
    return Verdict("crashed", f"{what} {_when(seen)}{early}", "\n".join(rows))


def silent(seen: Seen, cpus: CpusSampled) -> Verdict:
    """It says nothing more: what its CPUs are doing."""
    quiet = seen.at - seen.last_output
    detail = f"{_doing(cpus)}; no output for {quiet:.1f} s {_when(seen)}"
    rows = [_evidence(seen)]
    for cpu in cpus.cpus:
        rows.append(f"CPU {cpu.number}: {_state_of(cpu)}")
        rows += _stack(cpu)
    rows += cpus.notes
    return Verdict("silent", detail, "\n".join(row for row in rows if row))


def awaited(seen: Seen) -> str:
    """What should have come next."""
    row = seen.waiting_for
    return f"milestone `{row.name}`" if row is not None else "switching off"


def line_at(text: bytes, place: int) -> str:
    """The whole line around a place."""
    start = text.rfind(b"\n", 0, place) + 1
    end = text.find(b"\n", place)
    return console_text.lines(text[start : end if end >= 0 else len(text)])[0].strip()


def activity(seen: Seen) -> str | None:
    """What the console shows to have begun and not ended."""
    text = seen.tail.replace(b"\r\n", b"\n")
    latest: tuple[int, str] | None = None
    for row in seen.rules.machine.activity:
        begun = None
        for begun in re.finditer(row.begin.encode(), text, re.MULTILINE):  # noqa: B007 - the last one
            pass
        if begun is None or re.compile(row.end.encode(), re.MULTILINE).search(text, begun.end()):
            continue
        groups = {key: (value or b"?").decode(errors="replace") for key, value in begun.groupdict().items()}
        if latest is None or begun.start() > latest[0]:
            latest = begun.start(), row.name.format(**groups)
    return latest[1] if latest else None


def _when(seen: Seen, *, short: bool = False) -> str:
    """After which milestone, while waiting for which, and during what."""
    after = f"after `{seen.reached[-1].name}`" if seen.reached else "before the first milestone"
    parts = [after]
    if seen.waiting_for is not None and not short:
        parts.append(f"waiting for `{seen.waiting_for.name}`")
    doing = activity(seen)
    if doing:
        parts.append(f"during {doing}")
    return ", ".join(parts)


def _out_of_order(seen: Seen) -> str:
    """A later milestone that is on the console although an earlier one is missing."""
    text = seen.tail.replace(b"\r\n", b"\n")
    for row, search in seen.rules.milestones[len(seen.reached) + 1 :]:
        if search.find(text):
            return f", although `{row.name}`, which comes later, was"
    return ""


def _evidence(seen: Seen) -> str:
    return "\n".join(console_text.last(seen.tail, LAST_LINES))


def _doing(cpus: CpusSampled) -> str:
    where = _place(cpus.cpus, cpus.state)
    return {
        "dead": f"halted with interrupts off{where}: nothing can wake it",
        "spinning": f"spinning{where}",
        "idle": f"idle{where}, waiting for an interrupt",
        "running": f"running, without output{where}",
        "unknown": "silent" + (f" ({cpus.notes[0]})" if cpus.notes else ""),
    }[cpus.state]


def _place(cpus: tuple[Cpu, ...], state: str) -> str:
    """Where the CPU stands that is meant."""
    for cpu in cpus:
        if state in ("dead", "idle") or not cpu.halted:
            names = [name for frame in cpu.backtrace[:3] if (name := _name(frame))]
            if names:
                return f" in {names[0]}" + (f", called by {' < '.join(names[1:])}" if names[1:] else "")
            return f" at {cpu.samples[-1]:#x}"
    return ""


def _state_of(cpu: Cpu) -> str:
    if cpu.halted:
        return "halted, " + ("interrupts let through" if cpu.interrupts else "interrupts off")
    places = len(set(cpu.samples))
    return f"running, seen at {places} place{'s' * (places != 1)} in {len(cpu.samples)} looks"


def _stack(cpu: Cpu) -> list[str]:
    rows = []
    for number, frame in enumerate(cpu.backtrace[:MOST_FRAMES]):
        line = f" ({frame.line})" if frame.line else ""
        doubt = " - a guess: it looks like a return address on the stack" if frame.guess else ""
        rows.append(f"  #{number} {frame.address:#x} {_name(frame) or '?'}{line}{doubt}")
    return rows


def _name(frame: Frame) -> str:
    return f"{frame.symbol}+{frame.offset:#x}" if frame.symbol else ""


def _at(cpu: Cpu | None) -> str:
    return "" if cpu is None else _place((cpu,), "spinning")


def _signal(status: int | None) -> str:
    if status is None or status >= 0:
        return ""
    try:
        return f" by {signal.Signals(-status).name}"
    except ValueError:
        return f" by signal {-status}"
