"""What tests of emitters share: recordings of small real builds, and private places for the tools that build them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from portwright.build import emit_folder, emit_recording
from portwright.build.emission import Emission
from portwright.derive.recording import from_json
from recording_maker import Maker

FORMS = ("sh", "ninja", "nix")
NIX = "nix-build: not on this machine (Debian: nix-bin)"


def need(form: str) -> None:
    """Skip a test where what builds this form is missing."""
    tool = {"nix": "nix-build", "ninja": "ninja", "sh": "sh"}[form]
    if shutil.which(tool) is None:
        pytest.skip(f"{tool}: not on this machine")


def private_nix(folder: Path) -> dict[str, str]:
    """The environment of a Nix whose store, state and settings are all below a folder."""
    (folder / "conf").mkdir(parents=True, exist_ok=True)
    settings = [
        "build-users-group =",
        "sandbox = false",
        "substitute = false",
        "substituters =",
        "fsync-metadata = false",
    ]
    (folder / "conf" / "nix.conf").write_text("\n".join(settings) + "\n")
    names = {
        "STORE": "store",
        "STATE": "state",
        "LOG": "log",
        "DATA": "data",
        "LOCALSTATE": "lstate",
        "CONF": "conf",
    }
    found = {f"NIX_{name}_DIR": str(folder / below) for name, below in names.items()}
    return {
        **found,
        "NIX_REMOTE": "",
        "NIX_PATH": "",
        "HOME": str(folder / "home"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }


@contextmanager
def in_private_nix(folder: Path) -> Iterator[dict[str, str]]:
    """Nix's variables in this process; the store can be removed afterwards."""
    before = dict(os.environ)
    variables = private_nix(folder)
    os.environ.update(variables)
    try:
        yield variables
    finally:
        os.environ.clear()
        os.environ.update(before)
        subprocess.run(["chmod", "-R", "u+w", str(folder)], check=False)


def emission(maker: Maker, **changes: Any) -> Emission:
    """What is emitted of a made recording, by way of its document."""
    path = maker.save(maker.folder / "recording.json", **changes)
    return emit_recording.emission(from_json(path.read_text()), path)


def finish(generator: Any) -> Any:
    """Run a generator to its end; what it returns."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


def build(entry: Any, made: Emission, folder: Path) -> list[emit_folder.Difference]:
    """Write, build, compare."""
    emit_folder.write(folder, entry.__name__.rpartition(".")[2], entry.write(made))
    results = finish(entry.build(folder.resolve(), made))
    said = entry.said(made) if hasattr(entry, "said") else made
    return list(emit_folder.compare(said, results))


def c_project(folder: Path) -> Maker:
    """A library of two files and a program, with a header, generated code, a copy, a link, and a failing command."""
    maker = Maker(folder)
    maker.write("$SRC/include/a.h", "int two(void);\n")
    maker.write("$SRC/a.c", '#include "a.h"\nint two(void) { return 2; }\n')
    maker.write("$SRC/b.c", "int other(void) { return 3; }\n")
    maker.write(
        "$SRC/main.c", '#include "a.h"\n#include "gen.h"\nint main(void) { return two() - NUMBER; }\n'
    )
    maker.write("$SRC/gen.sh", "#!/bin/sh\nread n\necho '#define NUMBER' $n\n", mode=0o755)
    maker.write("$SRC/number", "2\n")
    maker.run(
        "$SRC/gen.sh", inputs=["$SRC/gen.sh"], stdin="$SRC/number", stdout="$OUT/gen.h", trade="generator"
    )
    maps = ["-ffile-prefix-map=$SRC=/src", "-ffile-prefix-map=$OUT=/out"]
    for name, more in (("a", []), ("b", []), ("main", ["$OUT/gen.h"])):
        header = ["$SRC/include/a.h"] if name != "b" else []
        words = ["-g", "-I$SRC/include", "-I$OUT", *maps, "-c", f"$SRC/{name}.c", "-o", f"$OUT/{name}.o"]
        maker.run(
            "gcc", *words, inputs=[f"$SRC/{name}.c", *header, *more], outputs=[f"$OUT/{name}.o"], trade="cc"
        )
    library = ["$OUT/a.o", "$OUT/b.o"]
    maker.run("ar", "rcsD", "$OUT/libab.a", *library, inputs=library, outputs=["$OUT/libab.a"])
    parts = ["$OUT/main.o", "$OUT/libab.a"]
    maker.run("gcc", *parts, "-o", "$OUT/prog", inputs=parts, outputs=["$OUT/prog"], trade="cc")
    maker.copy("$OUT/prog", "$OUT/bin/prog")
    maker.copy("prog", "$OUT/bin/again", link=True)
    maker.text("$OUT/stamp", "done\n")
    maker.run("$OUT/bin/prog", inputs=["$OUT/bin/prog"], stdout="$OUT/said", trade="program")
    maker.run("false", cwd="$OUT", trade="probe")
    return maker
