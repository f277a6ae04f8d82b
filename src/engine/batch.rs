//! A batch of updates on its way to one commit: each is judged by what those before it will have stored.
//!
//! Three steps, so that a store or a percolator that is far away is asked a few times a batch and not once an update: what is
//! known of all members is read, the updates are judged one after the other, and all documents whose positions changed are
//! percolated together.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

use super::audience::Audience;
use super::matched::{Queries, Version};
use super::members::{Known, Members};
use super::reading::Reading;
use super::update::{Outcome, OutcomeKind, Rejection};
use crate::change::{self, Change, Remembered, Schema};
use crate::event::{EventStatus, MemberVersion};
use crate::json;
use crate::member::MemberId;
use crate::percolator::{Document, Percolator};
use crate::store::{
    Announcement, BaselineWrite, MatchedEntries, MemberRow, MemberState, MemberWrite, Profile, Stamp, Store,
    StoreError, Told,
};
use crate::subscription::SubscriptionId;

/// What a batch asks and nothing in it changes.
pub(super) struct Surroundings<'e> {
    pub(super) store: &'e dyn Store,
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
    known: Known,
    pending: FxHashMap<MemberId, Pending>,
    outcomes: Vec<Result<Outcome, Rejection>>,
    questions: Vec<Question<'e>>,
}

/// What a batch comes to.
pub(super) struct Finished {
    pub(super) writes: Vec<MemberWrite>,
    pub(super) announcements: Vec<Announcement>,
    /// One for each update, in order.
    pub(super) outcomes: Vec<Result<Outcome, Rejection>>,
}

/// What the batch will write of a member.
struct Pending {
    row: Arc<MemberRow>,
    stamp: Stamp,
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

/// Who is to be told of an update?
struct Question<'e> {
    /// The update's place among the outcomes.
    outcome: usize,
    reading: &'e Reading,
    version: MemberVersion,
    after: Document,
    /// `None` where nothing was known of the member.
    before: Option<Earlier>,
}

/// What a member was before the update of a question.
struct Earlier {
    json: Value,
    /// `None` where the mapping no longer takes it.
    document: Option<Document>,
}

impl<'e> Batch<'e> {
    /// A batch for these updates, with what the store knows of their members.
    pub(super) fn new(around: Surroundings<'e>, readings: &[&Reading]) -> Result<Self, StoreError> {
        let mut seen = FxHashSet::default();
        let ids: Vec<MemberId> = readings.iter().map(|reading| reading.id).filter(|id| seen.insert(*id)).collect();
        let mut known = around.members.known(&ids)?;
        let (newest, baselines) = documents_needed(&known, readings);
        around.members.read(&mut known, &newest, &baselines)?;
        Ok(Batch {
            around,
            known,
            pending: FxHashMap::default(),
            outcomes: Vec::with_capacity(readings.len()),
            questions: Vec::new(),
        })
    }

    /// Applies one update. A rejection leaves the batch as it was.
    pub(super) fn apply(&mut self, reading: &'e Reading) -> Result<(), StoreError> {
        let outcome = self.judged(reading)?;
        self.outcomes.push(outcome);
        Ok(())
    }

    /// Asks who is to be told, and says what is to be written.
    pub(super) fn finish(mut self) -> Result<Finished, StoreError> {
        let questions = std::mem::take(&mut self.questions);
        let announcements = self.answer(questions)?;
        let writes = self.pending.into_iter().map(|(id, pending)| MemberWrite {
            id,
            row: pending.row,
            stamp: pending.stamp,
            document: pending.document,
            baseline: pending.baseline,
        });
        Ok(Finished { writes: writes.collect(), announcements, outcomes: self.outcomes })
    }

    fn judged(&mut self, reading: &'e Reading) -> Result<Result<Outcome, Rejection>, StoreError> {
        let row = match self.pending.get(&reading.id) {
            Some(pending) => Some(Arc::clone(&pending.row)),
            None => self.known.row(reading.id).map(|known| Arc::clone(&known.row)),
        };
        let Some(row) = row else { return Ok(self.first_seen(reading, MemberVersion::FIRST)) };
        let explicitly_older =
            matches!((reading.explicit_version, row.explicit_version), (Some(new), Some(known)) if new < known);
        match &row.state {
            _ if explicitly_older => Ok(Ok(outcome(reading.id, OutcomeKind::Stale))),
            MemberState::Erased => Ok(self.first_seen(reading, row.version.next())),
            MemberState::Known(profile) => self.seen_again(reading, &row, profile),
        }
    }

