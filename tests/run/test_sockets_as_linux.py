"""The machine's sockets against this kernel's, on loopback: the same steps must have the same answers."""

from __future__ import annotations

import errno
import platform
import socket
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from portwright.describe import port as ports
from portwright.run.datagram_socket import DatagramSocket
from portwright.run.failure import Failed
from portwright.run.hostility import Hostility
from portwright.run.network import Network
from portwright.run.socket_address import Addresses, Endpoint
from portwright.run.socket_file import Socket
from portwright.run.stream_socket import StreamSocket

pytestmark = pytest.mark.skipif(platform.system() != "Linux", reason="the answers compared with are Linux's")
ANY_HOST, LOCAL_HOST, OTHER_HOST, FAR_HOST = "0.0.0.0", "127.0.0.1", "127.0.0.2", "192.0.2.1"
LEDGER = ports.load("x86_64-portwright-linux").ledger
NAMES = {errno.EOPNOTSUPP: "EOPNOTSUPP", errno.EAGAIN: "EAGAIN"}  # each has two
SLOTS = 5
slots = st.integers(0, SLOTS - 1)


class Nobody:
    """A caller that never sleeps: every socket here answers at once."""

    @property
    def calling(self) -> Any:
        raise AssertionError("a socket that does not wait has waited")


def endpoint(host: str, number: int) -> Endpoint:
    return Endpoint(socket.inet_aton(host), number)


class Pair:
    """One socket of the kernel's, and one of the machine's that does the same."""

    def __init__(self, network: Network, kind: str) -> None:
        real_kind = socket.SOCK_STREAM if kind == "stream" else socket.SOCK_DGRAM
        self.kind = kind
        self.real = socket.socket(socket.AF_INET, real_kind)
        self.real.setblocking(False)
        self.model: Socket = (StreamSocket if kind == "stream" else DatagramSocket)(network, 4, Nobody())
        self.model.nonblocking = True


def answer(call: Callable[[], Any]) -> Any:
    """What a call answers, or its error's name."""
    try:
        return call()
    except Failed as failed:
        return failed.name
    except OSError as error:
        return NAMES.get(error.errno or 0) or errno.errorcode[error.errno or 0]


