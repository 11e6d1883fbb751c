"""Edits of one table's keys in TOML texts of every form: the values are as told, and all other lines as they were."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portwright.describe import toml_edit

FORMS = {
    "header": '# top\n[target] # here\nlike = "x"\nabi = "y" # bye\nwidth = "64" # stay\n\n# about os\n[os]\na = 1\n',
    "split": '[target]\nlike = "x"\nwidth = "6 # 4" # stay\n# os\n[os]\na = 1 # one\n\n[target.why]\nabi = "q"\n',
    "inline": 'target = { like = "x", abi = "y", width = "64" } # whole\n[os]\na = 1\n',
    "dotted": 'target.like = "x" # dotted\ntarget.abi = "y"\ntarget.width = 6\n[os]\na = 1\ntarget.abi = 3\n',
    "inside": '[target]\n  like = "x"\n  args.gcc = ["z"]\n  args.ld = []\n# end\n[os]\na = 1\n',
    "tables": '["target"]\r\nlike = "x"\r\n[target.args]\r\n# gone with it\r\ngcc = ["z"]\r\n# os\r\n[os]\r\na = 1\r\n',
    "later": '[target.why]\nabi = "b"\n[target]\nlike = "x"\nabi = [ # more\n  1,\n]\n# end',
    "bare": '[os]\na = 1\n[target]\nlike = "x"',
}
KEYS = st.sampled_from(["like", "abi", "width", "args", "frame-pointer", "a.b", "é"])
VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.text(max_size=8),
    st.lists(st.sampled_from(["a", 'q"q', "\\"]), max_size=3),
    st.dictionaries(st.sampled_from(["gcc", "gnu-lld", "x y"]), st.lists(st.just("-z")), max_size=2),
)


@pytest.mark.parametrize("form", FORMS)
@given(st.data())
def test_edits_say_what_was_asked_and_touch_nothing_else(form: str, data: st.DataObject) -> None:
    text, wanted = FORMS[form], tomllib.loads(FORMS[form])
    for _ in range(data.draw(st.integers(1, 4))):
        key = data.draw(KEYS)
        if data.draw(st.booleans()):
            value: Any = data.draw(VALUES)
            text = toml_edit.changed(text, "target", key, value)
            wanted["target"][key] = value
        elif key != "like":
            text = toml_edit.removed(text, "target", key)
            wanted["target"].pop(key, None)
        assert tomllib.loads(text) == wanted
    kept = [
        line for line in FORMS[form].splitlines() if line.startswith(("[os]", "a = 1", "# ", "[target] #"))
    ]
    for line in kept:
        assert line in text or line.startswith("# gone")


def test_a_new_key_stands_with_the_others_and_before_the_next_table_s_comment() -> None:
    text = '[target]\nlike = "x"\n\n# reasons\n[target.why]\n'
    assert toml_edit.changed(text, "target", "abi", "y") == (
        '[target]\nlike = "x"\nabi = "y"\n\n# reasons\n[target.why]\n'
    )
    assert (
        toml_edit.changed("[target] # none\r\n[os]\r\n", "target", "a", 1)
        == "[target] # none\r\na = 1\r\n[os]\r\n"
    )


def test_a_value_keeps_its_line_s_comment() -> None:
    text = "[target]\nwidth = '64'   # bits\n"
    assert toml_edit.changed(text, "target", "width", 64) == "[target]\nwidth = 64   # bits\n"
