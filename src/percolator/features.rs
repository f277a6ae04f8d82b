//! Features: what a document has or has not, and queries are found by.

use std::hash::{BuildHasher, Hasher};
use std::hint::black_box;
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::mapping::{FieldId, NestedId};

/// A feature's number within its segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FeatureId(pub(super) u32);

impl FeatureId {
    /// The number of no feature: segments have fewer.
    pub(super) const NONE: FeatureId = FeatureId(u32::MAX >> 1);

    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// In which way an object of a document has a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quality {
    /// The field has the term.
    Term,
    /// The field has the point; its bytes, little end first.
    Point,
    /// The field has a value.
    Value,
    /// The field has a term that begins so, cut to one of [`PREFIX_LENGTHS`].
    Prefix,
    /// The field has a point in the cell, see [`Cell`](super::cell::Cell).
    Cell,
    /// The document has the id.
    Id,
}

/// The beginnings of terms that are looked up are so many bytes long: few, since each costs a look-up a term.
pub(super) const PREFIX_LENGTHS: [usize; 8] = [1, 2, 3, 4, 6, 8, 12, 16];

/// The longest beginning of these bytes that is looked up; `None` for no bytes.
pub(super) fn beginning(bytes: &[u8]) -> Option<&[u8]> {
    PREFIX_LENGTHS.iter().rev().find_map(|length| bytes.get(..*length))
}

/// A quality of a field of the objects of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Space(u64);

impl Space {
    pub(super) const ID: Space = Space::new(Quality::Id, NestedId::ROOT, FieldId(0));

    /// A mapping has fewer than 2²⁴ nested paths.
    pub(super) const fn new(quality: Quality, path: NestedId, field: FieldId) -> Space {
        Space((quality as u64) << 56 | ((path.0 & 0xFF_FFFF) as u64) << 32 | field.0 as u64)
    }

    pub(super) fn quality(self) -> Quality {
        match self.0 >> 56 {
            0 => Quality::Term,
            1 => Quality::Point,
            2 => Quality::Value,
            3 => Quality::Prefix,
            4 => Quality::Cell,
            _ => Quality::Id,
        }
    }

    pub(super) fn path(self) -> NestedId {
        NestedId(u32::try_from(self.0 >> 32 & 0xFF_FFFF).unwrap_or_default())
    }

    pub(super) fn field(self) -> FieldId {
        FieldId(u32::try_from(self.0 & 0xFFFF_FFFF).unwrap_or_default())
    }

    /// The hash of a feature: equal features have equal ones, in every segment of this process. Its seed is drawn at random, so that
    /// nobody can write terms that collide.
    pub(super) fn hash(self, bytes: &[u8]) -> u64 {
        static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::default);
        let mut hasher = SEED.build_hasher();
        hasher.write_u64(self.0);
        hasher.write(bytes);
        hasher.finish()
    }
}

/// The features that a segment's queries ask for, each with a number: they are numbered, and lie, in the order of their hashes.
///
/// The table is our own, for what others do not offer: a look-up touches one short array and the feature itself, and hundreds of
/// look-ups of one document go through each of its steps together, so that the memory of all of them is fetched at the same time
/// ([`Features::may_have`], [`Features::begin`], [`Features::fetch`], [`Features::end`]).
#[derive(Debug, Default)]
pub(super) struct Features {
    /// A bit for each hash modulo its length: most words of a document are in no query and end here, in little memory.
    filter: Vec<u64>,
    /// By the upper bits of a hash, where the features begin whose hashes begin so; and one behind the last.
    starts: Vec<u32>,
    /// How many bits of a hash are not among those.
    shift: u32,
    entries: Vec<Entry>,
    /// The bytes of long features, one behind the other.
    bytes: Vec<u8>,
}

/// Where a feature lies if it is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Begun {
    from: u32,
    to: u32,
}

/// Bits of the filter for each feature.
const FILTER_BITS: usize = 8;

/// Half of a cache line. Short bytes stand in the entry itself: what a look-up compares is then at hand.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
struct Entry {
    space: Space,
    length: u32,
    /// The bytes where they fit; else, in its first four, where they begin among the long ones.
    inline: [u8; INLINE],
}

const INLINE: usize = 20;

impl Entry {
    fn bytes<'b>(&'b self, long: &'b [u8]) -> &'b [u8] {
        let length = self.length as usize;
        match self.inline.get(..length) {
            Some(short) => short,
            None => {
                let [a, b, c, d, ..] = self.inline;
                let start = u32::from_le_bytes([a, b, c, d]) as usize;
                long.get(start..start + length).unwrap_or_default()
            }
        }
    }

    fn hash(&self, long: &[u8]) -> u64 {
        self.space.hash(self.bytes(long))
    }

    fn is(&self, space: Space, bytes: &[u8], long: &[u8]) -> bool {
        self.space == space && self.length as usize == bytes.len() && self.bytes(long) == bytes
    }
}

impl Features {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether a feature of this hash can be there.
    pub(super) fn may_have(&self, hash: u64) -> bool {
        // A filter without words, of no features, finds nothing.
        let place = hash as usize & (self.filter.len() * 64).wrapping_sub(1);
        self.filter.get(place / 64).is_some_and(|bits| bits & (1 << (place % 64)) != 0)
    }

