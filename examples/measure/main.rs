//! Measures the percolator on the files that the `workload` example writes, and prints each set of figures as a line of JSON.
//!
//! `cargo run --release --example measure -- throughput DIR` and `… -- start DIR`; `benches/peers/README.md` says what they mean.

#[path = "../../benches/floor/mod.rs"]
mod floor;
mod start;
mod stored;
mod throughput;

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Throughput(throughput::Arguments),
    Start(start::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Throughput(arguments) => throughput::run(&arguments),
        Command::Start(arguments) => start::run(&arguments),
    }
}
