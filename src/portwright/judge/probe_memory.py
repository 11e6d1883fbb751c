"""Memory, clocks, waiting and randomness: what a probe saw, against what the ledger says and operations mean."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from math import gcd

from portwright.describe.ledger import Clock, Ledger
from portwright.judge.probe_report import Report, Row, failed, row, unseen, value

SECOND = 10**9
YEAR_2020 = 1_577_836_800
UNITS = (1, 10, 100, 1000, 10**4, 10**5, 10**6, 10**7, 10**8, SECOND)


def rows(report: Report, ledger: Ledger) -> Iterator[Row]:
    """The rows of [memory], [clocks], and of what waits."""
    yield from _memory(report, ledger)
    for name in ("monotonic", "realtime"):
        clock = ledger.clocks.get(name)
        if clock is not None:
            yield from _clock(report, name, clock)
    yield from _waiting(report, ledger)
    yield from _random(report, ledger)


def _memory(report: Report, ledger: Ledger) -> Iterator[Row]:
    memory = ledger.memory
    if "map_memory" in ledger.offers:
        yield _page_size(report, memory.page_size)
        yield _fresh(report, memory.fresh)
        yield _write_execute(report, memory.write_execute)
        yield _mapping(report)
    if memory.buffer_limit is not None:
        yield _range(report, memory.buffer_limit)
    if "set_break" in ledger.offers and memory.break_answers == "end":
        yield _break(report)


def _page_size(report: Report, said: int) -> Row:
    """The size that was tried is right if a page can be protected alone, and half a page cannot."""
    tried = report.number("memory", "page")
    inside, page = report.number("memory", "protect-inside"), report.number("memory", "protect-page")
    if tried is None or page is None or inside is None:
        return unseen("memory.page-size", said)
    right = failed(inside) and page == 0
    seen = f"{tried} is {'one page' if right else 'not one page'}"
    return row(
        "memory.page-size", right and tried == said, said, seen, f"page-size = {tried}" if right else ""
    )


def _fresh(report: Report, said: str) -> Row:
    found = [report.number("memory", name) for name in ("zero", "zero-again")]
    if None in found:
        return unseen("memory.fresh", said)
    clean = all(found)
    seen = "zero" if clean else "not zero"
    return row("memory.fresh", clean or said == "undefined", said, seen, 'fresh = "undefined"')


def _write_execute(report: Report, said: str) -> Row:
    found = [report.number("memory", name) for name in ("map-write-execute", "protect-write-execute")]
    told = [result for result in found if result is not None]
    if not told:
        return unseen("memory.write-execute", said)
    seen = "refused" if all(map(failed, told)) else "allowed"
    return row("memory.write-execute", seen == said, said, seen, f'write-execute = "{seen}"')


def _mapping(report: Report) -> Row:
    """What the operations mean: whole pages at whole pages, and nothing is there when it has been unmapped."""
    page = report.one("memory", "page", least=2)
    names = ("unmap", "unmap-again", "unmap-inside", "map-nothing")
    unmap, again, inside, nothing = (report.number("memory", name) for name in names)
    if page is None or unmap is None:
        return unseen("map_memory, unmap_memory", "as operations mean")
    wrong = []
    if page[1] != "0":
        wrong.append("a map does not begin at a page")
    if unmap != 0:
        wrong.append(f"unmapping gives {unmap}")
    if not failed(inside):
        wrong.append("half a page can be unmapped")
    if nothing is not None and not failed(nothing):
        wrong.append("a map of no bytes succeeds")
    seen = "; ".join(wrong) or f"in pages; unmapping twice gives {again}"
    return row("map_memory, unmap_memory", not wrong, "as operations mean", seen)


def _range(report: Report, said: int) -> Row:
    found = report.one("memory", "range", least=3)
    if found is None:
        return unseen("memory.buffer-limit", said)
    tried, within, beyond = (value(word) for word in found[:3])
    right = within == 0 and failed(beyond)
    seen = f"{tried} is taken: {'yes' if within == 0 else 'no'}; a page more: {'no' if failed(beyond) else 'yes'}"
    change = f"buffer-limit = {tried}" if right else ""
    return row("memory.buffer-limit", right and tried == said, said, seen, change)


def _break(report: Report) -> Row:
    found = report.one("break", least=4)
    if found is None:
        return unseen("set_break", "as the operation means")
    grown, clean, back = (value(word) for word in found[1:4])
    right = bool(grown and grown > 0 and clean == 1 and back == 0)
    seen = f"grew by {grown}, {'zeros' if clean == 1 else 'no zeros'} there, back at {back}"
    return row("set_break", right, "as the operation means", seen)


def _readings(words: tuple[str, ...]) -> list[int]:
    numbers = [number for word in words if (number := value(word)) is not None]
    return [seconds * SECOND + rest for seconds, rest in zip(numbers[::2], numbers[1::2], strict=False)]


def _clock(report: Report, name: str, clock: Clock) -> Iterator[Row]:
    fact = f"clocks.{name}"
    found = report.one("clock", name)
    if found is None:
        yield unseen(f"{fact}.id", clock.id)
        return
    used, works = value(found[0]), "failed" not in found
    change = f"{name} = {{ id = {used}, ... }}" if works else ""
    told = f"{used}, and it is {'a clock' if works else 'no clock'}"
    yield row(f"{fact}.id", works and used == clock.id, clock.id, told, change)
    times = _readings(found[1:])
    if not works or not times:
        return
    backwards = any(later < earlier for earlier, later in itertools.pairwise(times))
    yield row(
        f"{fact} goes on", not backwards, "never backwards", "backwards" if backwards else "never backwards"
    )
    grain = gcd(*times)
    seen = max(unit for unit in UNITS if grain % unit == 0) if grain else SECOND
    # A grain of some readings may be coarser by accident, never finer.
    agrees = seen % clock.resolution == 0 and seen < 1000 * clock.resolution
    yield row(
        f"{fact}.resolution", agrees, clock.resolution, seen, f"{name} = {{ resolution = {seen}, ... }}"
    )
    epoch = "unix" if times[0] > YEAR_2020 * SECOND else "boot"
    yield row(
        f"{fact}.epoch", epoch == clock.epoch, clock.epoch, epoch, f'{name} = {{ epoch = "{epoch}", ... }}'
    )


def _waiting(report: Report, ledger: Ledger) -> Iterator[Row]:
    if "sleep" in ledger.offers:
        found = report.one("sleep", least=3)
        if found is None:
            yield unseen("sleep", "as long as asked for")
        else:
            asked, result, took = (value(word) for word in found[:3])
            right = result == 0 and took is not None and asked is not None and took >= asked
            told = f"{result}, after {took} of {asked} ns"
            yield row("sleep", right, "0, as long as asked for", told)
    if "yield_now" in ledger.offers:
        found = report.one("yield")
        yield row("yield_now", found == ("0",), 0, found[0]) if found else unseen("yield_now", 0)
    if "process_id" in ledger.offers:
        found = report.one("process", least=2)
        same = found is not None and found[0] == found[1] and (value(found[0]) or 0) > 0
        if found is None:
            yield unseen("process_id", "the same each time")
        else:
            yield row("process_id", same, "the same each time", " ".join(found))
    if "futex_wait" in ledger.offers:
        yield from _futex(report, ledger)


def _futex(report: Report, ledger: Ledger) -> Iterator[Row]:
    """Another value: at once. A timeout: after it. A wake with nobody there: nobody."""
    expected = {"other": "EAGAIN", "timeout": "ETIMEDOUT"}
    for name, error in expected.items():
        found, number = report.one("futex", name), ledger.error_number(error)
        if found is None or number is None:
            yield unseen(f"futex_wait, {name}", error)
            continue
        late = name == "timeout" and len(found) > 1 and (value(found[1]) or 0) < 15_000_000
        agrees = value(found[0]) == -number and not late
        seen = " after ".join(found) + (" ns, too early" if late else "")
        yield row(f"futex_wait, {name}", agrees, f"{error} ({-number})", seen)
    if "futex_wake" in ledger.offers:
        wake = report.one("futex", "wake")
        yield row("futex_wake", wake == ("0",), 0, wake[0]) if wake else unseen("futex_wake", 0)


def _random(report: Report, ledger: Ledger) -> Iterator[Row]:
    if "fill_random" not in ledger.offers:
        return
    name, call = ledger.offers["fill_random"]
    found = report.one("random", least=5)
    said = call.limit.at_most if call.limit else None
    fact = f"syscalls.{name}.limit"
    if found is None:
        yield unseen(fact, said)
        return
    asked, most, same, count, _ = (value(word) or 0 for word in found[:5])
    expected = asked if said is None else min(said, asked)
    refused = call.limit is not None and call.limit.beyond is not None and failed(most)
    seen = f"gives {most} of {asked}"
    change = f'{name} = {{ limit = {{ argument = "length", at-most = {most} }}, ... }}' if most > 0 else ""
    yield row(fact, refused or most == expected, said, seen, change)
    if count >= 16:
        told = f"{same} of {count} bytes came twice"
        yield row("fill_random", same <= count // 4, "differs each time", told)
