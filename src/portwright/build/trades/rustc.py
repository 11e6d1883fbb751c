"""The Rust compiler, and rustdoc, which is called alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from portwright.build.trade import Call, Trade


def _asks(call: Call) -> bool:
    options = call.options
    if any(word in ("-vV", "-V", "--version", "-Vv", "--help", "-h", "--explain") for word in options):
        return True
    prints = any(word == "--print" or word.startswith("--print=") for word in options)
    return prints and not any(
        word == "--emit" or word.startswith(("--emit=", "--out-dir")) for word in options
    )


def _subject(call: Call) -> str:
    name = call.after("--crate-name")
    if name.startswith("build_script_"):
        name = f"{call.env.get('CARGO_PKG_NAME', 'package')}-{name.replace('_', '-')}"
    sources = [word for word in call.options if word.endswith(".rs") and not word.startswith("-")]
    name = name or (PurePosixPath(sources[0]).stem if sources else "")
    return name + ("-tests" if "--test" in call.options else "")


def _dep_info(call: Call, outputs: Sequence[str]) -> list[str]:
    return [path for path in outputs if path.endswith(".d")]


def _declared(text: str) -> set[str]:
    lines = (line for line in text.splitlines() if line.startswith("# env-dep:"))
    return {line.removeprefix("# env-dep:").partition("=")[0] for line in lines}


def _toolchain(exe: str) -> str:
    """The sysroot of a compiler that has one of its own; what is installed in /usr is the system's."""
    folder, _, _ = exe.rpartition("/bin/")
    own = folder not in ("", "/usr", "/usr/local") and Path(folder, "lib", "rustlib").is_dir()
    return folder if own else ""


TRADE = Trade(
    "compiles a crate",
    names=("rustc", "rustdoc", "clippy-driver"),
    probe=_asks,
    subject=_subject,
    environment=(
        "CARGO",
        "CARGO_BIN_*",
        "CARGO_CRATE_NAME",
        "CARGO_MANIFEST_*",
        "CARGO_PKG_*",
        "CARGO_PRIMARY_PACKAGE",
        "CARGO_SBOM_PATH",
        "CARGO_TARGET_TMPDIR",
        "LD_LIBRARY_PATH",
        "LIBRARY_PATH",
        "OUT_DIR",
        "RUSTC_BOOTSTRAP",
        "RUSTC_FORCE_*",
        "RUSTC_INSTALL_BINDIR",
        # What the rustc of rustc's own bootstrap reads, which stands before the real one.
        "RUSTC_ALLOW_*",
        "RUSTC_ADDITIONAL_*",
        "RUSTC_BACKTRACE_ON_ICE",
        "RUSTC_BOLT_LINK_FLAGS",
        "RUSTC_CARGO_REGISTRY_*",
        "RUSTC_DEBUG*",
        "RUSTC_ERROR_METADATA_DST",
        "RUSTC_HOST_*",
        "RUSTC_LIBDIR",
        "RUSTC_LINK_*",
        "RUSTC_LINT_FLAGS",
        "RUSTC_PRINT_STEP_*",
        "RUSTC_REAL*",
        "RUSTC_SNAPSHOT*",
        "RUSTC_STAGE",
        "RUSTC_SYSROOT",
        "RUSTC_TARGET_*",
        "RUSTC_TIME",
        "RUSTC_TLS_*",
        "RUSTC_VERBOSE",
        "RUSTDOC_*",
        "SYSROOT",
        "RUSTC_VERSION*",
        "CFG_*",
        "FORCE_ON_BROKEN_PIPE_KILL",
        "RUST_TARGET_PATH",
        "__CARGO_DEFAULT_LIB_METADATA",
    ),
    declarations=_dep_info,
    declared=_declared,
    notes=("*.d",),
    remap="--remap-path-prefix=",
    toolchain=_toolchain,
    wrapped=True,
)
