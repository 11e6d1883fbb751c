"""What the found rustc says about itself: its built-in specs, the schema of a spec, CPUs and features.

Everything is asked once per compiler and remembered on disk by the compiler's fingerprint, so that a warm
`check` starts no process. Nothing here judges.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from portwright.base.errors import BadInput, Fault, closest
from portwright.base.files import cache_root, write_atomic
from portwright.base.hashing import hash_value
from portwright.base.processes import Completed, environment, run
from portwright.describe.toolchain import Toolchain

Json = dict[str, Any]

NOT_SPEC = ("metadata", "is-builtin")
"""Keys of a printed built-in spec that do not belong into one's own."""


@dataclass(frozen=True)
class RustcFacts:
    """The answers of one rustc. `schema` is None where it is too old to print one."""

    toolchain: Toolchain
    specs: Mapping[str, Json]
    schema: Json | None

    @property
    def version(self) -> tuple[int, ...]:
        """The version as numbers, for comparing: (1, 96, 0)."""
        return tuple(int(part) for part in re.findall(r"\d+", self.toolchain.version.split("-")[0]))

    def builtin(self, name: str) -> Json | None:
        """A built-in spec as one would write it oneself, or None where there is none of that name."""
        found = self.specs.get(name)
        return None if found is None else {key: v for key, v in found.items() if key not in NOT_SPEC}

    def need_builtin(self, name: str) -> Json:
        """A built-in spec; raises `BadInput` with the closest name where there is none."""
        found = self.builtin(name)
        if found is None:
            near = closest(name, self.specs)
            hint = f"did you mean `{near}`?" if near else "`rustc --print target-list` lists them"
            what = f"rustc {self.toolchain.version} has no built-in target `{name}`"
            raise BadInput([Fault(what, None, hint, "spec/unknown-builtin")])
        return found

    def values(self, key: str) -> frozenset[str]:
        """The texts that built-in specs have for a key."""
        if key not in self._values:
            found = {spec.get(key) for spec in self.specs.values()}
            self._values[key] = frozenset(value for value in found if isinstance(value, str))
        return self._values[key]

    @cached_property
    def _values(self) -> dict[str, frozenset[str]]:
        return {}

    @cached_property
    def by_arch(self) -> Mapping[str, Mapping[str, Json]]:
        """The built-in specs of each `arch`."""
        found: dict[str, dict[str, Json]] = {}
        for name, spec in self.specs.items():
            found.setdefault(str(spec.get("arch")), {})[name] = spec
        return found

    def with_os(self, name: str) -> list[Json]:
        """The built-in specs of one `os`."""
        return [spec for spec in self.specs.values() if spec.get("os", "none") == name]

    @cached_property
    def triple_parts(self) -> frozenset[str]:
        """Every word after the first in the `llvm-target`s of built-in specs: vendors, systems, environments."""
        words = (str(spec.get("llvm-target", "")).split("-")[1:] for spec in self.specs.values())
        return frozenset(part for row in words for part in row)

    def twin(self, spec: Mapping[str, Any]) -> str | None:
        """The built-in target whose code generator a spec uses: same arch, best the same llvm-target's CPU."""
        rows = self.by_arch.get(str(spec.get("arch")), {})
        cpu = str(spec.get("llvm-target", "")).split("-")[0]
        same = [name for name, row in rows.items() if str(row.get("llvm-target", "")).split("-")[0] == cpu]
        return min(same or rows, default=None)

    def cpus(self, target: str) -> frozenset[str]:
        """The names that LLVM takes as `cpu` for a built-in target; empty where it has no such back end."""
        return self._listed("target-cpus", target)

    def features(self, target: str) -> frozenset[str]:
        """The names that rustc takes in `features` for a built-in target; empty where LLVM has no back end."""
        return self._listed("target-features", target)

    @cached_property
    def _lists(self) -> dict[tuple[str, str], frozenset[str]]:
        return {}

    def _listed(self, what: str, target: str) -> frozenset[str]:
        if (what, target) not in self._lists:
            self._lists[what, target] = self._read_list(what, target)
        return self._lists[what, target]

    def _read_list(self, what: str, target: str) -> frozenset[str]:
        memory = memory_folder(self.toolchain) / f"{what}.{target}.json"
        try:
            return frozenset(json.loads(memory.read_text()))
        except (OSError, ValueError):
            answer = ask(self.toolchain, "--print", what, "--target", target)
        found = re.findall(r"^ {4}(\S+)", answer.text, re.MULTILINE) if answer.status == 0 else []
        write_atomic(memory, json.dumps(sorted(set(found))))
        return frozenset(found)


def memory_folder(toolchain: Toolchain) -> Path:
    """Where the answers of one compiler are remembered."""
    key = hash_value([str(toolchain.rustc), toolchain.fingerprint])[:32]
    return cache_root() / "rustc" / key


def rustc_environment(toolchain: Toolchain) -> dict[str, str]:
    """The environment in which a stable rustc prints and takes target specs."""
    changes: dict[str, str | None] = dict(toolchain.variables())
    # A crash of the compiler is a finding; it shall not also leave a file where it happened.
    return environment({**changes, "RUSTC_BOOTSTRAP": "1", "RUSTC_ICE": "0"})


def ask(toolchain: Toolchain, *words: str) -> Completed:
    """Run rustc with some words, unstable options allowed."""
    argv = [str(toolchain.rustc), "-Zunstable-options", *words]
    return run(argv, env=rustc_environment(toolchain), timeout=60)


def load(toolchain: Toolchain) -> RustcFacts:
    """The facts of a compiler, from memory or by asking it; raises `BadInput` where it prints no specs."""
    memory = memory_folder(toolchain) / "specs.json"
    try:
        known = json.loads(memory.read_text())
        return RustcFacts(toolchain, known["specs"], known["schema"])
    except (OSError, ValueError, KeyError):
        pass
    printed = ask(toolchain, "--print", "all-target-specs-json")
    if printed.status != 0:
        said = (printed.error_text.strip() or f"status {printed.status}").splitlines()[-1]
        what = f"{toolchain.rustc} does not print its target specs: {said}"
        raise BadInput([Fault(what, None, "`portwright doctor` shows the toolchains", "toolchain/rustc")])
    specs = json.loads(printed.text)
    schema_text = ask(toolchain, "--print", "target-spec-json-schema")
    schema = json.loads(schema_text.text) if schema_text.status == 0 else None
    write_atomic(memory, json.dumps({"specs": specs, "schema": schema}, separators=(",", ":")))
    return RustcFacts(toolchain, specs, schema)
