//! One job at work: its parts are read, what is read is applied in batches, and after each commit the ledger says how far it is.

use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::brake::{Brake, Halt};
use super::job::{Job, Missing, Options, Origin, Part, Position};
use super::ledger::{Ledger, LedgerError, Refused, Settled};
use super::missing::{self, MissingError};
use super::pipeline::{self, Interrupted, Shape};
use super::source::{self, Content, Place, Record, SourceError};
use crate::config::SourceCluster;
use crate::engine::{Engine, Judging, Outcome, Prepared, PreparedMember, Update};
use crate::jobs::bulk_collect::BulkCollect;
use crate::jobs::export::ExportedMember;
use crate::member::MemberId;
use crate::store::StoreError;

/// One commit holds at most so many members.
const BATCH: usize = 1_000;

/// A cluster or a store that is away is waited for so long, counted from the last step forward…
const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// …with longer and longer waits.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What a job works with.
pub(super) struct Run<'r> {
    pub(super) engine: &'r Engine,
    pub(super) bulk_collect: &'r BulkCollect,
    pub(super) clusters: &'r BTreeMap<String, SourceCluster>,
    pub(super) document_bytes: usize,
    pub(super) ledger: &'r Ledger,
    pub(super) brake: &'r Brake,
    pub(super) gate: Gate,
}

/// Why a job does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    Halted(Halt),
    Failed(String),
    /// Another part failed.
    Aside,
}

/// Why a part was not read to its end.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("halted")]
    Halted(Halt),
}

impl Trouble {
    fn is_transient(&self) -> bool {
        match self {
            Trouble::Source(error) => error.is_transient(),
            // A disk that is full, a cluster that is away: the same batch again is harmless.
            Trouble::Store(_) | Trouble::Ledger(_) => true,
            Trouble::Halted(_) => false,
        }
    }
}

/// A document that waits for its turn.
struct Entry {
    place: Place,
    after: Position,
    read: u64,
    work: Work,
}

enum Work {
    Update(Prepared),
    Member(PreparedMember),
    Refused { id: Option<MemberId>, reason: String },
}

impl Entry {
    fn id(&self) -> Option<MemberId> {
        match &self.work {
            Work::Update(update) => Some(update.id()),
            Work::Member(member) => Some(member.id()),
            Work::Refused { id, .. } => *id,
        }
    }
}

