"""A file that is something else than its name says.

## What it is
The first bytes held against the name, where a name has a fixed role: `initfs`, `*.efi`, `kernel`, `*.a`, disk images.

## Why is this bad?
Who reads it looks at the bytes: the kernel does not find its file system, the firmware skips the file, and no message
says that it was made with the wrong tool.

## Example
An initfs made with `redoxfs-ar`: `RedoxFS` where the kernel looks for `RedoxFtw`. A root image that is a tar archive,
because a script fell back to tar and printed success.

## What to do
Make it with the tool for its format (`portwright image pack --format ...`).
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack import magic
from portwright.pack.fault import Found
from portwright.pack.subject import Case


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    path = case.node.path.decode("utf-8", "replace") if case.node is not None else case.name
    role = magic.role(path)
    if role is None or case.size == 0:
        return
    found = case.known
    if (found.name if found else "") in role.formats:
        return
    said = magic.described(case.source)
    if found is None and not role.sure:
        return
    if role.formats or (found is not None and found.words in role.never):
        yield Found(f"its name says {role.words}, and it is {said}", 0, role.hint)
