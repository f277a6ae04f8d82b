//! Bulk work: updates that are read before their turn comes, and that may be judged without being told or stored.

use jiff::Timestamp;

use super::reading::Reading;
use super::{Engine, Outcome, Rejection, Update};
use crate::change::Schema;
use crate::member::MemberId;
use crate::store::StoreError;

/// An update that was read and waits for its turn: reading it is the larger part of the work, and needs no lock.
pub struct Prepared(Reading);

impl Prepared {
    /// Whose update it is.
    pub fn id(&self) -> MemberId {
        self.0.id
    }

    /// When the document says that it was crawled.
    pub fn last_updated(&self) -> Option<Timestamp> {
        self.0.last_updated
    }
}

/// How prepared updates are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judging {
    /// As any update.
    Telling,
    /// Changes are found, and nobody is told.
    Silent,
    /// Positions are not compared: what comes is the truth, as though its member were seen for the first time. Nobody is told.
    Baseline,
}

impl Engine {
    /// Which fields of a document hold its id and its positions.
    pub fn schema(&self) -> &Schema {
        &self.options.schema
    }

    /// Reads an update.
    ///
    /// # Errors
    ///
    /// Where it can be refused without knowing the member.
    pub fn prepare_update(&self, update: Update) -> Result<Prepared, Rejection> {
        Reading::of(update, &self.options.schema).map(Prepared)
    }

    /// [`Engine::apply_batch`] of what was read before.
    ///
    /// # Errors
    ///
    /// As [`Engine::apply_batch`].
    pub fn apply_prepared(
        &self,
        updates: &[Prepared],
        judging: Judging,
    ) -> Result<Vec<Result<Outcome, Rejection>>, StoreError> {
        self.apply_readings(&readings(updates), judging, true)
    }

    /// What [`Engine::apply_prepared`] would do, without doing it.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    pub fn judge_prepared(
        &self,
        updates: &[Prepared],
        judging: Judging,
    ) -> Result<Vec<Result<Outcome, Rejection>>, StoreError> {
        self.apply_readings(&readings(updates), judging, false)
    }
}

fn readings(updates: &[Prepared]) -> Vec<&Reading> {
    updates.iter().map(|prepared| &prepared.0).collect()
}
