//! When a batch is tried again, and when it is given up: an attempt's answer to what happens next.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use reqwest::StatusCode;

/// How long a receiver may put us off by `Retry-After`.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// When failed batches are tried again.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// The wait before each attempt, the first one's included (in addition to the linger); when the last one failed, the
    /// subscription is paused.
    pub waits: Vec<Duration>,
    /// Each wait is made longer by a random part of up to this share of it, so that batches that failed together do
    /// not come back together.
    pub jitter: f64,
    /// After so many attempts that refused the batch itself ([`Verdict::Refused`]) it is set aside.
    pub refused_tries: u32,
}

impl Default for Schedule {
    /// At once, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h: three days in all.
    fn default() -> Self {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        let seconds = [0, 5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
        Schedule { waits: seconds.map(Duration::from_secs).to_vec(), jitter: 0.2, refused_tries: 3 }
    }
}

/// What a receiver's status says about the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// 2xx: taken.
    Delivered,
    /// 410: the receiver wants no more, ever.
    Gone,
    /// The receiver understood and refuses this very request: it will hardly think otherwise of the same bytes.
    Refused,
    /// The receiver is not well, or not there: worth trying again for days.
    Failed,
}

impl Verdict {
    /// Reads a status code. Redirects are not followed, and count as failed.
    pub fn of(status: StatusCode) -> Verdict {
        match status {
            StatusCode::GONE => Verdict::Gone,
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::CONFLICT
            | StatusCode::TOO_EARLY
            | StatusCode::TOO_MANY_REQUESTS => Verdict::Failed,
            status if status.is_success() => Verdict::Delivered,
            status if status.is_client_error() => Verdict::Refused,
            _ => Verdict::Failed,
        }
    }
}

/// What happens to a batch after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is done.
    Delivered,
    /// It is tried again.
    Retry {
        /// Not before.
        at: Timestamp,
    },
    /// It is set aside, and the queue goes on.
    SetAside,
    /// The whole schedule failed: the subscription is paused, and the batch waits.
    Pause,
    /// The subscription is over.
    End,
}

/// How often a batch was tried since it was made or its subscription was resumed, the attempt in question included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    /// All attempts.
    pub all: u32,
    /// Those that the receiver refused.
    pub refused: u32,
}

impl Schedule {
    /// What happens after an attempt that ended at `now`.
    pub fn decide(&self, verdict: Verdict, tries: Tries, retry_after: Option<Duration>, now: Timestamp) -> Decision {
        match verdict {
            Verdict::Delivered => Decision::Delivered,
            Verdict::Gone => Decision::End,
            Verdict::Refused if tries.refused >= self.refused_tries => Decision::SetAside,
            Verdict::Refused | Verdict::Failed => match self.wait_before(tries.all, retry_after) {
                Some(wait) => Decision::Retry { at: later(now, wait) },
                None => Decision::Pause,
            },
        }
    }

    /// The wait before the attempt that follows on `made` ones; `None` when the schedule is over.
    fn wait_before(&self, made: u32, retry_after: Option<Duration>) -> Option<Duration> {
        let wait = self.waits.get(usize::try_from(made).ok()?)?;
        let asked = retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
        let jitter = 1.0 + self.jitter.clamp(0.0, 1.0) * rand::random::<f64>();
        Some((*wait).max(asked).mul_f64(jitter))
    }
}

/// Reads a `Retry-After` header: seconds, or an HTTP date.
pub fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = header.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(header.trim()).ok()?;
    Some(date.duration_since(SystemTime::from(now)).unwrap_or_default())
}

/// `wait` after `from`; the end of time where that is out of range.
pub fn later(from: Timestamp, wait: Duration) -> Timestamp {
    from.saturating_add(jiff::SignedDuration::try_from(wait).unwrap_or(jiff::SignedDuration::MAX))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn failed(all: u32, retry_after: Option<u64>) -> Decision {
        let tries = Tries { all, refused: 0 };
        Schedule::default().decide(Verdict::Failed, tries, retry_after.map(Duration::from_secs), NOW)
    }

    fn seconds_until(decision: Decision) -> i64 {
        match decision {
            Decision::Retry { at } => at.as_second(),
            other => panic!("{other:?} is no retry"),
        }
    }

    #[test]
    fn a_failed_batch_is_tried_ten_times_and_never_before_its_time() {
        for (made, wait) in [(1, 5), (2, 300), (3, 1_800), (4, 7_200), (9, 86_400)] {
            let after = seconds_until(failed(made, None));
            assert!((wait..=wait * 12 / 10).contains(&after), "after {made} attempts: {after} s");
        }
        assert_eq!(failed(10, None), Decision::Pause);
    }

    #[test]
    fn retry_after_is_obeyed_within_a_day() {
        assert!((60..=72).contains(&seconds_until(failed(1, Some(60)))));
        assert!((300..=360).contains(&seconds_until(failed(2, Some(1)))), "the schedule's own wait is longer");
        assert!(seconds_until(failed(1, Some(u64::MAX))) <= 86_400 * 12 / 10);
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let now = "2026-11-06T08:49:37Z".parse().unwrap();
        assert_eq!(retry_after("120", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Fri, 06 Nov 2026 08:50:07 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::ZERO));
        for nonsense in ["", "-1", "soon", "1.5"] {
            assert_eq!(retry_after(nonsense, now), None);
        }
    }

    #[test]
    fn statuses_are_read_as_the_documentation_says() {
        for (status, verdict) in [
            (200, Verdict::Delivered),
            (204, Verdict::Delivered),
            (301, Verdict::Failed),
            (304, Verdict::Failed),
            (400, Verdict::Refused),
            (401, Verdict::Refused),
            (404, Verdict::Refused),
            (408, Verdict::Failed),
            (409, Verdict::Failed),
            (410, Verdict::Gone),
            (413, Verdict::Refused),
            (422, Verdict::Refused),
            (425, Verdict::Failed),
            (429, Verdict::Failed),
            (500, Verdict::Failed),
            (503, Verdict::Failed),
            (999, Verdict::Failed),
        ] {
            assert_eq!(Verdict::of(StatusCode::from_u16(status).unwrap()), verdict, "{status}");
        }
    }

    #[test]
    fn a_refused_batch_is_set_aside_at_the_third_refusal_whatever_failed_between() {
        let decide = |all, refused| Schedule::default().decide(Verdict::Refused, Tries { all, refused }, None, NOW);
        assert!(matches!(decide(2, 2), Decision::Retry { .. }));
        assert!(matches!(decide(5, 2), Decision::Retry { .. }));
        assert_eq!(decide(3, 3), Decision::SetAside);
        assert_eq!(Schedule::default().decide(Verdict::Gone, Tries { all: 1, refused: 0 }, None, NOW), Decision::End);
    }
}
