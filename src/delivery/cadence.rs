//! When the oldest waiting event of a subscription is due.

use std::time::Duration;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::schedule::later;
use crate::subscription::Cadence;

/// When a batch that begins with an event of `oldest` is made: after the linger in which more events join it, or at the
/// digest's next midnight, UTC.
pub fn due(cadence: Cadence, oldest: Timestamp, linger: Duration) -> Timestamp {
    let today = oldest.to_zoned(TimeZone::UTC).date();
    match cadence {
        Cadence::Immediate => later(oldest, linger),
        Cadence::Daily => midnight(today.checked_add(1.day())),
        Cadence::Weekly => midnight(today.nth_weekday(1, Weekday::Monday)),
    }
}

/// The beginning of a day, UTC; the end of time where the calendar has no such day.
fn midnight(day: Result<Date, jiff::Error>) -> Timestamp {
    day.and_then(|day| day.to_zoned(TimeZone::UTC)).map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due_at(cadence: Cadence, oldest: &str) -> String {
        due(cadence, oldest.parse().unwrap(), Duration::from_secs(1)).to_string()
    }

    #[test]
    fn events_wait_for_the_linger_or_the_digests_hour() {
        // 2026-11-24 is a Tuesday.
        assert_eq!(due_at(Cadence::Immediate, "2026-11-24T03:18:39Z"), "2026-11-24T03:18:40Z");
        assert_eq!(due_at(Cadence::Daily, "2026-11-24T03:18:39Z"), "2026-11-25T00:00:00Z");
        assert_eq!(due_at(Cadence::Daily, "2026-12-31T23:59:59Z"), "2027-01-01T00:00:00Z");
        assert_eq!(due_at(Cadence::Weekly, "2026-11-24T03:18:39Z"), "2026-11-30T00:00:00Z");
    }

    #[test]
    fn an_event_at_the_very_midnight_belongs_to_the_next_digest() {
        assert_eq!(due_at(Cadence::Daily, "2026-11-24T00:00:00Z"), "2026-11-25T00:00:00Z");
        assert_eq!(due_at(Cadence::Weekly, "2026-11-30T00:00:00Z"), "2026-12-07T00:00:00Z");
    }
}
