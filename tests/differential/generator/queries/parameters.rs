//! Parameters that many clauses share.

use serde_json::{Value, json};

use super::Ground;
use crate::generator::draw::Draw;

/// `{clause: {field: value}}`, or `{clause: {field: {key: value, …}}}`.
pub fn of_field(draw: &mut Draw, clause: &str, field: &str, key: &str, value: Value, parameters: Value) -> Value {
    let is_plain = parameters.as_object().is_none_or(serde_json::Map::is_empty);
    if is_plain && draw.chance(60) {
        return json!({clause: {field: value}});
    }
    let mut body = parameters;
    body[key] = value;
    decorate(draw, &mut body);
    json!({clause: {field: body}})
}

/// What decides no match.
pub fn decorate(draw: &mut Draw, body: &mut Value) {
    if draw.chance(5) {
        body["boost"] = json!(2.5);
    }
    if draw.chance(5) {
        body["_name"] = json!("named");
    }
}

pub fn truth(draw: &mut Draw) -> Value {
    json!(draw.chance(50))
}

pub fn operator(draw: &mut Draw) -> Value {
    json!(draw.one(&["and", "or", "AND", "OR"]))
}

pub fn minimum_should_match(draw: &mut Draw) -> Value {
    const FORMS: &[&str] = &[
        "1",
        "2",
        "3",
        "0",
        "-1",
        "-2",
        "50%",
        "75%",
        "-25%",
        "100%",
        "34%",
        "2<75%",
        "1<-1",
        "2<-25% 4<3",
        "3<90%",
        "-50%",
        "10",
    ];
    if draw.chance(30) { json!(draw.between(-1, 3)) } else { json!(draw.one(FORMS)) }
}

pub fn fuzziness(draw: &mut Draw) -> Value {
    [json!("AUTO"), json!("AUTO"), json!(1), json!(2), json!("1"), json!(0), json!("AUTO:2,4"), json!("auto")]
        [draw.below(8)]
    .clone()
}

pub fn zero_terms_query(draw: &mut Draw) -> Value {
    json!(draw.one(&["none", "all"]))
}

pub fn analyzer(draw: &mut Draw, ground: &Ground) -> Value {
    json!(ground.schema.realm.analyzer(draw))
}
