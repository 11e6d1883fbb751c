"""Links inside a guest's root: making them, and reading what they hold.

A link may hold any text: it is walked here, name by name, like any other path of the guest, and so leads nowhere
else (see `root.py`).
"""

from __future__ import annotations

import os
import stat

from portwright.run.failure import Failed
from portwright.run.file_table import FileTable


def create_link(files: FileTable, path: bytes, target: bytes) -> None:
    """Give the file `target` one more name; not between a share and the rest (EXDEV), as between two file systems."""
    old = files.root.find(files.current, target, follow=False)
    new = files.root.find(files.current, path, follow=False, keep_link=True)
    if new.name == b"." or files.root.is_fixed(new):
        raise Failed("EEXIST")
    if old.device or files.root.share_of(old.folder) != files.root.share_of(new.folder):
        raise Failed("EXDEV")
    if old.name == b"." or files.root.is_fixed(old):
        raise Failed("EPERM")
    files.changeable(new)
    kind = stat.S_IFMT(os.stat(old.name, dir_fd=old.folder.fd, follow_symlinks=False).st_mode)
    if old.directory and kind != stat.S_IFDIR:
        raise Failed("ENOTDIR")
    if new.directory:
        raise Failed("ENOENT")
    os.link(old.name, new.name, src_dir_fd=old.folder.fd, dst_dir_fd=new.folder.fd, follow_symlinks=False)


def create_symlink(files: FileTable, path: bytes, target: bytes) -> None:
    """Make a symbolic link that holds a text."""
    if not target:
        raise Failed("ENOENT")
    place = files.root.find(files.current, path, follow=False, keep_link=True)
    if place.name == b"." or files.root.is_fixed(place):
        raise Failed("EEXIST")
    files.changeable(place)
    if place.directory:
        raise Failed("EEXIST" if _is_there(place.folder.fd, place.name) else "ENOENT")
    os.symlink(target, place.name, dir_fd=place.folder.fd)


def read_link(files: FileTable, path: bytes) -> bytes:
    """What a symbolic link holds; raises `Failed` (EINVAL) where there is none."""
    if files.executable is not None and path == files.executable[0]:
        return files.executable[1]
    place = files.root.find(files.current, path, follow=False)
    if place.device or place.name == b"." or files.root.is_fixed(place):
        raise Failed("ENOTDIR" if place.device and place.directory else "EINVAL")
    kind = stat.S_IFMT(os.stat(place.name, dir_fd=place.folder.fd, follow_symlinks=False).st_mode)
    if place.directory and kind not in (stat.S_IFDIR, stat.S_IFLNK):
        raise Failed("ENOTDIR")
    return os.readlink(place.name, dir_fd=place.folder.fd)


def _is_there(folder: int, name: bytes) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
