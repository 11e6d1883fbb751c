"""A `build.ninja` for plain ninja, with an edge per step; nothing of portwright is needed to run it.

Each edge runs its step's script in an empty folder that holds its declared inputs. What comes out as it was before
keeps its time, so a changed source goes no further than it must (`restat`).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path

from portwright.base import processes
from portwright.base.events import Event
from portwright.build.emission import Emission, Job, SourceSet
from portwright.build.emitted_parts import (
    CHECKSUMS,
    RESULTS,
    aliased,
    checksums,
    commented,
    encoded,
    heading,
    sources,
    standalone,
)
from portwright.build.emitters import Emitted

MAIN = "build.ninja"
_ODD = re.compile(r"[\r\n|]")
"""What a name of a file in build.ninja cannot have."""


def write(emission: Emission) -> Iterator[Emitted]:
    """build.ninja, the steps, their sources, and what must come out."""
    plain = said(emission)
    yield Emitted(MAIN, encoded(_main(plain)))
    for job in plain.jobs:
        script = standalone(job, plain, stamp=not _files(job))
        yield Emitted(f"steps/{job.id}.sh", encoded(script), executable=True)
    yield Emitted(CHECKSUMS, encoded(checksums(plain)))
    yield from sources(plain)


def said(emission: Emission) -> Emission:
    """The emission as this form says it."""
    return aliased(emission, lambda place: _ODD.search(place) is not None)


def _main(emission: Emission) -> str:
    how = f"`ninja` builds all below {RESULTS}/; then `cd {RESULTS} && sha256sum -c ../{CHECKSUMS}` compares."
    text = commented(heading(emission, how))
    text += "ninja_required_version = 1.5\n\nrule step\n  command = sh steps/$id.sh\n"
    text += "  description = $title\n  restat = 1\n"
    text += "\nrule sources\n  command = mkdir -p stamps && touch $out\n  description = sources of $out\n"
    for row in emission.sets:
        if len(row.files) > 1:
            files = [f"sources/{row.id}/{file.place}" for file in row.files]
            text += f"\nbuild {_newest(row)}: sources {_listed(files)}\n"
    made = {job.id: dict.fromkeys(_files(job) or [f"stamps/{job.id}"]) for job in emission.jobs}
    newest = {row.id: _newest(row) for row in emission.sets}
    return text + "".join("\n" + _edge(job, made, newest) for job in emission.jobs)


def _newest(row: SourceSet) -> str:
    """The file whose time is that of a set's newest: a stamp, not a phony edge, whose time `restat` does not heed."""
    return f"sources/{row.id}/{row.files[0].place}" if len(row.files) == 1 else f"stamps/{row.id}"


def _edge(job: Job, made: Mapping[str, Mapping[str, None]], newest: Mapping[str, str]) -> str:
    reads = [f"steps/{job.id}.sh", *(newest[name] for name in job.sets)]
    rows = [row for row in job.given if row.holder in made]
    reads += [next(iter(made[need])) for need in job.needs if job.script]
    reads += dict.fromkeys(_output(row.holder, row.place, made[row.holder]) for row in rows)
    title = "".join(letter if letter.isprintable() else "?" for letter in job.title).replace("$", "$$")
    return f"build {_listed(list(made[job.id]))}: step {_listed(reads)}\n  id = {job.id}\n  title = {title}\n"


def _output(job: str, place: str, made: Mapping[str, None]) -> str:
    """The file that says whether a job's output at a place is new: symlinks and folders have no time of their own."""
    wanted = f"{RESULTS}/{job}/{place}"
    return wanted if wanted in made else next(iter(made))


def _files(job: Job) -> list[str]:
    return [
        f"{RESULTS}/{job.id}/{row.place}" for row in job.kept if row.output.kind in ("file", "executable")
    ]


def _listed(paths: Sequence[str]) -> str:
    return " ".join(re.sub(r"([$ :])", r"$\1", path) for path in paths)


def build(
    folder: Path, emission: Emission, keep: Path | None = None
) -> Generator[Event, None, dict[str, Path]]:
    """Run ninja; what it makes lies in the folder itself."""
    yield from ()
    ninja = processes.need("ninja", "install ninja (Debian: ninja-build)")
    processes.check(processes.run([str(ninja), "-C", str(folder)]), what="ninja", cwd=folder)
    return {job.id: folder / RESULTS / job.id for job in emission.jobs}
