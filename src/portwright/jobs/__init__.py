"""The contract of a job: one verb, defined once, read by the command line and by agents.

A job module has `VERB` (one or two words), a docstring whose first sentence is the help line, a frozen
dataclass `Arguments` whose fields are annotated with `Arg`, a frozen dataclass `Result` with a property
`status` (the exit status: 0 right, 1 judged wrong), and `run(arguments)`, a generator that yields events and
returns the result. Jobs never print and never exit.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arg:
    """How a field of `Arguments` is given on the command line.

    A field without a default is required. `bool` fields become flags; tuples are repeatable, and a positional
    tuple takes the rest (`rest=True`: options too, as in `run PORT PROGRAM [ARGS...]`). `bare` is the value of
    an option that is given without one (`--trace` for `--trace=text`), in verbs with such a rest.
    `with_json`: a flag that `--json` sets too.
    """

    help: str
    positional: bool = False
    rest: bool = False
    short: str | None = None
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    with_json: bool = False
    bare: str | None = None
