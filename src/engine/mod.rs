//! The embedded engine: takes updates, decides what really changed and who is told, and makes both durable at once.
//!
//! The way of an update:
//!
//! 1. `reading`: its bytes become JSON, an id, a digest, positions. No lock is held.
//! 2. `batch`: it is judged by what is known of the member: stale, unchanged, cosmetic, new or changed. Where
//!    positions changed, the percolator is asked about the document before and after.
//! 3. `audience`: which of the selecting subscriptions want to hear of these changes.
//! 4. One commit of the store holds members, documents, fingerprints and events of the whole batch.
//!
//! An update sees every subscription that was answered before it: whoever changes what subscriptions want waits for the updates
//! that are being applied, and they for it. Over a store of its own, updates pass one after the other; over one that other nodes
//! write too, they run side by side, and one that loses a race for its member is judged again. Reading members, subscriptions and events
//! waits for nobody.

mod audience;
mod batch;
mod error;
mod following;
mod judging;
mod matched;
mod members;
mod options;
mod preview;
mod reading;
mod restoring;
mod subscriptions;
mod update;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHashSet;
use tokio::sync::watch;

use crate::event::Sequence;
use crate::member::MemberId;
use crate::percolator::Percolator;
use crate::store::{Announcement, Committed, EmbeddedStore, MemberWrite, Store, StoreError, Stored};
use crate::subscription::{PausedBy, Status, Subscription, SubscriptionId};
use audience::Audience;
use batch::{Batch, Surroundings};
use matched::Queries;
use members::Members;
use reading::Reading;

pub use error::{ApplyError, Misfit, OpenError, PreviewError, SubscriptionError};
pub use judging::{Judging, Prepared};
pub use options::{Clock, EngineOptions};
pub use preview::{MAX_SAMPLE, Preview, Sample, Subject, Verdict};
pub use restoring::{PreparedMember, StoredMemberError};
pub use subscriptions::{NewSubscription, SubscriptionPatch};
pub use update::{Outcome, OutcomeKind, Rejection, RejectionReason, Update};

/// The embedded engine: members, subscriptions and events over one store.
///
/// All methods are synchronous, take `&self` and may be called from many threads.
///
/// ```
/// use serde_json::json;
/// use tripline::engine::{EngineOptions, NewSubscription, OutcomeKind, Update};
/// use tripline::subscription::Selector;
/// use tripline::{Engine, Mapping};
///
/// let mapping = Mapping::from_json(&json!({"properties": {
///     "id": {"type": "long"},
///     "experience": {"type": "nested", "properties": {
///         "company_name": {"type": "text"},
///         "title": {"type": "text"}
///     }}
/// }}))?;
/// let folder = tempfile::tempdir()?;
/// let engine = Engine::open(EngineOptions::new(folder.path(), mapping))?;
///
/// let everyone = engine.subscribe(NewSubscription::new(
///     "sales".into(),
///     "https://example.com/hook".parse()?,
///     Selector::All,
/// ))?;
///
/// // The first version is the baseline: nobody is told.
/// let first = br#"{"id": 125, "experience": [{"company_name": "Acme", "title": "Engineer", "date_from": "2020-01"}]}"#;
/// let outcome = engine.apply(Update::of_document(&first[..]))?;
/// assert_eq!(outcome.kind, OutcomeKind::New);
/// assert!(outcome.notified.is_empty());
///
/// // A new job is a change, and one commit holds the document and the event.
/// let second = br#"{"id": 125, "experience": [
///     {"company_name": "Acme", "title": "Engineer", "date_from": "2020-01"},
///     {"company_name": "Globex", "title": "Head of Engineering", "date_from": "2024-05"}]}"#;
/// let outcome = engine.apply(Update::of_document(&second[..]))?;
/// assert_eq!(outcome.kind, OutcomeKind::Changed);
/// assert_eq!(outcome.notified, [everyone.id.clone()]);
/// assert_eq!(engine.events(&everyone.tenant, &everyone.id, None, 10)?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Engine {
    options: EngineOptions,
    store: Arc<dyn Store>,
    percolator: Percolator,
    members: Members,
    queries: Queries,
    /// What subscriptions want to hear; read while updates are applied.
    audience: RwLock<Audience>,
    /// Whose turn it is to write members, where nobody else can say that a race was lost.
    turn: Option<Mutex<()>>,
    /// Over a shared store: until when this node takes updates.
    trusted_until: Mutex<Option<Instant>>,
    /// Subscriptions that not all nodes have followed yet.
    initializing: Mutex<FxHashSet<SubscriptionId>>,
    committed: watch::Sender<Sequence>,
    subscriptions_changed: watch::Sender<u64>,
}

/// So often an update that lost a race for its member is judged again; each time another one was stored.
const RACES: u32 = 32;

