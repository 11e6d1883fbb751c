"""POSIX error names against this machine's own C library and against std's list of kinds."""

from __future__ import annotations

import errno as machine
import re

import pytest

from portwright.describe import errno
from portwright.describe.toolchain import Toolchain


def test_names_are_posix_names() -> None:
    """Each name is one that this machine's C library has too."""
    assert not [name for name in errno.NAMES if not hasattr(machine, name)]


def test_each_name_has_a_message() -> None:
    """An error with a POSIX name never prints nothing."""
    assert set(errno.KINDS) <= set(errno.MESSAGES)
    assert all(text and not text.endswith(".") for text in errno.MESSAGES.values())


@pytest.mark.toolchain
def test_kinds_are_std_s(toolchain: Toolchain) -> None:
    """Every kind is a variant of io::ErrorKind, and every variant that others can name is known."""
    assert toolchain.source is not None
    text = (toolchain.source / "library" / "std" / "src" / "io" / "error.rs").read_text()
    body = text[text.index("pub enum ErrorKind {") :]
    variants = set(re.findall(r"^    ([A-Z]\w+),", body[: body.index("\n}")], re.MULTILINE))
    assert variants - {"Uncategorized"} == errno.ERROR_KINDS
