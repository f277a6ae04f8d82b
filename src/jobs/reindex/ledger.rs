//! What a running job has done: its row in the store, and the files beside it, written together after each commit of members.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::appendix::Appendix;
use super::job::{Figures, Job, JobState, Missing, OutputFile, Position};
use super::source::Place;
use crate::change::ChangeKind;
use crate::engine::Outcome;
use crate::member::MemberId;
use crate::store::{Store, StoreError};

/// Why a checkpoint was not written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("cannot write the job's file {path:?}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The ledger of one job; shared by those who work for it and those who ask how far it is.
pub(super) struct Ledger {
    store: Arc<dyn Store>,
    folder: PathBuf,
    state: Mutex<State>,
}

struct State {
    job: Job,
    files: BTreeMap<OutputFile, Appendix>,
    /// Since when this process works at it, and what was done before.
    begun: Instant,
    received_before: u64,
    read_before: u64,
    /// Why it does not go on for the moment.
    waiting: Option<String>,
}

/// What came of the documents between two checkpoints.
#[derive(Default)]
pub(super) struct Settled {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) refused: Vec<Refused>,
    /// Members whose documents are outside of `since` and `until`.
    pub(super) skipped: u64,
}

/// A document that was not taken.
pub(super) struct Refused {
    pub(super) place: Place,
    pub(super) id: Option<MemberId>,
    pub(super) reason: String,
}

/// How fast a job is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pace {
    /// Since this process began with it.
    pub members_per_second: f64,
    /// Until it is done, at this pace; `None` while that cannot be told.
    pub remaining_seconds: Option<f64>,
}

/// A line of `rejected.ndjson`.
#[derive(Serialize)]
struct RejectedLine<'a> {
    #[serde(rename = "in")]
    part: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<&'a str>,
    id: Option<MemberId>,
    reason: &'a str,
}

impl Ledger {
    /// Opens the files of a job where its last checkpoint left them.
    pub(super) fn open(store: Arc<dyn Store>, folder: PathBuf, job: Job) -> Result<Ledger, LedgerError> {
        let failed = |source| LedgerError::File { path: folder.clone(), source };
        fs::create_dir_all(&folder).map_err(failed)?;
        let mut files = BTreeMap::new();
        for file in wanted(&job) {
            let path = folder.join(file.name());
            let length = job.files.get(&file).copied().unwrap_or(0);
            let appendix =
                Appendix::open(&path, length).map_err(|source| LedgerError::File { path: path.clone(), source })?;
            files.insert(file, appendix);
        }
        let state = State {
            received_before: job.figures.received,
            read_before: job.parts.iter().map(|part| part.read).sum(),
            job,
            files,
            begun: Instant::now(),
            waiting: None,
        };
        Ok(Ledger { store, folder, state: Mutex::new(state) })
    }

