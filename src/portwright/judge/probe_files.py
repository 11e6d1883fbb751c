"""Files: constants by what they do, error numbers, structs and directory entries byte by byte; probe against ledger."""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.cpu import Cpu
from portwright.describe.ledger import DirectoryRecords, Ledger, Struct, StructField
from portwright.judge.probe_report import Report, Row, failed, octets, row, unseen, value

FILE_SIZE = 4660
FILE_MODE = 0o644
NAMES = {
    "file": "file",
    "inner": "directory",
}  # what the probe makes, and what its kinds are called in [directory]
SECOND = 10**9


def rows(report: Report, ledger: Ledger, cpu: Cpu) -> Iterator[Row]:
    """The rows of [constants], [errors], [types], [directory], and of what operations on files mean."""
    yield from _constants(report, ledger)
    yield from _errors(report, ledger)
    yield from _status(report, ledger, cpu)
    yield from _timespec(report, ledger, cpu)
    yield from _system_name(report, ledger)
    if ledger.directory is not None and "read_directory" in ledger.offers:
        yield from _directory(report, ledger, ledger.directory, cpu)
    yield from _behaviour(report, ledger)


def _constants(report: Report, ledger: Ledger) -> Iterator[Row]:
    open_call = ledger.offers["open"][1] if "open" in ledger.offers else None
    call = {"O_": open_call}
    for name, word, held, *_ in report.of("constant", least=3):
        used, holds = value(word), held == "1"
        said = ledger.constant(name, call.get(name[:2]))
        if said is None or used is None:
            continue
        ignored = open_call is not None and name in open_call.ignores
        does = "does what it means" if holds else "does nothing"
        change = f"{name} = {used:#x}" if holds and used != said else ""
        if used == said and holds == ignored:
            change = f'ignores = ["{name}"]' if not holds else f"ignores without {name}"
        agrees = used == said and holds != ignored
        yield row(
            f"constants.{name}",
            agrees,
            f"{said:#x}{', ignored' if ignored else ''}",
            f"{used:#x} {does}",
            change,
        )


def _errors(report: Report, ledger: Ledger) -> Iterator[Row]:
    """One row for each error: all calls that must give it."""
    found: dict[str, dict[str, int]] = {}
    for words in report.of("error", least=3):
        result = value(words[2])
        if result is not None:
            found.setdefault(words[0], {})[words[1]] = result
    for name, results in found.items():
        number = ledger.error_number(name)
        if number is None:
            continue  # what an OS has no number for is not compared
        other = {operation: result for operation, result in results.items() if result != -number}
        seen = ", ".join(f"{operation} {result}" for operation, result in (other or results).items())
        same = set(other.values())
        change = (
            f"{name} = {-next(iter(same))}"
            if len(same) == 1 and min(same) < 0 and len(other) == len(results)
            else ""
        )
        yield row(f"errors.{name}", not other, number, seen, change)


# --- structs


def _field(data: bytes, field: StructField, cpu: Cpu) -> int | None:
    part = data[field.offset : field.offset + field.size]
    return int.from_bytes(part, cpu.endian, signed=field.signed) if len(part) == field.size else None


def _place(data: bytes, number: int, size: int, cpu: Cpu) -> int | None:
    """Where a number lies, if it is in one place only."""
    wanted = number.to_bytes(size, cpu.endian)
    places = [at for at in range(0, len(data) - size + 1, size) if data[at : at + size] == wanted]
    return places[0] if len(places) == 1 else None


def _size(name: str, layout: Struct, data: bytes) -> Row:
    change = f"[types.{name}] size = {len(data)}"
    return row(
        f"types.{name}.size", len(data) == layout.size, layout.size, f"{len(data)} bytes written", change
    )


