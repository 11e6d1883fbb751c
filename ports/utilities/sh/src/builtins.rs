//! The commands that a shell does itself.

use std::env;
use std::io;

use crate::programs::{self, Escaped};
use crate::shell::{Shell, WRONG};
use crate::streams::Streams;
use crate::syntax::is_name;

/// Whether a script goes on behind a command, and with which status.
pub enum Flow {
    Next(i32),
    Exit(i32),
}

type Builtin = fn(&mut Shell, &[String], &Streams) -> Flow;

/// Those whose assignments stay, and whose failed redirections end the script.
pub const SPECIAL: [&str; 3] = [":", "exit", "export"];

/// What other shells do themselves: to look for a program of such a name would hide what is missing.
const UNKNOWN: [&str; 29] = [
    ".", "[", "alias", "bg", "break", "command", "continue", "eval", "exec", "fg", "getopts", "hash", "jobs", "kill",
    "local", "readonly", "return", "set", "shift", "test", "times", "trap", "type", "ulimit", "umask", "unalias",
    "unset", "wait", "fc",
];

pub fn find(name: &str) -> Option<Builtin> {
    Some(match name {
        ":" | "true" => |_, _, _| Flow::Next(0),
        "false" => |_, _, _| Flow::Next(1),
        "cd" => cd,
        "echo" => echo,
        "exit" => exit,
        "export" => export,
        "printf" => printf,
        "pwd" => pwd,
        "read" => read,
        _ if UNKNOWN.contains(&name) => |shell, _, streams| {
            shell.complain(streams, "this small shell does not know this command");
            Flow::Exit(WRONG)
        },
        _ => return None,
    })
}

fn refused(shell: &Shell, streams: &Streams, what: &str, status: i32) -> Flow {
    shell.complain(streams, what);
    Flow::Next(status)
}

fn written(shell: &Shell, streams: &Streams, name: &str, result: io::Result<()>) -> Flow {
    match result {
        Ok(()) => Flow::Next(0),
        Err(error) => refused(shell, streams, &format!("{name}: {error}"), 1),
    }
}

fn cd(shell: &mut Shell, arguments: &[String], streams: &Streams) -> Flow {
    let folder = match arguments {
        [] => shell.value("HOME").unwrap_or_default().to_string(),
        [folder] if !folder.starts_with('-') => folder.clone(),
        _ => return refused(shell, streams, "cd: this small shell knows one folder, and no options", WRONG),
    };
    shell.note_folder("OLDPWD");
    if let Err(error) = env::set_current_dir(&folder) {
        return refused(shell, streams, &format!("cd: can't cd to {folder}: {error}"), WRONG);
    }
    shell.note_folder("PWD");
    Flow::Next(0)
}

/// The folder's own path, links resolved.
fn pwd(shell: &mut Shell, _: &[String], streams: &Streams) -> Flow {
    let told = env::current_dir().and_then(|folder| {
        streams[1].write(&[folder.as_os_str().as_encoded_bytes(), b"\n"].concat())
    });
    written(shell, streams, "pwd", told)
}

fn echo(shell: &mut Shell, arguments: &[String], streams: &Streams) -> Flow {
    let words: Vec<&[u8]> = arguments.iter().map(String::as_bytes).collect();
    written(shell, streams, "echo", streams[1].write(&programs::echoed(&words)))
}

fn exit(shell: &mut Shell, arguments: &[String], streams: &Streams) -> Flow {
    match arguments.first().map(|text| text.parse::<u32>()) {
        None => Flow::Exit(shell.status),
        Some(Ok(status)) => Flow::Exit((status & 0xff) as i32),
        Some(Err(_)) => {
            shell.complain(streams, &format!("exit: Illegal number: {}", arguments[0]));
            Flow::Exit(WRONG)
        }
    }
}

fn export(shell: &mut Shell, arguments: &[String], streams: &Streams) -> Flow {
    if arguments.is_empty() {
        shell.complain(streams, "export: this small shell does not know it without names");
        return Flow::Exit(WRONG);
    }
    for argument in arguments {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_string())),
            None => (argument.as_str(), None),
        };
        let done = match is_name(name) {
            true => shell.set(name, value, true),
            false => Err(format!("export: {name}: bad variable name")),
        };
        if let Err(what) = done {
            shell.complain(streams, &what);
            return Flow::Exit(WRONG);
        }
    }
    Flow::Next(0)
}

