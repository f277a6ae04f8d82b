//! How deliveries are made.

use std::time::Duration;

use super::client::Timeouts;
use super::lanes::LaneSizes;
use super::schedule::Schedule;

/// How deliveries are made; the defaults are what the receivers' page, `docs/webhooks.md`,
/// promises.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryOptions {
    /// When a failed batch is tried again.
    pub schedule: Schedule,
    /// How long an attempt may take.
    pub timeouts: Timeouts,
    /// An attempt that takes longer makes room for other receivers; see [`LaneSizes`].
    pub patience: Duration,
    /// How many attempts may be on the wire at once.
    pub lanes: LaneSizes,
    /// How long the first event of a batch waits for more, where the cadence is `immediate`.
    pub linger: Duration,
    /// The most events of a batch.
    pub batch_events: usize,
    /// The most bytes of a batch's body, unless a single event has more.
    pub batch_bytes: usize,
    /// When so many batches in a row were refused and set aside, the webhook refuses everything: they are taken back,
    /// and the subscription is paused.
    pub refused_batches: usize,
    /// How long a shutdown waits for what is on the wire.
    pub drain: Duration,
    /// Whether webhooks may reach loopback and private addresses; see [`super::Guard`].
    pub allow_private_webhooks: bool,
}

impl Default for DeliveryOptions {
    fn default() -> Self {
        DeliveryOptions {
            schedule: Schedule::default(),
            timeouts: Timeouts::default(),
            patience: Duration::from_secs(2),
            lanes: LaneSizes::default(),
            linger: Duration::from_secs(1),
            batch_events: 100,
            batch_bytes: 1 << 20,
            refused_batches: 3,
            drain: Duration::from_secs(10),
            allow_private_webhooks: false,
        }
    }
}
