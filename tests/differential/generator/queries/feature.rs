//! `distance_feature` and `rank_feature`.

use serde_json::{Value, json};

use super::Ground;
use super::parameters::decorate;
use crate::generator::draw::Draw;
use crate::generator::schema::joined;
use crate::generator::values::{FEATURES, Values};

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
    let field = ground.field(draw, |field| matches!(field.values, Values::Feature | Values::Features))?;
    let name = match field.values {
        Values::Features => joined(&field.path, draw.one(FEATURES)),
        _ => field.path.clone(),
    };
    let mut body = json!({"field": name});
    match draw.below(10) {
        0..3 => body["saturation"] = json!({"pivot": 8}),
        3 => body["log"] = json!({"scaling_factor": 4}),
        4 => body["sigmoid"] = json!({"pivot": 7, "exponent": 0.6}),
        5 => body["linear"] = json!({}),
        _ => {}
    }
    decorate(draw, &mut body);
    Some(json!({"rank_feature": body}))
}
