//! Ways to end: the test gives one by name, and looks at the status and at standard error.

use std::io::Write;

struct Bad;

impl Drop for Bad {
    fn drop(&mut self) {
        panic!("in a destructor");
    }
}

thread_local! {
    static BAD: Bad = const { Bad };
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mode = std::env::args().nth(1).unwrap_or_default();
    print!("not a whole line");
    match mode.as_str() {
        "error" => {
            std::fs::read("/no/such/file")?;
        }
        "panic" => panic!("with a {}", "message"),
        "hook" => {
            std::panic::set_hook(Box::new(|info| eprintln!("hook: {info}")));
            panic!("hooked");
        }
        "destructor" => BAD.with(|_| ()),
        "abort" => std::process::abort(),
        "memory" => std::alloc::handle_alloc_error(std::alloc::Layout::new::<[u8; 64]>()),
        "exit" => std::process::exit(300),
        "overflow" => {
            let mut huge: Vec<u8> = Vec::new();
            println!(
                ": refused {}",
                huge.try_reserve(isize::MAX as usize / 2).is_err()
            );
        }
        "full" => std::io::stdout().flush()?,
        "unsupported" => {
            let answers = [
                std::thread::Builder::new().spawn(|| ()).map(drop),
                std::net::TcpListener::bind("127.0.0.1:0").map(drop),
            ];
            println!();
            for answer in answers {
                let error = answer.expect_err("nothing means this");
                println!("{:?}: {error}", error.kind());
            }
        }
        _ => {}
    }
    Ok(())
}
