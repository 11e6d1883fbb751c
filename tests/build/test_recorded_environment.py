"""What a recording shows of environments and command lines, and what it never shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from log_maker import LogMaker
from portwright.build import event_log as on
from portwright.build.recorded_environment import HIDDEN, Secrets, secret_name, shown
from portwright.build.trade import trades

PLANTED = "pl4nted-Value-77"


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("GITHUB_TOKEN", True),
        ("CARGO_REGISTRIES_MINE_TOKEN", True),
        ("db_password", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("SIGNING_KEY", True),
        ("APIKEY", True),
        ("HTTP_AUTH", True),
        ("CARGO_PKG_KEYWORDS", False),
        ("CARGO_PKG_AUTHORS", False),
        ("PATH", False),
        ("MONKEY", False),
        *(
            (name, True)
            for name in ("DB_PASS", "DBPASS", "MYSQL_PWD", "PIN", "DB_CRED", "COOKIE", "HASH_SALT")
        ),
        *((name, False) for name in ("PWD", "OLDPWD", "BYPASS", "COMPASS", "PINNED", "PASSES")),
    ],
)
def test_names_of_secrets(name: str, secret: bool) -> None:
    assert secret_name(name) is secret


def test_only_the_lists_and_what_was_declared_are_shown() -> None:
    env = {
        "PATH": "/bin",
        "OUT_DIR": "/o",
        "FLAVOUR": "x",
        "OTHER": "y",
        "MY_TOKEN": "z",
        "CARGO_FEATURE_TOKEN": "1",
    }
    assert shown(env, trades()["rustc"], {"FLAVOUR", "MY_TOKEN"}) == {
        "PATH": "/bin",
        "OUT_DIR": "/o",
        "FLAVOUR": "x",
    }
    assert "CARGO_FEATURE_TOKEN" in shown(env, trades()["build-script"]), "a cargo feature may be called so"


@pytest.mark.parametrize(
    "line",
    [
        ("curl", f"https://user:{PLANTED}@example.org/x"),
        ("tool", "--token", PLANTED),
        ("tool", f"--api-key={PLANTED}"),
        ("make", f"PASSWORD={PLANTED}"),
        ("cc", f'-DAPI_TOKEN="{PLANTED}"'),
        ("tool", "--password", "abc"),
        ("curl", "-u", f"user:{PLANTED}", "x"),
        ("curl", f"--user=user:{PLANTED}"),
        ("curl", "-H", f"Authorization: Bearer {PLANTED}"),
        ("mysql", f"-p{PLANTED}", "db"),
        ("sshpass", "-p", PLANTED, "ssh", "x"),
        ("openssl", "rsa", "-passin", f"pass:{PLANTED}"),
        ("scp", f"user:{PLANTED}@example.org"),
        ("sh", "-c", f"cd x && curl -u user:{PLANTED} http://x; mysql -p{PLANTED} < y"),
        ("sh", "-c", f"DB_PASS={PLANTED} ./deploy --pass '{PLANTED}'"),
        ("git", "clone", f"https://user:{PLANTED}@example.org/x"),
    ],
)
def test_command_lines_tell_no_secrets(line: tuple[str, ...]) -> None:
    secrets = Secrets()
    secrets.learn_words(line)
    hidden = " ".join(secrets.hide_words(line))
    assert PLANTED not in hidden and "abc" not in hidden and HIDDEN in hidden


@pytest.mark.parametrize(
    "line",
    [
        ("rustc", "--extern", "secret=/x/libsecret.rlib", "--cfg", 'feature="token"'),
        ("cc", "-o", "token.o", "token.c"),
        ("tool", "--keyfile", "/x/key.pem"),
        ("git", "clone", "https://example.org/x@y"),
        ("docker", "run", "-u", "1000:1000", "x"),
        ("cc", "-DLED_PIN=13", "-pthread", "-pipe", "-c", "a.c"),
        ("cargo", "pkgid", "registry+https://example.org/index#foo:a@1.0"),
        ("sort", "-u", "names"),
    ],
)
def test_ordinary_words_stay(line: tuple[str, ...]) -> None:
    secrets = Secrets()
    secrets.learn_words(line)
    assert secrets.hide_words(line) == line


def test_values_of_unknown_variables_are_private_but_for_plain_ones(tmp_path: Path) -> None:
    secrets = Secrets()
    secrets.learn(
        {"A": PLANTED, "B": "release", "C": str(tmp_path), "D": "12", "HOME": "/home/someone-9", "E": "1.2.3"}
    )
    assert list(secrets.values) == [PLANTED]


@pytest.mark.parametrize("value", ["correcthorsebattery", "19481948", "-Xsecret", "root1"])
def test_the_value_of_a_secrets_name_is_secret_whatever_it_is(value: str) -> None:
    secrets = Secrets()
    secrets.learn({"DB_PASS": value})
    assert secrets.hide(f'-DP="{value}" x{value}y') == f'-DP="{HIDDEN}" x{HIDDEN}y'


def test_ordinary_variables_of_the_caller_stay() -> None:
    """What a build is told in variables is in the names of its programs and folders."""
    secrets = Secrets()
    ordinary = {
        "CROSS_COMPILE": "x86_64-linux-gnu-",
        "TARGET": "aarch64-unknown-linux-gnu",
        "VARIANT": "obj-x64",
        "BUILD_DIR": "build/obj-x64-release9",
        "OPTS": "-O2 -g3 -march=x86-64-v3",
        "TOOLCHAIN": "clang-17.0.6-linux",
        "NUMBER": "1234567890123",
        "STAMP": "2024-01-01.12345",
        "MODE": "debug-x86_64-gcc12",
    }
    secrets.learn(ordinary)
    assert secrets.values == {}
    secrets.learn({"UNKNOWN": "A9sd8f7G6h5J4k3l"})
    assert secrets.hide("-DA=A9sd8f7G6h5J4k3l xA9sd8f7G6h5J4k3l") == f"-DA={HIDDEN} xA9sd8f7G6h5J4k3l"


def test_what_the_build_itself_sets_is_no_secret_but_by_its_name(tmp_path: Path) -> None:
    """`make SYSCFLAGS=-DX` exports it to every recipe."""
    log = LogMaker(tmp_path)
    make = log.start(None, "make")
    cc = log.start(make, "gcc", "-DUSE_POSIX", "-c", "a.c", SYSCFLAGS="-DUSE_POSIX", A_TOKEN=PLANTED)
    log.exit(cc)
    log.exit(make)
    log.end()
    (step,) = log.result().recording.plan.steps
    assert "-DUSE_POSIX" in step.argv
    assert PLANTED not in log.result().recording.to_json()


def test_nothing_planted_is_anywhere_in_a_recording(tmp_path: Path) -> None:
    """In a variable, in words, in a file's name, in an answer, in what a driver wrote."""
    log = LogMaker(tmp_path, MY_TOKEN=PLANTED, UNLISTED="un-listed-value-9")
    script = log.start(None, "python3", "gen.py", f"--password={PLANTED}")
    log.write(script, "a.c", f'char a[] = "{PLANTED}";')
    cc = log.start(
        script,
        "gcc",
        f"-DX={PLANTED}",
        "-DY=un-listed-value-9",
        "-c",
        "a.c",
        "-o",
        f"{PLANTED}.o",
        CPATH=f"/x/{PLANTED}",
    )
    log.read(cc, "a.c")
    log.write(cc, f"{PLANTED}.o", "object")
    log.exit(cc)
    asked = log.start(script, "gcc", "--version")
    log.wrapped.append(
        on.Wrap(log.now, asked, script, str(tmp_path), ("gcc", "--version"), (f"MY_TOKEN={PLANTED}",))
    )
    log.wrapped.append(on.Answer(log.now, asked, 0, f"gcc {PLANTED}"))
    log.exit(asked)
    log.exit(script)
    log.end()
    result = log.result()
    text = result.recording.to_json()
    assert PLANTED not in text and "un-listed-value-9" not in text and HIDDEN in text
    (step,) = [step for step in result.recording.plan.steps if step.kind == "tool"]
    whats = [i.what for i in result.recording.seen[step.name].impurities if i.kind == "secret"]
    assert whats == ["the value of MY_TOKEN", "the value of UNLISTED"]
    assert not any(PLANTED in Path(path).read_text() for path in result.contents.values())


def test_a_declared_secret_is_told_and_not_shown(tmp_path: Path) -> None:
    log = LogMaker(tmp_path, MY_TOKEN=PLANTED)
    rustc = log.start(None, "rustc", "--crate-name", "a", "a.rs", "--emit=link,dep-info")
    log.write(rustc, "a.d", f"a: a.rs\n\n# env-dep:MY_TOKEN={PLANTED}\n")
    log.exit(rustc)
    log.end()
    recording = log.result().recording
    assert PLANTED not in recording.to_json()
    assert [i.kind for i in recording.seen["rustc-a"].impurities] == ["not-remapped", "secret"]
