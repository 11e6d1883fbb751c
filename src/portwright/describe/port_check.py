"""Where the parts of a port contradict each other: port.toml, the ledger, the whole target spec, the folder.

Each part by itself is checked elsewhere (the rules, `ledger_check`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from portwright.base import rooms
from portwright.base.errors import Fault
from portwright.describe import cpu as cpus
from portwright.describe import rule, toml_file
from portwright.describe.port import Port
from portwright.describe.rustc_facts import RustcFacts
from portwright.describe.spec import Spec, overlay
from portwright.describe.spec_case import Case


def check(port: Port, spec: Spec) -> list[Fault]:
    """Every contradiction, each placed in the file that is easier to change."""
    with_ledger = [*_cpu(port, spec), *_thread_pointer(port, spec)] if port.abi else []
    return [*_memory(port), *with_ledger, *_programs(port)]


def target_faults(path: Path, facts: RustcFacts) -> list[Fault]:
    """The errors that the rules find in [target] alone, of a port.toml that has faults elsewhere."""
    tables = toml_file.read(path)
    about, target = tables.get("port"), tables.get("target")
    triple = about.get("target") if isinstance(about, dict) else None
    if not isinstance(target, dict) or not isinstance(target.get("like"), str):
        return []
    table = {key: value for key, value in target.items() if key != "why"}
    name = triple if isinstance(triple, str) else path.parent.name
    spec = overlay(name, table, facts, path, toml_file.Places(path))
    return [row.fault() for row in rule.examine(Case(spec, facts)) if row.severity == "error"]


def _memory(port: Port) -> Iterator[Fault]:
    said = port.manifest.os.page_size
    ledger = port.abi.memory.page_size if port.abi else said
    if said <= 0 or said & (said - 1):
        what = f"[os] page-size is {said}, which is no power of 2"
        yield Fault(what, port.places("os", "page-size"), "in bytes: 4096, 8192 ...", "port/page-size")
    elif said != ledger:
        what = f"[os] page-size is {said}, and the ledger's [memory] page-size is {ledger}"
        yield Fault(what, port.places("os", "page-size"), "make them agree", "port/page-size")


def _cpu(port: Port, spec: Spec) -> Iterator[Fault]:
    if port.ledger.abi.cpu not in rooms.names(cpus.ROOM):
        return
    cpu = cpus.cpu(port.ledger.abi.cpu)
    place = port.ledger_places("abi", "cpu")
    facts = (
        ("arch", cpu.rustc_arch, spec.keys.get("arch")),
        ("target-pointer-width", cpu.pointer_bits, spec.keys.get("target-pointer-width")),
        ("target-endian", cpu.endian, spec.keys.get("target-endian", "little")),
    )
    for key, ledger, target in facts:
        if target is not None and str(ledger) != str(target):
            what = f"the ledger is for {cpu.name} (`{key}` {ledger}), and the target's `{key}` is {target}"
            yield Fault(what, place, "describe one CPU in both", "port/cpu")


def _thread_pointer(port: Port, spec: Spec) -> Iterator[Fault]:
    nobody = port.ledger.entry.thread_pointer.set_by == "nobody"
    if nobody and spec.keys.get("has-thread-local") is True:
        what = "the target has thread-locals, and the ledger says that nobody sets the thread pointer"
        place = port.ledger_places("entry", "thread-pointer")
        hint = 'set-by = "program" with a call for set_thread_pointer, or take `has-thread-local` away'
        yield Fault(what, place, hint, "port/thread-pointer")


def _programs(port: Port) -> Iterator[Fault]:
    for program in port.manifest.program:
        for key, what, hint in program.missing(port.folder):
            yield Fault(what, port.program_place(program.name, key), hint, "port/program")
