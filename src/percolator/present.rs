//! What one document has of the features that a segment's queries ask for.

use rustc_hash::FxHashMap;

use crate::percolator::features::FeatureId;
use crate::percolator::mask::Mask;

/// The document's features, and the objects that have them.
///
/// As long as the document, not as the segment: it stays at hand while candidates are looked for.
#[derive(Debug, Default)]
pub(super) struct Present {
    /// The objects of the feature's path that have it, numbered modulo 64; never none.
    objects: FxHashMap<FeatureId, u64>,
    /// The objects of features on paths of more than 64 objects.
    many: FxHashMap<FeatureId, Mask>,
}

/// A table that one large document has made so large is not kept for the small ones behind it.
const KEPT: usize = 1 << 14;

impl Present {
    pub(super) fn clear(&mut self) {
        if self.objects.capacity() > KEPT {
            *self = Present::default();
        }
        self.objects.clear();
        self.many.clear();
    }

    /// The object at this place among the `count` of its path has the feature.
    pub(super) fn add(&mut self, feature: FeatureId, place: usize, count: usize) {
        *self.objects.entry(feature).or_default() |= 1 << (place % 64);
        if count > 64 {
            self.many.entry(feature).or_insert_with(|| Mask::none(count)).set(place);
        }
    }

    /// The objects that have the feature, numbered modulo 64; none if it is not there.
    pub(super) fn objects(&self, feature: FeatureId) -> u64 {
        self.objects.get(&feature).copied().unwrap_or_default()
    }

    /// Those of the `count` objects of the feature's path that have it.
    pub(super) fn mask(&self, feature: FeatureId, count: usize) -> Mask {
        match self.many.get(&feature) {
            Some(mask) => mask.clone(),
            None => Mask::of_word(self.objects(feature), count),
        }
    }

    /// All features with their objects, numbered modulo 64.
    pub(super) fn iter(&self) -> impl Iterator<Item = (FeatureId, u64)> {
        self.objects.iter().map(|(feature, objects)| (*feature, *objects))
    }
}
