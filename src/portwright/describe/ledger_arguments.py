"""How a call passes an argument, in each form that a ledger can say: by name, packed, as a part, or fixed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from portwright.base.errors import closest
from portwright.describe.model import Described


class PackedField(Described):
    """One argument inside a packed word: the low `bits` bits of `argument`, shifted left by `shift` bits."""

    argument: str
    shift: int
    bits: int


class Packed(Described):
    """A system-call argument made of several of the operation's arguments: `pack` lists them."""

    pack: Annotated[list[PackedField], Field(min_length=1)]


class Part(Described):
    """A system-call argument that is a property of an operation's `argument`.

    `as` is `length` (bytes of a path without its NUL), `milliseconds`, `microseconds`, `nanoseconds`,
    `seconds` (of a duration that the operation passes as a `timespec`).
    """

    argument: str
    as_: Literal["length", "milliseconds", "microseconds", "nanoseconds", "seconds"] = Field(alias="as")


class Fixed(Described):
    """A system-call argument that is always the same: `value` is a number, or constants by name joined with `|`."""

    value: int | str


def _form(value: Any) -> str | None:
    """Which form of a passed argument a value was meant to be, so that a fault in it is reported once."""
    for kind, form in ((str, "[name]"), (Packed, "[pack]"), (Part, "[as]"), (Fixed, "[value]")):
        if isinstance(value, kind):
            return form
    if not isinstance(value, dict):
        return None
    keys = {"pack": "[pack]", "value": "[value]", "as": "[as]", "as_": "[as]", "argument": "[as]"}
    exact = next((form for key, form in keys.items() if key in value), None)
    return exact or next((keys[near] for key in value if (near := closest(str(key), keys))), None)


Passed = Annotated[
    Annotated[str, Tag("[name]")]
    | Annotated[Packed, Tag("[pack]")]
    | Annotated[Part, Tag("[as]")]
    | Annotated[Fixed, Tag("[value]")],
    Discriminator(
        _form,
        custom_error_type="argument_form",
        custom_error_message='an argument is a name, { pack = [...] }, { argument = "...", as = "..." } '
        "or { value = ... }",
    ),
]


class Limit(Described):
    """The largest value that one call accepts for an argument; std's layer repeats the call, others fail.

    `at_most` is the largest value of `argument`. `beyond` is the error that a larger one gives (none: the call
    does the most that it can).
    """

    argument: str
    at_most: int
    beyond: str | None = None
