"""The ledgers of Linux against the kernel's own headers: a C compiler works out each number, size and offset.

The headers of the other CPU come in a package of their own (linux-libc-dev-arm64-cross); constants that only a C
library's headers have are the same on both.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from portwright.describe import port as ports
from portwright.describe.ledger import ErrorNumber, Ledger

INCLUDES = [
    "asm/fcntl.h",
    "linux/fcntl.h",
    "linux/stat.h",
    "asm/mman.h",
    "linux/mman.h",
    "linux/sched.h",
    "linux/futex.h",
    "linux/wait.h",
    "linux/prctl.h",
    "asm/resource.h",
    "linux/resource.h",
    "asm/signal.h",
    "linux/time.h",
    "linux/time_types.h",
    "linux/random.h",
    "asm/poll.h",
    "linux/eventpoll.h",
    "asm/termbits.h",
    "asm/termios.h",
    "asm/ioctls.h",
    "linux/in.h",
    "linux/in6.h",
    "linux/un.h",
    "asm/socket.h",
    "linux/tcp.h",
    "linux/fs.h",
    "linux/utsname.h",
    "linux/uio.h",
    "asm/stat.h",
    "asm/errno.h",
]
# What the kernel's headers leave to a C library's.
OF_THE_LIBRARY = re.compile(r"AF_|SOCK_|SHUT_|MSG_|SOMAXCONN|DT_|UTIME_|S_IFMT")
LIBRARY_INCLUDES = ["sys/stat.h", "sys/socket.h", "dirent.h"]
# The C name of a ledger's type, where it is another; None: no header has it, only the kernel's manual.
STRUCTS = {
    "timespec": "__kernel_timespec",
    "timeval": "__kernel_old_timeval",
    "itimerspec": "__kernel_itimerspec",
    "utsname": "new_utsname",
    "timespec_pair": None,
    "fd_pair": None,
    "wait_status": None,
    "linger": None,
    "dirent64": None,
}
FIELDS = {
    "itimerspec.it_interval_sec": "it_interval.tv_sec",
    "itimerspec.it_interval_nsec": "it_interval.tv_nsec",
    "itimerspec.it_value_sec": "it_value.tv_sec",
    "itimerspec.it_value_nsec": "it_value.tv_nsec",
    "ipv6_mreq.ipv6mr_interface": "ipv6mr_ifindex",
}


@dataclass(frozen=True)
class Headers:
    """The kernel's headers for one CPU, and the ledger that they are compared with."""

    ledger: Ledger
    flags: tuple[str, ...]

    def macros(self, header: str) -> dict[str, str]:
        """Every macro of a header, as it is defined."""
        command = ["gcc", "-E", "-dM", *self.flags, "-x", "c", "-"]
        done = subprocess.run(
            command, input=f"#include <{header}>\n", capture_output=True, text=True, check=True
        )
        return dict(re.findall(r"^#define (\w+) (.+)$", done.stdout, re.MULTILINE))

    def values(self, folder: Path, expressions: dict[str, str], *, library: bool = False) -> dict[str, int]:
        """What C makes of some expressions."""
        lines = [f'  printf("{name} %lld\\n", (long long)({text}));\n' for name, text in expressions.items()]
        includes = LIBRARY_INCLUDES if library else INCLUDES
        head = "#define _GNU_SOURCE\n" + "".join(f"#include <{name}>\n" for name in includes)
        source = folder / "values.c"
        source.write_text(
            head + "int printf(const char *, ...);\nint main(void) {\n" + "".join(lines) + "}\n"
        )
        flags = () if library else self.flags
        subprocess.run(
            ["gcc", "-w", *flags, "-o", folder / "values", source], check=True, capture_output=True
        )
        output = subprocess.run([folder / "values"], check=True, capture_output=True, text=True).stdout
        return {name: int(value) for name, value in (line.split() for line in output.splitlines())}


SYSTEMS = {
    "x86_64-portwright-linux": (("/usr/include/x86_64-linux-gnu", "/usr/include"), ()),
    "aarch64-portwright-linux": (("/usr/aarch64-linux-gnu/include",), ("-U__x86_64__", "-D__aarch64__")),
}


