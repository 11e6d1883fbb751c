"""Which variables of a command a recording shows, and what it must never show: values of all others, and secrets.

A variable is shown where its trade's list, or the list for all, has its name, or where the command declared that it
reads it; never where its name looks like a secret's: then its value is taken out wherever it turns up, in command
lines, other variables, names of files, texts. The value of an unknown variable of the caller is taken out where it
looks like a secret and is a word of its own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cache, lru_cache

from portwright.build.secret_names import SHORTEST, secret_name
from portwright.build.secret_words import HIDDEN, USER_IN_URL, told
from portwright.build.trade import Trade, trades

__all__ = ["HIDDEN", "ORDINARY", "SHOWN", "Secrets", "looks_secret", "secret_name", "shown"]

SHOWN = (
    "PATH",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "SOURCE_DATE_EPOCH",
    "ZERO_AR_DATE",
    "MACOSX_DEPLOYMENT_TARGET",
)
"""Variables that every command may read."""

ORDINARY = (
    *(
        "HOME",
        "PWD",
        "OLDPWD",
        "USER",
        "LOGNAME",
        "SHELL",
        "SHLVL",
        "TERM",
        "COLORTERM",
        "_",
        "HOSTNAME",
        "HOSTTYPE",
    ),
    *(
        "DISPLAY",
        "LS_COLORS",
        "EDITOR",
        "PAGER",
        "VISUAL",
        "XDG_*",
        "TMPDIR",
        "TMP",
        "TEMP",
        "VIRTUAL_ENV",
        "NO_COLOR",
    ),
    *(
        "CARGO*",
        "RUST*",
        "PORTWRIGHT_*",
        "PYTHON*",
        "DEB_*",
        "DH_*",
        "DEBIAN_*",
        "DPKG_*",
        "FAKEROOT*",
        "FAKED_*",
    ),
    *(
        "MAKE*",
        "MFLAGS",
        "GNUMAKEFLAGS",
        "CMAKE_*",
        "NINJA_*",
        "CLICOLOR*",
        "GCC_*",
        "COLLECT_*",
        "MAIL",
        "LINES",
    ),
    *(
        "COLUMNS",
        "SSL_CERT_*",
        "NIX_*",
        "LD_PRELOAD",
        "OMP_*",
        "INTERNAL_*",
        "prefix",
        "DESTDIR",
        "V",
        "PYTEST_*",
    ),
)
"""Variables that are not shown, but whose values are no secrets: they are in many other words too."""

LONG = 12
"""From this length on the value of an unknown variable can look like a secret: long and mixed."""

_ORDINARY_PART = re.compile(
    r"x86|x64|i[3-6]86|amd64|aarch64|arm(?:v\d.*|64|hf)?|riscv\d.*|powerpc.*|mips.*|wasm\d+|linux|gnu\w*|musl\w*"
    r"|darwin|windows|redox|elf|none|unknown|(?:gcc|clang|llvm|rustc|python|gmake|ccache)\d*|debug|release|build",
    re.I,
)
_VERSION = re.compile(r"v?[0-9]+(?:[.-][0-9a-z]+)*", re.I)


@cache
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for several patterns of names."""
    return re.compile("|".join(map(translate, patterns)))


@cache
def _patterns() -> tuple[str, ...]:
    return (*SHOWN, *ORDINARY, *(pattern for trade in trades().values() for pattern in trade.environment))


@lru_cache(maxsize=4096)
def _known(name: str) -> bool:
    return _any_of(_patterns()).match(name) is not None


def _feature(name: str, value: str) -> bool:
    """A cargo feature may be called `token`; its variable says no more than that it is on."""
    return name.startswith("CARGO_FEATURE_") and value == "1"


def shown(env: Mapping[str, str], trade: Trade, declared: Iterable[str] = ()) -> dict[str, str]:
    """What a recording shows of the environment of a command, names sorted."""
    pattern, wanted = _any_of((*SHOWN, *trade.environment)), set(declared)
    return {
        name: value
        for name, value in sorted(env.items())
        if (name in wanted or pattern.match(name)) and (not secret_name(name) or _feature(name, value))
    }


@dataclass(slots=True)
class Secrets:
    """The values that must not be shown, with what each is."""

    values: dict[str, str] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    _found: re.Pattern[str] | None = None

    def learn(self, env: Mapping[str, str], declared: Iterable[str] = (), *, callers: bool = True) -> None:
        """Note the values of variables that are not shown and not ordinary.

        In the caller's environment an unknown variable is private that looks so. What the build itself sets comes of its
        sources (make exports what its command line says): there only a secret's name makes a secret.
        """
        wanted = set(declared)
        for name, value in env.items():
            if secret_name(name) and not _feature(name, value):
                if len(value) >= SHORTEST and value not in ("true", "false", "none"):
                    self._add(value, f"the value of {name}")
            elif callers and name not in wanted and not _known(name) and looks_secret(value):
                self._add(value, f"the value of {name}", whole=True)

    def learn_words(self, argv: Sequence[str]) -> None:
        """Note the secrets that a command line tells by its options' names, and users in URLs."""
        for _, value in told(argv):
            if len(value) >= SHORTEST:
                self._add(value, "the value of an option")

    def _add(self, value: str, what: str, *, whole: bool = False) -> None:
        if value not in self.values or (value in self.whole and not whole):
            self.values[value] = what
            (self.whole.add if whole else self.whole.discard)(value)
            self._found = None

    def _pattern(self, value: str) -> str:
        """What finds a value: of an unknown variable only where it is a word of its own, or an option's value."""
        plain = re.escape(value)
        return rf"(?<![\w./-]){plain}(?![\w./-])" if value in self.whole else plain

    def hide(self, text: str) -> str:
        """The text without what must not be shown."""
        if "://" in text:
            text = USER_IN_URL.sub(HIDDEN, text)
        if not self.values:
            return text
        if self._found is None:
            rows = sorted(self.values, key=lambda value: (-len(value), value))
            self._found = re.compile("|".join(map(self._pattern, rows)))
        return self._found.sub(HIDDEN, text)

    def hide_words(self, argv: Sequence[str]) -> tuple[str, ...]:
        """The command line without what must not be shown."""
        words = list(argv)
        for at, value in told(argv):
            words[at] = words[at].replace(value, HIDDEN)
        return tuple(map(self.hide, words))

    def within(self, data: bytes) -> bool:
        """Whether bytes hold what must not be shown."""
        return any(os.fsencode(value) in data for value in self.values)

    def reasons(self, *texts: str) -> list[str]:
        """What of secrets is in the texts."""
        return sorted({what for value, what in self.values.items() if self._is_in(value, texts)})

    def _is_in(self, value: str, texts: Iterable[str]) -> bool:
        found = [text for text in texts if value in text]
        return bool(found) and (
            value not in self.whole or any(re.search(self._pattern(value), text) for text in found)
        )


def looks_secret(value: str) -> bool:
    """Whether the value of an unknown variable looks like a secret: one long mixed word, of no ordinary parts."""
    if len(value) < LONG or not re.fullmatch(r"[\w.+=~!@#%^*:-]+", value) or value.startswith("-"):
        return False
    if value.endswith("-") or _VERSION.fullmatch(value) or os.path.exists(value):  # noqa: PTH110
        return False
    if any(_ORDINARY_PART.fullmatch(part) for part in re.split(r"[-_.:]", value)):
        return False
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value))
