"""Finds the place of an edit in Rust source, on its tree of tokens, and says what would be inserted there.

An edit that does not find exactly one place is `Lost`, with what was looked for and what was found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from portwright.base.errors import Fault, Where, closest
from portwright.derive import tokens
from portwright.derive.edit import (
    ArmFirst,
    AttributeTerm,
    BuildTerm,
    CfgTerm,
    CfgUnordered,
    EachCfg,
    Edit,
    ItemAttribute,
    LastItems,
    NewFile,
    TomlTable,
)
from portwright.derive.tokens import Source, Token


@dataclass(frozen=True, slots=True)
class Splice:
    """Text that goes into a file at a byte offset."""

    at: int
    text: str


class Lost(Exception):
    """An edit did not find its place; holds the fault."""

    def __init__(self, what: str, where: Where, hint: str, code: str = "edit/no-place") -> None:
        super().__init__(what)
        self.fault = Fault(what, where, hint, code)


def describe(edit: Edit) -> str:
    match edit:
        case ArmFirst():
            return f"an arm first in `{edit.macro}!` {edit.block} of {edit.of}"
        case AttributeTerm():
            return f"`{edit.term}` in the #[cfg] of `{edit.item}`"
        case BuildTerm() | CfgTerm():
            return f"`{edit.term}` beside `{edit.beside}`"
        case CfgUnordered():
            return "an entry in `cfg_unordered!`"
        case EachCfg():
            return f"`{edit.term}` beside each `{edit.predicate}` of {edit.of}"
        case ItemAttribute():
            return f"`{edit.attribute}` on `{edit.item}`"
        case LastItems():
            return f"`{edit.items.split(';')[0].strip().splitlines()[-1]}` at the end"
        case TomlTable():
            return f"the table [{edit.header}]"
        case NewFile():
            return "a new file"


def comment(mark: str, edit: Edit) -> str:
    """The edit's reason as one line of comment, for those who meet the edit in the view."""
    return f"{mark} portwright: {' '.join(edit.why.split())}"


def needless(path: str, line: int, edit: Edit) -> Lost:
    return Lost(
        f"{describe(edit)} is there already",
        Where(path, line),
        "the tree has it, or the edit was applied twice: take the edit out of the overlay",
        "edit/already-there",
    )


def _arm_first(path: str, source: Source, edit: Edit) -> list[Splice]:
    assert isinstance(edit, ArmFirst)
    calls = tokens.macro_calls(source, edit.macro)
    if edit.of and len(calls) != edit.of:
        lines = ", ".join(str(call.name.line) for call in calls) or "none"
        raise Lost(
            f"looked for {edit.of} calls of `{edit.macro}!`, found {len(calls)} (lines: {lines})",
            Where(path, calls[0].name.line if calls else 1),
            f"the file changed: see which block the arm belongs into now, and correct `block` and `of`. {edit.why}",
        )
    if not 1 <= edit.block <= len(calls):
        what = f"there is no `{edit.macro}!` number {edit.block}: the file has {len(calls)}"
        raise Lost(what, Where(path), "blocks count from 1")
    call = calls[edit.block - 1]
    if _starts_with(tokens.spelling(call.body.inner), tokens.words(edit.arm)):
        raise needless(path, call.name.line, edit)
    return [_first_in(source, call.body, f"{comment('//', edit)}\n{edit.arm}")]


def _first_in(source: Source, group: Token, text: str) -> Splice:
    """Put lines at the head of a bracketed group, indented as its first token is."""
    first = group.inner[0] if group.inner else None
    if first is not None and source.begins_line(first):
        indent = source.indent(first.start)
    else:
        indent = source.indent(group.start) + "    "
    body = "\n".join(f"{indent}{line}" if line.strip() else "" for line in text.strip("\n").splitlines())
    rest = source.data[group.start + 1 :]
    tail = "" if rest.lstrip(b" \t").startswith((b"\n", b"\r\n")) else f"\n{indent}"
    return Splice(group.start + 1, f"\n{body}{tail}")


