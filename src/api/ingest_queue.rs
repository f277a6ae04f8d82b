//! Single updates that arrive together share a commit: whatever has come in while the last commit ran goes into the next one.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::problem::Problem;
use crate::engine::{Engine, Outcome, Rejection, Update};
use crate::store::StoreError;

/// The most updates of one commit; more would only make the first of them wait longer.
const GROUP: usize = 256;

/// Over a cluster, which is asked over the network, so many groups are on their way at a time.
const GROUPS_ON_A_CLUSTER: usize = 4;

/// The way to the one task that applies single updates; it ends when the last of these is dropped.
#[derive(Clone)]
pub struct IngestQueue {
    waiting: mpsc::Sender<Waiting>,
}

struct Waiting {
    update: Update,
    answer: oneshot::Sender<Result<Result<Outcome, Rejection>, Arc<StoreError>>>,
}

impl IngestQueue {
    /// Starts the task; at most `length` updates wait.
    pub fn start(engine: Arc<Engine>, length: usize) -> Self {
        let (waiting, incoming) = mpsc::channel(length);
        tokio::spawn(run(engine, incoming));
        IngestQueue { waiting }
    }

    /// Applies the update, and returns when it is durable.
    ///
    /// # Errors
    ///
    /// 503 when too many wait already, 400 or 422 when the update is refused, 500 when the store fails.
    pub async fn apply(&self, update: Update) -> Result<Outcome, Problem> {
        let (answer, applied) = oneshot::channel();
        self.waiting.try_send(Waiting { update, answer }).map_err(|_| {
            Problem::busy(
                "too many updates wait for the store (limits.ingest_queue); nothing was applied, send it again",
            )
        })?;
        match applied.await {
            Ok(Ok(result)) => Ok(result?),
            Ok(Err(error)) => Err(Problem::of_store(&error)),
            Err(_) => Err(Problem::internal("the task that applies updates is gone")),
        }
    }
}

async fn run(engine: Arc<Engine>, mut incoming: mpsc::Receiver<Waiting>) {
    let at_once = if engine.store().is_shared() { GROUPS_ON_A_CLUSTER } else { 1 };
    let mut group = Vec::with_capacity(GROUP);
    let mut running = JoinSet::new();
    while incoming.recv_many(&mut group, GROUP).await > 0 {
        let engine = Arc::clone(&engine);
        running.spawn(apply(engine, std::mem::replace(&mut group, Vec::with_capacity(GROUP))));
        while running.len() >= at_once {
            // What a group came to its senders are told.
            running.join_next().await;
        }
    }
    running.join_all().await;
}

async fn apply(engine: Arc<Engine>, group: Vec<Waiting>) {
    let (updates, answers): (Vec<_>, Vec<_>) =
        group.into_iter().map(|waiting| (waiting.update, waiting.answer)).unzip();
    let applied = tokio::task::spawn_blocking(move || engine.apply_batch(updates)).await;
    match applied {
        Ok(Ok(results)) => {
            for (answer, result) in answers.into_iter().zip(results) {
                // Whoever asked may have hung up meanwhile; the update is applied all the same.
                let _ = answer.send(Ok(result));
            }
        }
        Ok(Err(error)) => {
            let error = Arc::new(error);
            for answer in answers {
                let _ = answer.send(Err(Arc::clone(&error)));
            }
        }
        // A panic in the engine: dropping the answers tells their senders, and the next group is tried.
        Err(panic) => tracing::error!(%panic, "applying a group of updates panicked"),
    }
}
