"""What a rule sees of a spec: its keys read without surprise, and what rustc would make of them.

A key that is missing or of a wrong type reads as rustc's default (the schema rules report the type), so no
rule needs to expect odd input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from portwright.describe.rustc_facts import RustcFacts
from portwright.describe.spec import Spec
from portwright.describe.spec_schema import Violation, inferred, violations

if TYPE_CHECKING:
    from portwright.describe.port import Manifest, OsTable

LinkKind = Literal["dynamic-pic-exe", "dynamic-nopic-exe", "static-pic-exe", "static-nopic-exe"]

DEFAULTS: Mapping[str, Any] = {
    "os": "none",
    "vendor": "unknown",
    "env": "",
    "abi": "",
    "target-endian": "little",
    "target-c-int-width": 32,
    "cpu": "generic",
    "features": "",
    "linker-flavor": "gcc",
    "executables": True,
    "atomic-cas": True,
    "relocation-model": "pic",
    "tls-model": "global-dynamic",
    "panic-strategy": "unwind",
    "binary-format": "elf",
}
"""What rustc takes where a spec is silent (`TargetOptions::default`); flags that are not here are false."""

LINK_ARGS = (
    "pre-link-args",
    "late-link-args",
    "late-link-args-dynamic",
    "late-link-args-static",
    "post-link-args",
)
"""The keys that hold linker arguments by flavor."""

# Flavors that run a C compiler as the linker: it adds start files and libraries of its own, and takes what is
# meant for the linker behind `-Wl,`.
DRIVERS = frozenset(
    {"gcc", "gnu-cc", "gnu-lld-cc", "darwin-cc", "darwin-lld-cc", "unix-cc", "wasm-lld-cc", "em", "em-cc"}
)
PRINCIPAL = {
    **dict.fromkeys(("gcc", "ld", "ld.lld", "gnu", "gnu-cc", "gnu-lld", "gnu-lld-cc"), "gnu"),
    **dict.fromkeys(("darwin", "darwin-cc", "darwin-lld", "darwin-lld-cc", "ld64.lld"), "darwin"),
    **dict.fromkeys(("wasm-lld", "wasm-lld-cc", "wasm-ld"), "wasm"),
    **dict.fromkeys(("unix", "unix-cc"), "unix"),
    **dict.fromkeys(("msvc", "msvc-lld", "lld-link"), "msvc"),
    **dict.fromkeys(("em", "em-cc"), "em"),
    "bpf": "bpf",
    "llbc": "llbc",
    "ptx": "ptx",
}


@dataclass(frozen=True, slots=True)
class LinkArg:
    """One linker argument: the key, flavor and index that it stands at, and its text without `-Wl,`."""

    key: str
    flavor: str
    index: int
    text: str

    @property
    def place(self) -> tuple[str | int, ...]:
        """The key path of the argument."""
        return (self.key, self.flavor, self.index)


@dataclass(frozen=True)
class Case:
    """A spec with what it is held against.

    `os` are the facts of the OS, where known (a port's [os]); `manifest` the port's whole file, for a port;
    `backend` the code generator.
    """

    spec: Spec
    facts: RustcFacts
    os: OsTable | None = None
    manifest: Manifest | None = None
    backend: str = "llvm"

    def given(self, key: str) -> Any:
        """The key's value as written; None where it is not written (rustc reads null as that, too)."""
        return self.spec.keys.get(key)

    def text(self, key: str) -> str:
        """A text, or rustc's default ("" where it has none)."""
        value = self.given(key)
        return value if isinstance(value, str) else str(DEFAULTS.get(key, ""))

    def flag(self, key: str) -> bool:
        """A flag, or rustc's default."""
        value = self.given(key)
        return value if isinstance(value, bool) else bool(DEFAULTS.get(key, False))

    def number(self, key: str) -> int | None:
        """A number; one in quotes counts, since the schema rules report the quotes."""
        value = self.given(key)
        if isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) < 10:
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        default = DEFAULTS.get(key)
        return default if isinstance(default, int) else None

    def texts(self, key: str) -> list[str]:
        """A list of texts; one text reads as a list of one."""
        value = self.given(key)
        rows = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        return [row for row in rows if isinstance(row, str)]

    def table(self, key: str) -> dict[str, list[str]]:
        """A table of lists of texts (link arguments, start files)."""
        value = self.given(key)
        rows = value.items() if isinstance(value, dict) else ()
        return {
            str(name): [item for item in row if isinstance(item, str)]
            for name, row in rows
            if isinstance(row, list)
        }

    @cached_property
    def violations(self) -> list[Violation]:
        """Every way in which the spec breaks the schema that the found rustc prints."""
        schema = self.facts.schema or inferred(self.facts.specs)
        return violations(dict(self.spec.keys), schema, schema)

    @cached_property
    def features(self) -> list[tuple[int, str]]:
        """(+1 or -1, name) of each feature that is written as rustc wants it."""
        words = [word.strip() for word in self.text("features").split(",")]
        return [(1 if word[0] == "+" else -1, word[1:]) for word in words if word[:1] in ("+", "-")]

    @cached_property
    def flavor(self) -> str:
        """The principal linker flavor: gnu, darwin, msvc, wasm, unix, em, bpf, llbc, ptx; "" if unknown."""
        named = self.text("linker-flavor")
        if named in ("gcc", "ld", "ld.lld") and self.text("lld-flavor") == "darwin":
            return "darwin"
        if named == "gcc" and self.given("linker-is-gnu") is False:
            return "unix"
        return PRINCIPAL.get(named, "")

    @property
    def uses_driver(self) -> bool:
        """Whether a C compiler links."""
        return self.text("linker-flavor") in DRIVERS

    def used_flavors(self, key: str) -> list[str]:
        """The flavors under one key of link arguments that rustc would use with this spec's linker."""
        return [name for name in self.table(key) if (name in DRIVERS) == self.uses_driver]

    def link_args(self) -> Iterator[LinkArg]:
        """The linker arguments that take effect, `-Wl,a,b` and `-Xlinker a` taken apart."""
        for key in LINK_ARGS:
            for flavor in self.used_flavors(key)[:1]:
                for index, word in enumerate(self.table(key)[flavor]):
                    parts = word[4:].split(",") if word.startswith("-Wl,") else [word]
                    yield from (LinkArg(key, flavor, index, part) for part in parts if part != "-Xlinker")

    def link_kind(self, *, static: bool | None = None) -> LinkKind:
        """The kind of executable that rustc links, by which it chooses start files.

        `static`: as if `-C target-feature` said `+crt-static` or `-crt-static`, where the spec respects that.
        """
        chosen = self.flag("crt-static-default")
        if static is not None and self.flag("crt-static-respected"):
            chosen = static
        pic = self.text("relocation-model") in ("pic", "pie")
        if chosen:
            moves = pic and self.flag("static-position-independent-executables")
            return "static-pic-exe" if moves else "static-nopic-exe"
        moves = pic and self.flag("position-independent-executables")
        return "dynamic-pic-exe" if moves else "dynamic-nopic-exe"

    @property
    def known_os(self) -> bool:
        """Whether rustc itself has a target of this spec's `os`, so that std knows it."""
        return bool(self.facts.with_os(self.text("os")))

    @property
    def hosted(self) -> bool:
        """Whether there is an OS under the program."""
        return self.text("os") not in ("none", "unknown", "uefi")
