//! What a test of running on the kernel asks for by name: ways to end, to wait, to use things up, and to look around.

use std::io::{Read, Write};
use std::time::Duration;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    match words.get(1).map_or("", String::as_str) {
        "look" => {
            println!("{words:?}");
            println!("cwd {}", std::env::current_dir().unwrap().display());
            println!("temporary {}", std::env::temp_dir().display());
            println!("given {}", std::fs::read_to_string("given/here.txt").unwrap());
            let mut names: Vec<_> = std::env::vars().map(|(name, _)| name).collect();
            names.sort();
            println!("variables {names:?}");
        }
        "echo" => {
            let mut input = Vec::new();
            std::io::stdin().read_to_end(&mut input).unwrap();
            std::io::stdout().write_all(&input).unwrap();
            eprintln!("{} bytes", input.len());
        }
        "status" => std::process::exit(words[2].parse().unwrap()),
        "illegal" => unsafe { std::arch::asm!(".2byte 0x0b0f") },
        "null" => println!("{}", unsafe { std::hint::black_box(8 as *const u8).read_volatile() }),
        "sleep" => std::thread::sleep(Duration::from_secs(60)),
        "spin" => loop {
            std::hint::spin_loop();
        },
        "flood" => loop {
            println!("{}", "x".repeat(1000));
        },
        "memory" => {
            let mut held: Vec<u8> = Vec::new();
            println!("{}", held.try_reserve_exact(words[2].parse().unwrap()).is_ok());
        }
        "open" => {
            let held: Vec<_> = (0..).map_while(|_| std::fs::File::open("/").ok()).collect();
            println!("{} files", held.len());
        }
        "threads" => {
            let start = |n: usize| {
                std::thread::spawn(move || std::fs::write(std::env::temp_dir().join(n.to_string()), vec![b'x'; n]))
            };
            let threads: Vec<_> = (0..3).map(start).collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap().unwrap());
        }
        "child" => {
            let mut child = std::process::Command::new(std::env::current_exe().unwrap());
            println!("{:?}", child.args(["status", "5"]).env("GIVEN", "1").status().unwrap().code());
        }
        "leave" => {
            let mut child = std::process::Command::new(std::env::current_exe().unwrap());
            println!("{}", child.arg("sleep").spawn().unwrap().id());
        }
        other => panic!("what is {other:?}?"),
    }
}
