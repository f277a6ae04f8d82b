//! What identifies a position: company, title and start.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::digest::{document_digest, whole};
use super::normalise::normalise;
use super::partial_date::PartialDate;

/// Stands for a normalised text: 128 bits of its blake3 digest, so that a position takes the same few bytes whatever its title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct TextKey([u8; 16]);

impl TextKey {
    pub(super) fn of(text: &str) -> TextKey {
        let digest = blake3::hash(text.as_bytes());
        let (key, _) = digest.as_bytes().split_first_chunk().unwrap_or((&[0; 16], &[]));
        TextKey(*key)
    }

    pub(super) fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

/// The normalised text of a name; `None` where nothing is left of it. A value that is no text stands for itself.
pub(super) fn name(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::Null => return None,
        Value::String(text) => normalise(text),
        Value::Number(number) => whole(number).map_or_else(|| number.to_string(), |whole| whole.to_string()),
        Value::Bool(flag) => flag.to_string(),
        structure @ (Value::Array(_) | Value::Object(_)) => document_digest(structure).to_string(),
    };
    Some(text).filter(|text| !text.is_empty())
}

/// The text of an id, the same for 12 and `"12"`; 0 and less are no id, but ways to say that there is none.
pub(super) fn id(value: Option<&Value>) -> Option<String> {
    let (number, text) = match value? {
        Value::Number(number) => (whole(number), number.to_string()),
        Value::String(text) => (text.trim().parse().ok(), text.trim().to_owned()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    match number {
        Some(number) => (number > 0).then(|| number.to_string()),
        None => Some(text).filter(|text| !text.is_empty()),
    }
}

/// A company: two are the same by id where both have one, else by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Company {
    pub(super) id: Option<TextKey>,
    pub(super) name: Option<TextKey>,
}

/// One of the ways in which a company can be met again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum CompanyAspect {
    /// By its id.
    Id(TextKey),
    /// By its name, while an id is known too: only a company without an id may answer to it.
    NameBesideId(TextKey),
    /// By its name alone.
    NameAlone(TextKey),
    /// Nothing is said of the company.
    Unnamed,
}

impl Company {
    /// The one aspect that tells companies of one version apart.
    pub(super) fn main_aspect(self) -> CompanyAspect {
        match self {
            Company { id: Some(id), .. } => CompanyAspect::Id(id),
            Company { id: None, name: Some(name) } => CompanyAspect::NameAlone(name),
            Company { id: None, name: None } => CompanyAspect::Unnamed,
        }
    }

    /// The aspects under which it is kept.
    pub(super) fn kept_as(self) -> impl Iterator<Item = CompanyAspect> {
        let beside = self.id.and(self.name).map(CompanyAspect::NameBesideId);
        std::iter::once(self.main_aspect()).chain(beside)
    }

    /// The aspects under which a company that is the same may have been kept.
    pub(super) fn met_as(self) -> impl Iterator<Item = CompanyAspect> {
        let other = self.name.map(match self.id {
            Some(_) => CompanyAspect::NameAlone,
            None => CompanyAspect::NameBesideId,
        });
        std::iter::once(self.main_aspect()).chain(other)
    }
}

/// What was seen of a position, without its text: enough to know it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Sighting {
    pub(super) company: Company,
    pub(super) title: Option<TextKey>,
    pub(super) start: PartialDate,
    pub(super) is_open: bool,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_the_same_as_number_and_as_text() {
        assert_eq!(id(Some(&json!(12))), id(Some(&json!(" 12 "))));
        assert_eq!(id(Some(&json!(12.0))), id(Some(&json!("12"))));
        assert_eq!(id(Some(&json!("acme-gmbh"))).as_deref(), Some("acme-gmbh"));
    }

    #[test]
    fn zero_null_and_nothing_are_no_id() {
        for value in
            [json!(0), json!("0"), json!(-1), json!(""), json!(" "), json!(null), json!(false), json!([1]), json!({})]
        {
            assert_eq!(id(Some(&value)), None, "{value}");
        }
        assert_eq!(id(None), None);
    }

    #[test]
    fn names_that_are_no_text_stand_for_themselves() {
        assert_eq!(name(Some(&json!(1848))).as_deref(), Some("1848"));
        assert_eq!(name(Some(&json!(1848.0))), name(Some(&json!("1848"))));
        assert_eq!(name(Some(&json!({"en": "Engineer"}))), name(Some(&json!({"en": "Engineer"}))));
        assert_ne!(name(Some(&json!({"en": "Engineer"}))), name(Some(&json!({"en": "Manager"}))));
        assert_eq!(name(Some(&json!("🚀 –"))), None);
    }
}
