"""The checks of a ledger's calls: their numbers, their operations, and how each passes its arguments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_

from portwright.base.errors import closest
from portwright.describe import std_needs
from portwright.describe.ledger import Call, Fixed, Packed, Part
from portwright.describe.ledger_finding import Case, Finding, number_key
from portwright.describe.ledger_tables import suggestion
from portwright.describe.operation import Argument, Operation, vocabulary
from portwright.describe.toml_positions import Key

# Without these nothing runs: each row is one of several ways.
NEEDED = (("write",), ("map_memory", "set_break"), ("exit",))
# Kinds of arguments that are addresses of something that is there.
ADDRESSES = frozenset(
    {"path", "strings", "bytes-in", "bytes-out", "struct-in", "struct-out", "vectors-in", "vectors-out"}
)


def plain(name: str) -> str:
    """A call's name without what only style puts there: `set_pgid` and `SetPgid` are one name."""
    return name.replace("_", "").lower()


def numbers(case: Case) -> Iterator[Finding]:
    """One number with two calls that nothing tells apart, one call under two names."""
    by_number: dict[tuple[str | None, int], list[str]] = {}
    by_name: dict[str, str] = {}
    for name, call in case.ledger.syscalls.items():
        own = [] if call.number is None else [call.number, *call.aliases]
        for number in own:
            others = by_number.setdefault((call.trap, number), [])
            same = next((other for other in others if not _told_apart(case, name, other)), None)
            if same is not None or own.count(number) > 1:
                first = number_key(same or name, case.ledger.syscalls[same or name], number)
                what = f"number {number} is `{name}` here and `{same or name}` at {case.line(*first)}"
                hint = (
                    "one call for several operations: give each a fixed argument ({ value = ... }) of its own"
                )
                yield case.error("number-twice", what, *number_key(name, call, number), hint=hint)
            others += [name] if name not in others else []
        for spelling in {plain(name), plain(call.kernel_name or name)}:
            other = by_name.setdefault(spelling, name)
            if other != name and call.number != case.ledger.syscalls[other].number:
                what = (
                    f"`{name}` and `{other}` ({case.line('syscalls', other)}) are one call with two numbers"
                )
                hint = f"if so, give {call.number} as one of the `aliases` of `{other}`"
                yield case.error("call-twice", what, "syscalls", name, hint=hint)
                break
        if call.kernel_aliases and len(call.kernel_aliases) != len(call.aliases):
            what = f"{len(call.aliases)} aliases have {len(call.kernel_aliases)} names in the kernel"
            yield case.error("alias-names", what, "syscalls", name, "kernel-aliases")
        if call.aliases and call.symbol is not None:
            yield case.error("symbol-alias", "a symbol has no further numbers", "syscalls", name, "aliases")


def _told_apart(case: Case, name: str, other: str) -> bool:
    """Whether two calls of one number never mean the same registers.

    They fix different values in one place. Or both are one call of the kernel (they have one `kernel-name`), and
    one fixes all that the other does and more, and is tried first, or 0 where the other passes what cannot be null.
    """
    calls = (case.ledger.syscalls[name], case.ledger.syscalls[other])
    one, two = ({i: _fixed_value(case, call, v) for i, v in _fixed_places(call)} for call in calls)
    if any(None not in (one[i], two[i]) and one[i] != two[i] for i in one.keys() & two.keys()):
        return True
    if (calls[0].kernel_name or name) != (calls[1].kernel_name or other):
        return False
    if one.keys() < two.keys() or two.keys() < one.keys():
        return True
    rows = ((one, calls[1]), (two, calls[0]))
    return any(
        value == 0 and _never_null(call, place) for fixed, call in rows for place, value in fixed.items()
    )


def _fixed_places(call: Call) -> Iterator[tuple[int, Fixed]]:
    yield from ((i, value) for i, value in enumerate(call.arguments or []) if isinstance(value, Fixed))


def _never_null(call: Call, place: int) -> bool:
    """Whether a call passes in that place an address that must be one."""
    passed = (call.arguments or [])[place : place + 1]
    meaning = vocabulary().get(call.operation or "")
    for argument in meaning.arguments if meaning else ():
        if [argument.name] == passed:
            return argument.kind in ADDRESSES and not (argument.optional or argument.nullable)
    return False


