"""`portwright inspect` from outside: exit statuses, the document, what it says of several files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from elf_maker import CRANELIFT, LLVM, make
from portwright.formats import elf
from portwright.jobs import inspect as job


def files(folder: Path, **contents: bytes) -> list[str]:
    made = []
    for name, data in contents.items():
        (folder / name).write_bytes(data)
        made.append(str(folder / name))
    return made


def done(*words: str, **fields: Any) -> job.Result:
    events = job.run(job.Arguments(tuple(words), **fields))
    while True:
        try:
            next(events)
        except StopIteration as end:
            result = end.value
            assert isinstance(result, job.Result)
            return result


def test_right_wrong_and_not_to_be_judged(tmp_path: Path, portwright: Any) -> None:
    good, bad = files(tmp_path, good=make(), bad=make(entry=0))
    assert portwright("inspect", good).returncode == 0
    assert portwright("inspect", good, bad).returncode == 1
    lost = portwright("inspect", good, tmp_path / "lost", tmp_path / "gone")
    assert lost.returncode == 2 and "lost" in lost.stderr and "gone" in lost.stderr
    assert portwright("inspect").returncode == 2
    assert portwright("inspect", good, "--against", tmp_path / "lost").returncode == 2


def test_the_document(tmp_path: Path, portwright: Any) -> None:
    (name,) = files(tmp_path, bad=make(entry=0, tls=(8, 8, 8)))
    document = json.loads(portwright("inspect", name, "--json").stdout)
    assert (document["verb"], document["status"]) == ("inspect", 1)
    (report,) = document["reports"]
    assert report["program"]["kind"] == "static executable" and report["program"]["tls"]["alignment"] == 8
    assert report["program"]["provenance"]["makers"][0]["backend"] == "llvm"
    assert report["findings"][0]["fault"] == "entry-zero" and report["findings"][0]["severity"] == "error"


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({}, set()),
        (
            {"kind": elf.ET_DYN, "base": 0, "relocations": [(0x4000, 8)]},
            {"pie-loader", "unapplied-relocations"},
        ),
        ({"machine": 183}, {"wrong-machine"}),
        ({"tls": (3, 13, 8)}, {"tls-size"}),
        ({"interpreter": "/lib/ld.so"}, {"dynamic-needs"}),
        ({"comment": [CRANELIFT]}, {"wrong-backend"}),
    ],
)
def test_held_against_the_port_of_the_document(
    tmp_path: Path, fields: dict[str, Any], faults: set[str]
) -> None:
    result = done(*files(tmp_path, program=make(**fields)), port="x86_64-unknown-veridian")
    assert {row.fault for row in result.reports[0].findings if row.severity == "error"} == faults
    assert result.status == (1 if faults else 0)


def test_which_were_not_built_by_cranelift(tmp_path: Path, portwright: Any) -> None:
    files(tmp_path, a=make(comment=[CRANELIFT]), b=make(comment=[LLVM]), c=make(comment=[CRANELIFT]))
    said = portwright("inspect", "--built-by", "cranelift", tmp_path)
    assert said.returncode == 1
    assert said.stdout.splitlines()[-1].endswith(f"1 not built by cranelift: {tmp_path}/b")


def test_the_faults_and_their_manuals() -> None:
    assert len(done(faults=True).manuals) > 30
    (page,) = done("entry-zero", faults=True).manuals
    assert page.name == "entry-zero"


def test_what_differs(tmp_path: Path, portwright: Any) -> None:
    good, now = files(tmp_path, good=make(), now=make(code=b"\xcc" * 12000, comment=[CRANELIFT]))
    said = portwright("inspect", now, "--against", good, "--top", "1").stdout
    assert "code generator: llvm -> cranelift" in said and "+3,808  .text (8,192 -> 12,000)" in said
