"""Finds the secrets that a command line tells: by options' names, in URLs, in headers, in a shell's script too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from portwright.build.secret_names import SHORTEST, secret_name, strong_name

HIDDEN = "[secret]"
"""What stands where a secret stood."""

USER_IN_URL = re.compile(r"(?<=://)[^/@\s\"']+(?=@)")
_LOGIN = re.compile(r"(?<![\w/:.-])[\w.+-]+:([^\s@:/\"']+)@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b")
_HEADER = re.compile(
    r"(?:authorization:\s*(?:(?:bearer|basic|token|digest)\s+)?|\bbearer\s+)([^\s\"']+)", re.I
)
_PASS_SOURCE = re.compile(r"pass:(.+)")
_ASSIGNMENT = re.compile(r"(?:-D|--?)?(?P<name>[A-Za-z_][\w-]*)=(?P<value>.+)", re.S)
_USERS = ("-u", "--user", "--proxy-user", "-U")
_USER_WORD = re.compile(r"(?:-u|--(?:proxy-)?user=)?[^:/\s=-][^:/\s]*:(?P<value>[^/\s]+)")
_SHORT_OPTION = re.compile(r"-{1,2}(?:pass|passwd|password|token|secret|passphrase)")
_BY_LETTER = re.compile(r"mysql\w*|mariadb[\w-]*|sshpass")
_COMMANDS = re.compile(r"[;&|()\n`]+")
_WORDS = re.compile(r"(?:[^\s\"'\\]|\"[^\"]*\"|'[^']*'|\\.)+", re.S)


def told(argv: Sequence[str]) -> list[tuple[int, str]]:
    """(which word, the secret in it) of a command line; a word with spaces is looked through as a script too."""
    found = [(at, value) for at, value in _of_words(argv)]
    for at, word in enumerate(argv):
        found += [(at, value) for value in _in_text(word)]
        if any(map(str.isspace, word)):
            for command in _COMMANDS.split(word):
                inner = [one.strip("\"'") for one in _WORDS.findall(command)]
                found += [(at, value) for _, value in _of_words(inner)]
    rows = {(at, value): None for at, value in found if value and value != HIDDEN}
    return sorted(rows, key=lambda row: (row[0], -len(row[1])))


def _in_text(word: str) -> Iterator[str]:
    """What a text tells wherever it stands: users in URLs, headers."""
    for user in USER_IN_URL.findall(word):
        yield user
        if len(user.partition(":")[2]) >= SHORTEST:
            yield user.partition(":")[2]
    for pattern in (_LOGIN, _HEADER):
        yield from (value for value in pattern.findall(word) if not value.startswith("$"))


def _of_words(argv: Sequence[str]) -> Iterator[tuple[int, str]]:
    """What the words of one command tell."""
    program = next((word for word in argv if not _ASSIGNMENT.fullmatch(word)), "").rpartition("/")[2]
    for at, word in enumerate(argv):
        before = argv[at - 1] if at else ""
        said = _ASSIGNMENT.fullmatch(word)
        if said is not None and secret_name(said["name"]):
            value = said["value"].strip("\"'\\")
            if _is_value(value) and (len(value) >= SHORTEST or strong_name(said["name"])):
                yield at, value
        elif _asks_for_secret(before) and not word.startswith("-") and _is_value(word):
            yield at, word
        source = _PASS_SOURCE.fullmatch(word) if before.startswith("-pass") else None
        if source is not None:
            yield at, source[1]
        if _BY_LETTER.fullmatch(program) and word.startswith("-p") and len(word) > 2:
            yield at, word[2:]
        elif program == "sshpass" and before == "-p":
            yield at, word
        user = _user(program, before, word)
        if user:
            yield at, user


def _is_value(word: str) -> bool:
    """Whether a word can be a secret itself: no file, no variable that a shell fills in."""
    return not word.startswith(("/", "./", "$"))


def _user(program: str, before: str, word: str) -> str:
    """The password of `-u user:password`; of numbers (a container's user and group) it is none."""
    joined = word.startswith(("--user=", "--proxy-user=")) or (program == "curl" and word.startswith("-u"))
    if not joined and before not in _USERS:
        return ""
    said = _USER_WORD.fullmatch(word)
    if said is None or (program in ("docker", "podman", "chroot", "unshare") and said["value"].isdecimal()):
        return ""
    return said["value"]


def _asks_for_secret(word: str) -> bool:
    """Whether the word is an option whose value, the next word, is a secret."""
    if "=" in word:
        return False
    return (word.startswith("--") and secret_name(word)) or _SHORT_OPTION.fullmatch(word) is not None
