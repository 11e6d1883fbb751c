"""Which faults a program is to be tried with: every call that it makes, with every error that it must expect there.

Pure: from how often a program makes each kind of call (counted by rules that never strike) to rules that do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from portwright.describe.ledger import Ledger
from portwright.describe.operation import Operation, vocabulary
from portwright.run.events import Doubt, Injected
from portwright.run.failure import nearest
from portwright.run.fault_rule import Rule, shape

NEVER = 10**15
SHORTENED = 64  # calls cut to one byte: enough to see, and no program takes for ever
MISSING = "ENOSYS"
INTERRUPTED = "EINTR"
FOUND_LATE = "EIO"
CLOSED = "EBADF"
STREAMS = ((0, 0), (1, 1), (2, 2))
FILES = (3, None)


@dataclass(frozen=True, slots=True)
class Case:
    """One fault for one program, and what of its output then is not to be relied on."""

    operation: str
    rule: Rule
    doubt: Doubt


def counters(ledger: Ledger, operations: Sequence[str] = ()) -> list[Rule]:
    """Rules that count and never strike: for each operation that a call of the ledger means, its kinds of calls."""
    found = []
    for name, (_, call) in ledger.offers.items():
        meant = vocabulary().get(name)
        if meant is None or call.number is None or (operations and name not in operations):
            continue
        rule = Rule((name,), nearest(ledger, MISSING)[0], first=NEVER)
        found.append(rule)
        if shape(meant).fds:
            found += [replace(rule, fd=fds) for fds in (*STREAMS, FILES)]
    return found


def cases(ledger: Ledger, rules: Sequence[Rule], seen: Sequence[Injected]) -> list[Case]:
    """What to try, from what the counters counted in a run of the program without faults."""
    counted = [(rule, one.matched) for rule, one in zip(rules, seen, strict=True)]
    found: dict[str, Case] = {}
    for rule, total in counted:
        if rule.fd is not None:
            continue
        sites = [
            (other, count) for other, count in counted if other.calls == rule.calls and other.fd is not None
        ]
        if sum(count for _, count in sites) != total:
            sites = [(rule, total)]  # calls without a file, or with two: not told apart
        for site, count in sites:
            if count:
                found.update((str(case.rule), case) for case in _site(ledger, site, count))
    return list(found.values())


def _site(ledger: Ledger, site: Rule, count: int) -> Iterator[Case]:
    """The cases of one kind of call, which the program makes so often."""
    operation = vocabulary()[site.calls[0]]
    stream = site.fd[0] if site.fd in STREAMS and site.fd is not None else None
    closed = nearest(ledger, CLOSED)[0]
    free = replace(site, first=1)

    def case(rule: Rule) -> Case:
        harmless = rule.error in (None, INTERRUPTED)
        doubt = Doubt(None if harmless else stream, rule.error == closed, harmless)
        return Case(operation.name, rule, doubt)

    # Whoever is told that a thing is so already may believe it: such an error comes when it is true.
    settled = {nearest(ledger, name)[0] for name in operation.settled}
    for error in _errors(ledger, operation):
        for position in _positions(count):
            yield case(replace(free, error=error, first=position, last=position, late=error in settled))
        if error == INTERRUPTED and count > 1:
            yield case(replace(free, error=error, every=2, late=error in settled))
        if error == FOUND_LATE and error not in settled:
            yield case(replace(free, error=error, first=count, last=count, late=True))
    # What cannot fail but in name (closing) is not missing anywhere.
    if operation.result != "none" or not operation.errors or set(operation.settled) < set(operation.errors):
        yield case(replace(free, error=nearest(ledger, MISSING)[0]))
    if shape(operation).shortens:
        yield case(replace(free, error=None, short=1, times=SHORTENED))


def _errors(ledger: Ledger, operation: Operation) -> list[str]:
    """The ledger's errors nearest to those that the vocabulary names for the operation."""
    return list(dict.fromkeys(nearest(ledger, name)[0] for name in operation.errors))


def _positions(count: int) -> list[int]:
    """The first, the middle and the last of so many."""
    return sorted({1, (count + 1) // 2, count})
