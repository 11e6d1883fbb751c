"""The machine's network: who may have which port, what reaches whom, and bytes that neither vanish nor change order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portwright.describe import port as ports
from portwright.run.datagram_socket import OVERHEAD, ROOM, DatagramSocket
from portwright.run.failure import Failed
from portwright.run.hostility import Hostility
from portwright.run.network import FIRST_EPHEMERAL, LAST_EPHEMERAL, Network
from portwright.run.socket_address import ANY, LOOPBACK, MAPPED, Addresses, Endpoint
from portwright.run.socket_file import Socket
from portwright.run.stream_socket import StreamSocket

LEDGER = ports.load("x86_64-portwright-linux").ledger
HERE, OTHER = LOOPBACK[4], b"\x7f\0\0\2"


class Awake:
    """A caller that must never have to sleep."""

    @property
    def calling(self) -> Any:
        raise AssertionError("it would have waited")


def network(seed: int | None = None, *, v4_mapped: bool = True) -> Network:
    """A network, kind where there is no seed."""
    return Network(Hostility(seed or 0, kind=seed is None), Addresses(LEDGER, "little"), v4_mapped=v4_mapped)


def made(of: Network, kind: type[Socket] = StreamSocket, family: int = 4) -> Any:
    found = kind(of, family, Awake())
    found.nonblocking = True
    return found


def refusal(call: Any) -> str:
    with pytest.raises(Failed) as caught:
        call()
    return caught.value.name


def pair(of: Network) -> tuple[Any, Any]:
    listener, client = made(of), made(of)
    listener.bind(Endpoint(HERE, 0))
    listener.listen(1)
    assert refusal(lambda: client.connect(listener.name())) == "EINPROGRESS"
    client.connect(listener.name())
    while True:
        try:
            server = listener.accept()
            break
        except Failed as failed:
            assert failed.name == "EAGAIN"
    server.nonblocking = True
    return client, server


def test_ports_of_the_system_s_choice_are_all_given_once() -> None:
    of = network()
    taken = []
    for _ in range(LAST_EPHEMERAL - FIRST_EPHEMERAL + 1):
        each = made(of, DatagramSocket)
        each.bind(Endpoint(HERE, 0))
        taken.append(each)
    assert {each.local.port for each in taken} == set(range(FIRST_EPHEMERAL, LAST_EPHEMERAL + 1))
    assert refusal(lambda: made(of, DatagramSocket).bind(Endpoint(HERE, 0))) == "EADDRINUSE"
    made(of).bind(Endpoint(HERE, 0))  # streams have ports of their own
    taken[7].close()
    last = made(of, DatagramSocket)
    last.bind(Endpoint(HERE, 0))
    assert last.local.port == FIRST_EPHEMERAL + 7


@pytest.mark.parametrize(
    ("first", "second", "meets"),
    [
        (HERE, HERE, True),
        (HERE, OTHER, False),
        (HERE, ANY[4], True),
        (ANY[4], OTHER, True),
        (ANY[6], HERE, True),
        (HERE, ANY[6], True),
        (LOOPBACK[6], HERE, False),
        (ANY[6], LOOPBACK[6], True),
        (MAPPED + HERE, HERE, True),
    ],
)
def test_who_shares_a_port(first: bytes, second: bytes, meets: bool) -> None:
    of = network()
    family = {4: 4, 16: 6}
    one, two = made(of, family=family[len(first)]), made(of, family=family[len(second)])
    one.bind(Endpoint(first, 700))
    if meets:
        assert refusal(lambda: two.bind(Endpoint(second, 700))) == "EADDRINUSE"
    else:
        two.bind(Endpoint(second, 700))


def test_ipv6_alone_lets_ipv4_have_the_port() -> None:
    of = network(v4_mapped=False)
    wide, narrow = made(of, family=6), made(of)
    wide.bind(Endpoint(ANY[6], 700))
    narrow.bind(Endpoint(ANY[4], 700))
    assert refusal(lambda: wide.connect(Endpoint(MAPPED + HERE, 700))) == "ENETUNREACH"


def test_a_full_backlog_makes_others_knock() -> None:
    of = network()
    listener, clients = made(of), [made(of) for _ in range(3)]
    listener.bind(Endpoint(HERE, 80))
    listener.listen(1)
    for client in clients:
        assert refusal(lambda client=client: client.connect(Endpoint(HERE, 80))) == "EINPROGRESS"
    assert [client.state for client in clients] == ["connected", "connecting", "connecting"]
    assert refusal(lambda: clients[1].connect(Endpoint(HERE, 80))) == "EALREADY"
    assert refusal(clients[1].peer_name) == "ENOTCONN"
    assert not clients[1].can_write() and clients[0].can_write()
    assert listener.accept().remote == clients[0].local
    assert [client.state for client in clients] == ["connected", "connected", "connecting"]
    listener.close()
    assert clients[2].error == "ECONNREFUSED" and clients[1].error == "ECONNRESET"


def test_datagrams_are_lost_where_there_is_no_room() -> None:
    of = network()
    one, two = made(of, DatagramSocket), made(of, DatagramSocket)
    two.bind(Endpoint(HERE, 53))
    for _ in range(300):
        assert one.send(bytes(1000), Endpoint(HERE, 53)) == 1000
    assert len(two.waiting) == ROOM // (1000 + OVERHEAD)


def test_two_senders_may_overtake_each_other_and_nobody_himself() -> None:
    swapped = 0
    for seed in range(1, 30):
        of = network(seed)
        one, two, to = (made(of, DatagramSocket) for _ in range(3))
        to.bind(Endpoint(HERE, 53))
        for number in range(20):
            one.send(b"a%d" % number, Endpoint(HERE, 53))
            two.send(b"b%d" % number, Endpoint(HERE, 53))
        found = [data for data, _ in to.waiting]
        for letter in (b"a", b"b"):
            own = [int(data[1:]) for data in found if data.startswith(letter)]
            assert own == list(range(20))
        swapped += found != [b"%c%d" % (letter, n) for n in range(20) for letter in b"ab"]
    assert swapped > 10


@settings(max_examples=150, deadline=None)
@given(
    seed=st.one_of(st.none(), st.integers(1, 1000)),
    steps=st.lists(
        st.tuples(st.sampled_from(["send", "receive", "peek"]), st.integers(1, 60_000)), max_size=60
    ),
)
def test_a_stream_is_the_bytes_that_were_taken(seed: int | None, steps: list[tuple[str, int]]) -> None:
    """Whatever the buffer's size and the pieces: nothing is lost, doubled or out of order, and the end comes last."""
    client, server = pair(network(seed))
    sent, got = bytearray(), bytearray()
    for step, size in steps:
        data = bytes((len(sent) + index) * 7 & 0xFF for index in range(size))
        try:
            if step == "send":
                sent += data[: client.send(data)]
            else:
                found = server.receive(size, peek=step == "peek")[0]
                assert found == bytes(sent[len(got) : len(got) + size])[: len(found)] and found
                got += found if step == "receive" else b""
        except Failed as failed:
            assert failed.name == "EAGAIN"
        assert len(server.incoming) <= server.capacity
    client.close()
    while True:
        try:
            part = server.receive(4096)[0]
        except Failed as failed:
            assert failed.name == "EAGAIN"
            continue
        if not part:
            break
        got += part
    assert got == sent
