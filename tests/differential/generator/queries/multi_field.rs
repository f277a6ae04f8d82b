//! `multi_match` and `combined_fields`.

use serde_json::{Value, json};

use super::Ground;
use super::parameters::{analyzer, decorate, fuzziness, minimum_should_match, operator, truth, zero_terms_query};
use crate::generator::draw::Draw;
use crate::generator::schema::Field;

pub fn multi_match(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let kind = draw.one(&["best_fields", "most_fields", "cross_fields", "phrase", "phrase_prefix", "bool_prefix"]);
    let mut body = json!({"query": ground.words.text(draw, 4)});
    draw.maybe(75, &mut body, "type", |_| json!(kind));
    let kind = body["type"].as_str().unwrap_or("best_fields");
    let (is_phrase, is_cross) = (kind.starts_with("phrase"), kind == "cross_fields");
    let is_lenient = draw.chance(30);
    if is_lenient {
        body["lenient"] = json!(true);
    }
    let wanted = |field: &Field| field.has_terms() || is_lenient;
    if draw.chance(92) {
        body["fields"] = json!(ground.field_names(draw, wanted)?);
    }
    draw.maybe(35, &mut body, "operator", operator);
    draw.maybe(20, &mut body, "minimum_should_match", minimum_should_match);
    draw.maybe(8, &mut body, "analyzer", |draw| analyzer(draw, ground));
    draw.maybe(8, &mut body, "zero_terms_query", zero_terms_query);
    draw.maybe(10, &mut body, "tie_breaker", |_| json!(0.3));
    // What a type does not take refuses the query.
    draw.maybe(if is_phrase { 40 } else { 1 }, &mut body, "slop", |draw| json!(draw.below(4)));
    if draw.chance(if is_phrase || is_cross { 1 } else { 15 }) {
        body["fuzziness"] = fuzziness(draw);
        draw.maybe(30, &mut body, "prefix_length", |draw| json!(draw.below(3)));
        draw.maybe(30, &mut body, "fuzzy_transpositions", truth);
    }
    decorate(draw, &mut body);
    Some(json!({"multi_match": body}))
}

pub fn combined_fields(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let text = ground.words.text(draw, 4);
    let mut body = json!({"query": text, "fields": ground.field_names(draw, Field::is_text)?});
    draw.maybe(35, &mut body, "operator", operator);
    draw.maybe(20, &mut body, "minimum_should_match", minimum_should_match);
    draw.maybe(8, &mut body, "zero_terms_query", zero_terms_query);
    decorate(draw, &mut body);
    Some(json!({"combined_fields": body}))
}
