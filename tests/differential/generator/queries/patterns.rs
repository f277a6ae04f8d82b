//! `prefix`, `wildcard`, `regexp`, `fuzzy`; and the patterns themselves, which query texts hold too.

use serde_json::{Value, json};

use super::Ground;
use super::parameters::{fuzziness, of_field, truth};
use super::term_level::name_of;
use crate::generator::draw::Draw;
use crate::generator::words::{Words, altered};

pub fn prefix(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let value = ground.words.prefix(draw);
    patterned(draw, ground, "prefix", value)
}

pub fn wildcard(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let value = wildcard_pattern(draw, ground.words);
    patterned(draw, ground, "wildcard", value)
}

pub fn regexp(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let value = regular_expression(draw, ground.words);
    let mut query = patterned(draw, ground, "regexp", value)?;
    if draw.chance(15)
        && let Some(body) = query["regexp"].as_object_mut().and_then(|fields| fields.values_mut().next())
        && body.is_object()
    {
        body["flags"] = json!(draw.one(&["ALL", "NONE", "INTERVAL", "ANYSTRING|INTERVAL", "INTERSECTION", "EMPTY"]));
    }
    Some(query)
}

fn patterned(draw: &mut Draw, ground: &Ground, clause: &str, value: String) -> Option<Value> {
    let field = if draw.chance(95) { ground.worded(draw)? } else { ground.field(draw, |_| true)? };
    let name = name_of(draw, field);
    let mut parameters = json!({});
    draw.maybe(20, &mut parameters, "case_insensitive", truth);
    draw.maybe(5, &mut parameters, "rewrite", |draw| json!(draw.one(&["constant_score", "scoring_boolean"])));
    Some(of_field(draw, clause, &name, "value", json!(value), parameters))
}

pub fn fuzzy(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let field = ground.worded(draw)?;
    let name = name_of(draw, field);
    let mut parameters = json!({});
    draw.maybe(40, &mut parameters, "fuzziness", fuzziness);
    draw.maybe(20, &mut parameters, "prefix_length", |draw| json!(draw.below(4)));
    draw.maybe(20, &mut parameters, "transpositions", truth);
    let value = ground.words.near_word(draw);
    Some(of_field(draw, "fuzzy", &name, "value", json!(value), parameters))
}

/// A word with some letters exchanged for `?` and some runs for `*`.
pub fn wildcard_pattern(draw: &mut Draw, words: &Words) -> String {
    let word = words.short_word(draw);
    let mut pattern = String::new();
    let mut letters = word.chars();
    while let Some(letter) = letters.next() {
        match draw.below(10) {
            0 => pattern.push('?'),
            1 => {
                pattern.push('*');
                letters.nth(draw.below(4));
            }
            2 => pattern.extend(['\\', letter]),
            _ => pattern.push(letter),
        }
    }
    if draw.chance(50) {
        pattern.push('*');
    }
    pattern
}

/// A word with some of its parts written as Lucene's syntax can say them.
pub fn regular_expression(draw: &mut Draw, words: &Words) -> String {
    let word = words.short_word(draw);
    let other = words.short_word(draw);
    let mut pattern = String::new();
    for letter in word.chars() {
        match draw.below(14) {
            0 => pattern.push('.'),
            1 => pattern.push_str(".*"),
            2 => pattern.push_str(&format!("[{letter}x]")),
            3 => pattern.push_str("[^xyz]"),
            4 => pattern.push_str(&format!("{letter}?")),
            5 => pattern.push_str(&format!("{letter}+")),
            6 => pattern.push_str(&format!("{letter}{{1,2}}")),
            7 => pattern.push_str("[a-z]"),
            8 => pattern.push_str(draw.one(&["\\w", "\\d", "\\s", "@", "<0-50>", "#", "&.*", "\\"])),
            _ => pattern.push(letter),
        }
    }
    match draw.below(6) {
        0 => format!("({pattern}|{})", altered(draw, &other)),
        1 => format!("{pattern}.*"),
        2 => format!("{pattern}|{other}"),
        _ => pattern,
    }
}
