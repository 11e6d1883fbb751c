"""Parts of `data-layout` that LLVM added: rustc refuses a spec whose layout is not its own LLVM's."""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.spec_versions import Change, Keys, Step

# arch -> (the part that is there already, what LLVM 20 to 22 put behind it); measured on 1.85 and 1.95.
ADDED = {
    "nvptx64": (("e", "p6:32:32"), ("i128:128", "i256:256")),
    "s390x": (("E", "S64"),),
}


def _newer(keys: Keys) -> Iterator[Step]:
    parts = str(keys.get("data-layout", "")).split("-")
    for behind, added in ADDED.get(str(keys.get("arch")), ()):
        if behind in parts and added not in parts:
            parts.insert(parts.index(behind) + 1, added)
            keys["data-layout"] = "-".join(parts)
            yield Step("data-layout", f"`data-layout` has `{added}`")


def _older(keys: Keys) -> Iterator[Step]:
    parts = str(keys.get("data-layout", "")).split("-")
    for _, added in ADDED.get(str(keys.get("arch")), ()):
        if added in parts:
            parts.remove(added)
            keys["data-layout"] = "-".join(parts)
            yield Step("data-layout", f"`data-layout` has no `{added}`")


CHANGE = Change(
    (1, 95),
    "measured: the built-in specs of 1.85 (LLVM 19) and 1.95 (LLVM 22)",
    _newer,
    _older,
    before=(1, 85),
)
