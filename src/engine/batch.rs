//! A batch of updates on its way to one commit: each is judged by what those before it will have stored.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use rustc_hash::FxHashMap;
use serde_json::Value;

use super::audience::Audience;
use super::matched::{Queries, Version};
use super::members::Members;
use super::reading::Reading;
use super::update::{Outcome, OutcomeKind, Rejection};
use crate::change::{self, Change, Remembered, Schema};
use crate::event::{EventStatus, MemberVersion};
use crate::json;
use crate::member::MemberId;
use crate::percolator::{Document, Percolator};
use crate::store::StoreError;
use crate::store::embedded::{
    Announcement, BaselineWrite, MatchedEntries, MemberRow, MemberState, MemberWrite, Profile, Told,
};
use crate::subscription::SubscriptionId;

/// What a batch asks and nothing in it changes.
pub(super) struct Surroundings<'e> {
    pub(super) members: &'e Members,
    pub(super) percolator: &'e Percolator,
    pub(super) schema: &'e Schema,
    pub(super) audience: &'e Audience,
    pub(super) queries: &'e Queries,
    pub(super) forbidden_fields: &'e [String],
    pub(super) now: Timestamp,
    /// Whether positions are compared with the known ones, or simply taken over.
    pub(super) compares: bool,
}

/// A batch of updates that is being applied.
pub(super) struct Batch<'e> {
    around: Surroundings<'e>,
    pending: FxHashMap<MemberId, Pending>,
    announcements: Vec<Announcement>,
}

/// What the batch will write of a member.
struct Pending {
    row: Arc<MemberRow>,
    /// The newest document; `None` where the stored one stays.
    document: Option<Bytes>,
    baseline: BaselineWrite,
}

/// What an update says of the positions of a known member.
struct Judgement {
    /// The real changes.
    changes: Vec<Change>,
    /// The document that the changes are told from; there is one where there are changes.
    before: Option<Value>,
    fingerprint: Option<[u8; 32]>,
    remembered: Vec<u8>,
    /// Whether the new document says nothing of positions, so that an older one stays the baseline.
    silent: bool,
}

impl<'e> Batch<'e> {
    pub(super) fn new(around: Surroundings<'e>) -> Self {
        Batch { around, pending: FxHashMap::default(), announcements: Vec::new() }
    }

    /// The batch with another audience.
    pub(super) fn telling(mut self, audience: &'e Audience) -> Self {
        self.around.audience = audience;
        self
    }

    /// The batch that takes positions over without comparing them.
    pub(super) fn without_comparing(mut self) -> Self {
        self.around.compares = false;
        self
    }

    /// Applies one update. A rejection leaves the batch as it was.
    pub(super) fn apply(&mut self, reading: Reading) -> Result<Result<Outcome, Rejection>, StoreError> {
        let row = match self.pending.get(&reading.id) {
            Some(pending) => Some(Arc::clone(&pending.row)),
            None => self.around.members.row(reading.id)?,
        };
        let Some(row) = row else { return self.first_seen(reading, MemberVersion::FIRST) };
        let explicitly_older =
            matches!((reading.explicit_version, row.explicit_version), (Some(new), Some(known)) if new < known);
        match &row.state {
            _ if explicitly_older => Ok(Ok(outcome(reading.id, OutcomeKind::Stale))),
            MemberState::Erased => self.first_seen(reading, row.version.next()),
            MemberState::Known(profile) => self.seen_again(reading, &row, profile),
        }
    }

    /// The commit's members, with the rows that the cache takes over, and its announcements.
    pub(super) fn finish(self) -> (Vec<MemberWrite>, Vec<Announcement>) {
        let writes = self.pending.into_iter().map(|(id, pending)| MemberWrite {
            id,
            row: pending.row,
            document: pending.document,
            baseline: pending.baseline,
        });
        (writes.collect(), self.announcements)
    }

    /// The baseline: stored, and told only to those who asked for it.
    fn first_seen(
        &mut self,
        reading: Reading,
        version: MemberVersion,
    ) -> Result<Result<Outcome, Rejection>, StoreError> {
        let document = match self.document(&reading) {
            Ok(document) => document,
            Err(rejection) => return Ok(Err(rejection)),
        };
        let Surroundings { percolator, audience, now, .. } = self.around;
        let mut told = match audience.wants_first_seen() {
            true => audience.told_of_first_seen(percolator.matches(&document), now),
            false => Vec::new(),
        };
        let entries = self.name_positions(&mut told, None, &self.version(&reading.json, &document))?;
        let fingerprint = (!reading.positions.is_silent()).then(|| reading.positions.fingerprint().0);
        let profile = Profile {
            digest: reading.digest,
            fingerprint,
            last_updated: reading.last_updated,
            silent: false,
            remembered: Vec::new(),
        };
        let row = MemberRow { version, explicit_version: reading.explicit_version, state: MemberState::Known(profile) };
        let outcome = Outcome { notified: ids(&told), ..outcome(reading.id, OutcomeKind::New) };
        self.announce(reading.id, version, Vec::new(), told, entries);
        self.put(reading, row, BaselineWrite::Keep);
        Ok(Ok(outcome))
    }