    /// Begins the look-up of a feature of this hash.
    pub(super) fn begin(&self, hash: u64) -> Begun {
        let bucket = self.bucket(hash);
        let bound = |bucket: usize| self.starts.get(bucket).copied().unwrap_or_default();
        Begun { from: bound(bucket), to: bound(bucket + 1) }
    }

    /// Has the memory of what the look-up finds fetched, and does not wait for it.
    pub(super) fn fetch(&self, begun: Begun) {
        black_box(self.entries.get(begun.from as usize).map(|entry| entry.length));
    }

    /// Ends a look-up: the number of the feature, if a query asks for it.
    pub(super) fn end(&self, begun: Begun, space: Space, bytes: &[u8]) -> Option<FeatureId> {
        let candidates = self.entries.get(begun.from as usize..begun.to as usize)?;
        let place = candidates.iter().position(|entry| entry.is(space, bytes, &self.bytes))?;
        Some(FeatureId(begun.from + number(place)))
    }

    /// The number of a feature, if a query asks for it.
    pub(super) fn known(&self, space: Space, bytes: &[u8]) -> Option<FeatureId> {
        let hash = space.hash(bytes);
        if self.may_have(hash) { self.end(self.begin(hash), space, bytes) } else { None }
    }

    fn bucket(&self, hash: u64) -> usize {
        // An index: the upper bits of the hash, of which a table in memory has fewer than 48.
        (hash >> self.shift) as usize
    }

    /// A feature's space and bytes.
    pub(super) fn get(&self, id: FeatureId) -> (Space, &[u8]) {
        self.entries.get(id.index()).map_or((Space::ID, &[]), |entry| (entry.space, entry.bytes(&self.bytes)))
    }

    /// All features: their spaces and bytes.
    pub(super) fn all(&self) -> impl Iterator<Item = (Space, &[u8])> {
        self.entries.iter().map(|entry| (entry.space, entry.bytes(&self.bytes)))
    }
}

/// Numbers features as they come.
#[derive(Debug, Default)]
pub(super) struct FeaturesBuilder {
    entries: Vec<Entry>,
    bytes: Vec<u8>,
    known: HashTable<FeatureId>,
}

impl FeaturesBuilder {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// A feature's space.
    pub(super) fn space(&self, id: FeatureId) -> Space {
        self.entries.get(id.index()).map_or(Space::ID, |entry| entry.space)
    }

    /// The number of a feature, a new one if need be.
    pub(super) fn intern(&mut self, space: Space, bytes: &[u8]) -> FeatureId {
        let hash = space.hash(bytes);
        let FeaturesBuilder { entries, bytes: long, known } = self;
        let is_same = |id: &FeatureId| entries.get(id.index()).is_some_and(|entry| entry.is(space, bytes, long));
        if let Some(known) = known.find(hash, is_same) {
            return *known;
        }
        let id = FeatureId(number(entries.len()));
        let mut inline = [0; INLINE];
        match inline.get_mut(..bytes.len()) {
            Some(place) => place.copy_from_slice(bytes),
            None => {
                let start = number(long.len()).to_le_bytes();
                inline.iter_mut().zip(start).for_each(|(place, byte)| *place = byte);
                long.extend_from_slice(bytes);
            }
        }
        entries.push(Entry { space, length: number(bytes.len()), inline });
        known.insert_unique(hash, id, |id| entries.get(id.index()).map_or(0, |entry| entry.hash(long)));
        id
    }

    /// The features in the order of their hashes, and by their old numbers the new ones.
    pub(super) fn finish(self) -> (Features, Vec<FeatureId>) {
        let FeaturesBuilder { entries, mut bytes, known } = self;
        drop(known);
        bytes.shrink_to_fit();
        let mut order: Vec<(u64, usize)> = entries.iter().map(|entry| entry.hash(&bytes)).zip(0..).collect();
        order.sort_unstable();
        // A bucket for each feature, at least two.
        let bucket_bits = entries.len().next_power_of_two().ilog2().max(1);
        let filter_words = (entries.len() * FILTER_BITS).next_power_of_two().div_ceil(64);
        let mut features = Features {
            filter: vec![0; filter_words],
            starts: vec![0; (1 << bucket_bits) + 1],
            shift: u64::BITS - bucket_bits,
            entries: Vec::with_capacity(entries.len()),
            bytes,
        };
        let mut renumbered = vec![FeatureId(0); entries.len()];
        for (hash, old) in order {
            let place = hash as usize & (filter_words * 64 - 1);
            if let Some(word) = features.filter.get_mut(place / 64) {
                *word |= 1 << (place % 64);
            }
            let bucket = features.bucket(hash);
            if let (Some(new), Some(entry)) = (renumbered.get_mut(old), entries.get(old)) {
                *new = FeatureId(number(features.entries.len()));
                features.entries.push(*entry);
            }
            // What ends here is where the next begins.
            if let Some(end) = features.starts.get_mut(bucket + 1) {
                *end = number(features.entries.len());
            }
        }
        let mut end = 0;
        for start in &mut features.starts {
            end = end.max(*start);
            *start = end;
        }
        (features, renumbered)
    }
}

/// Queries are limited, so that their texts together stay far below 2³² bytes wherever they fit memory.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