def _attribute_term(path: str, source: Source, edit: Edit) -> list[Splice]:
    assert isinstance(edit, AttributeTerm)
    wanted = tokens.squeeze(edit.item)
    every = [(_item(source, attribute.item), attribute) for attribute in tokens.cfg_attributes(source)]
    fits = [a for item, a in every if any(_starts_with(form, wanted) for form in (item, _bare(item)))]
    lines = {attribute.predicate.line: None for attribute in fits}
    if len(fits) != 1:
        near = closest(wanted, [_bare(item) for item, _ in every])
        seen = (
            f"at lines {', '.join(map(str, lines))}"
            if fits
            else f"the nearest is `{near}`"
            if near
            else "none"
        )
        raise Lost(
            f"looked for one #[cfg(...)] on an item that begins with `{edit.item}`, found {len(fits)}: {seen}",
            Where(path, next(iter(lines), 1)),
            f"write more of the item, or correct it. {edit.why}",
        )
    predicate = fits[0].predicate
    place = Where(path, predicate.line)
    if tokens.words(edit.term) in tokens.spelling(predicate.inner):
        raise needless(path, predicate.line, edit)
    lists = _any_lists(predicate.inner, 0, edit.negated)
    if not lists:
        return _wrap(source, predicate, edit)
    shallow = [group for depth, group in lists if depth == min(depth for depth, _ in lists)]
    if len(shallow) > 1:
        what = f"the #[cfg] of `{edit.item}` has {len(shallow)} lists that could hold `{edit.term}`"
        raise Lost(
            what, place, "say which by another edit, or extend the edits' vocabulary", "edit/ambiguous"
        )
    return [_in_list(source, shallow[0], edit.term)]


def _item(source: Source, start: int) -> str:
    text = source.data[start : start + 400].decode(errors="replace")
    return tokens.squeeze(" ".join(text.splitlines()[:4]))


def _bare(item: str) -> str:
    """The item without its visibility."""
    if not item.startswith("pub"):
        return item
    rest = item[3:]
    if rest.startswith("("):
        rest = rest[rest.find(")") + 1 :]
    return rest.strip()


def _any_lists(level: list[Token], depth: int, negated: bool) -> list[tuple[int, Token]]:
    """The `any(...)` lists of a predicate that stand inside an odd (`negated`) or even number of `not(...)`."""
    found: list[tuple[int, Token]] = []
    for name, group in pairwise(level):
        if not group.group:
            continue
        if name.text == "any" and not negated:
            found.append((depth, group))
        inside = not negated if name.text == "not" else negated
        found += _any_lists(group.inner, depth + 1, inside)
    return found


def _in_list(source: Source, group: Token, term: str) -> Splice:
    first = group.inner[0] if group.inner else None
    if first is not None and source.begins_line(first):
        return Splice(group.start + 1, f"\n{source.indent(first.start)}{term},")
    return Splice(group.start + 1, f"{term}, " if first is not None else term)


def _wrap(source: Source, predicate: Token, edit: AttributeTerm) -> list[Splice]:
    """A predicate without a list becomes one: `P` or the term; negated: `P` and not the term."""
    head, tail = ("all(", f", not({edit.term}))") if edit.negated else ("any(", f", {edit.term})")
    return [Splice(predicate.inner[0].start, head), Splice(predicate.inner[-1].end, tail)]


def _build_term(path: str, source: Source, edit: Edit) -> list[Splice]:
    assert isinstance(edit, BuildTerm)
    runs = [run for level in tokens.levels(source.tokens) for run in _runs(level, tokens.words(edit.beside))]
    chained = [
        (level, first, last, op) for level, first, last in runs if (op := _operator(level, first, last))
    ]
    if len(chained) != 1:
        lines = ", ".join(str(level[first].line) for level, first, _ in runs) or "none"
        raise Lost(
            f"looked for one `{edit.beside}` in a chain of || or &&, found {len(chained)}"
            f" (the text occurs at lines: {lines})",
            Where(path, runs[0][0][runs[0][1]].line if runs else 1),
            f"name another term of the chain as `beside`. {edit.why}",
        )
    level, first, last, operator = chained[0]
    if any(_operator(level, *run[1:]) for run in _runs(level, tokens.words(edit.term))):
        raise needless(path, level[first].line, edit)
    before = level[first - 1] if first else None
    own_line = before is not None and before.text == operator and source.begins_line(before)
    gap = f"\n{source.indent(before.start)}" if own_line and before else " "
    return [Splice(level[last].end, f"{gap}{operator} {edit.term}")]


def _runs(level: list[Token], wanted: str) -> list[tuple[list[Token], int, int]]:
    """Where neighbouring tokens of a level spell `wanted`: (level, first, last)."""
    texts = [tokens.spelling([token]) for token in level]
    found = []
    for first in range(len(level)):
        run = ""
        for last in range(first, len(level)):
            run = tokens.squeeze(f"{run} {texts[last]}")
            if run == wanted:
                found.append((level, first, last))
            if not wanted.startswith(run):
                break
    return found


def _operator(level: list[Token], first: int, last: int) -> str | None:
    """The `||` or `&&` beside a run of tokens; None where there is none, or where the two sides differ."""
    sides = [level[at].text for at in (first - 1, last + 1) if 0 <= at < len(level)]
    operators = {text for text in sides if text in ("||", "&&")}
    return operators.pop() if len(operators) == 1 else None


