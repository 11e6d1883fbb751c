"""The network of one machine: loopback alone. Who is bound to which port, and where an address leads.

No socket of the host is ever made, so nothing leaves the machine, and a run with a seed can be repeated. There is
one network for all processes of a machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from portwright.run.failure import Failed
from portwright.run.hostility import Hostility
from portwright.run.socket_address import ANY, LOOPBACK, Addresses, Endpoint

if TYPE_CHECKING:
    from portwright.run.socket_file import Socket
    from portwright.run.thread import Thread

FIRST_EPHEMERAL, LAST_EPHEMERAL = 49152, 65535
BROADCAST = b"\xff\xff\xff\xff"


class Caller(Protocol):
    """Who tells which thread makes the call that is being served: the kernel."""

    @property
    def calling(self) -> Thread:
        """The calling thread."""


class Network:
    """See the module. `v4_mapped`: sockets of IPv6 speak with IPv4 hosts too, unless they are told not to."""

    def __init__(self, hostility: Hostility, addresses: Addresses, *, v4_mapped: bool = True) -> None:
        self.hostility = hostility
        self.addresses = addresses
        self.v4_mapped = v4_mapped
        self._bound: dict[str, dict[int, list[Socket]]] = {}
        span = LAST_EPHEMERAL - FIRST_EPHEMERAL
        self._next = FIRST_EPHEMERAL + hostility.number(0, span, kind=0)

    # --- names

    def destination(self, socket: Socket, endpoint: Endpoint) -> Endpoint:
        """Where an address leads that a socket is given; raises `Failed` where it leads nowhere."""
        if endpoint.family != socket.family:
            raise Failed("EAFNOSUPPORT")
        target = self._plain(socket, endpoint, "ENETUNREACH")
        if target.unspecified:  # oneself
            own = socket.local
            host = own.host if own is not None and own.family == target.family else target.host
            return Endpoint(host if any(host) else LOOPBACK[target.family], target.port)
        if not target.loopback:
            raise Failed("EACCES" if target.host == BROADCAST and not socket.broadcast else "ENETUNREACH")
        return target

    def source(self, target: Endpoint) -> bytes:
        """The host that a socket which has none speaks as."""
        return LOOPBACK[target.family]

    def _plain(self, socket: Socket, endpoint: Endpoint, wrong: str) -> Endpoint:
        """An IPv4 host that an IPv6 socket was given is IPv4's own; raises `Failed` (`wrong`) where it cannot be."""
        plain = endpoint.unmapped()
        if socket.family == 6 and plain.family == 4 and (socket.only_v6 or not self.v4_mapped):
            raise Failed(wrong)
        return Endpoint(plain.host, plain.port)

    # --- binding

    def bind(self, socket: Socket, endpoint: Endpoint) -> None:
        """Give a socket its address, and a free port if it asks for none; raises `Failed`."""
        if endpoint.family != socket.family:
            raise Failed("EAFNOSUPPORT")
        local = self._plain(socket, endpoint, "EADDRNOTAVAIL")
        if not (local.unspecified or local.loopback):
            raise Failed("EADDRNOTAVAIL")
        if socket.bound:
            raise Failed("EINVAL")
        if local.port == 0:
            local = Endpoint(local.host, self._free_port(socket.kind))
        elif any(self._conflict(socket, local, other) for other in self.at_port(socket.kind, local.port)):
            raise Failed("EADDRINUSE")
        self.enter(socket, local)

    def bind_freely(self, socket: Socket) -> None:
        """Give a socket that has no address one of the system's choice."""
        if not socket.bound:
            own = socket.local
            host = own.host if own is not None and socket.fixed_host else ANY[socket.family]
            self.enter(socket, Endpoint(host, self._free_port(socket.kind)))

    def enter(self, socket: Socket, local: Endpoint) -> None:
        """Give a socket an address that it shares with others (a connection that was accepted)."""
        socket.local, socket.bound = local, True
        self._bound.setdefault(socket.kind, {}).setdefault(local.port, []).append(socket)

    def leave(self, socket: Socket) -> None:
        """Take a socket's address away, though it still says that it has it."""
        if not socket.bound or socket.local is None:
            return
        ports = self._bound[socket.kind]
        sockets = ports[socket.local.port]
        sockets.remove(socket)
        if not sockets:
            del ports[socket.local.port]
        socket.bound = False

    def forget_host(self, socket: Socket) -> None:
        """Let a socket that has spoken as a host which nobody chose be any host's again."""
        if socket.local is None or socket.fixed_host:
            return
        local, bound = Endpoint(ANY[socket.local.family], socket.local.port), socket.bound
        self.leave(socket)
        socket.local = local
        if bound:
            self.enter(socket, local)

    def at_port(self, kind: str, port: int) -> list[Socket]:
        """The sockets of a kind that are bound to a port, the first bound first."""
        return self._bound.get(kind, {}).get(port, [])

    def matching(self, kind: str, target: Endpoint) -> Iterator[Socket]:
        """The sockets that what is sent to an endpoint could be for: those of exactly its address first."""
        found = self.at_port(kind, target.port)
        yield from (each for each in found if each.local is not None and each.local.host == target.host)
        yield from (each for each in found if _any_of(each, target.family))

    def overlap(self, socket: Socket, local: Endpoint, other: Socket) -> bool:
        """Whether something sent to one could be for the other."""
        if other.local is None:
            return False
        if local.family == other.local.family:
            return local.host == other.local.host or local.unspecified or other.local.unspecified
        wide = socket if local.family == 6 else other
        return (local if wide is socket else other.local).unspecified and not wide.only_v6

    def _conflict(self, socket: Socket, local: Endpoint, other: Socket) -> bool:
        if not self.overlap(socket, local, other):
            return False
        return not (socket.reuse and other.reuse and not other.listening)

    def _free_port(self, kind: str) -> int:
        used = self._bound.get(kind, {})
        for _ in range(FIRST_EPHEMERAL, LAST_EPHEMERAL + 1):
            port = self._next
            self._next = FIRST_EPHEMERAL if port == LAST_EPHEMERAL else port + 1
            if port not in used:
                return port
        raise Failed("EADDRINUSE")


def _any_of(socket: Socket, family: int) -> bool:
    """Whether a socket is bound to any host of its own, and hears one of that family."""
    local = socket.local
    if local is None or not local.unspecified:
        return False
    return local.family == family or (local.family == 6 and not socket.only_v6)
