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
//! Updates and subscriptions pass one after the other (the `Desk`), so an update sees every subscription that was
//! answered before it. Reading members, subscriptions and events waits for nobody.

mod audience;
mod batch;
mod error;
mod judging;
mod matched;
mod members;
mod options;
mod preview;
mod reading;
mod restoring;
mod subscriptions;
mod update;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::event::Sequence;
use crate::member::MemberId;
use crate::percolator::Percolator;
use crate::store::{Store, StoreError};
use crate::subscription::{PausedBy, Status, Subscription};
use audience::Audience;
use batch::{Batch, Surroundings};
use matched::Queries;
use members::Members;
use reading::Reading;

pub use error::{ApplyError, Misfit, OpenError, PreviewError, SubscriptionError};
pub use judging::{Judging, Prepared};
pub use options::{Clock, EngineOptions};
pub use preview::{MAX_SAMPLE, Preview, Sample, Subject, Verdict};
pub use restoring::{PreparedMember, StoredMember, StoredMemberError};
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
    store: Arc<Store>,
    percolator: Percolator,
    members: Members,
    queries: Queries,
    desk: Mutex<Desk>,
    committed: watch::Sender<Sequence>,
    subscriptions_changed: watch::Sender<u64>,
}

/// What whoever changes anything holds: updates and subscriptions pass one after the other.
#[derive(Debug, Default)]
struct Desk {
    audience: Audience,
}

impl Engine {
    /// Opens the store of the data directory and compiles its subscriptions.
    ///
    /// # Errors
    ///
    /// [`OpenError::Store`] where the directory is in use, damaged, or of a newer version;
    /// [`OpenError::MappingChanged`] where stored queries no longer fit the mapping, unless the change is accepted.
    pub fn open(options: EngineOptions) -> Result<Engine, OpenError> {
        let store = Arc::new(Store::open(&options.data_dir, options.store_cache_bytes)?);
        let last = store.last_sequence()?.unwrap_or(Sequence(0));
        let engine = Engine {
            percolator: Percolator::new(Arc::clone(&options.mapping)),
            members: Members::new(Arc::clone(&store), options.member_cache_bytes),
            queries: Queries::new(Arc::clone(&store)),
            desk: Mutex::default(),
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
        let desk = self.desk();
        let mut batch = self.batch(&desk);
        let outcome = batch.apply(reading)?;
        self.commit(batch)?;
        Ok(outcome?)
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
        let desk = self.desk();
        let mut batch = self.batch(&desk);
        let mut outcomes = Vec::with_capacity(readings.len());
        for reading in readings {
            outcomes.push(match reading {
                Ok(reading) => batch.apply(reading)?,
                Err(rejection) => Err(rejection),
            });
        }
        self.commit(batch)?;
        Ok(outcomes)
    }

    /// Erases a member: document, fingerprint, remembered positions, and what events say of the person. Its id and version
    /// stay, nobody is told, and a return is `new`. Returns whether there was a member.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    pub fn erase(&self, id: MemberId) -> Result<bool, StoreError> {
        let _desk = self.desk();
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
        self.store.document(id)
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
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The percolator, with every subscription that selects members.
    pub fn percolator(&self) -> &Percolator {
        &self.percolator
    }

    fn now(&self) -> Timestamp {
        self.options.clock.now()
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        // What is behind the lock is changed only by calls that cannot panic half-way.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn batch<'e>(&'e self, desk: &'e Desk) -> Batch<'e> {
        Batch::new(Surroundings {
            members: &self.members,
            percolator: &self.percolator,
            schema: &self.options.schema,
            audience: &desk.audience,
            queries: &self.queries,
            forbidden_fields: &self.options.forbidden_fields,
            now: self.now(),
            compares: true,
        })
    }

    /// Makes a batch durable; only then the cache and whoever waits for events learn of it.
    fn commit(&self, batch: Batch<'_>) -> Result<(), StoreError> {
        let (writes, announcements) = batch.finish();
        if writes.is_empty() {
            return Ok(());
        }
        match self.store.commit(&writes, &announcements) {
            Ok(last) => {
                for write in writes {
                    self.members.committed(write.id, write.row);
                }
                if let (false, Some(last)) = (announcements.is_empty(), last) {
                    self.committed.send_replace(last);
                }
                Ok(())
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
        let mut desk = self.desk();
        let mut batch = self.percolator.batch();
        let mut misfits = Vec::new();
        self.store.for_each_subscription(|subscription| {
            if let Status::Ended { .. } = subscription.status {
                return Ok(());
            }
            match self.compile(&subscription.selector) {
                Ok(selector) => {
                    desk.audience.admit(&subscription);
                    batch.add(subscription.id, &selector);
                }
                // This one was accepted as a misfit before, or is paused for another reason of ours: `resume` will tell.
                Err(_) if matches!(subscription.status, Status::Paused { by: PausedBy::System, .. }) => {}
                Err(error) => misfits.push((subscription, error)),
            }
            Ok(())
        })?;
        self.settle_misfits(misfits)?;
        batch.store();
        Ok(())
    }

    /// Refuses the start, or pauses the subscriptions whose queries no longer fit the mapping.
    fn settle_misfits(&self, misfits: Vec<(Subscription, crate::query::QueryError)>) -> Result<(), OpenError> {
        if !self.options.accept_mapping_change && !misfits.is_empty() {
            let misfits =
                misfits.into_iter().map(|(subscription, error)| Misfit { subscription: subscription.id, error });
            return Err(OpenError::MappingChanged(misfits.collect()));
        }
        let paused: Vec<Subscription> = misfits
            .into_iter()
            .map(|(subscription, error)| {
                let reason = format!("the query no longer fits the mapping: {error}");
                Subscription { status: Status::Paused { by: PausedBy::System, reason }, ..subscription }
            })
            .collect();
        Ok(self.store.put_subscriptions(&paused.iter().collect::<Vec<_>>())?)
    }
}
