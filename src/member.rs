//! Members: one person's profile each, known by an integer id.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The id of a member: a whole number from 0 to 2⁶³−1, the range of an Elasticsearch `long` that names anybody.
///
/// ```
/// use tripline::MemberId;
///
/// let id: MemberId = "125".parse().unwrap();
/// assert_eq!(id.get(), 125);
/// assert!("-1".parse::<MemberId>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "serde_json::Number", into = "u64")]
pub struct MemberId(u64);

/// A member id that is no whole number from 0 to 2⁶³−1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is no member id: a whole number from 0 to 9223372036854775807 is expected")]
pub struct InvalidMemberId {
    given: String,
}

impl MemberId {
    /// The largest member id.
    pub const MAX: MemberId = MemberId(i64::MAX as u64);

    /// The member of example notifications.
    pub const EXAMPLE: MemberId = MemberId(125);

    /// The id as a plain number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for MemberId {
    type Error = InvalidMemberId;

    fn try_from(id: u64) -> Result<Self, Self::Error> {
        if id > Self::MAX.0 { Err(InvalidMemberId { given: id.to_string() }) } else { Ok(MemberId(id)) }
    }
}

impl TryFrom<serde_json::Number> for MemberId {
    type Error = InvalidMemberId;

    fn try_from(id: serde_json::Number) -> Result<Self, Self::Error> {
        id.as_u64().and_then(|id| MemberId::try_from(id).ok()).ok_or_else(|| InvalidMemberId { given: id.to_string() })
    }
}

impl TryFrom<&serde_json::Value> for MemberId {
    type Error = InvalidMemberId;

    fn try_from(id: &serde_json::Value) -> Result<Self, Self::Error> {
        match id {
            serde_json::Value::Number(number) => MemberId::try_from(number.clone()),
            other => Err(InvalidMemberId { given: other.to_string() }),
        }
    }
}

impl FromStr for MemberId {
    type Err = InvalidMemberId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits_only = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits_only
            .then(|| text.parse::<u64>().ok())
            .flatten()
            .and_then(|id| MemberId::try_from(id).ok())
            .ok_or_else(|| InvalidMemberId { given: text.to_owned() })
    }
}

impl From<MemberId> for u64 {
    fn from(id: MemberId) -> u64 {
        id.0
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
