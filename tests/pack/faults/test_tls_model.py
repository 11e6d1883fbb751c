"""The fault tls-model."""

from __future__ import annotations

import pytest

from elf_maker import make
from fault_case import found, held, one
from portwright.formats import elf


@pytest.mark.parametrize(
    ("machine", "cpu", "kind", "model"),
    [
        (62, "x86-64", 16, "general-dynamic"),
        (62, "x86-64", 18, "initial-exec"),
        (183, "aarch64", 1031, "general-dynamic"),
        (183, "aarch64", 1030, "initial-exec"),
    ],
)
def test_a_model_that_the_port_does_not_serve(machine: int, cpu: str, kind: int, model: str) -> None:
    data = make(kind=elf.ET_DYN, base=0, machine=machine, tls=(8, 8, 8), relocations=[(0x4000, kind)])
    row = one("tls-model", data, port=held("elf-pie", cpu_name=cpu))
    assert row.what == f"its thread-locals are reached as {model}, and some-port serves local-exec"
    served = held("elf-pie", cpu_name=cpu, **{"tls-models": [model]})
    assert not found("tls-model", data, port=served)


def test_local_exec_leaves_no_trace() -> None:
    assert not found("tls-model", make(tls=(8, 16, 8)), port=held())
