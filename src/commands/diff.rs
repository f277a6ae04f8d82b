//! `tripline diff`.

use std::process::ExitCode;

use clap::Args;

#[derive(Args)]
pub struct Arguments {}

pub fn run(_arguments: Arguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not here yet")
}
