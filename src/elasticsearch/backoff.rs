//! How long to wait before a busy cluster is asked again.

use std::time::Duration;

use rand::Rng;
use tokio::time::Instant;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// Waits that double, each shortened by up to a half at random, so that those who were turned away together do not come back together.
pub(crate) struct Backoff {
    deadline: Instant,
    next: Duration,
}

impl Backoff {
    /// Waits until this time from now is over.
    pub fn until(timeout: Duration) -> Self {
        Backoff { deadline: Instant::now() + timeout, next: FIRST }
    }

    /// Waits; false, at once, when the time is over.
    pub async fn wait(&mut self) -> bool {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        let wait = self.next.mul_f64(rand::rng().random_range(0.5..=1.0));
        self.next = self.next.saturating_mul(2).min(LONGEST);
        tokio::time::sleep(wait.min(left)).await;
        true
    }
}
