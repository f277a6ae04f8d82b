//! What a query demands of a document, once its fields are known: the form that is indexed and evaluated.

use std::sync::Arc;

use crate::mapping::{FieldId, NestedId, PointRange};
use crate::percolator::geo::GeoArea;
use crate::percolator::pattern::Pattern;
use crate::percolator::phrase::Phrase;
use crate::percolator::positions::Arrangement;
use crate::query::RangeRelation;

/// A demand on the objects of one nested path (or on the root document).
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Every object.
    All,
    /// No object.
    None,
    /// The root document has one of these ids.
    Ids(Vec<String>),
    /// The object's field passes the test.
    Field(FieldId, Test),
    /// The object's words stand so, in one field or several.
    Positions(Arc<Arrangement>),
    /// Every one of these.
    And(Vec<Condition>),
    /// At least one of these.
    Or(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// At least so many of these.
    AtLeast(usize, Vec<Condition>),
    /// At least as many of these as the number in the object's field says; none where it has no number.
    AtLeastField(FieldId, Vec<Condition>),
    /// At least one object of the nested path, belonging to this object, fulfils this.
    Nested(NestedId, Box<Condition>),
    /// A clause of the query as written: where it stood and what it is; for explanations only.
    Clause(Origin, Box<Condition>),
}

/// Where a condition comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// JSON pointer of the clause.
    pub pointer: Box<str>,
    /// A short name: `match experience.title`.
    pub label: Box<str>,
    /// Whether it can be seen beforehand that nothing matches it, so that no nested object is looked for within it.
    pub is_never: bool,
    /// Clauses within it that decide nothing, but whose nested objects are found all the same: what `should` lists where none of it
    /// is demanded, and the `negative` of a `boosting`.
    pub asides: Vec<Condition>,
}

/// Queries are equal where the same clauses stand in the same places: asides decide nothing.
impl PartialEq for Origin {
    fn eq(&self, other: &Origin) -> bool {
        self.pointer == other.pointer && self.label == other.label
    }
}

/// A test on the values of one field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// The field has a value.
    Exists,
    /// One of its terms is this one.
    Term(Box<str>),
    /// One of its terms fits the pattern.
    Pattern(Pattern),
    /// One of its terms lies between these, as UTF-8 bytes.
    TermRange {
        /// The lower end, and whether it is included.
        lower: Option<(Box<str>, bool)>,
        /// The upper end, and whether it is included.
        upper: Option<(Box<str>, bool)>,
    },
    /// Its terms stand like this.
    Phrase(Phrase),
    /// One of its points lies in the range.
    Point(PointRange),
    /// Its points stand so to a shape on the globe.
    Geo(GeoArea),
    /// One of its intervals stands in this relation to the range.
    Interval(RangeRelation, PointRange),
}

impl Condition {
    /// All of these; simplified.
    pub fn and(parts: Vec<Condition>) -> Condition {
        if parts.contains(&Condition::None) {
            return Condition::None;
        }
        single_or(parts.into_iter().filter(|part| *part != Condition::All).collect(), Condition::All, Condition::And)
    }

    /// Any of these; simplified.
    pub fn or(parts: Vec<Condition>) -> Condition {
        if parts.contains(&Condition::All) {
            return Condition::All;
        }
        single_or(parts.into_iter().filter(|part| *part != Condition::None).collect(), Condition::None, Condition::Or)
    }

    /// Not this.
    pub fn negate(part: Condition) -> Condition {
        match part {
            Condition::All => Condition::None,
            Condition::None => Condition::All,
            other => Condition::Not(Box::new(other)),
        }
    }

    /// At least `count` of these: parts that never hold still count among those that a percentage was taken of. More than there are
    /// stays as it is: nothing fulfils it, and an explanation can say why.
    pub fn at_least(count: usize, parts: Vec<Condition>) -> Condition {
        match count {
            0 => Condition::All,
            _ if count > parts.len() => Condition::AtLeast(count, parts),
            1 => Condition::or(parts),
            _ if count == parts.len() => Condition::and(parts),
            _ => Condition::AtLeast(count, parts),
        }
    }

    /// A term test.
    pub fn term(field: FieldId, term: impl Into<Box<str>>) -> Condition {
        Condition::Field(field, Test::Term(term.into()))
    }
}

fn single_or(mut parts: Vec<Condition>, none: Condition, several: fn(Vec<Condition>) -> Condition) -> Condition {
    if parts.len() > 1 { several(parts) } else { parts.pop().unwrap_or(none) }
}