/// `%s`, `%d`, `%%` and escapes, again and again while arguments are left.
fn printf(shell: &mut Shell, arguments: &[String], streams: &Streams) -> Flow {
    let Some((format, mut left)) = arguments.split_first() else {
        return refused(shell, streams, "printf: its format is missing", WRONG);
    };
    let mut text = Vec::new();
    let mut status = 0;
    loop {
        let before = left.len();
        let mut pieces = format.split('%');
        let take = |letters: &str, text: &mut Vec<u8>| programs::unescape(letters.as_bytes(), Escaped::Format, text);
        take(pieces.next().unwrap_or_default(), &mut text);
        while let Some(piece) = pieces.next() {
            let mut next = || {
                let (first, rest) = left.split_first()?;
                left = rest;
                Some(first.as_str())
            };
            let rest = match piece.chars().next() {
                Some('s') => {
                    text.extend(next().unwrap_or_default().bytes());
                    &piece[1..]
                }
                Some('d') => {
                    let given = next().unwrap_or("0");
                    let number = given.trim_start().parse::<i64>().unwrap_or_else(|_| {
                        shell.complain(streams, &format!("printf: {given}: expected numeric value"));
                        status = 1;
                        0
                    });
                    text.extend(number.to_string().bytes());
                    &piece[1..]
                }
                None => match pieces.next() {
                    Some(piece) => {
                        text.push(b'%');
                        piece
                    }
                    None => return refused(shell, streams, "printf: the format ends behind a %", WRONG),
                },
                Some(other) => {
                    return refused(shell, streams, &format!("printf: this small shell does not know %{other}"), WRONG);
                }
            };
            take(rest, &mut text);
        }
        if left.is_empty() || left.len() == before {
            break;
        }
    }
    match written(shell, streams, "printf", streams[1].write(&text)) {
        Flow::Next(0) => Flow::Next(status),
        other => other,
    }
}

/// `read [-r] NAME...`: a line, byte by byte, as what follows it belongs to others; the last name has the rest.
fn read(shell: &mut Shell, arguments: &[String], streams: &Streams) -> Flow {
    let (raw, names) = match arguments.split_first() {
        Some((first, rest)) if first == "-r" => (true, rest),
        _ => (false, arguments),
    };
    if names.is_empty() || names.iter().any(|name| !is_name(name)) {
        return refused(shell, streams, "read: give it names of variables (and no option but -r)", WRONG);
    }
    let (line, whole) = match line(streams, raw) {
        Ok(found) => found,
        Err(error) => return refused(shell, streams, &format!("read: {error}"), 1),
    };
    let mut left = line.as_slice();
    for (index, name) in names.iter().enumerate() {
        let start = left.iter().position(|letter| !is_blank(letter)).unwrap_or(left.len());
        left = &left[start..];
        let end = match index + 1 == names.len() {
            true => left.iter().rposition(|letter| !is_blank(letter)).map_or(0, |last| last + 1),
            false => left.iter().position(is_blank).unwrap_or(left.len()),
        };
        let Ok(value) = String::from_utf8(left[..end].iter().map(|(byte, _)| *byte).collect()) else {
            return refused(shell, streams, "read: the line is not UTF-8", WRONG);
        };
        left = &left[end..];
        if let Err(what) = shell.set(name, Some(value), false) {
            return refused(shell, streams, &what, WRONG);
        }
    }
    Flow::Next(i32::from(!whole))
}

/// Bytes, and whether a backslash stood before each.
type Line = Vec<(u8, bool)>;

fn is_blank(letter: &(u8, bool)) -> bool {
    matches!(letter, (b' ' | b'\t' | b'\n', false))
}

/// The next line, and whether its newline was there.
fn line(streams: &Streams, raw: bool) -> io::Result<(Line, bool)> {
    let mut found = Line::new();
    loop {
        match streams[0].byte()? {
            None => return Ok((found, false)),
            Some(b'\n') => return Ok((found, true)),
            Some(b'\\') if !raw => match streams[0].byte()? {
                None => return Ok((found, false)),
                Some(b'\n') => {}
                Some(byte) => found.push((byte, true)),
            },
            Some(0) => {}
            Some(byte) => found.push((byte, false)),
        }
    }
}
