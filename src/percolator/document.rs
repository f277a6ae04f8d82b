//! A member's document as the matcher sees it.

mod reader;
mod value;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use rustc_hash::FxHashMap;
use serde::Serialize;
use serde_json::Value;

use crate::mapping::{FieldId, Mapping, NestedId};
use crate::member::MemberId;

use reader::Reader;

/// One reading of a member's JSON under a mapping: the root's values, and one scope for every nested object.
#[derive(Debug)]
pub struct Document {
    pub id: Option<MemberId>,
    /// The time that `now` means in queries.
    pub now: Timestamp,
    /// The root first; children after their parents.
    scopes: Vec<Scope>,
    /// All terms, one behind the other.
    text: String,
}

/// The root, or one nested object.
#[derive(Debug)]
pub struct Scope {
    pub nested: NestedId,
    /// Index of the enclosing scope; the root is its own.
    pub parent: usize,
    /// The how-manieth child of this path within the parent, from 0; nulls count, for they stand in the list too.
    pub ordinal: usize,
    fields: FxHashMap<FieldId, Values>,
}

/// What one scope holds of one field.
#[derive(Debug, Default)]
pub struct Values {
    /// What `exists` answers.
    pub exists: bool,
    /// Terms in order; those of `keyword` and the like all have position 0.
    pub tokens: Vec<Token>,
    /// Numbers, dates, addresses, in order of the document.
    pub points: Vec<i128>,
    /// Range fields: both ends included.
    pub intervals: Vec<(i128, i128)>,
    /// Where the terms of a further text value begin.
    next_position: u32,
}

/// A term at a position; [`Document::term`] gives its text.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    pub position: u32,
    start: u32,
    end: u32,
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
        let mut reader = Reader::new(mapping);
        reader.document(json)?;
        Ok(Document { id, now, scopes: reader.scopes, text: reader.text })
    }

    /// The root first; children after their parents.
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// A token's text.
    pub fn term(&self, token: &Token) -> &str {
        self.text.get(token.start as usize..token.end as usize).unwrap_or_default()
    }
}

impl Scope {
    /// What this scope holds of a field; `None` where the document says nothing of it.
    pub fn values(&self, field: FieldId) -> Option<&Values> {
        self.fields.get(&field)
    }

    /// All fields of this scope that have a value.
    pub fn fields(&self) -> impl Iterator<Item = (FieldId, &Values)> {
        self.fields.iter().map(|(id, values)| (*id, values))
    }
}

impl Values {
    /// Takes in the values of a nested object (`include_in_parent`), as if they were further values of an array.
    fn append(&mut self, other: &Values) {
        let shift = self.next_position;
        self.exists |= other.exists;
        self.tokens.extend(
            other.tokens.iter().map(|token| Token { position: token.position.saturating_add(shift), ..*token }),
        );
        self.points.extend_from_slice(&other.points);
        self.intervals.extend_from_slice(&other.intervals);
        self.next_position = shift.saturating_add(other.next_position);
    }
}

impl DocumentError {
    fn new(field: &str, reason: impl Into<String>) -> Self {
        DocumentError { field: field.into(), reason: reason.into() }
    }
}
