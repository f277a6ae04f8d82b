//! `distance_feature` and `rank_feature`.

use serde_json::{Value, json};

use super::Ground;
use super::parameters::decorate;
use crate::generator::draw::Draw;
use crate::generator::values::Values;

pub fn distance_feature(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let field = ground.field(draw, |field| matches!(field.values, Values::Date { .. } | Values::Point))?;
    let (origin, pivot) = match field.values {
        Values::Point => (json!([2.35, 48.85]), json!("100km")),
        _ => (field.values.bound(draw, ground.words), json!(draw.one(&["7d", "1h", "300d"]))),
    };
    let mut body = json!({"field": field.path, "origin": origin, "pivot": pivot});
    decorate(draw, &mut body);
    Some(json!({"distance_feature": body}))
}

pub fn rank_feature(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let field = ground.field(draw, |field| field.values == Values::Feature)?;
    let mut body = json!({"field": field.path});
    draw.maybe(30, &mut body, "saturation", |_| json!({"pivot": 8}));
    decorate(draw, &mut body);
    Some(json!({"rank_feature": body}))
}
