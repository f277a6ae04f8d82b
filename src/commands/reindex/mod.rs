//! `tripline reindex`.

mod progress;
mod remote;

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use jiff::Timestamp;
use serde_json::Value;
use tripline::config::{self, Config, Given, SourceCluster, Sources};
use tripline::jobs::bulk_collect::BulkCollect;
use tripline::jobs::reindex::{
    ClusterOrigin, Figures, IndexOrigin, JobId, JobReport, JobSettings, JobState, Jobs, Missing, Options, Origin,
    OutputFile,
};
use tripline::{Engine, json, server};
use url::Url;

use progress::Progress;
use remote::Remote;

/// How often the bar moves.
const LOOK: Duration = Duration::from_millis(200);

/// Read every member of a source, detect real changes, and notify.
///
/// The source is an index of an Elasticsearch or OpenSearch cluster (`--from elasticsearch --url … --index …`), or files: NDJSON or a
/// JSON array (plain, gzip or zstd), Parquet, or an export. The job works in a data directory that no server uses, or on a server
/// (`--server`). Interrupted, it is resumed with `--resume`, or by the next start of the server on that data directory.
///
/// Exit code 0 when every document was accepted, 1 when some were rejected or the job could not go on.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// `elasticsearch`, or files.
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "resume")]
    from: Vec<PathBuf>,
    /// Go on with a job that was interrupted, cancelled or failed.
    #[arg(long, value_name = "JOB", conflicts_with = "from")]
    resume: Option<String>,

    /// Node of the cluster that is read; may come several times.
    #[arg(long = "url", value_name = "URL")]
    urls: Vec<Url>,
    /// The cluster of this name in the configuration, `[sources.<NAME>]`, instead of --url.
    #[arg(long, value_name = "NAME", conflicts_with = "urls")]
    source: Option<String>,
    /// User of the cluster, with --password-file.
    #[arg(long, value_name = "NAME", requires = "password_file")]
    username: Option<String>,
    /// File with the user's password.
    #[arg(long, value_name = "FILE", requires = "username")]
    password_file: Option<PathBuf>,
    /// File with an API key of the cluster (`encoded`).
    #[arg(long, value_name = "FILE", conflicts_with = "username")]
    api_key_file: Option<PathBuf>,
    /// Certificates in PEM that the cluster's must be signed by.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Index, alias or pattern to read.
    #[arg(long, value_name = "INDEX")]
    index: Option<String>,
    /// File with a query: only what it finds is read.
    #[arg(long, value_name = "FILE")]
    query: Option<PathBuf>,
    /// How many pieces are read at the same time [default: 2].
    #[arg(long, value_name = "N")]
    slices: Option<u16>,

    /// Only take the state over: positions are not compared, nobody is told.
    #[arg(long)]
    baseline: bool,
    /// Find changes and tell nobody.
    #[arg(long)]
    no_notify: bool,
    /// At most so many members a second.
    #[arg(long, value_name = "N")]
    rate_limit: Option<NonZeroU32>,
    /// Store nothing and tell nobody; write into this file who would be told of whom.
    #[arg(long, value_name = "FILE")]
    dry_run: Option<PathBuf>,
    /// Only documents whose `last_updated` is not before this: 2026-11-01T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Only documents whose `last_updated` is before this.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// What becomes of stored members that the source does not have.
    #[arg(long, value_name = "WHAT", default_value = "ignore")]
    missing: Missing,
    /// Copy the rejected documents' places and reasons into this file.
    #[arg(long, value_name = "FILE")]
    rejected: Option<PathBuf>,

    /// Server that does the job: http://127.0.0.1:8080. Files are then named within its jobs.files_dir.
    #[arg(long, value_name = "URL", conflicts_with_all = ["data_dir", "urls"])]
    server: Option<Url>,
    /// Bearer token with the scope jobs, for --server.
    #[arg(long, env = "TRIPLINE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
    /// Data directory to work in, while no server uses it; what is to be delivered waits for the next one.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Mapping of the documents.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Configuration file.
    #[arg(long, env = "TRIPLINE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How a job ended.