def _cfg_term(path: str, source: Source, edit: Edit) -> list[Splice]:
    assert isinstance(edit, CfgTerm)
    lists = [
        (call, group)
        for call in tokens.macro_calls(source, "cfg")
        for _, group in _any_lists(call.body.inner, 0, negated=False)
        if tokens.words(edit.beside) in tokens.spelling(group.inner).split(",")
    ]
    if len(lists) != 1:
        lines = ", ".join(str(call.name.line) for call, _ in lists) or "none"
        what = f"looked for one `cfg!(any(...))` with `{edit.beside}`, found {len(lists)} (lines: {lines})"
        hint = f"name another predicate of the list as `beside`. {edit.why}"
        raise Lost(what, Where(path, lists[0][0].name.line if lists else 1), hint)
    call, group = lists[0]
    if tokens.words(edit.term) in tokens.spelling(group.inner).split(","):
        raise needless(path, call.name.line, edit)
    return [_in_list(source, group, edit.term)]


def _each_cfg(path: str, source: Source, edit: Edit) -> list[Splice]:
    assert isinstance(edit, EachCfg)
    conditions = [
        attribute.predicate
        for name in ("cfg", "cfg_attr")
        for attribute in tokens.cfg_attributes(source, name)
    ]
    conditions += [call.body for call in tokens.macro_calls(source, "cfg")]
    found = [
        token
        for condition in conditions
        for level in tokens.levels([condition])
        for token in level
        if token.text == edit.predicate
    ]
    if len(found) != edit.of:
        lines = ", ".join(str(token.line) for token in found) or "none"
        what = f"looked for `{edit.predicate}` {edit.of} times in conditions, found {len(found)} (lines: {lines})"
        raise Lost(what, Where(path, found[0].line if found else 1), f"see which are meant now. {edit.why}")
    wanted = [token for number, token in enumerate(found, 1) if not edit.places or number in edit.places]
    beside = tokens.words(f"any({edit.predicate}, {edit.term})")
    if any(beside in tokens.spelling(condition.inner) for condition in conditions):
        raise needless(path, found[0].line, edit)
    return [
        splice
        for token in wanted
        for splice in (Splice(token.start, "any("), Splice(token.end, f", {edit.term})"))
    ]


def _cfg_unordered(path: str, source: Source, edit: Edit) -> list[Splice]:
    assert isinstance(edit, CfgUnordered)
    calls = tokens.macro_calls(source, "cfg_unordered")
    if len(calls) != 1:
        what = f"looked for one call of `cfg_unordered!`, found {len(calls)}"
        raise Lost(what, Where(path, calls[0].name.line if calls else 1), edit.why)
    if tokens.words(edit.entry) in tokens.spelling(calls[0].body.inner):
        raise needless(path, calls[0].name.line, edit)
    return [_first_in(source, calls[0].body, f"{comment('//', edit)}\n{edit.entry}")]


def _item_attribute(path: str, source: Source, edit: Edit) -> list[Splice]:
    assert isinstance(edit, ItemAttribute)
    wanted = tokens.squeeze(edit.item)
    at, found, before = 0, list[tuple[int, int]](), ""
    for number, line in enumerate(source.data.decode().splitlines(keepends=True), 1):
        form = tokens.squeeze(line.strip())
        if _starts_with(form, wanted) or _starts_with(_bare(form), wanted):
            found.append((number, at))
            if before == tokens.squeeze(edit.attribute):
                raise needless(path, number, edit)
        at, before = at + len(line.encode()), form
    if len(found) != 1:
        lines = ", ".join(str(number) for number, _ in found) or "none"
        what = f"looked for one item that begins with `{edit.item}`, found {len(found)} (lines: {lines})"
        raise Lost(what, Where(path, found[0][0] if found else 1), f"write more of the item. {edit.why}")
    number, start = found[0]
    indent = source.indent(start)
    return [Splice(start, f"{indent}{comment('//', edit)}\n{indent}{edit.attribute}\n")]


def _last_items(path: str, source: Source, edit: Edit) -> list[Splice]:
    assert isinstance(edit, LastItems)
    if tokens.words(edit.items) in tokens.spelling(source.tokens):
        raise needless(path, 1, edit)
    end = len(source.data)
    break_ = "" if source.data.endswith(b"\n") or not source.data else "\n"
    return [Splice(end, f"{break_}\n{comment('//', edit)}\n{edit.items.strip()}\n")]


def _starts_with(text: str, head: str) -> bool:
    """Whether the squeezed `text` begins with the whole words of `head`."""
    if not text.startswith(head):
        return False
    after = text[len(head) : len(head) + 1]
    return not (head[-1:].isidentifier() and (after.isalnum() or after == "_"))


PLACERS: dict[type[Edit], Callable[[str, Source, Edit], list[Splice]]] = {
    ArmFirst: _arm_first,
    AttributeTerm: _attribute_term,
    BuildTerm: _build_term,
    CfgTerm: _cfg_term,
    CfgUnordered: _cfg_unordered,
    EachCfg: _each_cfg,
    ItemAttribute: _item_attribute,
    LastItems: _last_items,
}
