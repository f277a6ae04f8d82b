//! How often one tenant may do what costs others something.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::problem::Problem;
use crate::subscription::Tenant;

/// One step each `interval` and tenant.
pub struct Pace {
    interval: Duration,
    last: Mutex<HashMap<Tenant, Instant>>,
}

impl Pace {
    pub fn new(interval: Duration) -> Self {
        Pace { interval, last: Mutex::new(HashMap::new()) }
    }

    /// Takes a step, or says that it is too early: 429.
    pub fn step(&self, tenant: &Tenant) -> Result<(), Problem> {
        let now = Instant::now();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever may step again need not be remembered: the map holds the tenants of one interval.
        last.retain(|_, stepped| now.duration_since(*stepped) < self.interval);
        if last.contains_key(tenant) {
            let detail = format!("one such request each {:?} is allowed", self.interval);
            return Err(Problem::too_many(detail, self.interval));
        }
        last.insert(tenant.clone(), now);
        Ok(())
    }
}
