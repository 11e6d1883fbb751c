"""The words in which faults are asked for: every rule can be written and read back, and each mistake has its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portwright.describe import port as ports
from portwright.run.fault_rule import Rule, parse

LEDGER = ports.load("x86_64-unknown-veridian").ledger
CALLS = st.sampled_from(
    [("*",), ("read",), ("write", "read"), ("read", "open"), ("lseek", "read"), ("getrandom", "open")]
)
PATHS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
COUNTS = st.integers(1, 10**12)
FDS = st.tuples(st.integers(0, 100), st.none() | st.integers(100, 200))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Any rule that some call of the ledger fits."""
    calls = draw(CALLS)
    by_path = {"*", "open"} & set(calls) != set() and draw(st.booleans())
    error = draw(st.sampled_from(sorted(LEDGER.errors))) if by_path or draw(st.booleans()) else None
    first = draw(st.just(1) | COUNTS)
    probability = draw(st.none() | st.floats(0, 1, exclude_min=True))
    after = None if by_path else draw(st.none() | COUNTS)
    by_number = not by_path and {"*", "read"} & set(calls) != set()
    return Rule(
        calls,
        error=error,
        short=draw(st.integers(0, 10**9)) if error is None else None,
        first=first,
        last=draw(st.none() | st.integers(first, first + 100)),
        every=draw(COUNTS),
        probability=probability,
        seed=None if probability is None else draw(st.none() | st.integers(0, 10**9)),
        times=draw(st.none() | COUNTS),
        after=after,
        fd=draw(st.none() | FDS) if by_number else None,
        late=error is not None and after is None and draw(st.booleans()),
        path=draw(PATHS) if by_path else None,
    )


@given(rules())
def test_a_rule_that_is_written_is_read_back(rule: Rule) -> None:
    assert parse(str(rule), LEDGER) == (rule, [])


@given(st.text(st.sampled_from("readwtopnEIO=,:.*+0123456789shfdlaucybi"), max_size=40))
def test_whatever_is_written_is_a_rule_or_faults_with_places(text: str) -> None:
    rule, faults = parse(text, LEDGER)
    assert (rule is None) == bool(faults)
    assert all(fault.what.startswith("character ") and fault.code == "run/faults" for fault in faults)
    if rule is not None:
        assert parse(str(rule), LEDGER) == (rule, [])


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("write=EIO", Rule(("write",), "EIO")),
        ("lseek=EINVAL,once", Rule(("lseek",), "EINVAL", last=1)),
        ("seek=EINVAL,nth=3", Rule(("seek",), "EINVAL", first=3, last=3)),
        ("open=EACCES,nth=2..,path=/a,b=c", Rule(("open",), "EACCES", first=2, path="/a,b=c")),
        ("read=short", Rule(("read",), short=1)),
        ("read+write=short:0,fd=1", Rule(("read", "write"), short=0, fd=(1, 1))),
        ("read=EIO,fd=3..", Rule(("read",), "EIO", fd=(3, None))),
        ("read=EIO,fd=0..2", Rule(("read",), "EIO", fd=(0, 2))),
        ("write=EIO,after=64K", Rule(("write",), "EIO", after=65536)),
        ("*=EINTR,probability=0.5,seed=7", Rule(("*",), "EINTR", probability=0.5, seed=7)),
        ("write=LimitExceeded,late,times=2", Rule(("write",), "LimitExceeded", late=True, times=2)),
    ],
)
def test_the_forms(text: str, rule: Rule) -> None:
    assert parse(text, LEDGER) == (rule, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["character 1: this names no call"]),
        ("write", ["character 6: this names no call"]),
        ("wirte=EIO", ["character 1: no call or operation is called `wirte`"]),
        ("umask=EIO", ["character 1: `umask` means no operation in the ledger"]),
        ("write=ENOSPC", ["character 7: the ledger has no error `ENOSPC`"]),
        ("write=5", ["character 7: `5` is neither an error's name nor short"]),
        ("write=short:x", ["character 13: `x` is no whole number from 0"]),
        ("write=EIO,nth=0", ["character 15: `0` is no whole number from 1"]),
        ("write=EIO,nth=5..2", ["character 15: `5..2` ends before it begins"]),
        ("write=EIO,once,nth=2", ["character 16: `nth` was said already, at character 11"]),
        ("write=EIO,once=1", ["character 11: `once` stands alone"]),
        ("write=EIO,fd", ["character 11: `fd` needs a value: fd=..."]),
        ("write=EIO,probability=2", ["character 23: `2` is no probability"]),
        ("write=EIO,seed=1", ["character 11: `seed` decides nothing without `probability`"]),
        ("write=EIO,after=1x", ["character 17: `1x` is no size"]),
        ("write=short,late", ["character 13: `late` does not go with `short`"]),
        ("write=EIO,after=1,late", ["character 19: `late` does not go with `after`"]),
        ("exit=EIO,fd=1", ["character 10: no call that is named here takes a file's number"]),
        ("close=EIO,path=/x", ["character 11: no call that is named here takes a path"]),
        ("brk=ENOMEM,after=1K", ["character 12: no call that is named here is told a length in bytes"]),
        ("read+open=EIO,fd=1,path=/x", ["character 1: no single call that is named here has all"]),
        ("close=short", ["character 7: no call that is named here may do less than it is asked for"]),
        (
            "wirte=EOI,nht=2,fd=-1",
            [
                "character 1: no call",
                "character 7: the ledger",
                "character 11: there is no",
                "character 20: `-1`",
            ],
        ),
    ],
)
def test_all_mistakes_in_one_pass_each_at_its_place(text: str, said: list[str]) -> None:
    rule, faults = parse(text, LEDGER)
    assert rule is None
    assert [fault.what.startswith(words) for fault, words in zip(faults, said, strict=True)] == [True] * len(
        said
    )


def test_a_mistake_says_what_was_meant() -> None:
    hints = {text: parse(text, LEDGER)[1][0].hint for text in ("wirte=EIO", "write=ENOSPC", "write=EOI")}
    assert hints["wirte=EIO"] == "did you mean `write`?"
    assert hints["write=ENOSPC"] == "the nearest that it has is EIO"
    assert hints["write=EOI"] == "did you mean `EIO`?"


def test_an_operations_name_is_not_the_name_of_a_call_that_means_another() -> None:
    """On Linux the call `exit` ends a thread, and `exit_group` the process."""
    linux = ports.load("x86_64-portwright-linux").ledger
    (rule, _), (other, _) = parse("exit=EIO", linux), parse("exit_group=EIO", linux)
    assert rule is not None and other is not None
    assert rule.aims_at("exit_group", "exit") and not rule.aims_at("exit", "thread_exit")
    assert other.aims_at("exit_group", "exit")
