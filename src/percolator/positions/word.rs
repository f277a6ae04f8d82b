//! Words: what a source finds single positions by.

use crate::mapping::FieldId;
use crate::percolator::condition::{Condition, Test};
use crate::percolator::pattern::Pattern;

/// A term, or a pattern of terms.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::percolator) enum Word {
    /// This term.
    Whole(Box<str>),
    /// Terms that fit.
    Pattern(Pattern),
    /// Terms between these, as UTF-8 bytes, each with whether it is included.
    Range { lower: Option<(Box<str>, bool)>, upper: Option<(Box<str>, bool)> },
}

impl Word {
    /// The word of a test on terms; `None` for other tests.
    pub(in crate::percolator) fn of(test: &Test) -> Option<Word> {
        match test {
            Test::Term(term) => Some(Word::Whole(term.clone())),
            Test::Pattern(pattern) => Some(Word::Pattern(pattern.clone())),
            Test::TermRange { lower, upper } => Some(Word::Range { lower: lower.clone(), upper: upper.clone() }),
            Test::Exists | Test::Phrase(_) | Test::Point(_) | Test::Geo(_) | Test::Interval(..) => None,
        }
    }

    /// That the field has it.
    pub(super) fn condition(&self, field: FieldId) -> Condition {
        let test = match self.clone() {
            Word::Whole(term) => Test::Term(term),
            Word::Pattern(Pattern::Fuzzy(fuzzy)) => match fuzzy.only_term() {
                Some(term) => Test::Term(term.into()),
                None => Test::Pattern(Pattern::Fuzzy(fuzzy)),
            },
            Word::Pattern(pattern) => Test::Pattern(pattern),
            Word::Range { lower, upper } => Test::TermRange { lower, upper },
        };
        Condition::Field(field, test)
    }

    pub(super) fn fits(&self, term: &str) -> bool {
        match self {
            Word::Whole(wanted) => **wanted == *term,
            Word::Pattern(pattern) => pattern.fits(term),
            Word::Range { lower, upper } => {
                let above = lower.as_ref().is_none_or(|(low, included)| *term > **low || (*included && *term == **low));
                let below =
                    upper.as_ref().is_none_or(|(high, included)| *term < **high || (*included && *term == **high));
                above && below
            }
        }
    }
}
