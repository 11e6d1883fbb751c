"""What `portwright doctest` shows: as libtest shows it, so that people and tools read it alike."""

from __future__ import annotations

import io

from rich.console import Console

from portwright.build.doctests import Outcome
from portwright.cli.views import doctest
from portwright.jobs.doctest import Result


def shown(result: Result) -> str:
    """The text that the view prints."""
    file = io.StringIO()
    doctest.view(result, Console(file=file, soft_wrap=True, highlight=False))
    return file.getvalue()


def test_each_outcome_and_the_sum() -> None:
    rows = (Outcome("a [1]", "ok"), Outcome("b", "FAILED", "why"), Outcome("c", "ignored"))
    result = Result(rows, 4, 0.5)
    assert result.status == 1
    assert shown(result) == (
        "\nrunning 3 tests\ntest a [1] ... ok\ntest b ... FAILED\ntest c ... ignored\n\nfailures:\n\n"
        "---- b stdout ----\nwhy\n\nfailures:\n    b\n\n"
        "test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.50s\n\n"
    )


def test_one_good_test_and_none_at_all() -> None:
    assert Result((), 0, 0.0).status == 0
    assert "running 1 test\n" in shown(Result((Outcome("a", "ok"),), 0, 0.0))
    assert "test result: ok. 0 passed" in shown(Result((), 0, 0.0))
