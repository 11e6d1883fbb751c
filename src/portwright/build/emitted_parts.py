"""What several emitters write alike: the sources, the checksums of what was recorded, scripts that run by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from portwright.build.emission import Emission, Job, Kept
from portwright.build.emitters import Emitted
from portwright.build.shell_words import Part, Var, word
from portwright.build.step_ids import letters
from portwright.build.step_script import body

CHECKSUMS = "SHA256SUMS"
RESULTS = "results"


def sources(emission: Emission) -> Iterator[Emitted]:
    """The files of every set: `sources/SET/PLACE`."""
    for row in emission.sets:
        for file in row.files:
            path = f"sources/{row.id}/{file.place}"
            yield Emitted(path, file.content, file.executable, file.digest)


def checksums(emission: Emission) -> str:
    """What each job must leave, as `sha256sum -c` reads it: `DIGEST  ID/PLACE`. Symlinks and folders are not in it."""
    rows = []
    for job in emission.jobs:
        for kept in job.kept:
            if kept.output.kind in ("file", "executable"):
                rows.append(_checksum(kept, f"{job.id}/{kept.place}"))
    return "".join(rows)


def _checksum(kept: Kept, name: str) -> str:
    plain = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"{'' if plain == name else chr(92)}{kept.output.digest}  {plain}\n"


def encoded(text: str) -> bytes:
    """A text as bytes; what was no UTF-8 is again what it was."""
    return text.encode("utf-8", "surrogateescape")


def heading(emission: Emission, how: str) -> list[str]:
    """The first lines of a file for people, without the sign of a comment."""
    recorded = f"The build of: {emission.title}" if emission.recording else f"The plan of {emission.title}"
    lines = [recorded, f"{len(emission.jobs)} steps, written by portwright emit.", how]
    return [*lines, *(f"NOTE: {note}" for note in emission.notes[:20])]


def commented(lines: list[str], sign: str = "#") -> str:
    """Lines as comments; a byte that would end the line is shown as a question mark."""
    return "".join(f"{sign} {_visible(line)}".rstrip() + "\n" for line in lines)


def _visible(line: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def aliased(emission: Emission, odd: Callable[[str], bool]) -> Emission:
    """The same with other places for files whose names a form cannot say; jobs still see them by their names."""

    def plain(place: str) -> str:
        return f"odd/{letters([place])[:16]}" if odd(place) else place

    jobs = tuple(
        replace(
            job,
            given=tuple(replace(row, place=plain(row.place)) for row in job.given),
            kept=tuple(replace(row, place=plain(row.place)) for row in job.kept),
        )
        for job in emission.jobs
    )
    sets = tuple(
        replace(row, files=tuple(replace(file, place=plain(file.place)) for file in row.files))
        for row in emission.sets
    )
    return replace(emission, jobs=jobs, sets=sets)


def standalone(job: Job, emission: Emission, *, stamp: bool = False) -> str:
    """A script that runs by itself in the emitted folder: `sh steps/ID.sh` leaves `results/ID`.

    What comes out as it was before keeps its time, so that who goes by times does not do more than is needed.
    """
    script = body(job, emission)
    lines = [
        "#!/bin/sh",
        "set -eu",
        *(["builder=/bin/sh"] if "$builder" in script else []),
        'root=$(cd "$(dirname "$0")/.." && pwd)',
    ]
    holders = [(name, "sources") for name in job.sets] + [(name, RESULTS) for name in job.needs]
    lines += [f"{name}={_below(folder, name)}" for name, folder in holders]
    for parameter in emission.parameters:
        default = word([parameter.default]) if parameter.default else ""
        lines.append(f"{parameter.name}=${{{environment_name(parameter.name)}-{default}}}")
    final = _below(RESULTS, job.id)
    fresh = final if job.script else _below(RESULTS, f".new-{job.id}")
    work = _below("work", job.id)
    lines += [f"out={fresh}", f'rm -rf "$out" {work}', f"mkdir -p {work} {_below(RESULTS)}", f"cd {work}", ""]
    after = ["", 'cd "$root"']
    if job.script:
        after.append(f"rm -rf {work}")
    else:
        after += [*_settled(job, final), f"rm -rf {final} {work}", f'mv "$out" {final}']
    if stamp:
        after += [f"mkdir -p {_below('stamps')}", f": > {_below('stamps', job.id)}"]
    return "\n".join(lines) + "\n" + script + "\n".join(after) + "\n"


def environment_name(parameter: str) -> str:
    """The environment's variable that sets a parameter of a script."""
    return f"PORTWRIGHT_{parameter.upper()}"


def _below(*names: str) -> str:
    parts: list[Part] = [Var("root"), "/" + "/".join(names)]
    return word(parts)


def _settled(job: Job, final: str) -> list[str]:
    """Files that came out as they were before are those of before."""
    places = [row.place for row in job.kept if row.output.kind in ("file", "executable")]
    if not places:
        return []
    loop = [f"for place in {' '.join(word([place]) for place in places)}; do"]
    old = f'{final[:-1]}/$place"' if final.endswith('"') else f'{final}/"$place"'
    test = f'  if [ ! -h "$out/$place" ] && cmp -s {old} "$out/$place"; then'
    return [*loop, test, f'    mv -f {old} "$out/$place"', "  fi", "done"]