def _fixed_value(case: Case, call: Call, passed: Fixed) -> int | None:
    if isinstance(passed.value, int):
        return passed.value
    values = [case.ledger.constant(word.strip(), call) for word in passed.value.split("|")]
    return None if None in values else reduce(or_, (value or 0 for value in values))


def operations(case: Case) -> Iterator[Finding]:
    """Operations that do not exist, that two calls provide, that nothing provides, or that lack what they need."""
    known = vocabulary()
    first: dict[str, str] = {}
    for name, call in case.ledger.syscalls.items():
        if call.operation is None:
            continue
        key = ("syscalls", name, "operation")
        if call.operation not in known:
            hint = suggestion(call.operation, known, "operations")
            yield case.error("unknown-operation", f"unknown operation `{call.operation}`", *key, hint=hint)
        elif call.operation in first:
            other = first[call.operation]
            what = f"`{other}` ({case.line('syscalls', other)}) provides `{call.operation}` already"
            yield case.warning(
                "operation-twice", what, *key, hint="only the first is used: take `operation` away from one"
            )
        else:
            first[call.operation] = name
            for lack in std_needs.lacks(case.ledger, known[call.operation]):
                what = f"`{name}` means `{call.operation}`, which needs {lack}"
                yield case.error("lacks", what, *key, hint="say it in the ledger, or std cannot use the call")
    for ways in NEEDED:
        if not set(ways) & set(first):
            what = f"nothing provides `{'` or `'.join(ways)}`, without which no program of std runs"
            hint = f'give the call that does it `operation = "{ways[0]}"`'
            yield case.error("needed-operation", what, "syscalls", hint=hint)


def arguments(case: Case) -> Iterator[Finding]:
    """What each call passes, against what its operation has and what the registers hold."""
    for name, call in case.ledger.syscalls.items():
        meaning = vocabulary().get(call.operation or "")
        passed = call.arguments
        if passed is None:
            passed = [argument.name for argument in meaning.arguments] if meaning else []
        room = len(case.ledger.abi.arguments)
        if call.symbol is None and len(passed) > room:
            key = "arguments" if call.arguments is not None else "operation"
            what = f"`{name}` has {len(passed)} arguments, and the trap passes {room}"
            hint = "pack two into one, as the kernel does: { pack = [...] }"
            yield case.error("too-many-arguments", what, "syscalls", name, key, hint=hint)
        for index, value in enumerate(call.arguments or []):
            yield from _fixed(case, name, call, index, value) if isinstance(value, Fixed) else ()
            yield from _packed(case, name, index, value) if isinstance(value, Packed) else ()
        if meaning is not None:
            yield from _meant(case, name, call, meaning)
        yield from _limits(case, name, call, meaning)


def _fixed(case: Case, name: str, call: Call, index: int, value: Fixed) -> Iterator[Finding]:
    known = {**case.ledger.constants, **call.constants}
    for word in value.value.split("|") if isinstance(value.value, str) else []:
        if word.strip() not in known:
            key = ("syscalls", name, "arguments", index, "value")
            yield _unknown_constant(case, word.strip(), known, *key)


def _unknown_constant(case: Case, name: str, known: Mapping[str, int], *key: Key) -> Finding:
    near = closest(name, known)
    hint = f"did you mean `{near}`?" if near else "put it into [constants] or into the call's own"
    return case.error("unknown-constant", f"unknown constant `{name}`", *key, hint=hint)


def _packed(case: Case, name: str, index: int, value: Packed) -> Iterator[Finding]:
    width = case.cpu.pointer_bits if case.cpu else 64
    taken: dict[int, str] = {}
    for place, field in enumerate(value.pack):
        key = ("syscalls", name, "arguments", index, "pack", place)
        if field.bits <= 0 or field.shift < 0:
            yield case.error("pack", "a packed argument has 1 bit or more, shifted by 0 or more", *key)
            continue
        bits = range(field.shift, field.shift + field.bits)
        if bits.stop > width:
            what = f"`{field.argument}` ends at bit {bits.stop}, and a register has {width}"
            yield case.error("pack-outside", what, *key)
            continue
        for other in dict.fromkeys(taken[bit] for bit in bits if bit in taken):
            yield case.error("pack-overlap", f"`{field.argument}` and `{other}` share bits", *key)
        taken |= dict.fromkeys(bits, field.argument)


