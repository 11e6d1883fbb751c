"""A command given at a guest's prompt: what to type, and out of all that the console shows its output and status.

A random word frames the output, so that neither the echo of what was typed nor lines of the kernel are taken for it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from portwright.describe.machine import Shell
from portwright.run.events import Answer, ConsoleOutput

BETWEEN = rb"(?:\x1b\[[0-9;?]*[A-Za-z]|[\r\n]| \r)*"
"""What a terminal's line editor puts between the letters that it echoes."""
COMMANDS = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>78]|\x1b\][^\x07]*\x07")
LOOKED_BACK = 1 << 16


class Dialogue:
    """One command: `type` is what is to be typed next; `answer` is there when it has ended, and then `after` is what
    the console showed behind it.

    `before`: what had come of a line when it was typed, as a message of the kernel that is not whole yet.
    """

    def __init__(self, shell: Shell, command: str, mark: str | None = None, before: bytes = b"") -> None:
        self.mark = mark or f"pw{secrets.token_hex(4)}"
        self._shell, self._command = shell, command
        self._lines = [line.replace("{mark}", self.mark).replace("{command}", command) for line in shell.type]
        self._seen = bytearray(before)
        self.after = b""
        self._typed = 0
        self._from = 0
        self._prompt = re.compile(shell.prompt.encode(), re.MULTILINE)
        status = shell.status.replace("{mark}", self.mark) if shell.status else None
        # A number at the end of what has come so far may go on.
        self._status = re.compile(f"(?:{status})(?=[^0-9])".encode(), re.MULTILINE) if status else None
        self._marked = bool(shell.status and "{mark}" in shell.status)
        self.type = self._next()
        self.began = 0.0
        self.answer: Answer | None = None

    def _next(self) -> bytes:
        line = self._lines[self._typed]
        self._typed += 1
        self._from = len(self._seen)
        return (line + self._shell.newline).encode()

    def take(self, event: ConsoleOutput) -> None:
        """More of the console."""
        self.type = b""
        self._seen += event.data
        if self._typed < len(self._lines):
            if self._prompt_came():
                self.type = self._next()
        elif self._is_over():
            self.answer = self._make(event.at - self.began, True)

    def give_up(self, seconds: float) -> Answer:
        """What has come of it so far."""
        self.answer = self._make(seconds, False)
        return self.answer

    def _prompt_came(self) -> re.Match[bytes] | None:
        """The prompt behind the last line that was typed."""
        return self._prompt.search(self._without_echo(self._recent()))

    def _recent(self) -> bytes:
        """What came since the last line was typed, its echo too."""
        return _plain(bytes(self._seen[max(self._from, len(self._seen) - LOOKED_BACK) :]))

    def _is_over(self) -> bool:
        if self._marked and self._status is not None:
            found = self._status.search(self._recent())
        else:
            found = self._prompt_came()
        if found is not None:
            self.after = found.string[found.end() if self._marked else found.start() :]
        return found is not None

    def _without_echo(self, text: bytes) -> bytes:
        """Take out what was typed, where the terminal shows it: at a line's beginning or behind a prompt."""
        for line in self._lines[: self._typed]:
            echo = BETWEEN.join(re.escape(bytes([char])) for char in line.encode())
            place = rb"(^|" + self._shell.prompt.encode() + rb")" + echo + rb"[ \t\r]*\n?"
            text = re.sub(place, rb"\1", text, count=1, flags=re.MULTILINE)
        return text

    def _make(self, seconds: float, ended: bool) -> Answer:
        raw = bytes(self._seen).replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n")
        text = COMMANDS.sub(b"", self._without_echo(raw))
        if len(self._lines) > 1:
            text = self._prompt.sub(b"", text)
        kept, noise = self._without_noise(text)
        status = self._status.search(text) if self._status else None
        mark = self.mark.encode()
        begin = kept.find(mark)
        body = kept[begin + len(mark) :].lstrip(b" ").removeprefix(b"\n") if begin >= 0 else kept
        end = body.rfind(mark)
        if end >= 0:
            body = body[:end]
        return Answer(
            self._command,
            body.decode("utf-8", "backslashreplace"),
            int(status["status"]) if status else None,
            tuple(row.decode("utf-8", "backslashreplace") for row in noise),
            seconds,
            ended,
        )

    def _without_noise(self, text: bytes) -> tuple[bytes, Sequence[bytes]]:
        patterns = [re.compile(each.encode(), re.MULTILINE) for each in self._shell.noise]
        if not patterns:
            return text, ()
        kept: list[bytes] = []
        noise: list[bytes] = []
        for row in text.splitlines(keepends=True):
            (noise if any(each.search(row) for each in patterns) else kept).append(row)
        return b"".join(kept), [row.rstrip() for row in noise]


def _plain(text: bytes) -> bytes:
    return COMMANDS.sub(b"", text.replace(b"\r\n", b"\n"))