def _known(name: str, field: str, layout: Struct, data: bytes, number: int, cpu: Cpu) -> Row | None:
    """A field whose value the probe has brought about."""
    place = layout.fields.get(field)
    if place is None:
        return None
    seen = _field(data, place, cpu)
    real = _place(data, number, place.size, cpu)
    change = "" if real is None else f"fields.{field} = {{ offset = {real}, size = {place.size} }}"
    return row(f"types.{name}.{field}", seen == number, f"at {place.offset}: {number}", f"{seen}", change)


def _status(report: Report, ledger: Ledger, cpu: Cpu) -> Iterator[Row]:
    layout = ledger.types.get("stat")
    if layout is None:
        return
    found, folder = report.one("struct", "stat", least=3), report.one("folder", least=2)
    if found is None or found[1] != "0":
        yield unseen("types.stat.size", layout.size)
        return
    data = octets(found[2])
    yield _size("stat", layout, data)
    size = _known("stat", "st_size", layout, data, FILE_SIZE, cpu)
    if size is not None:
        yield size
    if "st_mode" in layout.fields:
        yield from _kinds(
            ledger, layout, {"S_IFREG": data, "S_IFDIR": octets(folder[1]) if folder else b""}, cpu
        )
    if "st_nlink" in layout.fields:
        links = _known("stat", "st_nlink", layout, data, 1, cpu)
        if links is not None:
            yield links


def _kinds(ledger: Ledger, layout: Struct, seen: dict[str, bytes], cpu: Cpu) -> Iterator[Row]:
    """st_mode: the kind of file by the ledger's own constants, the rest the permissions that were asked for."""
    mask = ledger.constants.get("S_IFMT", 0o170000)
    place = layout.fields["st_mode"]
    first = _field(seen["S_IFREG"], place, cpu) or 0
    sane = bool(first & 0o600) and not first & 0o133 and bool(first & mask)
    fact = "types.stat.st_mode"
    yield row(fact, sane, f"at {place.offset}: a kind and {FILE_MODE:#o}", f"{first:#o}")
    for name, data in seen.items() if sane else ():
        kind = ledger.constants.get(name)
        mode = _field(data, place, cpu)
        if kind is None or mode is None:
            continue
        change = f"{name} = {mode & mask:#o}"
        yield row(f"constants.{name}", mode & mask == kind, f"{kind:#o}", f"st_mode {mode:#o}", change)


def _timespec(report: Report, ledger: Ledger, cpu: Cpu) -> Iterator[Row]:
    layout = ledger.types.get("timespec")
    if layout is None or "clock_read" not in ledger.offers:
        return
    found = report.one("struct", "timespec", least=3)
    if found is None or found[1] != "0":
        yield unseen("types.timespec.size", layout.size)
        return
    data = octets(found[2])
    yield _size("timespec", layout, data)
    seconds, rest = (_field(data, layout.fields[name], cpu) for name in ("tv_sec", "tv_nsec"))
    readings = [
        value(word)
        for word in (report.one("clock", "monotonic") or report.one("clock", "realtime") or ())[1:]
    ]
    before = readings[0] if readings else None
    sane = seconds is not None and rest is not None and 0 <= rest < SECOND
    near = before is None or (seconds is not None and 0 <= seconds - before < 60)
    places = ", ".join(f"{name} at {layout.fields[name].offset}" for name in ("tv_sec", "tv_nsec"))
    yield row("types.timespec.fields", sane and near, places, f"{seconds} s, {rest} ns")


def _system_name(report: Report, ledger: Ledger) -> Iterator[Row]:
    layout = ledger.types.get("utsname")
    found = report.one("struct", "utsname", least=3)
    if layout is None or "system_name" not in ledger.offers:
        return
    if found is None or found[1] != "0":
        yield unseen("types.utsname.size", layout.size)
        return
    yield _size("utsname", layout, octets(found[2]))


# --- directories


