"""The shell script of one job: lay out what it is given, run its command, keep what it leaves.

Plain POSIX sh with mkdir, cp, ln, chmod, mv and env; the same text whoever runs it. The script runs in an empty folder
and finds in variables what is around it: `out` (where the result is to be), one for each job and set that it reads, by
their ids, one for each parameter, and `builder`, the shell that runs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from portwright.build.emission import Emission, Given, Job
from portwright.build.shell_words import Part, Var, below, comment, roots_in, split, word

AT_ONCE = 200
"""Files that one command is given: far below what a system takes."""

WIDTH = 110
"""Where a line of a script is broken."""

LINKED_FROM = 1 << 16
"""Bytes from which what another job made is linked, not copied. A link is not what the recorded command saw, and some
look where it leads: sources and programs are always copies."""

TAKEN = frozenset({"PATH", "IFS", "HOME", "ENV", "PWD", "OLDPWD", "CDPATH", "LANG", "OPTIND", "MAIL", "PS4"})
"""Roots whose name means something to a shell."""


def variable(root: str) -> str:
    """The shell variable of a root."""
    return f"root_{root}" if root in TAKEN or root.startswith("LC_") else root


@lru_cache(1 << 16)
def _words(text: str) -> str:
    """Words of a recording as one word for the shell."""
    return word(parts_of(text))


def parts_of(text: str) -> list[Part]:
    """Words of a recording, each root in its variable."""
    return split(text, {root: variable(root) for root in roots_in(text)})


def body(job: Job, emission: Emission) -> str:
    """The script, after the lines that set its variables where nobody else does."""
    return job.script or "\n".join(_Script(job, emission).lines()) + "\n"


class _Script:
    def __init__(self, job: Job, emission: Emission) -> None:
        self.job, self.step, self.emission = job, job.step, emission

    def lines(self) -> Iterator[str]:
        yield f"# {comment(self.job.id)}: {comment(self.job.title)} ({self.job.number})"
        yield "set -eu"
        yield "umask 022"
        if self.step.kind == "files":
            yield from self._files()
        else:
            yield "work=$PWD"
            yield "TOOL=$tool"
            for root in self.job.roots:
                yield f"{variable(root)}={below('work', self.emission.folders[root])}"
            yield from self._lay_out()
            yield from self._run()
            yield from self._keep()

    def _lay_out(self) -> Iterator[str]:
        folders: dict[str, None] = {f"${root}": None for root in self.job.roots}
        folders[self.step.cwd] = None
        links = [row for row in self.job.given if row.kind == "symlink"]
        files = [row for row in self.job.given if row.kind not in ("folder", "symlink")]
        folders |= {row.target: None for row in self.job.given if row.kind == "folder"}
        folders |= {_parent(row.target): None for row in files}
        folders |= {_parent(path): None for path in (*self.step.outputs, *self.job.notes)}
        early = {_parent(row.target): None for row in links}
        if early:
            yield from many("mkdir -p", [_words(path) for path in early])
            yield from self._links(links)
        needed = [path for path in sorted(folders) if path.startswith("$") and path not in early]
        home = [below("work", ".home"), below("work", ".tmp")]
        yield from many("mkdir -p", [*(_words(path) for path in _deepest(needed)), *home])
        made = set(self.step.outputs)
        copied = [row.copied or row.target in made or self._is_small(row) for row in files]
        yield from self._into("cp", [row for row, copy in zip(files, copied, strict=True) if copy])
        yield from self._into("ln -s", [row for row, copy in zip(files, copied, strict=True) if not copy])
        yield from many("chmod u+w", [_words(row.target) for row in files if row.target in made])

    def _is_small(self, row: Given) -> bool:
        maker = self.emission.by_id.get(row.holder)
        if maker is None:
            return True
        return self.emission.sizes.get((row.holder, row.place), 0) < LINKED_FROM

    def _links(self, rows: Sequence[Given]) -> Iterator[str]:
        if any(row.holder for row in rows):
            yield from link_function("given_link", self.job.roots, inwards=True)
        for row in rows:
            if row.holder:
                yield f"given_link {self._source(row)} {_words(row.target)}"
            else:
                yield f"ln -s -- {_words(row.text) if row.text else word([])} {_words(row.target)}"

    def _into(self, command: str, rows: Sequence[Given]) -> Iterator[str]:
        """Bring files to where they are wanted: all that go to one folder at once, where their names stay."""
        groups: dict[str, list[str]] = {}
        for row in rows:
            parent, _, name = row.target.rpartition("/")
            if row.place.rpartition("/")[2] != name.replace("$$", "$") or not row.holder:
                yield f"{command} {self._source(row)} {_words(row.target)}"
            else:
                groups.setdefault(parent, []).append(self._source(row))
        for parent, sources in groups.items():
            yield from grouped(command, sources, _words(f"{parent}/"))

    def _source(self, row: Given) -> str:
        if row.holder:
            return below(row.holder, row.place)
        return word(self._hosted(row.text))

    def _hosted(self, path: str) -> list[Part]:
        """A file of the toolchain or the system, where the parameters say that it lies."""
        parts = parts_of(path)
        return [Var("host"), *parts] if path.startswith("/") else parts

    def _run(self) -> Iterator[str]:
        step = self.step
        yield f"cd {_words(step.cwd)}"
        rows = ["env -i"]
        path = _hosted_list(["/bin:/usr/bin"])
        added: dict[str, list[Part]] = {
            "HOME": [Var("work"), "/.home"],
            "TMPDIR": [Var("work"), "/.tmp"],
            "PATH": path,
        }
        for name, parts in added.items():
            if name not in step.env:
                rows.append(f"{name}={word(parts)}")
        for name, value in sorted(step.env.items()):
            rows.append(self._assignment(name, value))
        if any(row.startswith("-") for row in rows[1:]):
            rows[0] = "env -i --"
        first = self._hosted(step.argv[0])
        if any(isinstance(part, str) and "=" in part for part in first):
            # env would take it for one more variable.
            rows += ['"$builder" -c \'exec "$0" "$@"\'']
        rows.append(word(first))
        rows += [_words(text) for text in step.argv[1:]]
        if step.stdin:
            rows.append(f"< {_words(step.stdin)}")
        else:
            rows.append("< /dev/null")
        if step.stdout:
            rows.append(f"> {_words(step.stdout)}")
        if self.job.status:
            status = self.job.status if self.job.status > 0 else 128 - self.job.status
            rows.append(f"|| test $? -eq {status} # as it was recorded")
        yield wrapped(rows)

    def _assignment(self, name: str, value: str) -> str:
        parts = parts_of(value)
        if name == "PATH":
            parts = _hosted_list(parts)
        quoted = word([name])
        return f"{quoted}={word(parts) if parts else ''}"

    def _keep(self) -> Iterator[str]:
        kept = self.job.kept
        folders = {_parent(row.place): None for row in kept} | {
            row.place: None for row in kept if row.output.kind == "folder"
        }
        yield f"cd {word([Var('work')])}"
        yield from many("mkdir -p", [_result(path) for path in _deepest(["", *folders])])
        groups: dict[str, list[str]] = {}
        if any(row.output.kind == "symlink" for row in kept):
            yield from link_function("kept_link", self.job.roots, inwards=False)
        for row in kept:
            made = _words(row.output.path)
            if row.output.kind == "folder":
                continue
            if row.output.kind == "symlink":
                yield f"kept_link {made} {_result(row.place)}"
            elif row.place.rpartition("/")[2] == row.output.path.rpartition("/")[2].replace("$$", "$"):
                groups.setdefault(_parent(row.place), []).append(made)
            else:
                yield f"mv {made} {_result(row.place)}"
        for parent, rows in groups.items():
            yield from grouped("mv", rows, _result(parent, "/"))

    def _files(self) -> Iterator[str]:
        """A driver's own work: each of its outputs is a content that is at hand."""
        yield "TOOL=$tool"
        kept = {row.output.path: row for row in self.job.kept}
        folders = [_parent(row.place) for row in kept.values()]
        folders += [row.place for row in kept.values() if row.output.kind == "folder"]
        yield from many("mkdir -p", [_result(path) for path in _deepest(["", *dict.fromkeys(folders)])])
        modes: dict[str, list[str]] = {"755": [], "644": []}
        for row in self.job.given:
            place = _result(kept[row.target].place)
            if row.kind == "symlink" and not row.holder:
                yield f"ln -s -- {word([row.text])} {place}"
            else:
                yield f"cp{' -P' if row.kind == 'symlink' else ''} {self._source(row)} {place}"
                if row.kind != "symlink":
                    modes["755" if row.kind == "executable" else "644"].append(place)
        for mode, places in modes.items():
            yield from many(f"chmod {mode}", places)


