//! `query_string`: Lucene's classic syntax.

use serde_json::{Value, json};

use super::Ground;
use super::parameters::{analyzer, decorate, fuzziness, minimum_should_match, operator, truth};
use super::patterns::{regular_expression, wildcard_pattern};
use super::term_level::name_of;
use crate::generator::draw::Draw;

pub fn query_string(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let mut body = json!({"query": expression(draw, ground, 0)?});
    match draw.below(10) {
        0..5 => body["fields"] = json!(ground.field_names(draw, |field| field.has_terms())?),
        5..8 => body["default_field"] = json!(ground.field(draw, |field| field.has_terms())?.path),
        8 => body["fields"] = json!(ground.field_names(draw, |_| true)?),
        _ => {}
    }
    draw.maybe(30, &mut body, "default_operator", operator);
    draw.maybe(40, &mut body, "lenient", truth);
    draw.maybe(15, &mut body, "analyze_wildcard", truth);
    draw.maybe(4, &mut body, "allow_leading_wildcard", truth);
    draw.maybe(10, &mut body, "phrase_slop", |draw| json!(draw.below(4)));
    draw.maybe(8, &mut body, "fuzziness", fuzziness);
    draw.maybe(8, &mut body, "fuzzy_prefix_length", |draw| json!(draw.below(3)));
    draw.maybe(8, &mut body, "fuzzy_transpositions", truth);
    draw.maybe(10, &mut body, "minimum_should_match", minimum_should_match);
    draw.maybe(6, &mut body, "analyzer", |draw| analyzer(draw, ground));
    draw.maybe(6, &mut body, "quote_analyzer", |draw| analyzer(draw, ground));
    draw.maybe(6, &mut body, "quote_field_suffix", |draw| json!(draw.one(&[".raw", ".sub"])));
    draw.maybe(4, &mut body, "auto_generate_synonyms_phrase_query", truth);
    draw.maybe(3, &mut body, "escape", |_| json!(true));
    draw.maybe(4, &mut body, "time_zone", |draw| json!(draw.one(&["+01:00", "Europe/Paris"])));
    let kinds = ["best_fields", "most_fields", "cross_fields", "phrase", "phrase_prefix", "bool_prefix"];
    draw.maybe(15, &mut body, "type", |draw| json!(draw.one(&kinds)));
    decorate(draw, &mut body);
    Some(json!({"query_string": body}))
}

fn expression(draw: &mut Draw, ground: &Ground, depth: usize) -> Option<String> {
    const BETWEEN: &[(u32, &str)] =
        &[(8, " "), (4, " AND "), (4, " OR "), (1, " && "), (1, " || "), (2, " NOT "), (1, " AND NOT ")];
    let mut text = clause(draw, ground, depth)?;
    for _ in 0..draw.below(3) {
        text.push_str(draw.weighted(BETWEEN));
        text.push_str(&clause(draw, ground, depth)?);
    }
    Some(text)
}

fn clause(draw: &mut Draw, ground: &Ground, depth: usize) -> Option<String> {
    let sign = draw.weighted(&[(16, ""), (2, "+"), (2, "-"), (1, "NOT "), (1, "!")]);
    let boost = draw.weighted(&[(15, ""), (1, "^2")]);
    let text = match draw.below(10) {
        0 if depth < 2 => format!("({})", expression(draw, ground, depth + 1)?),
        1 if depth < 2 => {
            let field = ground.worded(draw)?;
            format!("{}:({})", name_of(draw, field), expression(draw, ground, depth + 1)?)
        }
        2 | 3 => of_field(draw, ground)?,
        4 => format!("{}:{}", ground.worded(draw)?.path, atom(draw, ground)),
        _ => atom(draw, ground),
    };
    Some(format!("{sign}{text}{boost}"))
}

/// What is asked of one field by its kind of values.
fn of_field(draw: &mut Draw, ground: &Ground) -> Option<String> {
    let field = ground.field(draw, |_| true)?;
    let name = name_of(draw, field);
    let bound = |draw: &mut Draw| {
        let value = field.values.bound(draw, ground.words);
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if text.is_empty() || text.contains(' ') {
            format!("\"{}\"", text.replace(['"', '\\'], ""))
        } else {
            escaped(&text)
        }
    };
    Some(match draw.below(8) {
        0 => format!("_exists_:{name}"),
        1 => format!("{name}:*"),
        2 => format!("{name}:[{} TO {}]", bound(draw), bound(draw)),
        3 => format!("{name}:{{{} TO *}}", bound(draw)),
        4 => format!("{name}:{}{}", draw.one(&[">", ">=", "<", "<="]), bound(draw)),
        _ => format!("{name}:{}", bound(draw)),
    })
}

fn atom(draw: &mut Draw, ground: &Ground) -> String {
    let words = ground.words;
    match draw.below(14) {
        0..3 => format!(
            "\"{}\"{}",
            words.text(draw, 3).replace(['"', '\\'], ""),
            draw.weighted(&[(3, ""), (1, "~1"), (1, "~3")])
        ),
        3 => format!("{}{}", escaped(&words.near_word(draw)), draw.one(&["~", "~1", "~2"])),
        4 => wildcard_pattern(draw, words).replace([' ', '"', '(', ')', '/', ':'], ""),
        5 => format!("{}*", escaped(&words.prefix(draw))),
        6 => format!("/{}/", regular_expression(draw, words).replace(['/', '"'], "")),
        // Whatever it is there.
        7 if draw.chance(30) => words.word(draw),
        8 if draw.chance(10) => "*".to_owned(),
        _ => escaped(&words.word(draw)),
    }
}

/// Every sign of the syntax made a letter.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        if !letter.is_alphanumeric() && letter.is_ascii() && !matches!(letter, '_' | '.' | ',' | '@' | '\'' | '#') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    // Words of the syntax stay words in lower case.
    if matches!(text, "AND" | "OR" | "NOT" | "TO") { escaped.to_lowercase() } else { escaped }
}
