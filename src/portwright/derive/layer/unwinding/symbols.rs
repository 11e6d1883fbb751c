//! The functions and lines of addresses, from the program's own file, which is read when first asked.
//!
//! The file says as much as it was built with: names from its symbols, lines and inlined functions from its debugging
//! information where that is not compressed. Without the file nothing is known, and addresses are all that is shown.

use super::{BytesOrWideString, ResolveWhat, SymbolName};
use crate::sync::OnceLock;
use crate::sys::image;
use crate::vec::Vec;
use addr2line::gimli::{self, EndianSlice, NativeEndian};
use core::ffi::c_void;
use object::read::elf::{FileHeader, SectionHeader, SectionTable, Sym};

#[cfg(target_pointer_width = "64")]
type Elf = object::elf::FileHeader64<object::NativeEndian>;
#[cfg(target_pointer_width = "32")]
type Elf = object::elf::FileHeader32<object::NativeEndian>;

const ENDIAN: object::NativeEndian = object::NativeEndian;

type Bytes = EndianSlice<'static, NativeEndian>;

/// What the program's file says, as long as the program runs.
struct Program {
    lines: Option<addr2line::Context<Bytes>>,
    /// First address, length, name: sorted.
    functions: Vec<(u64, u64, &'static [u8])>,
}

struct Shared(Option<Program>);

// SAFETY: whoever resolves an address holds the lock of backtraces.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

static PROGRAM: OnceLock<Shared> = OnceLock::new();

impl Program {
    fn read() -> Option<Program> {
        let file: &'static [u8] = crate::fs::read(crate::env::current_exe().ok()?).ok()?.leak();
        let header = Elf::parse(file).ok()?;
        let sections = header.sections(ENDIAN, file).ok()?;
        let section = |id: gimli::SectionId| -> Result<Bytes, gimli::Error> {
            Ok(EndianSlice::new(contents(&sections, file, id.name()), NativeEndian))
        };
        let lines = gimli::Dwarf::load(section).ok().and_then(|dwarf| addr2line::Context::from_dwarf(dwarf).ok());
        let mut functions = Vec::new();
        if let Ok(symbols) = sections.symbols(ENDIAN, file, object::elf::SHT_SYMTAB) {
            for symbol in symbols.iter().filter(|symbol| symbol.st_type() == object::elf::STT_FUNC) {
                if let Ok(name) = symbol.name(ENDIAN, symbols.strings()) {
                    functions.push((symbol.st_value(ENDIAN).into(), symbol.st_size(ENDIAN).into(), name));
                }
            }
        }
        functions.sort_unstable();
        Some(Program { lines, functions })
    }

    fn function(&self, address: u64) -> Option<&'static [u8]> {
        let after = self.functions.partition_point(|&(first, _, _)| first <= address);
        let &(first, length, name) = self.functions.get(after.checked_sub(1)?)?;
        (address - first < length).then_some(name)
    }
}

fn contents(sections: &SectionTable<'static, Elf>, file: &'static [u8], name: &str) -> &'static [u8] {
    let Some((_, section)) = sections.section_by_name(ENDIAN, name.as_bytes()) else { return &[] };
    let flags: u64 = section.sh_flags(ENDIAN).into();
    if flags & u64::from(object::elf::SHF_COMPRESSED) != 0 {
        return &[];
    }
    section.data(ENDIAN, file).unwrap_or(&[])
}

/// Shows the function at an address, the ones inlined there first.
///
/// # Safety
///
/// The lock of backtraces must be held.
pub unsafe fn resolve(what: ResolveWhat<'_>, show: &mut dyn FnMut(&super::Symbol)) {
    let Shared(Some(program)) = PROGRAM.get_or_init(|| Shared(Program::read())) else { return };
    let address = (what.address_or_ip().addr().wrapping_sub(image::moved())) as u64;
    let mut shown = false;
    let frames = program.lines.as_ref().and_then(|lines| lines.find_frames(address).skip_all_loads().ok());
    if let Some(mut frames) = frames {
        while let Ok(Some(frame)) = frames.next() {
            let name = frame.function.map(|function| function.name.slice());
            let name = name.or_else(|| program.function(address));
            show(&super::Symbol { inner: Symbol { name, location: frame.location } });
            shown = true;
        }
    }
    if !shown && let Some(name) = program.function(address) {
        show(&super::Symbol { inner: Symbol { name: Some(name), location: None } });
    }
}

pub struct Symbol<'a> {
    name: Option<&'a [u8]>,
    location: Option<addr2line::Location<'a>>,
}

impl Symbol<'_> {
    pub fn name(&self) -> Option<SymbolName<'_>> {
        self.name.map(SymbolName::new)
    }

    pub fn addr(&self) -> Option<*mut c_void> {
        None
    }

    pub fn filename_raw(&self) -> Option<BytesOrWideString<'_>> {
        Some(BytesOrWideString::Bytes(self.location.as_ref()?.file?.as_bytes()))
    }

    pub fn lineno(&self) -> Option<u32> {
        self.location.as_ref()?.line
    }

    pub fn colno(&self) -> Option<u32> {
        self.location.as_ref()?.column
    }
}
