"""What stream and datagram sockets have in common: addresses, options, waiting, and their state as an open file."""

from __future__ import annotations

import stat
from collections.abc import Callable
from typing import ClassVar

from portwright.run.failure import Failed
from portwright.run.files import OpenFile, Status, made_up_status
from portwright.run.network import Caller, Network
from portwright.run.socket_address import ANY, Endpoint
from portwright.run.waiting import Wait

MODE = stat.S_IFSOCK | 0o777


class Socket(OpenFile):
    """A socket. `family` is 4 or 6, `kind` the constant that names it; `local` and `remote` are IPv4's own
    endpoints also where an IPv6 socket speaks with an IPv4 host.

    `bound`: its address is in use; what it has left it still names. `fixed_host` and
    `fixed_port`: somebody asked for them.
    `error` waits to be told: by the next call, or by SO_ERROR. `late`: what came last is still on its way to
    those who do not wait for it. Times to wait are in nanoseconds, 0 for no end.
    """

    blocks = True
    leaves = False
    listening = False
    kind: ClassVar[str]

    def __init__(self, network: Network, family: int, caller: Caller) -> None:
        self.network = network
        self.family = family
        self.flags = frozenset({"O_RDWR"})
        self.local: Endpoint | None = None
        self.remote: Endpoint | None = None
        self.bound = self.fixed_host = self.fixed_port = False
        self.error: str | None = None
        self.late = False
        self.read_wait = 0
        self.write_wait = 0
        self.options: dict[str, int] = {}
        self.lingers: tuple[bool, int] = (False, 0)
        self.groups: set[tuple[bytes, int]] = set()
        self.capacity = 0  # how much of what came may wait to be read
        self._caller = caller
        if not network.v4_mapped:
            self.options["IPV6_V6ONLY"] = 1

    # --- what its options say

    @property
    def only_v6(self) -> bool:
        """Whether it does not speak with IPv4 hosts, though it is of IPv6."""
        return self.family == 6 and bool(self.options.get("IPV6_V6ONLY"))

    @property
    def reuse(self) -> bool:
        """Whether it shares its address with others that do."""
        return bool(self.options.get("SO_REUSEADDR") or self.options.get("SO_REUSEPORT"))

    @property
    def broadcast(self) -> bool:
        """Whether it may send to all hosts at once."""
        return bool(self.options.get("SO_BROADCAST"))

    # --- what both kinds do

    def bind(self, endpoint: Endpoint) -> None:
        """Give it its address."""
        self.network.bind(self, endpoint)
        self.fixed_host, self.fixed_port = not endpoint.unspecified, endpoint.port != 0

    def listen(self, backlog: int) -> None:
        """Take connections from now on."""
        raise Failed("EOPNOTSUPP")

    def accept(self) -> Socket:
        """The next connection; waits until there is one."""
        raise Failed("EOPNOTSUPP")

    def connect(self, endpoint: Endpoint | None) -> None:
        """Speak with that endpoint alone; None ends that."""
        raise NotImplementedError

    def receive(
        self, length: int, *, peek: bool = False, wait: bool = True, whole: bool = False
    ) -> tuple[bytes, int, Endpoint | None]:
        """Bytes that came, how many there were (more, where a datagram was cut), and from whom.

        `peek`: they stay; `wait`: for some, where there are none; `whole`: for as many as are asked for.
        """
        raise NotImplementedError

    def send(self, data: bytes, endpoint: Endpoint | None = None, *, wait: bool = True) -> int:
        """Send some of the bytes; answers how many."""
        raise NotImplementedError

    def shutdown(self, reading: bool, writing: bool) -> None:
        """End one direction, or both."""
        raise NotImplementedError

    def name(self) -> Endpoint:
        """Its own address as it sees it itself."""
        return (self.local or Endpoint(ANY[self.family], 0)).seen_by(self.family)

    def peer_name(self) -> Endpoint:
        """The address that it is connected to; raises `Failed` (ENOTCONN)."""
        if self.remote is None:
            raise Failed("ENOTCONN")
        return self.remote.seen_by(self.family)

    def take_error(self) -> str | None:
        """The error that waits to be told, which it then has been."""
        error, self.error = self.error, None
        return error

    def tell_error(self) -> None:
        """Raise the error that waits to be told."""
        error = self.take_error()
        if error is not None:
            raise Failed(error)

    # --- as an open file

    def read(self, length: int) -> bytes:
        return self.receive(length)[0] if length else b""

    def write(self, data: bytes) -> int:
        return self.send(data)

    def status(self) -> Status:
        return made_up_status(MODE)

    def failed(self) -> bool:
        return self.error is not None

    def sleep(self, what: str, ready: Callable[[], bool], longest: int = 0, *, wait: bool = True) -> None:
        """Wait until something is ready: the call is served again. Raises `Failed` (EAGAIN) where the socket does
        not wait, or not so long."""
        if self.nonblocking or not wait:
            raise Failed("EAGAIN")
        thread = self._caller.calling
        if thread.waited and thread.expired:
            raise Failed("EAGAIN")
        raise Wait(what, ready, thread.deadline(longest or None))

    def still_on_its_way(self, *, wait: bool) -> bool:
        """Whether what has come must seem to be on its way still: once, and only to those who do not wait."""
        late, self.late = self.late, False
        return late and (self.nonblocking or not wait)

    def __str__(self) -> str:
        ends = [str(each) for each in (self.local, self.remote) if each is not None]
        return f"{'TCP' if self.kind == 'SOCK_STREAM' else 'UDP'} socket {' to '.join(ends) or 'without address'}"
