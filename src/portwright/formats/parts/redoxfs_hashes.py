"""SeaHash, with which RedoxFS secures each block: 64 bits, the words of a block dealt to four lanes in turn."""

from __future__ import annotations

import struct

_MASK = (1 << 64) - 1
_PRIME = 0x6EED_0E9D_A4D9_4A4F
_SEEDS = (0x16F1_1FE8_9B0D_677C, 0xB480_A793_D8E6_C86C, 0x6FE2_E5AA_F078_EBC9, 0x14F9_94A4_C525_9381)


def _diffuse(value: int) -> int:
    value = value * _PRIME & _MASK
    value ^= (value >> 32) >> (value >> 60)
    return value * _PRIME & _MASK


def seahash(data: bytes) -> int:
    """The SeaHash of bytes, with its usual seeds."""
    whole = len(data) & ~7
    words = struct.unpack(f"<{whole // 8}Q", data[:whole])
    tail = (int.from_bytes(data[whole:], "little"),) if whole < len(data) else ()
    result, prime, mask = len(data), _PRIME, _MASK
    for lane, seed in enumerate(_SEEDS):
        # as `_diffuse`, written out: checking an image spends all its time here
        value = seed
        for word in words[lane::4]:
            value = (value ^ word) * prime & mask
            value = (value ^ (value >> 32) >> (value >> 60)) * prime & mask
        if tail and len(words) % 4 == lane:
            value = _diffuse(value ^ tail[0])
        result ^= value
    return _diffuse(result)
