"""HTML that cannot be broken by what it quotes: elements made by function, every text escaped and made visible."""

from __future__ import annotations

import html
import re

from portwright.base.visible import visible

VOID = {"meta", "link", "br", "line", "rect", "circle", "path"}


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | Html | None


def text(value: str) -> Html:
    """The value as text: `<` is a sign like others."""
    return Html(html.escape(visible(value), quote=True))


def join(*children: Child) -> Html:
    """One after the other; what is no HTML yet is text."""
    return Html(
        "".join(child if isinstance(child, Html) else text(child) for child in children if child is not None)
    )


def tag(name: str, /, *children: Child, **attributes: str | bool | None) -> Html:
    """An element. `class_` is the attribute `class`, `aria_label` is `aria-label`; None and False leave one out."""
    words = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        attribute = key.rstrip("_").replace("_", "-")
        words.append(attribute if value is True else f'{attribute}="{text(value)}"')
    opening = f"<{' '.join(words)}>"
    if name in VOID and not children:
        return Html(opening if name in ("meta", "link", "br") else f"{opening[:-1]}/>")
    return Html(f"{opening}{join(*children)}</{name}>")


def identifier(*words: str) -> str:
    """A word that serves as an element's id and as a link to it."""
    return re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower()).strip("-") or "part"