    /// The baseline: stored, and told only to those who asked for it.
    fn first_seen(&mut self, reading: &'e Reading, version: MemberVersion) -> Result<Outcome, Rejection> {
        let after = self.document(reading)?;
        let profile = Profile {
            digest: reading.digest,
            fingerprint: reading.fingerprint,
            last_updated: reading.last_updated,
            silent: false,
            remembered: Vec::new(),
        };
        if self.around.audience.wants_first_seen() {
            self.ask(reading, version, after, None);
        }
        let row = MemberRow { version, explicit_version: reading.explicit_version, state: MemberState::Known(profile) };
        self.put(reading, row, BaselineWrite::Keep);
        Ok(outcome(reading.id, OutcomeKind::New))
    }

    /// An update of a member that has a document.
    fn seen_again(
        &mut self,
        reading: &'e Reading,
        row: &MemberRow,
        profile: &Profile,
    ) -> Result<Result<Outcome, Rejection>, StoreError> {
        let id = reading.id;
        if is_older(reading, profile) {
            return Ok(Ok(outcome(id, OutcomeKind::Stale)));
        }
        if reading.digest == profile.digest {
            self.note_explicit_version(id, row, reading.explicit_version);
            return Ok(Ok(outcome(id, OutcomeKind::Unchanged)));
        }
        let after = match self.document(reading) {
            Ok(document) => document,
            Err(rejection) => return Ok(Err(rejection)),
        };

        let judgement = self.judge(reading, profile)?;
        let version = row.version.next();
        let baseline = self.baseline_write(id, profile, judgement.silent)?;
        if let Some(json) = judgement.before {
            let document = self.earlier_document(id, &json);
            self.ask(reading, version, after, Some(Earlier { json, document }));
        }
        let kind = if judgement.changes.is_empty() { OutcomeKind::Cosmetic } else { OutcomeKind::Changed };
        let profile = Profile {
            digest: reading.digest,
            fingerprint: judgement.fingerprint,
            last_updated: reading.last_updated.or(profile.last_updated),
            silent: judgement.silent,
            remembered: judgement.remembered,
        };
        let explicit_version = reading.explicit_version.or(row.explicit_version);
        self.put(reading, MemberRow { version, explicit_version, state: MemberState::Known(profile) }, baseline);
        Ok(Ok(Outcome { changes: judgement.changes, ..outcome(id, kind) }))
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
            return Ok(same(reading.fingerprint, false));
        };
        let Some(fingerprint) = reading.fingerprint else { return Ok(same(Some(known), true)) };
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

    fn ask(&mut self, reading: &'e Reading, version: MemberVersion, after: Document, before: Option<Earlier>) {
        self.questions.push(Question { outcome: self.outcomes.len(), reading, version, after, before });
    }

    /// Percolates the members as they were and as they are, and notes who is told of what.
    fn answer(&mut self, questions: Vec<Question<'e>>) -> Result<Vec<Announcement>, StoreError> {
        let Surroundings { audience, now, .. } = self.around;
        let mut selections = self.select(&questions)?.into_iter();
        let mut announcements = Vec::new();
        for question in questions {
            let Question { outcome, reading, version, after, before } = question;
            let selected_after = selections.next().unwrap_or_default();
            let earlier = before.as_ref().and_then(|before| Some((&before.json, before.document.as_ref()?)));
            let selected_before = earlier.map(|_| selections.next().unwrap_or_default());
            let Some(Ok(outcome)) = self.outcomes.get_mut(outcome) else { continue };
            let mut told = match &before {
                None => audience.told_of_first_seen(selected_after, now),
                Some(_) => {
                    // Refused only after a change of the mapping. Without an answer nobody is told that a match began or ended.
                    let selected_before = selected_before.unwrap_or_else(|| selected_after.clone());
                    let lists_none = reading.positions.lists_none();
                    audience.told_of_changes(&selected_before, &selected_after, &outcome.changes, lists_none, now)
                }
            };
            let before = earlier.map(|(json, document)| version_of(&self.around, json, document));
            let entries = name_positions(
                &self.around,
                &mut told,
                before.as_ref(),
                &version_of(&self.around, &reading.json, &after),
            )?;
            outcome.notified = ids(&told);
            if !told.is_empty() {
                let (member, changes) = (reading.id, outcome.changes.clone());
                announcements.push(Announcement { member, version, occurred_at: now, changes, told, entries });
            }
        }
        Ok(announcements)
    }

