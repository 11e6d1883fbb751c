"""The options of sockets by name: which there are, what they may be, and how they lie in memory.

Numbers are C's int; times and the two that name a group of hosts are structs of the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portwright.run.failure import Failed, nearest
from portwright.run.process import Process
from portwright.run.socket_address import LOOPBACK, Endpoint
from portwright.run.socket_file import Socket

INT = 4
SECOND, MICROSECOND = 10**9, 1000
PROTOCOLS = {"SOCK_STREAM": "IPPROTO_TCP", "SOCK_DGRAM": "IPPROTO_UDP"}


@dataclass(frozen=True, slots=True)
class Number:
    """An option that is a number: what it is at first, and what it may be. `default` is what -1 sets."""

    first: int = 0
    low: int = 0
    high: int = (1 << 31) - 1
    flag: bool = False
    kinds: tuple[str, ...] = ("SOCK_STREAM", "SOCK_DGRAM")
    families: tuple[int, ...] = (4, 6)
    default: int | None = None


FLAG = Number(flag=True)
NUMBERS: Mapping[str, Mapping[str, Number]] = {
    "SOL_SOCKET": dict.fromkeys(
        ("SO_REUSEADDR", "SO_REUSEPORT", "SO_BROADCAST", "SO_KEEPALIVE", "SO_OOBINLINE", "SO_DONTROUTE"), FLAG
    ),
    "IPPROTO_TCP": {
        "TCP_NODELAY": Number(flag=True, kinds=("SOCK_STREAM",)),
        "TCP_KEEPIDLE": Number(7200, 1, 32767, kinds=("SOCK_STREAM",)),
        "TCP_KEEPINTVL": Number(75, 1, 32767, kinds=("SOCK_STREAM",)),
        "TCP_KEEPCNT": Number(9, 1, 127, kinds=("SOCK_STREAM",)),
    },
    "IPPROTO_IP": {
        "IP_TTL": Number(64, 1, 255, default=64),
        "IP_TOS": Number(0, 0, 255),
        "IP_MULTICAST_TTL": Number(1, 0, 255, default=1),
        "IP_MULTICAST_LOOP": Number(1, flag=True),
    },
    "IPPROTO_IPV6": {
        "IPV6_V6ONLY": Number(flag=True, families=(6,)),
        "IPV6_UNICAST_HOPS": Number(64, 0, 255, default=64, families=(6,)),
        "IPV6_MULTICAST_HOPS": Number(1, 0, 255, default=1, families=(6,)),
        "IPV6_MULTICAST_LOOP": Number(1, flag=True, families=(6,)),
    },
}
TIMES = {"SO_RCVTIMEO": "read_wait", "SO_SNDTIMEO": "write_wait"}
BUFFERS = ("SO_RCVBUF", "SO_SNDBUF")
SMALLEST_BUFFER = 1024
GROUPS = {
    ("IPPROTO_IP", "IP_ADD_MEMBERSHIP"): (4, True),
    ("IPPROTO_IP", "IP_DROP_MEMBERSHIP"): (4, False),
    ("IPPROTO_IPV6", "IPV6_ADD_MEMBERSHIP"): (6, True),
    ("IPPROTO_IPV6", "IPV6_DROP_MEMBERSHIP"): (6, False),
}


def get(process: Process, socket: Socket, level: str, option: str) -> bytes:
    """An option as it lies in memory; raises `Failed` (ENOPROTOOPT)."""
    if level == "SOL_SOCKET":
        if option in TIMES:
            left = getattr(socket, TIMES[option])
            values = {"tv_sec": left // SECOND, "tv_usec": left % SECOND // MICROSECOND}
            return process.layout("timeval").pack(values)
        if option == "SO_LINGER":
            on, seconds = socket.lingers
            return process.layout("linger").pack({"l_onoff": int(on), "l_linger": seconds})
        found = _fact(process, socket, option)
        if found is not None:
            return found.to_bytes(INT, process.cpu.endian, signed=True)
    number = _number(socket, level, option)
    return socket.options.get(option, number.first).to_bytes(INT, process.cpu.endian, signed=True)


def put(process: Process, socket: Socket, level: str, option: str, data: bytes) -> None:
    """Set an option; raises `Failed` (ENOPROTOOPT, EINVAL, EDOM)."""
    if (level, option) in GROUPS:
        _join(process, socket, *GROUPS[level, option], data)
    elif level == "SOL_SOCKET" and option in TIMES:
        setattr(socket, TIMES[option], _time(_struct(process, "timeval", data)))
    elif level == "SOL_SOCKET" and option == "SO_LINGER":
        fields = _struct(process, "linger", data)
        socket.lingers = (bool(fields["l_onoff"]), fields["l_linger"])
    elif level == "SOL_SOCKET" and option in BUFFERS:
        size = max(SMALLEST_BUFFER, _int(process, data))
        socket.options[option] = size
        if option == "SO_RCVBUF":
            socket.capacity = size
    else:
        _put_number(socket, level, option, _int(process, data))


def _put_number(socket: Socket, level: str, option: str, value: int) -> None:
    number = _number(socket, level, option)
    if option == "IPV6_V6ONLY" and socket.local is not None:
        raise Failed("EINVAL")
    if number.flag:
        value = int(value != 0)
    elif value == -1 and number.default is not None:
        value = number.default
    elif not number.low <= value <= number.high:
        raise Failed("EINVAL")
    socket.options[option] = value


def _number(socket: Socket, level: str, option: str) -> Number:
    found = NUMBERS.get(level, {}).get(option)
    if found is None or socket.kind not in found.kinds or socket.family not in found.families:
        raise Failed("ENOPROTOOPT")
    return found


def _fact(process: Process, socket: Socket, option: str) -> int | None:
    """What can be asked of a socket but not set; None where it is no such option."""
    constants = process.ledger.constants
    match option:
        case "SO_ERROR":
            error = socket.take_error()
            return nearest(process.ledger, error)[1] if error is not None else 0
        case "SO_TYPE":
            return constants[socket.kind]
        case "SO_PROTOCOL":
            return constants.get(PROTOCOLS[socket.kind], 0)
        case "SO_DOMAIN":
            return constants["AF_INET" if socket.family == 4 else "AF_INET6"]
        case "SO_ACCEPTCONN":
            return int(socket.listening)
        case "SO_RCVBUF" | "SO_SNDBUF":
            return socket.options.get(option, socket.capacity)
    return None


def _int(process: Process, data: bytes) -> int:
    if len(data) < INT:
        raise Failed("EINVAL")
    return int.from_bytes(data[:INT], process.cpu.endian, signed=True)


def _struct(process: Process, name: str, data: bytes) -> dict[str, int]:
    layout = process.layout(name)
    if len(data) < layout.size:
        raise Failed("EINVAL")
    return layout.unpack(data[: layout.size])


def _time(fields: Mapping[str, int]) -> int:
    seconds, micros = fields["tv_sec"], fields["tv_usec"]
    if not 0 <= micros < SECOND // MICROSECOND:
        raise Failed("EDOM")
    return 1 if seconds < 0 else seconds * SECOND + micros * MICROSECOND


def _join(process: Process, socket: Socket, family: int, join: bool, data: bytes) -> None:
    """Join a group of hosts at the loopback, or leave it. Nothing is ever sent to one: no way leads there."""
    if socket.family != family:
        raise Failed("ENOPROTOOPT")
    prefix, type_ = ("imr", "ip_mreq") if family == 4 else ("ipv6mr", "ipv6_mreq")
    fields = _struct(process, type_, data)
    size = len(LOOPBACK[family])
    group = fields[f"{prefix}_multiaddr"].to_bytes(size, process.cpu.endian)
    interface = fields[f"{prefix}_interface"]
    if not Endpoint(group, 0).multicast:
        raise Failed("EINVAL")
    own = (0, int.from_bytes(LOOPBACK[4], process.cpu.endian)) if family == 4 else (0, 1)
    if interface not in own:
        raise Failed("ENODEV")
    if join == ((group, interface) in socket.groups):
        raise Failed("EADDRINUSE" if join else "EADDRNOTAVAIL")
    socket.groups ^= {(group, interface)}
