//! How a file is to be opened, as the system's flags.

use crate::io;
use crate::sys::pal::abi;

#[derive(Clone, Debug)]
pub struct OpenOptions {
    read: bool,
    write: bool,
    append: bool,
    truncate: bool,
    create: bool,
    create_new: bool,
    mode: usize,
    custom: usize,
}

impl OpenOptions {
    pub fn new() -> OpenOptions {
        OpenOptions {
            read: false,
            write: false,
            append: false,
            truncate: false,
            create: false,
            create_new: false,
            mode: 0o666,
            custom: 0,
        }
    }

    pub fn read(&mut self, read: bool) {
        self.read = read;
    }

    pub fn write(&mut self, write: bool) {
        self.write = write;
    }

    pub fn append(&mut self, append: bool) {
        self.append = append;
    }

    pub fn truncate(&mut self, truncate: bool) {
        self.truncate = truncate;
    }

    pub fn create(&mut self, create: bool) {
        self.create = create;
    }

    pub fn create_new(&mut self, create_new: bool) {
        self.create_new = create_new;
    }

    /// The permissions of a file that the opening makes.
    pub fn set_mode(&mut self, mode: u32) {
        self.mode = mode as usize;
    }

    /// Flags of the system's own; those that say how the file is accessed are not heeded.
    pub fn custom_flags(&mut self, flags: i32) {
        self.custom = flags as u32 as usize;
    }

    pub(super) fn mode(&self) -> usize {
        self.mode
    }

    /// Whether a file that is there already is an error.
    pub(super) fn must_be_new(&self) -> bool {
        self.create_new
    }

    /// Whether what is in the file goes.
    pub(super) fn empties(&self) -> bool {
        self.truncate && !self.create_new
    }

    /// The system's flags, or why no system could do what is asked (in the words that std's tests expect).
    pub(super) fn flags(&self) -> io::Result<usize> {
        let writes = self.write || self.append;
        let makes_or_empties = self.create || self.create_new || self.truncate;
        // A file that is made new is empty already, so that emptying it as well asks for nothing.
        if makes_or_empties && !writes || self.append && self.truncate && !self.create_new {
            return Err(io::const_error!(
                io::ErrorKind::InvalidInput,
                "creating or truncating a file requires write or append access",
            ));
        }
        let access = match (self.read, writes) {
            (true, false) => abi::O_RDONLY,
            (false, true) => abi::O_WRONLY,
            (true, true) => abi::O_RDWR,
            (false, false) => {
                return Err(io::const_error!(
                    io::ErrorKind::InvalidInput,
                    "must specify at least one of read, write, or append access",
                ));
            }
        };
        let accesses = abi::O_RDONLY.or_none() | abi::O_WRONLY.or_none() | abi::O_RDWR.or_none();
        let mut flags = access.get()? | abi::O_CLOEXEC.or_none() | (self.custom & !accesses);
        if self.append {
            flags |= abi::O_APPEND.get()?;
        }
        if self.create_new {
            flags |= abi::O_CREAT.get()? | abi::O_EXCL.or_none();
        } else {
            if self.create {
                flags |= abi::O_CREAT.get()?;
            }
            if self.truncate {
                flags |= abi::O_TRUNC.or_none();
            }
        }
        Ok(flags)
    }
}
