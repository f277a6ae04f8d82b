//! What a document says about positions.

use std::fmt;

use serde_json::Value;

use super::identity::{Company, CompanyAspect, Sighting, TextKey, id, name};
use super::partial_date::{PartialDate, is_end};
use super::schema::{FieldNames, Schema};

/// What one version of a member says about positions: a list of them or nothing, and whether the profile is marked deleted.
#[derive(Debug, Clone, PartialEq)]
pub struct Positions {
    /// In an order of their own, by start and title, so that the document's order changes no answer; duplicates merged.
    listed: Option<Vec<Position>>,
    pub(super) is_deleted: bool,
}

/// One position, with its entry as it stands in the document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Position {
    pub(super) sighting: Sighting,
    /// Its place in the document's list.
    pub(super) place: usize,
    pub(super) entry: Value,
}

/// The blake3 digest of what identifies a member's positions, of whether each is open, and of the deletion mark.
///
/// Versions with equal fingerprints have no position change between them. The reverse does not hold: a start that gains precision
/// alters the fingerprint, and [`diff`](super::diff()) finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        blake3::Hash::from(self.0).fmt(formatter)
    }
}

impl Schema {
    /// Reads what a document says about positions.
    ///
    /// Nothing is said where the list is absent, null or no list, or where not one of its entries can be read (an entry must be
    /// an object that names a company or a title); an empty list says that there are no positions. A single object counts as
    /// a list of one, as in Elasticsearch. Takes time and memory in proportion to the document.
    pub fn positions(&self, document: &Value) -> Positions {
        Positions {
            listed: self.experience.find(document).and_then(|experience| self.listed(experience)),
            is_deleted: is_set(&self.is_deleted, document),
        }
    }

    fn listed(&self, experience: &Value) -> Option<Vec<Position>> {
        let entries = match experience {
            Value::Array(entries) => entries.as_slice(),
            Value::Object(_) => std::slice::from_ref(experience),
            _ => return None,
        };
        let readings: Vec<Reading> =
            entries.iter().enumerate().filter_map(|(place, entry)| Reading::of(self, place, entry)).collect();
        if readings.is_empty() && !entries.is_empty() {
            return None;
        }
        Some(in_canonical_order(readings))
    }
}

/// Whether a mark is set: 1, true, "1" or "true".
fn is_set(mark: &FieldNames, document: &Value) -> bool {
    match mark.find(document) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Number(number)) => number.as_f64().is_some_and(|number| number != 0.0),
        Some(Value::String(text)) => matches!(text.trim().to_ascii_lowercase().as_str(), "1" | "true"),
        _ => false,
    }
}

/// An entry that names a position.
struct Reading<'d> {
    sighting: Sighting,
    title: Option<String>,
    place: usize,
    entry: &'d Value,
}

impl Reading<'_> {
    fn of<'d>(schema: &Schema, place: usize, entry: &'d Value) -> Option<Reading<'d>> {
        let key = |text: &String| TextKey::of(text);
        let company = Company {
            id: id(schema.company_id.find(entry)).as_ref().map(key),
            name: name(schema.company_name.find(entry)).as_ref().map(key),
        };
        let title = name(schema.title.find(entry));
        if company.main_aspect() == CompanyAspect::Unnamed && title.is_none() {
            return None;
        }
        let sighting = Sighting {
            company,
            title: title.as_ref().map(key),
            start: PartialDate::read(schema.date_from.find(entry)),
            is_open: !is_end(schema.date_to.find(entry)),
        };
        Some(Reading { sighting, title, place, entry })
    }

    /// What must be equal in two entries of one version that are the same position written twice.
    fn identity(&self) -> (CompanyAspect, Option<TextKey>, PartialDate) {
        (self.sighting.company.main_aspect(), self.sighting.title, self.sighting.start)
    }
}

/// Merges what is written twice, open before closed (nobody is told of an end that only one of two copies knows), and sorts.
fn in_canonical_order(mut readings: Vec<Reading>) -> Vec<Position> {
    readings.sort_by_key(|reading| {
        (reading.identity(), !reading.sighting.is_open, reading.sighting.company.name, reading.place)
    });
    readings.dedup_by(|later, kept| later.identity() == kept.identity());
    readings.sort_by(|left, right| {
        let key = |reading: &Reading| (reading.sighting.start, reading.sighting.company.main_aspect());
        left.sighting
            .start
            .cmp(&right.sighting.start)
            .then_with(|| left.title.cmp(&right.title))
            .then_with(|| key(left).cmp(&key(right)))
    });
    let position =
        |reading: Reading| Position { sighting: reading.sighting, place: reading.place, entry: reading.entry.clone() };
    readings.into_iter().map(position).collect()
}

impl Positions {
    /// Whether the document says nothing, neither of positions nor that the profile is deleted.
    pub fn is_silent(&self) -> bool {
        self.listed.is_none() && !self.is_deleted
    }

