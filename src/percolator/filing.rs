//! Where queries are filed, so that a document's own features lead to the few that it could fulfil.

use std::num::NonZeroU32;
use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::mapping::{FieldId, NestedId};
use crate::percolator::anchor::{Anchor, COMPANIONS, Companion, Cover, Filed};
use crate::percolator::cell::Cell;
use crate::percolator::features::{FeatureId, Quality, Space};
use crate::percolator::field_set::FieldSet;
use crate::percolator::present::Present;
use crate::percolator::queries::{Kind, Queries, RootNumber};
use crate::percolator::range_index::RangeIndex;
use crate::percolator::statistics::Statistics;

/// The index of a segment's queries by their anchors.
#[derive(Debug, Default)]
pub(super) struct Filing {
    /// By feature, where its entries begin; and one behind the last.
    starts: Vec<u32>,
    entries: Vec<Entry>,
    pub(super) ranges: FxHashMap<(NestedId, FieldId), RangeIndex<Entry>>,
    /// Queries that no anchor covers.
    pub(super) always: Vec<RootNumber>,
    /// Queries that select everything.
    pub(super) everything: Vec<RootNumber>,
    /// How many documents its anchors were chosen by.
    pub(super) learned_from: u32,
}

/// A query under one of its anchors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) root: RootNumber,
    companions: [PackedCompanion; COMPANIONS],
}

/// A feature's number, the highest bit set where it must be in the anchor's object; all bits for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct PackedCompanion(u32);

impl PackedCompanion {
    const NONE: u32 = u32::MAX;
    const SAME_OBJECT: u32 = 1 << 31;

    /// A feature of a number too high for it is left out: a companion only spares work.
    fn pack(companion: Option<Companion>) -> PackedCompanion {
        match companion {
            Some(Companion { feature, same_object }) if feature.0 < Self::SAME_OBJECT - 1 => {
                PackedCompanion(feature.0 | if same_object { Self::SAME_OBJECT } else { 0 })
            }
            _ => PackedCompanion(Self::NONE),
        }
    }

    fn feature(self) -> FeatureId {
        FeatureId(self.0 & !Self::SAME_OBJECT)
    }

    /// Whether a document can have it, given the objects that have the anchor.
    fn is_there(self, anchor: u64, present: &Present) -> bool {
        if self.0 == Self::NONE {
            return true;
        }
        let objects = present.objects(self.feature());
        if self.0 & Self::SAME_OBJECT == 0 { objects != 0 } else { objects & anchor != 0 }
    }
}

impl Entry {
    /// Whether a document can have the companions, judged in a moment.
    pub(super) fn is_possible(&self, present: &Present) -> bool {
        self.companions.iter().fold(true, |is_possible, companion| is_possible & present.may_have(companion.feature()))
    }

    /// Whether a document has the companions; `anchor` are the objects that have the anchor, numbered modulo 64.
    pub(super) fn is_likely(&self, anchor: u64, present: &Present) -> bool {
        self.companions.iter().all(|companion| companion.is_there(anchor, present))
    }
}

impl Filing {
    /// Files all queries.
    pub(super) fn new(queries: &Queries, statistics: &Statistics) -> Filing {
        let mut filing = Filing { learned_from: statistics.documents(), ..Filing::default() };
        let mut by_feature: Vec<(FeatureId, Entry)> = Vec::new();
        let mut by_range: FxHashMap<_, Vec<(i128, i128, Entry)>> = FxHashMap::default();
        for (root, node) in (0..).zip(queries.roots()) {
            if matches!(queries.node(*node).kind, Kind::All) {
                filing.everything.push(root);
                continue;
            }
            let Some(cover) = Cover::of(queries, statistics, *node) else {
                filing.always.push(root);
                continue;
            };
            for Filed { anchor, companions } in cover.anchors {
                let entry = Entry { root, companions: companions.map(PackedCompanion::pack) };
                match anchor {
                    Anchor::Feature(feature) => by_feature.push((feature, entry)),
                    Anchor::Range { path, field, low, high } => {
                        by_range.entry((path, field)).or_default().push((low, high, entry));
                    }
                }
            }
        }
        by_feature.sort_unstable();
        by_feature.dedup();
        let mut next = 0;
        for feature in 0..=queries.features.len() {
            let behind = |(of, _): &&(FeatureId, Entry)| of.index() < feature;
            next += by_feature.iter().skip(next).take_while(behind).count();
            // Fewer than 2³² anchors fit memory.
            filing.starts.push(u32::try_from(next).unwrap_or(u32::MAX));
        }
        filing.entries = by_feature.into_iter().map(|(_, entry)| entry).collect();
        filing.ranges = by_range.into_iter().map(|(place, ranges)| (place, RangeIndex::new(ranges))).collect();
        filing
    }

    /// Where the queries lie that are filed under a feature.
    pub(super) fn run(&self, feature: FeatureId) -> Range<usize> {
        let bound = |feature: usize| self.starts.get(feature).map_or(0, |start| *start as usize);
        bound(feature.index())..bound(feature.index() + 1)
    }

    /// The queries of a run.
    pub(super) fn entries(&self, run: &Range<usize>) -> &[Entry] {
        self.entries.get(run.clone()).unwrap_or_default()
    }
}

/// Which qualities of which fields any query asks for, so that a document is looked up for no others.
#[derive(Debug, Default)]
pub(super) struct Demand {
    by_place: FxHashMap<(NestedId, FieldId), Wanted>,
    /// The fields of the features and of the tests.
    pub(super) fields: FieldSet,
}

/// What is looked up of a field of the objects of a path.
#[derive(Debug, Default, Clone)]
pub(super) struct Wanted {
    pub(super) terms: bool,
    pub(super) points: bool,
    /// That there is a value at all.
    pub(super) value: Option<FeatureId>,
    /// The sizes of cells around points.
    pub(super) cells: Vec<u8>,
    /// The lengths of beginnings of terms.
    pub(super) beginnings: Vec<NonZeroU32>,
}

impl Demand {
    pub(super) fn of(queries: &Queries) -> Demand {
        let mut demand = Demand::default();
        let mut add = |feature: FeatureId, space: Space, bytes: &[u8]| {
            if space.quality() == Quality::Id {
                return;
            }
            demand.fields.insert(space.field());
            let wanted = demand.by_place.entry((space.path(), space.field())).or_default();
            match space.quality() {
                Quality::Term => wanted.terms = true,
                Quality::Point => wanted.points = true,
                Quality::Value => wanted.value = Some(feature),
                Quality::Prefix => {
                    let length = u32::try_from(bytes.len()).ok().and_then(NonZeroU32::new);
                    wanted.beginnings.extend(length.filter(|length| !wanted.beginnings.contains(length)));
                }
                Quality::Cell => {
                    let size = Cell::from_bytes(bytes).map(Cell::size);
                    wanted.cells.extend(size.filter(|size| !wanted.cells.contains(size)));
                }
                Quality::Id => {}
            }
        };
        for (number, (space, bytes)) in (0..).zip(queries.features.all()) {
            add(FeatureId(number), space, bytes);
        }
        queries.tested_fields().for_each(|field| demand.fields.insert(field));
        demand
    }

    pub(super) fn wanted(&self, path: NestedId, field: FieldId) -> Option<&Wanted> {
        self.by_place.get(&(path, field))
    }
}
