//! One writer for all deliveries: what happens at the same time shares one commit.
//!
//! Each batch costs two commits, one before its first attempt and one after, and a commit waits for the disk. With
//! hundreds of receivers at once each would wait behind all the others; here whatever has come in while the last commit
//! ran goes into the next one.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use crate::store::{QueueWriter, Store, StoreError, Unwritten};
use crate::subscription::SubscriptionId;

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
    pub(super) fn open(store: Arc<dyn Store>) -> std::io::Result<(Ledger, JoinHandle<()>)> {
        let (entries, incoming) = mpsc::unbounded_channel();
        let writer =
            std::thread::Builder::new().name("delivery-ledger".to_owned()).spawn(move || run(&*store, incoming))?;
        Ok((Ledger { entries }, writer))
    }

    /// Does `work` on a subscription's queue, and returns when it is durable. May be called again where the transaction that
    /// it shared with others failed.
    pub(super) async fn write<T, W>(&self, id: &SubscriptionId, work: W) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        W: Fn(&mut dyn QueueWriter) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, written) = oneshot::channel();
        let entry = Job { id: id.clone(), work, result: None, reply };
        self.entries.send(Box::new(entry)).map_err(|_| LedgerError::Closed)?;
        written.await.map_err(|_| LedgerError::Closed)?
    }
}

/// Work with its type hidden, so that work of all types can share a commit.
trait Entry: Send {
    fn queue(&self) -> &SubscriptionId;
    fn perform(&mut self, writer: &mut dyn QueueWriter) -> Result<(), StoreError>;
    fn answer(self: Box<Self>, outcome: Result<(), LedgerError>);
}

struct Job<T, W> {
    id: SubscriptionId,
    work: W,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, LedgerError>>,
}

impl<T, W> Entry for Job<T, W>
where
    T: Send,
    W: Fn(&mut dyn QueueWriter) -> Result<T, StoreError> + Send,
{
    fn queue(&self) -> &SubscriptionId {
        &self.id
    }

    fn perform(&mut self, writer: &mut dyn QueueWriter) -> Result<(), StoreError> {
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

fn run(store: &dyn Store, mut incoming: mpsc::UnboundedReceiver<Box<dyn Entry>>) {
    let mut group = Vec::new();
    while incoming.blocking_recv_many(&mut group, GROUP) > 0 {
        commit(store, std::mem::take(&mut group));
    }
}

/// Commits a group; where that fails each alone, so that one damaged row is nobody else's trouble.
fn commit(store: &dyn Store, mut group: Vec<Box<dyn Entry>>) {
    match write(store, &mut group) {
        Err(_) if group.len() > 1 => {
            for entry in group {
                commit(store, vec![entry]);
            }
        }
        Err(error) => {
            let error = LedgerError::Store(Arc::new(error));
            for entry in group {
                entry.answer(Err(error.clone()));
            }
        }
        Ok(unwritten) => {
            let unwritten: HashMap<_, _> =
                unwritten.into_iter().map(|(id, error)| (id, LedgerError::Store(Arc::new(error)))).collect();
            for entry in group {
                let failure = unwritten.get(entry.queue()).cloned();
                entry.answer(failure.map_or(Ok(()), Err));
            }
        }
    }
}

fn write(store: &dyn Store, group: &mut [Box<dyn Entry>]) -> Result<Unwritten, StoreError> {
    let ids: Vec<SubscriptionId> = group.iter().map(|entry| entry.queue().clone()).collect();
    let ids: Vec<&SubscriptionId> = ids.iter().collect();
    store.write_queues(&ids, &mut |writer| group.iter_mut().try_for_each(|entry| entry.perform(writer)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Sequence;
    use crate::store::{EmbeddedStore, Queue, QueueStore};

    fn mark(writer: &mut dyn QueueWriter, id: &SubscriptionId) -> Result<(), StoreError> {
        let mut queue = writer.queue(id)?;
        queue.batched = Some(Sequence(1));
        writer.put_queue(id, queue)
    }

    #[tokio::test]
    async fn one_that_fails_does_not_undo_the_others() {
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(EmbeddedStore::open(directory.path(), 1 << 20).unwrap());
        let (good, bad) = (SubscriptionId::from("good"), SubscriptionId::from("bad"));
        let entry = |id: SubscriptionId, fails: bool| {
            let (reply, written) = oneshot::channel();
            let queue = id.clone();
            let work = move |writer: &mut dyn QueueWriter| {
                mark(writer, &queue)?;
                let damaged = StoreError::Unwritable { table: "queues", reason: "a test".to_owned() };
                if fails { Err(damaged) } else { Ok(()) }
            };
            (Box::new(Job { id, work, result: None, reply }) as Box<dyn Entry>, written)
        };
        let ((first, first_written), (second, second_written)) = (entry(good.clone(), false), entry(bad.clone(), true));
        commit(&*store, vec![first, second]);

        assert!(first_written.await.unwrap().is_ok());
        assert!(second_written.await.unwrap().is_err());
        assert_eq!(store.queue(&good).unwrap().batched, Some(Sequence(1)));
        assert_eq!(store.queue(&bad).unwrap(), Queue::default());
    }

    #[tokio::test]
    async fn the_writer_ends_when_nobody_can_write_any_more() {
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(EmbeddedStore::open(directory.path(), 1 << 20).unwrap());
        let (ledger, writer) = Ledger::open(store.clone()).unwrap();
        let id = SubscriptionId::from("acme");
        let marked = id.clone();
        ledger.write(&id, move |writer| mark(writer, &marked)).await.unwrap();
        drop(ledger);
        tokio::task::spawn_blocking(move || writer.join()).await.unwrap().unwrap();
        assert_eq!(store.queue(&id).unwrap().batched, Some(Sequence(1)));
    }
}
