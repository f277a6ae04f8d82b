//! Random queries: a family of clauses a file, all behind the two tables below.
//!
//! A new family is a file with a function `fn(&mut Draw, &Ground, usize) -> Option<Value>` and a line here. It gives `None` where the
//! mapping has nothing that it could ask.

mod compound;
mod feature;
mod full_text;
mod geo;
mod intervals;
mod multi_field;
mod parameters;
mod patterns;
mod query_string;
mod simple_query_string;
mod span;
mod spoil;
mod term_level;

use serde_json::{Value, json};

use super::draw::Draw;
use super::schema::{Field, Schema};
use super::words::Words;

/// What a query can be about.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    pub schema: &'a Schema,
    pub words: &'a Words,
    /// How many documents there are; their ids count from 0.
    pub documents: usize,
    /// The innermost nested object that the query stands in; "" for the root.
    pub scope: &'a str,
}

/// Draws a clause at a depth; `None` where the mapping offers nothing for it.
type Family = fn(&mut Draw, &Ground, usize) -> Option<Value>;

const LEAVES: &[(u32, Family)] = &[
    (14, term_level::term),
    (6, term_level::terms),
    (4, term_level::terms_set),
    (12, term_level::range),
    (6, term_level::exists),
    (2, term_level::ids),
    (1, term_level::all_or_none),
    (5, patterns::prefix),
    (6, patterns::wildcard),
    (5, patterns::regexp),
    (5, patterns::fuzzy),
    (12, full_text::match_query),
    (8, full_text::match_phrase),
    (4, full_text::match_phrase_prefix),
    (4, full_text::match_bool_prefix),
    (9, multi_field::multi_match),
    (3, multi_field::combined_fields),
    (12, query_string::query_string),
    (7, simple_query_string::simple_query_string),
    (2, feature::distance_feature),
    (1, feature::rank_feature),
    (5, span::span),
    (5, intervals::intervals),
    (4, geo::geo),
];

const COMPOUNDS: &[(u32, Family)] = &[
    (12, compound::bool),
    (8, compound::nested),
    (2, compound::boosting),
    (2, compound::constant_score),
    (3, compound::dis_max),
    (2, compound::function_score),
    (1, compound::wrapper),
];

/// Compounds stand in each other at most so deep.
const DEPTH: usize = 4;

/// A query as a user could send it; one in thirty is spoiled.
pub fn query(draw: &mut Draw, ground: &Ground) -> Value {
    let query = clause(draw, ground, 0);
    if draw.chance(3) { spoil::spoiled(draw, query) } else { query }
}

fn clause(draw: &mut Draw, ground: &Ground, depth: usize) -> Value {
    // A family may have nothing to ask; some other does.
    for _ in 0..20 {
        let is_compound = depth < DEPTH && draw.chance([45, 30, 20, 15][depth]);
        let family = draw.weighted(if is_compound { COMPOUNDS } else { LEAVES });
        if let Some(clause) = family(draw, ground, depth) {
            return clause;
        }
    }
    json!({"match_all": {}})
}

impl<'a> Ground<'a> {
    /// A field of this kind, mostly of the scope.
    fn field(&self, draw: &mut Draw, wanted: impl Fn(&Field) -> bool) -> Option<&'a Field> {
        let everywhere: Vec<&Field> = self.schema.fields.iter().filter(|field| wanted(field)).collect();
        let here: Vec<&Field> = everywhere.iter().copied().filter(|field| field.scope == self.scope).collect();
        let choice = if here.is_empty() || draw.chance(6) { everywhere } else { here };
        (!choice.is_empty()).then(|| draw.one(&choice))
    }

    /// A field whose values are words.
    fn worded(&self, draw: &mut Draw) -> Option<&'a Field> {
        self.field(draw, |field| field.has_terms())
    }

    /// Names and patterns of fields as queries over several take them.
    fn field_names(&self, draw: &mut Draw, wanted: impl Fn(&Field) -> bool) -> Option<Vec<String>> {
        let mut names = Vec::new();
        for _ in 0..draw.between(1, 3) {
            let mut name = match draw.below(12) {
                0 => {
                    let path = &self.field(draw, &wanted)?.path;
                    let kept = draw.below(path.len() + 1);
                    format!("{}*", path.get(..kept).unwrap_or_default())
                }
                _ => self.field(draw, &wanted)?.path.clone(),
            };
            if draw.chance(12) {
                name.push_str(draw.one(&["^2", "^0.5", "^3.0"]));
            }
            names.push(name);
        }
        Some(names)
    }
}
