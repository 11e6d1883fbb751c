"""The pages of the formats name every code that checking can find."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


@pytest.mark.parametrize("name", ["redox-initfs", "redoxfs", "pkgar"])
def test_every_code_of_check_is_on_the_page(name: str, repo: Path) -> None:
    room = repo / "src" / "portwright" / "formats"
    module = name.replace("-", "_")
    sources = [room / f"{module}.py", *sorted((room / "parts").glob(f"{module}_*.py"))]
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    codes = set(re.findall(rf'Problem\(\s*f?"{name}/([a-z-]+)"', text))
    codes |= set(re.findall(rf'place\(\s*"{name}/([a-z-]+)"', text))
    page = (repo / "docs" / "formats" / f"{name}.md").read_text(encoding="utf-8")
    assert len(codes) > 3
    assert {code for code in codes if f"`{code}`" not in page} == set()
