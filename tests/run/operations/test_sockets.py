"""The operations on sockets through a ledger: addresses and lengths in the guest's memory, flags, options, waiting."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from portwright.describe import port as ports
from portwright.describe.ledger import Call

LEDGER = ports.load("x86_64-portwright-linux").ledger
HOST, PORT = b"\x7f\0\0\1", 8080
ROOM = 64


class Net:
    """A guest's calls on sockets, with Python's values."""

    def __init__(self, guest: Any) -> None:
        self.guest = guest
        self.error = guest.error

    def constant(self, names: str) -> int:
        found: int = self.guest.constant(names)
        return found

    def socket(self, kind: str = "SOCK_STREAM", domain: str = "AF_INET", protocol: int = 0) -> int:
        found: int = self.guest.call("socket", self.constant(domain), self.constant(kind), protocol)
        return found

    def address(self, port: int = PORT, host: bytes = HOST) -> tuple[int, int]:
        family = self.constant("AF_INET" if len(host) == 4 else "AF_INET6")
        data = struct.pack("<H", family) + struct.pack(">H", port)
        data += host + bytes(8) if len(host) == 4 else bytes(4) + host + bytes(4)
        return self.guest.put(data), len(data)

    def bind(self, fd: int, port: int = PORT, host: bytes = HOST) -> int:
        found: int = self.guest.call("bind", fd, *self.address(port, host))
        return found

    def connect(self, fd: int, port: int = PORT, host: bytes = HOST) -> int:
        found: int = self.guest.call("connect", fd, *self.address(port, host))
        return found

    def listener(self, port: int = PORT, kind: str = "SOCK_STREAM") -> int:
        fd = self.socket(kind)
        assert self.bind(fd, port) == 0 and self.guest.call("listen", fd, 4) == 0
        return fd

    def pair(self) -> tuple[int, int]:
        listener, client = self.listener(), self.socket()
        assert self.connect(client) == 0
        server = self.guest.call("accept4", listener, 0, 0, 0)
        return client, server

    def told(self, call: str, fd: int, *more: int, room: int = ROOM) -> tuple[int, bytes, int]:
        """A call that writes an address: its result, what it wrote, and the length that it told."""
        place, length = self.guest.room(ROOM), self.guest.put(struct.pack("<I", room))
        result = self.guest.call(call, fd, *more, place, length, *([0] if call == "accept4" else []))
        (size,) = struct.unpack("<I", self.guest.space.read(length, 4))
        return result, self.guest.space.read(place, ROOM), size

    def send(self, fd: int, data: bytes, flags: int = 0) -> int:
        found: int = self.guest.call("send", fd, self.guest.put(data), len(data), flags, 0, 0)
        return found

    def receive(self, fd: int, length: int, flags: int = 0) -> bytes | int:
        place = self.guest.room(length)
        count = self.guest.call("recv", fd, place, length, flags, 0, 0)
        return self.guest.space.read(place, count) if count >= 0 else count

    def option(self, fd: int, level: str, option: str, room: int = 16) -> bytes | int:
        place, length = self.guest.room(16), self.guest.put(struct.pack("<i", room))
        names = (self.constant(level), self.constant(option))
        result: int = self.guest.call("getsockopt", fd, *names, place, length)
        if result < 0:
            return result
        (size,) = struct.unpack("<i", self.guest.space.read(length, 4))
        return bytes(self.guest.space.read(place, size))

    def set_option(self, fd: int, level: str, option: str, value: bytes) -> int:
        place, names = self.guest.put(value), (self.constant(level), self.constant(option))
        found: int = self.guest.call("setsockopt", fd, *names, place, len(value))
        return found


@pytest.fixture
def net(make_guest: Any) -> Net:
    return Net(make_guest(ledger=LEDGER, clock="virtual"))


def test_an_address_goes_round(net: Net) -> None:
    """bind, listen, connect, accept, socket_name and peer_name speak of the same ports."""
    listener, client = net.listener(), net.socket()
    assert net.connect(client) == 0
    _, own, size = net.told("getsockname", client)
    assert size == 16 and own[:2] == b"\x02\0" and own[4:16] == HOST + bytes(8)
    assert own[16:17] == b"\xee", "no more is written than there is"
    server, from_, size = net.told("accept4", listener)
    assert server > client and (from_[:16], size) == (own[:16], 16)
    assert net.told("getpeername", server)[1][:16] == own[:16]
    assert net.told("getpeername", client)[1][2:8] == struct.pack(">H", PORT) + HOST


def test_a_short_room_is_filled_and_the_whole_length_told(net: Net) -> None:
    listener = net.listener()
    result, data, size = net.told("getsockname", listener, room=4)
    assert (result, size) == (0, 16)
    assert data[:5] == b"\x02\0" + struct.pack(">H", PORT) + b"\xee"
    assert net.told("getsockname", listener, room=1 << 31)[0] == net.error("EINVAL")
    assert net.guest.call("getsockname", listener, 0, 0) == net.error("EFAULT")
    assert net.told("getpeername", listener)[0] == net.error("ENOTCONN")


def test_streams_send_and_receive(net: Net) -> None:
    client, server = net.pair()
    assert net.send(client, b"hello") == 5
    assert net.receive(server, 2, net.constant("MSG_PEEK")) == b"he"
    assert net.receive(server, 9) == b"hello"
    assert net.receive(server, 9, net.constant("MSG_DONTWAIT")) == net.error("EAGAIN")
    assert net.send(server, b"x", net.constant("MSG_OOB")) == net.error("EOPNOTSUPP")
    assert net.guest.call("shutdown", client, net.constant("SHUT_WR")) == 0
    assert net.receive(server, 9) == b""
    assert net.send(client, b"x", net.constant("MSG_NOSIGNAL")) == net.error("EPIPE")
    assert net.guest.call("shutdown", client, 77) == net.error("EINVAL")


def test_a_stream_is_an_open_file(net: Net) -> None:
    client, server = net.pair()
    assert net.guest.call("write", client, net.guest.put(b"file"), 4) == 4
    place = net.guest.room(8)
    assert net.guest.call("read", server, place, 8) == 4
    assert net.guest.space.read(place, 5) == b"file\xee"
    status = net.guest.room(144)
    assert net.guest.call("fstat", server, status) == 0
    (mode,) = struct.unpack("<I", net.guest.space.read(status + 24, 4))
    assert mode & 0o170000 == 0o140000
    assert net.guest.call("lseek", server, 0, 0) == net.error("ESPIPE")
    assert net.guest.call("close", server) == 0 and net.receive(client, 1) == b""


def test_a_file_is_no_socket(net: Net) -> None:
    for call in ("listen", "shutdown", "getsockname", "recv", "accept4"):
        assert net.guest.call(call, 1, 0, 0, 0, 0, 0) == net.error("ENOTSOCK")
    assert net.bind(99) == net.error("EBADF")


def test_datagrams_keep_their_borders_and_say_from_whom(net: Net) -> None:
    one, two = net.socket("SOCK_DGRAM"), net.socket("SOCK_DGRAM")
    assert net.bind(one, 7001) == 0 and net.bind(two, 7002) == 0
    place, size = net.address(7002)
    for data in (b"first", b"", b"a longer one"):
        assert net.guest.call("sendto", one, net.guest.put(data), len(data), 0, place, size) == len(data)
    room, length, buffer = net.guest.room(16), net.guest.put(struct.pack("<I", 16)), net.guest.room(8)
    got = []
    for flags in ("MSG_PEEK", "MSG_DONTWAIT", "MSG_DONTWAIT", "MSG_TRUNC"):
        net.guest.space.write(length, struct.pack("<I", 16))
        count = net.guest.call("recvfrom", two, buffer, 8, net.constant(flags), room, length)
        got.append((count, net.guest.space.read(room + 2, 2)))
    assert got == [(count, struct.pack(">H", 7001)) for count in (5, 5, 0, 12)]
    assert net.send(one, b"x") == net.error("EDESTADDRREQ")
    assert net.receive(two, 8, net.constant("MSG_DONTWAIT")) == net.error("EAGAIN")


def test_a_call_without_the_address_length_goes_by_the_family(make_guest: Any) -> None:
    calls = dict(LEDGER.syscalls)
    calls["sendto"] = Call(
        number=44, operation="send_to", arguments=["fd", "buffer", "length", "flags", "address"]
    )
    calls["recvfrom"] = Call(
        number=45, operation="receive_from", arguments=["fd", "buffer", "length", "flags", "address"]
    )
    calls = {name: call for name, call in calls.items() if name not in ("send", "recv")}
    net = Net(make_guest(ledger=LEDGER.model_copy(update={"syscalls": calls})))
    one, two = net.socket("SOCK_DGRAM"), net.socket("SOCK_DGRAM", "AF_INET6")
    assert net.bind(one, 7001) == 0 and net.bind(two, 7002, bytes(15) + b"\x01") == 0
    assert net.guest.call("sendto", one, net.guest.put(b"abc"), 3, 0, net.address(7001)[0]) == 3
    room = net.guest.room(64)
    assert net.guest.call("recvfrom", one, net.guest.room(8), 8, 0, room) == 3
    assert net.guest.space.read(room, 16) == b"\x02\0" + struct.pack(">H", 7001) + HOST + bytes(8)
    place, _ = net.address(7002, bytes(15) + b"\x01")
    assert net.guest.call("sendto", two, net.guest.put(b"abc"), 3, 0, place) == 3


def test_flags_of_a_new_socket(net: Net) -> None:
    plain = net.socket("SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC")
    assert net.bind(plain) == 0 and net.guest.call("listen", plain, 1) == 0
    assert net.guest.call("accept4", plain, 0, 0, 0) == net.error("EAGAIN")
    client = net.socket()
    assert net.connect(client) == 0
    server = net.guest.call("accept4", plain, 0, 0, net.constant("SOCK_NONBLOCK"))
    assert net.receive(server, 1) == net.error("EAGAIN")
    assert net.guest.process.files.get(client).nonblocking is False


def test_what_is_no_socket_of_this_machine(net: Net) -> None:
    assert net.socket(domain="AF_UNIX") == net.error("EAFNOSUPPORT")
    assert net.socket("SOCK_RAW") == net.error("EINVAL")
    assert net.socket(protocol=net.constant("IPPROTO_UDP")) == net.error("EPROTONOSUPPORT")
    assert net.socket("SOCK_DGRAM", protocol=net.constant("IPPROTO_UDP")) > 2
    fd = net.socket()
    assert net.bind(fd, host=b"\xc0\0\2\1") == net.error("EADDRNOTAVAIL")
    assert net.bind(fd, host=bytes(15) + b"\x01") == net.error("EAFNOSUPPORT")
    assert net.connect(fd, host=b"\xc0\0\2\1") == net.error("ENETUNREACH")
    assert net.connect(fd) == net.error("ECONNREFUSED")
    place, _ = net.address()
    assert net.guest.call("bind", fd, place, 7) == net.error("EINVAL")
    assert net.guest.call("bind", fd, place, 4000) == net.error("EINVAL")
    assert net.guest.call("bind", fd, 0x10, 16) == net.error("EFAULT")


def test_no_network_at_all(make_guest: Any) -> None:
    net = Net(make_guest(ledger=LEDGER, network="none"))
    assert net.socket() == net.error("EAFNOSUPPORT")
    assert net.guest.call("bind", 1, *net.address()) == net.error("ENOTSOCK")


def test_numbers_as_options(net: Net) -> None:
    """set_socket_option and socket_option: what was set is told, cut to the room; what makes no sense is refused."""
    fd = net.socket()
    assert net.option(fd, "IPPROTO_TCP", "TCP_NODELAY") == bytes(4)
    assert net.set_option(fd, "IPPROTO_TCP", "TCP_NODELAY", struct.pack("<i", 5)) == 0
    assert net.option(fd, "IPPROTO_TCP", "TCP_NODELAY") == struct.pack("<i", 1)
    assert net.option(fd, "IPPROTO_TCP", "TCP_NODELAY", room=1) == b"\x01"
    assert net.option(fd, "IPPROTO_TCP", "TCP_NODELAY", room=-1) == net.error("EINVAL")
    assert net.set_option(fd, "IPPROTO_IP", "IP_TTL", struct.pack("<i", 256)) == net.error("EINVAL")
    assert net.set_option(fd, "IPPROTO_IP", "IP_TTL", b"\x01") == net.error("EINVAL")
    assert net.set_option(fd, "IPPROTO_IPV6", "IPV6_V6ONLY", bytes(4)) == net.error("ENOPROTOOPT")
    assert net.set_option(fd, "IPPROTO_TCP", "TCP_MAXSEG", bytes(4)) == net.error("ENOPROTOOPT")
    assert net.option(fd, "SOL_SOCKET", "SO_TYPE") == struct.pack("<i", net.constant("SOCK_STREAM"))
    assert net.option(fd, "SOL_SOCKET", "SO_DOMAIN") == struct.pack("<i", net.constant("AF_INET"))
    assert net.option(fd, "SOL_SOCKET", "SO_ACCEPTCONN") == bytes(4)


def test_an_option_is_named_by_its_level(net: Net) -> None:
    """SO_REUSEADDR and IP_TTL have one number."""
    fd = net.socket()
    assert net.constant("SO_REUSEADDR") == net.constant("IP_TTL")
    assert net.set_option(fd, "IPPROTO_IP", "IP_TTL", struct.pack("<i", 9)) == 0
    assert net.option(fd, "SOL_SOCKET", "SO_REUSEADDR") == bytes(4)
    assert net.option(fd, "IPPROTO_IP", "IP_TTL") == struct.pack("<i", 9)


def test_structs_as_options(net: Net) -> None:
    fd = net.socket()
    assert net.option(fd, "SOL_SOCKET", "SO_RCVTIMEO") == bytes(16)
    assert net.set_option(fd, "SOL_SOCKET", "SO_RCVTIMEO", struct.pack("<qq", 1, 500_000)) == 0
    assert net.option(fd, "SOL_SOCKET", "SO_RCVTIMEO") == struct.pack("<qq", 1, 500_000)
    assert net.set_option(fd, "SOL_SOCKET", "SO_RCVTIMEO", struct.pack("<qq", 1, 1_000_000)) == net.error(
        "EDOM"
    )
    assert net.set_option(fd, "SOL_SOCKET", "SO_SNDTIMEO", bytes(8)) == net.error("EINVAL")
    assert net.set_option(fd, "SOL_SOCKET", "SO_LINGER", struct.pack("<ii", 1, 3)) == 0
    assert net.option(fd, "SOL_SOCKET", "SO_LINGER") == struct.pack("<ii", 1, 3)


def test_a_timeout_passes_on_the_machines_clock(net: Net) -> None:
    client, _ = net.pair()
    assert net.set_option(client, "SOL_SOCKET", "SO_RCVTIMEO", struct.pack("<qq", 3600, 0)) == 0
    before = net.guest.process.clocks.now()
    assert net.receive(client, 1) == net.error("EAGAIN")
    assert net.guest.process.clocks.now() - before >= 3600 * 10**9


def test_an_error_is_told_once(net: Net) -> None:
    fd = net.socket("SOCK_STREAM|SOCK_NONBLOCK")
    assert net.connect(fd) == net.error("EINPROGRESS")
    number = struct.pack("<i", -net.error("ECONNREFUSED"))
    assert net.option(fd, "SOL_SOCKET", "SO_ERROR") == number
    assert net.option(fd, "SOL_SOCKET", "SO_ERROR") == bytes(4)


def test_groups_of_hosts(net: Net) -> None:
    fd = net.socket("SOCK_DGRAM")
    group = b"\xe0\0\0\x7b"
    assert net.set_option(fd, "IPPROTO_IP", "IP_ADD_MEMBERSHIP", group + bytes(4)) == 0
    assert net.set_option(fd, "IPPROTO_IP", "IP_ADD_MEMBERSHIP", group + bytes(4)) == net.error("EADDRINUSE")
    assert net.set_option(fd, "IPPROTO_IP", "IP_DROP_MEMBERSHIP", group + HOST) == net.error("EADDRNOTAVAIL")
    assert net.set_option(fd, "IPPROTO_IP", "IP_ADD_MEMBERSHIP", HOST + HOST) == net.error("EINVAL")
    assert net.set_option(fd, "IPPROTO_IP", "IP_ADD_MEMBERSHIP", group + b"\1\2\3\4") == net.error("ENODEV")


def test_a_full_buffer_takes_no_more(net: Net) -> None:
    client, server = net.pair()
    flags, place = net.constant("MSG_DONTWAIT"), net.guest.room(60_000)
    sent = 0
    while (count := net.guest.call("send", client, place, 60_000, flags, 0, 0)) > 0:
        sent += count
    assert count == net.error("EAGAIN") and sent == net.guest.process.files.get(server).capacity
    net.receive(server, 1)
    assert net.guest.call("send", client, place, 60_000, flags, 0, 0) == 1


def test_a_hostile_run_interrupts_shortens_and_delays(make_guest: Any) -> None:
    """A program that does not ask again loses; one that does has every byte, in order."""
    net = Net(make_guest(ledger=LEDGER, kind=False, seed=3))
    seen = set()

    def until(call: Any) -> Any:
        while True:
            result = call()
            if not isinstance(result, int) or result not in (net.error("EINTR"), net.error("EAGAIN")):
                return result
            seen.add(result)

    listener, client = net.listener(), net.socket()
    until(lambda: net.connect(client))
    server = until(lambda: net.guest.call("accept4", listener, 0, 0, net.constant("SOCK_NONBLOCK")))
    data = bytes(index % 251 for index in range(30_000))
    sent, got, lengths = 0, b"", set()
    while len(got) < len(data):
        chunk = data[sent : sent + 999] if sent == len(got) else b""
        sent += (
            until(lambda chunk=chunk: net.send(client, chunk, net.constant("MSG_DONTWAIT"))) if chunk else 0
        )
        part = until(lambda: net.receive(server, 500))
        lengths.add(len(part))
        got += part
    assert got == data
    assert seen == {net.error("EINTR"), net.error("EAGAIN")} and len(lengths) > 5


def test_the_system_has_a_name(net: Net) -> None:
    """system_name: every text ends in a NUL, and the node has a name."""
    place = net.guest.room(390)
    assert net.guest.call("uname", place) == 0
    data = net.guest.space.read(place, 390)
    texts = [data[start : start + 65].split(b"\0")[0].decode() for start in range(0, 390, 65)]
    assert texts[:2] == ["portwright", "localhost"] and texts[4] == "x86_64"
