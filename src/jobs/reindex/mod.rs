//! Bulk reindex jobs: every member of a source is read, real changes are found and told, and how far the job is survives a crash.
//!
//! | file | what |
//! | --- | --- |
//! | `job` | what a job is to do and how far it is: its row in the store |
//! | `source` | where members are read from: files, indices of a cluster |
//! | `pipeline` | reading, preparing and applying at the same time |
//! | `run` | one job at work |
//! | `ledger`, `appendix` | its checkpoints, and the files that grow with them |
//! | `missing` | members that the source does not have |
//! | `brake` | cancelling at once |
//!
//! A batch is committed by the engine, and then its checkpoint is written. A crash in between has that batch applied again, which
//! changes nothing: what it holds is what is stored, and no member stands in it twice.

mod appendix;
mod brake;
mod job;
mod ledger;
mod missing;
mod pipeline;
mod run;
mod source;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use job::{
    ClusterOrigin, Figures, Identity, IndexOrigin, Job, JobId, JobState, Missing, Options, Origin, OutputFile, Part,
    Position,
};
pub use ledger::{LedgerError, Pace};
pub use source::{EXPORT_MARK, SourceError};

use brake::{Brake, Halt};
use ledger::Ledger;
use run::{Gate, Run, Stop};

use crate::config::{Config, SourceCluster};
use crate::engine::Engine;
use crate::jobs::bulk_collect::BulkCollect;
use crate::store::StoreError;
use crate::subscription::Tenant;

/// What jobs may do here.
#[derive(Debug, Clone)]
pub struct JobSettings {
    /// The clusters that may be read, by their names.
    pub clusters: BTreeMap<String, SourceCluster>,
    /// Larger documents are refused.
    pub document_bytes: NonZeroUsize,
    /// So many jobs may run at one time.
    pub most_running: NonZeroUsize,
    /// How long a job that has ended is kept.
    pub retention: Duration,
}

impl From<&Config> for JobSettings {
    fn from(config: &Config) -> Self {
        JobSettings {
            clusters: config.sources.clone(),
            document_bytes: config.limits.body_bytes,
            most_running: config.limits.jobs,
            retention: config.retention.jobs,
        }
    }
}

