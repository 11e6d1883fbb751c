"""The fault tls-size."""

from __future__ import annotations

from elf_maker import make
from fault_case import found, held, one
from portwright.describe.port import load
from portwright.formats.elf import STT_FUNC

PADDED = {"tls-padding": "size-multiple-of-alignment"}
ODD = (3, 13, 8)
OWN = "_ZN3std3sys3pal10portwright5start18make_thread_locals17h0123456789abcdefE"


def test_a_size_that_is_no_multiple_for_a_loader_that_needs_one() -> None:
    row = one("tls-size", make(tls=ODD), port=held(**PADDED))
    assert row.severity == "error" and "13 bytes, no multiple of its alignment 8" in row.what


def test_veridian_is_such_a_port() -> None:
    assert load("x86_64-unknown-veridian").manifest.os.tls_padding == PADDED["tls-padding"]


def test_start_up_code_that_makes_the_block_itself_does_not_care() -> None:
    symbols = [("_start", 0x201000, 16, STT_FUNC), (OWN, 0x201010, 16, STT_FUNC)]
    assert not found("tls-size", make(tls=ODD, symbols=symbols), port=held(**PADDED))
    stripped = make(tls=ODD, symbols=())
    assert one("tls-size", stripped, port=held(**PADDED)).severity == "warning"
    assert one("tls-size", stripped, port=held(**PADDED, **{"crt-objects": "os"})).severity == "error"


def test_without_a_port_it_is_a_note_and_elsewhere_nothing() -> None:
    row = one("tls-size", make(tls=ODD))
    assert row.severity == "note" and "off by 3" in row.what
    assert not found("tls-size", make(tls=ODD), port=held())
    assert not found("tls-size", make(tls=(3, 16, 8)), port=held(**PADDED))
