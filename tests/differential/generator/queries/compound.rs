//! Clauses around clauses.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::parameters::{decorate, minimum_should_match};
use super::{Ground, clause};
use crate::generator::draw::Draw;

pub fn bool(draw: &mut Draw, ground: &Ground, depth: usize) -> Option<Value> {
    let mut body = json!({});
    for (occurrence, percent, most) in [("must", 40, 2), ("filter", 25, 2), ("should", 60, 3), ("must_not", 20, 2)] {
        if draw.chance(percent) {
            body[occurrence] = clauses(draw, ground, depth, most);
        }
    }
    draw.maybe(20, &mut body, "minimum_should_match", minimum_should_match);
    decorate(draw, &mut body);
    Some(json!({"bool": body}))
}

/// An array of clauses, or one without its array.
fn clauses(draw: &mut Draw, ground: &Ground, depth: usize, most: i64) -> Value {
    if draw.chance(15) {
        return clause(draw, ground, depth + 1);
    }
    let least = if draw.chance(3) { 0 } else { 1 };
    Value::Array((0..draw.between(least, most)).map(|_| clause(draw, ground, depth + 1)).collect())
}

pub fn nested(draw: &mut Draw, ground: &Ground, depth: usize) -> Option<Value> {
    // Within others than those below it a path finds objects of other documents, or fails in nodes.
    let is_below = |path: &String| ground.scope.is_empty() || path.starts_with(&format!("{}.", ground.scope));
    let below: Vec<&String> = ground.schema.nested.iter().filter(|path| is_below(path)).collect();
    if below.is_empty() {
        return None;
    }
    let path = draw.one(&below);
    let inside = Ground { scope: path, ..*ground };
    let mut body = json!({"path": path, "query": clause(draw, &inside, depth + 1)});
    draw.maybe(8, &mut body, "score_mode", |draw| json!(draw.one(&["avg", "max", "min", "sum", "none"])));
    draw.maybe(8, &mut body, "ignore_unmapped", |draw| json!(draw.chance(50)));
    if draw.chance(2) {
        body["path"] = json!("nowhere");
        body["ignore_unmapped"] = json!(true);
    }
    decorate(draw, &mut body);
    Some(json!({"nested": body}))
}

pub fn boosting(draw: &mut Draw, ground: &Ground, depth: usize) -> Option<Value> {
    let (positive, negative) = (clause(draw, ground, depth + 1), clause(draw, ground, depth + 1));
    Some(json!({"boosting": {"positive": positive, "negative": negative, "negative_boost": 0.5}}))
}

pub fn constant_score(draw: &mut Draw, ground: &Ground, depth: usize) -> Option<Value> {
    let mut body = json!({"filter": clause(draw, ground, depth + 1)});
    decorate(draw, &mut body);
    Some(json!({"constant_score": body}))
}

pub fn dis_max(draw: &mut Draw, ground: &Ground, depth: usize) -> Option<Value> {
    let queries: Vec<Value> = (0..draw.between(1, 3)).map(|_| clause(draw, ground, depth + 1)).collect();
    let mut body = json!({"queries": queries});
    draw.maybe(20, &mut body, "tie_breaker", |_| json!(0.7));
    decorate(draw, &mut body);
    Some(json!({"dis_max": body}))
}

pub fn function_score(draw: &mut Draw, ground: &Ground, depth: usize) -> Option<Value> {
    let mut body = json!({});
    if draw.chance(85) {
        body["query"] = clause(draw, ground, depth + 1);
    }
    match draw.below(3) {
        0 => body["weight"] = json!(2),
        1 => body["random_score"] = json!({}),
        _ => body["functions"] = json!([{"filter": clause(draw, ground, depth + 1), "weight": 3}, {"weight": 0.5}]),
    }
    draw.maybe(10, &mut body, "score_mode", |draw| json!(draw.one(&["multiply", "sum", "first", "max"])));
    draw.maybe(10, &mut body, "boost_mode", |draw| json!(draw.one(&["multiply", "replace", "sum"])));
    decorate(draw, &mut body);
    Some(json!({"function_score": body}))
}

pub fn wrapper(draw: &mut Draw, ground: &Ground, depth: usize) -> Option<Value> {
    let inner = clause(draw, ground, depth + 1).to_string();
    Some(json!({"wrapper": {"query": BASE64_STANDARD.encode(inner)}}))
}
