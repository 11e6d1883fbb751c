//! Runs a script's commands: words become arguments, redirections streams, and names builtins or programs.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::process::{self, Command};
use std::rc::Rc;

use crate::builtins::{self, Flow};
use crate::programs;
use crate::streams::{self, Stream, Streams};
use crate::syntax::{self, PATTERNS, Part, Simple, Target, When, Word};

/// The statuses by which a shell says what it could not do.
pub const WRONG: i32 = 2;
const NOT_EXECUTABLE: i32 = 126;
const NOT_FOUND: i32 = 127;
/// Of a program that a signal ended: std does not say on every system which one it was.
const BY_SIGNAL: i32 = 128;

/// `sh -c SCRIPT`: the status of the last command.
pub fn main(arguments: Vec<OsString>) -> i32 {
    match arguments.as_slice() {
        [option, script] if option == "-c" => match script.to_str() {
            Some(script) => run(script),
            None => {
                programs::complain("sh", "the script is not UTF-8");
                WRONG
            }
        },
        _ => {
            programs::complain("sh", "this small shell is only called as: sh -c SCRIPT");
            WRONG
        }
    }
}

fn run(script: &str) -> i32 {
    let mut shell = Shell::new();
    let commands = match syntax::parse(script) {
        Ok(commands) => commands,
        Err(fault) => {
            shell.line = fault.line;
            shell.complain(&streams::own(), &fault.what);
            return WRONG;
        }
    };
    for (when, command) in commands {
        let runs = match when {
            When::Always => true,
            When::Right => shell.status == 0,
            When::Wrong => shell.status != 0,
        };
        if runs {
            match shell.command(&command) {
                Flow::Next(status) => shell.status = status,
                Flow::Exit(status) => return status,
            }
        }
    }
    shell.status
}

struct Variable {
    value: String,
    exported: bool,
}

pub struct Shell {
    variables: BTreeMap<String, Variable>,
    pub status: i32,
    line: usize,
}

impl Shell {
    /// Its variables are those of the environment; those that are not UTF-8 go to programs unseen.
    fn new() -> Shell {
        let utf8 = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        let given = env::vars_os().filter_map(utf8);
        let variables = given.map(|(name, value)| (name, Variable { value, exported: true })).collect();
        let mut shell = Shell { variables, status: 0, line: 1 };
        shell.note_folder("PWD");
        shell
    }

    /// Sets a variable to the current folder's path, links resolved.
    pub fn note_folder(&mut self, name: &str) {
        if let Ok(folder) = env::current_dir() {
            let variable = Variable { value: folder.to_string_lossy().into_owned(), exported: true };
            self.variables.insert(name.to_string(), variable);
        }
    }

