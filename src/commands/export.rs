//! `tripline export`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tripline::Engine;
use tripline::config::{self, Given, Sources};
use tripline::jobs::export::export;
use tripline::server;

/// Write every member with its fingerprint and all else that is known of it, for `tripline reindex --from` of another store.
///
/// No server may use the data directory meanwhile. Subscriptions are not exported.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// File to be written; `.gz` and `.zst` are packed.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Data directory to read.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Write over a file that exists.
    #[arg(long)]
    force: bool,
    /// Configuration file.
    #[arg(long, env = "TRIPLINE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let to = arguments.to;
    if to.exists() && !arguments.force {
        bail!("{} exists already; --force writes over it", to.display());
    }
    let mut flags = Vec::new();
    if let Some(directory) = &arguments.data_dir {
        let text = directory.to_str().with_context(|| format!("--data-dir {directory:?} is not UTF-8"))?;
        flags.push(Given::by_flag("--data-dir", text));
    }
    let config = config::load(Sources::of_this_process(arguments.config, flags))?.config;
    if !config.data_dir.is_dir() {
        bail!("there is no data directory {}; --data-dir names the one to export", config.data_dir.display());
    }
    let engine = Engine::open(server::engine_options(&config)?)?;
    let style = ProgressStyle::with_template("{spinner} {pos} members, {per_sec}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::no_length().with_style(style);
    let members = export(&engine, &to, |members| bar.set_position(members))?;
    bar.finish_and_clear();
    eprintln!("{members} members are in {}", to.display());
    Ok(ExitCode::SUCCESS)
}