def link_function(name: str, roots: Sequence[str], *, inwards: bool) -> Iterator[str]:
    """A shell function that makes at `$2` the symlink `$1`: with a root's folder for its name, or the other way."""
    yield f'{name}() {{\n  link=$(readlink "$1")\n  case $link in'
    for root in roots:
        folder, sign = f'"${variable(root)}"', f"'${root}'"
        here, there = (sign, folder) if inwards else (folder, sign)
        yield f"    {here}|{here}/*) link={there}${{link#{here}}} ;;"
    yield '  esac\n  ln -s -- "$link" "$2"\n}'


def _hosted_list(parts: Sequence[Part]) -> list[Part]:
    """A search list with the parameter `host` in front of each folder that is below no root."""
    row: list[Part] = []
    begins = True
    for part in parts:
        if isinstance(part, Var):
            row.append(part)
            begins = False
            continue
        for at, piece in enumerate(part.split(":")):
            if at:
                row.append(":")
                begins = True
            if begins and piece.startswith("/"):
                row.append(Var("host"))
            row.append(piece)
            begins = begins and not piece
    return row


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _result(place: str, end: str = "") -> str:
    return below("out", place + end) if place else word([Var("out"), end])


def _deepest(folders: Sequence[str]) -> list[str]:
    """The folders without those that another one lies in: mkdir -p makes them too."""
    above: set[str] = set()
    for folder in folders:
        parent = folder
        while "/" in parent:
            parent = _parent(parent)
            above.add(parent)
        if folder:
            above.add("")
    return [folder for folder in dict.fromkeys(folders) if folder not in above]


def grouped(command: str, sources: Sequence[str], into: str) -> Iterator[str]:
    """A command that brings files into a folder, as often as it must be."""
    for start in range(0, len(sources), AT_ONCE):
        yield wrapped([command, *sources[start : start + AT_ONCE], into])


def many(command: str, words: Sequence[str]) -> Iterator[str]:
    """A command over words, as often as it must be."""
    for start in range(0, len(words), AT_ONCE):
        yield wrapped([command, *words[start : start + AT_ONCE]])


def wrapped(rows: Sequence[str]) -> str:
    """A command, on several lines where it is long."""
    lines = [""]
    for row in rows:
        if lines[-1] and len(lines[-1]) + len(row) > WIDTH:
            lines.append(row)
        else:
            lines[-1] += f" {row}" if lines[-1] else row
    return " \\\n  ".join(lines)
