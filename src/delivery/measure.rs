//! What an operator sees of delivery.

use std::time::Duration;

use jiff::Timestamp;
use metrics::{counter, gauge, histogram};

use super::client::Answer;
use super::lanes::{LaneName, Lanes};
use super::places::Places;
use super::schedule::Verdict;
use crate::batch::Batch;

/// Says what the metrics mean; once, before the first is counted.
pub(super) fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!("tripline_delivery_attempts_total", "webhook attempts, by verdict");
    describe_counter!("tripline_delivery_events_total", "events taken by receivers");
    describe_histogram!("tripline_delivery_attempt_seconds", Unit::Seconds, "how long attempts took");
    describe_histogram!(
        "tripline_delivery_lag_seconds",
        Unit::Seconds,
        "from the acceptance of a batch's oldest event to its delivery"
    );
    describe_gauge!("tripline_delivery_in_flight", "attempts on the wire, by lane");
    describe_gauge!(
        "tripline_delivery_waiting_subscriptions",
        "subscriptions with something to send, paused ones left out"
    );
    describe_gauge!(
        "tripline_delivery_oldest_waiting_seconds",
        Unit::Seconds,
        "age of the oldest event that waits to be sent, paused subscriptions left out"
    );
}

/// An attempt was made.
pub(super) fn attempt(answer: &Answer, batch: &Batch) {
    let verdict = match answer.verdict {
        Verdict::Delivered => "delivered",
        Verdict::Gone => "gone",
        Verdict::Refused => "refused",
        Verdict::Failed => "failed",
    };
    counter!("tripline_delivery_attempts_total", "verdict" => verdict).increment(1);
    histogram!("tripline_delivery_attempt_seconds").record(Duration::from_millis(answer.attempt.duration_ms));
    if answer.verdict == Verdict::Delivered {
        counter!("tripline_delivery_events_total").increment(u64::from(batch.events));
        histogram!("tripline_delivery_lag_seconds").record(seconds_since(batch.oldest_at));
    }
}

/// How much waits and how much is on the wire.
pub(super) fn backlog(places: &Places, lanes: &mut Lanes) {
    gauge!("tripline_delivery_waiting_subscriptions").set(places.len() as f64);
    gauge!("tripline_delivery_oldest_waiting_seconds").set(places.oldest().map_or(0.0, seconds_since));
    for name in LaneName::ALL {
        gauge!("tripline_delivery_in_flight", "lane" => name.as_str()).set(lanes.lane(name).taken() as f64);
    }
}

fn seconds_since(instant: Timestamp) -> f64 {
    instant.duration_until(Timestamp::now()).as_secs_f64().max(0.0)
}
