"""Writes into a user's Cargo package what makes it build, run and test for a port, and destroys nothing there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from portwright.base.errors import BadInput, Fault, Where
from portwright.base.files import write_atomic
from portwright.build.goals import BuildResult


def configure(folder: Path, built: BuildResult, runner: list[str]) -> Path:
    """Set the port's keys in the package's `.cargo/config.toml`; comments and other keys stay as they are.

    The configuration names the port's last sysroot by a path that stays. Raises `BadInput` where a key is set to
    something else already: it says what to change by hand.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    if not (folder / "Cargo.toml").is_file():
        raise BadInput([Fault("no Cargo.toml here", Where(folder), "name the folder of a Cargo package")])
    path = folder / ".cargo" / "config.toml"
    if not path.exists() and path.with_name("config").exists():
        path = path.with_name("config")  # the old name: cargo reads only one of the two
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise BadInput([Fault(f"cannot be read: {error}", Where(path), "mend or move it")]) from None
    wanted = keys(built, runner)
    faults = [
        fault for table, values in wanted.items() for fault in _conflicts(document, table, values, path)
    ]
    if faults:
        raise BadInput(faults)
    for table, values in wanted.items():
        place: Any = document
        for part in table:
            if part not in place:
                place[part] = tomlkit.table(is_super_table=part == "target")
            place = place[part]
        for name, value in values.items():
            place[name] = value
    write_atomic(path, tomlkit.dumps(document))
    return path


def write(built: BuildResult, runner: list[str]) -> Path:
    """Put the configuration into the port's folder in the cache, for a package to include; answers its path."""
    import tomlkit

    document = tomlkit.document()
    document.add(
        tomlkit.comment("Written by portwright: builds for the port; `cargo run` and `cargo test` run there.")
    )
    for table, values in keys(built, runner).items():
        place: Any = document
        for part in table[:-1]:
            place = place.setdefault(part, tomlkit.table(is_super_table=True))
        place[table[-1]] = tomlkit.item(values)
    path = built.folder / "cargo-config.toml"
    write_atomic(path, tomlkit.dumps(document))
    return path


def keys(built: BuildResult, runner: list[str]) -> dict[tuple[str, ...], dict[str, Any]]:
    """What the configuration must say, by table."""
    tools = built.folder / "sysroot" / "bin"
    return {
        ("build",): {
            "target": built.target,
            "rustc": str(tools / "rustc"),
            "rustdoc": str(tools / "rustdoc"),
        },
        ("target", built.target): {"runner": runner},
    }


def _conflicts(document: Any, table: tuple[str, ...], values: dict[str, Any], path: Path) -> list[Fault]:
    place = document
    for part in table:
        place = place.get(part)
        if place is None:
            return []
        if not hasattr(place, "get"):
            return [Fault(f"`{'.'.join(table)}` is no table", Where(path), "mend it by hand")]
    found = []
    for name, value in values.items():
        there = place.get(name)
        there = there.unwrap() if hasattr(there, "unwrap") else there
        if there is None or there == value or _ours(there):
            continue
        what = f"`{'.'.join(table)}.{name}` is {there!r} already; for this port it must be {value!r}"
        found.append(
            Fault(what, Where(path), "change or remove the line, then configure again", "config/conflict")
        )
    return found


def _ours(value: Any) -> bool:
    """Whether an earlier `--configure` wrote the value, so that it may be replaced."""
    words = value if isinstance(value, list) else [value]
    text = " ".join(map(str, words))
    return "portwright" in text and ("/sysroot/bin/rust" in text or " run " in f"{text} ")
