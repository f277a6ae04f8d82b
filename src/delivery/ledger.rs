//! One writer for all deliveries: what happens at the same time shares one commit.
//!
//! Each batch costs two commits, one before its first attempt and one after, and a commit waits for the disk. With
//! hundreds of receivers at once each would wait behind all the others; here whatever has come in while the last commit
//! ran goes into the next one.

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use crate::store::embedded::QueueWriter;
use crate::store::{Store, StoreError};

/// The most that share one commit.
const GROUP: usize = 256;

/// Why nothing was written.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum LedgerError {
    #[error(transparent)]
    Store(Arc<StoreError>),
    #[error("delivery is shutting down")]
    Closed,
}

/// The way to the writer's thread, which ends when the last of these is dropped.
#[derive(Clone)]
pub(super) struct Ledger {
    entries: mpsc::UnboundedSender<Box<dyn Entry>>,
}

impl Ledger {
    /// Starts the writer's thread.
    pub(super) fn open(store: Arc<Store>) -> std::io::Result<(Ledger, JoinHandle<()>)> {
        let (entries, incoming) = mpsc::unbounded_channel();
        let writer =
            std::thread::Builder::new().name("delivery-ledger".to_owned()).spawn(move || run(&store, incoming))?;
        Ok((Ledger { entries }, writer))
    }

    /// Does `work` in a transaction, and returns when it is durable. May be called again where the transaction that
    /// it shared with others failed.
    pub(super) async fn write<T, W>(&self, work: W) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        W: Fn(&mut QueueWriter<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, written) = oneshot::channel();
        let entry = Job { work, result: None, reply };
        self.entries.send(Box::new(entry)).map_err(|_| LedgerError::Closed)?;
        written.await.map_err(|_| LedgerError::Closed)?
    }
}

/// Work with its type hidden, so that work of all types can share a commit.
trait Entry: Send {
    fn perform(&mut self, writer: &mut QueueWriter<'_>) -> Result<(), StoreError>;
    fn answer(self: Box<Self>, outcome: Result<(), LedgerError>);
}

struct Job<T, W> {
    work: W,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, LedgerError>>,
}

impl<T, W> Entry for Job<T, W>
where
    T: Send,
    W: Fn(&mut QueueWriter<'_>) -> Result<T, StoreError> + Send,
{
    fn perform(&mut self, writer: &mut QueueWriter<'_>) -> Result<(), StoreError> {
        self.result = Some((self.work)(writer)?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), LedgerError>) {
        let Job { result, reply, .. } = *self;
        let answer = outcome.and_then(|()| result.ok_or(LedgerError::Closed));
        // Nobody waits any more when delivery was shut down meanwhile; what is written stays written.
        let _ = reply.send(answer);
    }
}

fn run(store: &Store, mut incoming: mpsc::UnboundedReceiver<Box<dyn Entry>>) {
    let mut group = Vec::new();
    while incoming.blocking_recv_many(&mut group, GROUP) > 0 {
        commit(store, std::mem::take(&mut group));
    }
}

/// Commits a group; where that fails each alone, so that one damaged row is nobody else's trouble.
fn commit(store: &Store, mut group: Vec<Box<dyn Entry>>) {
    let together = write(store, &mut group);
    match together {
        Err(_) if group.len() > 1 => {
            for entry in group {
                commit(store, vec![entry]);
            }
        }
        outcome => {
            let outcome = outcome.map_err(|error| LedgerError::Store(Arc::new(error)));
            for entry in group {
                entry.answer(outcome.clone());
            }
        }
    }
}

fn write(store: &Store, group: &mut [Box<dyn Entry>]) -> Result<(), StoreError> {
    store.write_queues(|writer| group.iter_mut().try_for_each(|entry| entry.perform(writer)))
}
