//! One attempt, from the queue to the wire and back.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::client::{Client, Request};
use super::ledger::{Ledger, LedgerError};
use super::measure;
use super::options::DeliveryOptions;
use super::queue::{self, Effect, Made, Ready};
use super::scheduler::Message;
use crate::engine::{Engine, SubscriptionError};
use crate::store::{QueueWriter, StoreError};
use crate::subscription::{Subscription, SubscriptionId};

/// What a sender works with.
#[derive(Clone)]
pub(super) struct Sender {
    pub(super) engine: Arc<Engine>,
    pub(super) ledger: Ledger,
    pub(super) options: Arc<DeliveryOptions>,
    pub(super) messages: mpsc::UnboundedSender<Message>,
}

/// How an attempt ended, for the choice of the next one's lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// There was nothing to send after all.
    Idle,
    /// The receiver answered within the patience.
    InTime,
    /// It took longer.
    Slow,
    /// It took longer and no slow slot was free: the attempt was called off, and does not count.
    CalledOff,
    /// The store failed.
    Broken,
}

impl Sender {
    /// Makes one attempt of the subscription's next batch. `leaves` says whether the slot has to be given up when the
    /// patience is over.
    pub(super) async fn attempt(self, id: SubscriptionId, client: Client, leaves: bool) -> Ended {
        match self.try_attempt(&id, &client, leaves).await {
            Ok(ended) => ended,
            Err(LedgerError::Store(error)) if matches!(*error, StoreError::HeldElsewhere { .. }) => Ended::Idle,
            Err(error) => {
                tracing::error!(subscription = %id, %error, "cannot read or write the queue; trying again");
                Ended::Broken
            }
        }
    }

    async fn try_attempt(&self, id: &SubscriptionId, client: &Client, leaves: bool) -> Result<Ended, LedgerError> {
        let Some((subscription, ready)) = self.prepare(id).await? else { return Ok(Ended::Idle) };
        let request = Request {
            url: &subscription.webhook_url,
            secret: &subscription.webhook_secret,
            webhook_id: &ready.batch.webhook_id,
            body: ready.body.clone(),
        };
        let mut post = std::pin::pin!(client.post(request));
        let (answer, ended) = match tokio::time::timeout(self.options.patience, &mut post).await {
            Ok(answer) => (answer, Ended::InTime),
            Err(_) if leaves && !self.moves_to_the_slow_lane(id).await => return Ok(Ended::CalledOff),
            Err(_) => (post.await, Ended::Slow),
        };
        measure::attempt(&answer, &ready.batch);
        let made = Made {
            number: ready.batch.number,
            verdict: answer.verdict,
            retry_after: answer.retry_after,
            attempt: answer.attempt,
        };
        self.settle(id, made).await?;
        Ok(ended)
    }

    /// The subscription as it stands now and its next batch, durable; `None` where nothing may be sent.
    async fn prepare(&self, id: &SubscriptionId) -> Result<Option<(Subscription, Ready)>, LedgerError> {
        let Some(subscription) = self.subscription(id).await? else { return Ok(None) };
        if !queue::delivers(&subscription.status) {
            return Ok(None);
        }
        let (queue_id, format, options) = (id.clone(), subscription.format, Arc::clone(&self.options));
        let prepare =
            move |writer: &mut dyn QueueWriter| queue::prepare(writer, &queue_id, format, &options, Timestamp::now());
        let ready = self.ledger.write(id, prepare).await?;
        Ok(ready.map(|ready| (subscription, ready)))
    }

    async fn subscription(&self, id: &SubscriptionId) -> Result<Option<Subscription>, LedgerError> {
        let (engine, id) = (Arc::clone(&self.engine), id.clone());
        blocking(move || Ok(engine.store().subscription(&id)?.map(|stored| stored.row))).await
    }

    /// Asks for a slot of the slow lane in exchange for the fast one. Where nobody answers, delivery is shutting down,
    /// and no other receiver is waiting for the slot.
    async fn moves_to_the_slow_lane(&self, id: &SubscriptionId) -> bool {
        let (reply, moved) = oneshot::channel();
        let asked = self.messages.send(Message::Overdue { id: id.clone(), reply });
        asked.is_err() || moved.await.unwrap_or(true)
    }

    async fn settle(&self, id: &SubscriptionId, made: Made) -> Result<(), LedgerError> {
        let (queue_id, options) = (id.clone(), Arc::clone(&self.options));
        let effect = self
            .ledger
            .write(id, move |writer| queue::settle(writer, &queue_id, &made, &options, Timestamp::now()))
            .await?;
        let (engine, id) = (Arc::clone(&self.engine), id.clone());
        match effect {
            Effect::None => Ok(()),
            Effect::Pause(reason) => {
                tracing::warn!(subscription = %id, reason, "pausing the subscription");
                blocking(move || done(engine.pause_by_system(&id, &reason))).await
            }
            Effect::End(reason) => {
                tracing::info!(subscription = %id, reason, "the receiver is gone; ending the subscription");
                blocking(move || done(engine.end(&id, &reason))).await
            }
        }
    }
}

/// A subscription that its owner deleted meanwhile, or that ended, needs nothing any more.
fn done(changed: Result<Subscription, SubscriptionError>) -> Result<(), StoreError> {
    match changed {
        Err(SubscriptionError::Store(error)) => Err(error),
        Ok(_) | Err(SubscriptionError::Unknown(_) | SubscriptionError::Ended { .. }) => Ok(()),
        Err(error) => {
            tracing::error!(%error, "cannot change the subscription");
            Ok(())
        }
    }
}

/// Asks the store where it may block.
pub(super) async fn blocking<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, LedgerError> {
    let asked = tokio::task::spawn_blocking(ask).await.map_err(|_| LedgerError::Closed)?;
    asked.map_err(|error| LedgerError::Store(Arc::new(error)))
}
