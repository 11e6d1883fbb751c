//! A small shell and a few of the programs that go with one, all in one file: which of them runs is the name that it
//! is called by. Written on std alone, so that it runs wherever std does.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::exit;

mod builtins;
mod programs;
mod shell;
mod streams;
mod syntax;

fn main() {
    let mut words = env::args_os();
    let name = words.next().unwrap_or_default();
    let name = Path::new(&name).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let arguments: Vec<OsString> = words.collect();
    exit(match name.as_str() {
        "sh" => shell::main(arguments),
        other => match programs::find(other) {
            Some(program) => program(&arguments),
            None => {
                let names = programs::NAMES.join(", ");
                programs::complain(other, &format!("no such program here: this one is sh, {names}"));
                127
            }
        },
    });
}
