//! Error numbers, and what a call answers as a [`Result`].

/// An error number of small.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(pub i32);

impl Errno {
    /// Invalid argument.
    pub const EINVAL: Self = Self(22);
    /// No such file or directory.
    pub const ENOENT: Self = Self(2);
    /// it is "odd".
    pub const QUITE_ODD: Self = Self(99);

    /// The error's name in the ledger, or None for a number that it does not have.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self.0 {
            2 => Some("ENOENT"),
            22 => Some("EINVAL"),
            99 => Some("QuiteOdd"),
            _ => None,
        }
    }

    /// What the error says, or None for a number that the ledger does not have.
    #[must_use]
    pub const fn message(self) -> Option<&'static str> {
        match self.0 {
            2 => Some("No such file or directory"),
            22 => Some("Invalid argument"),
            99 => Some("it is \"odd\""),
            _ => None,
        }
    }
}

impl core::fmt::Debug for Errno {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.name() {
            Some(name) => formatter.write_str(name),
            None => write!(formatter, "Errno({})", self.0),
        }
    }
}

impl core::fmt::Display for Errno {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.message() {
            Some(message) => formatter.write_str(message),
            None => write!(formatter, "error {}", self.0),
        }
    }
}

impl core::error::Error for Errno {}

/// What a trap answered: small negative numbers are errors.
#[inline]
pub(crate) const fn check(result: isize) -> Result<usize, Errno> {
    if result < 0 && result >= -4095 {
        Err(Errno(-result as i32))
    } else {
        Ok(result as usize)
    }
}
