//! What a selector would do, before anybody subscribes with it.

use serde_json::Value;

use super::matched::Version;
use super::reading::kind_of;
use super::{Engine, PreviewError};
use crate::event::MatchedPosition;
use crate::json;
use crate::member::MemberId;
use crate::percolator::{CompiledQuery, CompiledSelector, Explanation, Plan};
use crate::store::StoreError;
use crate::subscription::Selector;

/// A member that a selector is tried on.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// One that is stored.
    Member(MemberId),
    /// A document that may be stored nowhere.
    Document(Value),
}

/// What a selector would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// As it would be stored.
    pub selector: Selector,
    /// How documents would be led to a query; `ids` and `all` are looked up without one.
    pub plan: Option<Plan>,
    /// What it says of the subject, if there was one.
    pub verdict: Option<Verdict>,
    /// What it says of stored members, if they were asked for.
    pub sample: Option<Sample>,
}

/// What a selector says of one member.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Whether it selects the member.
    pub matches: bool,
    /// The positions that a query found, as detailed events name them; none where it does not match.
    pub matched_positions: Option<Vec<MatchedPosition>>,
    /// Why a query matches or not.
    pub explanation: Option<Explanation>,
}

/// What a selector says of some stored members: those with the highest ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// How many were looked at: fewer than asked for where there are no more, or where they are very large.
    pub members: usize,
    /// How many of them it selects.
    pub matching: usize,
}

/// So many members are looked at in one sample.
pub const MAX_SAMPLE: usize = 1_000;

/// A sample ends when its documents have so many bytes together: a second's work, about.
const MAX_SAMPLE_BYTES: usize = 32 << 20;

impl Engine {
    /// Says what a selector would do: whether it is acceptable, how it would be found, whether it selects the `subject` and why,
    /// and how many it selects of the `sample` stored members with the highest ids. Nothing is stored.
    ///
    /// # Errors
    ///
    /// As [`Engine::subscribe`] where the selector is not acceptable; where there is no such member, the mapping refuses the
    /// document, or the sample is larger than [`MAX_SAMPLE`].
    pub fn preview(
        &self,
        selector: Selector,
        subject: Option<Subject>,
        sample: Option<usize>,
    ) -> Result<Preview, PreviewError> {
        if let Some(given) = sample.filter(|size| *size > MAX_SAMPLE) {
            return Err(PreviewError::SampleTooLarge { given });
        }
        let selector = self.checked(selector)?;
        let compiled = self.compile(&selector).map_err(super::SubscriptionError::from)?;
        let plan = match &compiled {
            CompiledSelector::Query(query) => Some(self.percolator.plan(query)),
            CompiledSelector::Ids(_) | CompiledSelector::All => None,
        };
        let verdict = subject.map(|subject| self.verdict(&compiled, subject)).transpose()?;
        let sample = sample.map(|size| self.sample(&compiled, size)).transpose()?;
        Ok(Preview { selector, plan, verdict, sample })
    }

    fn verdict(&self, selector: &CompiledSelector, subject: Subject) -> Result<Verdict, PreviewError> {
        let (id, json) = self.document_of(subject)?;
        // Read for every kind of selector: a document that the mapping refuses can be selected by none.
        let document = self.percolator.document(id, &json)?;
        let CompiledSelector::Query(query) = selector else {
            return Ok(Verdict { matches: lists(selector, id), matched_positions: None, explanation: None });
        };
        let explanation = self.percolator.explain(query, &document);
        let version = Version::new(self.percolator.mapping(), &self.options.schema, &json, &document);
        Ok(Verdict {
            matches: explanation.matches,
            matched_positions: Some(version.positions(&version.places(&self.percolator, query))),
            explanation: Some(explanation),
        })
    }

    fn document_of(&self, subject: Subject) -> Result<(Option<MemberId>, Value), PreviewError> {
        match subject {
            Subject::Member(id) => {
                let bytes = self.members.document(id)?.ok_or(PreviewError::UnknownMember(id))?;
                Ok((Some(id), stored(id, &bytes)?))
            }
            Subject::Document(json) if json.is_object() => {
                let id = json.get(&self.options.schema.id).and_then(|id| MemberId::try_from(id).ok());
                Ok((id, json))
            }
            Subject::Document(other) => Err(PreviewError::NotAnObject { found: kind_of(&other) }),
        }
    }

    fn sample(&self, selector: &CompiledSelector, size: usize) -> Result<Sample, StoreError> {
        let mut sample = Sample { members: 0, matching: 0 };
        let mut bytes_left = MAX_SAMPLE_BYTES;
        self.store.for_each_document_backwards(size, &mut |id, bytes| {
            let matches = match selector {
                CompiledSelector::Query(query) => self.query_matches(query, id, bytes)?,
                CompiledSelector::Ids(_) | CompiledSelector::All => lists(selector, Some(id)),
            };
            sample.members += 1;
            sample.matching += usize::from(matches);
            bytes_left = bytes_left.saturating_sub(bytes.len());
            Ok(bytes_left > 0)
        })?;
        Ok(sample)
    }

    /// Whether a query matches a stored document; none where the mapping, which has changed since, refuses it.
    fn query_matches(&self, query: &CompiledQuery, id: MemberId, bytes: &[u8]) -> Result<bool, StoreError> {
        let document = self.percolator.document(Some(id), &stored(id, bytes)?);
        Ok(document.is_ok_and(|document| self.percolator.query_matches(query, &document)))
    }
}

/// Whether a selector that is no query selects the member.
fn lists(selector: &CompiledSelector, id: Option<MemberId>) -> bool {
    match selector {
        CompiledSelector::Ids(ids) => id.is_some_and(|id| ids.binary_search(&id).is_ok()),
        CompiledSelector::All => true,
        CompiledSelector::Query(_) => false,
    }
}

fn stored(id: MemberId, bytes: &[u8]) -> Result<Value, StoreError> {
    let damaged = |reason: String| StoreError::Damaged { table: "documents", key: id.to_string(), reason };
    json::parse(bytes).map_err(|error| damaged(error.to_string()))
}
