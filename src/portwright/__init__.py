"""portwright brings the Rust toolchain up on a new operating system, from one description of the port."""

VERSION = "0.1.0"
