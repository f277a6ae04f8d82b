//! The example notification of `/simulate` and `/test`: what a real one looks like, signed and through the same guard.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::Semaphore;
use url::Url;

use super::client::{Client, Request};
use super::payload;
use crate::batch::Attempt;
use crate::change::{Change, ChangeKind};
use crate::event::{Event, EventStatus, MatchedPosition, Sequence};
use crate::member::MemberId;
use crate::subscription::{Format, SubscriptionId};

/// So many examples are sent at once: somebody waits for each, and none may be in a real delivery's way.
pub(super) const AT_ONCE: usize = 16;

/// The member of the example.
const MEMBER: MemberId = MemberId::EXAMPLE;

/// An example that was sent, and what the receiver said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its `webhook-id`.
    pub webhook_id: String,
    /// The secret that signed it.
    pub secret: String,
    /// Its body.
    pub body: String,
    /// What came of it.
    pub attempt: Attempt,
}

/// Why no example was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExampleError {
    /// Too many at once.
    #[error("{AT_ONCE} example notifications are on their way already; try again in some seconds")]
    Busy,
    /// The example cannot be written.
    #[error("cannot write the example notification: {0}")]
    Unwritable(String),
}

/// Sends examples.
#[derive(Clone)]
pub(super) struct Examples {
    client: Client,
    slots: Arc<Semaphore>,
}

impl Examples {
    pub(super) fn new(client: Client) -> Self {
        Examples { client, slots: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    pub(super) async fn send(
        &self,
        url: &Url,
        secret: &str,
        format: Format,
        subscription: &SubscriptionId,
    ) -> Result<Example, ExampleError> {
        let _slot = self.slots.try_acquire().map_err(|_| ExampleError::Busy)?;
        let unwritable = |error: String| ExampleError::Unwritable(error);
        let payload = payload::write(format, &[event(subscription)], usize::MAX)
            .map_err(|error| unwritable(error.to_string()))?;
        let body = String::from_utf8(payload.body).map_err(|error| unwritable(error.to_string()))?;
        let webhook_id = format!("msg_example_{}", uuid::Uuid::now_v7().simple());
        let sent = Bytes::from(body.clone());
        let answer = self.client.post(Request { url, secret, webhook_id: &webhook_id, body: sent }).await;
        Ok(Example { webhook_id, secret: secret.to_owned(), body, attempt: answer.attempt })
    }
}

fn event(subscription: &SubscriptionId) -> Event {
    let position = json!({
        "title": "Head of Research",
        "company_id": 4171,
        "company_name": "Example Instruments",
        "date_from": "2026-01",
        "date_to": null,
    });
    Event {
        event_id: "evt_example".to_owned(),
        sequence: Sequence(0),
        subscription_id: subscription.clone(),
        member_id: MEMBER,
        status: EventStatus::Changed,
        changes: vec![Change { kind: ChangeKind::Started, before: None, after: Some(position.clone()) }],
        matched_positions: Some(vec![MatchedPosition { place: 0, position: Some(position) }]),
        occurred_at: Timestamp::now(),
    }
}
