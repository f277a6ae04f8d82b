//! Makes a failing case small.

use serde_json::Value;

use crate::mutate::{nth, places};

const MOST_TRIES: usize = 2_000;

/// The smallest case that was found to fail still.
pub fn shrunk(case: Value, fails: impl Fn(&Value) -> bool) -> Value {
    let mut case = case;
    let mut tries = 0;
    let mut place = 0;
    while place < places(&case) && tries < MOST_TRIES {
        let smaller = smaller_at(&case, place);
        tries += smaller.len();
        match smaller.into_iter().find(|smaller| fails(smaller)) {
            Some(smaller) => case = smaller,
            None => place += 1,
        }
    }
    case
}

/// The case with less at one place.
fn smaller_at(case: &Value, place: usize) -> Vec<Value> {
    let mut whole = case.clone();
    let Some(inner) = nth(&mut whole, &mut { place }) else { return Vec::new() };
    let parts: Vec<Value> = match &*inner {
        Value::Array(items) if !items.is_empty() => {
            let half = items.len() / 2;
            let halves = [items[half..].to_vec(), items[..half].to_vec()].map(Value::Array);
            let without = (0..items.len().min(8)).map(|index| {
                let mut rest = items.clone();
                rest.remove(index);
                Value::Array(rest)
            });
            halves.into_iter().filter(|_| items.len() > 1).chain(without).collect()
        }
        Value::Object(object) => object
            .keys()
            .map(|name| {
                let mut rest = object.clone();
                rest.remove(name);
                Value::Object(rest)
            })
            .collect(),
        Value::String(text) if !text.is_empty() => {
            let characters: Vec<char> = text.chars().collect();
            let half = characters.len() / 2;
            let parts =
                [&characters[half..], &characters[..half], &characters[1..], &characters[..characters.len() - 1]];
            let parts = parts.into_iter().filter(|part| part.len() < characters.len());
            parts.map(|part| Value::String(part.iter().collect())).collect()
        }
        _ => Vec::new(),
    };
    let with = |part: Value| {
        let mut whole = case.clone();
        if let Some(inner) = nth(&mut whole, &mut { place }) {
            *inner = part;
        }
        whole
    };
    parts.into_iter().map(with).collect()
}
