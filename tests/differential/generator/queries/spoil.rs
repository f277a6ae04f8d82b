//! A query with one thing wrong: what the nodes refuse, Tripline should.

use serde_json::{Value, json};

use crate::generator::draw::Draw;

pub fn spoiled(draw: &mut Draw, mut query: Value) -> Value {
    let place = draw.below(count(&query));
    if let Some(target) = nth(&mut query, place) {
        spoil(draw, target);
    }
    query
}

fn spoil(draw: &mut Draw, value: &mut Value) {
    match value {
        Value::Object(entries) if draw.chance(60) => {
            entries.insert(draw.one(&["bogus", "query", "value", "path"]).to_owned(), json!(1));
        }
        Value::Object(entries) if !entries.is_empty() && draw.chance(50) => {
            let names: Vec<String> = entries.keys().cloned().collect();
            entries.remove(&draw.one(&names));
        }
        _ => {
            let replacements =
                [json!(null), json!(true), json!("bogus"), json!(-1), json!([]), json!({}), json!(["a", "b"])];
            *value = draw.one(&replacements);
        }
    }
}

/// How many values there are in it, itself among them.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(entries) => entries.values().map(count).sum(),
        _ => 0,
    }
}

fn nth(value: &mut Value, mut place: usize) -> Option<&mut Value> {
    if place == 0 {
        return Some(value);
    }
    place -= 1;
    let inner: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(entries) => entries.values_mut().collect(),
        _ => Vec::new(),
    };
    for child in inner {
        let size = count(child);
        if place < size {
            return nth(child, place);
        }
        place -= size;
    }
    None
}
