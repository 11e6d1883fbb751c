"""What std's platform layer needs of a ledger besides the operations themselves: constants, struct fields, tables.

The generator of std's constants, `portwright std` and the ledger's check read these; nothing here judges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portwright.describe.ledger import Call, Ledger, Packed, Part
from portwright.describe.operation import Operation


@dataclass(frozen=True, slots=True)
class Layout:
    """A struct that the layer packs or reads by itself: of no use without `fields`; `better` only widens it."""

    type: str
    fields: tuple[str, ...]
    better: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """What one operation needs: without `constants`, `fields` and `layouts` it cannot work; `better` only widens it.

    `own` are constants that the layer names with the operation, for its call may have values of its own. `fields`
    are those of the operation's own structs, `layouts` other structs, which lie in its buffers.
    """

    constants: tuple[str, ...] = ()
    better: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    better_fields: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    layouts: tuple[Layout, ...] = ()
    better_layouts: tuple[Layout, ...] = ()
    directory: bool = False
    clock: bool = False


_STATUS = Need(
    constants=("S_IFMT", "S_IFDIR", "S_IFREG"),
    better=("S_IFLNK", "S_IFCHR", "S_IFBLK", "S_IFIFO", "S_IFSOCK"),
    fields=("st_mode", "st_size"),
    better_fields=(
        *("st_atime", "st_atime_nsec", "st_mtime", "st_mtime_nsec"),
        *("st_birthtime", "st_birthtime_nsec", "st_ctime", "st_ctime_nsec"),
        *("st_dev", "st_ino", "st_nlink", "st_uid", "st_gid", "st_rdev", "st_blksize", "st_blocks"),
    ),
)
_TIMES = Need(better=("UTIME_OMIT",), fields=("atime_sec", "atime_nsec", "mtime_sec", "mtime_nsec"))
_VECTORS = Need(fields=("iov_base", "iov_len"))
_TIME = ("tv_sec", "tv_nsec")
_V4 = Layout("sockaddr_in", ("sin_family", "sin_port", "sin_addr"), ("sin_len",))
_V6 = Layout(
    "sockaddr_in6",
    ("sin6_family", "sin6_port", "sin6_addr"),
    ("sin6_len", "sin6_flowinfo", "sin6_scope_id"),
)
_ADDRESS = Need(layouts=(_V4,), better_layouts=(_V6,))

NEEDS: Mapping[str, Need] = {
    "open": Need(
        constants=("O_RDONLY",),
        better=("O_WRONLY", "O_RDWR", "O_CREAT", "O_EXCL", "O_TRUNC", "O_APPEND", "O_CLOEXEC", "O_DIRECTORY"),
    ),
    "seek": Need(constants=("SEEK_SET", "SEEK_CUR", "SEEK_END")),
    "map_memory": Need(constants=("PROT_READ", "PROT_WRITE", "MAP_PRIVATE", "MAP_ANONYMOUS")),
    "fd_status": _STATUS,
    "file_status": _STATUS,
    "link_status": _STATUS,
    "read_directory": Need(directory=True),
    "clock_read": Need(fields=_TIME, clock=True),
    "thread_clone": Need(
        constants=("CLONE_VM", "CLONE_SIGHAND", "CLONE_THREAD"),
        better=("CLONE_FS", "CLONE_FILES", "CLONE_SYSVSEM", "CLONE_SETTLS", "CLONE_CHILD_CLEARTID"),
    ),
    "futex_wait": Need(fields=_TIME),
    "protect_memory": Need(better=("PROT_NONE",)),
    "sleep": Need(fields=_TIME),
    "create_pipe": Need(own=("O_CLOEXEC",), fields=("read", "write")),
    "set_descriptor_flags": Need(constants=("FD_CLOEXEC",)),
    "set_status_flags": Need(constants=("O_NONBLOCK",)),
    "poll": Need(
        constants=("POLLIN", "POLLOUT"),
        better=("POLLNVAL",),
        fields=_TIME,
        layouts=(Layout("pollfd", ("fd", "events", "revents")),),
    ),
    "wait": Need(better=("WNOHANG",), fields=("status",)),
    "kill": Need(constants=("SIGKILL",), better=("SIGABRT",)),
    "signal_action": Need(constants=("SIGPIPE", "SIG_DFL", "SIG_IGN"), fields=("sa_handler",)),
    "set_times": _TIMES,
    "fd_set_times": _TIMES,
    "link_set_times": _TIMES,
    "read_vectored": _VECTORS,
    "write_vectored": _VECTORS,
    "lock_file": Need(constants=("LOCK_SH", "LOCK_EX", "LOCK_NB", "LOCK_UN")),
    "terminal_status": Need(),
    "open_at": Need(better=("O_NOFOLLOW",)),
    "remove_at": Need(better=("AT_REMOVEDIR",)),
    "status_at": Need(better=("AT_SYMLINK_NOFOLLOW",)),
    "socket": Need(
        constants=("AF_INET", "SOCK_STREAM", "SOCK_DGRAM"),
        better=("AF_INET6", "SOCK_CLOEXEC"),
    ),
    "bind": _ADDRESS,
    "accept": _ADDRESS,
    "connect": _ADDRESS,
    "send_to": _ADDRESS,
    "receive_from": _ADDRESS,
    "socket_name": _ADDRESS,
    "peer_name": _ADDRESS,
    "send": Need(better=("MSG_NOSIGNAL",)),
    "receive": Need(better=("MSG_PEEK",)),
    "shutdown": Need(constants=("SHUT_RD", "SHUT_WR", "SHUT_RDWR")),
    "set_socket_option": Need(
        constants=("SOL_SOCKET",),
        better=(
            *("SO_REUSEADDR", "SO_RCVTIMEO", "SO_SNDTIMEO", "SO_LINGER", "SO_BROADCAST"),
            *("IPPROTO_TCP", "TCP_NODELAY", "IPPROTO_IP", "IP_TTL", "IPPROTO_IPV6", "IPV6_V6ONLY"),
            *("IP_MULTICAST_TTL", "IP_MULTICAST_LOOP", "IP_ADD_MEMBERSHIP", "IP_DROP_MEMBERSHIP"),
            *("IPV6_MULTICAST_LOOP", "IPV6_ADD_MEMBERSHIP", "IPV6_DROP_MEMBERSHIP"),
        ),
        better_layouts=(
            Layout("timeval", ("tv_sec", "tv_usec")),
            Layout("linger", ("l_onoff", "l_linger")),
            Layout("ip_mreq", ("imr_multiaddr", "imr_interface")),
            Layout("ipv6_mreq", ("ipv6mr_multiaddr", "ipv6mr_interface")),
        ),
    ),
    "socket_option": Need(constants=("SOL_SOCKET",), better=("SO_ERROR",)),
    "system_name": Need(fields=("nodename",)),
}
ERRORS: tuple[str, ...] = (
    *("EACCES", "EAGAIN", "EBADF", "EEXIST", "EINTR", "EINVAL", "ELOOP", "ENOENT", "ENOMEM", "ENOSYS"),
    *("ENOTDIR", "ERANGE", "ETIMEDOUT"),
    *("EALREADY", "EINPROGRESS", "EISCONN"),
)


def need(operation: str) -> Need:
    """What an operation needs besides a call that means it."""
    return NEEDS.get(operation, Need())


def constants() -> dict[str, str]:
    """Every constant that the layer names, sorted, with the operation that it is for."""
    rows = {name: of for of, each in NEEDS.items() for name in (*each.constants, *each.better)}
    return dict(sorted(rows.items()))


def own_constants() -> tuple[tuple[str, str], ...]:
    """Constants that the layer names with their operation: name and operation."""
    return tuple((name, of) for of, each in sorted(NEEDS.items()) for name in each.own)


def fields(operations: Mapping[str, Operation]) -> dict[str, tuple[str, ...]]:
    """The fields that the layer reads or writes, by the type's name."""
    found: dict[str, dict[str, None]] = {}
    for name, each in NEEDS.items():
        for argument in operations[name].arguments:
            if argument.type is not None:
                rows = found.setdefault(argument.type, {})
                rows.update(dict.fromkeys((*each.fields, *each.better_fields)))
        for layout in (*each.layouts, *each.better_layouts):
            found.setdefault(layout.type, {}).update(dict.fromkeys((*layout.fields, *layout.better)))
    return {name: tuple(rows) for name, rows in sorted(found.items())}


