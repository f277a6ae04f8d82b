//! What a document holds in the fields that a clause asks, where the clause found nothing (or, in a `must_not`, too much).

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;
use serde::Serialize;

use crate::mapping::{Field, FieldId, Mapping, NestedId};
use crate::percolator::condition::{Condition, Test};
use crate::percolator::document::{Document, Scope};
use crate::percolator::mask::Mask;

use super::question::{Objects, Part};

/// What one field holds, in the document or in one nested object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Holding {
    /// The field, with the places of the objects around it.
    #[schema(example = "experience[0].title")]
    pub at: String,
    /// Some of its values, as they are compared: terms after analysis, those most like the clause's own first; empty where the field
    /// holds nothing.
    #[schema(example = json!(["engineering", "manager"]))]
    pub values: Vec<String>,
    /// How many more it holds, as far as they were counted.
    pub more: usize,
    /// Why it holds nothing, where the clause asks it in the wrong place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Holdings that are shown in one explanation: each takes time in proportion to the document.
pub(super) const MAX_HOLDINGS: usize = 200;
/// Fields of one clause that are shown: a clause over all fields asks hundreds.
const MAX_FIELDS: usize = 5;
/// Objects that are shown of one field.
const MAX_OBJECTS: usize = 10;
/// Values that are shown of one field in one object.
const MAX_VALUES: usize = 8;
/// Terms of a text that are looked through.
const MAX_TERMS: usize = 10_000;
/// Values that are looked through for the most alike.
const MAX_COMPARED: usize = 500;
/// Terms of the clause that values are compared with.
const MAX_WANTED: usize = 8;
/// Longer texts are cut.
const MAX_CHARS: usize = 60;

/// What the clause's fields hold, in the objects that decided: those that it found if it found any, else all.
pub(super) fn holdings_of(
    clause: &Part<'_>,
    found: &Mask,
    mapping: &Mapping,
    document: &Document,
    objects: &Objects<'_>,
) -> Vec<Holding> {
    let mut asked = Asked::default();
    asked.gather(clause);
    let decided: Vec<(usize, &Scope)> = match found.is_empty() {
        true => objects.of_path(clause.path).take(MAX_OBJECTS).collect(),
        false => objects.in_mask(clause.path, found).take(MAX_OBJECTS).collect(),
    };
    let mut holdings = Vec::new();
    for field in asked.fields.iter().take(MAX_FIELDS) {
        let field = mapping.field_by_id(*field);
        if let Some(hint) = hint(mapping, document, field, clause.path, &decided) {
            holdings.push(Holding { at: field.name.to_string(), values: Vec::new(), more: 0, hint: Some(hint) });
            continue;
        }
        for (index, _) in &decided {
            let at = place_of(mapping, objects, *index, field);
            let (values, more) = values(document, *index, field, &asked.terms);
            holdings.push(Holding { at, values, more, hint: None });
        }
    }
    holdings
}

/// Why objects of this path can hold nothing of a field: it stands elsewhere.
fn hint(
    mapping: &Mapping,
    document: &Document,
    field: &Field,
    path: NestedId,
    objects: &[(usize, &Scope)],
) -> Option<String> {
    if field.nested == path || objects.iter().any(|(index, _)| document.values(*index, field.id).is_some()) {
        return None;
    }
    Some(match field.nested {
        NestedId::ROOT => {
            "it stands outside of the nested objects, and is found only outside of a \"nested\" clause".to_owned()
        }
        own => {
            let own = mapping.nested_path(own);
            format!("it stands in nested objects, and is found only by a \"nested\" clause with the path {own:?}")
        }
    })
}

/// What a clause asks, without the clauses within it.
#[derive(Default)]
struct Asked<'c> {
    fields: BTreeSet<FieldId>,
    terms: Vec<&'c str>,
}

impl<'c> Asked<'c> {
    fn gather(&mut self, part: &Part<'c>) {
        for inner in &part.parts {
            match inner.condition {
                Condition::Clause(..) => {}
                Condition::Field(field, test) => {
                    self.fields.insert(*field);
                    self.note_terms(test);
                }
                _ => self.gather(inner),
            }
        }
    }

    fn note_terms(&mut self, test: &'c Test) {
        let room = MAX_WANTED.saturating_sub(self.terms.len());
        match test {
            Test::Term(term) => self.terms.extend(Some(&**term).into_iter().take(room)),
            Test::Phrase(phrase) => {
                self.terms.extend(phrase.slots().iter().flat_map(|slot| &slot.terms).map(|term| &**term).take(room));
            }
            _ => {}
        }
    }
}

/// `experience[0].title`
fn place_of(mapping: &Mapping, objects: &Objects<'_>, index: usize, field: &Field) -> String {
    let mut around: Vec<(&str, usize)> =
        objects.around(index).map(|(_, scope)| (mapping.nested_path(scope.nested), scope.ordinal)).collect();
    around.reverse();
    let mut written = String::new();
    let mut done = 0;
    for (path, place) in around {
        written.push_str(path.get(done..).unwrap_or_default());
        written.push_str(&format!("[{place}]"));
        done = path.len();
    }
    written.push_str(field.name.get(done..).unwrap_or_default());
    written
}

fn values(document: &Document, scope: usize, field: &Field, wanted: &[&str]) -> (Vec<String>, usize) {
    let Some(values) = document.values(scope, field.id) else { return (Vec::new(), 0) };
    let mut seen = FxHashSet::default();
    let tokens = values.tokens.iter().take(MAX_TERMS).map(|token| document.term(token));
    let mut terms: Vec<&str> = tokens.filter(|term| seen.insert(*term)).collect();
    if terms.is_empty() {
        let points = values.points.iter().map(|point| field.spelled(*point));
        let intervals = values.intervals.iter().map(|(low, high)| field.spelled_range(*low, *high));
        let all = values.points.len() + values.intervals.len();
        return (points.chain(intervals).take(MAX_VALUES).collect(), all.saturating_sub(MAX_VALUES));
    }
    let all = terms.len();
    if !wanted.is_empty() {
        terms.truncate(MAX_COMPARED);
        sort_by_likeness(&mut terms, wanted);
    }
    (terms.into_iter().take(MAX_VALUES).map(shortened).collect(), all.saturating_sub(MAX_VALUES))
}

/// The most alike first; among equals, and where nothing is wanted, in the order of the document.
fn sort_by_likeness(terms: &mut Vec<&str>, wanted: &[&str]) {
    let likeness = |term: &str| {
        let short: String = term.chars().take(MAX_CHARS).collect();
        wanted.iter().map(|wanted| strsim::jaro_winkler(wanted, &short)).fold(0.0, f64::max)
    };
    let mut alike: Vec<(f64, &str)> = terms.drain(..).map(|term| (likeness(term), term)).collect();
    alike.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    terms.extend(alike.into_iter().map(|(_, term)| term));
}

fn shortened(text: &str) -> String {
    // The key and the value of a flattened field's term.
    let text = text.replace('\0', "=");
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(&text)),
        None => text,
    }
}

/// A term in quotes, cut where it is long.
pub(super) fn shown(term: &str) -> String {
    format!("{:?}", shortened(term))
}
