//! A member as one document of the cluster: what is known of it, its text, and what has not been relayed to `events` yet.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::elasticsearch;
use crate::event::{MemberVersion, Sequence};
use crate::member::MemberId;
use crate::store::{Announcement, BaselineWrite, MemberRow, MemberState, MemberWrite, Profile};

/// A member's document. Only `state`, `version`, `pending` and `pending_since` are mapped; the rest just stands in `_source`.
#[derive(Debug, Clone, Serialize)]
pub(super) struct MemberDocument {
    #[serde(flatten)]
    pub(super) head: Head,
    /// The document's very bytes, as a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) document: Option<String>,
    /// The last document that said anything of positions, while the newest says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) baseline: Option<String>,
}

/// All of a member's document but the texts: what a batch of updates reads of everybody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    /// Whose it is: by this documents are sorted.
    pub(super) member: MemberId,
    pub(super) state: State,
    pub(super) version: MemberVersion,
    pub(super) explicit_version: Option<u64>,
    digest: Option<String>,
    fingerprint: Option<String>,
    last_updated: Option<Timestamp>,
    #[serde(default)]
    silent: bool,
    #[serde(default)]
    remembered: String,
    /// The sequence of its last events: those of a later version have a greater one, whatever the nodes' clocks say.
    pub(super) sequence: Sequence,
    /// Whether somebody has to look after it: events to be relayed, or an erasure to be finished.
    pub(super) pending: bool,
    #[serde(default)]
    pub(super) pending_since: Option<Timestamp>,
    /// What is not known to be relayed, oldest version first.
    #[serde(default)]
    pub(super) announcements: Vec<Unrelayed>,
}

/// The fields of [`Head`], to be asked for without the texts.
pub(super) const HEAD: &[&str] = &[
    "member",
    "state",
    "version",
    "explicit_version",
    "digest",
    "fingerprint",
    "last_updated",
    "silent",
    "remembered",
    "sequence",
    "pending",
    "pending_since",
    "announcements",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Known,
    Erased,
}

/// An announcement with the place of its events in the order of commits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Unrelayed {
    pub(super) sequence: Sequence,
    pub(super) announcement: Announcement,
}

/// Which write of a member was read, and what the next write has to take over from it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Written {
    pub(super) stamp: elasticsearch::Stamp,
    pub(super) sequence: Sequence,
    pub(super) announcements: Vec<Unrelayed>,
}

impl Head {
    pub(super) fn of(
        member: MemberId,
        row: &MemberRow,
        sequence: Sequence,
        announcements: Vec<Unrelayed>,
        now: Timestamp,
    ) -> Head {
        let pending = !announcements.is_empty();
        let head = Head {
            member,
            state: State::Erased,
            version: row.version,
            explicit_version: row.explicit_version,
            digest: None,
            fingerprint: None,
            last_updated: None,
            silent: false,
            remembered: String::new(),
            sequence,
            pending,
            pending_since: pending.then_some(now),
            announcements,
        };
        match &row.state {
            MemberState::Erased => head,
            MemberState::Known(profile) => Head {
                state: State::Known,
                digest: Some(BASE64.encode(profile.digest)),
                fingerprint: profile.fingerprint.map(|fingerprint| BASE64.encode(fingerprint)),
                last_updated: profile.last_updated,
                silent: profile.silent,
                remembered: BASE64.encode(&profile.remembered),
                ..head
            },
        }
    }

    /// One that has to be looked after though it has no events: an erasure is not at its end.
    pub(super) fn unsettled(self, now: Timestamp) -> Head {
        Head { pending: true, pending_since: Some(now), ..self }
    }

    /// What the engine knows of the member; an error says what is wrong with the document.
    pub(super) fn row(&self) -> Result<MemberRow, String> {
        let state = match self.state {
            State::Erased => MemberState::Erased,
            State::Known => MemberState::Known(Profile {
                digest: digest("digest", self.digest.as_deref().ok_or("it has no digest")?)?,
                fingerprint: self.fingerprint.as_deref().map(|text| digest("fingerprint", text)).transpose()?,
                last_updated: self.last_updated,
                silent: self.silent,
                remembered: BASE64.decode(&self.remembered).map_err(|error| format!("remembered: {error}"))?,
            }),
        };
        Ok(MemberRow { version: self.version, explicit_version: self.explicit_version, state })
    }
}

fn digest(field: &str, text: &str) -> Result<[u8; 32], String> {
    let bytes = BASE64.decode(text).map_err(|error| format!("{field}: {error}"))?;
    bytes.try_into().map_err(|bytes: Vec<u8>| format!("{field} has {} bytes instead of 32", bytes.len()))
}

/// What the write of a member asks of the cluster.
pub(super) enum Body {
    /// The whole document.
    Whole(MemberDocument),
    /// These fields; the texts that are not among them stay.
    Part(MemberDocument),
}

impl Body {
    /// The document that a write makes; an error says what of it no cluster takes.
    pub(super) fn of(write: &MemberWrite, head: Head) -> Result<Body, std::str::Utf8Error> {
        let document = write.document.as_ref().map(text).transpose()?;
        let baseline = match &write.baseline {
            BaselineWrite::Keep | BaselineWrite::Clear => None,
            BaselineWrite::Set(bytes) => Some(text(bytes)?),
        };
        let keeps_a_text = document.is_none() || (write.baseline == BaselineWrite::Keep && write.row.is_silent());
        let whole = MemberDocument { head, document, baseline };
        Ok(if keeps_a_text { Body::Part(whole) } else { Body::Whole(whole) })
    }
}

fn text(bytes: &Bytes) -> Result<String, std::str::Utf8Error> {
    std::str::from_utf8(bytes).map(str::to_owned)
}

impl Written {
    /// What is not relayed yet, with what a new write adds.
    pub(super) fn carried(before: Option<&Arc<Written>>, new: Vec<Unrelayed>) -> Vec<Unrelayed> {
        before.into_iter().flat_map(|written| written.announcements.iter().cloned()).chain(new).collect()
    }
}
