"""How a program starts and how it calls: entry stack, first registers, what a call destroys; probe against ledger."""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.cpu import Cpu
from portwright.describe.ledger import Ledger
from portwright.describe.operation import vocabulary
from portwright.judge.probe_report import Report, Row, octets, row, toml_list, unseen, value

AT_NULL, AT_PAGESZ, LAST_TYPE = 0, 6, 64
LAID_OUT = ("argc", "argv", "null", "envp", "auxv")


def rows(report: Report, ledger: Ledger, cpu: Cpu) -> Iterator[Row]:
    """The rows of [abi], [entry] and of the numbers of calls."""
    yield from _convention(report, ledger, cpu)
    yield _clobbers(report, ledger, cpu)
    yield _flags(report, ledger)
    yield from _calls(report, ledger)
    yield from _entry(report, ledger, cpu)


def _convention(report: Report, ledger: Ledger, cpu: Cpu) -> Iterator[Row]:
    """What every line that came back proves: a call made so works."""
    abi = ledger.abi
    found = report.one("begin")
    if found is None:
        yield unseen("abi.cpu", abi.cpu)
    else:
        yield row("abi.cpu", found[0] == cpu.name, abi.cpu, found[0], f'cpu = "{found[0]}"')
    for name, own in (
        *(("trap", abi.trap), ("number", abi.number), ("result", abi.result), ("error", abi.error)),
        ("arguments", " ".join(abi.arguments)),
    ):
        used = report.one("abi", name)
        if used is None:
            yield unseen(f"abi.{name}", own)
            continue
        text = " ".join(used)
        change = f"arguments = {toml_list(list(used))}" if name == "arguments" else f'{name} = "{text}"'
        yield row(f"abi.{name}", text == own, own, f"{text}, and it works", change)


def _clobbers(report: Report, ledger: Ledger, cpu: Cpu) -> Row:
    """All that any call destroyed must be listed; what is listed need not be destroyed each time."""
    abi = ledger.abi
    looked = [*report.of("destroyed", least=2), *report.of("vectors", least=2)]
    seen = dict.fromkeys(register for _, _, *registers in looked for register in registers)
    listed = (
        {*abi.clobbers, *cpu.traps[abi.trap].clobbers, abi.result}
        if abi.trap in cpu.traps
        else {*abi.clobbers}
    )
    missing = [register for register in seen if register not in listed]
    if not looked:
        return unseen("abi.clobbers", " ".join(abi.clobbers))
    counts = sorted({int(count) for _, count, *_ in looked if count.isdecimal()})
    told = f"{' '.join(seen) or 'none'} (calls with {', '.join(map(str, counts))} arguments"
    told += ")" if report.of("vectors") else "; vector registers not looked at)"
    change = f"clobbers = {toml_list([*abi.clobbers, *missing])}"
    return row("abi.clobbers", not missing, " ".join(abi.clobbers), told, change)


def _flags(report: Report, ledger: Ledger) -> Row:
    found = [value(words[1]) for words in report.of("flags", least=2)]
    if not found:
        return unseen("abi.flags", ledger.abi.flags)
    changed = any(found)
    agrees = not changed or ledger.abi.flags == "destroyed"
    return row(
        "abi.flags", agrees, ledger.abi.flags, "destroyed" if changed else "kept", 'flags = "destroyed"'
    )


def _calls(report: Report, ledger: Ledger) -> Iterator[Row]:
    """The number that was taken for each operation."""
    missing = ledger.error_number("ENOSYS")
    used = {words[0]: words for words in report.of("used", least=3)}
    for operation, (name, call) in ledger.offers.items():
        if operation not in used or operation not in vocabulary():
            continue
        number, did = value(used[operation][1]), used[operation][2] == "2"
        if used[operation][2] == "0":
            continue  # it was not called: `exit`, which ends the report
        results = [value(words[2]) for words in report.of("error", least=3) if words[1] == operation]
        lacking = not did and missing is not None and -missing in results
        seen = f"{number}, and it {'did it' if did else 'is not there' if lacking else 'answered'}"
        change = f"{name} = {{ number = {number}, ... }}" if number != call.number else ""
        yield row(f"syscalls.{name}", number == call.number and not lacking, call.number, seen, change)


# --- the entry


def _entry(report: Report, ledger: Ledger, cpu: Cpu) -> Iterator[Row]:
    entry = ledger.entry
    pointer = report.number("entry", "sp")
    if pointer is None:
        yield unseen("entry.alignment", entry.alignment)
    else:
        real = pointer & -pointer
        change = f"alignment = {min(real, 16)}"
        yield row("entry.alignment", pointer % entry.alignment == 0, entry.alignment, f"{pointer:#x}", change)
    yield _stack(report, ledger, cpu)
    yield _environment(report, ledger)
    yield _registers(report, ledger)
    yield _thread_pointer(report, ledger)
    yield _open_files(report, ledger)


