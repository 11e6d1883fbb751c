"""Do all edits of a journal again on another image: those that were not undone, in their order, all or none.

Files that were added come from the journal, not from where they once lay.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.errors import Where, fail
from portwright.base.events import Event
from portwright.jobs import Arg
from portwright.pack import journal as journals
from portwright.pack import session, transaction
from portwright.pack.journal import Journal
from portwright.pack.session import Changed

VERB = "image replay"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The journal and the image."""

    journal: Annotated[
        Path, Arg("The journal (IMAGE.journal), or the image that it lies beside.", positional=True)
    ]
    image: Annotated[Path, Arg("The image to edit.", positional=True)]


Result = Changed


def run(arguments: Arguments) -> Generator[Event, None, Changed]:
    """Replay it."""
    yield from session.waiting(str(arguments.image).replace(":", "\\:"))
    given = arguments.journal
    journal = Journal(given) if given.is_dir() else Journal.of(given.resolve())
    if not journal.log.is_file():
        raise fail(
            "there is no journal here", Where(journal.folder), "nothing was edited yet", "journal/missing"
        )
    operations = journals.again(journal.standing())
    with transaction.editing(arguments.image) as held:
        return session.changed(arguments.image, held.commit(operations, VERB, session.said(arguments)))
