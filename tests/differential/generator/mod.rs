//! Random cases: a mapping, documents and queries drawn from one seed, given to real nodes and to Tripline.
//!
//! 1. `schema`, `documents` and `queries` draw a [`Round`], with values from the pools of `words` and `values`.
//! 2. The nodes are asked as for the written corpus; `tripline` asks Tripline, each query alone and all stored together.
//! 3. `verdict` compares, `known` sets aside what is deliberate.
//! 4. `shrink` makes a difference as small as it can, `report` prints it as an entry for the corpus.

mod analysis;
mod documents;
mod draw;
mod known;
mod queries;
mod report;
mod schema;
mod second_opinion;
mod shrink;
mod tripline;
mod values;
mod verdict;
mod words;

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::case::{Case, Query};
use crate::nodes::Node;
use crate::oracle;
use draw::Draw;
use queries::Ground;
use schema::Schema;
pub use verdict::Counts;
use verdict::{Difference, Kind};
use words::Words;

/// Documents and queries of one round.
const DOCUMENTS: usize = 40;
const QUERIES: usize = 80;
/// So many differences of a round are shrunk; the others likely have the same causes.
const SHRUNK_A_ROUND: usize = 3;

/// One mapping with its documents and queries.
#[derive(Clone)]
pub struct Round {
    pub seed: u64,
    pub mapping: Value,
    pub documents: Vec<Value>,
    pub queries: Vec<Value>,
}

impl Round {
    pub fn draw(seed: u64) -> Round {
        let mut draw = Draw::from_seed(seed);
        let words = Words::draw(&mut draw);
        let schema = Schema::draw(&mut draw, &words);
        let documents = (0..DOCUMENTS).map(|_| documents::document(&mut draw, &schema, &words)).collect();
        let ground = Ground { schema: &schema, words: &words, documents: DOCUMENTS, scope: "" };
        let queries = (0..QUERIES).map(|_| queries::query(&mut draw, &ground)).collect();
        Round { seed, mapping: schema.body, documents, queries }
    }

    fn query_id(place: usize) -> String {
        place.to_string()
    }

    /// The round as the oracle takes cases.
    fn case(&self) -> Case {
        let raw = |value: &Value| RawValue::from_string(value.to_string()).expect("JSON written out is JSON");
        let queries = self.queries.iter().enumerate();
        Case {
            name: format!("round-{}", self.seed),
            mapping: raw(&self.mapping),
            documents: (0..).zip(self.documents.iter().map(raw)).collect(),
            queries: queries.map(|(place, query)| Query { id: Round::query_id(place), query: raw(query) }).collect(),
        }
    }
}

/// What a run does, and when it ends.
pub struct Plan {
    pub seed: u64,
    pub until: Option<Instant>,
    pub pairs: Option<u64>,
    /// Whether the nodes' own percolators are asked too.
    pub percolators: bool,
}

impl Plan {
    fn is_done(&self, counts: &Counts) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until) || self.pairs.is_some_and(|pairs| counts.pairs >= pairs)
    }
}

/// Compares round after round until a limit is reached; gives each kind of difference to `tell`, shrunk and in words.
///
/// The first round's seed is the plan's, so that a round can be drawn again alone.
pub fn run(plan: &Plan, nodes: &[&Node], mut tell: impl FnMut(String)) -> Counts {
    let mut counts = Counts::default();
    let mut told = BTreeMap::new();
    let mut seeds = Draw::from_seed(plan.seed);
    let mut round_seed = plan.seed;
    while !plan.is_done(&counts) {
        counts.rounds += 1;
        let round = Round::draw(round_seed);
        round_seed = u64::from_le_bytes(std::array::from_fn(|_| seeds.below(256) as u8)) >> 16;
        if plan.percolators {
            second_opinion::count(&round, nodes, &mut counts.percolators);
        }
        let unexplained = compare(&round, nodes, &mut counts);
        counts.differences += unexplained.len() as u64;
        for difference in one_a_query(unexplained).iter().take(SHRUNK_A_ROUND) {
            let small = shrink::shrunk(&round, difference, nodes);
            // What is of the same clauses and kind is likely the same.
            let signature = report::signature(&small, difference.kind);
            let seen: &mut u32 = told.entry(signature).or_default();
            *seen += 1;
            if *seen <= 2 {
                tell(report::entry(&small, difference, nodes));
            }
        }
    }
    counts
}

/// The differences of a round that nothing explains.
fn compare(round: &Round, nodes: &[&Node], counts: &mut Counts) -> Vec<Difference> {
    let answers = oracle::ask(&round.case(), nodes);
    if answers.asked.is_empty() {
        counts.unasked += 1;
        return Vec::new();
    }
    let found = match tripline::ask(round) {
        Ok(opinion) => verdict::differences(round, &answers, &opinion, counts),
        Err(reason) => vec![Difference { kind: Kind::MappingRefused, query: None, document: None, reason }],
    };
    let (known, unexplained): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|difference| known::is_deliberate(difference, round, nodes));
    counts.known += known.len() as u64;
    unexplained
}

/// The first difference of each query, and of each document.
fn one_a_query(mut differences: Vec<Difference>) -> Vec<Difference> {
    differences.dedup_by_key(|difference| (difference.kind, difference.query));
    differences
}
