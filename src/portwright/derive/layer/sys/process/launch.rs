//! Starting a command, and the process that it becomes.
//!
//! Everything is made ready before a fork: of a process with several threads the copy has one, which may take neither
//! a lock nor memory until it is another program.

use super::ExitStatus;
use super::command::Command;
use super::stdio::{Source, Stdio, above_streams};
use crate::ffi::{CStr, CString, OsStr};
use crate::io;
use crate::process::StdioPipes;
use crate::sys::pal::abi::{self, Failure};
use crate::sys::pal::children::{self, Strings};
use crate::sys::pal::files::{self, Handle};
use crate::sys::pal::{descriptors, process, signals};

/// The status of a child that could not become the program, where nothing else tells it: as shells have it.
const NOT_STARTED: i32 = 127;

/// Where programs are looked for when no variable says.
const USUAL_PATH: &[u8] = b"/bin:/usr/bin";

/// A process that this one started.
pub struct Process {
    number: usize,
    status: Option<ExitStatus>,
}

impl Process {
    pub fn id(&self) -> u32 {
        self.number as u32
    }

    /// Ends the process. One that was waited for is gone, and its number may be another's.
    pub fn kill(&mut self) -> io::Result<()> {
        match self.status {
            Some(_) => Ok(()),
            None => Ok(children::kill(self.number, abi::SIGKILL.get()?)?),
        }
    }

    #[allow(dead_code)] // for the system's own extension of std
    pub fn send_signal(&self, signal: i32) -> io::Result<()> {
        match self.status {
            Some(_) => Ok(()),
            None => Ok(children::kill(self.number, signal as usize)?),
        }
    }

    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        loop {
            match self.ask(false)? {
                Some(status) => return Ok(status),
                None => crate::thread::yield_now(),
            }
        }
    }

    /// Where a child runs only while it is waited for, asking alone would never see its end.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.ask(!abi::CHILD_RUNS_WHEN_WAITED_FOR)
    }

    fn ask(&mut self, at_once: bool) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = children::wait(self.number, at_once)?.map(ExitStatus::new);
        }
        Ok(self.status)
    }
}

impl Command {
    pub fn spawn(&mut self, default: Stdio, needs_stdin: bool) -> io::Result<(Process, StdioPipes)> {
        let launch = Launch::new(self)?;
        let (sources, pipes) = self.streams(&default, needs_stdin)?;
        let number = launch.start(&sources)?;
        Ok((Process { number, status: None }, pipes))
    }

    /// Becomes the program; comes back only where it cannot.
    #[allow(dead_code)] // for the system's own extension of std
    pub fn exec(&mut self, default: Stdio) -> io::Error {
        match Launch::new(self).and_then(|launch| Ok((launch, self.streams(&default, true)?.0))) {
            Ok((launch, sources)) => launch.become_program(&sources).into(),
            Err(error) => error,
        }
    }
}

/// A command as a system takes it.
struct Launch {
    /// Where the program may be, in the order in which it is looked for.
    paths: Vec<CString>,
    arguments: Strings,
    environment: Strings,
    directory: Option<CString>,
}

impl Launch {
    fn new(command: &Command) -> io::Result<Launch> {
        let variables = command.environment.capture();
        let list = if command.environment.have_changed_path() {
            variables.get(OsStr::new("PATH")).cloned()
        } else {
            crate::env::var_os("PATH")
        };
        let list = list.as_deref().map_or(USUAL_PATH, OsStr::as_encoded_bytes);
        let arguments = command.arguments.iter().map(|argument| text(argument.as_encoded_bytes()));
        let environment = variables.iter().map(|(name, value)| {
            text(&[name.as_encoded_bytes(), b"=", value.as_encoded_bytes()].concat())
        });
        Ok(Launch {
            paths: places(command.program.as_encoded_bytes(), list)?,
            arguments: Strings::new(arguments.collect::<io::Result<_>>()?),
            environment: Strings::new(environment.collect::<io::Result<_>>()?),
            directory: command.directory.as_ref().map(|path| text(path.as_encoded_bytes())).transpose()?,
        })
    }

