"""What a person sees while a job works: a live line on a terminal, plain lines with -v, silence otherwise."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from portwright.base.events import Advanced, Begun, Ended, Event, Note


class Progress:
    """Shows a job's events on standard error. `verbosity`: -1 quiet, 0 normal, 1 a line per event."""

    def __init__(self, verbosity: int) -> None:
        self.verbosity = verbosity
        self.live = verbosity == 0 and sys.stderr.isatty()
        self._totals: dict[str, int | None] = {}
        self._drawn = False
        self._last = 0.0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()

    def show(self, event: Event) -> None:
        """Show one event."""
        match event:
            case Begun(part, total):
                self._totals[part] = total
                self._line(f"{part} ...", f"{part}: began")
            case Advanced(part, done, now):
                total = self._totals.get(part)
                count = f"{done}/{total}" if total else str(done)
                self._line(f"{part} {count} {now}", f"{part}: {count} {now}", often=True)
            case Ended(part, outcome, seconds):
                self._line(f"{part}: {outcome}", f"{part}: {outcome} ({seconds:.1f} s)")
            case Note(text, level):
                self._clear()
                if level == "warning" or (level == "info" and self.verbosity >= 0) or self.verbosity > 0:
                    prefix = "warning: " if level == "warning" else ""
                    if self.verbosity >= 0 or level == "warning":
                        print(f"{prefix}{text}", file=sys.stderr)

    def _line(self, live: str, plain: str, *, often: bool = False) -> None:
        if self.verbosity > 0:
            print(plain, file=sys.stderr)
            return
        if not self.live or (often and time.monotonic() - self._last < 0.05):
            return
        import shutil

        self._last = time.monotonic()
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write(f"\r\x1b[K{live[:width]}")
        sys.stderr.flush()
        self._drawn = True

    def _clear(self) -> None:
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._drawn = False
