"""Make a socket: one end of a connection, or of an exchange of datagrams."""

from __future__ import annotations

from portwright.run.datagram_socket import DatagramSocket
from portwright.run.failure import Failure
from portwright.run.process import Process
from portwright.run.socket_calls import set_nonblocking
from portwright.run.socket_file import Socket
from portwright.run.stream_socket import StreamSocket

KINDS: dict[str, tuple[type[Socket], tuple[str, ...]]] = {
    "SOCK_STREAM": (StreamSocket, ("IPPROTO_TCP",)),
    "SOCK_DGRAM": (DatagramSocket, ("IPPROTO_UDP",)),
}


def perform(process: Process, domain: str, type: frozenset[str] | None, protocol: str) -> int | Failure:
    """Of the machine's own network; a machine without one knows no family of addresses."""
    network = process.kernel.network
    family = network.addresses.family(domain) if network is not None else None
    if network is None or family is None:
        return Failure("EAFNOSUPPORT")
    flags = type or frozenset()
    kind = next((name for name in KINDS if name in flags), None)
    if kind is None or flags - {kind, "SOCK_CLOEXEC", "SOCK_NONBLOCK"}:
        return Failure("EINVAL")
    make, protocols = KINDS[kind]
    if protocol and protocol not in ("IPPROTO_IP", "0x0", *protocols):
        return Failure("EPROTONOSUPPORT")
    made = make(network, family, process.kernel)
    set_nonblocking(made, flags)
    return process.files.add(lambda: made, stays="SOCK_CLOEXEC" in flags)
