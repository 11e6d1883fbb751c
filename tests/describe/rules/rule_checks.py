"""One fault of one rule as data, and what is tested about each: found, found nowhere else, mended by its edits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from portwright.describe import rule
from portwright.describe.spec_case import Case

Make = Callable[..., Case]
X86 = "x86_64-unknown-none"
M68K = "m68k-unknown-linux-gnu"
REDOX = "aarch64-unknown-redox"
# A new OS on x86-64 with no other fault than those a row adds.
NEW: Mapping[str, Any] = {
    "os": "new",
    "code-model": None,
    "rustc-abi": None,
    "features": None,
    "disable-redzone": None,
    "has-thread-local": True,
    "position-independent-executables": None,
    "static-position-independent-executables": None,
    "relocation-model": "static",
    "target-family": ["unix"],
    "pre-link-objects": {"dynamic-nopic-exe": ["crt0.o"]},
}
EXEC = {"loads": ["elf-exec"], "page-size": 4096, "crt-objects": "os"}


@dataclass(frozen=True)
class Row:
    """A spec like `like` with `changes`, in which `rule` says `says`; with `sound` instead it says nothing."""

    rule: str
    says: str
    like: str
    changes: Mapping[str, Any]
    sound: Mapping[str, Any] = field(default_factory=dict)
    severity: str = "error"
    mends: bool = True
    safe: bool = False
    os: Mapping[str, Any] | None = None
    backend: str = "llvm"

    @property
    def id(self) -> str:
        """The test's name."""
        return f"{self.rule}: {self.says}"


def found_only_there(row: Row, make: Make) -> None:
    """The rule finds the fault, with a reason, and not in the sound spec."""
    found = rule.examine(make(row.like, row.changes, row.os, row.backend), [row.rule])
    said = [finding for finding in found if row.says in finding.what]
    assert said, found
    assert said[0].severity == row.severity
    assert said[0].why
    assert said[0].since
    assert said[0].rule == row.rule
    sound = rule.examine(make(row.like, row.sound, row.os, row.backend), [row.rule])
    assert not [finding.what for finding in sound if row.says in finding.what]


def mended_by_its_edits(row: Row, make: Make) -> None:
    """After the edits of each finding the rule is silent; they are safe if and only if the row says so."""
    case = make(row.like, row.changes, row.os, row.backend)
    for _ in range(6):
        findings = rule.examine(case, [row.rule])
        if not findings:
            return
        assert findings[0].edits, findings[0]
        assert findings[0].safe == row.safe, findings[0]
        case = edited(case, findings[0].edits)
    raise AssertionError(f"still found: {findings}")


def edited(case: Case, edits: tuple[rule.Edit, ...]) -> Case:
    """The case with the edits made in its spec."""
    keys: dict[str, Any] = dict(case.spec.keys)
    for edit in edits:
        keys.pop(edit.key, None)
        if not edit.remove:
            keys[edit.key] = edit.value
    return replace(case, spec=replace(case.spec, keys=keys))
