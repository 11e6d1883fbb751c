"""Builds Rust's own test suites for a port, and those to compare with for this machine; answers their binaries.

A suite that does not compile stops none of the others: it is told beside them.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from portwright.base.errors import BadInput, Fault, PortwrightError, StepFailed, closest
from portwright.base.events import Event, Note
from portwright.build import executor, facts, goals, test_sources
from portwright.build.executor import Settings
from portwright.build.store import Store
from portwright.derive import build_plan, test_plan
from portwright.derive.test_plan import Suite
from portwright.describe import lock, utility
from portwright.describe import toolchain as toolchains
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain


@dataclass(frozen=True)
class TestBuild:
    """The suites' binaries by name, for the port and for the host; `failed`: why a suite was not built.

    `utilities` are the programs that the tests start, by their places in a guest.
    """

    toolchain: Toolchain
    folder: Path
    suites: tuple[Suite, ...]
    binaries: Mapping[str, Path] = field(default_factory=dict)
    hosts: Mapping[str, Path] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    utilities: Mapping[str, Path] = field(default_factory=dict)
    ran: tuple[str, ...] = ()


def known(port: Port) -> tuple[Suite, ...]:
    """The suites that the port's Rust has."""
    return test_sources.gather(toolchains.find(rust=port.manifest.toolchain.rust)).suites


def choose(suites: Sequence[Suite], names: Sequence[str]) -> tuple[Suite, ...]:
    """The suites of those names, in their order; a kind (`core`, `std`) stands for all that begin with it."""
    kinds = {suite.kind for suite in suites} | {"std-unit"}
    faults = []
    for name in names:
        if name not in kinds and all(suite.name != name for suite in suites):
            near = closest(name, [suite.name for suite in suites])
            hint = f"did you mean `{near}`? " if near else ""
            hint += f"there are: {', '.join(suite.name for suite in suites)}"
            faults.append(Fault(f"there is no suite `{name}`", None, hint, "tests/suite"))
    if faults:
        raise BadInput(faults)
    return tuple(suite for suite in suites if not names or suite.name in names or suite.kind in names)


def build(
    port: Port,
    names: Sequence[str] = (),
    *,
    hosts: bool = True,
    guests: bool = True,
    optimized: bool = True,
    settings: Settings | None = None,
    update_lock: bool = False,
) -> Generator[Event, None, TestBuild]:
    """Build the suites of these names or kinds (all where there are none); `hosts`: also what to compare with;
    `guests`: also the programs that the tests start, which a guest's root lacks; not `optimized`: quick to build."""
    toolchain = toolchains.find(rust=port.manifest.toolchain.rust)
    tests = test_sources.gather(toolchain)
    wanted = tuple(replace(suite, optimized=optimized) for suite in choose(tests.suites, names))
    named = {suite.name for suite in wanted}
    compared = tuple(suite for suite in tests.hosts if suite.name in named) if hosts else ()
    crates = facts.utilities(port) if guests else ()
    found = replace(
        facts.gather(port, toolchain, crates), tests=replace(tests, suites=wanted, hosts=compared)
    )
    plan = build_plan.plan(port, found)
    state = lock.hold(
        port, lock.of(toolchain, found.source_digest, goals.versions(found)), accept=update_lock
    )
    if state != "same":
        yield Note(f"{lock.place(port)} {state}")
    store = Store(plan)
    missing = tuple(step.name for step in executor.missing(store, test_plan.TESTS))
    faults: list[Fault] = []
    try:
        yield from executor.run(plan, test_plan.TESTS, settings)
    except StepFailed as error:
        if not all(
            store.is_done(plan.step(name)) for name in (test_plan.CRATES, *(each.step for each in crates))
        ):
            raise
        faults = error.faults
    made = {each.name: goals.binaries(store, plan, each.step)[0] for each in crates}
    places = {
        place: made[each.name] for each in utility.utilities(port.ledger) if guests for place in each.places
    }
    result = TestBuild(toolchain, store.folder, wanted, utilities=places, ran=missing)
    return _found(result, store, compared, faults)


def _found(result: TestBuild, store: Store, compared: Sequence[Suite], faults: list[Fault]) -> TestBuild:
    """What is there of the suites, and the fault of each that is not."""

    def path(step: str, suite: Suite) -> Path | None:
        found = store.plan.step(step)
        return store.out(found) / suite.name if store.is_done(found) else None

    binaries = {suite.name: path(suite.step, suite) for suite in result.suites}
    hosts = {suite.name: path(suite.host_step, suite) for suite in compared}
    lost = [suite.host_step for suite in compared if hosts[suite.name] is None]
    if lost:
        # The host's own Rust cannot build its own tests: nothing could be compared, and that is no fault of the port.
        raise PortwrightError([fault for fault in faults if any(f"`{name}`" in fault.what for name in lost)])
    failed = {
        suite.name: next(
            (fault.what for fault in faults if f"`{suite.step}`" in fault.what), "it was not built"
        )
        for suite in result.suites
        if binaries[suite.name] is None
    }
    return replace(
        result,
        binaries={name: there for name, there in binaries.items() if there is not None},
        hosts={name: there for name, there in hosts.items() if there is not None},
        failed=failed,
    )
