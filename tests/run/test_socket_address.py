"""Addresses of sockets: as Linux packs them, as a BSD or a big-endian system would, and never a crash."""

from __future__ import annotations

import ctypes
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portwright.describe import port as ports
from portwright.describe.ledger import Ledger, Struct
from portwright.run.failure import Failed
from portwright.run.socket_address import Addresses, Endpoint

LINUX = ports.load("x86_64-portwright-linux").ledger
PORTS = st.integers(0, 0xFFFF)
V4 = st.builds(Endpoint, st.binary(min_size=4, max_size=4), PORTS)
V6 = st.builds(
    Endpoint, st.binary(min_size=16, max_size=16), PORTS, st.integers(0, 0xFFFFF), st.integers(0, 0xFFFF_FFFF)
)


def bsd() -> Ledger:
    """Linux's ledger with BSD's addresses: a byte of length, a byte of family, and a family of its own."""
    types = dict(LINUX.types)
    for name, prefix in (("sockaddr_in", "sin"), ("sockaddr_in6", "sin6")):
        fields = {key: value.model_dump() for key, value in types[name].fields.items()}
        fields |= {f"{prefix}_len": {"offset": 0, "size": 1}, f"{prefix}_family": {"offset": 1, "size": 1}}
        types[name] = Struct.model_validate({"size": types[name].size, "fields": fields})
    return LINUX.model_copy(update={"types": types, "constants": {**LINUX.constants, "AF_INET6": 28}})


@pytest.mark.parametrize("ledger", [LINUX, bsd()], ids=["linux", "bsd"])
@pytest.mark.parametrize("endian", ["little", "big"])
@given(endpoint=st.one_of(V4, V6))
def test_what_is_packed_is_read_back(ledger: Ledger, endian: str, endpoint: Endpoint) -> None:
    addresses = Addresses(ledger, endian)  # type: ignore[arg-type]
    data = addresses.pack(endpoint)
    assert addresses.unpack(data) == endpoint
    assert addresses.length(data[: addresses.shortest]) == len(data)
    prefix = "sin" if endpoint.family == 4 else "sin6"
    described = ledger.types["sockaddr_in" if endpoint.family == 4 else "sockaddr_in6"]
    place = described.fields[f"{prefix}_port"].offset
    assert data[place : place + 2] == struct.pack(">H", endpoint.port), "the network's order on every CPU"
    if f"{prefix}_len" in described.fields:
        assert data[0] == len(data)


@given(endpoint=V4)
def test_the_bytes_are_those_of_this_kernel(endpoint: Endpoint) -> None:
    """A socket that is connected to an address tells it as the ledger packs it."""
    if endpoint.port == 0:
        return
    local = Endpoint(b"\x7f" + endpoint.host[1:], endpoint.port)
    if local.host[1:] in (bytes(3), b"\xff\xff\xff"):
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.connect((socket.inet_ntoa(local.host), local.port))
        room, length = ctypes.create_string_buffer(64), ctypes.c_uint32(64)
        assert ctypes.CDLL(None).getpeername(made.fileno(), room, ctypes.byref(length)) == 0
        assert room.raw[: length.value] == Addresses(LINUX, "little").pack(local)


@given(data=st.binary(max_size=40))
def test_any_bytes_are_an_address_or_an_error(data: bytes) -> None:
    addresses = Addresses(LINUX, "little")
    try:
        found = addresses.unpack(data)
    except Failed as failed:
        assert failed.name in ("EAFNOSUPPORT", "EINVAL")
        return
    assert found is None or addresses.pack(found)[:2] == data[:2]


def test_an_old_program_s_address_has_no_scope() -> None:
    addresses = Addresses(LINUX, "little")
    whole = addresses.pack(Endpoint(bytes(15) + b"\x01", 80, 0, 7))
    assert addresses.unpack(whole[:24]) == Endpoint(bytes(15) + b"\x01", 80)
    with pytest.raises(Failed, match="EINVAL"):
        addresses.unpack(whole[:23])


def test_a_ledger_without_ipv6_has_no_such_family() -> None:
    types = {name: each for name, each in LINUX.types.items() if name != "sockaddr_in6"}
    addresses = Addresses(LINUX.model_copy(update={"types": types}), "little")
    assert addresses.family("AF_INET") == 4 and addresses.family("AF_INET6") is None
    with pytest.raises(Failed, match="EAFNOSUPPORT"):
        addresses.unpack(struct.pack("<H", LINUX.constants["AF_INET6"]) + bytes(26))


def test_how_an_endpoint_is_written() -> None:
    assert str(Endpoint(b"\x7f\0\0\1", 80)) == "127.0.0.1:80"
    assert str(Endpoint(b"\x7f\0\0\1", 80).seen_by(6)) == "[::ffff:7f00:1]:80"
    assert Endpoint(b"\x7f\0\0\1", 80).seen_by(6).unmapped() == Endpoint(b"\x7f\0\0\1", 80)