    /// Who selects the documents of questions: of each the one after and, where there is one, the one before.
    fn select(&self, questions: &[Question<'_>]) -> Result<Vec<Vec<SubscriptionId>>, StoreError> {
        let documents = questions.iter().flat_map(|question| {
            let earlier = question.before.as_ref().and_then(|before| Some((&before.json, before.document.as_ref()?)));
            std::iter::once((&question.reading.json, &question.after)).chain(earlier)
        });
        match self.around.store.percolates() {
            true => self.around.store.percolate(&documents.map(|(json, _)| json).collect::<Vec<_>>()),
            false => Ok(documents.map(|(_, document)| self.around.percolator.matches(document)).collect()),
        }
    }

    /// Reads a document by the mapping.
    fn document(&self, reading: &Reading) -> Result<Document, Rejection> {
        let read = self.around.percolator.document(Some(reading.id), &reading.json);
        read.map_err(|error| Rejection { id: Some(reading.id), reason: error.into() })
    }

    fn earlier_document(&self, id: MemberId, json: &Value) -> Option<Document> {
        let read = self.around.percolator.document(Some(id), json).inspect_err(|error| {
            tracing::warn!(member = %id, %error, "the mapping refuses the stored document; told by the new one alone");
        });
        read.ok()
    }

    /// The member's newest document, of this batch or of the store.
    fn newest(&self, id: MemberId) -> Result<Bytes, StoreError> {
        if let Some(Pending { document: Some(document), .. }) = self.pending.get(&id) {
            return Ok(document.clone());
        }
        match self.known.document(id) {
            Some(document) => Ok(document.clone()),
            None => self.around.members.document(id)?.ok_or_else(|| missing("documents", id)),
        }
    }

    /// The member's newest document that says anything of positions, of this batch or of the store.
    fn baseline(&self, id: MemberId) -> Result<Value, StoreError> {
        let bytes = match self.pending.get(&id) {
            Some(Pending { baseline: BaselineWrite::Set(document), .. }) => document.clone(),
            Some(Pending { baseline: BaselineWrite::Clear, .. }) => self.newest(id)?,
            Some(Pending { row, .. }) if !row.is_silent() => self.newest(id)?,
            _ => match self.known.baseline(id) {
                Some(document) => document.clone(),
                None => self.around.members.baseline(id)?.ok_or_else(|| missing("documents", id))?,
            },
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
                let pending = Pending { row, stamp: self.stamp(id), document: None, baseline: BaselineWrite::Keep };
                self.pending.insert(id, pending);
            }
        }
    }

    fn put(&mut self, reading: &Reading, row: MemberRow, baseline: BaselineWrite) {
        let document = Some(reading.bytes.clone());
        let pending = Pending { row: Arc::new(row), stamp: self.stamp(reading.id), document, baseline };
        self.pending.insert(reading.id, pending);
    }

    /// The write that the batch's write of a member follows.
    fn stamp(&self, id: MemberId) -> Stamp {
        self.known.row(id).map_or_else(Stamp::default, |known| known.stamp.clone())
    }
}

/// Notes for those who want it which positions their query found; gives the positions' entries.
fn name_positions(
    around: &Surroundings<'_>,
    told: &mut [Told],
    before: Option<&Version<'_>>,
    after: &Version<'_>,
) -> Result<MatchedEntries, StoreError> {
    let Surroundings { percolator, audience, queries, forbidden_fields, .. } = around;
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

fn version_of<'v>(around: &Surroundings<'_>, json: &'v Value, document: &'v Document) -> Version<'v> {
    Version::new(around.percolator.mapping(), around.schema, json, document)
}

/// Whose newest documents, and whose newest that say anything of positions, the updates will be compared with.
fn documents_needed(known: &Known, readings: &[&Reading]) -> (Vec<MemberId>, Vec<MemberId>) {
    let (mut newest, mut baselines) = (Vec::new(), Vec::new());
    for reading in readings {
        let Some(MemberState::Known(profile)) = known.row(reading.id).map(|known| &known.row.state) else { continue };
        if reading.digest == profile.digest || is_older(reading, profile) {
            continue;
        }
        match (profile.fingerprint, reading.fingerprint) {
            (Some(_), None) if !profile.silent => newest.push(reading.id),
            (Some(known), Some(new)) if new != known => baselines.push(reading.id),
            _ => {}
        }
    }
    for ids in [&mut newest, &mut baselines] {
        ids.sort_unstable();
        ids.dedup();
    }
    (newest, baselines)
}

fn is_older(reading: &Reading, profile: &Profile) -> bool {
    matches!((reading.last_updated, profile.last_updated), (Some(new), Some(known)) if new < known)
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
