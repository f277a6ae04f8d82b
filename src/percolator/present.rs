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
    /// A bit for each feature by its hash: most of what is asked for is not there, and is told by this alone.
    filter: Vec<u64>,
}

/// A kilobyte of filter: of the few hundred features of a usual document one in forty strangers passes it.
const FILTER_BITS: u32 = 13;

/// A table that one large document has made so large is not kept for the small ones behind it.
const KEPT: usize = 1 << 14;

impl Present {
    pub(super) fn clear(&mut self) {
        if self.objects.capacity() > KEPT {
            *self = Present::default();
        }
        self.objects.clear();
        self.many.clear();
        self.filter.clear();
        self.filter.resize(1 << (FILTER_BITS - 6), 0);
        self.pass(FeatureId::NONE);
    }

    /// Whether the feature can be there, and always for [`FeatureId::NONE`].
    pub(super) fn may_have(&self, feature: FeatureId) -> bool {
        let (word, bit) = filter_place(feature);
        self.filter.get(word).is_some_and(|bits| bits & bit != 0)
    }

    fn pass(&mut self, feature: FeatureId) {
        let (word, bit) = filter_place(feature);
        if let Some(bits) = self.filter.get_mut(word) {
            *bits |= bit;
        }
    }

    /// The object at this place among the `count` of its path has the feature.
    pub(super) fn add(&mut self, feature: FeatureId, place: usize, count: usize) {
        *self.objects.entry(feature).or_default() |= 1 << (place % 64);
        self.pass(feature);
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

/// The word and the bit of a feature in the filter.
fn filter_place(feature: FeatureId) -> (usize, u64) {
    // Numbers are mixed by an odd factor, 2³² by the golden ratio: the upper bits of the product depend on all of them.
    let place = feature.0.wrapping_mul(0x9E37_79B9) >> (u32::BITS - FILTER_BITS);
    (place as usize / 64, 1 << (place % 64))
}
