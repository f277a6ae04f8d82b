//! `tripline export`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tripline::config::{Backend, Config};
use tripline::jobs::export::{Transferred, export, transfer};
use tripline::{Engine, server};

use super::store_arguments::StoreArguments;

/// Write every member with its fingerprint and all else that is known of it: into a file, for `tripline reindex --from` of another
/// store, or into a cluster.
///
/// No server may use the data directory meanwhile. Subscriptions are not exported. What is known in the cluster in the same or a higher
/// version stays as it is there, so an export that broke off is simply done again.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// File to be written (`.gz` and `.zst` are packed), or `elasticsearch`: the cluster of --elasticsearch-url.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Write over a file that exists.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    store: StoreArguments,
}

pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.store.config()?;
    if config.store == Backend::Embedded && !config.data_dir.is_dir() {
        bail!("there is no data directory {}; --data-dir names the one to export", config.data_dir.display());
    }
    if arguments.to == Path::new("elasticsearch") {
        return to_cluster(&config);
    }
    let to = arguments.to;
    if to.exists() && !arguments.force {
        bail!("{} exists already; --force writes over it", to.display());
    }
    let (engine, node) = server::open_engine(&config)?;
    let bar = bar();
    let members = export(&engine, &to, |members| bar.set_position(members))?;
    bar.finish_and_clear();
    if let Some(node) = node {
        node.stop();
    }
    eprintln!("{members} members are in {}", to.display());
    Ok(ExitCode::SUCCESS)
}

fn to_cluster(config: &Config) -> anyhow::Result<ExitCode> {
    if config.store == Backend::Elasticsearch {
        bail!("the store is the cluster already; --to elasticsearch moves the members of a data directory there");
    }
    if config.elasticsearch.urls.is_empty() {
        bail!("--to elasticsearch needs --elasticsearch-url (or elasticsearch.urls in the configuration)");
    }
    let from = Arc::new(Engine::open(server::engine_options(config)?)?);
    let (to, node) = server::open_engine(&Config { store: Backend::Elasticsearch, ..config.clone() })?;
    let bar = bar();
    let Transferred { members, taken, refused } = transfer(&from, &to, |members| bar.set_position(members))?;
    bar.finish_and_clear();
    if let Some(node) = node {
        node.stop();
    }
    for (member, reason) in &refused {
        eprintln!("member {member}: {reason}");
    }
    eprintln!("{members} members: {taken} taken over, {} refused, the others known there", refused.len());
    Ok(if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {pos} members, {per_sec}");
    // The template is right; a plain bar is no worse than none.
    ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