class Sockets(RuleBasedStateMachine):
    """Both worlds; ports are compared by the pair that has them."""

    def __init__(self) -> None:
        super().__init__()
        self.network = Network(Hostility(1, kind=True), Addresses(LEDGER, "little"))
        self.pairs: list[Pair | None] = [None] * SLOTS

    def teardown(self) -> None:
        for pair in self.pairs:
            if pair is not None:
                pair.real.close()

    def pair(self, slot: int) -> Pair | None:
        return self.pairs[slot]

    def same(self, what: str, real: Any, model: Any) -> None:
        assert real == model, f"{what}: the kernel answers {real!r}, the machine {model!r}"

    @rule(slot=slots, kind=st.sampled_from(["stream", "stream", "datagram"]))
    def make(self, slot: int, kind: str) -> None:
        if self.pairs[slot] is None:
            self.pairs[slot] = Pair(self.network, kind)

    @rule(slot=slots, host=st.sampled_from([LOCAL_HOST, LOCAL_HOST, ANY_HOST, OTHER_HOST, FAR_HOST]))
    def bind_to_any_port(self, slot: int, host: str) -> None:
        if (pair := self.pair(slot)) is not None:
            real = answer(lambda: pair.real.bind((host, 0)))
            self.same("bind", real, answer(lambda: pair.model.bind(endpoint(host, 0))))

    @rule(
        slot=slots, like=slots, host=st.sampled_from([LOCAL_HOST, ANY_HOST, OTHER_HOST]), reuse=st.booleans()
    )
    def bind_to_a_port_in_use(self, slot: int, like: int, host: str, reuse: bool) -> None:
        pair, other = self.pair(slot), self.pair(like)
        if pair is None or other is None or other.model.local is None or pair.model.local is not None:
            return
        if reuse:
            pair.real.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            pair.model.options["SO_REUSEADDR"] = 1
        real = answer(lambda: pair.real.bind((host, other.real.getsockname()[1])))
        port = other.model.local.port
        self.same("bind again", real, answer(lambda: pair.model.bind(endpoint(host, port))))

    @rule(slot=slots, backlog=st.integers(1, 3))
    def listen(self, slot: int, backlog: int) -> None:
        if (pair := self.pair(slot)) is not None:
            self.same("listen", answer(lambda: pair.real.listen(8)), answer(lambda: pair.model.listen(8)))

    @rule(slot=slots, to=slots)
    def connect(self, slot: int, to: int) -> None:
        pair, other = self.pair(slot), self.pair(to)
        if pair is None or other is None or other.model.local is None or slot == to:
            return
        host, port = other.real.getsockname()
        if other.kind != pair.kind:
            return
        real = answer(lambda: pair.real.connect((host, port)))
        local = other.model.local
        self.same("connect", real, answer(lambda: pair.model.connect(local)))

    @rule(slot=slots)
    def accept(self, slot: int) -> None:
        pair = self.pair(slot)
        free = next((index for index, each in enumerate(self.pairs) if each is None), None)
        if pair is None or free is None:
            return
        real: Any = answer(lambda: pair.real.accept()[0])
        model: Any = answer(lambda: pair.model.accept())
        if isinstance(real, str) or isinstance(model, str):
            self.same("accept", real, model)
            return
        new = Pair.__new__(Pair)
        new.kind, new.real, new.model = pair.kind, real, model
        new.real.setblocking(False)
        new.model.nonblocking = True
        self.pairs[free] = new

    @rule(slot=slots, data=st.binary(max_size=40))
    def send(self, slot: int, data: bytes) -> None:
        if (pair := self.pair(slot)) is not None:
            real = answer(lambda: pair.real.send(data, socket.MSG_NOSIGNAL))
            self.same("send", real, answer(lambda: pair.model.send(data)))

    @rule(slot=slots, to=slots, data=st.binary(max_size=40))
    def send_to(self, slot: int, to: int, data: bytes) -> None:
        pair, other = self.pair(slot), self.pair(to)
        if pair is None or other is None or pair.kind == "stream" or other.kind == "stream":
            return
        local = other.model.local
        if local is not None:
            real = answer(lambda: pair.real.sendto(data, other.real.getsockname()))
            self.same("sendto", real, answer(lambda: pair.model.send(data, local)))

    @rule(slot=slots, length=st.integers(1, 30), peek=st.booleans())
    def receive(self, slot: int, length: int, peek: bool) -> None:
        if (pair := self.pair(slot)) is not None:
            real = answer(lambda: pair.real.recv(length, socket.MSG_PEEK if peek else 0))
            self.same("recv", real, answer(lambda: pair.model.receive(length, peek=peek)[0]))

    @rule(slot=slots, reading=st.booleans(), writing=st.booleans())
    def shutdown(self, slot: int, reading: bool, writing: bool) -> None:
        pair = self.pair(slot)
        unconnected = pair is not None and getattr(pair.model, "state", "") in ("idle", "refused")
        if pair is not None and (reading or writing) and not unconnected:  # that leaves odd states
            how = {(True, False): 0, (False, True): 1, (True, True): 2}[reading, writing]
            real = answer(lambda: pair.real.shutdown(how))
            self.same("shutdown", real, answer(lambda: pair.model.shutdown(reading, writing)))

    @rule(slot=slots)
    def take_error(self, slot: int) -> None:
        if (pair := self.pair(slot)) is not None:
            number = pair.real.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            self.same("SO_ERROR", errno.errorcode.get(number), pair.model.take_error())

    @rule(slot=slots)
    def close(self, slot: int) -> None:
        if (pair := self.pair(slot)) is not None:
            pair.real.close()
            pair.model.close()
            self.pairs[slot] = None

    @invariant()
    def names_agree(self) -> None:
        """Each socket's own address and its peer's: the hosts, and whose port it is."""
        alive = [pair for pair in self.pairs if pair is not None]
        for pair in alive:
            real_host, real_port = pair.real.getsockname()
            name = pair.model.name()
            assert (real_host, real_port == 0) == (socket.inet_ntoa(name.host), name.port == 0)
            peer = answer(pair.real.getpeername)
            own = answer(pair.model.peer_name)
            shown = socket.inet_ntoa(own.host) if isinstance(own, Endpoint) else own
            assert (peer if isinstance(peer, str) else peer[0]) == shown
        for one in alive:
            for two in alive:
                real_same = one.real.getsockname()[1] == two.real.getsockname()[1]
                assert real_same == (one.model.name().port == two.model.name().port) or one.kind != two.kind

    @invariant()
    def readiness_agrees(self) -> None:
        """What poll says of each."""
        import select

        for pair in self.pairs:
            if pair is None:
                continue
            poll = select.poll()
            poll.register(pair.real, select.POLLIN | select.POLLOUT)
            found = dict(poll.poll(0)).get(pair.real.fileno(), 0)
            model = pair.model
            real = tuple(
                bool(found & bit) for bit in (select.POLLIN, select.POLLOUT, select.POLLHUP, select.POLLERR)
            )
            assert real == (model.can_read(), model.can_write(), model.hung_up(), model.failed()), str(model)


TestSockets = Sockets.TestCase
TestSockets.settings = settings(
    max_examples=120,
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
