"""Rust's symbol names -> paths as a person writes them, for both of rustc's manglings; others stay as they are.

Lifetimes, constants' types and crates' hashes are left out: a backtrace wants to be read.
"""

from __future__ import annotations

import re

_LEGACY = {
    "$SP$": "@",
    "$BP$": "*",
    "$RF$": "&",
    "$LT$": "<",
    "$GT$": ">",
    "$LP$": "(",
    "$RP$": ")",
    "$C$": ",",
}
_BASIC = {
    "a": "i8",
    "b": "bool",
    "c": "char",
    "d": "f64",
    "e": "str",
    "f": "f32",
    "h": "u8",
    "i": "isize",
    "j": "usize",
    "l": "i32",
    "m": "u32",
    "n": "i128",
    "o": "u128",
    "p": "_",
    "s": "i16",
    "t": "u16",
    "u": "()",
    "v": "...",
    "x": "i64",
    "y": "u64",
    "z": "!",
}
_DEEPEST = 200
_CRATE = re.compile(r"Cs([0-9A-Za-z]*)_(\d+)_?")


def demangle(name: str) -> str:
    """The readable form of a symbol's name."""
    try:
        if name.startswith("_R"):
            return _V0(name[2:]).symbol()
        if name.startswith("_ZN"):
            return _legacy(name[3:])
    except (ValueError, IndexError):
        pass
    return name


def crate_of(name: str) -> tuple[str, str] | None:
    """(crate, its disambiguator) of the crate that a symbol of the v0 mangling is written in.

    Two copies of one crate in a program differ in nothing but the disambiguator. The legacy mangling does not tell.
    """
    found = _CRATE.search(name) if name.startswith("_R") else None
    if found is None:
        return None
    crate = name[found.end() : found.end() + int(found[2][:4])]
    return (crate, found[1]) if crate else None


def _legacy(rest: str) -> str:
    parts: list[str] = []
    while rest and rest[0] != "E":
        digits = len(rest) - len(rest.lstrip("0123456789"))
        size = int(rest[:digits])
        parts.append(rest[digits : digits + size])
        rest = rest[digits + size :]
    if len(parts) > 1 and len(parts[-1]) == 17 and parts[-1][0] == "h":
        parts.pop()
    return "::".join(_legacy_part(part) for part in parts)


def _legacy_part(part: str) -> str:
    if part.startswith("_$"):
        part = part[1:]
    for code, text in _LEGACY.items():
        part = part.replace(code, text)
    pieces = part.split("$u")
    text = pieces[0]
    for piece in pieces[1:]:
        digits, _, rest = piece.partition("$")
        text += chr(int(digits, 16)) + rest
    return text.replace("..", "::")