impl Engine {
    /// Opens the store of the data directory and compiles its subscriptions.
    ///
    /// # Errors
    ///
    /// [`OpenError::Store`] where the directory is in use, damaged, or of a newer version;
    /// [`OpenError::MappingChanged`] where stored queries no longer fit the mapping, unless the change is accepted.
    pub fn open(options: EngineOptions) -> Result<Engine, OpenError> {
        let store = Arc::new(EmbeddedStore::open(&options.data_dir, options.store_cache_bytes)?);
        Engine::over(store, options)
    }

    /// Opens an engine over a store, and compiles its subscriptions.
    ///
    /// # Errors
    ///
    /// As [`Engine::open`].
    pub fn over(store: Arc<dyn Store>, options: EngineOptions) -> Result<Engine, OpenError> {
        let last = store.last_sequence()?.unwrap_or(Sequence(0));
        let engine = Engine {
            percolator: Percolator::new(Arc::clone(&options.mapping)),
            members: Members::new(Arc::clone(&store), options.member_cache_bytes),
            queries: Queries::new(Arc::clone(&store)),
            audience: RwLock::default(),
            turn: (!store.is_shared()).then(Mutex::default),
            trusted_until: Mutex::default(),
            initializing: Mutex::default(),
            committed: watch::Sender::new(last),
            subscriptions_changed: watch::Sender::new(0),
            options,
            store,
        };
        engine.compile_stored()?;
        Ok(engine)
    }

    /// Applies one update. When this returns, it is durable with its events.
    ///
    /// # Errors
    ///
    /// [`ApplyError::Rejected`] with the reason, [`ApplyError::Store`] where the store fails.
    pub fn apply(&self, update: Update) -> Result<Outcome, ApplyError> {
        let reading = Reading::of(update, &self.options.schema)?;
        let mut outcomes = self.apply_readings(&[&reading], Judging::Telling, true)?;
        let unanswered = || StoreError::Unwritable { table: "members", reason: "the update has no outcome".to_owned() };
        Ok(outcomes.pop().ok_or_else(unanswered)??)
    }

    /// Applies updates one after the other, in one commit: each sees what those before it did, and when this returns all are
    /// durable with their events. A bad update is rejected alone.
    ///
    /// # Errors
    ///
    /// Where the store fails: then nothing of the batch is known to be stored, and all of it may be sent again.
    pub fn apply_batch(&self, updates: Vec<Update>) -> Result<Vec<Result<Outcome, Rejection>>, StoreError> {
        let schema = &self.options.schema;
        let readings: Vec<_> = updates.into_iter().map(|update| Reading::of(update, schema)).collect();
        let good: Vec<&Reading> = readings.iter().filter_map(|reading| reading.as_ref().ok()).collect();
        let mut outcomes = self.apply_readings(&good, Judging::Telling, true)?.into_iter();
        let each = readings.iter().map(|reading| match reading {
            Ok(_) => outcomes.next(),
            Err(rejection) => Some(Err(rejection.clone())),
        });
        Ok(each.flatten().collect())
    }

    /// Applies what was read, or only judges it where it is not to be stored; one outcome for each. Those that lose a race for
    /// their member are judged again by what the winner stored.
    fn apply_readings(
        &self,
        readings: &[&Reading],
        judging: Judging,
        is_stored: bool,
    ) -> Result<Vec<Result<Outcome, Rejection>>, StoreError> {
        let _turn = self.turn();
        let (audience, nobody) = (self.audience(), Audience::default());
        self.check_trust()?;
        let told = if judging == Judging::Telling { &*audience } else { &nobody };
        let mut outcomes: Vec<Option<Result<Outcome, Rejection>>> = vec![None; readings.len()];
        let mut left: Vec<usize> = (0..readings.len()).collect();
        let mut lost = Vec::new();
        for _ in 0..RACES {
            let these: Vec<&Reading> = left.iter().filter_map(|place| readings.get(*place).copied()).collect();
            let mut batch = Batch::new(self.surroundings(told, judging), &these)?;
            for reading in &these {
                batch.apply(reading)?;
            }
            let finished = batch.finish()?;
            if is_stored {
                lost = self.commit(finished.writes, &finished.announcements)?;
            }
            for (place, outcome) in left.iter().zip(finished.outcomes) {
                if let Some(answer) = outcomes.get_mut(*place) {
                    *answer = Some(outcome);
                }
            }
            left.retain(|place| readings.get(*place).is_some_and(|reading| lost.contains(&reading.id)));
            if left.is_empty() {
                return Ok(outcomes.into_iter().flatten().collect());
            }
        }
        Err(StoreError::Contended { member: lost.first().copied(), races: RACES })
    }

