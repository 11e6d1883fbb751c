
// --- memory and time

/// Whether memory holds nothing but zeros; it does not any more afterwards.
fn zeros(address: usize, length: usize) -> isize {
    let mut clean = 1;
    for at in 0..length {
        let place = (address + at) as *mut u8;
        unsafe {
            if place.read_volatile() != 0 {
                clean = 0;
            }
            place.write_volatile(0xee);
        }
    }
    clean
}

fn fails(result: isize) -> bool {
    result < 0 && result > -4096
}

fn fresh(pages: usize, protection: usize) -> isize {
    abi::map_memory(0, pages * PAGE, protection, abi::MAP_PRIVATE | abi::MAP_ANONYMOUS, usize::MAX, 0)
}

fn memory() {
    if abi::HAS_MAP_MEMORY {
        let both = abi::PROT_READ | abi::PROT_WRITE;
        let first = fresh(4, both);
        Line::new("memory").text("map").number(first).end();
        if !fails(first) {
            let address = first as usize;
            Line::new("memory").text("page").number(PAGE as isize).number((address % PAGE) as isize).end();
            Line::new("memory").text("zero").number(zeros(address, 4 * PAGE)).end();
            Line::new("memory").text("protect-inside").result(abi::protect_memory(address + PAGE / 2, PAGE, both)).end();
            Line::new("memory").text("protect-page").result(abi::protect_memory(address + PAGE, PAGE, abi::PROT_READ)).end();
            let both_and_run = abi::protect_memory(address + 2 * PAGE, PAGE, both | abi::PROT_EXEC);
            Line::new("memory").text("protect-write-execute").result(both_and_run).end();
            Line::new("memory").text("unmap").result(abi::unmap_memory(address, 4 * PAGE)).end();
            Line::new("memory").text("unmap-again").result(abi::unmap_memory(address, 4 * PAGE)).end();
            Line::new("memory").text("unmap-inside").result(abi::unmap_memory(address + PAGE / 2, PAGE)).end();
            let second = fresh(4, both);
            if !fails(second) {
                Line::new("memory").text("zero-again").number(zeros(second as usize, 4 * PAGE)).end();
                abi::unmap_memory(second as usize, 4 * PAGE);
            }
        }
        let third = fresh(1, both | abi::PROT_EXEC);
        Line::new("memory").text("map-write-execute").number(if fails(third) { third } else { 0 }).end();
        Line::new("memory").text("map-nothing").number(fresh(0, both)).end();
        if LONGEST_RANGE > 0 && !fails(first) {
            // Where mappings lie nothing else does that would be missed.
            let within = abi::unmap_memory(first as usize, LONGEST_RANGE / PAGE * PAGE);
            let beyond = abi::unmap_memory(first as usize, LONGEST_RANGE / PAGE * PAGE + PAGE);
            Line::new("memory").text("range").number(LONGEST_RANGE as isize).result(within).result(beyond).end();
        }
    }
    if abi::HAS_SET_BREAK {
        let old = abi::set_break(0);
        let grown = abi::set_break(old as usize + 2 * PAGE);
        let clean = if fails(grown) || grown == old { -1 } else { zeros(old as usize, 2 * PAGE) };
        let back = abi::set_break(old as usize);
        Line::new("break").hex(old as usize).number(grown.wrapping_sub(old)).number(clean).number(back.wrapping_sub(old)).end();
    }
}

#[derive(Clone, Copy)]
struct Span {
    seconds: usize,
    nanoseconds: usize,
}

/// A clock's reading, or the failure.
fn read_clock(id: usize) -> Result<(isize, isize), isize> {
    let mut time = abi::Timespec::new(Span { seconds: 0, nanoseconds: 0 });
    let result = again(|| abi::clock_read(id, time.address()));
    if result == ABSENT || fails(result) { Err(result) } else { Ok(time.parts()) }
}

