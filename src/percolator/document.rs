//! A member's document as the matcher sees it.

mod reader;
mod value;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::FxHashMap;
use serde::Serialize;
use serde_json::Value;

use crate::mapping::{FieldId, Mapping, NestedId};
use crate::member::MemberId;
use crate::percolator::field_set::FieldSet;

use reader::Reader;

/// One reading of a member's JSON under a mapping: the root's values, and one scope for every nested object.
///
/// Everything lies in a few long arrays: what a field holds is a range of them.
#[derive(Debug, Clone)]
pub struct Document {
    pub id: Option<MemberId>,
    /// The time that `now` means in queries.
    pub now: Timestamp,
    /// The root first; children after their parents.
    scopes: Vec<Scope>,
    holdings: Vec<Holding>,
    /// By scope and field.
    places: FxHashMap<(u32, FieldId), u32>,
    tokens: Vec<Token>,
    points: Vec<i128>,
    intervals: Vec<(i128, i128)>,
    /// All terms, one behind the other.
    text: String,
    /// Texts of fields that were not asked for, uncut.
    set_aside: Vec<SetAside>,
    /// What the mapping does not have, where dynamic templates may make fields of it.
    unmapped: Vec<Unmapped>,
    /// How many fields there were.
    made: usize,
    /// The fields that were asked for; `None` for all.
    fields: Option<Arc<FieldSet>>,
}

/// A text that nobody has asked for yet; it lies among the terms.
#[derive(Debug, Clone, Copy)]
struct SetAside {
    scope: u32,
    field: FieldId,
    start: u32,
    end: u32,
}

/// A value of an object that the mapping has no field for.
#[derive(Debug, Clone)]
struct Unmapped {
    scope: usize,
    object: Box<str>,
    name: Box<str>,
    value: Value,
}

/// The root, or one nested object.
#[derive(Debug, Clone)]
pub struct Scope {
    pub nested: NestedId,
    /// Index of the enclosing scope; the root is its own.
    pub parent: usize,
    /// The how-manieth child of this path within the parent, from 0; nulls count, for they stand in the list too.
    pub ordinal: usize,
}

/// Where the values of one field in one scope lie.
#[derive(Debug, Clone)]
pub(super) struct Holding {
    pub(super) scope: u32,
    pub(super) field: FieldId,
    exists: bool,
    tokens: Range<u32>,
    points: Range<u32>,
    intervals: Range<u32>,
}

impl Holding {
    /// Where its tokens lie among all of the document.
    pub(super) fn token_numbers(&self) -> Range<u32> {
        self.tokens.clone()
    }
}

/// What one scope holds of one field.
#[derive(Debug, Clone, Copy)]
pub struct Values<'d> {
    /// What `exists` answers.
    pub exists: bool,
    /// Terms in order; those of `keyword` and the like all have position 0.
    pub tokens: &'d [Token],
    /// Numbers, dates, addresses, in order of the document.
    pub points: &'d [i128],
    /// Range fields: both ends included.
    pub intervals: &'d [(i128, i128)],
}

/// A term at a position; [`Document::term`] gives its text.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    pub position: u32,
    start: u32,
    end: u32,
    /// The holding that it belongs to.
    pub(super) holding: u32,
    /// Of the term in its field and path, see `features`.
    pub(super) hash: u64,
}

/// Why a document is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("field {field:?}: {reason}")]
pub struct DocumentError {
    /// The field's full path.
    pub field: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl Document {
    /// Reads a document; `now` is what `now` means in queries.
    ///
    /// # Errors
    ///
    /// Where Elasticsearch would refuse to index it.
    pub fn read(
        mapping: &Mapping,
        id: Option<MemberId>,
        json: &Value,
        now: Timestamp,
    ) -> Result<Document, DocumentError> {
        Document::read_for(mapping, id, json, now, None)
    }

    /// As [`Document::read`], but the texts of fields that are not among these are only kept until somebody asks for them.
    pub(super) fn read_for(
        mapping: &Mapping,
        id: Option<MemberId>,
        json: &Value,
        now: Timestamp,
        fields: Option<Arc<FieldSet>>,
    ) -> Result<Document, DocumentError> {
        let mut reader = Reader::new(mapping, fields);
        reader.document(json)?;
        Ok(reader.finish(id, now))
    }

    /// Whether all that was written in these fields of the mapping has been read.
    pub(super) fn covers(&self, fields: &FieldSet, mapping: &Mapping) -> bool {
        self.fields.as_ref().is_none_or(|read| read.covers(fields)) && self.knows_fields(mapping)
    }

    fn knows_fields(&self, mapping: &Mapping) -> bool {
        self.unmapped.is_empty() || self.made == mapping.field_count()
    }

    /// The document with all of its fields read.
    pub(super) fn completed(&self, mapping: &Mapping) -> Cow<'_, Document> {
        if self.set_aside.is_empty() && self.knows_fields(mapping) {
            Cow::Borrowed(self)
        } else {
            Cow::Owned(Reader::of(self, mapping).complete(self))
        }
    }

    /// The root first; children after their parents.
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// What a scope, by its index, holds of a field; `None` where the document says nothing of it.
    pub fn values(&self, scope: usize, field: FieldId) -> Option<Values<'_>> {
        let scope = u32::try_from(scope).ok()?;
        let holding = *self.places.get(&(scope, field))?;
        Some(self.held(self.holdings.get(holding as usize)?))
    }

    pub(super) fn holdings(&self) -> &[Holding] {
        &self.holdings
    }

    /// All tokens, those of a holding together.
    pub(super) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    pub(super) fn held(&self, holding: &Holding) -> Values<'_> {
        Values {
            exists: holding.exists,
            tokens: part(&self.tokens, &holding.tokens),
            points: part(&self.points, &holding.points),
            intervals: part(&self.intervals, &holding.intervals),
        }
    }

    /// A token's text.
    pub fn term(&self, token: &Token) -> &str {
        self.text.get(token.start as usize..token.end as usize).unwrap_or_default()
    }
}

fn part<'v, T>(all: &'v [T], range: &Range<u32>) -> &'v [T] {
    all.get(range.start as usize..range.end as usize).unwrap_or_default()
}

impl DocumentError {
    fn new(field: &str, reason: impl Into<String>) -> Self {
        DocumentError { field: field.into(), reason: reason.into() }
    }
}