def _directory(report: Report, ledger: Ledger, form: DirectoryRecords, cpu: Cpu) -> Iterator[Row]:
    found = [(value(words[0]), octets(words[1])) for words in report.of("directory", "read", least=2)]
    reads = [(count, data) for count, data in found if count is not None and count > 0]
    if not found:
        yield unseen("directory.form", form.form)
        return
    entries = _records(reads, form, cpu) if form.form == "records" else _names(reads)
    seen = {name: kind for name, kind in entries if name in NAMES}
    shown = " ".join(name for name, _ in entries)[:120] or "nothing that is a name"
    yield row("directory.form", set(seen) == set(NAMES), form.form, shown, _other_form(reads, form, cpu))
    if form.types and set(seen) == set(NAMES):
        right = {name: form.types.get(kind) for name, kind in NAMES.items()}
        inner = ", ".join(f"{kind} = {seen[name]}" for name, kind in NAMES.items())
        yield row("directory.types", seen == right, right, seen, f"types = {{ {inner}, ... }}")
    ends = [found[-1][0], report.number("directory", "after-end")]
    yield row("read_directory, end", ends == [0, 0], "0, again and again", " ".join(map(str, ends)))
    short = report.number("directory", "short-room")
    if short is None:
        yield unseen("read_directory, short room", "a failure")
    else:
        yield row("read_directory, short room", failed(short), "a failure", short)


def _records(
    reads: list[tuple[int, bytes]], form: DirectoryRecords, cpu: Cpu
) -> list[tuple[str, int | None]]:
    found = []
    assert form.length is not None and form.name is not None
    for count, data in reads:
        at = 0
        while at < min(count, len(data)):
            record = data[at:count]
            length = _field(record, form.length, cpu)
            if not length or length <= form.name:
                break
            name = record[form.name : length].partition(b"\0")[0]
            kind = _field(record, form.type, cpu) if form.type else None
            found.append((name.decode(errors="replace"), kind))
            at += length
    return found


def _names(reads: list[tuple[int, bytes]]) -> list[tuple[str, int | None]]:
    return [
        (data[:count].decode(errors="replace"), data[count + 1] if len(data) > count + 1 else None)
        for count, data in reads
    ]


def _other_form(reads: list[tuple[int, bytes]], form: DirectoryRecords, cpu: Cpu) -> str:
    """The form in which the entries can be read, where it is not the ledger's."""
    if form.form == "records" and set(NAMES) <= {name for name, _ in _names(reads)}:
        return 'form = "one-name"'
    return (
        "length, type and name of [directory]"
        if form.form == "records"
        else 'form = "records", length and name'
    )


# --- behaviour


def _behaviour(report: Report, ledger: Ledger) -> Iterator[Row]:
    """What operations mean, whatever the ledger: an end is an end, a file that is renamed over is gone."""
    folder = report.number("file", "folder")
    if folder is not None:
        yield row("create_directory", folder == 0, 0, folder)
    elsewhere = report.number("file", "change-directory")
    if elsewhere is not None:
        seen = "names lead elsewhere" if elsewhere == 1 else "names lead where they did"
        yield row("change_directory", elsewhere == 1, "names lead elsewhere", seen)
    end = report.number("file", "read-at-end")
    if end is not None:
        yield row("read, at the end", end == 0, 0, end)
    length = report.one("file", "set-length", least=2)
    if length is not None and "set_length" in ledger.offers:
        yield row("set_length", length == ("0", str(FILE_SIZE)), f"0 {FILE_SIZE}", " ".join(length))
    over = report.one("file", "rename-over", least=3)
    if over is not None and "rename" in ledger.offers:
        wanted = ("0", "1", str(FILE_SIZE))
        yield row(
            "rename, over a file", over == wanted, "the old name gone, the new one whole", " ".join(over)
        )
    name = report.one("file", "directory-name", least=2)
    if name is not None and "current_directory" in ledger.offers:
        short, whole = value(name[0]), value(name[1])
        right = failed(short) and whole is not None and whole > 0
        yield row("current_directory", right, "a failure where it does not fit", " ".join(name))
