//! Members and their events, in one write a member.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::member::{Body, HEAD, Head, State, Unrelayed, Written};
use super::{Cluster, ElasticsearchStore, damaged, from_json, not_written, to_json};
use crate::elasticsearch::{DocumentId, Hit, ItemResult, Operation, SourceFilter, Write};
use crate::event::{MemberVersion, Sequence};
use crate::member::MemberId;
use crate::store::{
    Announcement, Committed, MemberRow, MemberState, MemberStore, MemberWrite, Stamp, StoreError, Stored, StoredMember,
    VisitDocument,
};

/// So often an erasure that lost a race is tried again.
const RACES: u32 = 32;

/// So many documents come with one answer when many are looked at.
const PAGE: usize = 100;

/// No search gives more at once.
const WINDOW: usize = 10_000;

/// The texts of a member's document.
#[derive(Debug, Default, Deserialize)]
struct Texts {
    document: Option<String>,
    baseline: Option<String>,
}

impl MemberStore for ElasticsearchStore {
    fn members(&self, ids: &[MemberId]) -> Result<Vec<Option<Stored<Arc<MemberRow>>>>, StoreError> {
        let ids = ids.to_vec();
        self.ask(|cluster| async move { cluster.members(&ids).await })
    }

    fn documents(&self, ids: &[MemberId]) -> Result<Vec<Option<Bytes>>, StoreError> {
        let ids = ids.to_vec();
        self.ask(|cluster| async move {
            let texts = cluster.texts(&ids, &["document"]).await?;
            Ok(texts.into_iter().map(|texts| texts.document.map(Bytes::from)).collect())
        })
    }

    fn baselines(&self, ids: &[MemberId]) -> Result<Vec<Option<Bytes>>, StoreError> {
        let ids = ids.to_vec();
        self.ask(|cluster| async move {
            let texts = cluster.texts(&ids, &["document", "baseline"]).await?;
            Ok(texts.into_iter().map(|texts| texts.baseline.or(texts.document).map(Bytes::from)).collect())
        })
    }

