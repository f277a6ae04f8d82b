//! An update as it is read, before anything is known of the member: needs no lock.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::update::{Rejection, RejectionReason, Update};
use crate::change::{self, Positions, Schema};
use crate::json;
use crate::member::MemberId;

/// An update with what its document says.
pub(super) struct Reading {
    pub(super) id: MemberId,
    pub(super) bytes: Bytes,
    pub(super) explicit_version: Option<u64>,
    pub(super) json: Value,
    pub(super) digest: [u8; 32],
    pub(super) positions: Positions,
    /// Of the positions; `None` where the document says nothing of them.
    pub(super) fingerprint: Option<[u8; 32]>,
    pub(super) last_updated: Option<Timestamp>,
}

impl Reading {
    /// Reads an update; what can be refused without the mapping is refused here.
    pub(super) fn of(update: Update, schema: &Schema) -> Result<Reading, Rejection> {
        let expected = update.id;
        let reject = |id: Option<MemberId>, reason| Rejection { id, reason };
        let json = json::parse(&update.document).map_err(|error| reject(expected, error.into()))?;
        let id = member_id(&json, expected, &schema.id).map_err(|reason| reject(expected, reason))?;
        let positions = schema.positions(&json);
        Ok(Reading {
            id,
            bytes: update.document,
            explicit_version: update.version,
            digest: change::document_digest(&json).0,
            fingerprint: (!positions.is_silent()).then(|| positions.fingerprint().0),
            positions,
            last_updated: schema.last_updated(&json),
            json,
        })
    }
}

/// The id that a document has, which must be the expected one.
fn member_id(json: &Value, expected: Option<MemberId>, field: &str) -> Result<MemberId, RejectionReason> {
    let Some(object) = json.as_object() else { return Err(RejectionReason::NotAnObject { found: kind_of(json) }) };
    let field = field.to_owned();
    let Some(id) = object.get(&field) else { return Err(RejectionReason::NoId { field }) };
    let Ok(found) = MemberId::try_from(id) else { return Err(RejectionReason::BadId { field, found: in_short(id) }) };
    match expected {
        Some(expected) if expected != found => Err(RejectionReason::OtherId { field, found, expected }),
        _ => Ok(found),
    }
}

/// A value in few words, however large it is.
fn in_short(json: &Value) -> String {
    match json {
        Value::Number(number) => number.to_string(),
        other => kind_of(other).to_owned(),
    }
}

/// A kind of JSON value, for errors.
pub(super) fn kind_of(json: &Value) -> &'static str {
    match json {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
