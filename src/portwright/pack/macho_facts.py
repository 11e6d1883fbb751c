"""What a person wants to know first of a Mach-O file of NeXT's: where it begins, what it is made of, what it needs."""

from __future__ import annotations

from portwright.formats.parts.macho_values import N_SECT, N_UNDF, Macho


def macho_facts(macho: Macho) -> dict[str, str | int]:
    """The facts by their names, those that a file has."""
    facts: dict[str, str | int] = {"machine": "m68k" + {2: " (68040)", 3: " (68030)"}.get(macho.subtype, "")}
    if macho.entry is not None:
        home = next((row for row in macho.sections if row.address <= macho.entry < row.end), None)
        facts["entry"] = f"{macho.entry:#x} in {f'({home.segment},{home.name})' if home else 'no section'}"
    named = [row for row in macho.segments if row.name]
    if named:
        facts["segments"] = ", ".join(f"{row.name} {row.address:#x} ({row.memory_size:,})" for row in named)
    if macho.sections:
        facts["sections"] = ", ".join(f"({row.segment},{row.name}) {row.size:,}" for row in macho.sections)
    loaded = [row for row in macho.libraries if not row.identifies]
    if loaded:
        facts["needs"] = ", ".join(
            f"{row.name} {row.minor_version} at {row.header_address:#x}" for row in loaded
        )
    entries = sum(len(row.relocations) for row in macho.sections)
    if entries:
        facts["relocations"] = f"{entries:,}"
    if macho.symbols:
        plain = [row for row in macho.symbols if not row.debugging]
        undefined = sum(row.place == N_UNDF for row in plain)
        defined = sum(row.place == N_SECT for row in plain)
        facts["symbols"] = f"{len(macho.symbols):,}: {defined:,} defined, {undefined:,} undefined"
    return facts