    /// An update of a member that has a document.
    fn seen_again(
        &mut self,
        reading: Reading,
        row: &MemberRow,
        profile: &Profile,
    ) -> Result<Result<Outcome, Rejection>, StoreError> {
        let id = reading.id;
        if matches!((reading.last_updated, profile.last_updated), (Some(new), Some(known)) if new < known) {
            return Ok(Ok(outcome(id, OutcomeKind::Stale)));
        }
        if reading.digest == profile.digest {
            self.note_explicit_version(id, row, reading.explicit_version);
            return Ok(Ok(outcome(id, OutcomeKind::Unchanged)));
        }
        let document = match self.document(&reading) {
            Ok(document) => document,
            Err(rejection) => return Ok(Err(rejection)),
        };

        let judgement = self.judge(&reading, profile)?;
        let (told, entries) = match &judgement.before {
            Some(before) => self.told_of_changes(&reading, before, &document, &judgement.changes)?,
            None => (Vec::new(), MatchedEntries::default()),
        };
        let kind = if judgement.changes.is_empty() { OutcomeKind::Cosmetic } else { OutcomeKind::Changed };
        let outcome = Outcome { id, kind, changes: judgement.changes.clone(), notified: ids(&told) };

        let version = row.version.next();
        let baseline = self.baseline_write(id, profile, judgement.silent)?;
        let profile = Profile {
            digest: reading.digest,
            fingerprint: judgement.fingerprint,
            last_updated: reading.last_updated.or(profile.last_updated),
            silent: judgement.silent,
            remembered: judgement.remembered,
        };
        let explicit_version = reading.explicit_version.or(row.explicit_version);
        self.announce(id, version, judgement.changes, told, entries);
        self.put(reading, MemberRow { version, explicit_version, state: MemberState::Known(profile) }, baseline);
        Ok(Ok(outcome))
    }

    /// Compares the positions with those of the baseline.
    fn judge(&self, reading: &Reading, profile: &Profile) -> Result<Judgement, StoreError> {
        let same = |fingerprint, silent| Judgement {
            changes: Vec::new(),
            before: None,
            fingerprint,
            remembered: profile.remembered.clone(),
            silent,
        };
        let Some(known) = profile.fingerprint else {
            // No document said anything of positions yet: the first that does is their baseline.
            return Ok(same((!reading.positions.is_silent()).then(|| reading.positions.fingerprint().0), false));
        };
        if reading.positions.is_silent() {
            return Ok(same(Some(known), true));
        }
        let fingerprint = reading.positions.fingerprint().0;
        if fingerprint == known || !self.around.compares {
            return Ok(same(Some(fingerprint), false));
        }

        let before_json = self.baseline(reading.id)?;
        let before = self.around.schema.positions(&before_json);
        let remembered = Remembered::from_bytes(&profile.remembered);
        let changes = change::diff(&before, &reading.positions, &remembered);
        Ok(Judgement {
            before: (!changes.is_empty()).then_some(before_json),
            changes,
            fingerprint: Some(fingerprint),
            remembered: remembered.after(&before, &reading.positions).to_bytes(),
            silent: false,
        })
    }

    /// Percolates the member as it was and as it is.
    fn told_of_changes(
        &self,
        reading: &Reading,
        before_json: &Value,
        after: &Document,
        changes: &[Change],
    ) -> Result<(Vec<Told>, MatchedEntries), StoreError> {
        let Surroundings { percolator, audience, now, .. } = self.around;
        let id = reading.id;
        let selected_after = percolator.matches(after);
        let before = percolator
            .document(Some(id), before_json)
            .inspect_err(|error| {
                tracing::warn!(member = %id, %error, "the mapping refuses the stored document; told by the new one alone");
            })
            .ok();
        // Refused only after a change of the mapping. Without an answer nobody is told that a match began or ended.
        let selected_before =
            before.as_ref().map_or_else(|| selected_after.clone(), |before| percolator.matches(before));
        let mut told =
            audience.told_of_changes(&selected_before, &selected_after, changes, reading.positions.lists_none(), now);
        let before = before.as_ref().map(|before| self.version(before_json, before));
        let entries = self.name_positions(&mut told, before.as_ref(), &self.version(&reading.json, after))?;
        Ok((told, entries))
    }

