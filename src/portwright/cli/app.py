"""The command line: one lazily loaded click command per job, its events shown, its result told, its status exited.

The only place that prints or exits.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Generator, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from portwright import VERSION
from portwright.base import rooms
from portwright.base.errors import Fault, PortwrightError
from portwright.base.events import Event
from portwright.cli import commands, documents
from portwright.cli.progress import Progress

JOBS = "portwright.jobs"
VIEWS = "portwright.cli.views"


def verbs() -> dict[str, str]:
    """Verb -> job entry: the job `ledger-check` is the verb `ledger check`."""
    return {name.replace("-", " "): name for name in rooms.names(JOBS)}


class Verbs(click.Group):
    """A group whose commands are the jobs whose verb begins with its words; loads a job when it is asked for."""

    def __init__(self, name: str | None, prefix: tuple[str, ...], **attributes: Any) -> None:
        super().__init__(name, **attributes)
        self.prefix = prefix

    def _words(self) -> list[tuple[str, ...]]:
        depth = len(self.prefix)
        words = (tuple(verb.split(" ")) for verb in verbs())
        return [word for word in words if word[:depth] == self.prefix and len(word) > depth]

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The next words of the verbs below this group."""
        depth = len(self.prefix)
        return sorted({word[depth] for word in self._words()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command or the group of that word."""
        path = (*self.prefix, cmd_name)
        if " ".join(path) in verbs():
            return _command(rooms.load(JOBS, verbs()[" ".join(path)]))
        if cmd_name in self.list_commands(ctx):
            return Verbs(cmd_name, path, help=f"The {' '.join(path)} verbs.", short_help=_group_help(path))
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs as click does; their files are read for it, not imported: there are many."""
        rows = []
        for word in self.list_commands(ctx):
            path = (*self.prefix, word)
            entry = verbs().get(" ".join(path))
            rows.append(
                (word, commands.summary(rooms.docstring(JOBS, entry)) if entry else _group_help(path))
            )
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the closest verb for a misspelled one."""
        from portwright.base.errors import closest

        known = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in known:
            near = closest(args[0], known)
            hint = f" Did you mean `{near}`?" if near else ""
            raise click.UsageError(f"there is no verb `{args[0]}`.{hint} There are: {', '.join(known)}.", ctx)
        return super().resolve_command(ctx, args)


def _group_help(path: tuple[str, ...]) -> str:
    inner = [
        verb.removeprefix(" ".join(path) + " ") for verb in verbs() if verb.startswith(" ".join(path) + " ")
    ]
    return f"{path[-1]} {{{', '.join(inner)}}}"


class Passing(click.Command):
    """A command that passes the rest of its line on: its own options may stand before or between its fixed
    arguments, and all behind the last fixed one belongs to the program.

    `usage_status` is the exit status of a wrong line, where that differs from click's.
    """

    usage_status = 0

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put this command's own options first, then parse as usual."""
        flags = {
            name: param for param in self.params for name in param.opts if isinstance(param, click.Option)
        }
        fixed = sum(isinstance(param, click.Argument) and param.nargs == 1 for param in self.params)
        own: list[str] = []
        positional: list[str] = []
        words = list(args)
        while words and len(positional) < fixed:
            word = words.pop(0)
            if not word.startswith("-") or word == "-":
                positional.append(word)
                continue
            if word == "--":
                words.insert(0, word)
                break
            option = flags.get(word)
            if isinstance(option, commands.BareOption):
                own.append(f"{word}={option.bare}")
                continue
            own.append(word)
            if isinstance(option, click.Option) and not option.is_flag and words:
                own.append(words.pop(0))
        try:
            return super().parse_args(ctx, [*own, *positional, *words])
        except click.UsageError as error:
            if self.usage_status:
                vars(error)["exit_code"] = self.usage_status  # click has it as a constant of the class
            raise


def _command(module: ModuleType) -> click.Command:
    params = commands.parameters(module.Arguments)
    rest = any(isinstance(param, click.Argument) and param.type is click.UNPROCESSED for param in params)
    params += [
        click.Option(["--json", "json_"], is_flag=True, help="Print the result as one JSON document."),
        click.Option(["-q", "--quiet", "quiet_"], is_flag=True, help="Say nothing but the result."),
        click.Option(["-v", "--verbose", "verbose_"], is_flag=True, help="A line for each thing done."),
    ]
    text = (module.__doc__ or "").strip()

    def callback(json_: bool, quiet_: bool, verbose_: bool, **values: Any) -> None:
        verbosity = 1 if verbose_ else -1 if quiet_ or json_ else 0
        if json_:
            values |= dict.fromkeys(commands.set_by_json(module.Arguments), True)
        sys.exit(_run(module, module.Arguments(**values), json_, verbosity))

    command = (Passing if rest else click.Command)(
        module.VERB.rsplit(" ", 1)[-1],
        params=params,
        callback=callback,
        help=text,
        short_help=commands.summary(module.__doc__),
        context_settings={"allow_interspersed_args": not rest, "help_option_names": ["-h", "--help"]},
    )
    if isinstance(command, Passing):
        command.usage_status = int(getattr(module, "FAILURE_STATUS", 0))
    return command


def _run(module: ModuleType, arguments: Any, as_json: bool, verbosity: int) -> int:
    failure = int(getattr(module, "FAILURE_STATUS", 0))
    try:
        with Progress(verbosity) as progress:
            result = _drive(module.run(arguments), progress)
        return _show(module, result, as_json) or int(result.status)
    except PortwrightError as error:
        return _tell(module.VERB, error.faults, failure or error.status, as_json)
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept, and the next run goes on from there", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return _silenced(141)
    except Exception as error:
        return _tell(module.VERB, [_defect(error)], failure or 2, as_json)


def _show(module: ModuleType, result: Any, as_json: bool) -> int:
    """Say the result; 0, or the status with which to exit where it cannot be said."""
    try:
        if as_json:
            print(documents.result_document(module.VERB, result))
        else:
            _view(module, result)
        if sys.stdout is not None:  # None: it was closed when we were started
            sys.stdout.flush()
        return 0
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"error: the result cannot be written: {error.strerror}", file=sys.stderr)
        return _silenced(2)


def _silenced(status: int) -> int:
    """Nothing more goes to standard output, not even at exit; answers the status."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return status


def _drive(work: Generator[Event, None, Any], progress: Progress) -> Any:
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            return end.value
        progress.show(event)


def _view(module: ModuleType, result: Any) -> None:
    name = rooms.entry_name(module.__name__.rsplit(".", 1)[-1])
    if name not in rooms.names(VIEWS):
        print(documents.result_document(module.VERB, result))
        return
    from rich.console import Console

    rooms.load(VIEWS, name).view(result, Console(highlight=False, soft_wrap=True))


def _tell(verb: str, faults: Iterable[Fault], status: int, as_json: bool) -> int:
    rows = list(faults)
    if as_json:
        print(documents.error_document(verb, rows, status))
    else:
        for fault in rows:
            code = f" [{fault.code}]" if fault.code else ""
            place = f"{fault.where}: " if fault.where else ""
            print(f"{place}error: {fault.what}{code}", file=sys.stderr)
            if fault.hint:
                print(f"  hint: {fault.hint}", file=sys.stderr)
    return status


def _defect(error: Exception) -> Fault:
    """An error that nobody foresaw: said in one line, with the details in a file to send."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="portwright-defect-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write(f"portwright {VERSION}\n{sys.argv}\n\n")
        file.write("".join(traceback.format_exception(error)))
    what = f"portwright has a defect: {type(error).__name__}: {error}"
    return Fault(what, None, f"please report it with the file {Path(file.name)}", "internal/defect")


def _occupy_closed_streams() -> None:
    """Keep the numbers 0 to 2 of streams that were closed for us, so that no file of ours becomes one by chance.

    What takes their place answers EBADF to reading and writing, as a closed one does.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_PATH)  # the lowest free number: this one


def main() -> None:
    """Run the command line of `sys.argv` and exit with its status."""
    _occupy_closed_streams()
    command_line().main(prog_name="portwright")


def command_line() -> Verbs:
    """The command with all verbs."""
    return Verbs(
        "portwright",
        (),
        help="Bring the Rust toolchain up on a new operating system, from one description of the port.",
        context_settings={"help_option_names": ["-h", "--help"]},
        params=[_version_option()],
    )


def _version_option() -> click.Option:
    def show(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value:
            print(f"portwright {VERSION}")
            ctx.exit(0)

    return click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=show,
        help="Show the version.",
    )