def lacks(ledger: Ledger, operation: Operation) -> tuple[str, ...]:
    """What an operation that the ledger offers still lacks there: `[types.stat] st_mode`, `[constants] O_RDONLY`."""
    wanted = need(operation.name)
    _, call = ledger.offers[operation.name]
    given = passed(call, operation)
    unpassed = tuple(start for a in operation.arguments if a.name not in given for start in a.prefixes)
    missing = [
        f"[constants] {name}"
        for name in wanted.constants
        if ledger.constant(name, call) is None and not name.startswith(unpassed)
    ]
    for argument in operation.arguments:
        if argument.type is None or not by_address(call, argument.name):
            continue
        missing += absent(ledger, Layout(argument.type, wanted.fields))
    for layout in wanted.layouts:
        missing += absent(ledger, layout)
    if wanted.directory and ledger.directory is None:
        missing.append("[directory]")
    if wanted.clock and not ledger.clocks:
        missing.append("[clocks]")
    return tuple(dict.fromkeys(missing))


def absent(ledger: Ledger, layout: Layout) -> list[str]:
    """What of a struct the ledger does not lay out: all of it, or fields."""
    known = ledger.types.get(layout.type)
    if known is None:
        return [f"[types.{layout.type}]"]
    return [f"[types.{layout.type}] {name}" for name in layout.fields if name not in known.fields]


def passed(call: Call, operation: Operation) -> frozenset[str]:
    """The operation's arguments that a call passes, whole, packed or in part."""
    if call.arguments is None:
        return frozenset(argument.name for argument in operation.arguments)
    found: set[str] = set()
    for each in call.arguments:
        if isinstance(each, str):
            found.add(each)
        elif isinstance(each, Packed):
            found.update(row.argument for row in each.pack)
        elif isinstance(each, Part):
            found.add(each.argument)
    return frozenset(found)


def by_address(call: Call, argument: str) -> bool:
    """Whether a call passes a struct argument's address, not a part of it (or nothing)."""
    return call.arguments is None or argument in call.arguments


def thread_pointer(ledger: Ledger) -> bool:
    """Whether a program's threads have a thread pointer, so that `#[thread_local]` can work."""
    facts = ledger.entry.thread_pointer
    if facts.set_by != "program":
        return facts.set_by == "os"
    return facts.through == "register" or "set_thread_pointer" in ledger.offers