/// Why a job is not taken, found or stopped.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    #[error("there is no job {0}")]
    Unknown(String),
    #[error("{0}")]
    Options(&'static str),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("{limit} jobs run already (limits.jobs); wait for one to end, or cancel it")]
    TooMany { limit: usize },
    #[error("job {id} is {state}; only one that failed, was cancelled or interrupted can be resumed")]
    NotResumable { id: JobId, state: &'static str },
    #[error("job {0} is at work on another node; ask that one")]
    Elsewhere(JobId),
    #[error("job {id} has ended: it is {state}")]
    Ended { id: JobId, state: &'static str },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot use the files of jobs in {folder:?}: {source}")]
    Files { folder: PathBuf, source: io::Error },
    #[error("cannot start a job's thread: {0}")]
    Thread(io::Error),
}

/// A job with what only the process knows that works at it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobReport {
    pub job: Job,
    /// While it runs here.
    pub pace: Option<Pace>,
    /// Why it does not go on for the moment.
    pub waiting: Option<String>,
}

/// All jobs of one store; those that run have threads of their own.
pub struct Jobs {
    engine: Arc<Engine>,
    bulk_collect: Arc<BulkCollect>,
    settings: JobSettings,
    folder: PathBuf,
    /// Which jobs are this data directory's, over a store that others share.
    home: String,
    running: Mutex<HashMap<JobId, Running>>,
}

/// A job at work in this process.
struct Running {
    ledger: Arc<Ledger>,
    brake: Arc<Brake>,
    thread: JoinHandle<()>,
}

impl Jobs {
    /// The jobs over an engine; none of them runs yet.
    ///
    /// # Errors
    ///
    /// When the folder of their files cannot be used.
    pub fn new(
        engine: Arc<Engine>,
        bulk_collect: Arc<BulkCollect>,
        settings: JobSettings,
    ) -> Result<Arc<Self>, JobError> {
        let folder = engine.data_dir().join("jobs");
        let home = home(&folder).map_err(|source| JobError::Files { folder: folder.clone(), source })?;
        Ok(Arc::new(Jobs { engine, bulk_collect, settings, folder, home, running: Mutex::default() }))
    }

    /// Goes on with the jobs that ran when the process ended, and forgets those that ended longer ago than the retention.
    ///
    /// # Errors
    ///
    /// When the store or a job's files cannot be used.
    pub fn resume_interrupted(self: &Arc<Self>) -> Result<(), JobError> {
        let retention = SignedDuration::try_from(self.settings.retention).unwrap_or(SignedDuration::MAX);
        for job in self.engine.store().jobs()? {
            match (&job.state, job.ended_at) {
                (JobState::Running, _) if job.home == self.home => {
                    let id = job.id.clone();
                    // One job's files must not keep the server from starting.
                    if let Err(error) = self.start(job) {
                        tracing::error!(job = %id, %error, "cannot go on with a job; it can be resumed or cancelled");
                    }
                }
                (_, Some(ended)) if Timestamp::now().duration_since(ended) > retention => self.forget(&job.id)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes a job and begins with it; it is durable when this returns.
    ///
    /// # Errors
    ///
    /// When its source cannot be read or is none of members, the options contradict each other, or too many jobs run.
    pub fn submit(
        self: &Arc<Self>,
        created_by: Option<Tenant>,
        from: Origin,
        options: Options,
    ) -> Result<JobReport, JobError> {
        check(&from, &options).map_err(JobError::Options)?;
        self.check_room()?;
        let around = source::Surroundings {
            clusters: &self.settings.clusters,
            schema: self.engine.schema(),
            document_bytes: self.settings.document_bytes.get(),
            brake: &Brake::default(),
        };
        let parts = source::look(&from, &options, around)?;
        let job = Job {
            id: JobId::generate(),
            home: self.home.clone(),
            created_by,
            created_at: Timestamp::now(),
            ended_at: None,
            from,
            options,
            state: JobState::Running,
            parts,
            figures: Figures::default(),
            files: BTreeMap::new(),
            notes: Vec::new(),
        };
        self.engine.store().put_job(&job)?;
        let id = job.id.clone();
        self.start(job)?;
        self.find(&id)
    }

    /// Goes on with a job that failed or was cancelled, where it stopped.
    ///
    /// # Errors
    ///
    /// When there is none, it runs or is finished, or too many run.
    pub fn resume(self: &Arc<Self>, id: &JobId) -> Result<JobReport, JobError> {
        let JobReport { mut job, .. } = self.find(id)?;
        // One that was interrupted is called running still, and nobody works at it.
        if job.home != self.home {
            return Err(JobError::Elsewhere(job.id));
        }
        if job.state == JobState::Finished || self.is_running(id) {
            return Err(JobError::NotResumable { id: id.clone(), state: job.state.name() });
        }
        self.check_room()?;
        job.state = JobState::Running;
        job.ended_at = None;
        self.engine.store().put_job(&job)?;
        self.start(job)?;
        self.find(id)
    }

    /// A job.
    ///
    /// # Errors
    ///
    /// When there is none, or the store fails.
    pub fn find(&self, id: &JobId) -> Result<JobReport, JobError> {
        if let Some(running) = self.running().get(id) {
            return Ok(running.report());
        }
        let job = self.engine.store().job(id)?.ok_or_else(|| JobError::Unknown(id.to_string()))?;
        Ok(JobReport { job, pace: None, waiting: None })
    }

    /// All jobs, the newest first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub fn list(&self) -> Result<Vec<JobReport>, JobError> {
        let stored = self.engine.store().jobs()?;
        let running = self.running();
        let report = |job: Job| match running.get(&job.id) {
            Some(running) => running.report(),
            None => JobReport { job, pace: None, waiting: None },
        };
        Ok(stored.into_iter().map(report).collect())
    }

    /// Stops a job; when this returns, it does nothing any more.
    ///
    /// # Errors
    ///
    /// When there is none, or it had ended.
    pub fn cancel(&self, id: &JobId) -> Result<JobReport, JobError> {
        let taken = self.running().remove(id);
        match taken {
            Some(Running { brake, thread, .. }) => {
                brake.pull(Halt::Cancelled);
                join(id, thread);
                self.find(id)
            }
            None => {
                let JobReport { job, .. } = self.find(id)?;
                if job.state == JobState::Running && job.home != self.home {
                    return Err(JobError::Elsewhere(job.id));
                }
                Err(JobError::Ended { id: job.id, state: job.state.name() })
            }
        }
    }

    /// Where a file of a job lies, if the job has it.
    pub fn path(&self, job: &Job, file: OutputFile) -> Option<PathBuf> {
        let path = self.folder_of(&job.id).join(file.name());
        (job.files.contains_key(&file) && path.is_file()).then_some(path)
    }

    /// Waits until a job ends here.
    ///
    /// # Errors
    ///
    /// When there is none, or the store fails.
    pub fn wait(&self, id: &JobId) -> Result<JobReport, JobError> {
        let taken = self.running().remove(id);
        if let Some(Running { thread, .. }) = taken {
            join(id, thread);
        }
        self.find(id)
    }

    /// Stops all jobs soon; the next start goes on with them.
    pub fn stop(&self) {
        let all: Vec<(JobId, Running)> = self.running().drain().collect();
        all.iter().for_each(|(_, running)| running.brake.pull(Halt::Ending));
        all.into_iter().for_each(|(id, running)| join(&id, running.thread));
    }

    fn start(self: &Arc<Self>, job: Job) -> Result<(), JobError> {
        let store = Arc::clone(self.engine.store());
        let id = job.id.clone();
        let ledger = Arc::new(Ledger::open(store, self.folder_of(&id), job)?);
        let brake = Arc::new(Brake::default());
        let (jobs, its_ledger, its_brake) = (Arc::clone(self), Arc::clone(&ledger), Arc::clone(&brake));
        let name = format!("job-{id}");
        // Held until the job is entered, so that it is not taken out before.
        let mut running = self.running();
        let work = move || jobs.work(&its_ledger, &its_brake);
        let thread = thread::Builder::new().name(name).spawn(work).map_err(JobError::Thread)?;
        running.insert(id, Running { ledger, brake, thread });
        metrics::gauge!("tripline_jobs_running").set(running.len() as f64);
        Ok(())
    }

    /// The life of a job's thread.
    fn work(&self, ledger: &Ledger, brake: &Brake) {
        let job = ledger.job();
        tracing::info!(job = %job.id, "a reindex job begins");
        let run = Run {
            engine: &self.engine,
            bulk_collect: &self.bulk_collect,
            clusters: &self.settings.clusters,
            document_bytes: self.settings.document_bytes.get(),
            ledger,
            brake,
            gate: Gate::new(&job.options),
        };
        let ended = catch_unwind(AssertUnwindSafe(|| run.run()));
        let state = match ended {
            Ok(Ok(())) => JobState::Finished,
            Ok(Err(Stop::Halted(Halt::Cancelled))) => JobState::Cancelled,
            // It stays as it is in the store: running.
            Ok(Err(Stop::Halted(Halt::Ending))) => return,
            Ok(Err(Stop::Failed(reason))) => JobState::Failed { reason },
            Ok(Err(Stop::Aside)) => JobState::Failed { reason: "one of its parts failed".to_owned() },
            Err(_) => JobState::Failed { reason: "it met a bug of Tripline; the log has more".to_owned() },
        };
        if let JobState::Failed { reason } = &state {
            tracing::error!(job = %job.id, reason, "a reindex job failed; resumed, it goes on where it stopped");
        }
        metrics::counter!("tripline_jobs_ended_total", "state" => state.name()).increment(1);
        if let Err(error) = ledger.end(state) {
            tracing::error!(job = %job.id, %error, "cannot note the end of a job; the next start goes on with it");
        }
        let mut running = self.running();
        running.remove(&job.id);
        metrics::gauge!("tripline_jobs_running").set(running.len() as f64);
    }

    fn check_room(&self) -> Result<(), JobError> {
        let limit = self.settings.most_running.get();
        if self.running().len() >= limit { Err(JobError::TooMany { limit }) } else { Ok(()) }
    }

    fn is_running(&self, id: &JobId) -> bool {
        self.running().contains_key(id)
    }

    fn forget(&self, id: &JobId) -> Result<(), JobError> {
        let folder = self.folder_of(id);
        match fs::remove_dir_all(&folder) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(JobError::Files { folder, source }),
            _ => {}
        }
        Ok(self.engine.store().remove_job(id)?)
    }

    fn folder_of(&self, id: &JobId) -> PathBuf {
        self.folder.join(id.as_str())
    }

    fn running(&self) -> MutexGuard<'_, HashMap<JobId, Running>> {
        // Entered and taken out in single steps.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    fn report(&self) -> JobReport {
        let job = self.ledger.job();
        let pace = (job.state == JobState::Running).then(|| self.ledger.pace());
        JobReport { job, pace, waiting: self.ledger.waiting() }
    }
}

impl JobState {
    /// In a word: `running`.
    pub fn name(&self) -> &'static str {
        match self {
            JobState::Running => "running",
            JobState::Finished => "finished",
            JobState::Cancelled => "cancelled",
            JobState::Failed { .. } => "failed",
        }
    }
}

