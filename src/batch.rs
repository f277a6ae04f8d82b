//! Batches: events of one subscription that are sent in one POST, and the attempts to send them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Sequence;

/// The place of a batch in its subscription's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BatchNumber(pub u64);

/// One try of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took until the answer's head, or the failure.
    pub duration_ms: u64,
    /// The receiver's status code, where it answered.
    pub status: Option<u16>,
    /// Why it did not succeed, in words.
    pub error: Option<String>,
}

/// Where a batch stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// To be sent, or sent again, not before this instant.
    Pending {
        /// The instant.
        next_attempt_at: Timestamp,
    },
    /// Taken by the receiver.
    Delivered,
    /// Refused by the receiver again and again; the queue went on without it.
    SetAside,
}

/// A batch as it is kept, without its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Its place in the queue.
    pub number: BatchNumber,
    /// The `webhook-id` header of all its attempts.
    pub webhook_id: String,
    /// How many events it holds.
    pub events: u32,
    /// Its first event.
    pub first: Sequence,
    /// Its last event.
    pub last: Sequence,
    /// When its oldest event was accepted.
    pub oldest_at: Timestamp,
    /// When it was made.
    pub made_at: Timestamp,
    /// Where it stands.
    pub state: BatchState,
    /// How often it was tried since it was made or its subscription was resumed.
    pub tries: u32,
    /// How many of these tries the receiver refused with a 4xx.
    pub refused: u32,
    /// Its newest attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

/// The most attempts of a batch that are kept.
pub const KEPT_ATTEMPTS: usize = 20;

impl BatchState {
    /// Whether the receiver took it.
    pub fn is_delivered(&self) -> bool {
        match self {
            BatchState::Delivered => true,
            BatchState::Pending { .. } | BatchState::SetAside => false,
        }
    }
}

impl Batch {
    /// Remembers an attempt, and forgets the oldest where there are too many.
    pub fn remember(&mut self, attempt: Attempt) {
        if self.attempts.len() >= KEPT_ATTEMPTS {
            self.attempts.remove(0);
        }
        self.attempts.push(attempt);
    }
}
