//! Random documents of a mapping.

use serde_json::{Map, Value, json};

use super::draw::Draw;
use super::schema::{Schema, joined};
use super::words::Words;

pub fn document(draw: &mut Draw, schema: &Schema, words: &Words) -> Value {
    let mut document = object(draw, schema, words, &schema.body["mappings"]["properties"], "");
    // Where unknown fields are not mapped by the first document that has them.
    if schema.body["mappings"].get("dynamic").is_some() && draw.chance(2) {
        document["unknown"] = json!(words.word(draw));
    }
    document
}

fn object(draw: &mut Draw, schema: &Schema, words: &Words, properties: &Value, path: &str) -> Value {
    let mut object = Map::new();
    let fill = draw.one(&[25, 60, 85]);
    for (name, definition) in properties.as_object().into_iter().flatten() {
        let is_alias = definition["type"] == "alias";
        if is_alias || !draw.chance(fill) {
            continue;
        }
        let path = joined(path, name);
        let value = match definition.get("properties") {
            Some(inner) => {
                let inner_object = |draw: &mut Draw| self::object(draw, schema, words, inner, &path);
                several(draw, definition["type"] == "nested", inner_object)
            }
            None => match schema.field(&path) {
                Some(field) => several(draw, false, |draw| {
                    if draw.chance(3) { Value::Null } else { field.values.in_document(draw, words) }
                }),
                None => continue,
            },
        };
        object.insert(name.clone(), value);
    }
    Value::Object(object)
}

/// One value, an array of some, of arrays, or of none.
fn several(draw: &mut Draw, is_nested: bool, mut value: impl FnMut(&mut Draw) -> Value) -> Value {
    match draw.below(if is_nested { 30 } else { 100 }) {
        0 => json!([]),
        1 => Value::Null,
        2 => json!([[value(draw)], [value(draw)]]),
        3 => json!([null, value(draw)]),
        4..20 => Value::Array((0..draw.between(1, 3)).map(|_| value(draw)).collect()),
        20..25 if is_nested => json!([value(draw), value(draw)]),
        _ => value(draw),
    }
}
