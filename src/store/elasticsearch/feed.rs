//! What other nodes did to subscriptions: a feed by the sequence numbers that the cluster gives to writes.
//!
//! The index of subscriptions has one shard, so its numbers are one order. A search may see a later write before an
//! earlier one that was on its way at the same time: numbers that were skipped are asked for again until they have been missing
//! for longer than any write takes. Most never come: they are writes that later ones replaced. Where the shard has moved to a node
//! that may not have had everything (its term changed), another index stands behind the alias, or the feed was not read for long, all
//! subscriptions are read anew.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Cluster, ElasticsearchStore, damaged};
use crate::store::StoreError;
use crate::subscription::SubscriptionId;

/// No write is on its way for longer: requests give up before.
const IN_FLIGHT: Duration = Duration::from_secs(120);

/// A feed that was not read for so long begins anew: tombstones may be gone.
const LONGEST_SILENCE: Duration = Duration::from_secs(6 * 60 * 60);

/// So many writes come with one answer.
const PAGE: usize = 500;

/// So many numbers are asked for again at once; skipped numbers beyond that mean that all is read anew.
const MAX_SKIPPED: usize = 10_000;

/// How far the writes of subscriptions are followed.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    /// `None` before all was read.
    position: Option<Position>,
}

#[derive(Debug, Clone)]
struct Position {
    /// The highest number that was seen.
    last: u64,
    /// The index and the term in which it was given; `None` while there is none.
    given_by: Option<(u32, u64)>,
    /// Numbers below it that were not seen, with the time when they were skipped.
    skipped: BTreeMap<u64, Instant>,
    read_at: Instant,
}

/// What became of subscriptions.
pub(crate) enum Followed {
    /// These were written or removed: what they are now is read by their ids.
    Changes(Vec<SubscriptionId>),
    /// Too much may have been missed: all have to be read.
    Lost,
}

impl ElasticsearchStore {
    /// What was written since the last time; [`Followed::Lost`] the first time.
    pub(crate) fn follow(&self, feed: &mut Feed) -> Result<Followed, StoreError> {
        let stale = feed.position.as_ref().is_some_and(|position| position.read_at.elapsed() > LONGEST_SILENCE);
        let Some(position) = feed.position.take().filter(|_| !stale) else { return Ok(Followed::Lost) };
        let (followed, position) = self.ask(move |cluster| async move { cluster.follow_from(position).await })?;
        feed.position = position;
        Ok(followed)
    }

    /// Begins to follow: whatever is read of all subscriptions after this, and followed from here, has missed nothing.
    pub(crate) fn begin_to_follow(&self, feed: &mut Feed) -> Result<(), StoreError> {
        feed.position = Some(self.ask(|cluster| async move { cluster.newest_subscription().await })?);
        Ok(())
    }
}

impl Cluster {
    async fn newest_subscription(&self) -> Result<Position, StoreError> {
        self.connection.refresh(&[&self.names.subscriptions]).await?;
        let search = json!({"size": 1, "sort": [{"_seq_no": "desc"}], "seq_no_primary_term": true, "_source": false});
        let found = self.connection.search(&self.names.subscriptions, None, &search).await?;
        let stamp = found.hits.first().and_then(crate::elasticsearch::Hit::stamp);
        let read_at = Instant::now();
        let last = stamp.map_or(0, |stamp| stamp.seq_no);
        let given_by = stamp.map(|stamp| (stamp.generation, stamp.primary_term));
        // What was on its way then may come with a number below: it is asked for as if it had been skipped.
        let skipped = (last.saturating_sub(64)..last).map(|number| (number, read_at)).collect();
        Ok(Position { last, given_by, skipped, read_at })
    }

    async fn follow_from(&self, mut position: Position) -> Result<(Followed, Option<Position>), StoreError> {
        let now = Instant::now();
        position.skipped.retain(|_, since| since.elapsed() < IN_FLIGHT);
        let skipped: Vec<u64> = position.skipped.keys().copied().collect();
        let mut changes = Vec::new();
        // Skipped numbers are asked for each time; what comes behind the last, page by page.
        let mut condition = json!({"bool": {"should": [
            {"range": {"_seq_no": {"gt": position.last}}},
            {"terms": {"_seq_no": skipped}}
        ]}});
        if position.given_by.is_none() {
            // Nothing was seen yet, and the first number is 0.
            condition = json!({"match_all": {}});
        }
        let mut after: Option<u64> = None;
        loop {
            let mut search = json!({
                "size": PAGE, "query": condition, "sort": [{"_seq_no": "asc"}],
                "seq_no_primary_term": true, "_source": false
            });
            if let Some(after) = after {
                search["search_after"] = json!([after]);
            }
            let found = self.connection.search(&self.names.subscriptions, None, &search).await?.hits;
            for hit in &found {
                let missing = || damaged("subscriptions", hit.id.as_str(), "it has no sequence number");
                let stamp = hit.stamp().ok_or_else(missing)?;
                let giver = (stamp.generation, stamp.primary_term);
                let is_new = position.given_by.is_none() || stamp.seq_no > position.last;
                if position.given_by.is_some_and(|known| known.0 != giver.0 || (is_new && known.1 != giver.1)) {
                    return Ok((Followed::Lost, None));
                }
                if is_new {
                    position.given_by = Some(giver);
                }
                if position.skipped.remove(&stamp.seq_no).is_none() {
                    let first_missing = if changes.is_empty() && position.last == 0 { 0 } else { position.last + 1 };
                    position.skipped.extend((first_missing..stamp.seq_no).map(|number| (number, now)));
                    position.last = position.last.max(stamp.seq_no);
                }
                changes.push(SubscriptionId::from(hit.id.as_str()));
                after = Some(stamp.seq_no);
            }
            if position.skipped.len() > MAX_SKIPPED {
                return Ok((Followed::Lost, None));
            }
            if found.len() < PAGE {
                break;
            }
        }
        position.read_at = now;
        Ok((Followed::Changes(changes), Some(position)))
    }
}
