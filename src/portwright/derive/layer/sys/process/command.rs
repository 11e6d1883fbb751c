//! A command: what is to be started, and with what.

use super::stdio::{Source, Stdio};
use crate::ffi::{OsStr, OsString};
use crate::path::Path;
use crate::process::StdioPipes;
use crate::sys::process::env::{CommandEnv, CommandEnvs};
use crate::{fmt, io};

pub struct Command {
    pub(super) program: OsString,
    /// The name by which the program is called comes first.
    pub(super) arguments: Vec<OsString>,
    pub(super) environment: CommandEnv,
    pub(super) directory: Option<OsString>,
    streams: [Option<Stdio>; 3],
}

impl Command {
    pub fn new(program: &OsStr) -> Command {
        Command {
            program: program.to_owned(),
            arguments: vec![program.to_owned()],
            environment: CommandEnv::default(),
            directory: None,
            streams: [const { None }; 3],
        }
    }

    #[allow(dead_code)] // for the system's own extension of std
    pub fn set_arg_0(&mut self, name: &OsStr) {
        self.arguments[0] = name.to_owned();
    }

    pub fn arg(&mut self, argument: &OsStr) {
        self.arguments.push(argument.to_owned());
    }

    pub fn env_mut(&mut self) -> &mut CommandEnv {
        &mut self.environment
    }

    pub fn cwd(&mut self, directory: &OsStr) {
        self.directory = Some(directory.to_owned());
    }

    pub fn stdin(&mut self, stdin: Stdio) {
        self.streams[0] = Some(stdin);
    }

    pub fn stdout(&mut self, stdout: Stdio) {
        self.streams[1] = Some(stdout);
    }

    pub fn stderr(&mut self, stderr: Stdio) {
        self.streams[2] = Some(stderr);
    }

    pub fn get_program(&self) -> &OsStr {
        &self.program
    }

    pub fn get_args(&self) -> CommandArgs<'_> {
        CommandArgs { rest: self.arguments[1..].iter() }
    }

    pub fn get_envs(&self) -> CommandEnvs<'_> {
        self.environment.iter()
    }

    pub fn get_env_clear(&self) -> bool {
        self.environment.does_clear()
    }

    pub fn get_current_dir(&self) -> Option<&Path> {
        self.directory.as_ref().map(Path::new)
    }

    /// The child's streams, and the parent's ends of those that are pipes.
    pub(super) fn streams(&self, default: &Stdio, needs_stdin: bool) -> io::Result<([Source; 3], StdioPipes)> {
        let of = |index: usize, otherwise: &Stdio| {
            self.streams[index].as_ref().unwrap_or(otherwise).source(index == 0)
        };
        let (stdin, to_child) = of(0, if needs_stdin { default } else { &Stdio::Null })?;
        let (stdout, from_child) = of(1, default)?;
        let (stderr, complaints) = of(2, default)?;
        let pipes = StdioPipes { stdin: to_child, stdout: from_child, stderr: complaints };
        Ok(([stdin, stdout, stderr], pipes))
    }
}

/// As a shell would take it, or with `{:#?}` every part by name.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() { self.show_parts(f) } else { self.show_line(f) }
    }
}

impl Command {
    fn show_parts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = f.debug_struct("Command");
        parts.field("program", &self.program).field("args", &self.arguments);
        if !self.environment.is_unchanged() {
            parts.field("env", &self.environment);
        }
        if let Some(directory) = &self.directory {
            parts.field("cwd", &Some(directory));
        }
        for (name, stream) in ["stdin", "stdout", "stderr"].into_iter().zip(&self.streams) {
            if stream.is_some() {
                parts.field(name, stream);
            }
        }
        parts.finish()
    }

    fn show_line(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(directory) = &self.directory {
            write!(f, "cd {directory:?} && ")?;
        }
        if self.environment.does_clear() {
            f.write_str("env -i ")?;
        } else {
            let mut removed = self.get_envs().filter(|(_, value)| value.is_none()).peekable();
            if removed.peek().is_some() {
                f.write_str("env ")?;
            }
            for (name, _) in removed {
                write!(f, "-u {} ", name.to_string_lossy())?;
            }
        }
        for (name, value) in self.get_envs() {
            if let Some(value) = value {
                write!(f, "{}={value:?} ", name.to_string_lossy())?;
            }
        }
        if self.program != self.arguments[0] {
            write!(f, "[{:?}] ", self.program)?;
        }
        write!(f, "{:?}", self.arguments[0])?;
        self.get_args().try_for_each(|argument| write!(f, " {argument:?}"))
    }
}

#[derive(Clone)]
pub struct CommandArgs<'a> {
    rest: crate::slice::Iter<'a, OsString>,
}

impl<'a> Iterator for CommandArgs<'a> {
    type Item = &'a OsStr;

    fn next(&mut self) -> Option<&'a OsStr> {
        self.rest.next().map(OsString::as_os_str)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rest.size_hint()
    }
}

impl ExactSizeIterator for CommandArgs<'_> {
    fn len(&self) -> usize {
        self.rest.len()
    }

    fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

impl fmt::Debug for CommandArgs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
