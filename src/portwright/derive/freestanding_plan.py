"""The two steps of a freestanding program: its object, by rustc alone, and what LLD makes of that by a linker script.

No sysroot takes part: such a program stands on nothing, not even core. The object comes from rustc's own code
generator, whatever the port's [toolchain] backend (what such a program is made of is assembly, as a rule); only a port
with [backend] has it made and linked by that.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from portwright.base.errors import fail
from portwright.derive.plan import Input, Step
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain

ROOM = 1_000_000


@dataclass(frozen=True, slots=True)
class Link:
    """How a freestanding program is linked: by which script (LLD's own way without one), with the hash of that."""

    script: Path | None = None
    digest: str = ""


def object_step(name: str) -> str:
    """The step that makes the object of a program of that name."""
    return f"object-{name}"


def steps(
    port: Port,
    toolchain: Toolchain,
    source: tuple[str, Path, str],
    step: str,
    link: Link,
    inputs: list[Input],
    linker: tuple[Input, ...] = (),
) -> tuple[Step, Step]:
    """The object, and the program as the step of that name; `source` is (crate name, path, hash), `inputs` are the
    compiler and the spec, `linker` is the port's own with its settings, where it has one."""
    crate, path, digest = source
    name = step.removeprefix("program-")
    argv = [str(toolchain.rustc), "--target", f"{{texts}}/{port.target}.json", "-Zunstable-options"]
    argv += ["--edition=2024", "-O", "-Cpanic=abort", "-Ccodegen-units=1", "--crate-type=lib"]
    argv += ["--crate-name", crate, f"--emit=obj={{out}}/{name}.o", str(path)]
    made = Step(
        object_step(name),
        tuple(argv),
        f"the object of the freestanding program `{name}`: nothing is linked to it, not even core",
        env={**toolchain.environment, "RUSTC_BOOTSTRAP": "1"},
        inputs=(*inputs, Input("source", str(path), digest)),
        outputs=(f"{name}.o",),
        needs=("spec",),
        room=ROOM,
    )
    return made, _linked(port, toolchain, name, step, link, linker)


def _linked(
    port: Port, toolchain: Toolchain, name: str, step: str, link: Link, linker: tuple[Input, ...]
) -> Step:
    if toolchain.lld is None and not linker:
        what = f"no LLD was found, which links the freestanding program `{name}`"
        raise fail(
            what, None, "`portwright setup` gets one; `portwright doctor` shows what is there", "build/no-lld"
        )
    argv = [linker[0].path] if linker else [str(toolchain.lld), "-static", "--no-pie"]
    argv += ["-z", f"max-page-size={port.manifest.os.page_size}"]
    # LLD warns of an entry that is not there, and links a program that begins at 0.
    argv += ["--entry=_start", "--fatal-warnings"]
    argv += ["-T", str(link.script)] if link.script else []
    argv += [f"{{{object_step(name)}}}/{name}.o", "-o", f"{{out}}/{name}"]
    script = (Input("link-script", str(link.script), link.digest),) if link.script else ()
    return Step(
        step,
        tuple(argv),
        f"the freestanding program `{name}`, linked",
        env=dict(toolchain.environment),
        inputs=(*script, *linker),
        outputs=(name,),
        needs=(object_step(name),),
        room=ROOM,
    )
