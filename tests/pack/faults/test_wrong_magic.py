"""The fault wrong-magic."""

from __future__ import annotations

import io
import tarfile

import pytest

from elf_maker import make
from fault_case import found, one


def tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x"))
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("boot/initfs", b"RedoxFS\0" + bytes(5000), "a Redox initfs"),
        ("initfs.img", tar(), "it is tar archive"),
        ("out/cranelift-initfs.img", b"#!/bin/sh\n", "it is script"),
        ("EFI/BOOT/BOOTX64.EFI", make(), "an EFI file, and it is 64-bit ELF"),
        ("boot/kernel", tar(), "a kernel"),
        ("libc.a", make(), "an archive of objects"),
        ("rootfs.img", tar(), "an image, and it is tar archive"),
    ],
)
def test_bytes_that_contradict_the_name(name: str, data: bytes, words: str) -> None:
    row = one("wrong-magic", data, name)
    assert row.severity == "error" and words in row.what


def test_an_initfs_that_is_redoxfs_names_the_right_tool() -> None:
    row = one("wrong-magic", b"RedoxFS\0" + bytes(5000), "boot/initfs", mode=0o644)
    assert "redox-initfs-ar" in row.hint


@pytest.mark.parametrize(
    ("name", "data"),
    [("libc.a", b"!<arch>\n"), ("boot/kernel", make()), ("x.img", b"unknown" * 99), ("init", tar())],
)
def test_names_that_keep_their_promise(name: str, data: bytes) -> None:
    assert not found("wrong-magic", data, name)
