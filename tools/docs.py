"""Writes the pages of docs/ that follow from the code, and checks every link of every Markdown file.

`--check` writes nothing and fails where a page is not what it would write. Examples in the pages are run by tests.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from portwright.base import rooms
from portwright.cli import commands
from portwright.describe import operation, rule, stages
from portwright.judge import cause
from portwright.pack import fault

ROOT = Path(__file__).resolve().parents[1]
MARK = "<!-- Written by `make docs` out of the code: change it there. -->\n\n"
VERBS_HEAD = """\
# Verbs

Every verb also takes `--json`, `-q` and `-v`. Exit status: 0 right, 1 judged wrong, 2 could not judge (bad input, a
missing tool); `run` exits as the program did, and with 125 for a failure of portwright itself.
"""
OPERATIONS_HEAD = """\
# Operations

What a system call can mean. A ledger maps calls to these names; std's layer and the userland machine are written
once, against them. `weight` says how much offering it unlocks.

"""
FIRST_HEAD = """\
# What to implement first

A kernel that runs its first programs has a dozen system calls, and each further one can be the next. This is the
order in which they bring Rust's std to life. Each stage needs those before it; what it promises is tested: with the
operations that it and its predecessors need, and no others, its program runs, and that of the next stage does not
(`tests/describe/test_stages.py`).

`portwright std PORT` says how far a ledger has come, and [operations](operations.md) what each operation means.
Of operations that are joined by "or", one is enough.
"""
SKIPPED = {".venv", "build", "node_modules", ".git", "site"}
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")


def verbs() -> str:
    """docs/verbs.md: each job's own words, arguments and options."""
    text = MARK + VERBS_HEAD
    for module in rooms.load_all("portwright.jobs").values():
        parameters = commands.parameters(module.Arguments)
        usage = " ".join(
            _usage(parameter) for parameter in parameters if isinstance(parameter, click.Argument)
        )
        text += f"\n## portwright {module.VERB}\n\n"
        text += f"    portwright {module.VERB} {usage}".rstrip() + "\n\n"
        text += inspect.cleandoc(module.__doc__ or "") + "\n"
        rows = [_option(parameter) for parameter in parameters if isinstance(parameter, click.Option)]
        if rows:
            text += "\n| option | |\n|---|---|\n" + "".join(rows)
    return text


def first() -> str:
    """docs/what-first.md: the stages, with a line for each operation."""
    text = MARK + FIRST_HEAD
    every = operation.vocabulary()
    count = 0
    for number, stage in enumerate(stages.STAGES, 1):
        count += len(stage.needs)
        needed = "1 operation" if len(stage.needs) == 1 else f"{len(stage.needs)} operations"
        text += f"\n## {number}. {stage.name.capitalize()}: {needed}, {count} in all\n\n{stage.gives}.\n\n"
        text += "| operation | meaning | a caller must expect |\n|---|---|---|\n"
        for row in stage.needs:
            names = " or ".join(f"`{name}`" for name in row)
            meaning = " Or: ".join(every[name].summary for name in row)
            errors = dict.fromkeys(error for name in row for error in every[name].errors)
            text += f"| {names} | {meaning} | {', '.join(errors) or 'success'} |\n"
        if stage.better:
            text += "\nThen, for more of the same:\n\n"
            better = sorted(stage.better, key=lambda name: (-every[name].weight, name))
            text += "".join(f"* `{name}`: {', '.join(every[name].unlocks)}\n" for name in better)
    return text


def _usage(argument: click.Argument) -> str:
    name = (argument.metavar or (argument.name or "").upper()).removesuffix("...").strip("[]")
    many = "..." if argument.nargs == -1 else ""
    return f"{name}{many}" if argument.required else f"[{name}{many}]"


def _option(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in option.opts)
    value = "" if option.is_flag else f" `{option.make_metavar(click.Context(click.Command('x')))}`"
    default = option.default
    shown = f" (default: `{default}`)" if option.show_default and default is not None else ""
    return f"| {names}{value} | {(option.help or '').replace('|', chr(92) + '|')}{shown} |\n"


def operations() -> str:
    """docs/operations.md: the vocabulary that ledgers map system calls to."""
    text = MARK + OPERATIONS_HEAD
    text += "| operation | meaning | arguments | result | weight | unlocks |\n|---|---|---|---|---|---|\n"
    for name, found in operation.vocabulary().items():
        given = ", ".join(f"{argument.name}: {argument.kind}" for argument in found.arguments)
        unlocks = ", ".join(f"`{item}`" for item in found.unlocks)
        text += f"| `{name}` | {found.summary} | {given} | {found.result} | {found.weight} | {unlocks} |\n"
    return text


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    words = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return words.replace(" ", "-")


def pages(root: Path) -> Iterator[Path]:
    """Every Markdown file of the repository."""
    for path in sorted(root.rglob("*.md")):
        if not SKIPPED.intersection(path.relative_to(root).parts):
            yield path


def with_results(text: str, results: Path) -> str:
    """A page with what lies in docs/results/ (`*.md`, in the order of their names) between its marks for that."""
    parts = [path.read_text(encoding="utf-8").strip() for path in sorted(results.glob("*.md"))]
    body = "".join(f"{part}\n\n" for part in parts)
    return re.sub(
        r"(<!-- results\b[^>]*-->\n).*?(?=<!-- /results -->)", lambda m: m[1] + body, text, flags=re.DOTALL
    )


def readme() -> str:
    """README.md, with the newest results."""
    return with_results((ROOT / "README.md").read_text(encoding="utf-8"), ROOT / "docs" / "results")


def other_versions() -> str:
    """docs/other-versions.md, with how popular crates fared."""
    page = ROOT / "docs" / "other-versions.md"
    return with_results(page.read_text(encoding="utf-8"), ROOT / "docs" / "results" / "crates")


def broken_links(root: Path) -> list[str]:
    """`file:line: what` of every link in the repository's Markdown that leads nowhere; the web is not asked."""
    found: list[str] = []
    for page in pages(root):
        for number, line in _prose(page.read_text(encoding="utf-8")):
            for target in LINK.findall(line):
                wrong = _wrong(page, target)
                if wrong:
                    found.append(f"{page.relative_to(root)}:{number}: {wrong}")
    return found


PAGES = {
    "docs/verbs.md": verbs,
    "docs/rules.md": rule.manual_page,
    "docs/faults.md": fault.manual_page,
    "docs/causes.md": cause.manual_page,
    "docs/operations.md": operations,
    "docs/what-first.md": first,
    "docs/other-versions.md": other_versions,
    "README.md": readme,
}


def _prose(text: str) -> Iterator[tuple[int, str]]:
    """The lines outside code, numbered."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("    "):
            yield number, re.sub(r"`[^`]*`", "``", line)


def _wrong(page: Path, target: str) -> str | None:
    if re.match(r"[a-z]+:", target):
        return None
    path, _, anchor = target.partition("#")
    file = page if not path else (page.parent / path)
    if not file.exists():
        return f"no file `{path}`"
    if anchor and file.suffix == ".md":
        headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        if anchor not in {slug(heading) for heading in headings}:
            return f"no heading `#{anchor}` in {file.name}"
    return None


def main() -> int:
    """Write or check; 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail where a page is out of date"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="check the links of this folder instead")
    arguments = parser.parse_args()
    wrong: list[str] = []
    for name, write in PAGES.items() if arguments.root == ROOT else ():
        path, text = ROOT / name, write()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        if arguments.check:
            wrong.append(f"{name}: out of date; run `make docs`")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    wrong += broken_links(arguments.root)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
