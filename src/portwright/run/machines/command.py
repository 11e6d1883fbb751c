"""A machine that a command makes: what it prints is the console, what it reads is typed."""

from __future__ import annotations

from portwright.base.errors import BadInput, Fault
from portwright.describe.machines.command import Command
from portwright.run.command_machine import CommandMachine
from portwright.run.console import Boot


def start(boot: Boot) -> CommandMachine:
    """Start the command; raises `BadInput` where it names what was not given, `MissingTool` where it is not there."""
    machine = boot.machine
    assert isinstance(machine, Command)
    given = {
        "kernel": boot.kernel,
        "initrd": boot.initrd,
        "image": boot.images.get(""),
        "append": boot.append,
    }
    faults, words = [], []
    for word in machine.command:
        text = word
        for name, value in given.items():
            if "{" + name + "}" in word:
                if value is None:
                    what = f"the machine's command asks for {{{name}}}"
                    faults.append(Fault(what, None, f"give --{name}", f"boot/{name}"))
                text = text.replace("{" + name + "}", str(value))
        words.append(text)
    if faults:
        raise BadInput(faults)
    return CommandMachine(
        machine, words, boot.scratch, boot.folder, machine.environment, ends_well=machine.ends_well
    )