impl Run<'_> {
    /// Does the job, from where its ledger says that it is.
    pub(super) fn run(&self) -> Result<(), Stop> {
        let job = self.ledger.job();
        let looks_for_missing = job.options.missing != Missing::Ignore;
        if looks_for_missing {
            missing::note_known(self.engine, self.ledger.folder(), self.brake)?;
        }
        self.read_parts(&job)?;
        if looks_for_missing {
            missing::settle(self.engine, self.bulk_collect, self.ledger, self.brake)?;
        }
        Ok(())
    }

    /// Files one after the other, for the later ones may hold newer versions; slices of an index side by side.
    fn read_parts(&self, job: &Job) -> Result<(), Stop> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let (workers, lanes) = match &job.from {
            Origin::Files(_) => (1, cores.clamp(1, 4)),
            Origin::Elasticsearch(_) => (job.parts.len(), 1),
        };
        let next = AtomicUsize::new(0);
        let failed = AtomicBool::new(false);
        let work = || -> Result<(), Stop> {
            while let Some(part) =
                job.parts.get(next.load(Ordering::Relaxed)).map(|_| next.fetch_add(1, Ordering::Relaxed))
            {
                let is_left = job.parts.get(part).is_some_and(|part| !part.done);
                if is_left {
                    let read = self.read_part(job, part, lanes, &failed);
                    failed.fetch_or(read.is_err(), Ordering::Relaxed);
                    read?;
                }
            }
            Ok(())
        };
        let stops: Vec<Stop> = thread::scope(|scope| {
            let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            let ended = workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            ended.filter_map(Result::err).collect()
        });
        match stops.into_iter().min_by_key(|stop| matches!(stop, Stop::Aside)) {
            Some(stop) => Err(stop),
            None => Ok(()),
        }
    }

    /// Reads a part to its end; what passes is waited for.
    fn read_part(&self, job: &Job, part: usize, lanes: usize, failed: &AtomicBool) -> Result<(), Stop> {
        let mut trouble_since = None;
        let mut wait = FIRST_WAIT;
        loop {
            let Some(begun) = self.ledger.job().parts.get(part).cloned() else { return Ok(()) };
            let trouble = match self.read_from(job, part, &begun, lanes, failed) {
                Ok(()) if failed.load(Ordering::Relaxed) => return Err(Stop::Aside),
                Ok(()) => match self.ledger.part_is_done(part) {
                    Ok(()) => return Ok(()),
                    Err(error) => Trouble::from(error),
                },
                Err(Trouble::Halted(halt)) => return Err(Stop::Halted(halt)),
                Err(trouble) => trouble,
            };
            if self.ledger.job().parts.get(part).is_some_and(|now| now.position != begun.position) {
                trouble_since = None;
                wait = FIRST_WAIT;
            }
            let since = *trouble_since.get_or_insert_with(Instant::now);
            if !trouble.is_transient() || since.elapsed() > PATIENCE {
                return Err(Stop::Failed(trouble.to_string()));
            }
            tracing::warn!(job = %job.id, part = begun.name, %trouble, "a job waits; it goes on by itself");
            self.ledger.wait_for(Some(trouble.to_string()));
            self.brake.wait(wait).map_err(Stop::Halted)?;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    fn read_from(
        &self,
        job: &Job,
        number: usize,
        part: &Part,
        lanes: usize,
        failed: &AtomicBool,
    ) -> Result<(), Trouble> {
        let around = source::Surroundings {
            clusters: self.clusters,
            schema: self.engine.schema(),
            document_bytes: self.document_bytes,
            brake: self.brake,
        };
        let stops = || self.brake.check().is_err() || failed.load(Ordering::Relaxed);
        let shape = Shape { lanes, batch: self.gate.batch() };
        let ended = pipeline::run(
            shape,
            |sink| {
                source::read(&job.from, &job.options, part, around, &mut |record| match stops() {
                    true => ControlFlow::Break(()),
                    false => sink(record),
                })
            },
            |record| self.prepare(record),
            |entries| self.apply(&job.options, number, entries),
        );
        self.brake.check().map_err(Trouble::Halted)?;
        match ended {
            Ok(()) => Ok(()),
            Err(Interrupted::Reading(error)) => Err(error.into()),
            Err(Interrupted::Applying(trouble)) => Err(trouble),
        }
    }

    fn prepare(&self, record: Record) -> Entry {
        let refused = |id, reason: &dyn std::fmt::Display| Work::Refused { id, reason: reason.to_string() };
        let work = match record.content {
            Content::Unreadable(reason) => Work::Refused { id: None, reason },
            Content::Document(bytes) => match self.engine.prepare_update(Update::of_document(bytes)) {
                Ok(update) => Work::Update(update),
                Err(rejection) => refused(rejection.id, &rejection),
            },
            Content::Exported(line) => match ExportedMember::parse(&line) {
                Err(error) => refused(None, &error),
                Ok(member) => {
                    let id = member.id;
                    match self.engine.prepare_stored(member) {
                        Ok(member) => Work::Member(member),
                        Err(error) => refused(Some(id), &error),
                    }
                }
            },
        };
        Entry { place: record.place, after: record.after, read: record.read, work }
    }

    /// Applies a batch, in one commit unless a member comes twice: then a crash between the commit and the checkpoint would have
    /// its earlier version applied again upon the later one.
    fn apply(&self, options: &Options, part: usize, entries: Vec<Entry>) -> Result<(), Trouble> {
        let mut members = HashSet::new();
        let mut group = Vec::with_capacity(entries.len());
        for entry in entries {
            if entry.id().is_some_and(|id| !members.insert(id)) {
                let id = entry.id();
                self.commit(options, part, std::mem::take(&mut group))?;
                members.clear();
                members.extend(id);
            }
            group.push(entry);
        }
        self.commit(options, part, group)
    }

    fn commit(&self, options: &Options, part: usize, entries: Vec<Entry>) -> Result<(), Trouble> {
        let Some((position, read)) = entries.last().map(|last| (last.after.clone(), last.read)) else { return Ok(()) };
        self.gate.pass(entries.len(), self.brake).map_err(Trouble::Halted)?;
        let mut settled = Settled::default();
        let (mut updates, mut places, mut members) = (Vec::new(), Vec::new(), Vec::new());
        for entry in entries {
            match entry.work {
                Work::Refused { id, reason } => settled.refused.push(Refused { place: entry.place, id, reason }),
                Work::Update(update) if !is_within(update.last_updated(), options) => settled.skipped += 1,
                Work::Member(member) if !is_within(member.last_updated(), options) => settled.skipped += 1,
                Work::Update(update) => {
                    updates.push(update);
                    places.push(entry.place);
                }
                Work::Member(member) => members.push(member),
            }
        }
        if options.dry_run {
            // Taking over what was exported tells nobody anything.
            settled.skipped += members.len() as u64;
        } else if !members.is_empty() {
            settled.outcomes = self.engine.restore(&members)?;
        }
        for (result, place) in self.judge(options, &updates)?.into_iter().zip(places) {
            match result {
                Ok(outcome) => settled.outcomes.push(outcome),
                Err(rejection) => {
                    let reason = rejection.to_string();
                    settled.refused.push(Refused { place, id: rejection.id, reason });
                }
            }
        }
        Ok(self.ledger.settle(part, &settled, position, read)?)
    }

    fn judge(
        &self,
        options: &Options,
        updates: &[Prepared],
    ) -> Result<Vec<Result<Outcome, crate::engine::Rejection>>, StoreError> {
        let judging = match (options.baseline, options.notify) {
            (true, _) => Judging::Baseline,
            (false, true) => Judging::Telling,
            (false, false) => Judging::Silent,
        };
        match options.dry_run {
            true => self.engine.judge_prepared(updates, judging),
            false => self.engine.apply_prepared(updates, judging),
        }
    }
}

fn is_within(last_updated: Option<Timestamp>, options: &Options) -> bool {
    let (since, until) = (options.since, options.until);
    match last_updated {
        None => since.is_none() && until.is_none(),
        Some(time) => since.is_none_or(|since| time >= since) && until.is_none_or(|until| time < until),
    }
}

/// Lets at most so many members a second pass.
pub(super) struct Gate {
    rate: Option<NonZeroU32>,
    next: Mutex<Instant>,
}

impl Gate {
    pub(super) fn new(options: &Options) -> Gate {
        Gate { rate: options.rate_limit, next: Mutex::new(Instant::now()) }
    }

    /// Where the pace is slow, batches are small, so that it is kept within a second too.
    fn batch(&self) -> usize {
        const BATCHES_A_SECOND: u32 = 4;
        let batch = self.rate.map(|rate| usize::try_from(rate.get() / BATCHES_A_SECOND).unwrap_or(BATCH));
        batch.map_or(BATCH, |batch| batch.clamp(1, BATCH))
    }

    fn pass(&self, members: usize, brake: &Brake) -> Result<(), Halt> {
        let Some(rate) = self.rate else { return brake.check() };
        let now = Instant::now();
        let wait = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = (*next).max(now);
            *next = turn + Duration::from_secs_f64(members as f64 / f64::from(rate.get()));
            turn.duration_since(now)
        };
        brake.wait(wait)
    }
}

impl From<MissingError> for Stop {
    fn from(error: MissingError) -> Self {
        match error {
            MissingError::Halted(halt) => Stop::Halted(halt),
            other => Stop::Failed(other.to_string()),
        }
    }
}
