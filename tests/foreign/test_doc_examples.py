"""std's own documentation examples, which nobody here wrote, run on VeridianOS's ABI as they do on the host."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foreign import doc_examples
from portwright.describe.toolchain import Toolchain

NAME = "x86_64-unknown-veridian"
SAMPLE = (
    *(
        "alloc/src/vec/",
        "alloc/src/str",
        "alloc/src/fmt",
        "std/src/collections/",
        "std/src/ffi/",
        "std/src/fs",
    ),
    *("std/src/io/", "std/src/num", "std/src/path", "std/src/time"),
)


@pytest.mark.toolchain
@pytest.mark.parametrize(
    ("parts", "least", "level"),
    [
        pytest.param(SAMPLE, 500, "0", id="sample"),
        pytest.param(SAMPLE, 500, "3", id="sample, optimised", marks=pytest.mark.e2e),
        # Thousands of examples in one crate take the optimiser a quarter of an hour.
        pytest.param(("",), 2500, "0", id="all", marks=pytest.mark.e2e),
    ],
)
def test_what_passes_on_the_host_passes_on_the_port(
    parts: tuple[str, ...],
    least: int,
    level: str,
    toolchain: Toolchain,
    portwright: Callable[..., Any],
    tmp_path: Path,
) -> None:
    assert toolchain.source is not None
    root = toolchain.source / "library"
    files = [
        path for crate in ("alloc", "core", "std") for path in sorted((root / crate / "src").rglob("*.rs"))
    ]
    found = [e for file in files for e in doc_examples.examples(file, root) if e.file.startswith(parts)]
    chosen = doc_examples.passing_on_host(
        [example for example in found if doc_examples.usable(example)], [str(toolchain.rustc)], tmp_path
    )
    assert len(chosen) >= least, "the examples were not found"
    source = tmp_path / "examples.rs"
    source.write_text("// edition 2024\n" + doc_examples.crate(chosen, catch=False)[0])
    binary = tmp_path / "examples"
    wrapper = _sysroot(portwright) / "bin" / "rustc"
    argv = [
        str(wrapper),
        "--target",
        NAME,
        "--edition=2024",
        f"-Copt-level={level}",
        "-o",
        str(binary),
        str(source),
    ]
    subprocess.run(argv, check=True, capture_output=True)
    for engine in ("native", "unicorn"):
        shown = portwright("run", "--engine", engine, NAME, str(binary))
        passed = {int(n) for n in re.findall(r"^passed (\d+)$", shown.stdout, re.M)}
        missing = [chosen[n] for n in range(len(chosen)) if n not in passed]
        assert shown.returncode == 0 and not missing, f"{engine}: {missing[:1]}\n{shown.stderr[-2000:]}"


def _sysroot(portwright: Callable[..., Any]) -> Path:
    import json

    return Path(json.loads(portwright("build", NAME, "sysroot", "--json").stdout)["sysroot"])
