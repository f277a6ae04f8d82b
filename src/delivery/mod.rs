//! Delivery: from the outbox to the receivers' webhooks.
//!
//! ```text
//! commit -> scheduler: who waits, and until when -> a slot of a lane -> sender:
//!           the batch, durable -> signed POST through the guard -> what the answer means, durable -> scheduler
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | `scheduler` | the one task that decides who is looked at when |
//! | `places`, `lanes` | where each subscription stands; who may send now, so that nobody waits for another's receiver |
//! | `queue` | what is due, the next batch, and what an attempt means for the queue |
//! | `cadence`, `schedule` | when a batch is made; when it is tried again |
//! | `ledger` | one writer for all, so that what happens at once shares a commit |
//! | `sender`, `client` | one attempt; one POST |
//! | `payload`, `signature` | the body; the headers that prove it |
//! | `webhook_url`, `guard`, `resolver` | where a webhook may point; where it may connect |
//! | `example` | the notification of `/simulate` and `/test` |
//!
//! At least once, in the order of commits per subscription: a batch has its `webhook-id` and exact bytes before its
//! first attempt, in the store, and the next batch is made only when it is done.

mod cadence;
mod client;
mod example;
mod guard;
mod lanes;
mod ledger;
mod measure;
mod options;
mod payload;
mod places;
mod queue;
mod resolver;
mod schedule;
mod scheduler;
mod sender;
mod signature;
mod webhook_url;

use std::sync::Arc;
use std::thread;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use client::Timeouts;
pub use example::{Example, ExampleError};
pub use guard::{AddressRefused, Guard};
pub use lanes::LaneSizes;
pub use options::DeliveryOptions;
pub use schedule::{Decision, Schedule, Tries, Verdict};
pub use signature::{SignatureError, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP, new_secret, sign};
pub use webhook_url::{WebhookUrlError, check_webhook_url};

use crate::engine::Engine;
use crate::subscription::{Format, Subscription, SubscriptionId};
use client::Client;
use example::Examples;
use ledger::Ledger;
use scheduler::{Clients, Message, Scheduler};
use sender::Sender;

/// Delivery, running.
pub struct Delivery {
    handle: DeliveryHandle,
    stop: CancellationToken,
    scheduler: JoinHandle<()>,
    ledger: thread::JoinHandle<()>,
}

/// A way to talk to [`Delivery`] while it runs; cheap to clone.
#[derive(Clone)]
pub struct DeliveryHandle {
    messages: mpsc::UnboundedSender<Message>,
    examples: Examples,
}

/// Why delivery does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The HTTP client cannot be made.
    #[error("cannot make the HTTP client of webhooks: {0}")]
    Client(#[from] reqwest::Error),
    /// No thread for the ledger.
    #[error("cannot start the thread that writes deliveries down: {0}")]
    Thread(#[from] std::io::Error),
}

impl Delivery {
    /// Starts to deliver, and goes on with what an earlier run left.
    ///
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// When the operating system gives no thread, or TLS cannot be set up.
    pub fn start(engine: Arc<Engine>, options: DeliveryOptions) -> Result<Delivery, StartError> {
        measure::describe();
        let guard = Guard::new(options.allow_private_webhooks);
        let client = |attempts| Client::new(guard, options.timeouts, attempts);
        let clients = Clients {
            fast: client(options.lanes.fast)?,
            slow: client(options.lanes.slow)?,
            failing: client(options.lanes.failing)?,
        };
        let examples = Examples::new(client(example::AT_ONCE)?);
        let (ledger, writer) = Ledger::open(Arc::clone(engine.store()))?;
        let (messages, inbox) = mpsc::unbounded_channel();
        let sender = Sender { engine, ledger, options: Arc::new(options), messages: messages.clone() };
        let stop = CancellationToken::new();
        let scheduler = tokio::spawn(Scheduler::new(sender, clients, stop.clone()).run(inbox));
        Ok(Delivery { handle: DeliveryHandle { messages, examples }, stop, scheduler, ledger: writer })
    }

    /// A way to talk to it.
    pub fn handle(&self) -> DeliveryHandle {
        self.handle.clone()
    }

    /// Starts no attempt any more, waits for those on the wire ([`DeliveryOptions::drain`]), and ends. Nothing is lost:
    /// an attempt that does not end in time is repeated by the next run with the same `webhook-id` and bytes.
    pub async fn shutdown(self) {
        self.stop.cancel();
        if let Err(error) = self.scheduler.await {
            tracing::error!(%error, "delivery ended by itself");
        }
        // The scheduler held the last way to the ledger, whose thread has only to finish its commit.
        let ended = tokio::task::spawn_blocking(move || self.ledger.join().is_ok()).await;
        if !matches!(ended, Ok(true)) {
            tracing::error!("the thread that writes deliveries down ended by itself");
        }
    }
}

impl DeliveryHandle {
    /// To be called when a subscription's owner has resumed or changed it: what waits is tried at once, with the whole
    /// schedule before it. (Attempts read the subscription afresh anyway.)
    pub fn wake(&self, id: &SubscriptionId) {
        // After a shutdown nobody listens, and the next run looks at every queue by itself.
        let _ = self.messages.send(Message::Wake(id.clone()));
    }

    /// Sends one example notification to a webhook that no subscription has, signed with a secret made for it alone
    /// and given back with the answer.
    ///
    /// # Errors
    ///
    /// When too many examples are being sent.
    pub async fn simulate(&self, webhook_url: &url::Url, format: Format) -> Result<Example, ExampleError> {
        self.examples.send(webhook_url, &new_secret(), format, &SubscriptionId::generate()).await
    }

    /// Sends one example notification to a subscription's webhook, signed with its secret; nothing is counted.
    ///
    /// # Errors
    ///
    /// When too many examples are being sent.
    pub async fn test(&self, subscription: &Subscription) -> Result<Example, ExampleError> {
        let Subscription { webhook_url, webhook_secret, format, id, .. } = subscription;
        self.examples.send(webhook_url, webhook_secret, *format, id).await
    }
}
