"""An image whose files are no longer those that its stamp was made for, or whose stamps disagree.

## What it is
A stamp holds the hash of all files at the time it was written; another one comes out now. Or two stamps in one image name
different builds.

## Why is this bad?
"Which build is in this image?" has a wrong answer then: somebody put a file in by hand, and a fault is looked for in
sources that the image was not made from.

## Example
A driver injected into an image whose init.rc still says the old build.

## What to do
`portwright image stamp IMAGE` after an edit; `portwright image log IMAGE` says what was edited.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.subject import Case


def check(case: Case) -> Iterator[Found]:
    """One finding per stale stamp, and one where they disagree."""
    for stamp in case.stamps:
        if stamp.changed:
            what = f"files were changed since it was stamped as {stamp.commit} of {stamp.time} ({stamp.path})"
            yield Found(what, severity="warning")
    builds = sorted({f"{stamp.commit} of {stamp.time}" for stamp in case.stamps})
    if len(builds) > 1:
        yield Found(f"its stamps name different builds: {', '.join(builds)}", severity="warning")
