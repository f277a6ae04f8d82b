//! One query in a segment of its own, to be asked of documents part by part.

use std::fmt;

use serde::Serialize;

use crate::mapping::NestedId;
use crate::percolator::condition::Condition;
use crate::percolator::document::{Document, Scope};
use crate::percolator::mask::Mask;
use crate::percolator::matcher::{Layout, Scratch, Visit};
use crate::percolator::queries::RootNumber;
use crate::percolator::segment::{Segment, SegmentBuilder};

/// Where a nested object stands: its place, from 0, in the list that the document has of its path, behind the places of the objects
/// around it. `[1, 0]` of the path `experience.tasks` is the first task of the second position.
///
/// What stands in the list and is no object (null) counts, lists within the list do not: in a document without such oddities these
/// are Elasticsearch's `_nested.offset`s.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct ObjectPlace(pub Vec<usize>);

impl fmt::Display for ObjectPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places: Vec<String> = self.0.iter().map(usize::to_string).collect();
        formatter.write_str(&places.join("."))
    }
}

/// A query with the nodes that answer its parts.
pub(super) struct Question<'c> {
    segment: Segment,
    root: Part<'c>,
}

/// A condition with the node that answers it.
pub(super) struct Part<'c> {
    pub(super) condition: &'c Condition,
    pub(super) root: RootNumber,
    pub(super) path: NestedId,
    pub(super) parts: Vec<Part<'c>>,
    /// Of a clause: those within it that decide nothing.
    pub(super) asides: Vec<Part<'c>>,
}

impl<'c> Question<'c> {
    pub(super) fn new(condition: &'c Condition) -> Question<'c> {
        let mut builder = SegmentBuilder::default();
        let root = Part::enter(&mut builder, condition, NestedId::ROOT);
        Question { segment: builder.finish(0), root }
    }

    /// Lets `look` evaluate the parts for a document.
    pub(super) fn ask<T>(&self, document: &Document, look: impl FnOnce(&mut Visit<'_, '_>, &Part<'c>) -> T) -> T {
        let layout = Layout::of(document);
        let mut scratch = Scratch::default();
        look(&mut Visit::begin(&self.segment.content, &layout, &mut scratch), &self.root)
    }
}

impl<'c> Part<'c> {
    fn enter(builder: &mut SegmentBuilder, condition: &'c Condition, path: NestedId) -> Part<'c> {
        let root = builder.part(condition, path);
        let mut enter_all = |conditions: &'c [Condition]| -> Vec<Part<'c>> {
            conditions.iter().map(|condition| Part::enter(builder, condition, path)).collect()
        };
        let mut asides = Vec::new();
        let parts = match condition {
            Condition::And(parts)
            | Condition::Or(parts)
            | Condition::AtLeast(_, parts)
            | Condition::AtLeastField(_, parts) => enter_all(parts),
            Condition::Clause(origin, part) => {
                asides = enter_all(&origin.asides);
                vec![Part::enter(builder, part, path)]
            }
            Condition::Not(part) => vec![Part::enter(builder, part, path)],
            Condition::Nested(inner_path, inner) => vec![Part::enter(builder, inner, *inner_path)],
            Condition::All | Condition::None | Condition::Ids(_) | Condition::Field(..) | Condition::Positions(_) => {
                Vec::new()
            }
        };
        Part { condition, root, path, parts, asides }
    }
}

/// A document's objects by their paths, in the order in which masks number them.
pub(super) struct Objects<'d> {
    scopes: &'d [Scope],
}

impl<'d> Objects<'d> {
    pub(super) fn of(document: &'d Document) -> Objects<'d> {
        Objects { scopes: document.scopes() }
    }

    /// The objects of a path, as indices of scopes.
    pub(super) fn of_path(&self, path: NestedId) -> impl Iterator<Item = (usize, &'d Scope)> {
        self.scopes.iter().enumerate().filter(move |(_, scope)| scope.nested == path)
    }

    /// The objects of a mask, as indices of scopes.
    pub(super) fn in_mask<'m>(
        &'m self,
        path: NestedId,
        mask: &'m Mask,
    ) -> impl Iterator<Item = (usize, &'d Scope)> + 'm {
        self.of_path(path).enumerate().filter(|(number, _)| mask.contains(*number)).map(|(_, object)| object)
    }

    /// Where the first objects of a mask stand, at most `limit`.
    pub(super) fn places(&self, path: NestedId, mask: &Mask, limit: usize) -> Vec<ObjectPlace> {
        self.in_mask(path, mask).take(limit).map(|(index, _)| self.place(index)).collect()
    }

    /// Where the object of a scope stands; nowhere for the root.
    pub(super) fn place(&self, index: usize) -> ObjectPlace {
        let mut places: Vec<usize> = self.around(index).map(|(_, scope)| scope.ordinal).collect();
        places.reverse();
        ObjectPlace(places)
    }

    /// The object and those around it, outwards, without the root.
    pub(super) fn around(&self, index: usize) -> impl Iterator<Item = (usize, &'d Scope)> {
        let object = |index: usize| self.scopes.get(index).filter(|_| index > 0).map(|scope| (index, scope));
        std::iter::successors(object(index), move |(_, scope)| object(scope.parent))
    }
}
