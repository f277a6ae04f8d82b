//! `simple_query_string`: a syntax that knows no errors.

use serde_json::{Value, json};

use super::Ground;
use super::parameters::{analyzer, decorate, minimum_should_match, operator, truth};
use crate::generator::draw::Draw;

pub fn simple_query_string(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let mut body = json!({"query": expression(draw, ground, 0)});
    if draw.chance(85) {
        body["fields"] = json!(ground.field_names(draw, |field| field.has_terms())?);
    }
    draw.maybe(35, &mut body, "default_operator", operator);
    draw.maybe(40, &mut body, "lenient", truth);
    draw.maybe(15, &mut body, "analyze_wildcard", truth);
    draw.maybe(10, &mut body, "minimum_should_match", minimum_should_match);
    draw.maybe(6, &mut body, "analyzer", |draw| analyzer(draw, ground));
    draw.maybe(6, &mut body, "quote_field_suffix", |draw| json!(draw.one(&[".raw", ".sub"])));
    draw.maybe(8, &mut body, "fuzzy_prefix_length", |draw| json!(draw.below(3)));
    draw.maybe(8, &mut body, "fuzzy_transpositions", truth);
    let flags = ["ALL", "NONE", "AND|OR|PREFIX", "PHRASE", "NOT|PRECEDENCE|ESCAPE", "FUZZY|NEAR|SLOP", "WHITESPACE|OR"];
    draw.maybe(15, &mut body, "flags", |draw| json!(draw.one(&flags)));
    decorate(draw, &mut body);
    Some(json!({"simple_query_string": body}))
}

fn expression(draw: &mut Draw, ground: &Ground, depth: usize) -> String {
    let words = ground.words;
    let mut text = String::new();
    for place in 0..draw.below(4) + 1 {
        if place > 0 {
            text.push_str(draw.weighted(&[(6, " "), (2, " + "), (2, " | "), (1, "|"), (1, "+")]));
        }
        text.push_str(draw.weighted(&[(12, ""), (2, "-"), (1, "+"), (1, "- ")]));
        text.push_str(&match draw.below(12) {
            0 if depth < 2 => format!("({})", expression(draw, ground, depth + 1)),
            1 | 2 => format!("\"{}\"{}", words.text(draw, 3), draw.weighted(&[(3, ""), (1, "~1"), (1, "~3")])),
            3 => format!("{}~{}", words.near_word(draw), draw.one(&["", "1", "2"])),
            4 => format!("{}*", words.prefix(draw)),
            5 if draw.chance(20) => draw.one(&["(", ")", "\"", "*", "~", "|", "\\", "()"]).to_owned(),
            _ => words.word(draw),
        });
    }
    text
}