@pytest.fixture(params=[name for name in SYSTEMS if name in ports.bundled()])
def headers(request: pytest.FixtureRequest) -> Headers:
    folders, flags = SYSTEMS[request.param]
    if shutil.which("gcc") is None:
        pytest.skip(f"{request.param}: no gcc here to read headers with")
    if not Path(folders[0], "asm/unistd.h").is_file():
        pytest.skip(
            f"{request.param}: no kernel headers in {folders[0]} (linux-libc-dev, linux-libc-dev-arm64-cross)"
        )
    where = [word for folder in folders for word in ("-isystem", folder)]
    return Headers(ports.load(request.param).ledger, ("-nostdinc", *where, *flags))


def number(macros: dict[str, str], name: str) -> int | None:
    text = macros.get(name)
    return number(macros, text) if text in macros else None if text is None else int(text, 0)


def test_each_call_has_its_number(headers: Headers) -> None:
    macros = headers.macros("asm/unistd.h")
    wrong = {
        name: (call.number, number(macros, f"__NR_{call.kernel_name or name}"))
        for name, call in headers.ledger.syscalls.items()
        if call.number != number(macros, f"__NR_{call.kernel_name or name}")
    }
    assert wrong == {}
    known = {call.number for call in headers.ledger.syscalls.values()}
    absent = {
        name
        for name in macros
        if name.startswith("__NR_") and (value := number(macros, name)) is not None and value <= 450
        if value not in known and name not in ("__NR_syscalls", "__NR_arch_specific_syscall")
    }
    assert absent == set(), "the whole table, as far as 6.1 had one"
    assert len(known) > 300


def test_each_error_has_its_number(headers: Headers) -> None:
    macros = headers.macros("asm/errno.h")
    said = {n: e.number if isinstance(e, ErrorNumber) else e for n, e in headers.ledger.errors.items()}
    assert said == {name: number(macros, name) for name in said}
    assert {name for name in macros if re.fullmatch(r"E[A-Z0-9]+", name) and macros[name].isdigit()} <= set(
        said
    )


def test_each_constant_has_its_value(headers: Headers, tmp_path: Path) -> None:
    said = {n: v for n, v in headers.ledger.constants.items() if n != "S_IFMT"}
    said |= {
        n: v
        for call in headers.ledger.syscalls.values()
        for n, v in call.constants.items()
        if n != "ARCH_SET_FS"
    }
    library = {name for name in said if OF_THE_LIBRARY.match(name)}
    found = headers.values(tmp_path, {name: name for name in said if name not in library})
    found |= headers.values(tmp_path, {name: name for name in library}, library=True)
    assert {n: v for n, v in said.items() if v & 0xFFFF_FFFF != found[n] & 0xFFFF_FFFF} == {}
    assert len(said) > 200
    assert headers.ledger.constants["S_IFMT"] == 0o170000


def test_each_struct_has_its_layout(headers: Headers, tmp_path: Path) -> None:
    wanted: dict[str, tuple[str, int]] = {}
    for name, struct in headers.ledger.types.items():
        tag = STRUCTS.get(name, name)
        if tag is None:
            continue
        wanted[name] = (f"sizeof(struct {tag})", struct.size)
        for field, place in struct.fields.items():
            path = FIELDS.get(f"{name}.{field}", field)
            wanted[f"{name}.{field}"] = (f"__builtin_offsetof(struct {tag}, {path})", place.offset)
            wanted[f"{name}.{field}.size"] = (f"sizeof(((struct {tag} *)0)->{path})", place.size)
    found = headers.values(tmp_path, {name: text for name, (text, _) in wanted.items()})
    assert found == {name: value for name, (_, value) in wanted.items()}
    assert len(found) > 100


def test_entries_of_a_directory_are_the_type_s(headers: Headers) -> None:
    """No header has `struct linux_dirent64`; that both places say one thing can be seen, and programs show the rest."""
    table, entry = headers.ledger.directory, headers.ledger.types["dirent64"]
    assert table is not None
    assert (table.inode, table.length, table.type, table.name) == (
        entry.fields["d_ino"], entry.fields["d_reclen"], entry.fields["d_type"], entry.size,
    )  # fmt: skip
