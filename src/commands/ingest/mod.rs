//! `tripline ingest`.

mod progress;
mod remote;

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use tripline::Engine;
use tripline::config::{self, Given, Sources};
use tripline::jobs::ingest::{LISTED_REJECTIONS, Tally, ingest, unpacked};
use tripline::server;

use progress::Progress;
use remote::Remote;

/// How much of a file is read at once.
const BUFFER_BYTES: usize = 256 << 10;

/// Files of member documents, one a line (NDJSON), plain or packed with gzip or zstd.
///
/// The summary and the rejected lines go to standard error. Exit code 0 when every line was accepted, 1 when some were rejected
/// (the others are applied) or when it could not go on. Sending the same lines again changes nothing.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// Files; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Server to send them to: http://127.0.0.1:8080
    #[arg(long, env = "TRIPLINE_URL", value_name = "URL", required_unless_present = "data_dir")]
    url: Option<url::Url>,
    /// Bearer token with the scope members:write, for --url.
    #[arg(long, env = "TRIPLINE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
    /// Data directory to write into directly, while no server uses it; what is to be delivered waits for the next one.
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    data_dir: Option<PathBuf>,
    /// Mapping of the documents, for --data-dir.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Configuration file, for --data-dir.
    #[arg(long, env = "TRIPLINE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Where the updates go.
enum Destination {
    Server(Remote),
    Directory { engine: Box<Engine>, max_line_bytes: usize },
}

pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let destination = destination(&arguments)?;
    let mut total = Tally::default();
    for path in &arguments.files {
        let tally = send(path, &destination).with_context(|| format!("{}", path.display()))?;
        total += tally;
    }
    eprintln!("{}", summary(&total));
    Ok(if total.rejected_total == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn destination(arguments: &Arguments) -> anyhow::Result<Destination> {
    match (&arguments.url, &arguments.data_dir) {
        (Some(url), None) => {
            let Some(token) = &arguments.token else { bail!("--url needs --token (or TRIPLINE_TOKEN)") };
            Ok(Destination::Server(Remote::new(url, token)?))
        }
        (_, directory) => {
            let mut flags = Vec::new();
            for (flag, path) in [("--data-dir", directory), ("--mapping", &arguments.mapping)] {
                let Some(path) = path else { continue };
                let text = path.to_str().with_context(|| format!("{flag} {path:?} is not UTF-8"))?;
                flags.push(Given::by_flag(flag, text));
            }
            let config = config::load(Sources::of_this_process(arguments.config.clone(), flags))?.config;
            let engine = Engine::open(server::engine_options(&config)?)?;
            Ok(Destination::Directory { engine: Box::new(engine), max_line_bytes: config.limits.body_bytes.get() })
        }
    }
}

fn send(path: &Path, destination: &Destination) -> anyhow::Result<Tally> {
    let (source, bytes) = open(path)?;
    let progress = Progress::new(path, bytes);
    let reader = unpacked(BufReader::with_capacity(BUFFER_BYTES, progress.watch(source)))?;
    let mut tally = Tally::default();
    let mut told = 0;
    let mut after_commit = |tally: &Tally| {
        for line in tally.rejected.iter().skip(told) {
            let member = line.id.map(|id| format!(" member {id}:")).unwrap_or_default();
            progress.say(&format!("{}:{}:{member} {}", path.display(), line.line, line.reason));
        }
        told = tally.rejected.len();
        progress.update(tally);
        ControlFlow::Continue(())
    };
    let done = match destination {
        Destination::Server(remote) => remote.send(reader, &mut tally, &mut after_commit),
        Destination::Directory { engine, max_line_bytes } => {
            ingest(engine, reader, *max_line_bytes, &mut tally, &mut after_commit).map_err(anyhow::Error::from)
        }
    };
    progress.finish();
    if tally.rejected_total > LISTED_REJECTIONS as u64 {
        eprintln!("{}: {} lines were rejected in all", path.display(), tally.rejected_total);
    }
    match done {
        Ok(()) => Ok(tally),
        Err(error) => {
            eprintln!("{}", summary(&tally));
            Err(error)
        }
    }
}

/// The bytes of a file or of standard input, and how many there are, where that is known.
fn open(path: &Path) -> anyhow::Result<(Box<dyn Read + Send>, Option<u64>)> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin()), None));
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    Ok((Box::new(file), metadata.is_file().then_some(metadata.len())))
}

fn summary(tally: &Tally) -> String {
    let Tally { received, new, unchanged, cosmetic, changed, stale, notified, rejected_total, .. } = tally;
    format!(
        "{received} lines: {new} new, {unchanged} unchanged, {cosmetic} cosmetic, {changed} changed, {stale} stale, \
         {rejected_total} rejected; {notified} events"
    )
}
