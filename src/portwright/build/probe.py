"""The code-generation probe: compiles a small `no_core` object for a spec and reads what came out.

What the rules assume is proven here: the back end takes the data layout, CPU and features, does not crash, and
writes the format, machine, byte order and width that the spec asks for. Remembers its answer by spec, compiler
and probe.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from portwright.base.files import cache_root, write_atomic
from portwright.base.hashing import hash_file, hash_value
from portwright.base.processes import Completed, environment, run
from portwright.build import object_kind
from portwright.describe.toolchain import Toolchain

Outcome = Literal["passed", "failed", "refused", "not-run", "skipped"]
SECONDS = 60.0

SOURCE = """\
#![feature(no_core, lang_items%(features)s)]
#![allow(internal_features, unconditional_recursion)]
#![no_core]

#[lang = "pointee_sized"]
pub trait PointeeSized {}
#[lang = "meta_sized"]
pub trait MetaSized: PointeeSized {}
#[lang = "sized"]
pub trait Sized: MetaSized {}
#[lang = "copy"]
pub trait Copy {}
impl Copy for u32 {}
impl Copy for u64 {}
impl Copy for f64 {}
#[lang = "legacy_receiver"]
pub trait LegacyReceiver {}
impl<T: PointeeSized> LegacyReceiver for &T {}
#[lang = "drop_in_place"]
unsafe fn drop_in_place<T: PointeeSized>(place: *mut T) {
    unsafe { drop_in_place(place) }
}
#[lang = "add"]
pub trait Add<Right = Self> {
    type Output;
    fn add(self, right: Right) -> Self::Output;
}
macro_rules! add {
    ($($number:ty)*) => {$(
        impl Add for $number {
            type Output = $number;
            fn add(self, right: $number) -> $number {
                self + right
            }
        }
    )*};
}
add! { u32 u64 f64 }

extern "C" {
    fn portwright_other(number: u32) -> u32;
}
#[no_mangle]
pub static mut PORTWRIGHT_DATA: u32 = 7;
%(thread_local)s
#[no_mangle]
pub unsafe extern "C" fn portwright_call(number: u32) -> u32 {
    unsafe { portwright_other(number + PORTWRIGHT_DATA) }
}
#[no_mangle]
pub extern "C" fn portwright_long(one: u64, two: u64) -> u64 {
    one + two
}
#[no_mangle]
pub extern "C" fn portwright_float(one: f64, two: f64) -> f64 {
    one + two
}
"""
THREAD_LOCAL = """\
#[thread_local]
pub static mut PORTWRIGHT_OWN: u32 = 1;
#[no_mangle]
pub unsafe extern "C" fn portwright_own() -> u32 {
    unsafe { PORTWRIGHT_OWN }
}"""


@dataclass(frozen=True, slots=True)
class ProbeFault:
    """What the probe proved wrong; `key` is the spec's key that it is about, `edit` its right value."""

    kind: str
    what: str
    why: str
    key: str = ""
    hint: str | None = None
    edit: Any = None


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """How the probe went.

    `passed` (an object came out and is right), `failed` (see `faults`), `refused` (rustc did not load the
    spec), `not-run` (there is no such code generator here; `detail` says so) or `skipped`.
    """

    outcome: Outcome
    detail: str = ""
    faults: tuple[ProbeFault, ...] = ()
    command: str = ""


def source(spec: Mapping[str, Any]) -> str:
    """The program that is compiled for a spec."""
    own = spec.get("has-thread-local") is True
    parts = {"features": ", thread_local" if own else "", "thread_local": THREAD_LOCAL if own else ""}
    return SOURCE % parts


def probe(
    spec: Mapping[str, Any], toolchain: Toolchain, *, backend: str = "llvm", optimize: str = "3"
) -> ProbeResult:
    """Compile the probe for a whole spec and judge what came out; the answer is remembered."""
    code = [hash_file(Path(__file__)), hash_file(Path(object_kind.__file__))]
    key = hash_value([dict(spec), str(toolchain.rustc), toolchain.fingerprint, backend, optimize, code])
    memory = cache_root() / "probes" / f"{key[:40]}.json"
    try:
        known = json.loads(memory.read_text())
        return ProbeResult(**{**known, "faults": tuple(ProbeFault(**row) for row in known["faults"])})
    except (OSError, ValueError, TypeError, KeyError):
        pass
    with tempfile.TemporaryDirectory(prefix="portwright-probe-") as folder:
        result = _compile(Path(folder), spec, toolchain, backend, optimize)
    write_atomic(memory, json.dumps(asdict(result), ensure_ascii=False))
    return result


