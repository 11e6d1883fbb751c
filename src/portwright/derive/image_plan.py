"""The steps that make a port's images, and the texts that say what is in each.

The work is done by portwright itself in a process of its own (`image compose`): what is built may not know what is
packed, so the plan holds a command like any other, and the hash of the code that it runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portwright.base.hashing import hash_bytes
from portwright.derive.plan import Input, Step
from portwright.describe.image import Image, in_bytes, in_order
from portwright.describe.port import Port

ALL = "image"
"""The goal of all images."""


@dataclass(frozen=True)
class ImageFacts:
    """`command` starts this portwright in `environment`, `fingerprint` is the hash of its code that makes images.
    `digests` are those of the port's files that go in, by their path; `stamp` is what a stamp says (revision, time,
    lock)."""

    command: Sequence[str]
    environment: Mapping[str, str]
    fingerprint: str
    digests: Mapping[str, str] = field(default_factory=dict)
    stamp: Mapping[str, Any] = field(default_factory=dict)


def step_name(name: str) -> str:
    """The step that makes an image."""
    return f"image-{name}"


def texts(port: Port, facts: ImageFacts) -> dict[str, str]:
    """A recipe for each image: what `image compose` reads."""
    return {_text(name): recipe(port, name, image, facts) for name, image in port.manifest.image.items()}


def _text(name: str) -> str:
    return f"images/{name}.json"


def recipe(port: Port, name: str, image: Image, facts: ImageFacts) -> str:
    """What is in an image, as JSON; paths of the port's folder are whole."""
    said = image.model_dump(mode="json", by_alias=True, exclude_none=True)
    for key in ("size", "most"):
        if key in said:
            said[key] = in_bytes(said[key])
    said["tree"] = [str(port.folder / each) for each in image.tree]
    for row in (*said["file"], *said["partition"]):
        if "from" in row:
            row["from"] = str(port.folder / row["from"])
        for key in ("start", "size"):
            if key in row:
                row[key] = in_bytes(row[key])
    said["version"] = dict(facts.stamp) if image.stamp else {}
    return json.dumps({"name": name, **said}, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def steps(port: Port, facts: ImageFacts, every: Mapping[str, str], crates: Mapping[str, str]) -> list[Step]:
    """A step for each image whose programs are in the plan (`crates`: the steps that build them), and `image` for all."""
    images = port.manifest.image
    done: list[Step] = []
    for name in in_order(images):
        image = images[name]
        there = {step.name for step in done}
        inner = [step_name(each) for each in image.needs]
        if set(image.programs) <= set(crates) and set(inner) <= there:
            done.append(_step(name, image, facts, every, crates))
    if len(done) < len(images):
        return done
    return [*done, Step(ALL, (), "every image of the port", needs=tuple(step.name for step in done))]


def _step(
    name: str, image: Image, facts: ImageFacts, every: Mapping[str, str], crates: Mapping[str, str]
) -> Step:
    text = _text(name)
    argv = [*facts.command, "image", "compose", f"{{texts}}/{text}", "--output", f"{{out}}/{name}.img"]
    argv += ["--manifest", f"{{out}}/{name}.manifest", "--quiet"]
    needs: list[str] = []
    made = {f"program:{each}": (crates[each], "") for each in image.programs}
    made |= {f"image:{each}": (step_name(each), f"/{each}.img") for each in image.needs}
    made |= {"sysroot": ("sysroot", "")} if image.wants_sysroot else {}
    for what, (step, path) in made.items():
        argv += ["--made", f"{what}={{{step}}}{path}"]
        needs.append(step)
    sources = tuple(Input(each, each, facts.digests.get(each, "")) for each in image.sources)
    return Step(
        step_name(name),
        tuple(argv),
        f"the image `{name}`: {image.format}",
        env=dict(facts.environment),
        inputs=(Input(text, f"{{texts}}/{text}", hash_bytes(every[text].encode())), *sources),
        outputs=(f"{name}.img", f"{name}.manifest"),
        needs=tuple(dict.fromkeys(needs)),
        fingerprint=facts.fingerprint,
        room=64 << 20,
    )
