//! How frequent features are in the documents that were matched: what anchors are chosen by.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::mapping::{FieldId, NestedId};
use crate::percolator::features::{FeatureId, Quality};
use crate::percolator::queries::Queries;

/// Counts over a sample of the documents, by feature of one segment.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    documents: AtomicU32,
    hits: Vec<AtomicU32>,
    points: Mutex<FxHashMap<(NestedId, FieldId), Sample>>,
}

/// Some of a field's points, spread over all that were seen.
#[derive(Debug, Default, Clone)]
struct Sample {
    seen: u64,
    points: Vec<i128>,
}

const SAMPLED_POINTS: usize = 128;
/// How many documents an assumption weighs.
const ASSUMED: f64 = 16.0;

impl Sample {
    /// Every point has the same chance to be among those kept (reservoir sampling, with a fixed sequence in place of chance).
    fn take(&mut self, point: i128) {
        self.seen += 1;
        if self.points.len() < SAMPLED_POINTS {
            self.points.push(point);
        } else {
            let place = self.seen.wrapping_mul(0x9E37_79B9_7F4A_7C15) % self.seen;
            if let Some(kept) = usize::try_from(place).ok().and_then(|place| self.points.get_mut(place)) {
                *kept = point;
            }
        }
    }
}

impl Statistics {
    pub(super) fn of(queries: &Queries) -> Statistics {
        Statistics {
            documents: AtomicU32::new(0),
            hits: (0..queries.features.len()).map(|_| AtomicU32::new(0)).collect(),
            points: Mutex::default(),
        }
    }

    /// Statistics for queries that come from several segments, as far as those know their features.
    pub(super) fn merged<'s>(
        queries: &Queries,
        parts: impl Iterator<Item = (&'s Queries, &'s Statistics)>,
    ) -> Statistics {
        let mut merged = Statistics::of(queries);
        let parts: Vec<(&Queries, &Statistics)> = parts.collect();
        let documents = parts.iter().map(|(_, part)| part.documents()).max().unwrap_or(0);
        merged.documents = AtomicU32::new(documents);
        for (queries_of_part, part) in parts {
            if part.documents() == 0 {
                continue;
            }
            let scale = f64::from(documents) / f64::from(part.documents());
            for (id, hits) in (0..).zip(&part.hits) {
                let (space, bytes) = queries_of_part.features.get(FeatureId(id));
                let known = queries.features.known(space, bytes);
                if let Some(own) = known.and_then(|known| merged.hits.get_mut(known.index())) {
                    let hits = (f64::from(hits.load(Ordering::Relaxed)) * scale).round();
                    // At most `documents`, which is a u32.
                    *own.get_mut() = (*own.get_mut()).max(hits as u32);
                }
            }
            let points = part.points.lock().unwrap_or_else(PoisonError::into_inner);
            let own = merged.points.get_mut().unwrap_or_else(PoisonError::into_inner);
            for (place, sample) in points.iter() {
                let known = own.entry(*place).or_default();
                if known.seen < sample.seen {
                    *known = sample.clone();
                }
            }
        }
        merged
    }

    /// How many documents have been counted.
    pub(super) fn documents(&self) -> u32 {
        self.documents.load(Ordering::Relaxed)
    }

    /// Counts one document: the features that it has, each once.
    pub(super) fn count(
        &self,
        features: impl Iterator<Item = FeatureId>,
        points: impl Iterator<Item = ((NestedId, FieldId), i128)>,
    ) {
        self.documents.fetch_add(1, Ordering::Relaxed);
        for feature in features {
            if let Some(hits) = self.hits.get(feature.index()) {
                hits.fetch_add(1, Ordering::Relaxed);
            }
        }
        let mut samples = self.points.lock().unwrap_or_else(PoisonError::into_inner);
        for (place, point) in points {
            samples.entry(place).or_default().take(point);
        }
    }

    /// The share of documents, from 0 to 1, that have the feature: as counted, or as its kind and its use among the queries suggest
    /// where little was counted. What many queries ask for is frequent in documents, too.
    pub(super) fn frequency(&self, queries: &Queries, feature: FeatureId) -> f64 {
        let (space, bytes) = queries.features.get(feature);
        let uses = queries.uses.get(feature.index()).copied().unwrap_or(0);
        let share = f64::from(uses) / (queries.roots().len().max(1) as f64);
        let length = bytes.len().max(1) as f64;
        let assumed = match space.quality() {
            Quality::Id => 1e-9,
            Quality::Point => 1e-4 + share / 10.0,
            Quality::Cell => 1e-3 + share / 3.0,
            Quality::Term => 0.02 / length + share / 3.0,
            Quality::Prefix => 0.3 / length + share / 3.0,
            Quality::Value => 0.7,
        };
        let hits = self.hits.get(feature.index()).map_or(0, |hits| hits.load(Ordering::Relaxed));
        let documents = f64::from(self.documents());
        ((f64::from(hits) + assumed.min(0.9) * ASSUMED) / (documents + ASSUMED)).min(1.0)
    }

    /// The share of documents of which a point of the field lies in the range.
    pub(super) fn frequency_of_range(&self, path: NestedId, field: FieldId, low: i128, high: i128) -> f64 {
        let samples = self.points.lock().unwrap_or_else(PoisonError::into_inner);
        let (inside, all, per_document) = match samples.get(&(path, field)) {
            Some(sample) => {
                let inside = sample.points.iter().filter(|point| (low..=high).contains(*point)).count();
                let per_document = sample.seen as f64 / f64::from(self.documents().max(1));
                (inside as f64, sample.points.len() as f64, per_document.max(1.0))
            }
            None => (0.0, 0.0, 1.0),
        };
        ((inside + 1.0) / (all + 3.0) * per_document).min(1.0)
    }
}
