"""A compiler of C or C++, as a compiler, a preprocessor or the driver of a linker."""

from __future__ import annotations

from pathlib import PurePosixPath

from portwright.build.trade import Call, Trade

PRINTING = (
    "--version",
    "-v",
    "-dumpmachine",
    "-dumpversion",
    "-dumpfullversion",
    "-dumpspecs",
    "--help",
    "-###",
)


def _asks(call: Call) -> bool:
    options = call.options
    if any(word in PRINTING[:1] + PRINTING[2:] or word.startswith("-print-") for word in options):
        return True
    if options == ("-v",) or not options:
        return True
    return "-E" in options and "-o" not in options  # the text goes to who asked


SOURCES = (".c", ".cc", ".cpp", ".cxx", ".C", ".c++", ".m", ".mm", ".S", ".s", ".i")


def _compiles(call: Call) -> bool:
    """Whether it does more than to link; the wrapper (`recorder/wrap.rs`) asks the same."""
    return any(
        word in ("-c", "-S", "-E", "-")
        or word.startswith("-x")
        or (not word.startswith("-") and word.endswith(SOURCES))
        for word in call.options
    )


def _subject(call: Call) -> str:
    out = call.after("-o") or next((w[2:] for w in call.options if w.startswith("-o") and len(w) > 2), "")
    if out:
        return PurePosixPath(out).name
    sources = [word for word in call.options if not word.startswith("-") and "." in word]
    return PurePosixPath(sources[0]).stem if sources else ""


TRADE = Trade(
    "compiles or links C or C++",
    names=(
        "cc",
        "c++",
        "c89",
        "c99",
        "cpp",
        "gcc",
        "g++",
        "clang",
        "clang++",
        "*-gcc",
        "*-g++",
        "*-cpp",
        "*-clang",
        "gcc-[0-9]*",
        "g++-[0-9]*",
        "clang-[0-9]*",
        "clang++-[0-9]*",
        "*-gcc-[0-9]*",
        "*-g++-[0-9]*",
    ),
    probe=_asks,
    subject=_subject,
    environment=(
        "C_INCLUDE_PATH",
        "CPATH",
        "CPLUS_INCLUDE_PATH",
        "COMPILER_PATH",
        "DEPENDENCIES_OUTPUT",
        "GCC_EXEC_PREFIX",
        "LD_RUN_PATH",
        "LIBRARY_PATH",
        "OBJC_INCLUDE_PATH",
        "SUNPRO_DEPENDENCIES",
    ),
    remap="-ffile-prefix-map=",
    remapped=_compiles,
    notes=("*.d", "*.Po", "*.dep"),
    wrapped=True,
)
