"""Plain shell scripts: `build.sh` runs one script per step, in order; nothing of portwright is needed.

Each step runs in an empty folder that holds its declared inputs, and leaves its outputs in `results/ID`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

from portwright.base import processes
from portwright.base.events import Event
from portwright.build.emission import Emission
from portwright.build.emitted_parts import (
    CHECKSUMS,
    RESULTS,
    checksums,
    commented,
    encoded,
    environment_name,
    heading,
    sources,
    standalone,
)
from portwright.build.emitters import Emitted
from portwright.build.shell_words import word

MAIN = "build.sh"


def write(emission: Emission) -> Iterator[Emitted]:
    """build.sh, the steps, their sources, and what must come out."""
    yield Emitted(MAIN, encoded(_main(emission)), executable=True)
    for job in emission.jobs:
        yield Emitted(f"steps/{job.id}.sh", encoded(standalone(job, emission)), executable=True)
    yield Emitted(CHECKSUMS, encoded(checksums(emission)))
    yield from sources(emission)


def _main(emission: Emission) -> str:
    how = "`sh build.sh` builds all below results/; `sh build.sh check` compares with what was recorded."
    lines = heading(emission, how)
    lines += [f"{environment_name(row.name)}: {row.meaning}" for row in emission.parameters]
    text = "#!/bin/sh\n" + commented(lines)
    text += f"""set -eu
cd "$(dirname "$0")"
if [ "${{1-}}" = check ]; then
  cd {RESULTS} && exec sha256sum -c --quiet ../{CHECKSUMS}
fi
step() {{
  printf '[%s] %s\\n' "$1" "$3"
  sh "steps/$2.sh" || {{ printf 'build.sh: %s failed: sh steps/%s.sh runs it again\\n' "$1" "$2" >&2; exit 1; }}
}}
"""
    total = len(emission.jobs)
    for position, job in enumerate(emission.jobs):
        title = word(["".join(c if c.isprintable() else "?" for c in job.title)])
        text += f"step {position + 1}/{total} {job.id} {title}\n"
    return text


def build(
    folder: Path, emission: Emission, keep: Path | None = None
) -> Generator[Event, None, dict[str, Path]]:
    """Run build.sh; what it makes lies in the folder itself."""
    yield from ()
    shell = processes.need("sh", "install a POSIX shell")
    argv = [str(shell), str(folder / MAIN)]
    processes.check(processes.run(argv, cwd=folder), what=MAIN, cwd=folder)
    return {job.id: folder / RESULTS / job.id for job in emission.jobs}
