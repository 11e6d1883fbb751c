//! Files of this system: places in them, modes, status fields, kinds and symbolic links.

#![stable(feature = "rust1", since = "1.0.0")]

use crate::fs::{DirBuilder, DirEntry, File, FileType, Metadata, OpenOptions, Permissions};
use crate::io::{self, BorrowedCursor};
use crate::path::Path;
use crate::sys::abi::{EntryKind, stat};
use crate::sys::{AsInner, AsInnerMut, FromInner};

/// Reading and writing at a place, which leaves the file's own offset where it is.
#[stable(feature = "rust1", since = "1.0.0")]
pub trait FileExt {
    /// Reads at most as much as the buffer holds from `offset` on; 0 at the end.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Fills the buffer from `offset` on; an end before that is `UnexpectedEof`.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn read_exact_at(&self, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buf.is_empty() {
            match self.read_at(buf, offset) {
                Ok(0) => return Err(io::Error::READ_EXACT_EOF),
                Ok(count) => {
                    buf = &mut buf[count..];
                    offset += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads into what is not filled yet, from `offset` on.
    #[unstable(feature = "read_buf_at", issue = "140771")]
    fn read_buf_at(&self, buf: BorrowedCursor<'_>, offset: u64) -> io::Result<()>;

    /// Fills all that is not filled yet, from `offset` on; an end before that is `UnexpectedEof`.
    #[unstable(feature = "read_buf_at", issue = "140771")]
    fn read_buf_exact_at(&self, mut buf: BorrowedCursor<'_>, mut offset: u64) -> io::Result<()> {
        while buf.capacity() > 0 {
            let before = buf.written();
            match self.read_buf_at(buf.reborrow(), offset) {
                Ok(()) if buf.written() == before => return Err(io::Error::READ_EXACT_EOF),
                Ok(()) => offset += (buf.written() - before) as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes some of the bytes at `offset`; answers how many.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize>;

    /// Writes all the bytes at `offset`.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn write_all_at(&self, mut buf: &[u8], mut offset: u64) -> io::Result<()> {
        while !buf.is_empty() {
            match self.write_at(buf, offset) {
                Ok(0) => return Err(io::Error::WRITE_ALL_EOF),
                Ok(count) => {
                    buf = &buf[count..];
                    offset += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[stable(feature = "rust1", since = "1.0.0")]
impl FileExt for File {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.as_inner().read_at(buf, offset)
    }

    fn read_buf_at(&self, buf: BorrowedCursor<'_>, offset: u64) -> io::Result<()> {
        self.as_inner().read_buf_at(buf, offset)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        self.as_inner().write_at(buf, offset)
    }
}

/// Permissions as the system's mode.
#[stable(feature = "rust1", since = "1.0.0")]
pub trait PermissionsExt {
    /// The mode's bits.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn mode(&self) -> u32;

    /// Changes the mode's bits here, not a file's.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn set_mode(&mut self, mode: u32);

    /// Permissions with that mode.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn from_mode(mode: u32) -> Self;
}

#[stable(feature = "rust1", since = "1.0.0")]
impl PermissionsExt for Permissions {
    fn mode(&self) -> u32 {
        self.as_inner().mode()
    }

    fn set_mode(&mut self, mode: u32) {
        *self = Permissions::from_mode(mode);
    }

    fn from_mode(mode: u32) -> Permissions {
        FromInner::from_inner(crate::sys::fs::FilePermissions::of_mode(mode))
    }
}

/// The mode of a new file, and flags of the system's own.
#[stable(feature = "rust1", since = "1.0.0")]
pub trait OpenOptionsExt {
    /// The mode of a file that the opening makes.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn mode(&mut self, mode: u32) -> &mut Self;

    /// Flags that go to the system with std's own; those that say how the file is accessed are not heeded.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn custom_flags(&mut self, flags: i32) -> &mut Self;
}

#[stable(feature = "rust1", since = "1.0.0")]
impl OpenOptionsExt for OpenOptions {
    fn mode(&mut self, mode: u32) -> &mut OpenOptions {
        self.as_inner_mut().set_mode(mode);
        self
    }

    fn custom_flags(&mut self, flags: i32) -> &mut OpenOptions {
        self.as_inner_mut().custom_flags(flags);
        self
    }
}

/// The mode of a new directory.
#[stable(feature = "rust1", since = "1.0.0")]
pub trait DirBuilderExt {
    /// The mode of directories that are made.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn mode(&mut self, mode: u32) -> &mut Self;
}

#[stable(feature = "rust1", since = "1.0.0")]
impl DirBuilderExt for DirBuilder {
    fn mode(&mut self, mode: u32) -> &mut DirBuilder {
        self.as_inner_mut().set_mode(mode);
        self
    }
}

/// What a status says, field by field; 0 where the system does not say it.
#[stable(feature = "rust1", since = "1.0.0")]
pub trait MetadataExt {
    /// The file system's number.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn dev(&self) -> u64;

    /// The file's number there.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn ino(&self) -> u64;

    /// Kind and permissions.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn mode(&self) -> u32;

    /// How many names the file has.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn nlink(&self) -> u64;

    /// Whose it is.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn uid(&self) -> u32;

    /// Whose group's it is.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn gid(&self) -> u32;

    /// The device's number, if it is one.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn rdev(&self) -> u64;

    /// Its length in bytes.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn size(&self) -> u64;

    /// When it was read: seconds.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn atime(&self) -> i64;

    /// When it was read: nanoseconds below one second.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn atime_nsec(&self) -> i64;

    /// When its bytes changed: seconds.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn mtime(&self) -> i64;

    /// When its bytes changed: nanoseconds below one second.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn mtime_nsec(&self) -> i64;

    /// When its status changed: seconds.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn ctime(&self) -> i64;

    /// When its status changed: nanoseconds below one second.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn ctime_nsec(&self) -> i64;

    /// How much it is best to read or write at once.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn blksize(&self) -> u64;

    /// How many blocks of 512 bytes it takes up.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn blocks(&self) -> u64;
}

#[stable(feature = "rust1", since = "1.0.0")]
impl MetadataExt for Metadata {
    fn dev(&self) -> u64 {
        self.as_inner().status().field(stat::ST_DEV) as u64
    }

    fn ino(&self) -> u64 {
        self.as_inner().status().field(stat::ST_INO) as u64
    }

    fn mode(&self) -> u32 {
        self.as_inner().status().field(stat::ST_MODE) as u32
    }

    fn nlink(&self) -> u64 {
        self.as_inner().status().field(stat::ST_NLINK) as u64
    }

    fn uid(&self) -> u32 {
        self.as_inner().status().field(stat::ST_UID) as u32
    }

    fn gid(&self) -> u32 {
        self.as_inner().status().field(stat::ST_GID) as u32
    }

    fn rdev(&self) -> u64 {
        self.as_inner().status().field(stat::ST_RDEV) as u64
    }

    fn size(&self) -> u64 {
        self.as_inner().status().field(stat::ST_SIZE) as u64
    }

    fn atime(&self) -> i64 {
        self.as_inner().status().field(stat::ST_ATIME)
    }

    fn atime_nsec(&self) -> i64 {
        self.as_inner().status().field(stat::ST_ATIME_NSEC)
    }

    fn mtime(&self) -> i64 {
        self.as_inner().status().field(stat::ST_MTIME)
    }

    fn mtime_nsec(&self) -> i64 {
        self.as_inner().status().field(stat::ST_MTIME_NSEC)
    }

    fn ctime(&self) -> i64 {
        self.as_inner().status().field(stat::ST_CTIME)
    }

    fn ctime_nsec(&self) -> i64 {
        self.as_inner().status().field(stat::ST_CTIME_NSEC)
    }

    fn blksize(&self) -> u64 {
        self.as_inner().status().field(stat::ST_BLKSIZE) as u64
    }

    fn blocks(&self) -> u64 {
        self.as_inner().status().field(stat::ST_BLOCKS) as u64
    }
}

/// Kinds of files that other systems need not have.
#[stable(feature = "rust1", since = "1.0.0")]
pub trait FileTypeExt {
    /// Whether it is a device of blocks.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn is_block_device(&self) -> bool;

    /// Whether it is a device of characters.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn is_char_device(&self) -> bool;

    /// Whether it is a pipe.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn is_fifo(&self) -> bool;

    /// Whether it is a socket.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn is_socket(&self) -> bool;
}

#[stable(feature = "rust1", since = "1.0.0")]
impl FileTypeExt for FileType {
    fn is_block_device(&self) -> bool {
        self.as_inner().is(EntryKind::BlockDevice)
    }

    fn is_char_device(&self) -> bool {
        self.as_inner().is(EntryKind::CharDevice)
    }

    fn is_fifo(&self) -> bool {
        self.as_inner().is(EntryKind::Pipe)
    }

    fn is_socket(&self) -> bool {
        self.as_inner().is(EntryKind::Socket)
    }
}

/// What a directory says of an entry.
#[stable(feature = "rust1", since = "1.0.0")]
pub trait DirEntryExt {
    /// The file's number in its file system.
    #[stable(feature = "rust1", since = "1.0.0")]
    fn ino(&self) -> u64;
}

#[stable(feature = "rust1", since = "1.0.0")]
impl DirEntryExt for DirEntry {
    fn ino(&self) -> u64 {
        self.as_inner().ino()
    }
}

/// Makes the symbolic link `link`, which holds the path `original`.
#[stable(feature = "rust1", since = "1.0.0")]
pub fn symlink<P: AsRef<Path>, Q: AsRef<Path>>(original: P, link: Q) -> io::Result<()> {
    crate::sys::fs::symlink(original.as_ref(), link.as_ref())
}
