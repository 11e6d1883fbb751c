"""The overlay from outside: edits on texts made by hand and by chance, and on the real sources of std."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portwright.base.errors import BadInput
from portwright.derive import tokens
from portwright.derive.edit import (
    ArmFirst,
    AttributeTerm,
    BuildTerm,
    CfgTerm,
    CfgUnordered,
    EachCfg,
    Edit,
    ItemAttribute,
    LastItems,
    NewFile,
    TomlTable,
    from_json,
    to_json,
)
from portwright.derive.overlay import apply, apply_all
from portwright.describe.toolchain import Toolchain

OS = 'target_os = "veridian"'
ARM = f"{OS} => {{\n    mod portwright;\n}}"


def only_inserts(before: str, after: str) -> bool:
    """Whether `before` is what stays of `after` when letters are taken out."""
    rest = iter(after)
    return all(letter in rest for letter in before)


def faults(path: str, text: str | None, *edits: Edit) -> list[str]:
    """What an application that must fail says of each fault: place, sentence, code."""
    with pytest.raises(BadInput) as caught:
        apply(path, text, edits)
    return [f"{fault.where}: {fault.what} [{fault.code}]" for fault in caught.value.faults]


TWO_BLOCKS = """// cfg_select! { in a comment }
cfg_select! {
    unix => {
        mod unix;
        cfg_select! { test => { mod t; } _ => {} }
    }
    _ => {}
}
const S: &str = "cfg_select! { in a string }";
"""


def test_an_arm_goes_first_in_the_block_that_is_meant() -> None:
    outer = apply("m.rs", TWO_BLOCKS, [ArmFirst("m.rs", 1, 2, ARM, "no files\n else")])
    assert outer == TWO_BLOCKS.replace(
        "cfg_select! {\n    unix",
        f"cfg_select! {{\n    // portwright: no files else\n    {OS} => {{\n        mod portwright;\n    }}\n    unix",
    )
    inner = apply("m.rs", TWO_BLOCKS, [ArmFirst("m.rs", 2, 2, f"{OS} => {{}}", "x")])
    assert re.search(rf"cfg_select! \{{\s*// portwright: x\s*{re.escape(OS)} => \{{\}}\s*test => ", inner)


def test_edits_of_one_file_do_not_disturb_each_other() -> None:
    arms = [
        ArmFirst("m.rs", n, 2, f"{OS} => {{ cfg_select! {{ a => {{ mod m{n}; }} }} }}", "x") for n in (1, 2)
    ]
    assert apply("m.rs", TWO_BLOCKS, arms) == apply("m.rs", TWO_BLOCKS, arms[::-1])
    twice = [ArmFirst("m.rs", 1, 2, f"{name} => {{}}", "x") for name in ("a", "b")]
    made = apply("m.rs", TWO_BLOCKS, twice)
    assert made.index("a => {}") < made.index("b => {}") < made.index("unix")


def test_an_edit_that_is_there_already_is_refused() -> None:
    chain = 'fn main() { if os == "a" || os == "b" {} }\n'
    unordered = "cfg_unordered! {\n\n#[cfg(a)]\npub mod os {}\n}\n"
    cases: list[tuple[str, str, Edit]] = [
        ("m.rs", TWO_BLOCKS, ArmFirst("m.rs", 1, 2, ARM, "x")),
        ("m.rs", "#[cfg(any(unix, windows))]\nmod c;\n", AttributeTerm("m.rs", "mod c", OS, "x")),
        ("build.rs", chain, BuildTerm("build.rs", 'os == "a"', 'os == "c"', "x")),
        ("m.rs", "fn f() { if cfg!(any(unix, a)) {} }\n", CfgTerm("m.rs", "a", OS, "x")),
        ("m.rs", "#[test]\nfn a() {}\n", ItemAttribute("m.rs", "fn a", "#[ignore]", "x")),
        ("m.rs", "mod a;\n", LastItems("m.rs", "#[cfg(b)]\nuse c as d;", "x")),
        ("m.rs", unordered, CfgUnordered("m.rs", f"#[cfg({OS})]\npub mod os {{}}", "x")),
        (
            "Cargo.toml",
            "[package]\nname = 'a'\n",
            TomlTable("Cargo.toml", "target.'x'.dependencies", "b = '1'", "x"),
        ),
        ("new.rs", "there\n", NewFile("new.rs", "mine\n", "x")),
    ]
    for path, text, edit in cases:
        once = text if isinstance(edit, NewFile) else apply(path, text, [edit])
        said = faults(path, once, edit)
        assert len(said) == 1, said
        assert said[0].endswith(("[edit/already-there]", "[edit/exists]")), said


def test_a_predicate_goes_into_the_list_of_a_cfg_expression() -> None:
    text = "fn f() { cfg!(any(unix, b)); cfg!(all(b, any(c, not(any(d))))); cfg!(b) }\n// cfg!(any(d))\n"
    made = apply("m.rs", text, [CfgTerm("m.rs", "unix", OS, "x"), CfgTerm("m.rs", "c", OS, "x")])
    assert made == text.replace("any(unix", f"any({OS}, unix").replace("any(c", f"any({OS}, c")
    for beside in ("d", "nix", "e"):
        said = faults("m.rs", text, CfgTerm("m.rs", beside, OS, "x"))
        assert said[0].startswith(f"m.rs:1: looked for one `cfg!(any(...))` with `{beside}`, found 0"), said


def test_a_predicate_stands_for_the_term_too_wherever_it_is_meant() -> None:
    text = "#[cfg(unix)]\nuse os::unix::a;\n#[cfg(all(unix, not(b)))]\nfn f() { g(cfg!(unix), unix) }\n"
    made = apply("m.rs", text, [EachCfg("m.rs", "unix", OS, 3, "x")])
    wide = f"any(unix, {OS})"
    assert made == (
        f"#[cfg({wide})]\nuse os::unix::a;\n#[cfg(all({wide}, not(b)))]\nfn f() {{ g(cfg!({wide}), unix) }}\n"
    )
    assert wide not in apply("m.rs", text, [EachCfg("m.rs", "unix", OS, 3, "x", (2, 3))]).splitlines()[0]
    assert "found 3 (lines: 1, 3, 4)" in faults("m.rs", text, EachCfg("m.rs", "unix", OS, 4, "x"))[0]
    assert "there already" in faults("m.rs", made, EachCfg("m.rs", "unix", OS, 3, "x"))[0]


@pytest.mark.parametrize("text", ["", "mod a;", "mod a;\n", "mod a;\r\n"])
def test_items_go_to_the_end(text: str) -> None:
    made = apply("m.rs", text, [LastItems("m.rs", "#[cfg(b)]\nuse c;", "so that it is there")])
    assert made.startswith(text)
    assert made.replace("\r\n", "\n").endswith("\n// portwright: so that it is there\n#[cfg(b)]\nuse c;\n")
    assert made.count("\r\n") in (0, made.count("\n"))


def test_what_was_looked_for_and_what_was_found_is_said_for_every_edit_at_once() -> None:
    said = faults(
        "m.rs",
        TWO_BLOCKS,
        ArmFirst("m.rs", 1, 3, ARM, "x"),
        ArmFirst("m.rs", 3, 2, ARM, "x"),
        AttributeTerm("m.rs", "mod common", OS, "x"),
        BuildTerm("m.rs", 'os == "hermit"', 'os == "v"', "x"),
        CfgUnordered("m.rs", "#[cfg(a)] mod os {}", "x"),
    )
    assert said == [
        "m.rs:2: looked for 3 calls of `cfg_select!`, found 2 (lines: 2, 5) [edit/no-place]",
        "m.rs: there is no `cfg_select!` number 3: the file has 2 [edit/no-place]",
        "m.rs:1: looked for one #[cfg(...)] on an item that begins with `mod common`, found 0: none [edit/no-place]",
        'm.rs:1: looked for one `os == "hermit"` in a chain of || or &&, found 0 (the text occurs at lines: none)'
        " [edit/no-place]",
        "m.rs:1: looked for one call of `cfg_unordered!`, found 0 [edit/no-place]",
    ]
    with pytest.raises(BadInput) as caught:
        apply_all({"a.rs": ""}.get, [ArmFirst(name, 1, 1, ARM, "x") for name in ("a.rs", "gone.rs")])
    assert [str(fault.where) for fault in caught.value.faults] == ["a.rs:1", "gone.rs"]


@pytest.mark.parametrize(
    ("before", "negated", "after"),
    [
        ("any(unix, windows)", False, f"any({OS}, unix, windows)"),
        ("any(\n    unix,\n)", False, f"any(\n    {OS},\n    unix,\n)"),
        ("not(any(unix))", True, f"not(any({OS}, unix))"),
        ("any(all(unix, not(any(a, b))), windows)", False, f"any({OS}, all(unix, not(any(a, b))), windows)"),
        ("any(all(unix, not(any(a, b))), windows)", True, f"any(all(unix, not(any({OS}, a, b))), windows)"),
        ("unix", False, f"any(unix, {OS})"),
        ("not(unix)", True, f"all(not(unix), not({OS}))"),
    ],
)
def test_a_term_goes_into_the_list_that_switches_the_item(before: str, negated: bool, after: str) -> None:
    text = "#[cfg({})]\n#[inline]\npub(crate) fn keys() -> u8 {{ 0 }}\n"
    edit = AttributeTerm("m.rs", "fn keys", OS, "x", negated=negated)
    assert apply("m.rs", text.format(before), [edit]) == text.format(after)


def test_an_item_must_be_one_item() -> None:
    text = "#[cfg(any(a))]\nmod tests;\n#[cfg(any(b))]\nmod tests;\n#[cfg(any(c))]\nmod tests_more;\n"
    assert "found 2: at lines 1, 3" in faults("m.rs", text, AttributeTerm("m.rs", "mod tests", OS, "x"))[0]
    inside = "cfg_select! { a => { #[cfg(any(b))] use c::d; } }\n"
    assert f"any({OS}, b)" in apply("m.rs", inside, [AttributeTerm("m.rs", "use c::d", OS, "x")])
    nearest = faults("m.rs", "#[cfg(any(a))]\nmod common;\n", AttributeTerm("m.rs", "mod comon", OS, "x"))
    assert "the nearest is `mod common;`" in nearest[0]


def test_a_term_of_a_chain_keeps_operator_and_lines() -> None:
    lines = 'fn f() {\n    let x = a == "p"\n        || a == "q"\n        || (b && a == "r");\n}\n'
    made = apply("build.rs", lines, [BuildTerm("build.rs", 'a=="q"', 'a == "z"', "x")])
    assert made == lines.replace('|| a == "q"\n', '|| a == "q"\n        || a == "z"\n')
    both = apply("build.rs", lines, [BuildTerm("build.rs", 'a == "r"', 'a == "z"', "x")])
    assert 'b && a == "r" && a == "z"' in both
    macro = "fn f() -> bool { !cfg!(a) && !cfg!(b) }\n"
    assert "!cfg!(b) && !cfg!(c)" in apply("m.rs", macro, [BuildTerm("m.rs", "!cfg!(b)", "!cfg!(c)", "x")])


def test_an_arm_that_is_not_rust_is_refused() -> None:
    said = faults("m.rs", TWO_BLOCKS, ArmFirst("m.rs", 1, 2, f"{OS} => {{ mod a; ", "x"))
    assert said == ["m.rs: the edits leave 1 places that are not Rust [edit/not-rust]"]


def test_a_table_that_is_not_toml_is_refused_and_a_good_one_is_appended() -> None:
    text = "[package]\nname = 'a'"
    assert "[edit/not-toml]" in faults("Cargo.toml", text, TomlTable("Cargo.toml", "a", "b =", "x"))[0]
    assert "[edit/wrong-kind]" in faults("Cargo.toml", text, ArmFirst("Cargo.toml", 1, 1, ARM, "x"))[0]
    made = apply("Cargo.toml", text, [TomlTable("Cargo.toml", "a.b", "c = 1", "why\nso")])
    assert made == f"{text}\n\n# portwright: why so\n[a.b]\nc = 1\n"


def test_an_attribute_goes_before_the_item_that_is_meant() -> None:
    text = "#[test]\nfn one() {}\n\nmod m {\n    // fn two()\n    #[test]\n    pub fn two() {}\n}\n"
    made = apply("m.rs", text, [ItemAttribute("m.rs", "fn two", "#[cfg(no)]", "why\nso")])
    assert made == text.replace("    pub fn two", "    // portwright: why so\n    #[cfg(no)]\n    pub fn two")
    assert "found 0" in faults("m.rs", text, ItemAttribute("m.rs", "fn on", "#[cfg(no)]", "x"))[0]
    said = faults(
        "m.rs", text + "fn one_more() {}\nfn one() {}\n", ItemAttribute("m.rs", "fn one", "#[a]", "x")
    )
    assert "found 2 (lines: 2, 10)" in said[0]


def test_line_ends_of_the_file_are_kept() -> None:
    made = apply("m.rs", TWO_BLOCKS.replace("\n", "\r\n"), [ArmFirst("m.rs", 1, 2, ARM, "x")])
    assert made == apply("m.rs", TWO_BLOCKS, [ArmFirst("m.rs", 1, 2, ARM, "x")]).replace("\n", "\r\n")


def test_edits_survive_json() -> None:
    edits = (
        NewFile("a", "b\u00e9", "c"),
        ArmFirst("a", 1, 2, ARM, "c"),
        AttributeTerm("a", "i", "t", "w", negated=True),
        BuildTerm("a", "b", "t", "w"),
        CfgTerm("a", "b", "t", "w"),
        EachCfg("a", "p", "t", 3, "w", (1, 2)),
        CfgUnordered("a", "e", "w"),
        ItemAttribute("a", "fn b", "#[ignore]", "w"),
        LastItems("a", "use b;", "w"),
        TomlTable("a", "h", "b", "w"),
    )
    assert from_json(to_json(edits)) == edits


# A file by chance: blocks (some in modules, functions or other blocks' arms) among what only looks like one.
FILLER = st.sampled_from(
    [
        "// cfg_select! { a => {} }\n",
        "/* cfg_select! { /* nested */ } */\n",
        'const A: &str = "cfg_select! { \\" {";\n',
        'const B: &str = r#"cfg_select! { " {"#;\n',
        "const C: char = '{';\nconst D: &'static str = \"}\";\n",
        "/// cfg_select! { doc }\nfn f<'a>(x: &'a u8) -> u8 { *x }\n",
        "#[cfg(any(unix, windows))]\nmod m;\n",
        "cfg_selected! { a => {} }\n",
        "\n",
    ]
)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, int]:
    """A file's text, with an arm `markN` in the N-th block in source order; and how many blocks it has."""
    count = itertools.count(1)

    def block(depth: int) -> str:
        number = next(count)
        inner = "".join(part(depth + 1) for _ in range(draw(st.integers(0, 2)))) if depth < 3 else ""
        layout = draw(st.sampled_from(["cfg_select! {{\n    mark{0} => {{\n{1}}}\n    _ => {{}}\n}}\n",
                                       "cfg_select! {{ mark{0} => {{ {1} }} _ => {{}} }}\n"]))  # fmt: skip
        return layout.format(number, inner)

    def part(depth: int) -> str:
        kind = draw(st.sampled_from(["block", "module", "function", "filler"]))
        if kind == "filler" or depth >= 3:
            return draw(FILLER)
        if kind == "block":
            return block(depth)
        head = "mod a" if kind == "module" else "fn b()"
        return f"{head} {{\n{part(depth + 1)}}}\n"

    text = "".join(part(0) for _ in range(draw(st.integers(1, 5)))) + block(0)
    return text, next(count) - 1