    fn for_each_document_backwards(&self, limit: usize, visit: &mut VisitDocument<'_>) -> Result<(), StoreError> {
        let mut after = None;
        let mut left = limit;
        while left > 0 {
            let (page, before) = (left.min(PAGE), after.take());
            let found = self.ask(move |cluster| async move { cluster.known_members_before(before, page).await })?;
            left -= page;
            for (id, document) in &found {
                if !visit(*id, document.as_bytes())? {
                    return Ok(());
                }
            }
            match found.last() {
                Some((id, _)) if found.len() == page => after = Some(*id),
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    fn member_versions(
        &self,
        after: Option<MemberId>,
        limit: usize,
    ) -> Result<Vec<(MemberId, MemberVersion)>, StoreError> {
        self.ask(move |cluster| async move { cluster.member_versions(after, limit).await })
    }

    fn stored_members(
        &self,
        after: Option<MemberId>,
        limit: usize,
        limit_bytes: usize,
    ) -> Result<Vec<StoredMember>, StoreError> {
        self.ask(move |cluster| async move { cluster.stored_members(after, limit, limit_bytes).await })
    }

    fn erase(&self, id: MemberId) -> Result<bool, StoreError> {
        self.ask(move |cluster| async move { cluster.erase(id).await })
    }
}

impl Cluster {
    async fn members(&self, ids: &[MemberId]) -> Result<Vec<Option<Stored<Arc<MemberRow>>>>, StoreError> {
        let mut heads = self.heads(ids).await?;
        // What another left is settled before anything is built on it. What is pending after that another is just writing:
        // the next write carries it on, and is acknowledged only on top of it.
        let is_pending = |head: &Option<(Head, _)>| matches!(head, Some((head, _)) if head.pending);
        let pending: Vec<MemberId> =
            ids.iter().zip(&heads).filter(|(_, head)| is_pending(head)).map(|(id, _)| *id).collect();
        if !pending.is_empty() {
            self.settle(&pending).await?;
            heads = self.heads(ids).await?;
        }
        let stored = |(id, head): (&MemberId, Option<(Head, crate::elasticsearch::Stamp)>)| {
            let Some((head, stamp)) = head else { return Ok(None) };
            let row = head.row().map_err(|reason| damaged("members", id.to_string(), reason))?;
            let written = Written { stamp, sequence: head.sequence, announcements: head.announcements };
            Ok(Some(Stored { row: Arc::new(row), stamp: Stamp(Some(Arc::new(written))) }))
        };
        ids.iter().zip(heads).map(stored).collect()
    }

    pub(super) async fn heads(
        &self,
        ids: &[MemberId],
    ) -> Result<Vec<Option<(Head, crate::elasticsearch::Stamp)>>, StoreError> {
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let keys: Vec<DocumentId<'_>> = names.iter().map(|id| DocumentId::new(id)).collect();
        let found = self.connection.multi_get(&self.names.members, &keys, SourceFilter::Only(HEAD)).await?;
        names
            .iter()
            .zip(found)
            .map(|(id, found)| {
                let Some(found) = found else { return Ok(None) };
                Ok(Some((from_json("members", id, &found.source)?, found.stamp)))
            })
            .collect()
    }

    async fn texts(&self, ids: &[MemberId], fields: &[&str]) -> Result<Vec<Texts>, StoreError> {
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let keys: Vec<DocumentId<'_>> = names.iter().map(|id| DocumentId::new(id)).collect();
        let found = self.connection.multi_get(&self.names.members, &keys, SourceFilter::Only(fields)).await?;
        names
            .iter()
            .zip(found)
            .map(|(id, found)| match found {
                Some(found) => from_json("members", id, &found.source),
                None => Ok(Texts::default()),
            })
            .collect()
    }

    async fn member_versions(
        &self,
        after: Option<MemberId>,
        limit: usize,
    ) -> Result<Vec<(MemberId, MemberVersion)>, StoreError> {
        let found = self.members_behind(after, limit, json!({"term": {"state": State::Known}}), json!(HEAD)).await?;
        found
            .iter()
            .map(|hit| {
                let head: Head = from_json("members", &hit.id, source(hit)?)?;
                Ok((head.member, head.version))
            })
            .collect()
    }

    async fn stored_members(
        &self,
        after: Option<MemberId>,
        limit: usize,
        limit_bytes: usize,
    ) -> Result<Vec<StoredMember>, StoreError> {
        let found = self.members_behind(after, limit, json!({"match_all": {}}), json!(true)).await?;
        let (mut members, mut bytes) = (Vec::with_capacity(found.len()), 0);
        for hit in &found {
            let head: Head = from_json("members", &hit.id, source(hit)?)?;
            let texts: Texts = from_json("members", &hit.id, source(hit)?)?;
            let row = head.row().map_err(|reason| damaged("members", hit.id.as_str(), reason))?;
            let document = texts.document.map(Bytes::from);
            bytes += document.as_ref().map_or(0, Bytes::len);
            members.push(StoredMember { id: head.member, row, document, baseline: texts.baseline.map(Bytes::from) });
            if bytes >= limit_bytes {
                break;
            }
        }
        Ok(members)
    }

    /// The documents of members in the order of their ids, from the first one behind `after`.
    async fn members_behind(
        &self,
        after: Option<MemberId>,
        limit: usize,
        query: Value,
        fields: Value,
    ) -> Result<Vec<Hit>, StoreError> {
        let mut search =
            json!({"size": limit.min(WINDOW), "query": query, "sort": [{"member": "asc"}], "_source": fields});
        match after {
            Some(after) => search["search_after"] = json!([after]),
            // What was stored a moment ago belongs to what is stored.
            None => self.connection.refresh(&[&self.names.members]).await?,
        }
        Ok(self.connection.search(&self.names.members, None, &search).await?.hits)
    }

    /// Members with the highest ids, those below `before`, with their documents.
    async fn known_members_before(
        &self,
        before: Option<MemberId>,
        size: usize,
    ) -> Result<Vec<(MemberId, String)>, StoreError> {
        if before.is_none() {
            // What was stored a moment ago belongs to what is stored.
            self.connection.refresh(&[&self.names.members]).await?;
        }
        let mut search = json!({
            "size": size,
            "query": {"term": {"state": State::Known}},
            "sort": [{"member": "desc"}],
            "_source": ["document"]
        });
        if let Some(before) = before {
            search["search_after"] = json!([before]);
        }
        let found = self.connection.search(&self.names.members, None, &search).await?;
        let mut members = Vec::with_capacity(found.hits.len());
        for hit in found.hits {
            let id = hit.id.parse::<MemberId>().map_err(|error| damaged("members", hit.id.as_str(), error))?;
            let texts: Texts = match &hit.source {
                Some(source) => from_json("members", &hit.id, source)?,
                None => Texts::default(),
            };
            members.extend(texts.document.map(|document| (id, document)));
        }
        Ok(members)
    }

    /// Writes members, each with its events; then relays those.
    pub(super) async fn commit(
        &self,
        members: &[MemberWrite],
        announcements: &[Announcement],
    ) -> Result<Committed, StoreError> {
        // Sequences rise in the order of the updates, and of each member behind those of its earlier events.
        let stamps = members.iter().map(|write| (write.id, write.stamp.0.as_ref()));
        let mut sequences: FxHashMap<MemberId, Sequence> =
            stamps.map(|(id, before)| (id, before.map_or(Sequence(0), |written| written.sequence))).collect();
        let mut announced: FxHashMap<MemberId, Vec<Unrelayed>> = FxHashMap::default();
        let mut last = None;
        for announcement in announcements.iter().filter(|announcement| !announcement.told.is_empty()) {
            let Some(before) = sequences.get_mut(&announcement.member) else { continue };
            *before = self.sequences.next(*before);
            last = last.max(Some(*before));
            let new = Unrelayed { sequence: *before, announcement: announcement.clone() };
            announced.entry(announcement.member).or_default().push(new);
        }
        let now = Timestamp::now();
        let mut heads = Vec::with_capacity(members.len());
        for write in members {
            let sequence = sequences.get(&write.id).copied().unwrap_or(Sequence(0));
            let new = announced.remove(&write.id).unwrap_or_default();
            let carried = Written::carried(write.stamp.0.as_ref(), new);
            heads.push(Head::of(write.id, &write.row, sequence, carried, now));
        }

        let mut writes = Vec::with_capacity(members.len());
        for (write, head) in members.iter().zip(&heads) {
            writes.push(self.member_write(write, head.clone())?);
        }
        let results = self.connection.bulk(&writes).await?;
        let mut lost = Vec::new();
        let mut failure = None;
        let mut written = Vec::new();
        for ((write, head), result) in members.iter().zip(&heads).zip(results) {
            match result {
                ItemResult::Done(stamp) if head.pending => written.push((write.id, head, stamp)),
                ItemResult::Done(_) => {}
                ItemResult::Conflict | ItemResult::Missing => lost.push(write.id),
                other => failure = Some(not_written("members", &other)),
            }
        }
        self.relay_written(&written).await;
        match failure {
            Some(failure) => Err(failure),
            None => Ok(Committed { last, lost }),
        }
    }

    /// Relays what was just written. Where that fails the members stay marked, and the sweep does it.
    async fn relay_written(&self, written: &[(MemberId, &Head, crate::elasticsearch::Stamp)]) {
        let all: Vec<&Unrelayed> = written.iter().flat_map(|(_, head, _)| &head.announcements).collect();
        let stamps: Vec<_> = written.iter().map(|(id, _, stamp)| (*id, *stamp)).collect();
        let relayed = match self.relay(&all).await {
            Ok(()) => self.clear(&stamps).await,
            Err(error) => Err(error),
        };
        if let Err(error) = relayed {
            tracing::warn!(members = written.len(), %error, "events are not relayed yet; the sweep does it");
        }
    }

    fn member_write(&self, write: &MemberWrite, head: Head) -> Result<Write<'_>, StoreError> {
        let unwritable =
            |error: std::str::Utf8Error| StoreError::Unwritable { table: "members", reason: error.to_string() };
        let before = write.stamp.0.as_ref();
        let operation = match (Body::of(write, head).map_err(unwritable)?, before) {
            (Body::Whole(document), Some(_)) => Operation::Index(to_json("members", &document)?),
            (Body::Whole(document) | Body::Part(document), None) => Operation::Create(to_json("members", &document)?),
            (Body::Part(document), Some(_)) => Operation::Update(to_json("members", &document)?),
        };
        let made = Write::new(&self.names.members, write.id.to_string(), operation);
        Ok(match before {
            Some(written) => made.if_still_at(written.stamp),
            None => made,
        })
    }

    /// Leaves only a tombstone, which stays marked until the person is out of events and batches too.
    async fn erase(&self, id: MemberId) -> Result<bool, StoreError> {
        for _ in 0..RACES {
            let Some((head, stamp)) = self.heads(&[id]).await?.pop().flatten() else { return Ok(false) };
            if head.state == State::Erased {
                // Perhaps by somebody who did not come to its end.
                if head.pending {
                    self.settle(&[id]).await?;
                }
                return Ok(false);
            }
            let mut announcements = head.announcements;
            announcements.iter_mut().for_each(Unrelayed::scrub);
            let row = MemberRow {
                version: head.version,
                explicit_version: head.explicit_version,
                state: MemberState::Erased,
            };
            let now = Timestamp::now();
            let tombstone = Head::of(id, &row, head.sequence, announcements, now).unsettled(now);
            let write =
                Write::new(&self.names.members, id.to_string(), Operation::Index(to_json("members", &tombstone)?));
            match self.connection.write(&write.if_still_at(stamp)).await? {
                ItemResult::Done(_) => {
                    self.settle(&[id]).await?;
                    return Ok(true);
                }
                ItemResult::Conflict | ItemResult::Missing => {}
                other => return Err(not_written("members", &other)),
            }
        }
        Err(StoreError::Contended { member: Some(id), races: RACES })
    }
}

fn source(hit: &Hit) -> Result<&RawValue, StoreError> {
    hit.source.as_deref().ok_or_else(|| damaged("members", hit.id.as_str(), "it has no source"))
}
