"""What the events of a run add up to."""

from __future__ import annotations

from dataclasses import dataclass, field

from portwright.run.events import Called, Died, Exited, Outcome, Report, RunEvent, Wrote


@dataclass(slots=True)
class Collected:
    """The events of one run so far, by kind."""

    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    reports: list[Report] = field(default_factory=list)
    calls: list[Called] = field(default_factory=list)

    def take(self, event: RunEvent) -> None:
        """Add one event."""
        match event:
            case Wrote("stdout", data):
                self.stdout += data
            case Wrote("stderr", data):
                self.stderr += data
            case Report():
                self.reports.append(event)
            case Called():
                self.calls.append(event)

    def outcome(self, end: Exited | Died, seconds: float, peak: int) -> Outcome:
        """The whole of the run."""
        return Outcome(
            end,
            bytes(self.stdout),
            bytes(self.stderr),
            tuple(self.reports),
            tuple(self.calls),
            seconds,
            peak,
        )
