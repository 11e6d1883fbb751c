"""What a person sees of `bootstrap config` (cli/views/bootstrap_config.py)."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from portwright.cli.views import bootstrap_config
from portwright.jobs.bootstrap_config import Result


def test_the_file_and_a_command_that_can_be_pasted() -> None:
    file, long = Path("/b.toml"), "/long" * 40
    command = ("portwright", "record", "--source", "/a b", "--", "python3", f"{long}/x.py")
    result = Result(
        file, True, "1.96.0", Path("/r/rustc"), "1.95.0", Path("/r/cargo"), Path("/build"), command
    )
    console = Console(width=80)
    with console.capture() as captured:
        bootstrap_config.view(result, console)
    lines = captured.get().splitlines()
    assert lines[0] == "/b.toml: written" and "stage 0 is /r/rustc (1.95.0)" in lines[1]
    assert lines[-1].strip() == f"portwright record --source '/a b' -- python3 {long}/x.py"
