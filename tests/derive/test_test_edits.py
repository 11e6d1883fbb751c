"""The edits for Rust's own tests: only files of tests, and a module that exists in tests alone."""

from __future__ import annotations

from portwright.derive import test_edits
from portwright.derive.edit import LastItems

CONDITION = 'target_os = "myos"'


def test_nothing_that_a_program_sees_is_edited() -> None:
    for edit in test_edits.edits(CONDITION, "myos", threads=True):
        if edit.path == "std/src/os/mod.rs":
            assert isinstance(edit, LastItems)
            assert f"cfg(all(test, {CONDITION}))" in edit.items and "self::myos as unix" in edit.items
        else:
            assert edit.path.endswith("tests.rs") or edit.path.startswith("std/tests/"), edit.path
        assert edit.why


def test_the_limit_of_readers_is_the_futex_locks_only_where_there_are_such() -> None:
    def paths(*, threads: bool) -> set[str]:
        return {edit.path for edit in test_edits.edits(CONDITION, "myos", threads=threads)}

    assert paths(threads=True) - paths(threads=False) == {"std/tests/sync/rwlock.rs"}


def test_a_test_of_padding_is_left_out_only_where_there_is_none() -> None:
    def paths(*, packed: bool) -> set[str]:
        found = test_edits.edits(CONDITION, "myos", threads=True, packed_words=packed)
        return {edit.path for edit in found}

    assert paths(packed=True) - paths(packed=False) == {"coretests/tests/ptr.rs"}