    /// Erases a member: document, fingerprint, remembered positions, and what events say of the person. Its id and version
    /// stay, nobody is told, and a return is `new`. Returns whether there was a member.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    pub fn erase(&self, id: MemberId) -> Result<bool, StoreError> {
        let _turn = self.turn();
        let erased = self.store.erase(id);
        self.members.forget(id);
        erased
    }

    /// A member's document: exactly the bytes that were accepted last.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    pub fn document(&self, id: MemberId) -> Result<Option<Bytes>, StoreError> {
        self.members.document(id)
    }

    /// Members' documents, in the order of the ids.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    pub fn documents(&self, ids: &[MemberId]) -> Result<Vec<Option<Bytes>>, StoreError> {
        self.store.documents(ids)
    }

    /// Drops events that are older than the retention, delivered or not, and returns how many changes they told. To be
    /// called now and then.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    pub fn drop_old_events(&self) -> Result<usize, StoreError> {
        let retention = SignedDuration::try_from(self.options.retention).unwrap_or(SignedDuration::MAX);
        let cutoff = self.now().checked_sub(retention).unwrap_or(Timestamp::MIN);
        self.store.drop_events_before(cutoff)
    }

    /// The sequence of the last event; moves after each commit that made events.
    pub fn committed(&self) -> watch::Receiver<Sequence> {
        self.committed.subscribe()
    }

    /// Moves whenever a subscription is made, changed or removed.
    pub fn subscriptions_changed(&self) -> watch::Receiver<u64> {
        self.subscriptions_changed.subscribe()
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The folder for what does not lie in the store: files to be downloaded.
    pub fn data_dir(&self) -> &Path {
        &self.options.data_dir
    }

    /// The percolator, with every subscription that selects members.
    pub fn percolator(&self) -> &Percolator {
        &self.percolator
    }

    fn now(&self) -> Timestamp {
        self.options.clock.now()
    }

    /// What is behind these locks is changed only by calls that cannot panic half-way.
    fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        self.turn.as_ref().map(|turn| turn.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn audience(&self) -> RwLockReadGuard<'_, Audience> {
        self.audience.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn audience_mut(&self) -> RwLockWriteGuard<'_, Audience> {
        self.audience.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn surroundings<'e>(&'e self, audience: &'e Audience, judging: Judging) -> Surroundings<'e> {
        Surroundings {
            store: &*self.store,
            members: &self.members,
            percolator: &self.percolator,
            schema: &self.options.schema,
            audience,
            queries: &self.queries,
            forbidden_fields: &self.options.forbidden_fields,
            now: self.now(),
            compares: judging != Judging::Baseline,
        }
    }

    /// Makes a batch durable; only then the cache and whoever waits for events learn of it. Returns the members that were lost to
    /// another node.
    fn commit(&self, writes: Vec<MemberWrite>, announcements: &[Announcement]) -> Result<Vec<MemberId>, StoreError> {
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        match self.store.commit(&writes, announcements) {
            Ok(Committed { last, lost }) => {
                for write in writes {
                    self.members.committed(write.id, write.row);
                }
                if let (false, Some(last)) = (announcements.is_empty(), last) {
                    self.committed.send_replace(last);
                }
                Ok(lost)
            }
            Err(error) => {
                for write in writes {
                    self.members.forget(write.id);
                }
                Err(error)
            }
        }
    }

    /// Compiles what is stored, at the start.
    fn compile_stored(&self) -> Result<(), OpenError> {
        let mut audience = self.audience_mut();
        let mut initializing = self.initializing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch = self.percolator.batch();
        let mut misfits = Vec::new();
        self.store.for_each_subscription(&mut |stored| {
            let subscription = &stored.row;
            if let Status::Ended { .. } = subscription.status {
                return Ok(());
            }
            match self.compile(&subscription.selector) {
                Ok(selector) => {
                    if subscription.status == Status::Initializing {
                        initializing.insert(subscription.id.clone());
                    }
                    audience.admit(subscription);
                    if !self.store.percolates() {
                        batch.add(subscription.id.clone(), &selector);
                    }
                }
                // This one was accepted as a misfit before, or is paused for another reason of ours: `resume` will tell.
                Err(_) if matches!(subscription.status, Status::Paused { by: PausedBy::System, .. }) => {}
                Err(error) => misfits.push((stored, error)),
            }
            Ok(())
        })?;
        self.settle_misfits(misfits)?;
        batch.store();
        Ok(())
    }

    /// Refuses the start, or pauses the subscriptions whose queries no longer fit the mapping.
    fn settle_misfits(&self, misfits: Vec<(Stored<Subscription>, crate::query::QueryError)>) -> Result<(), OpenError> {
        if !self.options.accept_mapping_change && !misfits.is_empty() {
            let misfits = misfits.into_iter().map(|(stored, error)| Misfit { subscription: stored.row.id, error });
            return Err(OpenError::MappingChanged(misfits.collect()));
        }
        let pause = |(Stored { row, stamp }, error)| {
            let reason = format!("the query no longer fits the mapping: {error}");
            Stored { row: Subscription { status: Status::Paused { by: PausedBy::System, reason }, ..row }, stamp }
        };
        // Where another node was faster it found the same, or the subscription has changed and is followed.
        self.store.replace_subscriptions(misfits.into_iter().map(pause).collect())?;
        Ok(())
    }
}
