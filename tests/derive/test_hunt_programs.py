"""The programs of a hunt: the same seed, the same programs; all of them compile."""

from __future__ import annotations

import pytest

from portwright.build import hunting
from portwright.derive import hunt_programs


def test_a_seed_makes_the_same_programs_whatever_their_number() -> None:
    assert hunt_programs.programs(3, 5) == hunt_programs.programs(3, 9)[:5]
    assert hunt_programs.programs(3, 5) != hunt_programs.programs(4, 5)


def test_there_are_enough_by_hand_and_each_has_a_name_of_its_own() -> None:
    names = [each.name for each in hunting.written()]
    assert len(names) >= 60 and len(set(names)) == len(names)
    assert all(hunting.by_hand(name) for name in names)


@pytest.mark.toolchain
def test_they_come_to_the_same_on_this_machine_each_time(toolchain: object) -> None:
    from portwright.describe import toolchain as toolchains

    programs = hunt_programs.programs(2, 6)
    results = hunting.expected(toolchains.find(), programs)
    assert len(results) == 6 and len(set(results.values())) == 6
