"""Emitting a recording of 5,000 steps as Nix, ninja and sh, and nix-instantiate evaluating what was written."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from benchmarks.row import Row, below

from benchmarks import timing
from portwright.base.hashing import hash_bytes
from portwright.derive.plan import Input, Plan, Step
from portwright.derive.recording import Output, Recording, Seen

STEPS, LIBRARIES, HEADERS = 5000, 50, 40
LIMIT = 10.0


def recording(folder: Path, steps: int = STEPS) -> Path:
    """A made-up build of that many steps: C files in libraries, each with headers of its own and shared ones.

    Nothing was compiled for it: emitting reads sources and declarations only.
    """
    source = folder / "src"
    digests: dict[str, str] = {}

    def write(name: str, text: str) -> Input:
        path = f"$SRC/{name}"
        if path not in digests:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_text(text)
            digests[path] = hash_bytes(text.encode())
        return Input(Path(name).name, path, digests[path])

    shared = [write(f"include/h{number}.h", f"int shared_{number};\\n") for number in range(HEADERS)]
    made: list[Step] = []
    seen: dict[str, Seen] = {}

    def add(argv: tuple[str, ...], inputs: list[Input], output: str, trade: str) -> Input:
        name = f"step{len(made) + 1:04}"
        digest = hash_bytes(output.encode())
        needs = tuple(dict.fromkeys(row.step for row in inputs if row.step))
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
        step = Step(name, argv, "made up", env, "$SRC", tuple(inputs), (output,), needs, type=trade)
        made.append(step)
        seen[name] = Seen((Output(output, digest, "file", 1000),), 0, len(made) * 0.01, 0.01)
        return Input(Path(output).name, output, digest, name)

    libraries = []
    each = (steps - LIBRARIES - 1) // LIBRARIES
    for library in range(LIBRARIES):
        own = [write(f"lib{library}/h{number}.h", f"int own_{library}_{number};\\n") for number in range(8)]
        objects = []
        for number in range(each):
            name = f"lib{library}/f{number}"
            row = write(f"{name}.c", f"int f_{library}_{number};\\n")
            argv = (
                "/usr/bin/gcc",
                "-O2",
                "-I$SRC/include",
                f"-I$SRC/lib{library}",
                "-ffile-prefix-map=$SRC=/src",
            )
            argv += ("-c", f"$SRC/{name}.c", "-o", f"$OUT/{name}.o")
            objects.append(
                add(argv, [row, *own, *shared[number % 20 : number % 20 + 12]], f"$OUT/{name}.o", "cc")
            )
        argv = ("/usr/bin/ar", "rcsD", f"$OUT/lib{library}.a", *(row.path for row in objects))
        libraries.append(add(argv, objects, f"$OUT/lib{library}.a", "ar"))
    while len(made) < steps:
        argv = ("/usr/bin/gcc", "-o", f"$OUT/app{len(made)}", *(row.path for row in libraries))
        add(argv, libraries, f"$OUT/app{len(made)}", "cc")
    roots = {"SRC": str(source), "OUT": str(folder / "out")}
    whole = Recording(Plan("recording", tuple(made), {}, "bench"), ("make",), "$SRC", roots, seen)
    path = folder / "recording.json"
    path.write_text(whole.to_json())
    return path


def rows() -> list[Row]:
    """A goal for each form, and one for Nix's evaluation; --drv, which does without it, beside that."""
    with tempfile.TemporaryDirectory(prefix="bench-emit-") as name:
        folder = Path(name)
        path = recording(folder)
        copying = timing.once(["cp", "-R", str(folder / "src"), str(folder / "copy")]).seconds
        took = {form: _emit(path, form, folder / form) for form in ("nix", "ninja", "sh")}
        found = [
            below(
                f"emitting {STEPS:,} steps as {form}",
                "cp -R of their sources",
                seconds,
                copying,
                "s",
                limit=LIMIT,
            )
            for form, seconds in took.items()
        ]
        if shutil.which("nix-instantiate") is not None:
            found += _nix(path, folder)
    return found


def _emit(path: Path, form: str, folder: Path, *more: str, env: dict[str, str] | None = None) -> float:
    argv = timing.portwright("emit", str(path), "--to", form, "-o", str(folder), *more)
    return timing.once(argv, env=env).seconds


def _nix(path: Path, folder: Path) -> list[Row]:
    store, other = (timing.private_nix(folder / name) for name in ("nix-evaluated", "nix-added"))
    argv = ["nix-instantiate", str(folder / "nix"), "-A", "all"]
    evaluated = timing.once(argv, env=store).seconds
    added = _emit(path, "nix", folder / "nix", "--drv", env=other)
    return [
        below(f"nix-instantiate of {STEPS:,} steps", "emit --drv", evaluated, added, "s", limit=LIMIT),
    ]
