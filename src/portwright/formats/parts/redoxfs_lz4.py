"""LZ4 blocks, in which RedoxFS keeps records that become shorter by it: literals and copies of what came before."""

from __future__ import annotations


def unpack(data: bytes, size: int) -> bytes | None:
    """What a block unpacks to, filled up with zeros to `size` bytes; None where the block is damaged."""
    made, at, end = bytearray(), 0, len(data)
    try:
        while at < end:
            token = data[at]
            length, at = _length(data, at + 1, token >> 4)
            made += data[at : at + length]
            at += length
            if at > end or len(made) > size:
                return None
            if at == end:  # the last sequence has literals only
                break
            back = data[at] | data[at + 1] << 8
            length, at = _length(data, at + 2, token & 15)
            length += 4
            start = len(made) - back
            if back == 0 or start < 0 or len(made) + length > size:
                return None
            piece = bytes(made[start : start + length])
            while len(piece) < length:  # a copy may run into what it is making
                piece += piece
            made += piece[:length]
    except IndexError:
        return None
    return bytes(made).ljust(size, b"\0")


def _length(data: bytes, at: int, nibble: int) -> tuple[int, int]:
    """A length that may go on in the bytes that follow, and where these end."""
    if nibble < 15:
        return nibble, at
    while data[at] == 255:
        nibble += 255
        at += 1
    return nibble + data[at], at + 1
