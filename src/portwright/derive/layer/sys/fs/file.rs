//! Open files and how they are opened.

use super::{FileAttr, FilePermissions, FileTimes, lstat, not_offered, stat, with_path};
use crate::fs::TryLockError;
use crate::io::{self, BorrowedCursor, IoSlice, IoSliceMut, SeekFrom, SimpleMessage};
use crate::path::Path;
use crate::sys::pal::abi;
use crate::sys::pal::files::{self, Handle};

#[derive(Clone, Debug)]
pub struct OpenOptions {
    read: bool,
    write: bool,
    append: bool,
    truncate: bool,
    create: bool,
    create_new: bool,
    mode: usize,
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
    pub(super) fn mode(&mut self, mode: usize) {
        self.mode = mode;
    }

    /// The system's flags, or why no system could do what is asked (in the words that std's tests expect).
    fn flags(&self) -> io::Result<usize> {
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
        let mut flags = access.get()? | abi::O_CLOEXEC.or_none();
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

/// Asks whether a file is there, where opening does not: of two programs at once both may be told that it is not.
fn refuse_existing(path: &Path) -> io::Result<()> {
    let found = if abi::OFFERS_LINK_STATUS { lstat(path) } else { stat(path) };
    match found {
        Ok(_) => Err(match abi::EEXIST {
            Some(number) => io::Error::from_raw_os_error(number),
            None => io::ErrorKind::AlreadyExists.into(),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[derive(Debug)]
pub struct File(Handle);

impl File {
    /// The system's number of it.
    pub fn fd(&self) -> files::Fd {
        self.0.fd()
    }

    pub fn open(path: &Path, options: &OpenOptions) -> io::Result<File> {
        let flags = options.flags()?;
        if options.create_new && !abi::O_EXCL.works() {
            refuse_existing(path)?;
        }
        let fd = with_path(path, |path| Ok(files::open(path, flags, options.mode)?))?;
        let file = File(Handle::new(fd));
        if options.truncate && !options.create_new && !abi::O_TRUNC.works() {
            file.truncate(0)?;
        }
        Ok(file)
    }

    pub fn file_attr(&self) -> io::Result<FileAttr> {
        Ok(FileAttr::new(&files::fd_status(self.0.fd())?))
    }

    pub fn fsync(&self) -> io::Result<()> {
        not_offered!("sync_file")
    }

    pub fn datasync(&self) -> io::Result<()> {
        not_offered!("sync_file")
    }

    pub fn lock(&self) -> io::Result<()> {
        not_offered!("lock_file")
    }

    pub fn lock_shared(&self) -> io::Result<()> {
        not_offered!("lock_file")
    }

    pub fn try_lock(&self) -> Result<(), TryLockError> {
        not_offered!("lock_file").map_err(TryLockError::Error)
    }

    pub fn try_lock_shared(&self) -> Result<(), TryLockError> {
        not_offered!("lock_file").map_err(TryLockError::Error)
    }

    pub fn unlock(&self) -> io::Result<()> {
        not_offered!("lock_file")
    }

    pub fn truncate(&self, size: u64) -> io::Result<()> {
        let size = i64::try_from(size).map_err(|_| abi::Failure::TooLarge)?;
        Ok(files::set_length(self.0.fd(), size)?)
    }

    pub fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let mut buffer = io::BorrowedBuf::from(buf);
        let mut cursor = buffer.unfilled();
        self.read_buf(cursor.reborrow())?;
        Ok(cursor.written())
    }

    pub fn read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        io::default_read_vectored(|buf| self.read(buf), bufs)
    }

    pub fn is_read_vectored(&self) -> bool {
        false
    }

    pub fn read_buf(&self, mut cursor: BorrowedCursor<'_>) -> io::Result<()> {
        // SAFETY: only what the call filled counts as filled.
        unsafe {
            let count = files::read(self.0.fd(), cursor.as_mut())?;
            cursor.advance(count);
        }
        Ok(())
    }

    pub fn write(&self, buf: &[u8]) -> io::Result<usize> {
        Ok(files::write(self.0.fd(), buf)?)
    }

    pub fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        io::default_write_vectored(|buf| self.write(buf), bufs)
    }

    pub fn is_write_vectored(&self) -> bool {
        false
    }

    pub fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    pub fn seek(&self, position: SeekFrom) -> io::Result<u64> {
        let (offset, whence) = match position {
            // An offset is signed: one beyond that is refused as the system would refuse a negative one.
            SeekFrom::Start(offset) => {
                (i64::try_from(offset).map_err(|_| abi::Failure::TooLarge)?, abi::SEEK_SET)
            }
            SeekFrom::Current(offset) => (offset, abi::SEEK_CUR),
            SeekFrom::End(offset) => (offset, abi::SEEK_END),
        };
        Ok(files::seek(self.0.fd(), offset, whence)?)
    }

    pub fn size(&self) -> Option<io::Result<u64>> {
        None
    }

    pub fn tell(&self) -> io::Result<u64> {
        self.seek(SeekFrom::Current(0))
    }

    pub fn duplicate(&self) -> io::Result<File> {
        not_offered!("duplicate")
    }

    pub fn set_permissions(&self, _permissions: FilePermissions) -> io::Result<()> {
        not_offered!("change_mode")
    }

    pub fn set_times(&self, _times: FileTimes) -> io::Result<()> {
        not_offered!("set_times")
    }
}
