//! The segments of a percolator: added to, merged and filed anew while documents are matched against them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::percolator::SubscriptionId;
use crate::percolator::field_set::FieldSet;
use crate::percolator::queries::SubscriberNumber;
use crate::percolator::segment::{Origin, Segment, SegmentBuilder};

/// The segments, and where each subscription is.
///
/// Whoever adds or removes does it under one lock, and leaves small merges done; larger ones are made beside, by a thread that lives as
/// long as there is something to do, and are put in place under the lock.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    snapshot: ArcSwap<Snapshot>,
    writer: Mutex<Writer>,
}

/// What readers see: never changed, replaced whole.
#[derive(Debug, Default, Clone)]
pub(super) struct Snapshot {
    /// Rises with each change, so that readers of an older snapshot still find what was removed since.
    pub(super) generation: u64,
    /// The oldest, and mostly largest, first.
    pub(super) segments: Vec<Segment>,
    /// The fields that any of their queries asks for.
    pub(super) fields: Arc<FieldSet>,
}

#[derive(Debug, Default)]
struct Writer {
    places: FxHashMap<SubscriptionId, Place>,
    next_serial: u64,
    /// The segments that the maintaining thread is about to replace.
    busy: FxHashSet<u64>,
    is_maintained: bool,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    serial: u64,
    number: SubscriberNumber,
}

/// What there is to do.
enum Task {
    Merge { segments: Vec<Segment>, serial: u64 },
    File(Segment),
}

/// Merges of up to so many subscriptions are made at once.
const MERGED_AT_ONCE: usize = 2_048;
/// A segment is filed anew once it has seen so many documents, and whenever they have become eight times as many.
const LEARNED_AT_FIRST: u32 = 64;
const LEARNED_AGAIN: u32 = 8;

impl Shelf {
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.writer).places.len()
    }

    /// Adds the builder's subscriptions, in place of those of the same ids.
    pub(super) fn put(self: &Arc<Self>, builder: SegmentBuilder) {
        if builder.len() == 0 {
            return;
        }
        let serial = lock(&self.writer).next_serial();
        let added = builder.finish(serial);
        let mut writer = lock(&self.writer);
        let mut next = self.snapshot.load().next();
        // From the next generation on a document sees the new selector, until then the old one; never both, never neither.
        for (number, id) in added.content.subscribers() {
            match writer.places.insert(id.clone(), Place { serial, number }) {
                Some(place) if place.serial == serial => added.content.remove(place.number, next.generation),
                Some(place) => next.remove(place),
                None => {}
            }
        }
        next.segments.push(added);
        writer.merge_small(&mut next);
        self.publish(next, &mut writer);
    }

    /// Removes a subscription; whether there was one.
    pub(super) fn remove(self: &Arc<Self>, id: &SubscriptionId) -> bool {
        let mut writer = lock(&self.writer);
        let Some(place) = writer.places.remove(id) else { return false };
        let next = self.snapshot.load().next();
        next.remove(place);
        self.publish(next, &mut writer);
        true
    }

    /// Has segments filed anew where that is due.
    pub(super) fn learn(self: &Arc<Self>) {
        if self.snapshot.load().segments.iter().any(is_due) {
            self.maintain(&mut lock(&self.writer));
        }
    }

    fn publish(self: &Arc<Self>, mut next: Snapshot, writer: &mut Writer) {
        let is_gone = |segment: &Segment| segment.content.live() == 0 && !writer.busy.contains(&segment.content.serial);
        next.segments.retain(|segment| !is_gone(segment));
        next.find_fields();
        self.snapshot.store(Arc::new(next));
        self.maintain(writer);
    }

    /// Starts the maintaining thread if there is something to do and none.
    fn maintain(self: &Arc<Self>, writer: &mut Writer) {
        if writer.is_maintained || !has_task(&self.snapshot.load()) {
            return;
        }
        let shelf = Arc::clone(self);
        // Where no thread can be had all stays as it is, and the next change tries again.
        let thread = std::thread::Builder::new().name("tripline-percolator".to_owned());
        writer.is_maintained = thread.spawn(move || shelf.work()).is_ok();
    }

    fn work(&self) {
        while let Some(task) = self.next_task() {
            match task {
                Task::Merge { segments, serial } => {
                    let (merged, origins) = Segment::merged(&segments, serial);
                    self.replace(&segments, merged, &origins);
                }
                Task::File(segment) => {
                    let filed = segment.filed_anew();
                    self.exchange(&segment, filed);
                }
            }
        }
    }

    /// The next thing to do; without one the maintaining thread ends.
    fn next_task(&self) -> Option<Task> {
        let mut writer = lock(&self.writer);
        let snapshot = self.snapshot.load();
        let task = if let Some(from) = first_to_merge(&snapshot.segments) {
            let segments = snapshot.segments.get(from..).unwrap_or_default().to_vec();
            Some(Task::Merge { segments, serial: writer.next_serial() })
        } else if let Some(sparse) = snapshot.segments.iter().find(|segment| is_sparse(segment)) {
            Some(Task::Merge { segments: vec![sparse.clone()], serial: writer.next_serial() })
        } else {
            snapshot.segments.iter().find(|segment| is_due(segment)).cloned().map(Task::File)
        };
        match &task {
            Some(Task::Merge { segments, .. }) => {
                writer.busy = segments.iter().map(|segment| segment.content.serial).collect();
            }
            Some(Task::File(segment)) => writer.busy = FxHashSet::from_iter([segment.content.serial]),
            None => writer.is_maintained = false,
        }
        task
    }

    /// Puts a merged segment in the place of its parts.
    fn replace(&self, parts: &[Segment], merged: Segment, origins: &[Origin]) {
        let mut writer = lock(&self.writer);
        let mut next = self.snapshot.load().next();
        let by_serial: FxHashMap<u64, &Segment> = parts.iter().map(|part| (part.content.serial, part)).collect();
        for (number, (serial, old)) in (0..).zip(origins) {
            // What was removed while the merge was made.
            if by_serial.get(serial).is_none_or(|part| part.content.is_removed(*old)) {
                merged.content.remove(number, next.generation);
            }
        }
        for (number, id) in merged.content.subscribers() {
            if let Some(place) = writer.places.get_mut(id) {
                *place = Place { serial: merged.content.serial, number };
            }
        }
        let is_part = |segment: &Segment| by_serial.contains_key(&segment.content.serial);
        let at = next.segments.iter().position(is_part).unwrap_or(next.segments.len());
        next.segments.insert(at, merged);
        next.segments.retain(|segment| !is_part(segment));
        next.find_fields();
        writer.busy.clear();
        self.snapshot.store(Arc::new(next));
    }

    /// Puts a segment in its own place, filed anew.
    fn exchange(&self, old: &Segment, new: Segment) {
        let mut writer = lock(&self.writer);
        let mut next = Snapshot::clone(&self.snapshot.load());
        if let Some(place) = next.segments.iter_mut().find(|segment| segment.content.serial == old.content.serial) {
            *place = new;
        }
        writer.busy.clear();
        self.snapshot.store(Arc::new(next));
    }
}