    fn version<'v>(&self, json: &'v Value, document: &'v Document) -> Version<'v> {
        Version::new(self.around.percolator.mapping(), self.around.schema, json, document)
    }

    /// Notes for those who want it which positions their query found; gives the positions' entries.
    fn name_positions(
        &self,
        told: &mut [Told],
        before: Option<&Version<'_>>,
        after: &Version<'_>,
    ) -> Result<MatchedEntries, StoreError> {
        let Surroundings { percolator, audience, queries, forbidden_fields, .. } = self.around;
        let mut entries = MatchedEntries::default();
        for one in told.iter_mut().filter(|one| audience.names_positions(&one.subscription)) {
            let version = match one.status {
                EventStatus::StoppedMatchingQuery => before,
                EventStatus::Changed | EventStatus::StartedMatchingQuery => Some(after),
            };
            let query = queries.of(&one.subscription, percolator, forbidden_fields)?;
            let (Some(version), Some(query)) = (version, query) else { continue };
            let places = version.places(percolator, &query);
            version.gather(&places, entries.told_by_mut(one.status));
            one.places = Some(places);
        }
        Ok(entries)
    }

    /// Reads a document by the mapping.
    fn document(&self, reading: &Reading) -> Result<Document, Rejection> {
        let read = self.around.percolator.document(Some(reading.id), &reading.json);
        read.map_err(|error| Rejection { id: Some(reading.id), reason: error.into() })
    }

    /// The member's newest document, of this batch or of the store.
    fn newest(&self, id: MemberId) -> Result<Bytes, StoreError> {
        if let Some(Pending { document: Some(document), .. }) = self.pending.get(&id) {
            return Ok(document.clone());
        }
        self.around.members.document(id)?.ok_or_else(|| missing("documents", id))
    }

    /// The member's newest document that says anything of positions, of this batch or of the store.
    fn baseline(&self, id: MemberId) -> Result<Value, StoreError> {
        let bytes = match self.pending.get(&id) {
            Some(Pending { baseline: BaselineWrite::Set(document), .. }) => document.clone(),
            Some(Pending { baseline: BaselineWrite::Clear, .. }) => self.newest(id)?,
            Some(Pending { row, .. }) if !row.is_silent() => self.newest(id)?,
            _ => self.around.members.baseline(id)?.ok_or_else(|| missing("documents", id))?,
        };
        json::parse(&bytes).map_err(|error| damaged("documents", id, error.to_string()))
    }

    /// What becomes of the kept baseline when a document follows that is silent or is not.
    fn baseline_write(&self, id: MemberId, before: &Profile, silent: bool) -> Result<BaselineWrite, StoreError> {
        match (before.silent, silent) {
            (false, true) => Ok(BaselineWrite::Set(self.newest(id)?)),
            (true, false) => Ok(BaselineWrite::Clear),
            (true, true) | (false, false) => Ok(match self.pending.get(&id) {
                Some(pending) => pending.baseline.clone(),
                None => BaselineWrite::Keep,
            }),
        }
    }

    /// The same document under a higher version number: whatever lies between the two numbers is stale from now on.
    fn note_explicit_version(&mut self, id: MemberId, row: &MemberRow, explicit_version: Option<u64>) {
        if explicit_version <= row.explicit_version {
            return;
        }
        let row = Arc::new(MemberRow { explicit_version, ..row.clone() });
        match self.pending.get_mut(&id) {
            Some(pending) => pending.row = row,
            None => {
                self.pending.insert(id, Pending { row, document: None, baseline: BaselineWrite::Keep });
            }
        }
    }

    fn announce(
        &mut self,
        member: MemberId,
        version: MemberVersion,
        changes: Vec<Change>,
        told: Vec<Told>,
        entries: MatchedEntries,
    ) {
        if !told.is_empty() {
            let occurred_at = self.around.now;
            self.announcements.push(Announcement { member, version, occurred_at, changes, told, entries });
        }
    }

    fn put(&mut self, reading: Reading, row: MemberRow, baseline: BaselineWrite) {
        let pending = Pending { row: Arc::new(row), document: Some(reading.bytes), baseline };
        self.pending.insert(reading.id, pending);
    }
}

fn outcome(id: MemberId, kind: OutcomeKind) -> Outcome {
    Outcome { id, kind, changes: Vec::new(), notified: Vec::new() }
}

fn ids(told: &[Told]) -> Vec<SubscriptionId> {
    told.iter().map(|told| told.subscription.clone()).collect()
}

fn missing(table: &'static str, id: MemberId) -> StoreError {
    damaged(table, id, "it is missing".to_owned())
}

fn damaged(table: &'static str, id: MemberId, reason: String) -> StoreError {
    StoreError::Damaged { table, key: id.to_string(), reason }
}