@settings(max_examples=150, deadline=None)
@given(files(), st.data())
def test_any_block_of_any_file_is_found_and_nothing_else_changes(
    file: tuple[str, int], data: st.DataObject
) -> None:
    text, blocks = file
    chosen = data.draw(st.sets(st.integers(1, blocks), min_size=1))
    arms = [ArmFirst("m.rs", n, blocks, f"{OS} => {{ mod here{n}; }}", "x") for n in chosen]
    made = apply("m.rs", text, arms)
    for n in chosen:
        block = rf"cfg_select! \{{\s*// portwright: x\s*{re.escape(OS)} => \{{ mod here{n}; \}}\s*mark{n} "
        assert re.search(block, made), (n, made)
    taken_out = re.sub(rf"\n *// portwright: x\n *{re.escape(OS)} => \{{ mod here\d+; \}}", "", made)
    assert re.sub(r"\s+", " ", taken_out) == re.sub(r"\s+", " ", text)
    assert only_inserts(text, made)
    assert tokens.parse(made.encode()).errors <= tokens.parse(text.encode()).errors
    for arm in arms:
        with pytest.raises(BadInput, match="is there already"):
            apply("m.rs", made, [arm])


@pytest.mark.toolchain
def test_every_block_of_std_takes_an_arm(toolchain: Toolchain) -> None:
    """All files of the real std with `cfg_select!`: the calls that plain text shows are the calls that are found."""
    assert toolchain.source is not None
    library = toolchain.source / "library"
    seen = 0
    for path in sorted((library / "std" / "src").rglob("*.rs")):
        text = path.read_text()
        # An oracle that does not parse: the macro's name at the head of what is left of a line without comments.
        calls = re.findall(r"^(?![ \t]*//).*?\bcfg_select! ?\{", text, re.M)
        if not calls:
            continue
        edits = [
            ArmFirst("m.rs", n, len(calls), f"{OS} => {{ mod here{n}; }}", "x")
            for n in range(1, len(calls) + 1)
        ]
        made = apply("m.rs", text, edits)
        assert only_inserts(text, made), path
        assert [int(n) for n in re.findall(r"mod here(\d+);", made)] == list(range(1, len(calls) + 1)), path
        seen += len(calls)
    assert seen > 80, "std has about a hundred blocks: the oracle no longer finds them"


@pytest.mark.toolchain
def test_the_bundled_ports_edits_find_their_places_and_are_refused_the_second_time(
    toolchain: Toolchain,
) -> None:
    from portwright.derive.std_edits import edits
    from portwright.describe import port

    assert toolchain.source is not None
    library = toolchain.source / "library"

    def read(path: str) -> str | None:
        file = library / path
        return file.read_text() if file.exists() else None

    for found in [each for each in map(port.load, port.bundled()) if each.abi is not None]:
        rows = edits(found)
        made = apply_all(read, rows)
        for path, text in made.items():
            before = read(path)
            assert before is None or only_inserts(before, text), path
            if path.endswith(".rs") and before is not None:
                assert tokens.parse(text.encode()).errors <= tokens.parse(before.encode()).errors, path
        with pytest.raises(BadInput) as caught:
            apply_all(made.get, rows)
        assert {str(f.where.file) for f in caught.value.faults if f.where} == set(made), (
            "a file took its edits twice"
        )