fn clock(name: &str, id: Option<usize>) {
    let Some(id) = id else { return };
    let mut line = Line::new("clock").text(name).number(id as isize);
    for _ in 0..12 {
        match read_clock(id) {
            Ok((seconds, nanoseconds)) => line = line.number(seconds).number(nanoseconds),
            Err(failure) => {
                line.text("failed").result(failure).end();
                return;
            }
        }
        // Something that takes an odd time, so that the readings say how fine the clock is.
        for _ in 0..3 {
            abi::yield_now();
        }
        abi::sleep(Span { seconds: 0, nanoseconds: 1_234_567 }, 0);
    }
    line.end();
}

/// Nanoseconds since an earlier reading.
fn elapsed(begun: Result<(isize, isize), isize>) -> isize {
    match (begun, read_clock(CLOCK)) {
        (Ok(begun), Ok(now)) => (now.0 - begun.0) * 1_000_000_000 + now.1 - begun.1,
        _ => -1,
    }
}

fn clocks() {
    clock("monotonic", MONOTONIC);
    clock("realtime", REALTIME);
    let time = written(|address| abi::clock_read(CLOCK, address));
    if time.result != ABSENT {
        structure("timespec", "clock_read", &time);
    }
    if abi::HAS_SLEEP {
        // Interrupted now and then: the whole of it is what the system has to do once.
        let mut begun = read_clock(CLOCK);
        let mut result = abi::sleep(Span { seconds: 0, nanoseconds: 20_000_000 }, 0);
        let mut tries = 0;
        while result == abi::INTERRUPTED && tries < TRIES {
            begun = read_clock(CLOCK);
            result = abi::sleep(Span { seconds: 0, nanoseconds: 20_000_000 }, 0);
            tries += 1;
        }
        Line::new("sleep").number(20_000_000).result(result).number(elapsed(begun)).end();
        let wrong = abi::sleep(Span { seconds: 0, nanoseconds: 2_000_000_000 }, 0);
        Line::new("sleep-wrong").result(wrong).end();
    }
    Line::new("yield").result(abi::yield_now()).end();
    Line::new("process").result(abi::process_id()).result(abi::process_id()).end();
}

fn structure(name: &str, operation: &str, found: &Written) {
    Line::new("struct").text(name).text(operation).result(found.result).bytes(&found.bytes[..found.length]).end();
}

static mut WORD: u32 = 7;

fn futex() {
    if !abi::HAS_FUTEX_WAIT {
        return;
    }
    let word = addr_of_mut!(WORD).addr();
    Line::new("futex").text("other").result(abi::futex_wait(word, 8, None)).end();
    let mut begun = read_clock(CLOCK);
    let mut timed_out = ABSENT;
    for _ in 0..TRIES {
        begun = read_clock(CLOCK);
        timed_out = abi::futex_wait(word, 7, Some(Span { seconds: 0, nanoseconds: 15_000_000 }));
        // Interrupted, or woken by nobody.
        if timed_out != abi::INTERRUPTED && timed_out != 0 {
            break;
        }
    }
    Line::new("futex").text("timeout").result(timed_out).number(elapsed(begun)).end();
    Line::new("futex").text("wake").result(abi::futex_wake(word, 1)).end();
}

fn random() {
    if !abi::HAS_FILL_RANDOM {
        return;
    }
    let (mut one, mut two) = ([0_u8; 2048], [0_u8; 2048]);
    let first = again(|| abi::fill_random(one.as_mut_ptr().addr(), 2048, 0));
    again(|| abi::fill_random(two.as_mut_ptr().addr(), 2048, 0));
    let count = if fails(first) { 0 } else { first as usize };
    // A system may give less now and then: the most that it gives is what it can.
    let mut most = first;
    for _ in 0..24 {
        most = most.max(again(|| abi::fill_random(one.as_mut_ptr().addr(), 2048, 0)));
    }
    again(|| abi::fill_random(one.as_mut_ptr().addr(), 2048, 0));
    let mut same = 0;
    for at in 0..count {
        let (left, right) = unsafe { (one.as_ptr().add(at).read_volatile(), two.as_ptr().add(at).read_volatile()) };
        same += (left == right) as isize;
    }
    let least = again(|| abi::fill_random(one.as_mut_ptr().addr(), 1, 0));
    Line::new("random").number(2048).result(most).number(same).number(count as isize).result(least).end();
}
