"""What a person sees of `boot`: of one, of one that went wrong, and of many."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.console import Console

from portwright.cli.views import boot as view
from portwright.jobs.boot import Known, Result, Row, Run
from portwright.judge.boot import Reached
from portwright.judge.divergence import Divergence
from portwright.judge.verdict import Verdict

GOOD = Run(
    (Row("boot", Verdict("passed", "1 milestone in 0.5 s")), Row("ls", Verdict("passed"), 0.1, "a\nb\n")),
    (Reached("up", 0.5),),
    0.5,
    "QEMU",
    Path("t.jsonl"),
    "qemu -x",
)
BAD = replace(
    GOOD,
    rows=(
        Row("boot", Verdict("panicked", "`ouch` after `up`", "last line")),
        Row("rustc", Verdict("not-run", "needs an image with rustc")),
    ),
    known=(Known("a", "ouch", "hit", "rest", "certain"),),
    divergence=Divergence("same", "other", "wanted"),
)


def shown(result: Result) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        view.view(result, console)
    return captured.get()


def test_a_good_boot_is_short() -> None:
    text = shown(Result("p", "m", GOOD.verdict, (GOOD,)))
    assert text == "p, machine m: QEMU\npassed  boot: 1 milestone in 0.5 s\npassed  ls\na\nb\n"
    assert Result("p", "m", GOOD.verdict, (GOOD,)).status == 0


def test_a_bad_one_says_all_that_helps() -> None:
    result = Result("p", "m", BAD.verdict, (BAD,))
    text = shown(result)
    for words in ("panicked  boot: `ouch`", "not-run   rustc: needs an image with rustc", "last line"):
        assert words in text
    for words in (
        "known failure a (certain): ouch",
        "cause: hit",
        "cure:  rest",
        "good: wanted",
        "by hand: qemu -x",
    ):
        assert words in text
    assert result.status == 1


def test_of_many_the_count_and_the_first_bad_one() -> None:
    text = shown(Result("p", "m", Verdict("flaky", "1 passed, 1 panicked of 2 boots"), (GOOD, BAD)))
    assert "flaky  boots: 1 passed, 1 panicked of 2 boots" in text
    assert "`ouch`" in text and "passed  boot" not in text


def test_what_an_image_lacks_fails_nothing_and_passes_nothing() -> None:
    run = replace(GOOD, rows=(GOOD.rows[0], BAD.rows[1]))
    assert Result("p", "m", run.verdict, (run,)).status == 0
    assert "not-run" in shown(Result("p", "m", run.verdict, (run,)))
