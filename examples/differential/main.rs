//! Random queries over random documents, asked of real nodes and of Tripline, for as long as one likes:
//!
//! ```sh
//! cargo run --release --example differential -- --minutes 60 --seed 7
//! ```
//!
//! A difference is shrunk and printed as an entry for `tests/differential/corpus`. The same seed draws the same cases.

#[path = "../../tests/differential/case.rs"]
mod case;
#[path = "../../tests/differential/generator/mod.rs"]
mod generator;
#[allow(dead_code, reason = "tests ask more of nodes")]
#[path = "../../tests/support/nodes.rs"]
mod nodes;
#[path = "../../tests/differential/oracle.rs"]
mod oracle;
#[path = "../../tests/differential/percolators.rs"]
mod percolators;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;

use generator::Plan;

/// Compares Tripline with real search nodes over random cases.
#[derive(Parser)]
struct Options {
    /// Ends after so many minutes
    #[arg(long)]
    minutes: Option<f64>,
    /// Ends after so many pairs of a query and a document; 100,000 where neither limit is given
    #[arg(long)]
    pairs: Option<u64>,
    /// Draws other cases
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Asks the nodes' own percolators too, and counts where they differ from their searches
    #[arg(long)]
    percolators: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let nodes = nodes::available();
    if nodes.is_empty() {
        eprintln!("no node can be asked");
        return ExitCode::FAILURE;
    }
    let start = Instant::now();
    let plan = Plan {
        seed: options.seed,
        until: options.minutes.map(|minutes| start + Duration::from_secs_f64(minutes * 60.0)),
        pairs: options.pairs.or_else(|| options.minutes.is_none().then_some(100_000)),
        percolators: options.percolators,
    };
    let counts = generator::run(&plan, &nodes, |difference| println!("{difference}"));
    println!("seed {}, {:.0} s: {counts}", options.seed, start.elapsed().as_secs_f64());
    if counts.differences == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