    fn start(&self, sources: &[Source; 3]) -> io::Result<usize> {
        let forks = abi::OFFERS_FORK && abi::OFFERS_EXECUTE;
        if abi::OFFERS_SPAWN && (self.spawn_says_all(sources) || !forks) {
            return self.spawn(sources);
        }
        if !forks {
            return Err(io::const_error!(
                io::ErrorKind::Unsupported,
                "not offered: fork and execute, or spawn",
            ));
        }
        if self.directory.is_some() && !abi::OFFERS_CHANGE_DIRECTORY {
            return Err(io::const_error!(io::ErrorKind::Unsupported, "not offered: change_directory"));
        }
        if sources.iter().any(|source| source.fd().is_some()) && !abi::OFFERS_DUPLICATE_TO {
            return Err(io::const_error!(io::ErrorKind::Unsupported, "not offered: duplicate_to"));
        }
        self.fork(sources)
    }

    /// Whether the system's own way to start a program takes what this command has.
    fn spawn_says_all(&self, sources: &[Source; 3]) -> bool {
        let passes = [abi::PASSES_SPAWN_STDIN, abi::PASSES_SPAWN_STDOUT, abi::PASSES_SPAWN_STDERR];
        (self.directory.is_none() || abi::PASSES_SPAWN_DIRECTORY)
            && sources.iter().zip(passes).all(|(source, passed)| passed || source.fd().is_none())
    }

    fn spawn(&self, sources: &[Source; 3]) -> io::Result<usize> {
        if !self.spawn_says_all(sources) {
            return Err(io::const_error!(
                io::ErrorKind::Unsupported,
                "not offered: spawn with a directory, or with other standard streams",
            ));
        }
        let streams = sources.each_ref().map(Source::fd);
        let directory = self.directory.as_deref();
        Ok(self.first(|path| {
            children::spawn(path, &self.arguments, &self.environment, directory, streams)
        })?)
    }

    fn fork(&self, sources: &[Source; 3]) -> io::Result<usize> {
        let mut told = Told::new()?;
        if told.is_none() {
            self.look()?;
        }
        // SAFETY: what the copy does takes no lock and no memory, and it never goes back to its caller.
        let child = unsafe { children::fork() }?;
        let Some(number) = child else {
            let failure = self.become_program(sources);
            if let Some(told) = &told {
                told.tell(failure);
            }
            process::end(NOT_STARTED)
        };
        match told.as_mut().and_then(Told::failure) {
            None => Ok(number),
            Some(failure) => {
                // The copy has ended, or is about to: nobody else would take its status.
                let _ = children::wait(number, false);
                Err(failure.into())
            }
        }
    }

    /// In the copy: the streams, the directory, the signals, and then the program. It comes back where that fails.
    fn become_program(&self, sources: &[Source; 3]) -> Failure {
        for (target, source) in sources.iter().enumerate() {
            let moved = match source.fd() {
                Some(fd) if fd == target => descriptors::set_descriptor_flags(fd, 0),
                Some(fd) => descriptors::duplicate_to(fd, target),
                None => Ok(()),
            };
            if let Err(failure) = moved {
                return failure;
            }
        }
        if let Some(directory) = &self.directory
            && let Err(failure) = process::change_directory(directory)
        {
            return failure;
        }
        signals::restore();
        match self.first(|path| Err::<(), _>(children::execute(path, &self.arguments, &self.environment))) {
            Err(failure) => failure,
            Ok(()) => Failure::TooLarge,
        }
    }

