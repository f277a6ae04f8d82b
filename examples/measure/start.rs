//! How long `tripline serve` takes to start on a store with many subscriptions.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::json;
use tripline::Engine;
use tripline::engine::{EngineOptions, NewSubscription};
use tripline::subscription::Selector;
use url::Url;

use crate::stored;

/// Fill a store with the queries as subscriptions, and start `tripline serve` on it.
#[derive(Args)]
pub struct Arguments {
    /// A folder with queries.ndjson and mapping.json; its folder `store` is made anew.
    folder: PathBuf,
    /// The binary that is started.
    #[arg(long, default_value = "target/release/tripline")]
    tripline: PathBuf,
}

/// Subscriptions in one commit while the store is filled.
const BATCH: usize = 20_000;

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let data_dir = arguments.folder.join("store");
    if data_dir.exists() {
        fs::remove_dir_all(&data_dir)?;
    }
    fs::create_dir_all(&data_dir)?;
    let subscriptions = fill(&arguments.folder, &data_dir)?;

    let log = arguments.folder.join("serve.log");
    let mut command = Command::new(&arguments.tripline);
    // The defaults are measured, whatever the caller has set.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TRIPLINE_")) {
        command.env_remove(name);
    }
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(&data_dir)
        .arg("--mapping")
        .arg(arguments.folder.join("mapping.json"))
        .stdout(Stdio::piped())
        .stderr(File::create(&log)?);
    let started = Instant::now();
    let mut server = command.spawn().with_context(|| format!("cannot start {}", arguments.tripline.display()))?;
    let output = server.stdout.take().context("the server has no output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let start = started.elapsed();
    let memory = stored::resident_memory(server.id());
    server.kill()?;
    server.wait()?;
    ensure!(line.starts_with("listening"), "the server did not start: see {}", log.display());
    let figures = json!({
        "subscriptions": subscriptions,
        "start_s": (start.as_secs_f64() * 100.0).round() / 100.0,
        "rss_mb": memory? >> 20,
    });
    println!("{figures}");
    Ok(())
}

fn fill(folder: &Path, data_dir: &Path) -> anyhow::Result<usize> {
    let engine = Engine::open(EngineOptions::new(data_dir, stored::mapping(folder)?))?;
    let webhook_url: Url = "https://example.com/hook".parse()?;
    let mut written = 0;
    let mut batch = Vec::new();
    let mut queries = stored::queries(folder)?.peekable();
    while let Some(query) = queries.next() {
        let selector = Selector::EsDsl(query?.1);
        batch.push(NewSubscription::new("bench".into(), webhook_url.clone(), selector));
        if batch.len() == BATCH || queries.peek().is_none() {
            written += engine.subscribe_all(std::mem::take(&mut batch))?.len();
        }
    }
    Ok(written)
}
