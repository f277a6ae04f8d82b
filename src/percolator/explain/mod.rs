//! One query and one document, looked at closely: why it matches or not, and which nested objects did.
//!
//! Nothing of this is kept with stored queries. The one query is entered into a segment of its own (`question`), so that its parts are
//! evaluated by the very matcher that decides for the percolator.

mod describe;
mod holdings;
mod matched;
mod question;
mod tree;

use std::cell::Cell;

use serde::Serialize;

use crate::mapping::{Mapping, NestedId};
use crate::percolator::condition::Condition;
use crate::percolator::document::Document;
use crate::percolator::matcher::Visit;

use describe::Describer;
use holdings::{MAX_HOLDINGS, holdings_of};
use question::{Objects, Part, Question};

pub use holdings::Holding;
pub use matched::MatchedObjects;
pub use question::ObjectPlace;

pub(super) use matched::matched_objects;

/// A part of a query and its answer for one document. [`std::fmt::Display`] prints the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Explanation {
    /// Whether it holds: for the document or, below a `nested`, for at least one of its objects.
    pub matches: bool,
    /// What it demands: the clause in short, or in words what became of its text.
    #[schema(example = "match experience.title: \"Engineer\"")]
    pub description: String,
    /// What became of the clause's text under the mapping, where that is one test; else its parts say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "has the term \"engineer\"")]
    pub demands: Option<String>,
    /// JSON pointer of the clause, where the part is a clause as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/nested/query/match")]
    pub pointer: Option<String>,
    /// Below a `nested`: the objects of its path that fulfil this part, at most the first hundred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<Vec<ObjectPlace>>,
    /// Where the clause decided against a match: what the document holds in the fields that it asks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Holding>,
    /// The parts of this part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub parts: Vec<Explanation>,
    /// Clauses within it that decide nothing: a `should` beside a `must`, the `negative` of a `boosting`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub optional: Vec<Explanation>,
}

/// So many parts of a part are listed at most: a `terms` can have thousands.
const MAX_PARTS: usize = 50;
/// So many objects are listed of a part: a document can have thousands.
const MAX_OBJECTS: usize = 100;

pub(super) fn explain(mapping: &Mapping, condition: &Condition, document: &Document) -> Explanation {
    let question = Question::new(condition);
    question.ask(document, |visit, root| {
        let explainer = Explainer {
            mapping,
            document,
            objects: Objects::of(document),
            describer: Describer::new(mapping, document),
            room: Cell::new(MAX_HOLDINGS),
        };
        explainer.explain(root, visit, Role::Needed)
    })
}

/// Whether the query matches the document.
pub(super) fn matches(condition: &Condition, document: &Document) -> bool {
    Question::new(condition).ask(document, |visit, root| !visit.evaluate(root.root).is_empty())
}

struct Explainer<'d> {
    mapping: &'d Mapping,
    document: &'d Document,
    objects: Objects<'d>,
    describer: Describer<'d>,
    /// So many more holdings are shown.
    room: Cell<usize>,
}

/// What hangs on a part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The query fails unless it holds.
    Needed,
    /// The query fails where it holds: it stands within a `must_not`.
    Unwelcome,
    /// Nothing any more: what is around it is as it should be.
    Indifferent,
}

impl Role {
    /// Whether an answer lets the query fail.
    fn is_failed_by(self, holds: bool) -> bool {
        match self {
            Role::Needed => !holds,
            Role::Unwelcome => holds,
            Role::Indifferent => false,
        }
    }

    fn negated(self) -> Role {
        match self {
            Role::Needed => Role::Unwelcome,
            Role::Unwelcome => Role::Needed,
            Role::Indifferent => Role::Indifferent,
        }
    }
}

impl Explainer<'_> {
    fn explain(&self, part: &Part<'_>, visit: &mut Visit<'_, '_>, role: Role) -> Explanation {
        let mask = visit.evaluate(part.root);
        let matches = !mask.is_empty();
        let fails = role.is_failed_by(matches);
        let inner_role = match part.condition {
            _ if !fails => Role::Indifferent,
            Condition::Not(_) => role.negated(),
            _ => role,
        };
        let mut explanation = Explanation {
            matches,
            description: self.describer.condition(part.condition),
            demands: None,
            pointer: None,
            objects: (part.path != NestedId::ROOT).then(|| self.objects.places(part.path, &mask, MAX_OBJECTS)),
            holds: Vec::new(),
            parts: self.explain_all(&part.parts, visit, inner_role),
            optional: self.explain_all(&part.asides, visit, Role::Indifferent),
        };
        if let Condition::Clause(origin, _) = part.condition {
            explanation.pointer = Some(origin.pointer.to_string());
            if fails && self.room.get() > 0 {
                let mut holds = holdings_of(part, &mask, self.mapping, self.document, &self.objects);
                holds.truncate(self.room.get());
                self.room.set(self.room.get() - holds.len());
                explanation.holds = holds;
            }
            self.shorten(&mut explanation, part, &origin.label);
        }
        let left_out = part.parts.len().saturating_sub(MAX_PARTS);
        if left_out > 0 {
            explanation.description = format!("{} ({left_out} parts not shown)", explanation.description);
        }
        explanation
    }

    fn explain_all(&self, parts: &[Part<'_>], visit: &mut Visit<'_, '_>, role: Role) -> Vec<Explanation> {
        parts.iter().take(MAX_PARTS).map(|part| self.explain(part, visit, role)).collect()
    }

    /// Takes the level out that lies between a clause and what it says by itself.
    fn shorten(&self, explanation: &mut Explanation, clause: &Part<'_>, label: &str) {
        match clause.parts.as_slice() {
            // A clause that is one test says it all in one line.
            [Part { condition: test @ Condition::Field(..), .. }] => {
                explanation.demands = Some(self.describer.without_field(test, label));
                explanation.parts.clear();
            }
            // "All of" and "an object of" have the clause's own answer.
            [Part { condition: Condition::And(_) | Condition::Nested(..), .. }] => {
                explanation.parts = explanation.parts.drain(..).flat_map(|only| only.parts).collect();
            }
            _ => {}
        }
    }
}

impl Explanation {
    /// Moves all pointers below a place: where the clause stands in a request's body.
    pub fn below(mut self, place: &str) -> Explanation {
        self.pointer = self.pointer.map(|pointer| format!("{place}{pointer}"));
        self.parts = self.parts.into_iter().map(|part| part.below(place)).collect();
        self.optional = self.optional.into_iter().map(|part| part.below(place)).collect();
        self
    }
}
