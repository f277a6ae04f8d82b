//! The whole data set: which member meets which scenario, and the text of the files.

use serde::Serialize;

use crate::members::{Shape, member};
use crate::random::Random;
use crate::versions::{Scenario, Versions, plan, versions};

const SEED: u64 = 20_260_112;

/// The files' names and texts.
pub fn files() -> [(&'static str, String); 3] {
    let all: Vec<Versions> = scenarios()
        .into_iter()
        .enumerate()
        .map(|(index, (scenario, shape))| one(index as u64, scenario, shape))
        .collect();
    [
        ("members_v1.ndjson", lines(all.iter().filter_map(|member| member.first.as_ref()))),
        ("members_v2.ndjson", lines(all.iter().filter_map(|member| member.second.as_ref()))),
        ("expected_changes.ndjson", lines(all.iter().map(|member| &member.expected))),
    ]
}

fn one(index: u64, scenario: Scenario, shape: Shape) -> Versions {
    let mut random = Random::new(SEED, index + 1);
    let first = member(index, member_id(index), shape, &mut random);
    versions(scenario, index, first, &mut random)
}

/// Ids with gaps; the last ones are beyond what a double holds exactly.
fn member_id(index: u64) -> u64 {
    match index {
        7 => 9_007_199_254_740_993,
        8 => 9_007_199_254_740_995,
        _ => 100_000 + 13 * index + index % 5,
    }
}

/// Every scenario as often as planned, shuffled.
fn scenarios() -> Vec<(Scenario, Shape)> {
    let mut all: Vec<(Scenario, Shape)> =
        plan().into_iter().flat_map(|(scenario, count, shape)| std::iter::repeat_n((scenario, shape), count)).collect();
    let mut random = Random::new(SEED, 0);
    for last in (1..all.len()).rev() {
        all.swap(last, random.between(0, last as u64 + 1) as usize);
    }
    all
}

fn lines<T: Serialize>(rows: impl Iterator<Item = T>) -> String {
    rows.map(|row| serde_json::to_string(&row).expect("fixtures are plain JSON") + "\n").collect()
}
