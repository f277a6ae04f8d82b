//! `match`, `match_phrase`, `match_phrase_prefix`, `match_bool_prefix`.

use serde_json::{Value, json};

use super::Ground;
use super::parameters::{analyzer, fuzziness, minimum_should_match, of_field, operator, truth, zero_terms_query};
use super::term_level::name_of;
use crate::generator::draw::Draw;
use crate::generator::schema::Field;

/// A field, mostly of words, and what to ask it for.
fn asked<'a>(draw: &mut Draw, ground: &Ground<'a>) -> Option<(&'a Field, Value)> {
    let field = if draw.chance(85) { ground.worded(draw)? } else { ground.field(draw, |_| true)? };
    let text =
        if field.has_terms() { json!(ground.words.text(draw, 4)) } else { field.values.in_query(draw, ground.words) };
    Some((field, text))
}

pub fn match_query(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let (field, text) = asked(draw, ground)?;
    let mut parameters = json!({});
    terms_of_text(draw, ground, &mut parameters);
    draw.maybe(10, &mut parameters, "zero_terms_query", zero_terms_query);
    draw.maybe(10, &mut parameters, "lenient", truth);
    let name = name_of(draw, field);
    Some(of_field(draw, "match", &name, "query", text, parameters))
}

pub fn match_bool_prefix(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let (field, _) = asked(draw, ground)?;
    let text = format!("{} {}", ground.words.text(draw, 2), ground.words.prefix(draw));
    let mut parameters = json!({});
    terms_of_text(draw, ground, &mut parameters);
    Some(of_field(draw, "match_bool_prefix", &field.path, "query", json!(text), parameters))
}

fn terms_of_text(draw: &mut Draw, ground: &Ground, parameters: &mut Value) {
    draw.maybe(30, parameters, "operator", operator);
    draw.maybe(20, parameters, "minimum_should_match", minimum_should_match);
    draw.maybe(5, parameters, "analyzer", |draw| analyzer(draw, ground));
    if draw.chance(15) {
        parameters["fuzziness"] = fuzziness(draw);
        draw.maybe(30, parameters, "prefix_length", |draw| json!(draw.below(3)));
        draw.maybe(30, parameters, "fuzzy_transpositions", truth);
    }
}

pub fn match_phrase(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let (field, text) = asked(draw, ground)?;
    let parameters = phrase_parameters(draw, ground);
    Some(of_field(draw, "match_phrase", &field.path, "query", text, parameters))
}

pub fn match_phrase_prefix(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let (field, _) = asked(draw, ground)?;
    let text = format!("{} {}", ground.words.text(draw, 2), ground.words.prefix(draw));
    let parameters = phrase_parameters(draw, ground);
    Some(of_field(draw, "match_phrase_prefix", &field.path, "query", json!(text), parameters))
}

fn phrase_parameters(draw: &mut Draw, ground: &Ground) -> Value {
    let mut parameters = json!({});
    draw.maybe(40, &mut parameters, "slop", |draw| json!(draw.one(&[0, 1, 2, 3, 5, 100, 103])));
    draw.maybe(8, &mut parameters, "analyzer", |draw| analyzer(draw, ground));
    draw.maybe(8, &mut parameters, "zero_terms_query", zero_terms_query);
    parameters
}
