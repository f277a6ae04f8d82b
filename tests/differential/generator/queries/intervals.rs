//! `intervals`: all its rules and filters but scripts.

use serde_json::{Value, json};

use super::Ground;
use super::parameters::{analyzer, fuzziness, truth};
use super::patterns::wildcard_pattern;
use crate::generator::draw::Draw;
use crate::generator::schema::Field;

const FILTERS: &[&str] = &[
    "after",
    "before",
    "contained_by",
    "containing",
    "not_contained_by",
    "not_containing",
    "not_overlapping",
    "overlapping",
];

pub fn intervals(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let field = ground.field(draw, Field::is_text)?;
    Some(json!({"intervals": {field.path.clone(): rule(draw, ground, 0)}}))
}

fn rule(draw: &mut Draw, ground: &Ground, depth: usize) -> Value {
    let words = ground.words;
    let kind = if depth > 2 { 0 } else { draw.below(14) };
    let (name, mut body) = match kind {
        0..6 => ("match", json!({"query": words.text(draw, 3)})),
        6 => ("prefix", json!({"prefix": words.prefix(draw)})),
        7 => ("wildcard", json!({"pattern": wildcard_pattern(draw, words)})),
        8 => {
            let mut body = json!({"term": words.near_word(draw)});
            draw.maybe(40, &mut body, "fuzziness", fuzziness);
            draw.maybe(30, &mut body, "prefix_length", |draw| json!(draw.below(3)));
            draw.maybe(30, &mut body, "transpositions", truth);
            ("fuzzy", body)
        }
        9..12 => ("all_of", json!({"intervals": rules(draw, ground, depth)})),
        _ => ("any_of", json!({"intervals": rules(draw, ground, depth)})),
    };
    if matches!(name, "match" | "all_of") {
        draw.maybe(40, &mut body, "max_gaps", |draw| json!(draw.between(-1, 3)));
        draw.maybe(40, &mut body, "ordered", truth);
    }
    if matches!(name, "match" | "prefix" | "wildcard" | "fuzzy") {
        draw.maybe(6, &mut body, "analyzer", |draw| analyzer(draw, ground));
    }
    if matches!(name, "match" | "all_of" | "any_of") && depth < 2 && draw.chance(20) {
        body["filter"] = json!({draw.one(FILTERS): rule(draw, ground, depth + 1)});
    }
    json!({name: body})
}

fn rules(draw: &mut Draw, ground: &Ground, depth: usize) -> Vec<Value> {
    (0..draw.between(1, 3)).map(|_| rule(draw, ground, depth + 1)).collect()
}
