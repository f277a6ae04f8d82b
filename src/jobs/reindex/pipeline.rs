//! Reading, preparing and applying at the same time, in the order of the source.
//!
//! One thread reads and cuts batches, which go round a few threads that prepare them, and from these in the same round to whoever
//! applies them. Each hands on one batch and works at another, so memory holds about four for each preparing thread.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::source::{Content, Record, Sink};

/// A batch is closed once its documents have so many bytes.
const BATCH_BYTES: usize = 4 << 20;

/// How the work is divided.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// Threads that prepare.
    pub(super) lanes: usize,
    /// Documents in a batch, at most.
    pub(super) batch: usize,
}

/// Why it ended early.
pub(super) enum Interrupted<R, A> {
    Reading(R),
    Applying(A),
}

/// Runs until the reading ends or something fails; what was read before a failure of reading is applied.
pub(super) fn run<E: Send, R: Send, A>(
    shape: Shape,
    read: impl FnOnce(&mut Sink<'_>) -> Result<(), R> + Send,
    prepare: impl Fn(Record) -> E + Sync,
    mut apply: impl FnMut(Vec<E>) -> Result<(), A>,
) -> Result<(), Interrupted<R, A>> {
    thread::scope(|scope| {
        let mut lanes = Vec::new();
        let mut prepared = Vec::new();
        for _ in 0..shape.lanes.max(1) {
            let (to_lane, from_reader) = sync_channel::<Vec<Record>>(1);
            let (to_applier, from_lane) = sync_channel::<Vec<E>>(1);
            let prepare = &prepare;
            scope.spawn(move || prepare_all(&from_reader, &to_applier, prepare));
            lanes.push(to_lane);
            prepared.push(from_lane);
        }
        let reader = scope.spawn(move || {
            let mut cutter = Cutter { lanes: &lanes, turn: 0, batch: Vec::new(), bytes: 0, most: shape.batch.max(1) };
            let read = read(&mut |record| cutter.take(record));
            // The applier may have ended already, and then nobody wants it.
            let _ = cutter.send();
            read
        });
        let applied = apply_all(prepared, &mut apply);
        let read = reader.join().unwrap_or_else(|panic| resume_unwind(panic));
        applied.map_err(Interrupted::Applying)?;
        read.map_err(Interrupted::Reading)
    })
}

fn prepare_all<E>(records: &Receiver<Vec<Record>>, prepared: &SyncSender<Vec<E>>, prepare: &impl Fn(Record) -> E) {
    for batch in records {
        if prepared.send(batch.into_iter().map(prepare).collect()).is_err() {
            return;
        }
    }
}

/// Takes batches in turn; dropping the receivers ends everybody else.
fn apply_all<E, A>(prepared: Vec<Receiver<Vec<E>>>, apply: &mut impl FnMut(Vec<E>) -> Result<(), A>) -> Result<(), A> {
    for lane in prepared.iter().cycle() {
        match lane.recv() {
            Ok(batch) => apply(batch)?,
            // The lane whose turn it is has nothing any more, so there is nothing.
            Err(_) => break,
        }
    }
    Ok(())
}

/// Cuts what is read into batches.
struct Cutter<'c> {
    lanes: &'c [SyncSender<Vec<Record>>],
    turn: usize,
    batch: Vec<Record>,
    bytes: usize,
    most: usize,
}

impl Cutter<'_> {
    fn take(&mut self, record: Record) -> ControlFlow<()> {
        self.bytes += match &record.content {
            Content::Document(bytes) | Content::Exported(bytes) => bytes.len(),
            Content::Unreadable(reason) => reason.len(),
        };
        self.batch.push(record);
        if self.batch.len() >= self.most || self.bytes >= BATCH_BYTES {
            return self.send();
        }
        ControlFlow::Continue(())
    }

    fn send(&mut self) -> ControlFlow<()> {
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() {
            return ControlFlow::Continue(());
        }
        let lane = self.lanes.get(self.turn % self.lanes.len().max(1));
        self.turn += 1;
        match lane.map(|lane| lane.send(batch)) {
            Some(Ok(())) => ControlFlow::Continue(()),
            Some(Err(_)) | None => ControlFlow::Break(()),
        }
    }
}
