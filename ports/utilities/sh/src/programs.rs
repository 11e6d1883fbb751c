//! The programs beside the shell: each answers its exit status.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::process::Command;
use std::thread;
use std::time::Duration;

pub const NAMES: [&str; 7] = ["cat", "echo", "env", "false", "mkdir", "sleep", "true"];

pub fn find(name: &str) -> Option<fn(&[OsString]) -> i32> {
    Some(match name {
        "cat" => cat,
        "echo" => echo,
        "env" => env,
        "false" => |_| 1,
        "mkdir" => mkdir,
        "sleep" => sleep,
        "true" => |_| 0,
        _ => return None,
    })
}

pub fn complain(name: &str, what: &str) {
    let _ = writeln!(io::stderr(), "{name}: {what}"); // nobody else could be told
}

fn told(name: &str, result: io::Result<()>) -> i32 {
    result.map_or_else(
        |error| {
            complain(name, &error.to_string());
            1
        },
        |()| 0,
    )
}

fn is_option(argument: &OsStr) -> bool {
    argument.len() > 1 && argument.as_encoded_bytes().starts_with(b"-")
}

fn unknown_option(name: &str, arguments: &[OsString]) -> Option<i32> {
    let option = arguments.iter().find(|argument| is_option(argument))?;
    complain(name, &format!("this small one does not know the option {}", option.display()));
    Some(2)
}

fn cat(arguments: &[OsString]) -> i32 {
    if let Some(status) = unknown_option("cat", arguments) {
        return status;
    }
    let stream = [OsString::from("-")];
    let mut status = 0;
    for path in if arguments.is_empty() { &stream } else { arguments } {
        let copied = match path == "-" {
            true => io::copy(&mut io::stdin(), &mut io::stdout()),
            false => File::open(path).and_then(|mut file| io::copy(&mut file, &mut io::stdout())),
        };
        if let Err(error) = copied.and_then(|_| io::stdout().flush()) {
            complain("cat", &format!("{}: {error}", path.display()));
            status = 1;
        }
    }
    status
}

fn echo(arguments: &[OsString]) -> i32 {
    let words: Vec<&[u8]> = arguments.iter().map(|word| word.as_encoded_bytes()).collect();
    let mut out = io::stdout();
    told("echo", out.write_all(&echoed(&words)).and_then(|()| out.flush()))
}

/// The variables, or a program with some more of them.
fn env(arguments: &[OsString]) -> i32 {
    let assigned = |argument: &OsString| argument.as_encoded_bytes().contains(&b'=');
    let count = arguments.iter().take_while(|argument| assigned(argument)).count();
    let (given, words) = arguments.split_at(count);
    if let Some(status) = words.first().and_then(|first| unknown_option("env", std::slice::from_ref(first))) {
        return status;
    }
    let mut variables: Vec<(OsString, OsString)> = env::vars_os().collect();
    for argument in given {
        let Some((name, value)) = argument.to_str().and_then(|text| text.split_once('=')) else {
            complain("env", "a variable that is not UTF-8");
            return 2;
        };
        match variables.iter_mut().find(|(known, _)| known == name) {
            Some(known) => known.1 = value.into(),
            None => variables.push((name.into(), value.into())),
        }
    }
    let Some((program, rest)) = words.split_first() else {
        let mut text = Vec::new();
        for (name, value) in variables {
            text.extend_from_slice(&[name.as_encoded_bytes(), b"=", value.as_encoded_bytes(), b"\n"].concat());
        }
        let mut out = io::stdout();
        return told("env", out.write_all(&text).and_then(|()| out.flush()));
    };
    match Command::new(program).args(rest).env_clear().envs(variables).status() {
        Ok(status) => status.code().unwrap_or(128),
        Err(error) => {
            complain("env", &format!("{}: {error}", program.display()));
            if error.kind() == ErrorKind::NotFound { 127 } else { 126 }
        }
    }
}

fn mkdir(arguments: &[OsString]) -> i32 {
    if let Some(status) = unknown_option("mkdir", arguments) {
        return status;
    }
    if arguments.is_empty() {
        complain("mkdir", "the name of a folder is missing");
        return 1;
    }
    let mut status = 0;
    for path in arguments {
        if let Err(error) = fs::create_dir(path) {
            complain("mkdir", &format!("cannot create directory '{}': {error}", path.display()));
            status = 1;
        }
    }
    status
}

fn sleep(arguments: &[OsString]) -> i32 {
    let seconds = match arguments {
        [one] => one.to_str().and_then(|text| text.parse().ok()).map(Duration::try_from_secs_f64),
        _ => None,
    };
    let Some(Ok(length)) = seconds else {
        complain("sleep", "give it a number of seconds");
        return 1;
    };
    thread::sleep(length);
    0
}

/// What `echo` writes: its words, with `-n` no newline behind them, and the escapes that POSIX calls XSI's.
pub fn echoed(words: &[&[u8]]) -> Vec<u8> {
    let (newline, words) = match words.split_first() {
        Some((first, rest)) if *first == b"-n" => (false, rest),
        _ => (true, words),
    };
    let mut text = Vec::new();
    if unescape(&words.join(&b' '), Escaped::Echo, &mut text) && newline {
        text.push(b'\n');
    }
    text
}

/// Whose escapes: `echo` writes a byte's octal number with a 0 before it, and `\c` ends all.
#[derive(Clone, Copy, PartialEq)]
pub enum Escaped {
    Echo,
    Format,
}

/// Appends a text with its escapes replaced; whether it went to the end.
pub fn unescape(given: &[u8], how: Escaped, text: &mut Vec<u8>) -> bool {
    let mut left = given;
    while let Some((first, rest)) = left.split_first() {
        left = rest;
        let Some((letter, rest)) = rest.split_first().filter(|_| *first == b'\\') else {
            text.push(*first);
            continue;
        };
        left = rest;
        match letter {
            b'a' => text.push(7),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'v' => text.push(11),
            b'\\' => text.push(b'\\'),
            b'c' if how == Escaped::Echo => return false,
            b'0'..=b'7' if how == Escaped::Format || *letter == b'0' => {
                let start = if how == Escaped::Format { &given[given.len() - left.len() - 1..] } else { left };
                let digits = start.iter().take(3).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
                text.push(start[..digits].iter().fold(0u32, |sum, digit| 8 * sum + u32::from(digit - b'0')) as u8);
                left = &start[digits..];
            }
            other => text.extend([b'\\', *other]),
        }
    }
    true
}
