//! Much from the heap: zeroed, written, grown, given back and asked for again. Its argument is how much, in MB; 200 else.

const PAGE: usize = 4096;

fn main() {
    let size = std::env::args()
        .nth(1)
        .map_or(200_usize, |text| text.parse().unwrap())
        << 20;
    let mut block = vec![0_u8; size];
    assert!(
        block.iter().step_by(PAGE).all(|&byte| byte == 0),
        "fresh memory is not zero"
    );
    for (number, byte) in block.iter_mut().step_by(PAGE).enumerate() {
        *byte = (number % 251) as u8;
    }
    let sum: u64 = block
        .iter()
        .step_by(PAGE)
        .map(|&byte| u64::from(byte))
        .sum();
    println!("sum {sum}");
    block.reserve_exact(1 << 20);
    println!(
        "grown {}",
        block[PAGE * 17] == 17 && block.capacity() >= size + (1 << 20)
    );
    drop(block);
    let again = vec![0_u8; size];
    println!(
        "again {}",
        again.iter().step_by(PAGE).all(|&byte| byte == 0)
    );
    drop(again);
    // Many small blocks of many sizes, freed in another order.
    let mut blocks: Vec<Vec<u8>> = (0..10_000)
        .map(|n| vec![(n % 256) as u8; n % 3000 + 1])
        .collect();
    for at in (0..blocks.len()).rev().step_by(3) {
        blocks.swap_remove(at);
    }
    println!(
        "kept {} of {} bytes",
        blocks.len(),
        blocks.iter().map(Vec::len).sum::<usize>()
    );
    println!(
        "right {}",
        blocks
            .iter()
            .all(|block| block.iter().all(|&byte| byte == block[0]))
    );
}
