"""The edits that give Rust's std files as POSIX has them: by number (`std::os::fd`), with paths from `/`, and with
the OS's own module of extensions.

std's files on descriptors say names of C; `layer/c_names.rs` has the few that they say.
"""

from __future__ import annotations

from pathlib import Path

from portwright.derive.edit import ArmFirst, AttributeTerm, CfgTerm, Edit, LastItems, NewFile

_FD = "std/src/os/fd"


def edits(os: str, condition: str, layer: Path) -> list[Edit]:
    """All edits for an OS, in a fixed order; `condition` is the predicate that holds on it alone."""
    return [
        *_descriptors(condition),
        *_terminal(condition),
        CfgTerm(
            "std/src/sys/path/unix.rs",
            'target_os = "hermit"',
            condition,
            "no path would be absolute: one needed a drive letter",
        ),
        *_extensions(os, condition, layer),
    ]


def module(os: str) -> str:
    """The OS's name as the name of a module: `std::os::NAME`."""
    name = "".join(char if char.isalnum() else "_" for char in os.lower())
    return f"_{name}" if name[:1].isdigit() else name


def _descriptors(condition: str) -> list[Edit]:
    names = f"#[cfg({condition})]\nuse crate::sys::c_names as libc;"
    return [
        ArmFirst(
            "std/src/sys/fd/mod.rs",
            1,
            1,
            f"{condition} => {{\n    mod portwright;\n    pub use portwright::*;\n}}",
            "files, pipes and sockets are open files by number",
        ),
        AttributeTerm("std/src/os/mod.rs", "pub mod fd", condition, "there would be no `std::os::fd`"),
        AttributeTerm(
            f"{_FD}/raw.rs", "use super::owned::OwnedFd", condition, "each OS brings the type from elsewhere"
        ),
        LastItems(f"{_FD}/raw.rs", names, "the numbers of the standard streams"),
        LastItems(f"{_FD}/owned.rs", names, "closing and duplicating an open file"),
    ]


def _terminal(condition: str) -> list[Edit]:
    arm = f"{condition} => {{\n    mod portwright;\n    pub use portwright::*;\n}}"
    return [ArmFirst("std/src/sys/io/mod.rs", 2, 2, arm, "nothing would be a terminal")]


def _extensions(os: str, condition: str, layer: Path) -> list[Edit]:
    name = module(os)
    found: list[Edit] = [
        NewFile(
            f"std/src/os/{name}/{path.name}",
            path.read_text(encoding="utf-8"),
            "modes, links and numbers of files, as std::os has them for each OS",
        )
        for path in sorted((layer / "ext").glob("*.rs"))
    ]
    item = f"#[cfg({condition})]\npub mod {name};"
    return [*found, LastItems("std/src/os/mod.rs", item, f"there would be no `std::os::{name}`")]
