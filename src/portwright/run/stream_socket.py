"""TCP within the machine: two ends with a bounded buffer each, listening, half-open connections, and resets."""

from __future__ import annotations

from typing import ClassVar, Literal

from portwright.run.failure import Failed
from portwright.run.network import Caller, Network
from portwright.run.socket_address import Endpoint
from portwright.run.socket_file import Socket

BUFFER, SMALLEST_BUFFER = 128 << 10, 4 << 10
MOST_WAITING = 4096
GIVEN_UP_AFTER = 127 * 10**9  # a connect that nobody answers: six attempts, each waiting twice as long
State = Literal["idle", "listening", "connecting", "connected", "refused", "closed"]


class StreamSocket(Socket):
    """One end of a connection, or a listener.

    `incoming` holds what was sent to it and not read yet. `ended`: nothing more will come; `silenced`: it was
    told to read no more (what comes all the same is still given, as on other systems); `finished`: it sends
    no more. `answered`: how its connecting went has been told.
    """

    kind: ClassVar[str] = "SOCK_STREAM"

    def __init__(self, network: Network, family: int, caller: Caller) -> None:
        super().__init__(network, family, caller)
        self.state: State = "idle"
        self.incoming = bytearray()
        self.capacity = network.hostility.number(SMALLEST_BUFFER, BUFFER, kind=BUFFER)
        self.peer: StreamSocket | None = None
        self.ended = self.silenced = self.finished = self.answered = False
        self.backlog = 0
        self.accepted: list[StreamSocket] = []  # connections that nobody has taken yet
        self.knocking: list[StreamSocket] = []  # those for which the backlog has no room

    @property
    def listening(self) -> bool:  # type: ignore[override]
        """Whether it takes connections."""
        return self.state == "listening"

    # --- making connections

    def listen(self, backlog: int) -> None:
        if self.state not in ("idle", "listening"):
            raise Failed("EINVAL")
        self.network.bind_freely(self)
        local = self.local
        assert local is not None
        for other in self.network.at_port(self.kind, local.port):
            if other is not self and other.listening and self.network.overlap(self, local, other):
                raise Failed("EADDRINUSE")
        self.silenced = self.finished = False
        self.state, self.backlog = "listening", max(1, min(backlog, MOST_WAITING))

    def accept(self) -> StreamSocket:
        if not self.listening:
            raise Failed("EINVAL")
        if not self.accepted or self.still_on_its_way(wait=True):
            self.sleep(f"a connection to {self}", self.can_read, self.read_wait)
        new = self.accepted.pop(0)
        if self.knocking:
            self._admit(self.knocking.pop(0))
        return new

    def connect(self, endpoint: Endpoint | None) -> None:
        if endpoint is None:
            raise Failed("EAFNOSUPPORT")
        if self.state == "idle":
            self._begin(self.network.destination(self, endpoint))
            if self.nonblocking:
                raise Failed("EINPROGRESS")
        elif self.state == "connecting" and self.nonblocking:
            raise Failed("EALREADY")
        elif self.state == "listening" or (self.answered and self.state != "connecting"):
            raise Failed("EISCONN")
        if self.state == "connecting":
            self._await_answer()
        self.answered = True
        if self.state != "connected":
            error = self.take_error() or "ECONNABORTED"
            self.state = "idle"
            self.ended = self.silenced = self.finished = False
            self.network.forget_host(self)
            raise Failed(error)

    def _begin(self, target: Endpoint) -> None:
        self.network.bind_freely(self)
        local = self.local
        assert local is not None
        host = self.network.source(target) if local.unspecified else local.host
        self.network.leave(self)
        self.network.enter(self, Endpoint(host, local.port))
        self.remote, self.answered = target, False
        for other in self.network.at_port(self.kind, local.port):
            if other is not self and (other.local, other.remote) == (self.local, target):
                self.remote = None
                raise Failed("EADDRNOTAVAIL")
        listeners = (each for each in self.network.matching(self.kind, target) if each.listening)
        listener = next(listeners, None)
        if not isinstance(listener, StreamSocket):
            self._refused()
        elif len(listener.accepted) < listener.backlog:
            listener._admit(self)
        else:
            self.state = "connecting"
            listener.knocking.append(self)

    def _await_answer(self) -> None:
        thread = self._caller.calling
        if thread.waited and thread.expired:
            if self.write_wait:
                raise Failed("EINPROGRESS")
            self._refused()
            self.error = "ETIMEDOUT"
            return
        longest = self.write_wait or GIVEN_UP_AFTER
        self.sleep(f"room at {self.remote} for a connection", lambda: self.state != "connecting", longest)

    def _refused(self) -> None:
        self.state, self.remote, self.answered = "refused", None, False
        self._over_at_once("ECONNREFUSED")

    def _over_at_once(self, error: str) -> None:
        """Be without the other end from now on, and say why."""
        self.error = error
        self.silenced = self.finished = True
        self._give_back_port()

    def _give_back_port(self) -> None:
        if not self.fixed_port:
            self.network.leave(self)

    def _admit(self, client: StreamSocket) -> None:
        """Make the other end of a connection that a client asked this listener for."""
        assert client.remote is not None and client.local is not None
        end = StreamSocket(self.network, self.family, self._caller)
        end.options, end.lingers = dict(self.options), self.lingers
        end.read_wait, end.write_wait, end.capacity = self.read_wait, self.write_wait, self.capacity
        end.state = client.state = "connected"
        end.answered = True
        end.remote, end.peer, client.peer = client.local, client, end
        self.network.enter(end, client.remote)
        self.accepted.append(end)
        self.late = self.network.hostility.delays()

    # --- bytes

    def receive(
        self, length: int, *, peek: bool = False, wait: bool = True, whole: bool = False
    ) -> tuple[bytes, int, Endpoint | None]:
        if self.state == "listening":
            raise Failed("ENOTCONN")
        enough = min(length, self.capacity) if whole else 1
        if (
            self.incoming
            and (len(self.incoming) >= enough or self._over())
            and not self.still_on_its_way(wait=wait)
        ):
            data = bytes(self.incoming[:length])
            if not peek:
                del self.incoming[: len(data)]
            return data, len(data), None
        if not self.incoming:
            if not self.ended:
                self.tell_error()
            if self.ended or self.silenced:
                return b"", 0, None
            if self.state not in ("connecting", "connected"):
                raise Failed("ENOTCONN")

        def ready() -> bool:
            return len(self.incoming) >= enough or self._over()

        self.sleep(f"bytes for the {self}", ready, self.read_wait, wait=wait)
        raise AssertionError("a sleep comes back only by an exception")

    def _over(self) -> bool:
        """Whether nothing more will come."""
        return self.ended or self.silenced or self.error is not None

    def send(self, data: bytes, endpoint: Endpoint | None = None, *, wait: bool = True) -> int:
        if self.state == "connecting":
            self.sleep(f"a connection of the {self}", self.can_write, self.write_wait, wait=wait)
        self.tell_error()
        if self.finished or self.state != "connected":
            raise Failed("EPIPE")
        peer = self.peer
        if peer is None:
            return self._into_the_void(len(data))
        room = peer.capacity - len(peer.incoming)
        if data and room <= 0:
            self.sleep(f"room in the {self}", self.can_write, self.write_wait, wait=wait)
        taken = data[:room]
        if taken and not peer.incoming:
            peer.late = self.network.hostility.delays()
        peer.incoming += taken
        return len(taken)

    def _into_the_void(self, length: int) -> int:
        """The other end is gone: what is sent is lost, and the answer says so to the next who asks."""
        self.reset()
        return length

    # --- ending

    def shutdown(self, reading: bool, writing: bool) -> None:
        if self.state == "listening":
            if reading:
                self._stop_listening()
            return
        self.silenced = self.silenced or reading
        if self.state != "connected":
            self.finished = self.finished or writing
            raise Failed("ENOTCONN")
        if writing and not self.finished:
            self.finished = True
            if self.peer is not None:
                self.peer.hear_end()
            self._part()

    def close(self) -> None:
        """Unread bytes, or a wish not to linger, end the connection with a reset; else with an end."""
        if self.state == "listening":
            self._stop_listening()
        for listener in self.network.matching(self.kind, self.remote) if self.remote is not None else ():
            if isinstance(listener, StreamSocket) and self in listener.knocking:
                listener.knocking.remove(self)
        peer, self.peer = self.peer, None
        if peer is not None:
            peer.peer = None
            if self.incoming or self.lingers == (True, 0):
                peer.reset()
            else:
                peer.hear_end()
        self.network.leave(self)
        self.state = "closed"

    def hear_end(self) -> None:
        """Hear that the other end sends no more."""
        self.ended = True
        self._part()

    def _part(self) -> None:
        """Both ends have said that they send no more: that was the connection."""
        if self.ended and self.finished and self.state == "connected":
            self.state, self.silenced = "closed", True
            self._give_back_port()

    def reset(self) -> None:
        """Hear that the other end is gone at once."""
        self.state = "closed"
        self._over_at_once("EPIPE" if self.ended else "ECONNRESET")

    def _stop_listening(self) -> None:
        self.state = "idle"
        self._give_back_port()
        for end in self.accepted:
            peer, end.peer = end.peer, None
            if peer is not None:
                peer.peer = None
                peer.reset()
            self.network.leave(end)
        for client in self.knocking:
            client._refused()
        self.accepted, self.knocking = [], []

    def peer_name(self) -> Endpoint:
        if self.state != "connected":
            raise Failed("ENOTCONN")
        return super().peer_name()

    # --- what poll asks

    def can_read(self) -> bool:
        if self.state == "listening":
            return bool(self.accepted)
        return bool(self.incoming) or self.ended or self.silenced

    def can_write(self) -> bool:
        if self.state in ("connecting", "listening"):
            return False
        if self.finished or self.peer is None:
            return True
        return len(self.peer.incoming) < self.peer.capacity

    def hung_up(self) -> bool:
        over = (self.ended or self.silenced) and self.finished
        return over or self.state in ("idle", "refused", "closed")
