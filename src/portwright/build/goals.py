"""What other rooms ask the build for: a goal of a port, or a crate built for a port; answers paths.

result = yield from goals.build(ports.load("x86_64-unknown-veridian"), "programs")
result.sysroot, result.programs["hello"]
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portwright.base.errors import BadInput, Fault, Where, closest
from portwright.base.events import Event, Note
from portwright.build import backend_facts, errata_mending, executor, facts, tool_versions
from portwright.build import explain as explaining
from portwright.build.executor import Done, Settings
from portwright.build.explain import Explained
from portwright.build.store import Store
from portwright.derive import build_plan, image_plan
from portwright.derive.build_plan import Crate, Facts
from portwright.derive.plan import Plan
from portwright.describe import lock
from portwright.describe import toolchain as toolchains
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain

GOALS = ("spec", "view", "std", "sysroot", "dist", "programs")


@dataclass(frozen=True)
class BuildResult:
    """What a build made. Paths are None or absent where the goal did not ask for them.

    `spec` is the target's JSON; `sysroot` what `rustc --sysroot` takes; `programs` binaries by the program's
    name (the binary of the crate's own name first), `hosts` those of them that were built for this machine's own
    OS. `dist` is the folder to hand out, and the tarball beside it, `images` by name. `ran` names the steps
    that were not done already.
    """

    target: str
    folder: Path
    spec: Path
    toolchain: Toolchain
    lock: str
    ran: tuple[str, ...]
    view: Path | None = None
    sysroot: Path | None = None
    dist: tuple[Path, ...] = ()
    programs: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    hosts: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    images: Mapping[str, Path] = field(default_factory=dict)


def prepare(port: Port, crates: Sequence[Crate] | None = None, *, images: bool = False) -> tuple[Plan, Facts]:
    """The plan of a port on this machine (`images`: with the steps for those), and the facts that it was made from."""
    found = facts.gather(port, toolchains.find(rust=port.manifest.toolchain.rust), crates, images=images)
    return build_plan.plan(port, found), found


def build(
    port: Port, goal: str = "programs", *, settings: Settings | None = None, update_lock: bool = False
) -> Generator[Event, None, BuildResult]:
    """Bring a goal of the port about; a goal is one of `GOALS`, the name of a program, `image`
    or `image-NAME`."""
    wanted = _step(port, goal)
    whole, found = prepare(port, _crates(goal, wanted), images=_of_images(wanted))
    return (yield from _build(port, whole, found, wanted, settings, update_lock))


def build_crate(
    port: Port, path: Path, *, settings: Settings | None = None
) -> Generator[Event, None, BuildResult]:
    """Build a Cargo package folder or a `.rs` file for the port (the sysroot first, if need be)."""
    crate = facts.crate(path)
    whole, found = prepare(port, [crate])
    return (yield from _build(port, whole, found, build_plan.crate_step(crate.name), settings, False))


def plan(port: Port, goal: str = "programs") -> Plan:
    """The plan of a goal: only the steps that it needs."""
    wanted = _step(port, goal)
    whole, _ = prepare(port, _crates(goal, wanted), images=_of_images(wanted))
    _has_ledger(port, whole, wanted)
    return Plan(whole.target, whole.closure(wanted), whole.texts, whole.identity)


def explain(port: Port, goal: str = "programs") -> list[Explained]:
    """Every step that a goal needs, with its state; nothing is built."""
    wanted = _step(port, goal)
    whole, _ = prepare(port, _crates(goal, wanted), images=_of_images(wanted))
    _has_ledger(port, whole, wanted)
    return explaining.explain(whole, wanted)


def _has_ledger(port: Port, plan: Plan, goal: str) -> None:
    """Raise where a goal needs std, whose layer is made from the ledger, and the port has none."""
    if port.abi is None and any(step.name == "view" for step in plan.closure(goal)):
        _ = port.ledger


def _crates(goal: str, step: str) -> tuple[Crate, ...] | None:
    """What crates a goal's plan has: none where it needs none (their sources are then not even read)."""
    return None if goal == "programs" or step.startswith("program-") or _of_images(step) else ()


def _of_images(step: str) -> bool:
    """Whether a step makes an image, or all of them."""
    return step == image_plan.ALL or step.startswith(image_plan.step_name(""))


def _step(port: Port, goal: str) -> str:
    """The step of a goal; raises `BadInput` with what there is."""
    programs = [program.name for program in port.manifest.program]
    if goal == "dist" and port.manifest.backend is not None:
        what = "a toolchain to hand out cannot be made of a port with [backend]: portwright is its linker"
        raise BadInput([Fault(what, port.places("backend"), "hand out programs instead", "build/goal")])
    if goal in GOALS:
        return goal
    if goal in programs:
        return build_plan.crate_step(goal)
    images = [image_plan.step_name(name) for name in port.manifest.image]
    images = [image_plan.ALL, *images] if images else []
    if goal in images:
        return goal
    near = closest(goal, [*GOALS, *programs, *images])
    hint = f"did you mean `{near}`? " if near else ""
    hint += f"goals: {', '.join([*GOALS, *images])}; programs: {', '.join(programs) or 'none'}"
    raise BadInput(
        [Fault(f"the port has no goal `{goal}`", Where(port.folder / "port.toml"), hint, "build/goal")]
    )


def _build(
    port: Port, plan: Plan, found: Facts, goal: str, settings: Settings | None, update_lock: bool
) -> Generator[Event, None, BuildResult]:
    _has_ledger(port, plan, goal)
    state = lock.hold(
        port,
        lock.of(found.toolchain, found.source_digest, versions(found)),
        accept=update_lock,
    )
    if state != "same":
        yield Note(f"{lock.place(port)} {state}")
    if found.backend is not None:
        llc = found.backend.tools["llc"][0]
        arch = str(found.spec.get("arch", ""))
        doubt = errata_mending.unseen_in(arch, backend_facts.llvm_major(llc, found.toolchain))
        if doubt is not None:
            yield Note(doubt, "warning")
    done = yield from executor.run(plan, goal, settings)
    gone = _gone(done.store, plan, found, goal)
    if gone:
        # A binary was taken away behind our back.
        for name in gone:
            done.store.forget(plan.step(name))
        again = yield from executor.run(plan, goal, settings)
        done = Done(done.store, (*done.ran, *again.ran))
    return _result(plan, found, goal, done, state)


def versions(found: Facts) -> dict[str, str]:
    """What the lock says of the tools: the toolchain's, and those of the port's [backend]."""
    own = found.backend.tools if found.backend else {}
    return tool_versions.versions(found.toolchain) | {name: version for name, (_, version) in own.items()}


def _gone(store: Store, plan: Plan, found: Facts, goal: str) -> list[str]:
    steps = [crate.step for crate in found.crates]
    asked = [name for name in steps if plan.step(name) in plan.closure(goal)]
    return [name for name in asked if not all(path.is_file() for path in binaries(store, plan, name))]


def _result(plan: Plan, found: Facts, goal: str, done: Done, state: str) -> BuildResult:
    steps = {step.name for step in plan.closure(goal)}
    store = done.store
    sysroot = None
    if "sysroot" in steps:
        sysroot = done.out("sysroot")
        _point(store.folder / "sysroot", sysroot)

    def made(*, host: bool) -> dict[str, tuple[Path, ...]]:
        crates = [crate for crate in found.crates if crate.host == host and crate.step in steps]
        return {crate.name: binaries(store, plan, crate.step) for crate in crates}

    return BuildResult(
        plan.target,
        store.folder,
        store.texts / f"{plan.target}.json",
        found.toolchain,
        state,
        done.ran,
        view=done.out("view") if goal == "view" or "view" in done.ran else None,
        sysroot=sysroot,
        dist=tuple(done.out("dist") / name for name in plan.step("dist").outputs) if goal == "dist" else (),
        programs=made(host=False),
        hosts=made(host=True),
        images={
            name.removeprefix(image_plan.step_name("")): store.out(plan.step(name))
            / plan.step(name).outputs[0]
            for name in sorted(steps - {image_plan.ALL})
            if _of_images(name)
        },
    )


def _point(link: Path, sysroot: Path) -> None:
    """Keep a stable path that leads to the last sysroot, for the configuration of users' crates."""
    if link.is_symlink() and link.readlink() == sysroot:
        return
    fresh = link.with_name(".sysroot.link")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(sysroot)
    fresh.replace(link)


def binaries(store: Store, plan: Plan, name: str) -> tuple[Path, ...]:
    """The programs that a crate's step made, the one of the crate's own name first."""
    step = plan.step(name)
    out = store.out(step)
    if not step.stdout:
        return tuple(out / output for output in step.outputs)
    own = name.removeprefix("program-").removeprefix("host-")
    found: dict[Path, None] = {}
    for line in (out / step.stdout).read_text().splitlines():
        if line.startswith("{"):
            executable = json.loads(line).get("executable")
            if executable:
                found[Path(executable)] = None
    return tuple(sorted(found, key=lambda path: (path.name != own, path.name)))
