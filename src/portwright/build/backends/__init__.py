"""The contract of a backend: `link(request)` makes a program of what rustc gave its linker, and says what it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from portwright.build.linker_words import Words


@dataclass(frozen=True)
class Settings:
    """What a port's [backend] says, with the tools that were found for it.

    `versions` are theirs and `code` is the hash of portwright's own: what was made with others is not taken from the
    cache. `cache` is the folder for what was made. `without` names errata to leave as they are; `llc_args`
    are further words for llc; with `stock`, LLVM makes the objects alone, with its own assembler. `told`, where it is
    a file's name, gets what llc says of its passes.
    """

    kind: str
    target: str
    arch: str
    triple: str
    cpu: str
    features: str
    relocation_model: str
    code_model: str
    errata: bool
    output: str
    assembler_args: tuple[str, ...]
    link_args: tuple[str, ...]
    tools: Mapping[str, str]
    versions: Mapping[str, str]
    cache: str
    code: str
    without: tuple[str, ...] = ()
    inline_assembly: str = "llvm"
    llc_args: tuple[str, ...] = ()
    stock: bool = False
    told: str = ""


@dataclass(frozen=True)
class Request:
    """One call of the linker."""

    settings: Settings
    words: Words


@dataclass(frozen=True, slots=True)
class Fallback:
    """What was done otherwise than asked because a tool failed: in which module, for which function (empty: all of it),
    what was asked, what was done instead, and what the tool said."""

    module: str
    function: str
    asked: str
    done: str
    why: str


@dataclass(frozen=True)
class Report:
    """What became of a program: `modules` generated (those of `reused` were in the cache), `errata` mended by the name of
    the fault, what fell back, and which parts were native code when they came."""

    level: int
    modules: tuple[str, ...] = ()
    reused: tuple[str, ...] = ()
    errata: Mapping[str, int] = field(default_factory=dict)
    fallbacks: tuple[Fallback, ...] = ()
    native: tuple[str, ...] = ()
