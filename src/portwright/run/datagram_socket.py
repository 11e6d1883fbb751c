"""UDP within the machine: datagrams that keep their borders, are cut where there is no room, and may be lost."""

from __future__ import annotations

from typing import ClassVar

from portwright.run.failure import Failed
from portwright.run.network import Caller, Network
from portwright.run.socket_address import Endpoint
from portwright.run.socket_file import Socket

ROOM = 208 << 10
OVERHEAD = 512  # what a datagram takes beside its bytes, so that empty ones fill a buffer too
LONGEST = {4: 65507, 6: 65527}


class DatagramSocket(Socket):
    """A socket for datagrams. `waiting` holds those that came, with their senders."""

    kind: ClassVar[str] = "SOCK_DGRAM"
    borders = True

    def __init__(self, network: Network, family: int, caller: Caller) -> None:
        super().__init__(network, family, caller)
        self.capacity = ROOM
        self.waiting: list[tuple[bytes, Endpoint]] = []
        self.silenced = self.finished = False

    @property
    def used(self) -> int:
        """How much of its room is taken."""
        return sum(len(data) + OVERHEAD for data, _ in self.waiting)

    def connect(self, endpoint: Endpoint | None) -> None:
        if endpoint is None:
            self.remote = None
            return
        target = self.network.destination(self, endpoint)
        self.network.bind_freely(self)
        self.remote = target
        local = self.local
        assert local is not None
        if local.unspecified:
            self.network.leave(self)
            self.network.enter(self, Endpoint(self.network.source(target), local.port))

    def send(self, data: bytes, endpoint: Endpoint | None = None, *, wait: bool = True) -> int:
        self.network.bind_freely(self)
        if endpoint is None and self.remote is None:
            raise Failed("EDESTADDRREQ")
        self.tell_error()
        target = self.remote if endpoint is None else self.network.destination(self, endpoint)
        assert target is not None
        if target.port == 0:
            raise Failed("EINVAL")
        if len(data) > LONGEST[target.family]:
            raise Failed("EMSGSIZE")
        if self.finished:
            raise Failed("EPIPE")
        local = self.local
        assert local is not None
        host = self.network.source(target) if local.unspecified else local.host
        source = Endpoint(host, local.port)
        receiver = self._receiver(target, source)
        if receiver is None:
            if self.remote == target:
                self.error = "ECONNREFUSED"
        else:
            receiver.deliver(data, source)
        return len(data)

    def _receiver(self, target: Endpoint, source: Endpoint) -> DatagramSocket | None:
        """Whom a datagram is for: one that is connected to its sender before others, the last bound first."""
        found = [
            each
            for each in self.network.matching(self.kind, target)
            if isinstance(each, DatagramSocket) and each.remote in (None, source)
        ]
        exact = [each for each in found if each.remote == source]
        at_host = [each for each in found if each.local is not None and each.local.host == target.host]
        return next(reversed(exact or at_host or found), None)

    def deliver(self, data: bytes, source: Endpoint) -> None:
        """Take a datagram in, or lose it where there is no room. The order of two senders is nobody's promise."""
        if self.silenced or self.used + len(data) + OVERHEAD > self.capacity:
            return
        hostility = self.network.hostility
        before = len(self.waiting) - 1
        if self.waiting and self.waiting[before][1] != source and hostility.delays():
            self.waiting.insert(before, (data, source))
            return
        if not self.waiting:
            self.late = hostility.delays()
        self.waiting.append((data, source))

    def receive(
        self, length: int, *, peek: bool = False, wait: bool = True, whole: bool = False
    ) -> tuple[bytes, int, Endpoint | None]:
        self.tell_error()
        if not self.waiting or self.still_on_its_way(wait=wait):
            if self.silenced and wait and not self.nonblocking:
                return b"", 0, None
            self.sleep(f"a datagram for the {self}", self._answers, self.read_wait, wait=wait)
        data, source = self.waiting[0] if peek else self.waiting.pop(0)
        return data[:length], len(data), source.seen_by(self.family)

    def shutdown(self, reading: bool, writing: bool) -> None:
        self.silenced = self.silenced or reading
        self.finished = self.finished or writing
        if self.remote is None:
            raise Failed("ENOTCONN")

    def close(self) -> None:
        self.network.leave(self)
        self.waiting.clear()

    def _answers(self) -> bool:
        return self.can_read() or self.failed()

    # --- what poll asks

    def can_read(self) -> bool:
        return bool(self.waiting) or self.silenced

    def can_write(self) -> bool:
        return True

    def hung_up(self) -> bool:
        return self.silenced and self.finished
