//! Environment variables: the system's at the start, the program's own afterwards.

pub use super::common::Env;
use crate::ffi::{CStr, OsStr, OsString};
use crate::io;
use crate::sync::{Mutex, MutexGuard, PoisonError};
use crate::sys::pal::{os_str, start};

type Variables = Vec<(OsString, OsString)>;

/// The variables in the order in which they came; None until somebody asks.
static VARIABLES: Mutex<Option<Variables>> = Mutex::new(None);

struct Held(MutexGuard<'static, Option<Variables>>);

impl Held {
    fn take() -> Held {
        let mut guard = VARIABLES.lock().unwrap_or_else(PoisonError::into_inner);
        if guard.is_none() {
            *guard = Some(given());
        }
        Held(guard)
    }

    fn list(&mut self) -> &mut Variables {
        self.0.get_or_insert_default()
    }
}

/// What the system gave. Of two variables with one name the first counts, as in C.
fn given() -> Variables {
    let mut found = Variables::new();
    let mut at = start::environment();
    if at.is_null() {
        return found;
    }
    loop {
        // SAFETY: the start code found a null behind the list's addresses, which are those of strings that stay.
        let entry = unsafe { *at };
        if entry.is_null() {
            return found;
        }
        // SAFETY: as above; the strings end in NUL.
        let bytes = unsafe { CStr::from_ptr(entry.cast()) }.to_bytes();
        // A name may begin with `=`, but is never empty.
        if let Some(middle) = bytes.iter().skip(1).position(|&byte| byte == b'=') {
            let name = os_str(&bytes[..middle + 1]).to_os_string();
            if !found.iter().any(|(known, _)| *known == name) {
                found.push((name, os_str(&bytes[middle + 2..]).to_os_string()));
            }
        }
        // SAFETY: the list goes on up to its null.
        at = unsafe { at.add(1) };
    }
}

pub fn env() -> Env {
    Env::new(Held::take().list().clone())
}

pub fn getenv(name: &OsStr) -> Option<OsString> {
    let mut held = Held::take();
    held.list().iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

pub unsafe fn setenv(name: &OsStr, value: &OsStr) -> io::Result<()> {
    checked(name, value)?;
    let mut held = Held::take();
    match held.list().iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => *old = value.to_os_string(),
        None => held.list().push((name.to_os_string(), value.to_os_string())),
    }
    Ok(())
}

pub unsafe fn unsetenv(name: &OsStr) -> io::Result<()> {
    checked(name, OsStr::new(""))?;
    Held::take().list().retain(|(known, _)| known != name);
    Ok(())
}

/// Refuses what a system's `NAME=value` strings cannot say.
fn checked(name: &OsStr, value: &OsStr) -> io::Result<()> {
    let name = name.as_encoded_bytes();
    if name.is_empty() || name.contains(&b'=') || name.contains(&0) || value.as_encoded_bytes().contains(&0) {
        return Err(io::const_error!(
            io::ErrorKind::InvalidInput,
            "an environment variable's name is empty or has a `=`, or a NUL is in it",
        ));
    }
    Ok(())
}
