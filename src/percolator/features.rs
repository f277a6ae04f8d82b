//! Features: what a document has or has not, and queries are found by.

use std::hash::{BuildHasher, Hasher};
use std::sync::LazyLock;

use foldhash::fast::RandomState;

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

/// The features that a segment's queries ask for, each with a number.
///
/// The table is our own, for one thing that others do not offer: hundreds of look-ups of one document begin together, so that the
/// memory of all of them is fetched at the same time ([`Features::begin`], [`Features::end`]).
#[derive(Debug, Default)]
pub(super) struct Features {
    /// Open addressing with linear probing: the upper half of the hash and the feature's number; a power of two of places.
    table: Vec<Slot>,
    /// A bit for each hash modulo its length: most words of a document are in no query and end here, in little memory.
    filter: Vec<u64>,
    entries: Vec<Entry>,
    /// The bytes of long features, one behind the other.
    bytes: Vec<u8>,
}

/// A place of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    tag: u32,
    id: u32,
}

impl Slot {
    const FREE: Slot = Slot { tag: 0, id: u32::MAX };
}

/// The upper half: places are chosen by the lower one.
fn tag(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or_default()
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

    /// Begins the look-up of a feature of this hash.
    pub(super) fn begin(&self, hash: u64) -> Slot {
        let (word, bit) = self.filter_place(hash);
        match self.filter.get(word) {
            Some(bits) if bits & bit != 0 => self.slot(hash, 0),
            _ => Slot::FREE,
        }
    }

    /// The upper half of the hash decides, the table's places come from the lower one.
    fn filter_place(&self, hash: u64) -> (usize, u64) {
        let bits = self.filter.len().wrapping_mul(64);
        let place = (hash >> 32) as usize & bits.wrapping_sub(1);
        (place / 64, 1 << (place % 64))
    }

    /// Ends a look-up: the number of the feature, if a query asks for it.
    pub(super) fn end(&self, begun: Slot, hash: u64, space: Space, bytes: &[u8]) -> Option<FeatureId> {
        let mut slot = begun;
        for step in 1..=self.table.len() {
            if slot == Slot::FREE {
                return None;
            }
            if slot.tag == tag(hash) && self.is(FeatureId(slot.id), space, bytes) {
                return Some(FeatureId(slot.id));
            }
            slot = self.slot(hash, step);
        }
        None
    }

    fn find(&self, hash: u64, space: Space, bytes: &[u8]) -> Option<FeatureId> {
        self.end(self.begin(hash), hash, space, bytes)
    }

    /// The number of a feature, if a query asks for it.
    pub(super) fn known(&self, space: Space, bytes: &[u8]) -> Option<FeatureId> {
        self.find(space.hash(bytes), space, bytes)
    }

    fn is(&self, id: FeatureId, space: Space, bytes: &[u8]) -> bool {
        let entry = self.entries.get(id.index());
        entry.is_some_and(|entry| entry.space == space && entry.bytes(&self.bytes) == bytes)
    }

    fn slot(&self, hash: u64, step: usize) -> Slot {
        let mask = self.table.len().wrapping_sub(1);
        // The lower bits are meant.
        self.table.get((hash as usize).wrapping_add(step) & mask).copied().unwrap_or(Slot::FREE)
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
        if self.entries.len() * 2 > self.table.len() {
            self.rebuild(self.entries.len() * 4);
        } else {
            self.enter(hash, id);
        }
        id
    }

    fn enter(&mut self, hash: u64, id: FeatureId) {
        let mask = self.table.len().wrapping_sub(1);
        let places = (0..self.table.len()).map(|step| (hash as usize).wrapping_add(step) & mask);
        let free = places.into_iter().find(|place| self.table.get(*place) == Some(&Slot::FREE));
        if let Some(slot) = free.and_then(|place| self.table.get_mut(place)) {
            *slot = Slot { tag: tag(hash), id: id.0 };
        }
        let (word, bit) = self.filter_place(hash);
        if let Some(word) = self.filter.get_mut(word) {
            *word |= bit;
        }
    }

    fn rebuild(&mut self, places: usize) {
        self.table = vec![Slot::FREE; places.next_power_of_two()];
        // Eight bits a place of the table, of which at least every fourth is taken.
        self.filter = vec![0; (self.table.len() / 8).max(1)];
        for id in 0..self.entries.len() {
            let Some(hash) = self.entries.get(id).map(|entry| entry.hash(&self.bytes)) else { break };
            self.enter(hash, FeatureId(u32::try_from(id).unwrap_or(u32::MAX)));
        }
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
        self.rebuild(self.entries.len() + self.entries.len() / 2);
    }
}
