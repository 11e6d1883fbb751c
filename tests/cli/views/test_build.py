"""What a person sees of `build` and of `plan`: a line for each thing, nothing cut or decorated away."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from portwright.build.explain import Explained
from portwright.cli.views import build, plan
from portwright.jobs import build as build_job
from portwright.jobs import plan as plan_job

STEPS = (
    Explained("view", "done", "why the view", (), 0.25),
    Explained("std", "would-run", "why [std]", ("input `[x]` changed",), None),
)


def shown(view: object, result: object) -> str:
    """The text that a view prints."""
    file = io.StringIO()
    view.view(result, Console(file=file, width=60, soft_wrap=True, highlight=False))  # type: ignore[attr-defined]
    return file.getvalue()


def test_build_names_what_ran_and_every_path() -> None:
    long = Path("/" + "x" * 100)
    said = shown(
        build,
        build_job.Result(
            "t",
            "programs",
            ("view", "std"),
            Path("/s.json"),
            None,
            long,
            programs={"hello": (Path("/b[1]"),)},
        ),
    )
    assert said.splitlines() == [
        "built: view, std",
        "  spec       /s.json",
        f"  sysroot    {long}",
        "  hello      /b[1]",
    ]
    assert shown(build, build_job.Result("t", "spec")).splitlines() == ["nothing to do"]
    configured = shown(build, build_job.Result("t", "sysroot", configured=Path("/c/config.toml")))
    assert "configured /c/config.toml" in configured


def test_steps_are_shown_with_their_reasons_only_when_asked() -> None:
    dry = shown(build, build_job.Result("t", "std", steps=STEPS))
    assert dry.splitlines() == ["done      view  (last: 0.2 s)", "would-run std"]
    explained = ["why the view", "would-run std", "why [std]", "because input `[x]` changed"]
    for text in (
        shown(build, build_job.Result("t", "std", steps=STEPS, explained=True)),
        shown(plan, plan_job.Result("t", "std", "text", "", STEPS)),
    ):
        assert [line.strip() for line in text.splitlines()][1:] == explained


def test_plan_prints_its_text_as_it_is() -> None:
    text = "a [b]\n" + "x" * 200 + "\n"
    assert shown(plan, plan_job.Result("t", "std", "text", text)) == text
