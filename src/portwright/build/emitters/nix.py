"""Nix: one plain `derivation { }` per step in default.nix; no nixpkgs, no experimental feature, any Nix since 2.4.

The builder is /bin/sh with the step's script. Sources are store paths of their own, one for each set of files that the
same steps read. flake.nix shows the same as packages and checks to those who have flakes on.
"""

from __future__ import annotations

import grp
import os
import re
from collections.abc import Generator, Iterator
from pathlib import Path

from portwright.base import processes
from portwright.base.events import Advanced, Begun, Ended, Event
from portwright.build import nix_scripts
from portwright.build.emission import Emission, Job
from portwright.build.emitted_parts import CHECKSUMS, checksums, commented, encoded, heading, sources
from portwright.build.emitters import Emitted
from portwright.build.step_script import body

MAIN = "default.nix"
MISSING = "install Nix (Debian: nix-bin)"


def write(emission: Emission) -> Iterator[Emitted]:
    """default.nix, flake.nix, the steps' scripts, their sources, and what must come out."""
    yield Emitted(MAIN, encoded(_main(emission)))
    yield Emitted("flake.nix", encoded(_flake(emission)))
    for job in emission.jobs:
        yield Emitted(f"steps/{job.id}.sh", encoded(body(job, emission)))
    yield Emitted("steps/results.sh", encoded(nix_scripts.results(emission)))
    yield Emitted("steps/check.sh", encoded(nix_scripts.check()))
    yield Emitted(CHECKSUMS, encoded(checksums(emission)))
    yield from sources(emission)


def string(text: str) -> str:
    """A text as a Nix string."""
    said = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r").replace("$", "\\$")
    return f'"{said}"'


def _main(emission: Emission) -> str:
    how = "`nix-build` builds everything: `-A step001` one step, `-A check` compares with what was recorded."
    text = commented(heading(emission, how))
    text += '{ system ? builtins.currentSystem\n, shell ? "/bin/sh" # runs the scripts\n'
    text += (
        f", path ? {string(nix_scripts.PATH)} # where mkdir, cp, ln, mv, chmod, cat, env and sha256sum are\n"
    )
    for row in emission.parameters:
        text += f", {row.name} ? {string(row.default)} # {row.meaning}\n"
    names = " ".join(row.name for row in emission.parameters)
    text += f"""}}:

let
  base = {{
    inherit system {names};
    builder = shell;
    PATH = path;
  }};

  script = file: {{
    args = [ "-c" ". \\"$scriptPath\\"" ];
    passAsFile = [ "script" ];
    script = builtins.readFile file;
  }};

  step = id: given: derivation (base // script (./steps + "/${{id}}.sh") // {{ name = id; }} // given);

  many = name: given: derivation (base // script (./steps + "/${{name}}.sh") // {{
    inherit name;
    passAsFile = [ "script" "steps" ];
    steps = builtins.attrValues steps;
  }} // given);

  steps = {{
"""
    text += "".join(_job(job) for job in emission.jobs)
    text += "  };\n\n  numbered = {\n"
    text += "".join(f"    {job.number} = steps.{job.id};\n" for job in emission.jobs)
    text += f"""  }};
in
steps // numbered // rec {{
  # A list of every step's result.
  all = derivation (base // {{
    name = "all";
    args = [ "-c" "cp \\"$stepsPath\\" \\"$out\\"" ];
    passAsFile = [ "steps" ];
    steps = builtins.attrValues steps;
  }});

  # Every file as the build leaves it.
  results = many "results" {{ }};

  # Fails where a file is not what was recorded.
  check = many "check" {{ sums = ./{CHECKSUMS}; }};

  default = results;
}}
"""
    return text


def _job(job: Job) -> str:
    rows = [f"{name} = ./sources/{name};" for name in job.sets]
    if job.needs:
        rows.append(f"inherit (steps) {' '.join(job.needs)};")
    if job.marked:
        rows.append(f"marked = {string(job.marked)};")
    title = "".join(letter if letter.isprintable() else "?" for letter in job.title)
    inner = "".join(f"      {row}\n" for row in rows)
    return f'    # {job.number}: {title}\n    {job.id} = step "{job.id}" {{\n{inner}    }};\n'


def _flake(emission: Emission) -> str:
    description = "".join(letter if letter.isprintable() else "?" for letter in emission.title)
    systems = string(f"{os.uname().machine}-{os.uname().sysname.lower()}")
    return f"""{{
  description = {string(f"steps of: {description}")};

  outputs = {{ self }}:
    let
      systems = [ {systems} ];
      each = make: builtins.listToAttrs (map (system: {{
        name = system;
        value = make (import ./{MAIN} {{ inherit system; }});
      }}) systems);
    in
    {{
      packages = each (build: build);
      checks = each (build: {{ recorded = build.check; }});
    }};
}}
"""


def options() -> list[str]:
    """What a build with this machine's own tools needs: they are outside of the store, so no sandbox."""
    words = ["--option", "sandbox", "false", "--option", "substitute", "false", "--max-jobs", "auto"]
    if os.geteuid() == 0:
        try:
            grp.getgrnam("nixbld")
        except KeyError:
            words += ["--option", "build-users-group", ""]
    return words


def build(
    folder: Path, emission: Emission, keep: Path | None = None
) -> Generator[Event, None, dict[str, Path]]:
    """Run nix-build for every step. A link in `keep` holds the results: no collection of garbage takes them."""
    tool = processes.need("nix-build", MISSING)
    link = ["--out-link", str(keep / "all")] if keep is not None else ["--no-out-link"]
    argv = [str(tool), str(folder / MAIN), "-A", "all", *link, "--cores", "1", *options()]
    done = yield from _followed(argv, len(emission.jobs), folder)
    listed = Path(done.text.strip()).read_text().split()
    return {Path(path).name.partition("-")[2]: Path(path) for path in listed}


def _followed(argv: list[str], total: int, folder: Path) -> Generator[Event, None, processes.Completed]:
    yield Begun("nix-build", total)
    watched = processes.watch(argv, cwd=folder)
    count = 0
    while True:
        try:
            line = next(watched)
        except StopIteration as end:
            done: processes.Completed = end.value
            break
        found = re.match(rb"building '.*/[a-z0-9]{32}-(.*)\.drv'", line)
        if found:
            count += 1
            yield Advanced("nix-build", count, found[1].decode(errors="replace"))
    yield Ended("nix-build", "built" if done.status == 0 else "failed", done.seconds)
    return processes.check(done, what="nix-build", cwd=folder)


def add(folder: Path, emission: Emission) -> str:
    """Put every derivation into the store without evaluating anything; the path of the one that needs all others."""
    instantiate = processes.need("nix-instantiate", MISSING)
    words = [str(instantiate), "--eval", "-E", 'builtins.storeDir + " " + builtins.currentSystem']
    asked = processes.check(processes.run(words), what="nix-instantiate", cwd=folder)
    store, system = asked.text.strip().strip('"').split(" ")
    return nix_scripts.add(emission, store, system, processes.need("nix-store", MISSING))
