"""The text of a `bootstrap.toml` for a build of Rust that fetches nothing and writes nothing into its sources.

Reasons stand on lines of their own: the half of Rust's bootstrap that is Python takes all behind a `=` for the value.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

MARK = "# written by portwright bootstrap config"


@dataclass(frozen=True, slots=True)
class Choices:
    """What such a build is told."""

    host: str
    build: Path
    rustc: Path
    cargo: Path
    channel: str
    llvm_config: Path | None = None


def text(choices: Choices) -> str:
    """The file: each choice with its reason."""
    llvm = ""
    if choices.llvm_config is not None:
        llvm = f"\n[target.{choices.host}]\nllvm-config = {_quoted(choices.llvm_config)}\n"
    return f"""{MARK}
# Nothing is fetched, and nothing is written outside of `build-dir`: the sources may be read-only.
change-id = "ignore"

[llvm]
# A download otherwise.
download-ci-llvm = false

[build]
build = {_quoted(choices.host)}
build-dir = {_quoted(choices.build)}
# Else stage 0 is downloaded.
rustc = {_quoted(choices.rustc)}
cargo = {_quoted(choices.cargo)}
# Crates come from the sources' own `vendor`.
vendor = true
locked-deps = true
# Git would fetch them.
submodules = false
docs = false
extended = false
# Else LLVM's sources are wanted.
optimized-compiler-builtins = false

[rust]
channel = {_quoted(choices.channel)}
download-rustc = false
# Another stage 0 than the pinned one may warn.
deny-warnings = false
# Bytes that do not depend on a checkout.
omit-git-hash = true
lld = false
{llvm}"""


def _quoted(value: Path | str) -> str:
    """A TOML string: JSON's are such, but for DEL."""
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
