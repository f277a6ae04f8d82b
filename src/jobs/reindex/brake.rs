//! Stops a job at once, wherever it is: between members, amid a wait, amid a request.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// Pulled once; whoever works for the job looks at it often.
#[derive(Debug, Default)]
pub struct Brake {
    halt: Mutex<Option<Halt>>,
    pulled: Condvar,
    token: CancellationToken,
}

/// Why a job is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// Somebody cancelled it.
    Cancelled,
    /// The process ends; the next start goes on with the job.
    Ending,
}

impl Brake {
    /// Stops the job; the first reason counts.
    pub fn pull(&self, halt: Halt) {
        self.state().get_or_insert(halt);
        self.pulled.notify_all();
        self.token.cancel();
    }

    /// # Errors
    ///
    /// With the reason, once the brake is pulled.
    pub fn check(&self) -> Result<(), Halt> {
        match *self.state() {
            Some(halt) => Err(halt),
            None => Ok(()),
        }
    }

    /// Waits.
    ///
    /// # Errors
    ///
    /// With the reason, as soon as the brake is pulled.
    pub fn wait(&self, time: Duration) -> Result<(), Halt> {
        let end = Instant::now() + time;
        let mut state = self.state();
        loop {
            if let Some(halt) = *state {
                return Err(halt);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let (woken, _) = self.pulled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
            state = woken;
        }
    }

    /// Cancelled when the brake is pulled, for what waits asynchronously.
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }

    fn state(&self) -> MutexGuard<'_, Option<Halt>> {
        // A single word, which is never half written.
        self.halt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