    /// Tries each place in turn. One that may not be used is told only where no other place has the program.
    fn first<T>(&self, mut attempt: impl FnMut(&CStr) -> Result<T, Failure>) -> Result<T, Failure> {
        let mut told = None;
        for path in &self.paths {
            let failure = match attempt(path) {
                Err(failure) => failure,
                done => return done,
            };
            let Failure::Os(number) = failure else { return Err(failure) };
            let refused = Some(number) == abi::EACCES;
            if !refused && Some(number) != abi::ENOENT && Some(number) != abi::ENOTDIR {
                return Err(failure);
            }
            if refused || told.is_none() {
                told = Some(failure);
            }
        }
        Err(told.unwrap_or(Failure::TooLarge))
    }

    /// Whether there is such a file at all, and such a directory, where nothing will tell why the program did not
    /// start.
    fn look(&self) -> io::Result<()> {
        let here = self.directory.is_none();
        if !abi::OFFERS_FILE_STATUS {
            return Ok(());
        }
        if let Some(directory) = &self.directory {
            files::file_status(directory)?;
        }
        if self.paths.iter().any(|path| !here && path.to_bytes()[..1] != *b"/") {
            return Ok(());
        }
        Ok(self.first(|path| files::file_status(path).map(drop))?)
    }
}

/// The pipe through which a copy tells why it did not become the program: starting it closes the pipe.
struct Told {
    reader: Handle,
    writer: Option<Handle>,
}

impl Told {
    /// None where there is no such pipe, or where reading it would run the whole child.
    fn new() -> io::Result<Option<Told>> {
        let closes = abi::CREATE_PIPE_O_CLOEXEC.works() || abi::OFFERS_SET_DESCRIPTOR_FLAGS;
        if !abi::OFFERS_CREATE_PIPE || !closes || abi::CHILD_RUNS_WHEN_WAITED_FOR {
            return Ok(None);
        }
        let (reader, writer) = descriptors::create_pipe()?;
        let (reader, writer) = (Handle::new(reader), Handle::new(writer));
        Ok(Some(Told { reader, writer: Some(above_streams(writer)?) }))
    }

    fn tell(&self, failure: Failure) {
        let number = if let Failure::Os(number) = failure { number } else { 0 };
        let (Some(writer), bytes) = (&self.writer, number.to_ne_bytes()) else { return };
        let mut done = 0;
        while done < bytes.len() {
            match files::write(writer.fd(), &bytes[done..]) {
                Err(Failure::Os(number)) if Some(number) == abi::EINTR => {}
                Ok(count) if count > 0 => done += count,
                _ => return,
            }
        }
    }

    /// Waits until the copy is another program, or says why not.
    fn failure(&mut self) -> Option<Failure> {
        self.writer = None;
        let mut bytes = [0; size_of::<i32>()];
        let mut filled = 0;
        while filled < bytes.len() {
            let mut buffer = io::BorrowedBuf::from(&mut bytes[filled..]);
            // SAFETY: only bytes are written.
            let read = unsafe { files::read(self.reader.fd(), buffer.unfilled().as_mut()) };
            match read {
                Err(Failure::Os(number)) if Some(number) == abi::EINTR => {}
                Ok(count) if count > 0 => filled += count,
                _ => return None,
            }
        }
        let number = i32::from_ne_bytes(bytes);
        Some(if number == 0 { Failure::TooLarge } else { Failure::Os(number) })
    }
}

/// Where a program may be: a name without a `/` is looked for in each directory of the list.
fn places(program: &[u8], list: &[u8]) -> io::Result<Vec<CString>> {
    if program.is_empty() || program.contains(&b'/') {
        return Ok(vec![text(program)?]);
    }
    list.split(|&byte| byte == b':')
        .map(|directory| match directory {
            b"" => text(program),
            directory => text(&[directory, b"/", program].concat()),
        })
        .collect()
}

fn text(bytes: &[u8]) -> io::Result<CString> {
    CString::new(bytes)
        .map_err(|_| io::const_error!(io::ErrorKind::InvalidInput, "nul byte found in provided data"))
}