def command(folder: Path, toolchain: Toolchain, backend: str, optimize: str) -> list[str]:
    """The compiler's command line for the files `spec.json` and `probe.rs` of a folder."""
    argv = [str(toolchain.rustc), "-Zunstable-options", "--edition=2021", "--crate-type=lib", "--emit=obj"]
    argv += ["--target", str(folder / "spec.json"), f"-Copt-level={optimize}", "-Coverflow-checks=off"]
    argv += ["-Ccodegen-units=1", "-Awarnings"]
    argv += [f"-Zcodegen-backend={backend}"] if backend == "cranelift" else []
    return [*argv, "-o", str(folder / "probe.o"), str(folder / "probe.rs")]


def _compile(
    folder: Path, spec: Mapping[str, Any], toolchain: Toolchain, backend: str, optimize: str
) -> ProbeResult:
    (folder / "spec.json").write_text(json.dumps(dict(spec)))
    (folder / "probe.rs").write_text(source(spec))
    argv = command(folder, toolchain, backend, optimize)
    if spec.get("need-explicit-cpu") is True:
        argv.insert(-3, f"-Ctarget-cpu={spec.get('cpu', 'generic')}")
    changes: dict[str, str | None] = dict(toolchain.variables())
    env = environment({**changes, "RUSTC_BOOTSTRAP": "1", "RUST_BACKTRACE": "0"})
    done = run(argv, env=env, cwd=folder, timeout=SECONDS)
    shown = " ".join(["RUSTC_BOOTSTRAP=1", *argv]).replace(f"{folder}/", "")
    text = done.error_text
    if "codegen-backends" in text and done.status > 0:
        return ProbeResult("not-run", f"this rustc has no code generator `{backend}`", (), shown)
    if done.status != 0 and spec.get("need-explicit-cpu") is True and "cpu" not in spec:
        return ProbeResult("not-run", "the spec leaves the CPU open (`need-explicit-cpu`)", (), shown)
    refusal = re.search(r"error loading target specification: (.+)", text)
    if refusal:
        return ProbeResult("refused", refusal[1].strip(), (), shown)
    faults = list(_said(text, done))
    output = folder / "probe.o"
    data = output.read_bytes() if output.is_file() else b""
    if done.status == 0 and not data:
        faults.append(ProbeFault("no-object", "rustc ended well and wrote no object", "Nothing was built."))
    seen = object_kind.describe(data)
    if data:
        faults += [ProbeFault("object", *row) for row in object_kind.differences(data, spec, backend)]
    return ProbeResult("failed" if faults else "passed", seen, tuple(faults), shown)


def _said(text: str, done: Completed) -> Iterator[ProbeFault]:
    """The faults that the compiler itself told of, each once."""
    for name in dict.fromkeys(re.findall(r"'(.+?)' is not a recognized feature for this target", text)):
        why = "The object is made without it, and the compiler ends well."
        yield ProbeFault("feature-ignored", f"LLVM ignored the feature `{name}`", why, "features")
    for name in dict.fromkeys(re.findall(r"'(.+?)' is not a recognized processor for this target", text)):
        why = "The object is made for LLVM's default CPU."
        yield ProbeFault("cpu-ignored", f"LLVM ignored the CPU `{name}`", why, "cpu")
    layout = re.search(r"differs from LLVM target's `.*?` default layout, `(.+?)`", text)
    if layout:
        why = "rustc and LLVM must agree on every size and alignment."
        what = f"`data-layout` is not LLVM's, which is {layout[1]}"
        yield ProbeFault("data-layout", what, why, "data-layout", edit=layout[1])
        return
    if done.status == 0:
        return
    first = next((line for line in text.splitlines() if re.match(r"(error|rustc-LLVM ERROR)", line)), "")
    detail = " ".join(_meaning(text) or first.split()) or f"status {done.status}"
    if done.status == -9:
        yield ProbeFault("hang", f"the compiler did not end in {SECONDS:.0f} s", "A crash that never ends.")
    elif done.status < 0:
        signal = re.search(r"interrupted by (SIG\w+)", text)
        what = f"the compiler died of {signal[1] if signal else f'signal {-done.status}'}"
        why = "The back end met what it does not know, and did not notice."
        yield ProbeFault("crash", what, why, hint="look at `llvm-target`, `cpu` and `code-model`")
    elif "LLVM ERROR" in text:
        why = "LLVM stops the compiler where a spec asks for what the back end does not have."
        yield ProbeFault("llvm-error", f"LLVM stopped: {detail}", why)
    elif "internal compiler error" in text or "panicked at" in text:
        why = "A compiler panic is rustc's defect; the spec that leads to it is still unusable."
        yield ProbeFault(
            "panic", f"the compiler panicked: {detail}", why, hint="look at `arch`, `llvm-target`"
        )
    else:
        yield ProbeFault("error", f"the probe does not compile: {detail}", "No program will.")


def _meaning(text: str) -> list[str]:
    """The words of the message that says what happened, where the first one does not."""
    found = re.search(r"(could not create LLVM TargetMachine .*|LLVM ERROR: .*)", text)
    if found is None:
        found = re.search(r"panicked at [^\n]*\n([^\n]+)", text)
    return found[1].removeprefix("LLVM ERROR: ").split() if found else []