def _words(report: Report) -> list[int]:
    found = [value(words[1]) for words in report.of("entry", "word", least=2)]
    return [number for number in found if number is not None]


def _strings(report: Report) -> dict[int, bytes]:
    """The strings that words of the stack lead to, by the word's index."""
    return {
        int(words[0]): octets(words[1])
        for words in report.of("entry", "string", least=2)
        if words[0].isdecimal()
    }


def shape(words: list[int], strings: dict[int, bytes], page_sizes: set[int]) -> list[str]:
    """The parts of a stack as it is seen: a count, that many addresses, a null, addresses up to a null, pairs."""
    found: list[str] = []
    at = 0

    def addresses() -> int:
        nonlocal at
        begun = at
        while at < len(words) and at in strings:
            at += 1
        return at - begun

    if words and 0 not in strings:
        found.append("argc")
        at = 1
    for name in ("argv", "envp"):
        addresses()
        found.append(name)
        if at < len(words) and words[at] == 0:
            found.append("null")
            at += 1
    pairs = words[at:]
    for index in range(0, len(pairs) - 1, 2):
        if pairs[index] > LAST_TYPE:
            break
        if pairs[index] == AT_NULL:
            types = dict(zip(pairs[:index:2], pairs[1:index:2], strict=False))
            if types.get(AT_PAGESZ) in page_sizes:
                found.append("auxv")
            break
    return found


def _stack(report: Report, ledger: Ledger, cpu: Cpu) -> Row:
    said = ledger.entry.stack
    words = _words(report)
    if not words:
        return unseen("entry.stack", " ".join(said))
    page = report.number("memory", "page")
    seen = shape(words, _strings(report), {ledger.memory.page_size, page or 0})
    count = next((at for at, item in enumerate(said) if item not in LAID_OUT), len(said))
    expected, rest = list(said[:count]), list(said[count:]) or ["strings"]
    change = f"stack = {toml_list([*seen, *rest])}"
    return row("entry.stack", seen == expected, " ".join(expected), " ".join(seen), change)


def _environment(report: Report, ledger: Ledger) -> Row:
    """What the ledger says that a first program gets."""
    said = {f"{name}={text}" for name, text in ledger.entry.environment.items()}
    found = {string.decode(errors="replace") for string in _strings(report).values()}
    shown = sorted(string for string in found if "=" in string)
    if not found:
        return unseen("entry.environment", " ".join(sorted(said)))
    named = {string.partition("=")[0]: string.partition("=")[2] for string in shown}
    inner = ", ".join(
        f'{name} = "{text}"' for name, text in named.items() if name in ledger.entry.environment
    )
    change = f"environment = {{ {inner} }}"
    return row(
        "entry.environment",
        said <= found,
        " ".join(sorted(said)) or "nothing",
        f"{len(shown)} variables",
        change,
    )


def _registers(report: Report, ledger: Ledger) -> Row:
    """Zeros must be zeros; what is left undefined may be anything."""
    said = ledger.entry.registers
    found = {words[0]: value(words[1]) for words in report.of("entry", "register", least=2)}
    if not found:
        return unseen("entry.registers", said)
    filled = [name for name, number in found.items() if number]
    seen = f"{' '.join(filled)} hold something" if filled else "all 0"
    return row("entry.registers", not filled or said == "undefined", said, seen, 'registers = "undefined"')


def _thread_pointer(report: Report, ledger: Ledger) -> Row:
    said = ledger.entry.thread_pointer.at_entry
    found = report.number("entry", "thread-pointer")
    if found is None:
        return unseen("entry.thread-pointer", said, "this machine does not show it to programs")
    agrees = said == "undefined" or (said == "zero") == (found == 0)
    change = f'thread-pointer = {{ at-entry = "{"undefined" if found else "zero"}", set-by = "program" }}'
    return row("entry.thread-pointer", agrees, said, f"{found:#x}", change)


def _open_files(report: Report, ledger: Ledger) -> Row:
    said = sorted(ledger.entry.open_fds)
    found = {value(words[0]) or 0: value(words[1]) for words in report.of("open", least=2)}
    if not found or None in found.values():
        return unseen("entry.open-fds", said)
    seen = [fd for fd, result in found.items() if result == 0]
    return row("entry.open-fds", seen == [fd for fd in said if fd in found], said, seen, f"open-fds = {seen}")
