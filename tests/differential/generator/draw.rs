//! Where chance comes from: the same seed draws the same cases.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

/// A source of choices.
pub struct Draw(StdRng);

impl Draw {
    pub fn from_seed(seed: u64) -> Draw {
        Draw(StdRng::seed_from_u64(seed))
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0.random_range(0..limit)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high)
    }

    pub fn chance(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }

    /// One of a list that is not empty.
    pub fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// So many of a list, repeats among them.
    pub fn some<T: Clone>(&mut self, of: &[T], count: usize) -> Vec<T> {
        (0..count).map(|_| self.one(of)).collect()
    }

    /// Gives an object a parameter, or not.
    pub fn maybe(&mut self, percent: u32, object: &mut Value, name: &str, value: impl FnOnce(&mut Draw) -> Value) {
        if self.chance(percent) {
            object[name] = value(self);
        }
    }

    /// An entry of a table, each as often as its weight says.
    pub fn weighted<T: Clone>(&mut self, table: &[(u32, T)]) -> T {
        let mut rest = self.0.random_range(0..table.iter().map(|(weight, _)| weight).sum());
        for (weight, entry) in table {
            if rest < *weight {
                return entry.clone();
            }
            rest -= weight;
        }
        unreachable!("the rest is below the sum of the weights")
    }
}
