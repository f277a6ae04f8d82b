//! Zipf's law with Mandelbrot's shift.

use rand::Rng;

use super::Random;

/// Values numbered from 0, the most frequent first: value `r` comes up in proportion to `1 / (r + shift)`.
///
/// The shift flattens the top: with 3 it is the words of a language, with hundreds the employers of a continent.
#[derive(Clone, Copy)]
pub struct Law {
    values: f64,
    shift: f64,
}

impl Law {
    pub const fn new(values: f64, shift: f64) -> Law {
        Law { values, shift }
    }

    pub fn draw(self, random: &mut Random) -> u64 {
        let uniform: f64 = random.random();
        (self.shift * (uniform * self.spread()).exp() - self.shift) as u64
    }

    /// The share of draws that give this value.
    pub fn frequency(self, value: u64) -> f64 {
        (1.0 / (value as f64 + self.shift)).ln_1p() / self.spread()
    }

    /// One of the values that come up in about this share of draws; one of the rarer half where none is so rare.
    pub fn of_frequency(self, random: &mut Random, frequency: f64) -> u64 {
        let value = 1.0 / (frequency * self.spread()) - self.shift;
        let value = value * random.random_range(0.9..1.1);
        match value < self.values {
            true => value.max(0.0) as u64,
            false => (self.values * random.random_range(0.5..1.0)) as u64,
        }
    }

    fn spread(self) -> f64 {
        ((self.values + self.shift) / self.shift).ln()
    }
}
