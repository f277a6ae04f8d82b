//! Features: what a document has or has not, and queries are found by.

use std::hash::Hasher;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use crate::mapping::{FieldId, NestedId};

/// A feature's number within its segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FeatureId(pub(super) u32);

impl FeatureId {
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
            _ => Quality::Id,
        }
    }

    pub(super) fn path(self) -> NestedId {
        NestedId(u32::try_from(self.0 >> 32 & 0xFF_FFFF).unwrap_or_default())
    }

    pub(super) fn field(self) -> FieldId {
        FieldId(u32::try_from(self.0 & 0xFFFF_FFFF).unwrap_or_default())
    }

    /// The hash of a feature: equal features have equal ones, in every segment.
    pub(super) fn hash(self, bytes: &[u8]) -> u64 {
        let mut hasher = FxHasher::default();
        hasher.write_u64(self.0);
        hasher.write(bytes);
        hasher.finish()
    }
}

/// The features that a segment's queries ask for, each with a number.
#[derive(Debug, Default)]
pub(super) struct Features {
    table: HashTable<FeatureId>,
    entries: Vec<Entry>,
    /// The bytes of long features, one behind the other.
    bytes: Vec<u8>,
}

/// Short bytes stand in the entry itself: what a look-up compares is then at hand.
#[derive(Debug, Clone, Copy)]
struct Entry {
    space: Space,
    length: u32,
    /// The bytes where they fit; else, in its first four, where they begin among the long ones.
    inline: [u8; INLINE],
}

const INLINE: usize = 12;

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
}

impl Features {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The number of a feature, if a query asks for it.
    pub(super) fn find(&self, hash: u64, space: Space, bytes: &[u8]) -> Option<FeatureId> {
        let is_it = |id: &FeatureId| {
            let entry = self.entries.get(id.index());
            entry.is_some_and(|entry| entry.space == space && entry.bytes(&self.bytes) == bytes)
        };
        self.table.find(hash, is_it).copied()
    }

    /// The number of a feature, a new one if need be.
    pub(super) fn intern(&mut self, space: Space, bytes: &[u8]) -> FeatureId {
        let hash = space.hash(bytes);
        if let Some(known) = self.find(hash, space, bytes) {
            return known;
        }
        // Queries are limited, so that their texts together stay far below 2³² bytes wherever they fit memory.
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let id = FeatureId(number(self.entries.len()));
        let mut inline = [0; INLINE];
        match inline.get_mut(..bytes.len()) {
            Some(place) => place.copy_from_slice(bytes),
            None => {
                let start = number(self.bytes.len()).to_le_bytes();
                inline.iter_mut().zip(start).for_each(|(place, byte)| *place = byte);
                self.bytes.extend_from_slice(bytes);
            }
        }
        self.entries.push(Entry { space, length: number(bytes.len()), inline });
        let (entries, long) = (&self.entries, &self.bytes);
        self.table.insert_unique(hash, id, |id| entries.get(id.index()).map_or(0, |entry| entry.hash(long)));
        id
    }

    /// A feature's space and bytes.
    pub(super) fn get(&self, id: FeatureId) -> (Space, &[u8]) {
        self.entries.get(id.index()).map_or((Space::ID, &[]), |entry| (entry.space, entry.bytes(&self.bytes)))
    }

    /// All features: their spaces and bytes.
    pub(super) fn all(&self) -> impl Iterator<Item = (Space, &[u8])> {
        self.entries.iter().map(|entry| (entry.space, entry.bytes(&self.bytes)))
    }

    /// Takes no more memory than it needs.
    pub(super) fn shrink(&mut self) {
        self.entries.shrink_to_fit();
        self.bytes.shrink_to_fit();
        let (entries, long) = (&self.entries, &self.bytes);
        self.table.shrink_to_fit(|id| entries.get(id.index()).map_or(0, |entry| entry.hash(long)));
    }
}
