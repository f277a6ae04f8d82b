//! A member as a line of an export.
//!
//! ```json
//! {"id": 125, "version": 3, "digest": "…", "fingerprint": "…", "last_updated": "2026-11-01T00:00:00Z", "document": {…}}
//! ```

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::event::MemberVersion;
use crate::member::MemberId;
use crate::store::{MemberRow, MemberState, Profile, StoredMember};

/// A line of an export.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedMember {
    pub id: MemberId,
    version: MemberVersion,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    explicit_version: Option<u64>,
    #[serde(default, skip_serializing_if = "is_false")]
    erased: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_updated: Option<Timestamp>,
    /// Positions that were seen and vanished, in the engine's own form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remembered: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document: Option<Document>,
    /// The last document that said anything of positions, where the newest says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    baseline: Option<Document>,
}

/// A document to the byte: JSON where it stands in one line, else text, for line breaks would be lost.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Document(Box<RawValue>);

/// 32 bytes, in hexadecimal digits.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Digest([u8; 32]);

/// Why a line is no member.
#[derive(Debug, thiserror::Error)]
pub enum ExportedMemberError {
    #[error("the line is no exported member: {0}")]
    Shape(#[from] serde_json::Error),
    #[error("the line is no exported member: {0}")]
    Inconsistent(&'static str),
}

fn is_false(value: &bool) -> bool {
    !value
}

impl ExportedMember {
    /// # Errors
    ///
    /// When a stored document is no JSON.
    pub fn of(member: &StoredMember) -> Result<ExportedMember, serde_json::Error> {
        let MemberRow { version, explicit_version, state } = &member.row;
        let profile = match state {
            MemberState::Known(profile) => Some(profile),
            MemberState::Erased => None,
        };
        let remembered = profile.map(|profile| &profile.remembered).filter(|bytes| !bytes.is_empty());
        Ok(ExportedMember {
            id: member.id,
            version: *version,
            explicit_version: *explicit_version,
            erased: profile.is_none(),
            digest: profile.map(|profile| Digest(profile.digest)),
            fingerprint: profile.and_then(|profile| profile.fingerprint).map(Digest),
            last_updated: profile.and_then(|profile| profile.last_updated),
            remembered: remembered.map(|bytes| BASE64_STANDARD.encode(bytes)),
            document: member.document.as_ref().map(Document::of).transpose()?,
            baseline: member.baseline.as_ref().map(Document::of).transpose()?,
        })
    }

    /// Reads a line.
    ///
    /// # Errors
    ///
    /// When it is none of an export.
    pub fn parse(line: &[u8]) -> Result<StoredMember, ExportedMemberError> {
        let member: ExportedMember = serde_json::from_slice(line)?;
        let inconsistent = ExportedMemberError::Inconsistent;
        let state = match (member.erased, member.digest) {
            (true, _) => MemberState::Erased,
            (false, None) => return Err(inconsistent("it has no \"digest\"")),
            (false, Some(Digest(digest))) => MemberState::Known(Profile {
                digest,
                fingerprint: member.fingerprint.map(|Digest(bytes)| bytes),
                last_updated: member.last_updated,
                silent: member.baseline.is_some(),
                remembered: match member.remembered {
                    None => Vec::new(),
                    Some(text) => {
                        BASE64_STANDARD.decode(text).map_err(|_| inconsistent("\"remembered\" is not in base64"))?
                    }
                },
            }),
        };
        Ok(StoredMember {
            id: member.id,
            row: MemberRow { version: member.version, explicit_version: member.explicit_version, state },
            document: member.document.map(Document::bytes).transpose()?,
            baseline: member.baseline.map(Document::bytes).transpose()?,
        })
    }
}

impl Document {
    fn of(document: &Bytes) -> Result<Document, serde_json::Error> {
        let text = String::from_utf8_lossy(document);
        let is_one_line = !text.contains(['\n', '\r']) && text.trim().len() == text.len();
        match is_one_line {
            true => RawValue::from_string(text.into_owned()).map(Document),
            false => serde_json::value::to_raw_value(&text).map(Document),
        }
    }

    fn bytes(self) -> Result<Bytes, ExportedMemberError> {
        let text = Box::<str>::from(self.0).into_string();
        match text.starts_with('"') {
            // A member's document is an object, so this is one that was written as text.
            true => Ok(serde_json::from_str::<String>(&text)?.into()),
            false => Ok(text.into()),
        }
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        blake3::Hash::from_bytes(digest.0).to_hex().to_string()
    }
}

/// Something that is not 64 hexadecimal digits.
#[derive(Debug)]
struct NoDigest;

impl fmt::Display for NoDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("64 hexadecimal digits are expected")
    }
}

impl TryFrom<String> for Digest {
    type Error = NoDigest;

    fn try_from(text: String) -> Result<Self, NoDigest> {
        blake3::Hash::from_hex(text).map(|hash| Digest(*hash.as_bytes())).map_err(|_| NoDigest)
    }
}
