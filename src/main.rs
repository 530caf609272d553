//! The `guanlan` binary: hands its arguments to the command line of the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    guanlan::cli::main(std::env::args_os())
}
