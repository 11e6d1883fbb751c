"""Click commands made from the jobs' definitions: a verb is defined once, in its job."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import click

from portwright.jobs import Arg


def summary(docstring: str | None) -> str:
    """The help line of a verb: the first sentence of its job's docstring."""
    text = inspect.cleandoc(docstring or "")
    return text.split("\n\n", 1)[0].replace("\n", " ").rstrip(".")


class BareOption(click.Option):
    """An option whose value may be left out: it is `bare` then, and one that is given follows a `=`."""

    def __init__(self, *names: Any, bare: str, **attributes: Any) -> None:
        super().__init__(*names, **attributes)
        self.bare = bare


def parameters(arguments: type) -> list[click.Parameter]:
    """The click parameters of a job's `Arguments`."""
    hints = get_type_hints(arguments, include_extras=True)
    return [_parameter(field, hints[field.name]) for field in dataclasses.fields(arguments)]


def set_by_json(arguments: type) -> list[str]:
    """The flags of a job's `Arguments` that `--json` sets too."""
    hints = get_type_hints(arguments, include_extras=True)
    return [
        name for name, hint in hints.items() if any(getattr(a, "with_json", False) for a in get_args(hint))
    ]


def _parameter(field: dataclasses.Field[Any], hint: Any) -> click.Parameter:
    assert get_origin(hint) is Annotated, f"{field.name} has no Arg"
    kind, arg, *_ = get_args(hint)
    assert isinstance(arg, Arg)
    required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    default = None if required else _default(field)
    given = {} if required else {"default": default}  # None is a default too, and then nothing is required
    inner, many = _element(kind)
    option_type = click.Choice(arg.choices) if arg.choices else _click_type(inner)
    if arg.positional:
        return click.Argument(
            [field.name],
            type=click.UNPROCESSED if arg.rest else option_type,
            required=required,
            **given,
            nargs=-1 if many else 1,
            metavar=arg.metavar or field.name.upper().replace("_", "-"),
        )
    names = [
        f"--{field.name.rstrip('_').replace('_', '-')}",
        *([f"-{arg.short}"] if arg.short else []),
        field.name,
    ]
    if inner is bool:
        return click.Option(names, is_flag=True, default=bool(default), help=arg.help)
    attributes: dict[str, Any] = {
        "type": option_type,
        "required": required,
        **given,
        "multiple": many,
        "help": arg.help,
        "metavar": arg.metavar,
        "show_default": not many and default not in (None, ""),
    }
    if arg.bare is not None:
        return BareOption(names, bare=arg.bare, **attributes)
    return click.Option(names, **attributes)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _element(kind: Any) -> tuple[Any, bool]:
    """The scalar type inside `X | None` or `tuple[X, ...]`, and whether there may be many."""
    if get_origin(kind) in (typing.Union, types.UnionType):
        kind = next(inner for inner in get_args(kind) if inner is not type(None))
    if get_origin(kind) is tuple:
        return get_args(kind)[0], True
    return kind, False


def _click_type(kind: Any) -> click.ParamType[Any]:
    if kind is Path:
        return click.Path(path_type=Path)
    found = {int: click.INT, float: click.FLOAT, str: click.STRING, bool: click.BOOL}[kind]
    assert isinstance(found, click.ParamType)
    return found
