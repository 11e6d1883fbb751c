"""C macros whose values are numbers: `#define SYS_read 52`, with expressions, other macros, `#if` and `#undef`.

What a file includes is not read; macros that it does not define count as undefined, as in C.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from portwright.describe.extractors import Number, Table

SUFFIXES = (".h", ".c", ".inc", ".hpp")

# What compilers define for an architecture, by the name that Rust's `target_arch` has.
PREDEFINED: Mapping[str, tuple[str, ...]] = {
    "x86": ("__i386__", "__i386"),
    "x86_64": ("__x86_64__", "__x86_64", "__amd64__", "__LP64__"),
    "aarch64": ("__aarch64__", "__LP64__"),
    "arm": ("__arm__",),
    "riscv32": ("__riscv",),
    "riscv64": ("__riscv", "__LP64__"),
    "m68k": ("__m68k__", "__mc68000__"),
}
TOKEN = re.compile(
    r"\s*(0[xX][0-9a-fA-F']+[uUlL]*|0[bB][01']+[uUlL]*|[0-9][0-9']*[uUlL]*|'(?:\\.|[^'\\])'|[A-Za-z_]\w*"
    r"|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^~!<>()?:])"
)
TYPES = frozenset({"int", "long", "unsigned", "signed", "short", "char", "size_t", "uint32_t", "uint64_t"})
# Operators of two sides, the loosest first.
BINARY: tuple[tuple[str, ...], ...] = (
    ("||",),
    ("&&",),
    ("|",),
    ("^",),
    ("&",),
    ("==", "!="),
    ("<", ">", "<=", ">="),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
)


def extract(text: str, facts: Mapping[str, str]) -> list[Table]:
    """One table of all the macros without parameters that are defined at the end of the text."""
    macros = dict.fromkeys(PREDEFINED.get(facts.get("target_arch", ""), ()), ("1", 0))
    order: dict[str, None] = {}
    open_: list[tuple[bool, bool]] = []  # of each open #if: whether it is read now, whether a branch was
    for line, directive, rest in _directives(text):
        if directive in ("if", "ifdef", "ifndef"):
            holds = _reading(open_) and _condition(directive, rest, macros)
            open_.append((holds, holds))
        elif directive in ("elif", "else") and open_:
            _, taken = open_.pop()
            holds = _reading(open_) and not taken and (directive == "else" or _condition("if", rest, macros))
            open_.append((holds, taken or holds))
        elif directive == "endif" and open_:
            open_.pop()
        elif directive == "define" and _reading(open_):
            found = re.match(r"([A-Za-z_]\w*)(\(?)(.*)", rest, re.DOTALL)
            if found and not found[2]:
                macros[found[1]] = (found[3].strip(), line)
                order.pop(found[1], None)
                order[found[1]] = None
        elif directive == "undef" and _reading(open_):
            macros.pop(rest.strip(), None)
            order.pop(rest.strip(), None)
    values = {name: macros[name] for name in order if macros[name][0]}
    numbers = (Number(name, _macro(name, macros, ()), line, body) for name, (body, line) in values.items())
    return [Table("", 1, tuple(numbers))]


def _reading(open_: list[tuple[bool, bool]]) -> bool:
    return all(now for now, _ in open_)


def _directives(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, name, rest) of each preprocessor directive, without comments, continued lines joined."""
    keep_lines = re.compile(
        r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|/\*.*?\*/|//(?:\\\r?\n|[^\n])*", re.DOTALL
    )

    def blank(found: re.Match[str]) -> str:
        comment = found[0].startswith("/")
        return " " + "\n" * found[0].count("\n") if comment else found[0]

    # Joined lines are counted by newlines kept at the join's end, so that later directives keep their lines.
    joined = re.sub(r"\\\r?\n", "\x00", keep_lines.sub(blank, text))
    line = 1
    for row in joined.split("\n"):
        found = re.match(r"\s*#\s*(\w+)(.*)", row.replace("\x00", " "), re.DOTALL)
        if found:
            yield line, found[1], found[2].strip()
        line += 1 + row.count("\x00")


