
// --- registers

/// What lies in the block beside the entry code: see `describe/cpus`.
#[repr(C, align(16))]
struct Block {
    entry: [usize; REGISTERS.len()],
    before: [usize; REGISTERS.len()],
    after: [usize; REGISTERS.len()],
    flags_before: usize,
    flags_after: usize,
    stack: usize,
    thread_pointer: usize,
    thread_pointer_known: usize,
    unused: usize,
    vectors_before: [[u64; 2]; VECTORS.len()],
    vectors_after: [[u64; 2]; VECTORS.len()],
}

#[unsafe(no_mangle)]
static mut probe_block: Block = unsafe { core::mem::zeroed() };

static mut WATCHED: bool = false;
static mut WITH_VECTORS: bool = false;
static mut ROUND: usize = 0;
static mut DESTROYED: [bool; REGISTERS.len()] = [false; REGISTERS.len()];
static mut VECTORS_DESTROYED: [bool; VECTORS.len()] = [false; VECTORS.len()];
static mut ARGUMENTS: usize = 0;

/// A call with every register filled before it and looked at after it.
fn observed(number: usize, words: &[usize]) -> isize {
    unsafe extern "C" {
        fn probe_trap();
        fn probe_vector_trap();
    }

    unsafe {
        ROUND += 1;
        ARGUMENTS = words.len();
        let block = &mut *addr_of_mut!(probe_block);
        for index in 0..REGISTERS.len() {
            let pattern = (index + 1).wrapping_mul(0x0101_0101) ^ (ROUND.wrapping_mul(0x5bd1_e995) << 3) | 1;
            block.before[index] = if ROUND % 2 == 0 { !pattern } else { pattern };
        }
        block.before[NUMBER] = number;
        for (index, &word) in words.iter().enumerate() {
            block.before[PASSED[index]] = word;
        }
        for index in 0..VECTORS.len() {
            let pattern = (index as u64 + 1).wrapping_mul(0x1111_0101_2222_0303) ^ (ROUND as u64).rotate_left(17);
            block.vectors_before[index] = [pattern, !pattern];
        }
        block.flags_before = FLAGS_TRIED[ROUND % FLAGS_TRIED.len()];
        if WITH_VECTORS { probe_vector_trap() } else { probe_trap() }
        let block = addr_of!(probe_block).read_volatile();
        for index in 0..REGISTERS.len() {
            let kept = index == RESULT || index == STACK_POINTER || block.after[index] == block.before[index];
            DESTROYED[index] = DESTROYED[index] || !kept;
        }
        if WITH_VECTORS {
            for index in 0..VECTORS.len() {
                let kept = block.vectors_after[index] == block.vectors_before[index];
                VECTORS_DESTROYED[index] = VECTORS_DESTROYED[index] || !kept;
            }
        }
        let carry = CARRY != 0 && block.flags_after & CARRY != 0;
        if carry { -(block.after[RESULT] as isize) } else { block.after[RESULT] as isize }
    }
}

/// Makes a call a few times under observation, and tells what it destroyed.
fn watch(name: &str, call: impl Fn() -> isize) {
    unsafe {
        DESTROYED = [false; REGISTERS.len()];
        VECTORS_DESTROYED = [false; VECTORS.len()];
        let begun = ROUND;
        let mut flags = 0;
        let mut result = 0;
        for _ in 0..4 {
            WATCHED = true;
            result = call();
            WATCHED = false;
            if result == ABSENT {
                return;
            }
            let block = addr_of!(probe_block).read_volatile();
            flags |= (block.flags_before ^ block.flags_after) & FLAGS & !CARRY;
        }
        if ROUND == begun {
            return; // it goes by another trap
        }
        let mut line = Line::new(if WITH_VECTORS { "vectors" } else { "destroyed" }).text(name);
        line = line.number(ARGUMENTS as isize);
        for index in 0..REGISTERS.len() {
            if DESTROYED[index] && !WITH_VECTORS {
                line = line.text(REGISTERS[index]);
            }
        }
        for index in 0..VECTORS.len() {
            if VECTORS_DESTROYED[index] {
                line = line.text(VECTORS[index]);
            }
        }
        line.end();
        if !WITH_VECTORS {
            Line::new("flags").text(name).hex(flags).end();
        }
    }
}

/// Calls with every number of arguments, none of which does anything.
fn watch_all() {
    let room = [0_usize; 80];
    let room = room.as_ptr().addr();
    watch("yield_now", abi::yield_now);
    watch("process_id", abi::process_id);
    watch("close", || abi::close(CLOSED));
    watch("fd_status", || abi::fd_status(CLOSED, room));
    watch("read", || abi::read(CLOSED, room, 0));
    watch("seek", || abi::seek(CLOSED, 0, 0));
    watch("read_at", || abi::read_at(CLOSED, room, 0, 0));
    watch("map_memory", || abi::map_memory(0, 0, 0, 0, usize::MAX, 0));
}

// --- how the program starts

fn entry(stack: usize) {
    let word = size_of::<usize>();
    Line::new("entry").text("sp").hex(stack).end();
    for index in 0..REGISTERS.len() {
        if index != STACK_POINTER {
            let value = unsafe { probe_block.entry[index] };
            Line::new("entry").text("register").text(REGISTERS[index]).hex(value).end();
        }
    }
    // What is known to be there: all below the highest address that a word has named so far.
    let mut known = stack + 4 * word;
    let mut at = stack;
    let mut index = 0;
    while at + word <= known && index < 200 {
        let value = unsafe { *(at as *const usize) };
        Line::new("entry").text("word").number(index).hex(value).end();
        if value > stack && value < stack + (1 << 20) {
            known = known.max(value);
        }
        at += word;
        index += 1;
    }
    let last = at;
    at = stack;
    index = 0;
    while at < last {
        let value = unsafe { *(at as *const usize) };
        if value > stack && value <= known {
            let mut bytes = [0; 100];
            let mut count = 0;
            // The highest may be no string but the 16 random bytes of an auxiliary vector.
            while count < if value == known { 16 } else { 100.min(known - value) } {
                bytes[count] = unsafe { *((value + count) as *const u8) };
                if bytes[count] == 0 {
                    break;
                }
                count += 1;
            }
            Line::new("entry").text("string").number(index).bytes(&bytes[..count]).end();
        }
        at += word;
        index += 1;
    }
    for fd in 0..8 {
        let mut status = [0_u64; 80];
        Line::new("open").number(fd as isize).result(abi::fd_status(fd, status.as_mut_ptr().addr())).end();
    }
}

/// What may end the program where a system has not made it ready: last.
fn dangerous() {
    unsafe extern "C" {
        fn probe_thread_pointer();
    }
    unsafe {
        if VECTORS.len() > 0 {
            Line::new("trying").text("vectors").end();
            WITH_VECTORS = true;
            watch_all();
            WITH_VECTORS = false;
        }
        Line::new("trying").text("thread-pointer").end();
        probe_thread_pointer();
        let block = addr_of!(probe_block).read_volatile();
        if block.thread_pointer_known != 0 {
            Line::new("entry").text("thread-pointer").hex(block.thread_pointer).end();
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn probe_begin(stack: usize) -> ! {
    Line::new("begin").text(CPU).number(usize::BITS as isize).end();
    convention();
    entry(stack);
    watch_all();
    memory();
    clocks();
    files();
    errors();
    random();
    futex();
    used();
    dangerous();
    Line::new("end").number(unsafe { LINES } as isize).end();
    finish(0)
}
