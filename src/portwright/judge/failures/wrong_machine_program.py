"""A program that the kernel cannot load."""

from __future__ import annotations

from portwright.describe.known_failure import KnownFailure

FAILURE = KnownFailure(
    name="wrong-machine-program",
    pattern=r"Exec format error|Invalid ELF (?:header|machine)",
    cause="a program is for another CPU, or of a kind that this kernel does not load",
    cure="`portwright inspect` says what the program is",
    confidence="likely",
)
