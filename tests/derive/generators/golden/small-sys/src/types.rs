//! Structs that calls read and write.

/// `timespec`: 16 bytes.
///
/// Read in `time.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Timespec {
    /// 8 bytes at offset 0.
    pub tv_sec: i64,
    /// 8 bytes at offset 8.
    pub tv_nsec: i64,
}

impl Timespec {
    /// All bytes 0.
    #[must_use]
    pub const fn zeroed() -> Self {
        // SAFETY: every field is an integer or an array of bytes, for which 0 is a value.
        unsafe { core::mem::zeroed() }
    }
}

const _: () = {
    assert!(core::mem::size_of::<Timespec>() == 16);
    assert!(core::mem::offset_of!(Timespec, tv_sec) == 0);
    assert!(core::mem::offset_of!(Timespec, tv_nsec) == 8);
};

/// `odd_record`: 40 bytes.
///
/// Not a multiple of anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct OddRecord {
    /// 4 bytes at offset 0.
    pub id: u32,
    _pad0: [u8; 4],
    /// 1 bytes at offset 8.
    pub type_: u8,
    /// 13 bytes at offset 9.
    pub name: [u8; 13],
    _pad1: [u8; 10],
    /// 2 bytes at offset 32.
    pub last: u16,
    _pad2: [u8; 6],
}

impl OddRecord {
    /// All bytes 0.
    #[must_use]
    pub const fn zeroed() -> Self {
        // SAFETY: every field is an integer or an array of bytes, for which 0 is a value.
        unsafe { core::mem::zeroed() }
    }
}

const _: () = {
    assert!(core::mem::size_of::<OddRecord>() == 40);
    assert!(core::mem::offset_of!(OddRecord, id) == 0);
    assert!(core::mem::offset_of!(OddRecord, type_) == 8);
    assert!(core::mem::offset_of!(OddRecord, name) == 9);
    assert!(core::mem::offset_of!(OddRecord, last) == 32);
};

/// `packed_record`: 12 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, packed)]
pub struct PackedRecord {
    /// 4 bytes at offset 0.
    pub events: u32,
    /// 8 bytes at offset 4.
    pub data: u64,
}

impl PackedRecord {
    /// All bytes 0.
    #[must_use]
    pub const fn zeroed() -> Self {
        // SAFETY: every field is an integer or an array of bytes, for which 0 is a value.
        unsafe { core::mem::zeroed() }
    }
}

const _: () = {
    assert!(core::mem::size_of::<PackedRecord>() == 12);
    assert!(core::mem::offset_of!(PackedRecord, events) == 0);
    assert!(core::mem::offset_of!(PackedRecord, data) == 4);
};
