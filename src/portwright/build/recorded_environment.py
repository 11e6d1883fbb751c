"""Which variables of a command a recording shows, and what it must never show: values of all others, and secrets.

A variable is shown where its trade's list, or the list for all, has its name, or where the command declared that it
reads it; never where its name looks like a secret's. The value of any other variable is taken out wherever it turns
up: in command lines, in other variables, in names of files, in texts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cache, lru_cache
from pathlib import Path

from portwright.build.trade import Trade, trades

HIDDEN = "[secret]"
"""What stands where a secret stood."""

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

SHORTEST = 6
"""Shorter values of unknown variables are too common to be taken out everywhere."""

_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|API_?KEY|(?:^|[_-])(?:KEY|KEYS|AUTH|PAT)(?:[_-]|$)", re.I
)
_PLAIN_VALUE = re.compile(r"[A-Za-z]+|[0-9][0-9.]*|[-+%][A-Za-z0-9%=]*|x86_64|aarch64|")
_USER_IN_URL = re.compile(r"(?<=://)[^/@\s\"']+(?=@)")
_ASSIGNMENT = re.compile(r"(?:-D|--?)?(?P<name>[A-Za-z_][\w-]*)=(?P<value>.+)", re.S)


def secret_name(name: str) -> bool:
    """Whether a variable's or an option's name looks like a secret's."""
    return _SECRET_NAME.search(name) is not None


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
    _found: re.Pattern[str] | None = None

    def learn(self, env: Mapping[str, str], declared: Iterable[str] = ()) -> None:
        """Note the values of variables that are not shown and not ordinary."""
        wanted = set(declared)
        for name, value in env.items():
            if secret_name(name) and not _feature(name, value):
                hidden = len(value) >= SHORTEST - 2 and value not in ("true", "false")
            else:
                hidden = name not in wanted and not _known(name) and _is_private(value)
            if hidden:
                self._add(value, f"the value of {name}")

    def learn_words(self, argv: Sequence[str]) -> None:
        """Note the secrets that a command line tells by its options' names, and users in URLs."""
        for _, value in _told(argv):
            if len(value) >= SHORTEST - 2:
                self._add(value, "the value of an option")

    def _add(self, value: str, what: str) -> None:
        if value not in self.values:
            self.values[value] = what
            self._found = None

    def hide(self, text: str) -> str:
        """The text without what must not be shown."""
        if not self.values:
            return text
        if self._found is None:
            self._found = re.compile("|".join(map(re.escape, sorted(self.values, key=len, reverse=True))))
        return self._found.sub(HIDDEN, text)

    def hide_words(self, argv: Sequence[str]) -> tuple[str, ...]:
        """The command line without what must not be shown."""
        words = list(argv)
        for at, value in _told(argv):
            words[at] = words[at].replace(value, HIDDEN)
        return tuple(map(self.hide, words))

    def within(self, data: bytes) -> bool:
        """Whether bytes hold what must not be shown."""
        return any(os.fsencode(value) in data for value in self.values)

    def reasons(self, *texts: str) -> list[str]:
        """What of secrets is in the texts."""
        return sorted({what for value, what in self.values.items() if any(value in text for text in texts)})


def _is_private(value: str) -> bool:
    """Whether the value of an unknown variable could say what is nobody's business: no plain word, no path."""
    if len(value) < SHORTEST or _PLAIN_VALUE.fullmatch(value):
        return False
    parts = (part for part in value.split(os.pathsep) if part)
    try:
        return not all(part.startswith(("/", ".")) and Path(part).exists() for part in parts)
    except (OSError, ValueError):
        return True


def _told(argv: Sequence[str]) -> list[tuple[int, str]]:
    """(which word, the secret in it) of a command line."""
    found: list[tuple[int, str]] = []
    for at, word in enumerate(argv):
        found += [(at, user) for user in _USER_IN_URL.findall(word)]
        said = _ASSIGNMENT.fullmatch(word)
        if said is not None and secret_name(said["name"]) and not said["value"].startswith(("/", "./", "$")):
            found.append((at, said["value"].strip("\"'\\")))
        elif at and _asks_for_secret(argv[at - 1]) and not word.startswith(("-", "/", "./")):
            found.append((at, word))
    return [(at, value) for at, value in found if value and value != HIDDEN]


def _asks_for_secret(word: str) -> bool:
    """Whether the word is an option whose value, the next word, is a secret."""
    return word.startswith("--") and "=" not in word and secret_name(word)
