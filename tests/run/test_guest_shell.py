"""A command's answer out of what consoles really show: echo, wrapped lines, kernels that talk in between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from portwright.describe.machine import Shell
from portwright.run.events import Answer, ConsoleOutput
from portwright.run.guest_shell import Dialogue

RICH = Shell(prompt=r"^\S* ?[#$] ", noise=[r"^\[ *\d+\.\d+\] "])
POOR = Shell(
    prompt=r"^vsh> ",
    type=["echo {mark}", "{command}", "echo {mark}"],
    status=r"exited with code (?P<status>\d+)",
    noise=[r"^\[[A-Z]+\]"],
)


def answer(
    shell: Shell, command: str, console: bytes, size: int = 1 << 20
) -> tuple[Answer | None, list[bytes]]:
    """The answer to a console in which M stands for the mark, and all that was typed."""
    dialogue = Dialogue(shell, command, mark="M4rk")
    typed = [dialogue.type]
    data = console.replace(b"\xffM", b"M4rk")
    for place in range(0, len(data), size):
        dialogue.take(ConsoleOutput(1.5, data[place : place + size]))
        if dialogue.type:
            typed.append(dialogue.type)
        if dialogue.answer:
            break
    return dialogue.answer, typed


TYPED = b"echo \xffM; ls /; echo \xffM $?"
CONSOLES = {
    "no echo": b"\xffM\r\nbin\r\ndev\r\n\xffM 0\r\n# ",
    "echo": TYPED + b"\r\n\xffM\r\nbin\r\ndev\r\n\xffM 0\r\n# ",
    "echo that is wrapped": b"echo \xffM; l\r\ns /; echo \x1b[K\xffM \r$?\r\n\xffM\r\nbin\r\ndev\r\n\xffM 0\r\n",
    "echo behind a prompt": b"/ # " + TYPED + b"\r\r\n\xffM\r\nbin\r\ndev\r\n\xffM 0\r\n/ # ",
    "the kernel in between": TYPED
    + b"\r\n\xffM\r\nbin\r\n[   12.345678] random: ready\r\ndev\r\n\xffM 0\r\n",
    "colours": TYPED + b"\r\n\xffM\r\n\x1b[1;34mbin\x1b[m\r\n\x1b[1;34mdev\x1b[m\r\n\xffM 0\r\n",
}


@pytest.mark.parametrize("size", [1 << 20, 1, 7])
@pytest.mark.parametrize("name", CONSOLES)
def test_the_output_and_the_status(name: str, size: int) -> None:
    found, typed = answer(RICH, "ls /", CONSOLES[name], size)
    assert found is not None
    assert (found.output, found.status, found.ended) == ("bin\ndev\n", 0, True)
    assert typed == [b"echo M4rk; ls /; echo M4rk $?\n"]
    assert found.noise == (("[   12.345678] random: ready",) if "kernel" in name else ())
    assert found.seconds == 1.5


def test_output_without_a_last_line_end_and_statuses_of_several_digits() -> None:
    found, _ = answer(RICH, "x", b"\xffM\nab\xffM 127\n", 1)
    assert found is not None and (found.output, found.status) == ("ab", 127)


def test_the_echo_alone_is_no_answer() -> None:
    found, _ = answer(RICH, "ls /", TYPED + b"\r\n\xffM\r\nbin\r\n")
    assert found is None


def test_a_poor_shell_gets_a_line_after_each_prompt() -> None:
    console = (
        b"echo \xffM\r\n[SHELL] command_line='echo \xffM'\r\n\xffM\r\nvsh> ls /\r\n[EXEC] path=ls\r\nbin\r\ndev\r\n"
        b"[SHELL] Process 3 exited with code 4\r\nvsh> echo \xffM\r\n[SHELL] echo\r\n\xffM\r\nvsh> "
    )
    found, typed = answer(POOR, "ls /", console, 11)
    assert found is not None
    assert typed == [b"echo M4rk\n", b"ls /\n", b"echo M4rk\n"]
    assert (found.output, found.status) == ("bin\ndev\n", 4)
    assert len(found.noise) == 4


def test_giving_up_keeps_what_there_is() -> None:
    dialogue = Dialogue(RICH, "x", mark="M4rk")
    dialogue.take(ConsoleOutput(0.1, b"M4rk\nhalf of i"))
    found = dialogue.give_up(3.0)
    assert (found.output, found.status, found.ended, found.seconds) == ("half of i", None, False, 3.0)


@given(
    some.text(some.characters(codec="ascii", exclude_characters="\r\x1b"), max_size=200),
    some.integers(0, 255),
)
def test_any_text_comes_back_whole(text: str, status: int) -> None:
    console = b"\xffM\n" + text.encode() + b"\xffM " + str(status).encode() + b"\r\n"
    plain = Shell(prompt="^nobody> ")
    found, _ = answer(plain, "x", console)
    assert found is not None
    assert (found.output, found.status) == (text, status)
