"""Every edit that gives Rust's std a port's platform layer: new files, and arms and terms that name the port's OS.

The Rust text lies in `layer/`; what is generated from the ledger is `generators/std_abi.py`'s. The places are
those of Rust 1.96's source tree.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from portwright.base.errors import Fault, PortwrightError
from portwright.derive import fd_edits, test_edits, unwind_edits
from portwright.derive.edit import (
    ArmFirst,
    AttributeTerm,
    BuildTerm,
    CfgUnordered,
    Edit,
    NewFile,
    TomlTable,
)
from portwright.derive.generators import std_abi
from portwright.describe import std_needs, std_threads
from portwright.describe.cpu import Cpu, cpu
from portwright.describe.port import Port

LAYER = Path(__file__).resolve().parent / "layer"
_SYS = "std/src/sys"
_PAL = f"{_SYS}/pal/portwright"

# The modules of `sys` that take their whole content from the layer: module -> what std would do without.
_WHOLE = {
    "alloc": "no heap: std does not build",
    "args": "the program would have no arguments",
    "env": "reading the environment would panic",
    "io/error": "std does not build",
    "net/connection": "connections and datagrams would be unsupported",
    "net/hostname": "the host would have no name",
    "random": "std does not build",
    "stdio": "output would be thrown away, the panic message too",
    "time": "reading a clock would panic",
}


# Where in `sys` a module of the layer lies that is not at its top.
_PLACES = {
    "error": "io/error",
    "terminal": "io/is_terminal",
    "hostname": "net/hostname",
    "net": "net/connection",
}


def edits(port: Port) -> tuple[Edit, ...]:
    """All edits for a port, in a fixed order; raises where the ledger holds what the layer cannot use."""
    condition = f'target_os = "{port.os}"'
    descriptors = fd_edits.edits(port.os, condition, LAYER)
    threads = std_threads.threads(port.ledger) is not None
    machine = cpu(port.ledger.abi.cpu)
    return (
        *_new_files(port),
        *_arms(condition),
        *(_lock_arms(condition) if threads else ()),
        *_terms(condition),
        *(() if threads else _one_thread_terms(condition)),
        *descriptors,
        *unwind_edits.edits(port.manifest.std, condition, machine, LAYER),
        _constants(port, condition),
        *test_edits.edits(
            condition, fd_edits.module(port.os), threads=threads, packed_words=machine.packed_words
        ),
    )


def needs_thread_local(port: Port) -> bool:
    """Whether the target spec may say `has-thread-local`: some one gives threads a thread pointer."""
    return std_needs.thread_pointer(port.ledger)


@cache
def _text(name: str) -> str:
    return (LAYER / name).read_text(encoding="utf-8")


def _cpu_file(facts: Cpu) -> str:
    name = f"cpus/{facts.rustc_arch}.rs"
    if not (LAYER / name).is_file():
        what = f"std's layer has no start code for {facts.name}"
        hint = f"write src/portwright/derive/layer/{name}: `_start` and the block of thread-locals"
        raise PortwrightError([Fault(what, None, hint, "std/cpu")])
    return name


def _new_files(port: Port) -> list[Edit]:
    found: list[Edit] = [
        NewFile(f"{_PAL}/abi.rs", std_abi.generate(port), "the port's ledger as constants and calls"),
        NewFile(
            f"{_PAL}/cpu.rs",
            _text(_cpu_file(cpu(port.ledger.abi.cpu))),
            "the first instructions of a program are the CPU's own",
        ),
    ]
    for path in sorted(LAYER.glob("*.rs")):
        target = "mod" if path.stem == "pal" else path.stem
        why = "the operations of the vocabulary, as std's modules use them"
        found.append(NewFile(f"{_PAL}/{target}.rs", _text(path.name), why))
    for path in sorted((LAYER / "sys").rglob("*.rs")):
        name = path.relative_to(LAYER).as_posix()
        found.append(NewFile(_sys_path(name), _text(name), "std's platform module over operations"))
    return found


def _sys_path(name: str) -> str:
    """`sys/time.rs` -> `.../sys/time/portwright.rs`; `sys/fs/file.rs` -> `.../sys/fs/portwright/file.rs`."""
    parts = name.removeprefix("sys/").removesuffix(".rs").split("/")
    module = _PLACES.get(parts[0], parts[0])
    if len(parts) == 1:
        return f"{_SYS}/{module}/portwright.rs"
    return f"{_SYS}/{module}/portwright/{'/'.join(parts[1:])}.rs"


def _arm(module: str, condition: str, body: str, why: str, block: int = 1, of: int = 1) -> ArmFirst:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    path = f"{_SYS}/{module}" if module.endswith(".rs") else f"{_SYS}/{module}/mod.rs"
    return ArmFirst(path, block, of, f"{condition} => {{\n{lines}}}", why)


def _arms(condition: str) -> list[Edit]:
    uses = {
        "alloc": "",
        "net/hostname": "pub use portwright::hostname;",
        "random": "pub use portwright::{fill_bytes, hashmap_random_keys};",
        "time": "use portwright as imp;",
    }
    found: list[Edit] = []
    for module, why in _WHOLE.items():
        use = uses.get(module, "pub use portwright::*;")
        found.append(
            _arm(module, condition, f"mod portwright;\n{use}", why, of=2 if module == "io/error" else 1)
        )
    why = "entry, exit and the operations that everything else calls"
    found += [
        _arm("pal", condition, "mod portwright;\npub use self::portwright::*;", why),
        _arm("fs", condition, "mod portwright;\nuse portwright as imp;", "files would be unsupported"),
        _arm("paths", condition, "mod portwright;\nuse portwright as imp;", "there would be no `temp_dir`"),
        _arm(
            "exit.rs",
            condition,
            "crate::sys::pal::process::end(code)",
            "`process::exit` would abort",
            block=2,
            of=2,
        ),
        _arm("process", condition, "mod portwright;\nuse portwright as imp;", "no process could be started"),
        _arm(
            "pipe",
            condition,
            "mod portwright;\npub use portwright::{Pipe, pipe};",
            "there would be no pipes",
        ),
        _arm("thread", condition, "mod portwright;\npub use portwright::*;", "`thread::sleep` would panic"),
    ]
    return [*found, *_thread_local_arms(condition)]


def _lock_arms(condition: str) -> list[Edit]:
    """Where there are threads, std's locks wait: they stand on the layer's `futex`."""
    why = "a lock that another thread holds would be taken for a mistake"
    return [
        _arm(f"sync/{module}", condition, f"mod futex;\npub use futex::{names};", why)
        for module, names in _LOCKS.items()
    ]


_LOCKS = {
    "mutex": "Mutex",
    "condvar": "Condvar",
    "rwlock": "RwLock",
    "once": "{Once, OnceState}",
    "thread_parking": "Parker",
}


_NO_THREADS = """
mod no_threads;
pub use no_threads::{EagerStorage, LazyStorage, thread_local_inner};
pub(crate) use no_threads::{LocalPointer, local_pointer};
"""


def _thread_local_arms(condition: str) -> list[Edit]:
    return [
        _arm(
            "thread_local",
            f"all({condition}, not(target_thread_local))",
            _NO_THREADS,
            "without a thread pointer there is one thread, and its variables are statics",
            block=1,
            of=4,
        ),
        _arm(
            "thread_local",
            condition,
            "pub(crate) fn enable() {}",
            "the start code runs the destructors itself, after main",
            block=3,
            of=4,
        ),
    ]


def _terms(condition: str) -> list[Edit]:
    common = "the shared list of owned strings serves this system"
    outputs = "std's own way to collect a child's outputs serves this system"
    return [
        AttributeTerm(f"{_SYS}/args/mod.rs", "mod common", condition, common),
        AttributeTerm(f"{_SYS}/env/mod.rs", "mod common", condition, common),
        AttributeTerm(f"{_SYS}/process/mod.rs", "pub fn output", condition, outputs),
        AttributeTerm(f"{_SYS}/process/mod.rs", "pub use imp::output", condition, outputs, negated=True),
        AttributeTerm(
            f"{_SYS}/random/mod.rs",
            "pub fn hashmap_random_keys",
            condition,
            "maps must work on a system without random bytes: the layer has a `hashmap_random_keys` of its own",
            negated=True,
        ),
        AttributeTerm(
            "std/src/rt.rs",
            "fn __rust_abort",
            condition,
            "a panic that cannot unwind ends the process with status 101, `process::abort` does not",
            negated=True,
        ),
        BuildTerm(
            "std/build.rs",
            'target_os == "hermit"',
            condition.replace("=", "=="),
            "std would be unstable to use: `restricted_std`",
        ),
        TomlTable(
            "std/Cargo.toml",
            f"target.'cfg({condition})'.dependencies",
            "dlmalloc = { version = \"0.2.10\", features = ['rustc-dep-of-std'] }",
            "the heap",
        ),
        BuildTerm(
            "test/src/lib.rs",
            'cfg!(target_os = "zkvm")',
            f'cfg!(all({condition}, panic = "abort"))',
            "a test that must panic would end the run: there is neither an unwinder nor a second process",
        ),
    ]


def _one_thread_terms(condition: str) -> list[Edit]:
    return [
        BuildTerm(
            "test/src/lib.rs",
            '!cfg!(target_os = "zkvm")',
            f"!cfg!({condition})",
            "there is one thread: tests run in it, one after the other",
        ),
    ]


def _constants(port: Port, condition: str) -> Edit:
    lines = "\n".join(
        f'    pub const {name}: &str = "{value}";'
        for name, value in (
            ("FAMILY", ""),
            ("OS", port.os),
            ("DLL_PREFIX", ""),
            ("DLL_SUFFIX", ""),
            ("DLL_EXTENSION", ""),
            ("EXE_SUFFIX", ""),
            ("EXE_EXTENSION", ""),
        )
    )
    entry = f"#[cfg({condition})]\npub mod os {{\n{lines}\n}}\n"
    return CfgUnordered(f"{_SYS}/env_consts.rs", entry, "`std::env::consts::OS` would be empty")
