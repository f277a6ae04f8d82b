//! The position changes between two versions.

use serde_json::Value;

use super::identity::Sighting;
use super::known::{KnownCompanies, KnownPositions};
use super::pairing::{Pairing, Partner};
use super::positions::{Position, Positions};
use super::remembered::Remembered;
use super::{Change, ChangeKind};

/// The position changes between two versions of a member: those of positions that the new one has, in its order, then those of
/// positions that are gone, in the order of the old one.
///
/// `remembered` are positions that versions before these had, and that vanished: coming back they are known, though not edited.
/// A version that says nothing of positions changes nothing, and where nothing at all is known the new version is the baseline.
///
/// n positions take O(n log n) time, whatever they are.
pub fn diff(before: &Positions, after: &Positions, remembered: &Remembered) -> Vec<Change> {
    if after.is_deleted {
        return if before.is_deleted { Vec::new() } else { all_removed(before) };
    }
    let nothing_known = !before.lists_any() && remembered.is_empty();
    if !after.lists_any() || nothing_known {
        return Vec::new();
    }
    let comparison = Comparison::of(before, after, remembered);
    let mut changes = comparison.of_present();
    // Of a deleted profile every position was removed already.
    if !before.is_deleted {
        changes.extend(comparison.of_vanished());
    }
    changes
}

/// Two versions and who is who in them.
struct Comparison<'v> {
    before: &'v Positions,
    after: &'v Positions,
    remembered: &'v Remembered,
    pairing: Pairing,
}

impl<'v> Comparison<'v> {
    fn of(before: &'v Positions, after: &'v Positions, remembered: &'v Remembered) -> Self {
        let pairing = Pairing::of(&before.sightings(), &after.sightings(), remembered.sightings());
        Comparison { before, after, remembered, pairing }
    }

    /// The changes of positions that the new version has.
    fn of_present(&self) -> Vec<Change> {
        let mut placed = Vec::new();
        let mut unknown = Vec::new();
        let mut known = KnownPositions::default();
        for (position, partner) in self.after.listed().iter().zip(&self.pairing.partners) {
            match partner {
                Some(partner) => {
                    known.insert(&position.sighting);
                    placed.extend(self.of_known(position, *partner).map(|change| (position.place, change)));
                }
                None => unknown.push(position),
            }
        }
        let companies = self.companies_before();
        for position in without_duplicates(unknown, known) {
            placed.push((position.place, of_unknown(position, &companies)));
        }
        in_order_of_places(placed)
    }

    /// The change of a position that was known, if there is any.
    fn of_known(&self, position: &Position, partner: Partner) -> Option<Change> {
        let (old, entry, is_edited) = match partner {
            Partner::Same(index) => {
                self.before.listed().get(index).map(|old| (&old.sighting, Some(&old.entry), false))?
            }
            Partner::Edited(index) => {
                self.before.listed().get(index).map(|old| (&old.sighting, Some(&old.entry), true))?
            }
            Partner::Remembered(index) => (self.remembered.sightings().get(index)?, None, false),
        };
        let kind = match (old.is_open, position.sighting.is_open) {
            (true, false) => ChangeKind::Closed,
            (false, true) => ChangeKind::Reopened,
            (true, true) if is_edited => ChangeKind::Edited,
            (true, true) | (false, false) => return None,
        };
        Some(change(kind, entry, Some(&position.entry)))
    }

    /// The companies at which the member had an open or past position, as far as is known.
    fn companies_before(&self) -> KnownCompanies {
        let mut companies = KnownCompanies::default();
        let listed = self.before.listed().iter().map(|position| &position.sighting);
        listed.chain(self.remembered.sightings()).for_each(|sighting| companies.insert(sighting.company));
        companies
    }

    /// The changes of positions that the new version has no more: a closed one is no loss.
    fn of_vanished(&self) -> Vec<Change> {
        removals(vanished(self.before, &self.pairing))
    }
}

/// The positions of the old version that are gone, without those that were duplicates of positions that stay.
pub(super) fn vanished<'v>(before: &'v Positions, pairing: &Pairing) -> Vec<&'v Position> {
    let mut known = KnownPositions::default();
    let mut gone = Vec::new();
    let mut unpaired = pairing.vanished.iter().copied().peekable();
    for (index, position) in before.listed().iter().enumerate() {
        // Both are in canonical order.
        if unpaired.next_if_eq(&index).is_some() {
            gone.push(position);
        } else {
            known.insert(&position.sighting);
        }
    }
    without_duplicates(gone, known)
}

fn all_removed(before: &Positions) -> Vec<Change> {
    removals(without_duplicates(before.listed().iter().collect(), KnownPositions::default()))
}

fn removals(gone: Vec<&Position>) -> Vec<Change> {
    let open = gone.into_iter().filter(|position| position.sighting.is_open);
    in_order_of_places(open.map(|old| (old.place, change(ChangeKind::Removed, Some(&old.entry), None))).collect())
}

fn of_unknown(position: &Position, companies_before: &KnownCompanies) -> Change {
    let Sighting { company, is_open, .. } = position.sighting;
    let kind = match is_open {
        false => ChangeKind::Backfilled,
        true if companies_before.contains(company) => ChangeKind::Promoted,
        true => ChangeKind::Started,
    };
    change(kind, None, Some(&position.entry))
}

/// The positions that are neither among the known ones nor among each other, though they be written differently; of such a
/// pair the one with the finer start stays, for it comes later in the canonical order.
fn without_duplicates(positions: Vec<&Position>, mut known: KnownPositions) -> Vec<&Position> {
    let is_first = |position: &&Position| {
        let is_new = !known.contains(&position.sighting);
        if is_new {
            known.insert(&position.sighting);
        }
        is_new
    };
    positions.into_iter().rev().filter(is_first).collect()
}

fn change(kind: ChangeKind, before: Option<&Value>, after: Option<&Value>) -> Change {
    Change { kind, before: before.cloned(), after: after.cloned() }
}

fn in_order_of_places(mut placed: Vec<(usize, Change)>) -> Vec<Change> {
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, change)| change).collect()
}