    pub fn complain(&self, streams: &Streams, what: &str) {
        let _ = streams[2].write(format!("sh: {}: {what}\n", self.line).as_bytes()); // nobody else could be told
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|variable| variable.value.as_str())
    }

    /// Sets a variable; `exports`: programs see it from now on. Answers what is wrong with that.
    pub fn set(&mut self, name: &str, value: Option<String>, exports: bool) -> Result<(), String> {
        if name == "IFS" {
            return Err("this small shell does not know how to split words at anything but blanks (`IFS`)".to_string());
        }
        let before = self.variables.get(name);
        let exported = exports || before.is_some_and(|variable| variable.exported);
        let Some(value) = value.or_else(|| before.map(|variable| variable.value.clone())) else { return Ok(()) };
        self.variables.insert(name.to_string(), Variable { value, exported });
        Ok(())
    }

    fn command(&mut self, command: &Simple) -> Flow {
        self.line = command.line;
        let own = streams::own();
        let mut words: Vec<String> = Vec::new();
        for word in &command.words {
            match self.fields(word) {
                Ok(found) => words.extend(found),
                Err(what) => {
                    self.complain(&own, &what);
                    return Flow::Exit(WRONG);
                }
            }
        }
        let name = words.first().map(String::as_str);
        let special = name.is_some_and(|name| builtins::SPECIAL.contains(&name));
        let streams = match self.redirected(command) {
            Ok(streams) => streams,
            Err(what) => {
                self.complain(&own, &what);
                return if special { Flow::Exit(WRONG) } else { Flow::Next(WRONG) };
            }
        };
        let assigned: Vec<(String, String)> =
            command.assignments.iter().map(|(name, value)| (name.clone(), self.joined(value))).collect();
        let Some(name) = name else {
            return self.assign(assigned, &own).map_or(Flow::Exit(WRONG), |()| Flow::Next(0));
        };
        let Some(builtin) = builtins::find(name) else {
            return self.program(&words, &assigned, &streams);
        };
        let names: Vec<String> = assigned.iter().map(|(name, _)| name.clone()).collect();
        let kept: Vec<(String, Option<Variable>)> =
            names.into_iter().map(|name| (name.clone(), self.variables.remove(&name))).collect();
        if self.assign(assigned, &own).is_none() {
            return Flow::Exit(WRONG);
        }
        let flow = builtin(self, &words[1..], &streams);
        if !special {
            // What stands before a command is for that command alone, but for the few that POSIX calls special.
            for (name, before) in kept {
                match before {
                    Some(before) => self.variables.insert(name, before),
                    None => self.variables.remove(&name),
                };
            }
        }
        flow
    }

    fn assign(&mut self, assigned: Vec<(String, String)>, streams: &Streams) -> Option<()> {
        for (name, value) in assigned {
            if let Err(what) = self.set(&name, Some(value), false) {
                self.complain(streams, &what);
                return None;
            }
        }
        Some(())
    }

    fn program(&mut self, words: &[String], assigned: &[(String, String)], streams: &Streams) -> Flow {
        let name = &words[0];
        let mut command = Command::new(name);
        command.args(&words[1..]);
        for (name, variable) in self.variables.iter().filter(|(_, variable)| variable.exported) {
            command.env(name, &variable.value);
        }
        command.envs(assigned.iter().map(|(name, value)| (name, value)));
        let given = (streams[0].given(0), streams[1].given(1), streams[2].given(2));
        let (Ok(stdin), Ok(stdout), Ok(stderr)) = given else {
            self.complain(streams, &format!("{name}: a stream cannot be given to it"));
            return Flow::Next(WRONG);
        };
        match command.stdin(stdin).stdout(stdout).stderr(stderr).status() {
            Ok(status) => Flow::Next(status.code().unwrap_or(BY_SIGNAL)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.complain(streams, &format!("{name}: not found"));
                Flow::Next(NOT_FOUND)
            }
            Err(error) => {
                self.complain(streams, &format!("{name}: {error}"));
                Flow::Next(NOT_EXECUTABLE)
            }
        }
    }

    /// The streams that a command's redirections leave, one after the other.
    fn redirected(&self, command: &Simple) -> Result<Streams, String> {
        let mut streams = streams::own();
        for (number, target) in &command.redirections {
            let (word, opened, does) = match target {
                Target::Stream(other) => {
                    streams[*number] = streams[*other].clone();
                    continue;
                }
                Target::Read(word) => (word, File::open(self.joined(word)), "open"),
                Target::Write(word) => (word, File::create(self.joined(word)), "create"),
                Target::Append(word) => {
                    let options = OpenOptions::new().append(true).create(true).open(self.joined(word));
                    (word, options, "create")
                }
            };
            let file = opened.map_err(|error| format!("cannot {does} {}: {error}", self.joined(word)))?;
            streams[*number] = Stream::File(Rc::new(file));
        }
        Ok(streams)
    }

    fn text(&self, name: &str) -> String {
        match name {
            "?" => self.status.to_string(),
            "$" => process::id().to_string(),
            _ => self.value(name).unwrap_or_default().to_string(),
        }
    }

    /// A word as one text, where words are not split.
    fn joined(&self, word: &Word) -> String {
        word.iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Variable { name, .. } => self.text(name),
            })
            .collect()
    }

    /// The arguments that a word becomes: values of variables that are not quoted are split at blanks.
    fn fields(&self, word: &Word) -> Result<Vec<String>, String> {
        let mut found: Vec<String> = Vec::new();
        let mut current: Option<String> = None;
        for part in word {
            match part {
                Part::Text(text) => current.get_or_insert_default().push_str(text),
                Part::Variable { name, quoted: true } => current.get_or_insert_default().push_str(&self.text(name)),
                Part::Variable { name, quoted: false } => {
                    let value = self.text(name);
                    if value.contains(PATTERNS) {
                        return Err(format!(
                            "this small shell does not know patterns of file names, and `{name}` holds one: quote it"
                        ));
                    }
                    for (index, piece) in value.split([' ', '\t', '\n']).enumerate() {
                        if index > 0 {
                            found.extend(current.take());
                        }
                        if !piece.is_empty() {
                            current.get_or_insert_default().push_str(piece);
                        }
                    }
                }
            }
        }
        found.extend(current);
        Ok(found)
    }
}
