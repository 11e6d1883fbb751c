"""Which folders two texts differ in."""

from __future__ import annotations

import pytest

from portwright.judge.windows import folders


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        (b"/a/one/x.rs", b"/b/one/x.rs", (b"/a", b"/b")),
        (b"/a/one/x.rs", b"/b/c/one/x.rs", (b"/a", b"/b/c")),
        (b"at /a/x/l.rs or /a/x/m.rs", b"at /b/x/l.rs or /b/x/m.rs", (b"/a", b"/b")),
        (b"too many/tmp/one/x.rs", b"too many/tmp/two/x.rs", (b"/tmp/one", b"/tmp/two")),
        (b"too manyone/x.rs", b"too manytwo/x.rs", (b"one", b"two")),
        (b"/w/top/one/x.rs", b"/w/top/two/x.rs", (b"/w/top/one", b"/w/top/two")),
        (b"glued/mine/one/x.rs", b"glued/mine/two/x.rs", (b"/mine/one", b"/mine/two")),
        (b"/a/one.rs", b"/a/two.rs", None),  # another file
        (b"/a/x.rs: bad", b"/b/x.rs: good", None),  # and another text
        (b"one", b"two", None),
        (b"too many", b"two many", None),
    ],
)
def test_folders(left: bytes, right: bytes, found: tuple[bytes, bytes] | None) -> None:
    assert folders(left, right, [b"mine"]) == found