impl Snapshot {
    fn next(&self) -> Snapshot {
        Snapshot { generation: self.generation + 1, segments: self.segments.clone(), fields: Arc::clone(&self.fields) }
    }

    fn find_fields(&mut self) {
        let mut fields = FieldSet::default();
        self.segments.iter().for_each(|segment| fields.unite(&segment.content.demand.fields));
        if fields != *self.fields {
            self.fields = Arc::new(fields);
        }
    }

    fn remove(&self, place: Place) {
        if let Some(segment) = self.segments.iter().find(|segment| segment.content.serial == place.serial) {
            segment.content.remove(place.number, self.generation);
        }
    }
}

impl Writer {
    fn next_serial(&mut self) -> u64 {
        self.next_serial += 1;
        self.next_serial
    }

    /// Merges the newest segments as long as they are small and nobody else is about to.
    fn merge_small(&mut self, next: &mut Snapshot) {
        let Some(mut from) = first_to_merge(&next.segments) else { return };
        let live = |segments: &[Segment]| segments.iter().map(|segment| segment.content.live()).sum::<usize>();
        let is_free = |segments: &[Segment], busy: &FxHashSet<u64>| {
            segments.iter().all(|segment| !busy.contains(&segment.content.serial))
        };
        while next
            .segments
            .get(from..)
            .is_some_and(|newest| newest.len() > 1 && (live(newest) > MERGED_AT_ONCE || !is_free(newest, &self.busy)))
        {
            from += 1;
        }
        let newest = next.segments.split_off(from);
        if newest.len() < 2 {
            next.segments.extend(newest);
            return;
        }
        let (merged, _) = Segment::merged(&newest, self.next_serial());
        for (number, id) in merged.content.subscribers() {
            self.places.insert(id.clone(), Place { serial: merged.content.serial, number });
        }
        next.segments.push(merged);
    }
}

/// The first of the newest segments that are to be merged: from the newest on as long as a segment is less than twice as large as the
/// newer ones together. So there are at most logarithmically many, and each selector is merged that often at most.
fn first_to_merge(segments: &[Segment]) -> Option<usize> {
    let mut sizes = segments.iter().map(|segment| segment.content.live()).enumerate().rev();
    let (mut from, mut newer) = sizes.next()?;
    for (index, size) in sizes {
        if size >= newer * 2 {
            break;
        }
        newer += size;
        from = index;
    }
    (from + 1 < segments.len()).then_some(from)
}

fn has_task(snapshot: &Snapshot) -> bool {
    first_to_merge(&snapshot.segments).is_some()
        || snapshot.segments.iter().any(|segment| is_sparse(segment) || is_due(segment))
}

/// Whether removals have left less than half of it.
fn is_sparse(segment: &Segment) -> bool {
    segment.content.live() * 2 < segment.content.len()
}

/// Whether enough has been learned to file it anew.
fn is_due(segment: &Segment) -> bool {
    let seen = segment.content.statistics.documents();
    seen >= LEARNED_AT_FIRST && seen / LEARNED_AGAIN >= segment.filing.learned_from
}

/// A panic while the lock was held left nothing half done that matters: segments are replaced whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
