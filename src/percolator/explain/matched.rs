//! Which nested objects a query found: what Elasticsearch calls inner hits.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::mapping::{Mapping, NestedId};
use crate::percolator::condition::Condition;
use crate::percolator::document::Document;
use crate::percolator::matcher::Visit;

use super::question::{ObjectPlace, Objects, Part, Question};

/// The objects that one `nested` clause found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MatchedObjects {
    /// The nested path: `experience`.
    pub path: String,
    /// JSON pointer of the clause: `/bool/must/0/nested`.
    pub pointer: String,
    /// Where they stand, in the order of the document; at least one.
    pub objects: Vec<ObjectPlace>,
}

/// The objects that each `nested` clause of the query found, in the order of the query.
///
/// As Elasticsearch's `inner_hits` on every one of them: clauses below a `must_not` give none; others do whether or not the match
/// hung on them, unless what they stand in can never match; a clause within a clause finds only what belongs to the outer's objects.
/// See `InnerHitContextBuilder` and the reference page "Retrieve inner hits".
pub(in crate::percolator) fn matched_objects(
    mapping: &Mapping,
    condition: &Condition,
    document: &Document,
) -> Vec<MatchedObjects> {
    Question::new(condition).ask(document, |visit, root| {
        let mut search = Search { mapping, objects: Objects::of(document), visit, found: Vec::new() };
        if !search.visit.evaluate(root.root).is_empty() {
            search.enter(root, "", None);
        }
        search.found
    })
}

/// The objects of the clause around, as indices of scopes.
type Outer<'o> = Option<&'o BTreeSet<usize>>;

struct Search<'d, 'v, 's, 'l> {
    mapping: &'d Mapping,
    objects: Objects<'d>,
    visit: &'v mut Visit<'s, 'l>,
    found: Vec<MatchedObjects>,
}

impl Search<'_, '_, '_, '_> {
    fn enter(&mut self, part: &Part<'_>, pointer: &str, outer: Outer<'_>) {
        match part.condition {
            Condition::Not(_) => {}
            Condition::Clause(origin, _) if origin.is_never => {}
            Condition::Nested(path, _) => {
                part.parts.iter().for_each(|inner| self.nested(*path, inner, pointer, outer));
            }
            Condition::Clause(origin, _) => {
                part.parts.iter().chain(&part.asides).for_each(|inner| self.enter(inner, &origin.pointer, outer));
            }
            Condition::And(_)
            | Condition::Or(_)
            | Condition::AtLeast(..)
            | Condition::AtLeastField(..)
            | Condition::All
            | Condition::None
            | Condition::Ids(_)
            | Condition::Field(..)
            | Condition::Positions(_) => part.parts.iter().for_each(|inner| self.enter(inner, pointer, outer)),
        }
    }

    fn nested(&mut self, path: NestedId, inner: &Part<'_>, pointer: &str, outer: Outer<'_>) {
        let mask = self.visit.evaluate(inner.root);
        let belongs = |index: usize| {
            outer.is_none_or(|outer| self.objects.around(index).any(|(around, _)| outer.contains(&around)))
        };
        let found: BTreeSet<usize> =
            self.objects.in_mask(path, &mask).map(|(index, _)| index).filter(|index| belongs(*index)).collect();
        if found.is_empty() {
            return;
        }
        self.found.push(MatchedObjects {
            path: self.mapping.nested_path(path).to_owned(),
            pointer: pointer.to_owned(),
            objects: found.iter().map(|index| self.objects.place(*index)).collect(),
        });
        self.enter(inner, "", Some(&found));
    }
}
