"""What instructions of m68k do: which flags they read and write, what they do to each operand. A table, and no more.

An instruction that is not here is not known: whoever asks for it stops and names it. Flags are letters: X, N, Z, V, C.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ALL, NZVC = frozenset("XNZVC"), frozenset("NZVC")
NONE: frozenset[str] = frozenset()
CONDITIONS: Mapping[str, frozenset[str]] = {
    name: frozenset(flags)
    for name, flags in {
        "t": "",
        "f": "",
        "eq": "Z",
        "ne": "Z",
        "cs": "C",
        "cc": "C",
        "lo": "C",
        "hs": "C",
        "mi": "N",
        "pl": "N",
        "vs": "V",
        "vc": "V",
        "hi": "CZ",
        "ls": "CZ",
        "ge": "NV",
        "lt": "NV",
        "gt": "NZV",
        "le": "NZV",
    }.items()
}


@dataclass(frozen=True, slots=True)
class Effect:
    """What an instruction does. `operands` has a letter for each: `r` read, `w` written, `m` read and written, `a` only
    its address is made, `t` where it goes on. `ends`: what follows is not reached from here. `calls`: code elsewhere
    runs first, which keeps no flags. `moves`: it only carries a value, so its flags say nothing that a compiler
    meant."""

    reads: frozenset[str]
    writes: frozenset[str]
    operands: str
    ends: bool = False
    calls: bool = False
    moves: bool = False


def _table() -> dict[str, Effect]:
    found: dict[str, Effect] = {}

    def add(names: str, operands: str, writes: frozenset[str], reads: str = "", **more: bool) -> None:
        for name in names.split():
            found[name] = Effect(frozenset(reads), writes, operands, **more)

    add("move moveq", "rw", NZVC, moves=True)
    add("movea", "rw", NONE, moves=True)
    add("movem", "rw", NONE, moves=True)
    add("lea", "aw", NONE)
    add("pea", "a", NONE)
    add("exg", "mm", NONE)
    add("swap ext extb tas", "m", NZVC)
    add("clr", "w", NZVC)
    add("tst", "r", NZVC)
    add("cmp cmpi cmpa cmpm", "rr", NZVC)
    add("add addi addq sub subi subq asl asr lsl lsr", "rm", ALL)
    add("adda suba", "rm", NONE)
    add("addx subx", "rm", ALL, "XZ")
    add("and andi or ori eor eori muls mulu divs divu divsl divul rol ror", "rm", NZVC)
    add("roxl roxr", "rm", ALL, "X")
    add("neg", "m", ALL)
    add("not", "m", NZVC)
    add("negx", "m", ALL, "XZ")
    add("btst", "rr", frozenset("Z"))
    add("bset bclr bchg", "rm", frozenset("Z"))
    add("cas", "mrm", NZVC)
    add("link", "mr", NONE)
    add("unlk", "m", NONE)
    add("bra jmp", "t", NONE, ends=True)
    add("bsr jsr", "t", NONE, calls=True)
    add("trap", "r", NONE, calls=True)
    add("trapv", "", NONE, "V", calls=True)
    add("rts rte rtr", "", NONE, ends=True)
    add("nop", "", NONE)
    add("illegal", "", NONE, ends=True)
    for name, flags in CONDITIONS.items():
        found[f"s{name}"] = Effect(flags, NONE, "w")
        if flags:
            found[f"b{name}"] = Effect(flags, NONE, "t")
            found[f"db{name}"] = Effect(flags, NONE, "mt")
    return found


EFFECTS: Mapping[str, Effect] = _table()
SIZED = frozenset("bwl")
"""Sizes of operands, as assemblers write them behind the name."""
