"""Which crates can be cached by content, and that nothing which matters escapes the hash."""

from __future__ import annotations

from pathlib import Path

import pytest

from portwright.build.crate_digest import digest

PACKAGE = '[package]\nname = "a"\nversion = "0.1.0"\nedition = "2021"\n'


@pytest.fixture
def package(fresh_cache: Path, tmp_path: Path) -> Path:
    """A closed Cargo package."""
    folder = tmp_path / "a"
    (folder / "src").mkdir(parents=True)
    (folder / "Cargo.toml").write_text(PACKAGE)
    (folder / "src" / "main.rs").write_text("mod b;\nfn main() {}\n")
    (folder / "src" / "b.rs").write_text("")
    return folder


def test_every_file_of_a_closed_package_counts_but_not_what_cargo_makes(package: Path) -> None:
    first = digest(package)
    assert first is not None
    (package / "Cargo.lock").write_text("version = 4\n")
    (package / "target").mkdir()
    (package / "target" / "x").write_text("")
    assert digest(package) == first
    (package / "src" / "b.rs").write_text("// changed\n")
    second = digest(package)
    assert second not in (None, first)
    (package / "data.txt").write_text("read by include_str!\n")
    assert digest(package) not in (None, first, second)


def test_dependencies_count_as_soon_as_a_lock_file_pins_them(package: Path) -> None:
    (package / "Cargo.toml").write_text(PACKAGE + '[target.x.dependencies]\nb = "1"\n')
    assert digest(package) is None
    (package / "Cargo.lock").write_text("version = 4\n")
    first = digest(package)
    assert first is not None
    (package / "Cargo.lock").write_text("version = 3\n")
    assert digest(package) not in (None, first)


@pytest.mark.parametrize(
    "manifest",
    [
        PACKAGE + 'build = "make.rs"\n',
        PACKAGE + '[dependencies]\nb = { path = "../b" }\n',
        PACKAGE + "[dependencies]\nb = { workspace = true }\n",
        PACKAGE.replace('version = "0.1.0"', "version.workspace = true"),
        PACKAGE + 'workspace = ".."\n',
        PACKAGE + '[workspace]\nmembers = ["b"]\n',
        PACKAGE + '[patch.crates-io]\nb = { path = "../b" }\n',
        PACKAGE + '[[bin]]\nname = "a"\npath = "../main.rs"\n',
        "not toml [",
    ],
)
def test_what_reaches_outside_is_left_to_cargo(package: Path, manifest: str) -> None:
    (package / "Cargo.toml").write_text(manifest)
    (package / "Cargo.lock").write_text("version = 4\n")
    assert digest(package) is None


def test_a_build_script_an_outer_package_and_a_far_include_are_left_to_cargo(package: Path) -> None:
    own = digest(package)
    (package / "build.rs").write_text("fn main() {}\n")
    assert digest(package) is None
    (package / "build.rs").unlink()
    (package.parent / "Cargo.toml").write_text('[workspace]\nmembers = ["a"]\n')
    assert digest(package) is None
    (package / "Cargo.toml").write_text(PACKAGE + "[workspace]\n")
    assert digest(package) not in (None, own), "an empty workspace of its own keeps the outer one away"
    (package / "src" / "b.rs").write_text('const A: &str = include_str!("../../x.txt");\n')
    assert digest(package) is None


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ('include_str!("near.txt")', True),
        ('include_str!(r#"near.txt"#,)', True),
        ('include_str!("../near.txt")', False),
        ('include_bytes!("/etc/hostname")', False),
        ('include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../far.txt"))', False),
        ('include!(env!("SOMEWHERE"))', False),
    ],
)
def test_only_plain_names_below_the_file_are_known_to_lie_inside(
    package: Path, text: str, closed: bool
) -> None:
    (package / "src" / "b.rs").write_text(f"const A: &str = {text};\n")
    assert (digest(package) is not None) == closed


def test_a_link_is_left_to_cargo(package: Path, tmp_path: Path) -> None:
    (tmp_path / "shared.rs").write_text("// shared\n")
    (package / "src" / "shared.rs").symlink_to(tmp_path / "shared.rs")
    assert digest(package) is None


def test_a_single_file_is_closed_unless_it_names_others(tmp_path: Path) -> None:
    file = tmp_path / "a.rs"
    file.write_text('fn main() { println!("mod x;"); }\n')
    assert digest(file) is not None
    for text in (
        "mod b;\n",
        "  pub(crate) mod b ;\n",
        "#[cfg(unix)] mod b;\n",
        'const A: &str = include_str!("b");\n',
        '#[path = "c.rs"]\nmod b;\n',
    ):
        file.write_text(text)
        assert digest(file) is None, text
    file.write_text("mod b { pub fn f() {} }\n")
    assert digest(file) is not None