def _condition(directive: str, rest: str, macros: Mapping[str, tuple[str, int]]) -> bool:
    if directive != "if":
        return (rest.strip() in macros) == (directive == "ifdef")
    asked = re.sub(
        r"\bdefined\s*(?:\(\s*(\w+)\s*\)|(\w+))",
        lambda found: "1" if (found[1] or found[2]) in macros else "0",
        rest,
    )
    return bool(_evaluate(asked, macros, (), undefined=0))


def _macro(name: str, macros: Mapping[str, tuple[str, int]], seen: tuple[str, ...]) -> int | None:
    if name in seen or name not in macros:
        return None
    return _evaluate(macros[name][0], macros, (*seen, name))


def _evaluate(
    text: str, macros: Mapping[str, tuple[str, int]], seen: tuple[str, ...], undefined: int | None = None
) -> int | None:
    """The value of an expression, or None where it is none of numbers."""
    tokens, at = [], 0
    while text[at:].strip():
        found = TOKEN.match(text, at)
        if found is None:
            return None
        tokens.append(found[1])
        at = found.end()
    try:
        return _Expression(tokens, macros, seen, undefined).whole()
    except (ValueError, IndexError, ZeroDivisionError, OverflowError, RecursionError):
        return None


class _Expression:
    """One walk over an expression's tokens; raises `ValueError` where they are none."""

    def __init__(
        self,
        tokens: list[str],
        macros: Mapping[str, tuple[str, int]],
        seen: tuple[str, ...],
        undefined: int | None,
    ) -> None:
        self._tokens, self._macros, self._seen, self._undefined = tokens, macros, seen, undefined
        self._at = 0

    def whole(self) -> int:
        value = self._choice()
        if self._at != len(self._tokens):
            raise ValueError("tokens are left over")
        return value

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _choice(self) -> int:
        value = self._binary(0)
        if self._peek() != "?":
            return value
        self._next()
        yes = self._choice()
        if self._next() != ":":
            raise ValueError("`?` without `:`")
        no = self._choice()
        return yes if value else no

    def _binary(self, level: int) -> int:
        if level == len(BINARY):
            return self._unary()
        value = self._binary(level + 1)
        while self._peek() in BINARY[level]:
            value = _apply(self._next(), value, self._binary(level + 1))
        return value

    def _unary(self) -> int:
        token = self._next()
        if token in ("-", "+", "~", "!"):
            value = self._unary()
            return {"-": -value, "+": value, "~": ~value, "!": int(not value)}[token]
        if token == "(":
            if self._peek() in TYPES:  # a cast
                while self._next() != ")":
                    pass
                return self._unary()
            value = self._choice()
            if self._next() != ")":
                raise ValueError("unbalanced parentheses")
            return value
        return self._atom(token)

    def _atom(self, token: str) -> int:
        if token[0].isdigit():
            digits = token.rstrip("uUlL").replace("'", "")
            octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
            return int(digits, 8) if octal else int(digits, 0)
        if token[0] == "'":
            return ord(token[1:-1].encode().decode("unicode_escape"))
        value = _macro(token, self._macros, self._seen)
        if value is None:
            value = self._undefined
        if value is None:
            raise ValueError(f"`{token}` is no number")
        return value


def _apply(operator: str, left: int, right: int) -> int:
    if operator in ("<<", ">>"):
        if not 0 <= right < 64:
            raise ValueError("a shift out of range")
        return left << right if operator == "<<" else left >> right
    if operator in ("/", "%"):  # C rounds towards 0
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return quotient if operator == "/" else left - quotient * right
    table = {
        "+": left + right,
        "-": left - right,
        "*": left * right,
        "&": left & right,
        "|": left | right,
        "^": left ^ right,
        "==": int(left == right),
        "!=": int(left != right),
        "<": int(left < right),
        ">": int(left > right),
        "<=": int(left <= right),
        ">=": int(left >= right),
        "&&": int(bool(left and right)),
        "||": int(bool(left or right)),
    }
    return table[operator]