    /// Whether the document lists positions and there is none among them, though the profile is not marked deleted: a crawl
    /// that lost them looks just so.
    pub fn lists_none(&self) -> bool {
        self.lists_any() && self.listed().is_empty() && !self.is_deleted
    }

    /// The fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut rows: Vec<[u8; ROW]> = self.listed().iter().map(|position| row(&position.sighting)).collect();
        rows.sort_unstable();
        let mut hasher = blake3::Hasher::new_derive_key("tripline position fingerprint v1");
        hasher.update(&[u8::from(self.is_deleted), u8::from(self.lists_any())]);
        for row in &rows {
            hasher.update(row);
        }
        Fingerprint(*hasher.finalize().as_bytes())
    }

    /// Whether there is a list, be it empty.
    pub(super) fn lists_any(&self) -> bool {
        self.listed.is_some()
    }

    pub(super) fn listed(&self) -> &[Position] {
        self.listed.as_deref().unwrap_or_default()
    }

    pub(super) fn sightings(&self) -> Vec<Sighting> {
        self.listed().iter().map(|position| position.sighting).collect()
    }
}

/// Company, title, start, openness; every row has the same length, so rows in a row are unambiguous.
const ROW: usize = 1 + 16 + 1 + 16 + 4 + 1;

/// A position in the fingerprint. Of a company with an id the name is left out: it may be renamed.
fn row(sighting: &Sighting) -> [u8; ROW] {
    let (kind, company) = match sighting.company.main_aspect() {
        CompanyAspect::Id(id) => (b'i', id.to_bytes()),
        CompanyAspect::NameAlone(name) | CompanyAspect::NameBesideId(name) => (b'n', name.to_bytes()),
        CompanyAspect::Unnamed => (b'-', [0; 16]),
    };
    let (has_title, title) = sighting.title.map_or((b'-', [0; 16]), |title| (b't', title.to_bytes()));
    let mut row = [0; ROW];
    let fields: [&[u8]; 6] =
        [&[kind], &company, &[has_title], &title, &sighting.start.to_bytes(), &[u8::from(sighting.is_open)]];
    row.iter_mut().zip(fields.into_iter().flatten()).for_each(|(byte, field)| *byte = *field);
    row
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn positions(document: Value) -> Positions {
        Schema::default().positions(&document)
    }

    #[test]
    fn a_document_without_a_list_says_nothing_and_an_empty_list_says_none() {
        for document in [json!({}), json!({"experience": null}), json!({"experience": "none"}), json!([]), json!(null)]
        {
            assert!(positions(document.clone()).is_silent(), "{document}");
        }
        assert!(!positions(json!({"experience": []})).is_silent());
        assert!(positions(json!({"experience": []})).lists_none());
        assert!(!positions(json!({"experience": [], "is_deleted": 1})).lists_none());
        assert!(!positions(json!({})).lists_none());
        assert!(!positions(json!({"is_deleted": 1})).is_silent());
        assert_ne!(positions(json!({})).fingerprint(), positions(json!({"experience": []})).fingerprint());
    }

    #[test]
    fn a_list_of_which_nothing_can_be_read_says_nothing() {
        assert!(positions(json!({"experience": [null, "Engineer at Acme", {}, {"date_from": "2021"}, 5]})).is_silent());
    }

    #[test]
    fn malformed_entries_beside_good_ones_are_passed_over() {
        let good = json!({"company_name": "Acme", "title": "Engineer"});
        let read = positions(json!({"experience": [null, good, "Engineer", [good], 7, {}]}));
        assert_eq!(read.listed().len(), 1);
        assert_eq!(read.fingerprint(), positions(json!({"experience": good})).fingerprint());
    }

    #[test]
    fn odd_types_are_read_as_well_as_can_be() {
        let odd = positions(
            json!({"experience": [{"company_id": "12", "company_name": 1848, "title": 7, "date_from": 2021, "date_to": false}]}),
        );
        let plain = positions(
            json!({"experience": [{"company_id": 12, "company_name": "1848", "title": "7", "date_from": "2021"}]}),
        );
        assert_eq!(odd.fingerprint(), plain.fingerprint());
    }

    #[test]
    fn a_deletion_mark_has_several_spellings() {
        for mark in [json!(1), json!(true), json!("1"), json!("True"), json!(1.0)] {
            assert!(positions(json!({"is_deleted": mark})).is_deleted, "{mark}");
        }
        for mark in [json!(0), json!(false), json!("0"), json!(""), json!(null), json!([1]), json!("no")] {
            assert!(!positions(json!({"is_deleted": mark})).is_deleted, "{mark}");
        }
    }

    #[test]
    fn of_two_copies_of_a_position_the_open_one_counts() {
        let open = json!({"company_name": "Acme", "title": "Engineer", "date_from": "2021"});
        let closed = json!({"company_name": "Acme", "title": "Engineer", "date_from": "2021", "date_to": "2023"});
        let read = positions(json!({"experience": [closed, open]}));
        assert_eq!(read.listed().iter().map(|position| &position.entry).collect::<Vec<_>>(), [&open]);
    }
}
