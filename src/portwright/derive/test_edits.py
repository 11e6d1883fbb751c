"""The edits that make Rust's own tests speak of a port: conditions that name every OS which a test is for.

Nothing here changes what a program sees: only files of tests are edited, and a module that exists in tests alone.
"""

from __future__ import annotations

from portwright.derive.edit import ArmFirst, EachCfg, Edit, ItemAttribute, LastItems

_FS, _PROCESS = "std/src/fs/tests.rs", "std/src/process/tests.rs"


def edits(condition: str, module: str, *, threads: bool, packed_words: bool = False) -> list[Edit]:
    """All of them, for the OS on which `condition` holds and whose extensions are `std::os::MODULE`; `packed_words`: a
    pointer need not lie at a multiple of its size there."""
    files = "links, modes and places are what this system's files have too"
    found: list[Edit] = [
        LastItems(
            "std/src/os/mod.rs",
            f"#[cfg(all(test, {condition}))]\npub(crate) use self::{module} as unix;",
            "std's own tests say `os::unix` for what they ask of every system with such files",
        ),
        EachCfg(_FS, "unix", condition, 21, files),
        EachCfg(
            _FS,
            "windows",
            condition,
            61,
            "locks on files are held, or said to be unsupported",
            (50, 51, 52, 53),
        ),
        EachCfg(
            _PROCESS,
            "unix",
            condition,
            3,
            "signals and `env` are there; nothing runs between fork and exec",
            places=(1, 3),
        ),
        EachCfg("std/src/net/tcp/tests.rs", "unix", condition, 1, "a socket shows its number"),
        EachCfg("std/src/io/pipe/tests.rs", "unix", condition, 1, "there are pipes and processes"),
        LastItems(
            "std/src/os/raw/tests.rs",
            f"#[cfg({condition})]\nuse crate::ffi as libc;",
            "there is no libc to compare with: the names of C are core's",
        ),
        EachCfg("std/src/ffi/os_str/tests.rs", "unix", condition, 3, "its strings are bytes"),
        EachCfg("std/tests/path.rs", "unix", condition, 6, "paths are separated by `/`"),
    ]
    if threads:
        found.append(_most_readers(condition))
    if packed_words:
        found.append(_no_padding(condition))
    return found


def _no_padding(condition: str) -> Edit:
    return ItemAttribute(
        "coretests/tests/ptr.rs",
        "fn test_ptr_swap_nonoverlapping_is_untyped",
        f"#[cfg(not({condition}))]",
        "it is about the padding behind a word and a byte, and while it is compiled it fails where there is none",
    )


def _most_readers(condition: str) -> Edit:
    return ArmFirst(
        "std/tests/sync/rwlock.rs",
        1,
        1,
        f"{condition} => {{ (1 << 30) - 2 }}",
        "the locks are those that wait on a futex",
    )
