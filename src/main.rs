//! The command line: parse it, call a command.

use std::process::ExitCode;

use clap::Parser;

mod commands;

fn main() -> ExitCode {
    commands::run(commands::CommandLine::parse())
}