struct Ended {
    state: String,
    reason: Option<String>,
    figures: Figures,
    notes: Vec<String>,
}

pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let ended = match &arguments.server {
        Some(server) => on_server(&arguments, server)?,
        None => here(&arguments)?,
    };
    for note in &ended.notes {
        eprintln!("note: {note}");
    }
    eprintln!("{}", summary(&ended.figures));
    if let Some(reason) = ended.reason {
        bail!("{reason}");
    }
    if ended.state != JobState::Finished.name() {
        bail!("the job is {}", ended.state);
    }
    Ok(if ended.figures.rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// In this process, over a data directory.
fn here(arguments: &Arguments) -> anyhow::Result<Ended> {
    let config = arguments.config()?;
    let engine = Arc::new(Engine::open(server::engine_options(&config)?)?);
    let (bulk_collect, bulk_thread) = BulkCollect::start(
        Arc::clone(&engine),
        config.retention.bulk_collect,
        config.limits.bulk_collect_in_progress.get(),
    )?;
    let jobs = Jobs::new(engine, Arc::clone(&bulk_collect), JobSettings::from(&config))?;
    let begun = match &arguments.resume {
        Some(id) => jobs.resume(&JobId::from(id.clone()))?,
        None => jobs.submit(None, arguments.origin()?, arguments.options())?,
    };
    let id = begun.job.id;
    eprintln!("job {id}; interrupted, it goes on with: tripline reindex --resume {id}");

    let progress = Progress::new();
    let mut report = jobs.find(&id)?;
    while report.job.state == JobState::Running {
        progress.update(&report);
        std::thread::sleep(LOOK);
        report = jobs.find(&id)?;
    }
    let report = jobs.wait(&id)?;
    progress.finish();
    bulk_collect.stop();
    if bulk_thread.join().is_err() {
        eprintln!("the thread of bulk collect panicked");
    }
    for (file, copy) in arguments.copies() {
        copy_file(&jobs, &report, file, copy)?;
    }
    if report.job.figures.rejected > 0 && arguments.rejected.is_none() {
        let path = jobs.path(&report.job, OutputFile::Rejected);
        eprintln!("rejected documents: {}", path.unwrap_or_default().display());
    }
    if report.job.figures.missing > 0 {
        let path = jobs.path(&report.job, OutputFile::Missing);
        eprintln!("missing members: {}", path.unwrap_or_default().display());
    }
    let job = report.job;
    let reason = match &job.state {
        JobState::Failed { reason } => Some(reason.clone()),
        JobState::Running | JobState::Finished | JobState::Cancelled => None,
    };
    Ok(Ended { state: job.state.name().to_owned(), reason, figures: job.figures, notes: job.notes })
}

fn copy_file(jobs: &Jobs, report: &JobReport, file: OutputFile, copy: &Path) -> anyhow::Result<()> {
    let written = jobs.path(&report.job, file);
    match written {
        Some(path) => std::fs::copy(path, copy).map(|_| ()),
        None => std::fs::write(copy, ""),
    }
    .with_context(|| format!("cannot write {}", copy.display()))
}

/// On a server, followed from here.
fn on_server(arguments: &Arguments, server: &Url) -> anyhow::Result<Ended> {
    let Some(token) = &arguments.token else { bail!("--server needs --token (or TRIPLINE_TOKEN)") };
    let remote = Remote::new(server, token)?;
    let mut job = match &arguments.resume {
        Some(id) => remote.resume(id)?,
        None => remote.submit(&arguments.request()?)?,
    };
    eprintln!("job {} runs on {server}, also without this command", job.job_id);
    let progress = Progress::new();
    while job.state == JobState::Running.name() {
        progress.update_remote(&job);
        std::thread::sleep(LOOK);
        job = remote.job(&job.job_id)?;
    }
    progress.finish();
    for (file, copy) in arguments.copies() {
        let text =
            if job.files.iter().any(|name| name == file.name()) { remote.file(&job.job_id, file)? } else { Vec::new() };
        std::fs::write(copy, text).with_context(|| format!("cannot write {}", copy.display()))?;
    }
    Ok(Ended { state: job.state, reason: job.reason, figures: job.figures, notes: job.notes })
}

impl Arguments {
    fn config(&self) -> anyhow::Result<Config> {
        let mut flags = Vec::new();
        for (flag, path) in [("--data-dir", &self.data_dir), ("--mapping", &self.mapping)] {
            let Some(path) = path else { continue };
            let text = path.to_str().with_context(|| format!("{flag} {path:?} is not UTF-8"))?;
            flags.push(Given::by_flag(flag, text));
        }
        Ok(config::load(Sources::of_this_process(self.config.clone(), flags))?.config)
    }

    fn reads_a_cluster(&self) -> anyhow::Result<bool> {
        match self.from.as_slice() {
            [one] if one == Path::new("elasticsearch") => Ok(true),
            _ if self.index.is_some() || !self.urls.is_empty() || self.source.is_some() => {
                bail!("--index, --url and --source belong to --from elasticsearch, not to files")
            }
            _ => Ok(false),
        }
    }

    fn origin(&self) -> anyhow::Result<Origin> {
        if !self.reads_a_cluster()? {
            return Ok(Origin::Files(self.from.clone()));
        }
        let Some(index) = self.index.clone() else { bail!("--from elasticsearch needs --index") };
        let source = match (&self.source, self.urls.as_slice()) {
            (Some(name), _) => ClusterOrigin::Named(name.clone()),
            (None, []) => bail!("--from elasticsearch needs --url, or --source and a cluster in the configuration"),
            (None, urls) => ClusterOrigin::Given(Box::new(SourceCluster {
                urls: urls.to_vec(),
                username: self.username.clone(),
                password_file: self.password_file.as_deref().map(std::path::absolute).transpose()?,
                api_key_file: self.api_key_file.as_deref().map(std::path::absolute).transpose()?,
                ca_file: self.ca_file.as_deref().map(std::path::absolute).transpose()?,
                ..SourceCluster::default()
            })),
        };
        let query = self.query.as_deref().map(query).transpose()?;
        Ok(Origin::Elasticsearch(IndexOrigin { source, index, query, slices: self.slices }))
    }

    fn options(&self) -> Options {
        Options {
            baseline: self.baseline,
            notify: !self.no_notify,
            rate_limit: self.rate_limit,
            dry_run: self.dry_run.is_some(),
            since: self.since,
            until: self.until,
            missing: self.missing,
        }
    }

    /// The body of a request for the same.
    fn request(&self) -> anyhow::Result<Value> {
        let from = match self.reads_a_cluster()? {
            false => Origin::Files(self.from.clone()),
            true => {
                if self.source.is_none() {
                    bail!("--server reads only clusters that its configuration names; --source says which");
                }
                self.origin()?
            }
        };
        Ok(serde_json::json!({"from": from, "options": self.options()}))
    }

    /// Which of the job's files are wanted, and where.
    fn copies(&self) -> Vec<(OutputFile, &Path)> {
        let wanted = [(OutputFile::DryRun, &self.dry_run), (OutputFile::Rejected, &self.rejected)];
        wanted.into_iter().filter_map(|(file, path)| Some((file, path.as_deref()?))).collect()
    }
}

/// A query of a file, bare or under "query".
fn query(path: &Path) -> anyhow::Result<Value> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let body = json::parse(&bytes).with_context(|| format!("{} is not JSON", path.display()))?;
    Ok(body.get("query").cloned().unwrap_or(body))
}

fn summary(figures: &Figures) -> String {
    let Figures { received, new, unchanged, cosmetic, changed, stale, notified, skipped, rejected, .. } = figures;
    let mut text = format!(
        "{received} documents: {new} new, {unchanged} unchanged, {cosmetic} cosmetic, {changed} changed, {stale} stale, \
         {rejected} rejected; {notified} events"
    );
    if *skipped > 0 {
        text += &format!("; {skipped} skipped");
    }
    if figures.missing > 0 {
        text += &format!("; {} members missing from the source, {} of them erased", figures.missing, figures.deleted);
    }
    text
}
