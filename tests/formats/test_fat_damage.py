"""Damaged FAT volumes: only clean errors, soon, whatever lies there."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from formats.disk_images import Buffer, folder, render
from formats.fat_trees import TREE, VARIANTS, large
from portwright.base.errors import BadInput
from portwright.base.sources import Memory, Source
from portwright.formats import Packing, fat

SMALL = {
    variant: bytes(render(fat.layout(TREE[:19], Packing(variant=variant)))[: 1 << 20]) for variant in VARIANTS
}
"""Where there are no more than zeros they are cut off, so that a change of them costs little."""


def everything(source: Source) -> None:
    """Ask for all that there is; only `BadInput` may come."""
    fat.identify(source)
    list(fat.check(source))
    try:
        volume = fat.read(source)
        fat.packing(volume)
        for count, node in enumerate(volume.walk()):
            volume.lookup(node.path)
            if count < 100:
                for at, length in volume.stretches(node):
                    assert at is not None
                    source.read(at, min(length, 512))
    except BadInput as error:
        assert error.faults and all(fault.what for fault in error.faults)


@settings(max_examples=60, deadline=None)
@given(some.sampled_from(VARIANTS), some.data())
def test_mutations_end_in_clean_errors(variant: str, draw: some.DataObject) -> None:
    image = bytearray(SMALL[variant])
    geometry = fat.read(Memory(image)).geometry
    used = geometry.data_at + 60 * geometry.cluster
    places = some.integers(0, 90) | some.integers(geometry.table_at(0), geometry.table_at(0) + 200)
    places |= some.integers(geometry.root_at, geometry.root_at + 1024) | some.integers(0, used)
    for _ in range(draw.draw(some.integers(1, 8))):
        image[draw.draw(places)] = draw.draw(some.sampled_from([0, 1, 2, 3, 0x0F, 0x10, 0x7F, 0xE5, 0xFF]))
    cut = draw.draw(some.just(len(image)) | some.integers(0, len(image)))
    begun = time.process_time()
    everything(Memory(image[:cut]))
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("variant", ["12", "16"])
def test_a_volume_of_folders_that_share_their_clusters_takes_no_time(variant: str) -> None:
    """Each of a thousand folders leads into the same long chain."""
    many = [folder(f"{number:03}") for number in range(450)]
    image = bytearray(render(fat.layout([*many, large("long", 600_000)], Packing(variant=variant))))
    volume = fat.read(Memory(image))
    shared = volume.lookup(b"long")
    assert shared is not None
    table = volume.table
    target = Buffer(image)
    for node in many:
        found = volume.lookup(node.path)
        assert found is not None
        table[found.number] = shared.number
    table.commit(target)
    begun = time.process_time()
    everything(target)
    with pytest.raises(BadInput, match="one of another folder too"):
        list(fat.read(target).walk())
    assert time.process_time() - begun < 2
    codes = {each.code for each in fat.check(target)}
    assert "fat/cross-linked" in codes


@settings(max_examples=60, deadline=None)
@given(some.binary(max_size=2000))
def test_rubbish(rubbish: bytes) -> None:
    everything(Memory(rubbish))
    everything(Memory(SMALL["16"][:62] + rubbish))
