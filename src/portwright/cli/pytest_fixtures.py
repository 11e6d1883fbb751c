"""Fixtures for tests of your own that run in a guest: `pytest_plugins = ["portwright.cli.pytest_fixtures"]`.

`guest` boots the machine that the test's mark `portwright_boot(port, machine=..., kernel=..., ...)` names, with the
words of `portwright boot`, and ends it after the test. Skips where the machine cannot be started here.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portwright.base.errors import MissingTool
from portwright.jobs import boot

MARK = "portwright_boot"


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", f"{MARK}(port, **words): the machine that the fixture `guest` boots")


@pytest.fixture
def guest(request: pytest.FixtureRequest) -> Iterator[boot.Guest]:
    """A machine that has booted: `guest.run("ls /").output`."""
    mark = request.node.get_closest_marker(MARK)
    if mark is None or not mark.args:
        pytest.fail(f'say which: @pytest.mark.{MARK}("PORT", kernel=...)')
    try:
        with boot.booted(*mark.args, **mark.kwargs) as booted:
            yield booted
    except MissingTool as error:
        pytest.skip(f"boot: {error.faults[0].what}")
