//! Conditions and tests in words, with what became of texts, dates and numbers.

use jiff::Timestamp;

use crate::mapping::{FieldId, Mapping, PointRange};
use crate::percolator::condition::{Condition, Test};
use crate::percolator::document::Document;
use crate::percolator::phrase::Phrase;
use crate::query::RangeRelation;

use super::holdings::shown;

/// Describes under one mapping, at the time of one document's reading.
pub(super) struct Describer<'d> {
    mapping: &'d Mapping,
    now: Timestamp,
}

impl<'d> Describer<'d> {
    pub(super) fn new(mapping: &'d Mapping, document: &Document) -> Describer<'d> {
        Describer { mapping, now: document.now }
    }

    /// What a condition demands, cut where it is long.
    pub(super) fn condition(&self, condition: &Condition) -> String {
        /// The length of what a clause says: longer texts, patterns and lists are not read to their end.
        const MAX_CHARS: usize = 160;
        let mut words = self.whole(condition);
        if let Some((end, _)) = words.char_indices().nth(MAX_CHARS) {
            words.truncate(end);
            words.push('…');
        }
        words
    }

    fn whole(&self, condition: &Condition) -> String {
        match condition {
            Condition::All => "everything".to_owned(),
            Condition::None => "nothing".to_owned(),
            Condition::Ids(ids) => describe_ids(ids),
            Condition::Field(field, test) => describe_test(self.mapping, self.now, *field, test),
            Condition::Positions(arrangement) => arrangement.describe(|field| &self.mapping.field_by_id(field).name),
            Condition::And(_) => "all of".to_owned(),
            Condition::Or(_) => "any of".to_owned(),
            Condition::Not(_) => "not".to_owned(),
            Condition::AtLeast(count, parts) => format!("at least {count} of {}", parts.len()),
            Condition::AtLeastField(field, parts) => {
                format!("at least as many of {} as {} says", parts.len(), self.mapping.field_by_id(*field).name)
            }
            Condition::Nested(path, _) => format!("an object of {}", self.mapping.nested_path(*path)),
            Condition::Clause(origin, _) => origin.label.to_string(),
        }
    }

    /// What a test demands, without the field's name where a label has it already.
    pub(super) fn without_field(&self, test: &Condition, label: &str) -> String {
        let whole = self.condition(test);
        let Condition::Field(field, _) = test else { return whole };
        let name = &self.mapping.field_by_id(*field).name;
        match whole.strip_prefix(&**name) {
            Some(rest) if label.split([' ', ':']).any(|word| word == &**name) => rest.trim_start().to_owned(),
            _ => whole,
        }
    }
}

fn describe_ids(ids: &[String]) -> String {
    /// A `terms` lookup may name thousands.
    const SHOWN: usize = 10;
    let list: Vec<&str> = ids.iter().take(SHOWN).map(String::as_str).collect();
    let list = list.join(", ");
    match ids.len().saturating_sub(SHOWN) {
        0 => format!("the id is one of {list}"),
        more => format!("the id is one of {list} and {more} more"),
    }
}

fn describe_test(mapping: &Mapping, now: Timestamp, field: FieldId, test: &Test) -> String {
    let field = mapping.field_by_id(field);
    let name = &field.name;
    let range = |range: &PointRange| match range.resolve(now) {
        Some((low, high)) => field.spelled_range(low, high),
        None => "in a range that holds nothing".to_owned(),
    };
    match test {
        Test::Exists => format!("{name} has a value"),
        Test::Term(term) => format!("{name} has the term {}", shown(term)),
        Test::Pattern(pattern) => format!("{name} has a term {pattern}"),
        Test::TermRange { lower, upper } => format!("{name} has a term {}", describe_term_range(lower, upper)),
        Test::Phrase(phrase) => format!("{name} has the phrase {}", describe_phrase(phrase)),
        Test::Point(points) => format!("{name} is {}", range(points)),
        Test::Geo(area) => format!("{name} {area}"),
        Test::Interval(RangeRelation::Intersects, points) => format!("{name} meets what is {}", range(points)),
        Test::Interval(RangeRelation::Contains, points) => format!("{name} holds all that is {}", range(points)),
        Test::Interval(RangeRelation::Within, points) => format!("{name} lies within what is {}", range(points)),
    }
}

/// An end of a range of terms, and whether it is included.
type TermEnd = Option<(Box<str>, bool)>;

fn describe_term_range(lower: &TermEnd, upper: &TermEnd) -> String {
    let end = |end: &TermEnd, including: &str, excluding: &str| {
        let (term, includes) = end.as_ref()?;
        Some(format!("{} {}", if *includes { including } else { excluding }, shown(term)))
    };
    match (end(lower, "from", "behind"), end(upper, "to", "before")) {
        (Some(lower), Some(upper)) => format!("{lower} {upper}"),
        (Some(end), None) | (None, Some(end)) => end.replacen("to ", "up to ", 1),
        (None, None) => "at all".to_owned(),
    }
}

/// Words at their places: alternatives by `/`, holes (removed stop words) by `_`, the last one's `*` for "begins so".
fn describe_phrase(phrase: &Phrase) -> String {
    /// More words than anybody reads.
    const SHOWN: usize = 50;
    let mut words = Vec::new();
    let mut next = phrase.slots().first().map_or(0, |slot| slot.position);
    for slot in phrase.slots().iter().take(SHOWN) {
        let holes = slot.position.saturating_sub(next);
        words.extend((0..holes.min(5)).map(|_| "_".to_owned()));
        words.push(format!("{}{}", slot.terms.join("/"), if slot.prefix { "*" } else { "" }));
        next = slot.position.saturating_add(1);
    }
    let left_out = if phrase.slots().len() > SHOWN { " …" } else { "" };
    let slop = match phrase.slop() {
        0 => String::new(),
        slop => format!(" with slop {slop}"),
    };
    format!("\"{}{left_out}\"{slop}", words.join(" "))
}
