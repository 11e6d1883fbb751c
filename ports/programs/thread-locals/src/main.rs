//! Thread-local variables: odd sizes, large alignments, initial values, lazy ones, destructors after main.

use std::cell::{Cell, RefCell};

#[repr(align(64))]
struct Wide([u8; 64]);

#[repr(align(256))]
struct Wider(Cell<u8>);

struct Told(&'static str);

impl Drop for Told {
    fn drop(&mut self) {
        // Another variable, already made, is still there; std's output works too.
        let count = COUNT.with(|count| {
            count.set(count.get() + 1);
            count.get()
        });
        println!("destroyed {count}: {}", self.0);
    }
}

thread_local! {
    static BYTE: Cell<u8> = const { Cell::new(0xA5) };
    static ODD: RefCell<[u8; 37]> = const { RefCell::new([7; 37]) };
    static WORD: Cell<u64> = const { Cell::new(0x0123_4567_89AB_CDEF) };
    static WIDE: RefCell<Wide> = const { RefCell::new(Wide([9; 64])) };
    static WIDER: Wider = const { Wider(Cell::new(11)) };
    static ZEROS: RefCell<[u16; 501]> = const { RefCell::new([0; 501]) };
    static COUNT: Cell<u32> = const { Cell::new(0) };
    static LAZY: String = format!("made {}", "lazily");
    static FIRST: Told = const { Told("first") };
    static SECOND: RefCell<Option<Told>> = const { RefCell::new(None) };
}

fn main() {
    println!("byte {:#x}, word {:#x}", BYTE.get(), WORD.get());
    println!(
        "odd {}",
        ODD.with_borrow(|bytes| bytes.iter().map(|&b| u32::from(b)).sum::<u32>())
    );
    println!(
        "zeros {}",
        ZEROS.with_borrow(|words| words.iter().all(|&word| word == 0))
    );
    WIDE.with_borrow_mut(|wide| wide.0[63] = 1);
    let wide = WIDE.with_borrow(|wide| {
        (
            wide.0.iter().map(|&b| u32::from(b)).sum::<u32>(),
            wide.0.as_ptr().addr() % 64,
        )
    });
    println!("wide {wide:?}");
    println!(
        "wider {:?}",
        WIDER.with(|wider| (wider.0.get(), (&raw const *wider).addr() % 256))
    );
    ODD.with_borrow_mut(|bytes| bytes.fill(255));
    println!(
        "neighbours {:#x} {:#x} {}",
        BYTE.get(),
        WORD.get(),
        WIDER.with(|wider| wider.0.get())
    );
    println!("lazy {}", LAZY.with(String::clone));
    FIRST.with(|told| println!("has {}", told.0));
    SECOND.replace(Some(Told("second")));
    println!("thread {:?}", std::thread::current().name());
    println!("main ends");
}
