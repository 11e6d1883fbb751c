"""Addresses of sockets: bytes as the ledger lays them out <-> host, port and the two numbers of IPv6.

An endpoint's host is 4 or 16 bytes; which of them it is, is its family.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from portwright.describe.ledger import Ledger
from portwright.run.failure import Failed
from portwright.run.structs import Layout

MAPPED = bytes(10) + b"\xff\xff"
_NAMES = {4: ("AF_INET", "sockaddr_in", "sin"), 6: ("AF_INET6", "sockaddr_in6", "sin6")}
LOOPBACK = {4: b"\x7f\0\0\1", 6: bytes(15) + b"\x01"}
ANY = {4: bytes(4), 6: bytes(16)}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a socket is: a host's address, a port, and for IPv6 a flow and a scope."""

    host: bytes
    port: int
    flow: int = 0
    scope: int = 0

    @property
    def family(self) -> int:
        """4 or 6."""
        return 4 if len(self.host) == 4 else 6

    @property
    def unspecified(self) -> bool:
        """Whether it names no host: any of one's own, or none yet."""
        return not any(self.host)

    @property
    def loopback(self) -> bool:
        """Whether the host is this one."""
        return self.host[:1] == b"\x7f" if self.family == 4 else self.host == LOOPBACK[6]

    @property
    def multicast(self) -> bool:
        """Whether it names a group of hosts."""
        return self.host[0] >> 4 == 0xE if self.family == 4 else self.host[0] == 0xFF

    def unmapped(self) -> Endpoint:
        """An IPv4 host that was written as IPv6, as what it is; all others as they are."""
        return replace(self, host=self.host[12:]) if self.host[:12] == MAPPED else self

    def seen_by(self, family: int) -> Endpoint:
        """As a socket of a family sees it: to one of IPv6 an IPv4 host is mapped."""
        return replace(self, host=MAPPED + self.host) if (family, self.family) == (6, 4) else self

    def __str__(self) -> str:
        from ipaddress import ip_address

        host = ip_address(self.host)
        return f"{host}:{self.port}" if self.family == 4 else f"[{host}]:{self.port}"


class Addresses:
    """Packs and reads endpoints as a ledger says; families that it does not lay out do not exist."""

    def __init__(self, ledger: Ledger, endian: Literal["little", "big"]) -> None:
        self._endian = endian
        self._none = ledger.constants.get("AF_UNSPEC")
        self._layouts: dict[int, Layout] = {}
        self._shortest: dict[int, int] = {}
        self.families: dict[int, int] = {}
        for family, (constant, struct, prefix) in _NAMES.items():
            number, described = ledger.constants.get(constant), ledger.types.get(struct)
            if number is None or described is None:
                continue
            self.families[number] = family
            self._layouts[family] = Layout(described, endian)
            scope = described.fields.get(f"{prefix}_scope_id")  # old programs' addresses end before it
            self._shortest[family] = described.size if scope is None else scope.offset

    def family(self, constant: str) -> int | None:
        """The family (4 or 6) that a constant names."""
        names = {name: family for family, (name, _, _) in _NAMES.items()}
        family = names.get(constant)
        return family if family in self._layouts else None

    def pack(self, endpoint: Endpoint) -> bytes:
        """An endpoint's address."""
        family, prefix = endpoint.family, _NAMES[endpoint.family][2]
        number = next(number for number, each in self.families.items() if each == family)
        values = {
            "family": number,
            "len": self._layouts[family].size,
            "flowinfo": endpoint.flow,
            "scope_id": endpoint.scope,
            "port": int.from_bytes(endpoint.port.to_bytes(2, "big"), self._endian),
            "addr": int.from_bytes(endpoint.host, self._endian),
        }
        return self._layouts[family].pack({f"{prefix}_{name}": value for name, value in values.items()})

    def unpack(self, data: bytes) -> Endpoint | None:
        """The endpoint of an address; None for one of no family. Raises `Failed` (EAFNOSUPPORT, EINVAL)."""
        family = self._family_of(data)
        if family is None:
            return None
        if len(data) < self._shortest[family]:
            raise Failed("EINVAL")
        prefix, layout = _NAMES[family][2], self._layouts[family]
        fields = layout.unpack(data.ljust(layout.size, b"\0"))
        port = (fields[f"{prefix}_port"] & 0xFFFF).to_bytes(2, self._endian)
        size = len(ANY[family])
        host = (fields[f"{prefix}_addr"] & ((1 << 8 * size) - 1)).to_bytes(size, self._endian)
        flow, scope = fields.get(f"{prefix}_flowinfo", 0), fields.get(f"{prefix}_scope_id", 0)
        return Endpoint(host, int.from_bytes(port, "big"), flow, scope)

    def length(self, data: bytes) -> int:
        """How long the address is that begins with some bytes, for a call that does not say: its family does."""
        family = self._family_of(data)
        return len(data) if family is None else self._layouts[family].size

    @property
    def longest(self) -> int:
        """The size of the largest address."""
        return max((layout.size for layout in self._layouts.values()), default=0)

    @property
    def shortest(self) -> int:
        """How many bytes tell of what family an address is, and are there in every one."""
        return min((layout.size for layout in self._layouts.values()), default=0)

    def _family_of(self, data: bytes) -> int | None:
        found = set()
        for number, family in self.families.items():
            layout, prefix = self._layouts[family], _NAMES[family][2]
            told = layout.unpack(data.ljust(layout.size, b"\0")).get(f"{prefix}_family")
            if told == number:
                return family
            found.add(told)
        if self._none is not None and self._none in found:
            return None
        raise Failed("EAFNOSUPPORT")