class _V0:
    """A reader of the v0 mangling (RFC 2603)."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def symbol(self) -> str:
        """The whole symbol; what follows its path (an instantiating crate, a suffix) is left out."""
        if self._text[self._at].isdigit():
            raise ValueError("a version that is not known")
        return self._path()

    def _next(self) -> str:
        self._at += 1
        return self._text[self._at - 1]

    def _has(self, letter: str) -> bool:
        if self._text.startswith(letter, self._at):
            self._at += 1
            return True
        return False

    def _number(self) -> int:
        """A base-62 number: `_` is 0."""
        if self._has("_"):
            return 0
        value = 0
        while (letter := self._next()) != "_":
            digit = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".index(letter)
            value = value * 62 + digit
        return value + 1

    def _identifier(self) -> tuple[str, int]:
        """An undisambiguated identifier with its disambiguator."""
        disambiguator = self._number() + 1 if self._has("s") else 0
        punycode = self._has("u")
        start = self._at
        while self._text[self._at : self._at + 1].isdigit():
            self._at += 1
            if self._text[start] == "0":  # no number begins with 0: what follows is another one
                break
        size = int(self._text[start : self._at])
        self._has("_")
        name = self._text[self._at : self._at + size]
        self._at += size
        if punycode:
            plain, _, coded = name.rpartition("_")
            name = f"{plain}-{coded}".lstrip("-").encode().decode("punycode")
        return name, disambiguator

    def _back(self, read: str) -> str:
        """Read again what stood at an earlier place."""
        here = self._at - 1
        place = self._number()
        if place >= here:
            raise ValueError("a reference forwards")
        after, self._at = self._at, place
        found: str = getattr(self, read)()
        self._at = after
        return found

    def _path(self) -> str:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("too deep")
        try:
            return self._one_path()
        finally:
            self._depth -= 1

    def _one_path(self) -> str:
        match self._next():
            case "C":
                return self._identifier()[0]
            case "M":
                self._impl()
                return f"<{self._type()}>"
            case "X":
                self._impl()
                return f"<{self._type()} as {self._path()}>"
            case "Y":
                return f"<{self._type()} as {self._path()}>"
            case "N":
                return self._nested()
            case "I":
                path = self._path()
                arguments = self._list("_argument")
                return f"{path}<{', '.join(arguments)}>" if arguments else path
            case "B":
                return self._back("_path")
        raise ValueError("no path")

    def _impl(self) -> None:
        if self._has("s"):
            self._number()
        self._path()

    def _nested(self) -> str:
        namespace = self._next()
        path = self._path()
        name, disambiguator = self._identifier()
        if namespace.islower():
            return f"{path}::{name}"
        kind = {"C": "closure", "S": "shim"}.get(namespace, namespace)
        return f"{path}::{{{kind}{':' if name else ''}{name}#{disambiguator}}}"

    def _list(self, read: str) -> list[str]:
        found: list[str] = []
        while not self._has("E"):
            item: str = getattr(self, read)()
            if item:
                found.append(item)
        return found

    def _argument(self) -> str:
        if self._has("L"):
            self._number()
            return ""
        return self._constant() if self._has("K") else self._type()

    def _constant(self) -> str:
        if self._has("B"):
            return self._back("_constant")
        if self._has("p"):
            return "_"
        kind = self._next()
        negative = self._has("n")
        end = self._text.index("_", self._at)
        digits = self._text[self._at : end]
        self._at = end + 1
        value = int(digits or "0", 16)
        if kind == "b":
            return str(bool(value)).lower()
        if kind == "c":
            return repr(chr(value))
        return f"{'-' if negative else ''}{value}"

    def _type(self) -> str:
        letter = self._next()
        if letter in _BASIC:
            return _BASIC[letter]
        match letter:
            case "A":
                return f"[{self._type()}; {self._constant()}]"
            case "S":
                return f"[{self._type()}]"
            case "T":
                items = self._list("_type")
                return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
            case "R" | "Q":
                if self._has("L"):
                    self._number()
                return ("&" if letter == "R" else "&mut ") + self._type()
            case "P" | "O":
                return ("*const " if letter == "P" else "*mut ") + self._type()
            case "F":
                return self._function()
            case "D":
                return self._dynamic()
            case "B":
                return self._back("_type")
        self._at -= 1
        return self._path()

    def _function(self) -> str:
        if self._has("G"):
            self._number()
        unsafe = "unsafe " if self._has("U") else ""
        abi = ""
        if self._has("K"):
            abi = 'extern "C" ' if self._has("C") else f'extern "{self._identifier()[0]}" '
        arguments = self._list("_type")
        result = self._type()
        arrow = "" if result == "()" else f" -> {result}"
        return f"{unsafe}{abi}fn({', '.join(arguments)}){arrow}"

    def _dynamic(self) -> str:
        if self._has("G"):
            self._number()
        bounds = self._list("_bound")
        if self._has("L"):
            self._number()
        return "dyn " + " + ".join(bounds)

    def _bound(self) -> str:
        path = self._path()
        bindings = []
        while self._has("p"):
            name = self._identifier()[0]
            bindings.append(f"{name} = {self._type()}")
        if not bindings:
            return path
        inner = ", ".join(bindings)
        return f"{path[:-1]}, {inner}>" if path.endswith(">") else f"{path}<{inner}>"
