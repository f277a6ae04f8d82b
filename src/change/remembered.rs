//! Positions that were seen and vanished: a crawl may have lost them, and coming back they are no news.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::diff::vanished;
use super::identity::Sighting;
use super::pairing::{Pairing, Partner};
use super::positions::Positions;

/// How many vanished positions are remembered of a member. Real profiles have dozens of positions; the bound keeps what has
/// thousands below 100 KB.
pub const MAX_REMEMBERED: usize = 1_000;

/// The positions that versions of a member had and the newest has not, each with whether it was open.
///
/// Only digests of names and titles are kept. Beyond [`MAX_REMEMBERED`], closed ones and then the oldest are forgotten.
///
/// ```
/// use serde_json::json;
/// use tripline::change::{Remembered, Schema, diff};
///
/// let schema = Schema::default();
/// let whole = schema.positions(&json!({"experience": [{"company_name": "Acme", "title": "Engineer"}]}));
/// let broken = schema.positions(&json!({"experience": []}));
///
/// let remembered = Remembered::default().after(&whole, &broken);
/// assert!(diff(&broken, &whole, &remembered).is_empty());
/// assert!(remembered.after(&broken, &whole).is_empty());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remembered(Vec<Sighting>);

/// What is stored, with a number for its format.
#[derive(Serialize, Deserialize)]
enum Stored {
    V1(Vec<Sighting>),
}

impl Remembered {
    /// What is remembered once the new version is stored: what vanished now is added, what came back is not needed any more.
    #[must_use]
    pub fn after(self, before: &Positions, after: &Positions) -> Remembered {
        let pairing = Pairing::of(&before.sightings(), &after.sightings(), &self.0);
        let returned: HashSet<usize> = pairing.partners.iter().filter_map(remembered_index).collect();
        let still_gone = self.0.into_iter().enumerate().filter(|(index, _)| !returned.contains(index));

        let newest_first = vanished(before, &pairing)
            .into_iter()
            .map(|position| position.sighting)
            .chain(still_gone.map(|(_, sighting)| sighting));
        let mut seen = HashSet::new();
        let mut sightings: Vec<Sighting> = newest_first.filter(|sighting| seen.insert(*sighting)).collect();
        if sightings.len() > MAX_REMEMBERED {
            sightings.sort_by_key(|sighting| !sighting.is_open);
            sightings.truncate(MAX_REMEMBERED);
        }
        Remembered(sightings)
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The compact form to store; empty where nothing is remembered.
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.is_empty() {
            return Vec::new();
        }
        // It has neither maps nor texts nor foreign types, so there is nothing that could not be written.
        postcard::to_allocvec(&Stored::V1(self.0.clone())).unwrap_or_default()
    }

    /// Reads the compact form. Bytes that are none are read as nothing remembered: the worst is one notification too many.
    pub fn from_bytes(bytes: &[u8]) -> Remembered {
        match postcard::from_bytes(bytes) {
            Ok(Stored::V1(sightings)) => Remembered(sightings),
            Err(_) => Remembered::default(),
        }
    }

    pub(super) fn sightings(&self) -> &[Sighting] {
        &self.0
    }
}

fn remembered_index(partner: &Option<Partner>) -> Option<usize> {
    match partner {
        Some(Partner::Remembered(index)) => Some(*index),
        Some(Partner::Same(_) | Partner::Edited(_)) | None => None,
    }
}
