//! `term`, `terms`, `terms_set`, `range`, `exists`, `ids`, `match_all` and `match_none`.

use serde_json::{Value, json};

use super::Ground;
use super::parameters::{decorate, minimum_should_match, of_field, truth};
use crate::generator::draw::Draw;
use crate::generator::schema::Field;
use crate::generator::values::{KEYS, Values};

/// The name to ask: of a flattened field often one of its keys.
pub fn name_of(draw: &mut Draw, field: &Field) -> String {
    if field.values == Values::Keys && draw.chance(60) {
        return format!("{}.{}", field.path, draw.one(KEYS));
    }
    field.path.clone()
}

pub fn term(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    if draw.chance(2) {
        return Some(json!({"term": {"_id": id(draw, ground)}}));
    }
    let field = ground.field(draw, |_| true)?;
    let name = name_of(draw, field);
    let value = field.values.in_query(draw, ground.words);
    let mut parameters = json!({});
    draw.maybe(if field.has_terms() { 15 } else { 0 }, &mut parameters, "case_insensitive", truth);
    Some(of_field(draw, "term", &name, "value", value, parameters))
}

pub fn terms(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let field = ground.field(draw, |_| true)?;
    let name = name_of(draw, field);
    let count = draw.below(5);
    let mut body = json!({name: values(draw, ground, field, count)});
    decorate(draw, &mut body);
    Some(json!({"terms": body}))
}

pub fn terms_set(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let field = ground.field(draw, |field| field.has_terms() || field.has_order())?;
    let count = draw.below(4) + 1;
    let mut body = json!({"terms": values(draw, ground, field, count)});
    let minimum = ground.field(draw, |field| matches!(field.values, Values::Whole { .. }));
    match minimum {
        Some(minimum) if draw.chance(60) => body["minimum_should_match_field"] = json!(minimum.path),
        _ => body["minimum_should_match"] = minimum_should_match(draw),
    }
    Some(json!({"terms_set": {field.path.clone(): body}}))
}

fn values(draw: &mut Draw, ground: &Ground, field: &Field, count: usize) -> Vec<Value> {
    (0..count).map(|_| field.values.in_query(draw, ground.words)).collect()
}

pub fn range(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let is_ordered = draw.chance(85);
    let field = ground.field(draw, |field| field.has_order() == is_ordered)?;
    let mut body = json!({});
    for bounds in [["gt", "gte"], ["lt", "lte"]] {
        if draw.chance(70) {
            let value = if draw.chance(3) { Value::Null } else { field.values.bound(draw, ground.words) };
            body[draw.one(&bounds)] = value;
        }
    }
    field.values.range_parameters(draw, &mut body);
    decorate(draw, &mut body);
    Some(json!({"range": {name_of(draw, field): body}}))
}

pub fn exists(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let schema = ground.schema;
    let name = match draw.below(12) {
        0 if !schema.objects.is_empty() => draw.one(&schema.objects),
        1 if !schema.nested.is_empty() => draw.one(&schema.nested),
        2 => format!("{}*", ground.field(draw, |_| true)?.path.get(..1)?),
        3 => draw.one(&["_id", "_source", "_index"]).to_owned(),
        _ => {
            let field = ground.field(draw, |_| true)?;
            name_of(draw, field)
        }
    };
    let mut body = json!({"field": name});
    decorate(draw, &mut body);
    Some(json!({"exists": body}))
}

pub fn ids(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let values: Vec<Value> = (0..draw.below(6)).map(|_| id(draw, ground)).collect();
    Some(json!({"ids": {"values": values}}))
}

fn id(draw: &mut Draw, ground: &Ground) -> Value {
    json!(draw.below(ground.documents + 1).to_string())
}

pub fn all_or_none(draw: &mut Draw, _: &Ground, _: usize) -> Option<Value> {
    let mut body = json!({});
    decorate(draw, &mut body);
    Some(json!({draw.one(&["match_all", "match_none"]): body}))
}
