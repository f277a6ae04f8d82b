//! Sets of positions and companies that answer "is it one of these?" as the change rules understand "the same".

use std::collections::HashSet;

use super::identity::{Company, CompanyAspect, Sighting, TextKey};
use super::partial_date::{PartialDate, Precision};

/// Companies; one of which nothing is said is never known.
#[derive(Default)]
pub(super) struct KnownCompanies(HashSet<CompanyAspect>);

impl KnownCompanies {
    pub(super) fn insert(&mut self, company: Company) {
        self.0.extend(company.kept_as().filter(|aspect| *aspect != CompanyAspect::Unnamed));
    }

    pub(super) fn contains(&self, company: Company) -> bool {
        company.met_as().any(|aspect| self.0.contains(&aspect))
    }
}

/// A position as it is looked up.
type Key = (CompanyAspect, Option<TextKey>, bool, PartialDate);

const PRECISIONS: [Precision; 4] = [Precision::Unknown, Precision::Year, Precision::Month, Precision::Day];

/// Positions of one version, to find duplicates of them that are written differently: with a coarser date, or without the company's id.
/// A look-up takes the same time however many there are.
#[derive(Default)]
pub(super) struct KnownPositions {
    /// Under their start as it is written.
    as_written: HashSet<Key>,
    /// Under their start as it is written and every coarser one.
    coarsened: HashSet<Key>,
}

impl KnownPositions {
    pub(super) fn insert(&mut self, position: &Sighting) {
        let Sighting { company, title, start, is_open } = *position;
        for aspect in company.kept_as() {
            self.as_written.insert((aspect, title, is_open, start));
            self.coarsened.extend(PRECISIONS.map(|precision| (aspect, title, is_open, start.truncated(precision))));
        }
    }

    /// Whether one of them, equally open or closed, is the same position: same company and title, and starts that fit.
    pub(super) fn contains(&self, position: &Sighting) -> bool {
        let Sighting { company, title, start, is_open } = *position;
        company.met_as().any(|aspect| {
            self.coarsened.contains(&(aspect, title, is_open, start))
                || PRECISIONS
                    .iter()
                    .any(|precision| self.as_written.contains(&(aspect, title, is_open, start.truncated(*precision))))
        })
    }
}
