//! A subscription's queue as one document of the cluster: its lease, how far it is, and the rows of its open batches.
//!
//! Every change of a queue is one write of this document, dependent on the write that was read: so of two nodes that both
//! believe to have it only one can change anything.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::event::Event;
use crate::member::MemberId;
use crate::store::Queue;
use crate::subscription::SubscriptionId;

/// A queue is another node's to take when its owner has not written it for so long.
pub(super) const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// A queue's document. `subscription`, `open`, `owner` and `lease_until` are mapped.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct QueueDocument {
    pub(super) subscription: SubscriptionId,
    /// Whether there are batches to be sent.
    pub(super) open: bool,
    pub(super) owner: Option<String>,
    pub(super) lease_until: Option<Timestamp>,
    pub(super) queue: Queue,
    /// The rows of batches that are open or set aside.
    pub(super) rows: Vec<Batch>,
    /// What has to follow this write; done again by the next writer, where it is not known to be done.
    #[serde(default)]
    pub(super) follows: Follows,
}

/// What follows from the write of a queue.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Follows {
    /// Events that are in a batch now: they wait no more.
    pub(super) batched: Vec<String>,
    /// Batches that are done: their rows are kept with the batches, and their bytes go.
    pub(super) done: Vec<Batch>,
}

/// A batch's document: its bytes until it is done, and its row from then on. `subscription`, `number`, `done`, `members` and `made_at` are
/// mapped.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct BatchDocument {
    pub(super) subscription: SubscriptionId,
    pub(super) number: u64,
    pub(super) made_at: Timestamp,
    pub(super) done: bool,
    pub(super) row: Option<Batch>,
    pub(super) body: Option<String>,
    /// Of whom the bytes say something.
    pub(super) members: Vec<MemberId>,
}

/// An event of a batch that is being made, as it was read by its id.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) event: Event,
    pub(super) stamp: crate::elasticsearch::Stamp,
}

impl QueueDocument {
    pub(super) fn new(subscription: SubscriptionId) -> QueueDocument {
        QueueDocument {
            subscription,
            open: false,
            owner: None,
            lease_until: None,
            queue: Queue::default(),
            rows: Vec::new(),
            follows: Follows::default(),
        }
    }

    /// The node that has it, if that is another one whose lease has not ended.
    pub(super) fn held_by_another(&self, node: &str, now: Timestamp) -> Option<&str> {
        let lasts = self.lease_until.is_some_and(|until| until > now);
        self.owner.as_deref().filter(|owner| *owner != node && lasts)
    }

    /// Takes it, or keeps it, for a while.
    pub(super) fn lease(&mut self, node: &str, now: Timestamp) {
        self.owner = Some(node.to_owned());
        self.lease_until = now.checked_add(LEASE).ok();
    }
}

impl Follows {
    pub(super) fn is_empty(&self) -> bool {
        self.batched.is_empty() && self.done.is_empty()
    }
}

/// The id of a batch's document: of two nodes that make the same number each has bytes of its own, until the queue names one.
pub(super) fn batch_id(subscription: &SubscriptionId, number: u64, webhook_id: &str) -> String {
    format!("{subscription}:{number}:{webhook_id}")
}
