//! Single updates that arrive together share a commit: whatever has come in while the last commit ran goes into the next one.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::problem::Problem;
use crate::engine::{Engine, Outcome, Rejection, Update};
use crate::store::StoreError;

/// The most updates of one commit; more would only make the first of them wait longer.
const GROUP: usize = 256;

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
    let mut group = Vec::with_capacity(GROUP);
    while incoming.recv_many(&mut group, GROUP).await > 0 {
        let (updates, answers): (Vec<_>, Vec<_>) =
            group.drain(..).map(|waiting| (waiting.update, waiting.answer)).unzip();
        let engine = Arc::clone(&engine);
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
}
