"""What a new port's [target] must say that the built-in target it is like says otherwise, each with its reason.

Pure: chooses and gives reasons; `generators/new_port.py` writes them down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# Keys about how another system links, loads and starts programs; std's layer and its `_start` need none of them.
OF_ANOTHER_SYSTEM = (
    *("pre-link-args", "late-link-args", "late-link-args-dynamic", "late-link-args-static", "post-link-args"),
    *("pre-link-objects", "post-link-objects", "pre-link-objects-fallback", "post-link-objects-fallback"),
    *("link-script", "link-env", "link-env-remove", "link-self-contained", "dll-prefix", "dll-suffix"),
    *("dynamic-linking", "has-rpath", "only-cdylib", "crt-static-default", "crt-static-respected"),
    *("crt-static-allows-dylibs", "entry-name", "exe-suffix", "singlethread", "is-like-android"),
    *(
        "use-ctors-section",
        "default-codegen-backend",
        "limit-rdylib-exports",
        "relro-level",
        "archive-format",
    ),
    *("is-like-aix", "is-like-solaris", "is-like-vexos", "linker-is-gnu", "lld-flavor"),
)
VARIANTS = ("x32", "fortanix", "uwp", "llvm", "sim", "macabi")


@dataclass(frozen=True, slots=True)
class Choice:
    """A key of [target] with its value, or taken away (`removed`), and one sentence why."""

    key: str
    why: str
    value: Any = None
    removed: bool = False


def system(triple: str) -> str:
    """The OS's name in a triple: the third part, or the last of two."""
    parts = triple.split("-")
    return parts[2] if len(parts) > 2 else parts[-1]


def choices(triple: str, like: Mapping[str, Any]) -> list[Choice]:
    """The choices for a system without a dynamic linker whose programs are linked by LLD and start in std."""
    chosen = [*_names(triple, like), *_code(like), *_linking(like)]
    taken = {choice.key for choice in chosen}
    for key in OF_ANOTHER_SYSTEM:
        if key in like and key not in taken:
            chosen.append(Choice(key, "it is about another system's linking or loading", removed=True))
    return chosen


def _names(triple: str, like: Mapping[str, Any]) -> Iterator[Choice]:
    yield Choice(
        "os", "what `cfg(target_os)` says, and what std's platform layer is chosen by", system(triple)
    )
    vendor = triple.split("-")[1] if triple.count("-") >= 2 else "unknown"
    if vendor != like.get("vendor", "unknown"):
        yield Choice("vendor", "as the triple names it", vendor)
    if like.get("env"):
        yield Choice("env", f"`{like['env']}` is another system's C library", removed=True)
    if like.get("abi") in VARIANTS:
        yield Choice("abi", f"`{like['abi']}` is a variant of another system", removed=True)
    if like.get("target-family"):
        yield Choice(
            "target-family", "std's unix code is not for it: its layer is made from abi.toml", removed=True
        )


def _code(like: Mapping[str, Any]) -> Iterator[Choice]:
    cpu = str(like["llvm-target"]).split("-")[0]
    triple = f"{cpu}-unknown-none-elf"
    if like["llvm-target"] != triple:
        yield Choice(
            "llvm-target", "LLVM does not know the system; this says what it does: ELF for none", triple
        )
    if like.get("code-model") == "kernel":
        yield Choice("code-model", "the kernel model is for the top 2 GiB; programs lie below 2 GiB", "small")
    if like.get("disable-redzone"):
        yield Choice("disable-redzone", "only code that shares its stack with interrupts does without", False)
    if str(like.get("rustc-abi", "")).endswith("softfloat"):
        yield Choice("rustc-abi", "passing floats as integers is for kernels", removed=True)
        if "features" in like:
            yield Choice("features", "they switch the float registers off, for kernels", removed=True)
        if like.get("abi") == "softfloat":
            yield Choice("abi", "it goes with the soft-float ABI", removed=True)
    yield Choice("relocation-model", "programs are linked to a fixed address; nothing moves them", "static")
    yield Choice("panic-strategy", "nothing on the system can unwind yet", "abort")
    yield Choice("has-thread-local", "`#[thread_local]`: std's start-up code makes the block", True)
    yield Choice("tls-model", "programs are static: offsets are known when they are linked", "local-exec")


def _linking(like: Mapping[str, Any]) -> Iterator[Choice]:
    if like.get("linker") != "rust-lld":
        yield Choice("linker", "LLD links for every system and comes with Rust", "rust-lld")
    if like.get("linker-flavor") != "gnu-lld":
        yield Choice(
            "linker-flavor", "LLD is run directly: no C compiler, none of its start files", "gnu-lld"
        )
    if like.get("crt-objects-fallback", "false") != "false":
        yield Choice("crt-objects-fallback", "std brings `_start` itself", "false")
    for key in ("position-independent-executables", "static-position-independent-executables"):
        if like.get(key):
            yield Choice(
                key, "set it when the loader applies relocations (then [os] loads has `elf-pie`)", False
            )
