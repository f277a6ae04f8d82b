//! Random choices that a seed repeats.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

pub struct Random(StdRng);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(StdRng::seed_from_u64(seed))
    }

    /// From 0 to below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end.max(1))
    }

    pub fn one_in(&mut self, cases: usize) -> bool {
        self.below(cases) == 0
    }

    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// Small numbers mostly, large ones at times.
    pub fn count(&mut self, largest: usize) -> usize {
        match self.below(8) {
            0 => self.below(largest),
            1..=2 => self.below(largest.min(30)),
            _ => self.below(4),
        }
    }

    pub fn number(&mut self) -> f64 {
        self.0.random_range(-1e6..1e6)
    }
}