/// The name of a folder of jobs, given to it when it is made: over a shared store each node has one.
fn home(folder: &Path) -> io::Result<String> {
    let file = folder.join("home");
    match fs::read_to_string(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read,
    }
    fs::create_dir_all(folder)?;
    let name = uuid::Uuid::now_v7().to_string();
    fs::write(&file, &name)?;
    fs::File::open(&file)?.sync_all()?;
    Ok(name)
}

fn join(id: &JobId, thread: JoinHandle<()>) {
    if thread.join().is_err() {
        tracing::error!(job = %id, "the thread of a job panicked");
    }
}

/// What contradicts itself.
fn check(from: &Origin, options: &Options) -> Result<(), &'static str> {
    let is_partial = options.since.is_some()
        || options.until.is_some()
        || matches!(from, Origin::Elasticsearch(origin) if origin.query.is_some());
    match options {
        _ if is_partial && options.missing != Missing::Ignore => Err(
            "members are missing only from a whole source: leave out \"query\", \"since\" and \"until\", or \"missing\"",
        ),
        Options { dry_run: true, missing: Missing::Delete, .. } => {
            Err("a dry run erases nobody: \"missing\" can be \"report\" or \"ignore\"")
        }
        Options { dry_run: true, baseline: true, .. } | Options { dry_run: true, notify: false, .. } => {
            Err("a dry run says who would be told, and nobody would be with \"baseline\" or without \"notify\"")
        }
        Options { since: Some(since), until: Some(until), .. } if since >= until => {
            Err("\"since\" must be before \"until\"")
        }
        _ => Ok(()),
    }
}

/// A path of a request, within the directory whose files requests may name.
///
/// # Errors
///
/// When it leads out of the directory, or is not there.
pub fn within(directory: &Path, file: &Path) -> io::Result<PathBuf> {
    let directory = directory.canonicalize()?;
    let path = directory.join(file).canonicalize()?;
    match path.starts_with(&directory) {
        true => Ok(path),
        false => Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is not within jobs.files_dir")),
    }
}
