//! How many of the documents a query shall match.

use rand::Rng;

use super::Random;

/// The share of documents that a query shall match.
#[derive(Clone, Copy)]
pub enum Reach {
    /// A market or a trade: between 0.1 % and 5 %.
    Broad(f64),
    /// A company, a few people, a rare combination: under 0.01 %.
    Narrow(f64),
}

const BROAD: (f64, f64) = (0.001, 0.05);
const NARROW_MOST: f64 = 0.000_1;
/// The rarest narrow query matches so many times fewer documents than the most frequent one.
const NARROW_SPAN: f64 = 1_000.0;
/// A sum over all narrow queries: beyond it the same attention is spread over more and rarer ones.
const NARROW_MOST_OF_ALL: f64 = 10.0;
/// Few queries cannot all be broad.
const BROAD_MOST: f64 = 0.3;

/// Draws reaches so that so many of so many queries match a document.
pub struct Reaches {
    broad_share: f64,
    narrow: (f64, f64),
}

impl Reaches {
    pub fn new(queries: u64, matches: f64) -> Reaches {
        let queries = queries as f64;
        let most = NARROW_MOST.min(NARROW_MOST_OF_ALL / queries);
        let narrow = (most / NARROW_SPAN, most);
        let by_broad = matches - queries * mean(narrow);
        let broad_share = by_broad / mean(BROAD) / queries;
        Reaches { broad_share: broad_share.clamp(0.0, BROAD_MOST), narrow }
    }

    pub fn draw(&self, random: &mut Random) -> Reach {
        match random.random_bool(self.broad_share) {
            true => Reach::Broad(log_uniform(random, BROAD)),
            false => Reach::Narrow(log_uniform(random, self.narrow)),
        }
    }
}

fn log_uniform(random: &mut Random, (least, most): (f64, f64)) -> f64 {
    least * (most / least).powf(random.random())
}

/// The mean of log-uniform draws.
fn mean((least, most): (f64, f64)) -> f64 {
    (most - least) / (most / least).ln()
}

/// A share as the product of `N` shares, none of them by far the smallest.
pub fn factors<const N: usize>(random: &mut Random, share: f64) -> [f64; N] {
    let weights: [f64; N] = std::array::from_fn(|_| random.random_range(0.5..1.5));
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| share.powf(weight / sum))
}
