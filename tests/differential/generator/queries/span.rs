//! `span_term`, `span_near`, `span_or`, `span_not`, `span_first`, `span_containing`, `span_within`, `span_multi`,
//! `span_field_masking`.

use serde_json::{Value, json};

use super::Ground;
use super::parameters::{decorate, truth};
use super::patterns::{regular_expression, wildcard_pattern};
use crate::generator::draw::Draw;
use crate::generator::schema::Field;

pub fn span(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    // All spans of a query are of one field.
    let field = ground.field(draw, Field::is_text)?;
    Some(clause(draw, ground, &field.path, 0))
}

fn clause(draw: &mut Draw, ground: &Ground, field: &str, depth: usize) -> Value {
    let kind = if depth > 2 { 0 } else { draw.below(14) };
    let inner = |draw: &mut Draw| clause(draw, ground, field, depth + 1);
    let (name, mut body) = match kind {
        0..4 => return term(draw, ground, field),
        4..7 => {
            let clauses: Vec<Value> = (0..draw.between(1, 3)).map(|_| inner(draw)).collect();
            let mut body = json!({"clauses": clauses, "slop": draw.one(&[0, 0, 1, 2, 5, 100])});
            draw.maybe(70, &mut body, "in_order", truth);
            ("span_near", body)
        }
        7 | 8 => {
            let clauses: Vec<Value> = (0..draw.between(1, 3)).map(|_| inner(draw)).collect();
            ("span_or", json!({"clauses": clauses}))
        }
        9 => {
            let mut body = json!({"include": inner(draw), "exclude": inner(draw)});
            match draw.below(4) {
                0 => body["dist"] = json!(draw.below(3)),
                1 => body["pre"] = json!(draw.below(3)),
                2 => body["post"] = json!(draw.below(3)),
                _ => {}
            }
            ("span_not", body)
        }
        10 => ("span_first", json!({"match": inner(draw), "end": draw.below(4)})),
        11 => ("span_containing", json!({"big": inner(draw), "little": inner(draw)})),
        12 => ("span_within", json!({"big": inner(draw), "little": inner(draw)})),
        _ => ("span_multi", json!({"match": expanded(draw, ground, field)})),
    };
    decorate(draw, &mut body);
    json!({name: body})
}

/// Terms are not analyzed.
fn term(draw: &mut Draw, ground: &Ground, field: &str) -> Value {
    let value = ground.words.word(draw);
    let value = if draw.chance(80) { value.to_lowercase() } else { value };
    if draw.chance(20) { json!({"span_term": {field: {"value": value}}}) } else { json!({"span_term": {field: value}}) }
}

/// A query that stands for the terms that fit it.
fn expanded(draw: &mut Draw, ground: &Ground, field: &str) -> Value {
    let words = ground.words;
    match draw.below(4) {
        0 => json!({"prefix": {field: words.prefix(draw).to_lowercase()}}),
        1 => json!({"wildcard": {field: wildcard_pattern(draw, words).to_lowercase()}}),
        2 => json!({"regexp": {field: regular_expression(draw, words)}}),
        _ => json!({"fuzzy": {field: words.near_word(draw).to_lowercase()}}),
    }
}