def _names(call: Call) -> Iterator[tuple[str, tuple[str | int, ...], Part | None]]:
    """Each operation argument that a call passes, the key below the call where it says so, its part if only one."""
    for index, value in enumerate(call.arguments or []):
        key = ("arguments", index)
        if isinstance(value, str):
            yield value, key, None
        elif isinstance(value, Part):
            yield value.argument, (*key, "argument"), value
        elif isinstance(value, Packed):
            for place, field in enumerate(value.pack):
                yield field.argument, (*key, "pack", place, "argument"), None


def _meant(case: Case, name: str, call: Call, meaning: Operation) -> Iterator[Finding]:
    if call.arguments is None:
        return
    known = tuple(argument.name for argument in meaning.arguments)
    rows = list(_names(call))
    for argument, key, part in rows:
        if argument not in known:
            hint = suggestion(argument, known, f"arguments of `{meaning.name}`")
            what = f"`{meaning.name}` has no argument `{argument}`"
            yield case.error("unknown-argument", what, "syscalls", name, *key, hint=hint)
        elif part is not None:
            wanted = ("path",) if part.as_ == "length" else ("struct-in",)
            if meaning.argument(argument).kind not in wanted:
                what = f"`{argument}` of `{meaning.name}` has no {part.as_}: it is no {wanted[0]}"
                yield case.error("wrong-part", what, "syscalls", name, *key)
    whole = Counter(argument for argument, _, part in rows if part is None)
    for argument, times in whole.items():
        if times > 1:
            what = f"`{argument}` is passed {times} times"
            yield case.warning("argument-twice", what, "syscalls", name, "arguments")
    answered = {each.name for each in meaning.arguments if call.answers and each.kind == "struct-out"}
    said = answered | set(whole) | {argument for argument, _, part in rows if part and part.as_ != "length"}
    for each in meaning.arguments:
        if each.name in said:
            yield from _constants(case, name, call, each)
        elif each.extra:
            continue
        elif each.optional:
            what = f"`{name}` never passes `{each.name}` of `{meaning.name}`: the OS decides it"
            yield case.warning("unpassed-argument", what, "syscalls", name, "arguments")
        else:
            what = f"`{name}` never passes `{each.name}`, without which it cannot mean `{meaning.name}`"
            yield case.error("unpassed-argument", what, "syscalls", name, "arguments")


def _constants(case: Case, name: str, call: Call, argument: Argument) -> Iterator[Finding]:
    known = (*case.ledger.constants, *call.constants)
    if argument.prefixes and not any(constant.startswith(argument.prefixes) for constant in known):
        listed = "`, `".join(f"{prefix}..." for prefix in argument.prefixes)
        what = f"`{argument.name}` of `{name}` is made of constants `{listed}`, and the ledger has none"
        hint = "put them into [constants], or only 0 can be passed"
        yield case.warning("no-constants", what, "syscalls", name, "arguments", hint=hint)


def _limits(case: Case, name: str, call: Call, meaning: Operation | None) -> Iterator[Finding]:
    key = ("syscalls", name, "limit")
    if call.limit is not None:
        known = tuple(dict.fromkeys(argument for argument, _, _ in _names(call)))
        if call.arguments is None and meaning is not None:
            known = tuple(argument.name for argument in meaning.arguments)
        if call.limit.argument not in known:
            hint = suggestion(call.limit.argument, known, f"arguments of `{name}`")
            what = f"`{name}` has no argument `{call.limit.argument}`"
            yield case.error("unknown-argument", what, *key, "argument", hint=hint)
        if call.limit.at_most <= 0:
            yield case.error("limit", "a limit of less than 1 lets nothing pass", *key, "at-most")
        if call.limit.beyond is not None and call.limit.beyond not in case.ledger.errors:
            hint = suggestion(call.limit.beyond, case.ledger.errors, "errors")
            what = f"unknown error `{call.limit.beyond}`"
            yield case.error("unknown-error", what, *key, "beyond", hint=hint)
    known_constants = {**case.ledger.constants, **call.constants}
    for index, constant in enumerate(call.ignores):
        if constant not in known_constants:
            yield _unknown_constant(case, constant, known_constants, "syscalls", name, "ignores", index)


CHECKS = (numbers, operations, arguments)