    /// The job as it is.
    pub(super) fn job(&self) -> Job {
        self.state().job.clone()
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn pace(&self) -> Pace {
        let state = self.state();
        let seconds = state.begun.elapsed().as_secs_f64().max(f64::EPSILON);
        let received = state.job.figures.received.saturating_sub(state.received_before);
        let size: u64 = state.job.parts.iter().map(|part| part.size).sum();
        let read: u64 = state.job.parts.iter().map(|part| part.read).sum();
        let read_now = read.saturating_sub(state.read_before);
        let remaining = (read_now > 0).then(|| size.saturating_sub(read) as f64 * seconds / read_now as f64);
        Pace { members_per_second: received as f64 / seconds, remaining_seconds: remaining }
    }

    pub(super) fn waiting(&self) -> Option<String> {
        self.state().waiting.clone()
    }

    /// Says why the job does not go on for the moment.
    pub(super) fn wait_for(&self, reason: Option<String>) {
        self.state().waiting = reason;
    }

    /// Notes what came of documents, and that their part is dealt with up to `position`.
    pub(super) fn settle(
        &self,
        part: usize,
        settled: &Settled,
        position: Position,
        read: u64,
    ) -> Result<(), LedgerError> {
        let mut state = self.state();
        let State { job, files, .. } = &mut *state;
        let name = job.parts.get(part).map(|part| part.name.clone()).unwrap_or_default();
        let before = job.figures.clone();
        let figures = &mut job.figures;
        figures.received += settled.skipped + settled.refused.len() as u64;
        figures.skipped += settled.skipped;
        figures.rejected += settled.refused.len() as u64;
        figures.rejected_without_id += settled.refused.iter().filter(|refused| refused.id.is_none()).count() as u64;
        settled.outcomes.iter().for_each(|outcome| figures.count(outcome));
        measure(&before, figures);

        let mut write = |file: OutputFile, bytes: &[u8]| match files.get_mut(&file) {
            Some(appendix) => appendix
                .append(bytes)
                .map_err(|source| LedgerError::File { path: self.folder.join(file.name()), source }),
            None => Ok(()),
        };
        for refused in &settled.refused {
            write(OutputFile::Rejected, &rejected_line(&name, refused))?;
        }
        for outcome in settled.outcomes.iter().filter(|outcome| !outcome.notified.is_empty()) {
            write(OutputFile::DryRun, &dry_run_line(outcome))?;
        }
        let seen = settled.outcomes.iter().map(|outcome| Some(outcome.id));
        for id in seen.chain(settled.refused.iter().map(|refused| refused.id)).flatten() {
            write(OutputFile::Seen, &id.get().to_le_bytes())?;
        }
        if let Some(part) = job.parts.get_mut(part) {
            part.position = position;
            part.read = read;
        }
        state.waiting = None;
        self.checkpoint(&mut state)
    }

    /// Notes that nothing is left of a part.
    pub(super) fn part_is_done(&self, part: usize) -> Result<(), LedgerError> {
        let mut state = self.state();
        if let Some(part) = state.job.parts.get_mut(part) {
            part.done = true;
            part.read = part.size.max(part.read);
        }
        self.checkpoint(&mut state)
    }

    /// Notes members that the source does not have.
    pub(super) fn missing(&self, ids: &[MemberId], deleted: u64) -> Result<(), LedgerError> {
        let mut state = self.state();
        state.job.figures.missing += ids.len() as u64;
        state.job.figures.deleted += deleted;
        if let Some(appendix) = state.files.get_mut(&OutputFile::Missing) {
            let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
            let failed = |source| LedgerError::File { path: self.folder.join(OutputFile::Missing.name()), source };
            appendix.append(lines.as_bytes()).map_err(failed)?;
        }
        self.checkpoint(&mut state)
    }

    /// Forgets what was found missing, to look again.
    pub(super) fn look_for_missing_again(&self) -> Result<(), LedgerError> {
        let mut state = self.state();
        state.job.figures.missing = 0;
        let path = self.folder.join(OutputFile::Missing.name());
        let appendix = Appendix::open(&path, 0).map_err(|source| LedgerError::File { path, source })?;
        state.files.insert(OutputFile::Missing, appendix);
        self.checkpoint(&mut state)
    }

    /// Adds what the reader of the figures must know.
    pub(super) fn note(&self, note: String) -> Result<(), LedgerError> {
        let mut state = self.state();
        if !state.job.notes.contains(&note) {
            state.job.notes.push(note);
        }
        self.checkpoint(&mut state)
    }

    /// Ends the job.
    pub(super) fn end(&self, outcome: JobState) -> Result<(), LedgerError> {
        let mut state = self.state();
        state.job.state = outcome;
        state.job.ended_at = Some(Timestamp::now());
        state.waiting = None;
        self.checkpoint(&mut state)
    }

    /// The files first: what they hold beyond the row is cut off again, what they lacked could not be made up.
    fn checkpoint(&self, state: &mut State) -> Result<(), LedgerError> {
        for (file, appendix) in &mut state.files {
            let failed = |source| LedgerError::File { path: self.folder.join(file.name()), source };
            let known = state.job.files.entry(*file).or_default();
            if *known != appendix.length() {
                *known = appendix.sync().map_err(failed)?;
            }
        }
        Ok(self.store.put_job(&state.job)?)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic amid a change leaves figures that are wrong by a batch, and a row that the store has as it was.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The files that a job writes.
fn wanted(job: &Job) -> Vec<OutputFile> {
    let mut files = vec![OutputFile::Rejected];
    if job.options.dry_run {
        files.push(OutputFile::DryRun);
    }
    if job.options.missing != Missing::Ignore {
        files.extend([OutputFile::Missing, OutputFile::Seen]);
    }
    files
}

fn rejected_line(part: &str, refused: &Refused) -> Vec<u8> {
    let (line, row, document) = match &refused.place {
        Place::Line(line) => (Some(*line), None, None),
        Place::Row(row) => (None, Some(*row), None),
        Place::Document(id) => (None, None, Some(id.as_str())),
    };
    let rejected = RejectedLine { part, line, row, document, id: refused.id, reason: &refused.reason };
    with_newline(serde_json::to_vec(&rejected))
}

/// Ids and kinds alone: should the person be erased one day, nothing of it stands here.
fn dry_run_line(outcome: &Outcome) -> Vec<u8> {
    let kinds: Vec<ChangeKind> = outcome.changes.iter().map(|change| change.kind).collect();
    let line = json!({"member_id": outcome.id, "changes": kinds, "subscriptions": outcome.notified});
    with_newline(serde_json::to_vec(&line))
}

/// Numbers and texts always serialize.
fn with_newline(line: Result<Vec<u8>, serde_json::Error>) -> Vec<u8> {
    let mut line = line.unwrap_or_default();
    line.push(b'\n');
    line
}

/// Counts for Prometheus what came about since the figures were `before`.
fn measure(before: &Figures, after: &Figures) {
    let outcomes = [
        ("new", before.new, after.new),
        ("unchanged", before.unchanged, after.unchanged),
        ("cosmetic", before.cosmetic, after.cosmetic),
        ("changed", before.changed, after.changed),
        ("stale", before.stale, after.stale),
        ("skipped", before.skipped, after.skipped),
        ("rejected", before.rejected, after.rejected),
    ];
    for (outcome, before, after) in outcomes {
        metrics::counter!("tripline_job_members_total", "outcome" => outcome).increment(after.saturating_sub(before));
    }
    metrics::counter!("tripline_job_notified_total").increment(after.notified.saturating_sub(before.notified));
}
