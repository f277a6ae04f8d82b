//! Which position of the new version is which of the old one: an assignment, best matches first.
//!
//! "The same at the coarser precision of the two" is no equivalence: 2021 is the same as 2021-03 and as 2021-09, which are not the
//! same. So positions are not put into classes but paired, one with one, in rounds: each round names what two positions
//! must share, from everything to just enough, and pairs those still free that share it. Within a round positions are taken
//! in their canonical order, so that the order of the documents changes nothing.
//!
//! A round sorts both sides by what must be shared and walks along them: n positions take O(n log n) time, whatever they are.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::identity::{Company, Sighting, TextKey};
use super::partial_date::{PartialDate, Precision};

/// What a position of the new version is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Partner {
    /// The same position as this one of the old version.
    Same(usize),
    /// This one of the old version with another title or another start.
    Edited(usize),
    /// The same as this one that had vanished.
    Remembered(usize),
}

/// Who is who.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    /// For each position of the new version; `None` where it was not known.
    pub(super) partners: Vec<Option<Partner>>,
    /// The positions of the old version that the new one has no more.
    pub(super) vanished: Vec<usize>,
}

impl Pairing {
    pub(super) fn of(before: &[Sighting], after: &[Sighting], remembered: &[Sighting]) -> Pairing {
        let mut partners = vec![None; after.len()];
        let mut free_before: Vec<usize> = (0..before.len()).collect();
        let mut free_after: Vec<usize> = (0..after.len()).collect();
        let mut free_remembered: Vec<usize> = (0..remembered.len()).collect();

        let mut assign = |pairs: Vec<(usize, usize)>, partner: fn(usize) -> Partner| {
            for (known, new) in pairs {
                if let Some(place) = partners.get_mut(new) {
                    *place = Some(partner(known));
                }
            }
        };
        assign(pair(same_position(), before, &mut free_before, after, &mut free_after), Partner::Same);
        // One that comes back as it was is better matched than one that had to be edited.
        assign(pair(same_position(), remembered, &mut free_remembered, after, &mut free_after), Partner::Remembered);
        assign(pair(one_difference(), before, &mut free_before, after, &mut free_after), Partner::Edited);
        Pairing { partners, vanished: free_before }
    }
}

/// Which of the two versions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

/// What two positions must share to be paired in a round.
#[derive(Clone, Copy)]
struct Round {
    company: CompanyTie,
    same_title: bool,
    start: StartTie,
    end: EndTie,
}

#[derive(Clone, Copy)]
enum CompanyTie {
    /// Both have an id, the same.
    Id,
    /// Neither has an id; the names are the same.
    Name,
    /// The names are the same, and only this side has an id.
    NameBesideId(Side),
    /// Neither says anything of the company.
    Unnamed,
}

#[derive(Clone, Copy)]
enum StartTie {
    /// The same start, of the same precision.
    Equal,
    /// Neither says a start.
    Unsaid,
    /// One side's start has this precision, the other's is finer, and they fit.
    Coarser(Side, Precision),
    /// Whatever the starts are.
    Any,
}

#[derive(Clone, Copy)]
enum EndTie {
    /// Both open or both closed.
    Same,
    /// Open before, closed after.
    Closing,
    /// Closed before, open after.
    Reopening,
}

const NAMED_COMPANIES: [CompanyTie; 4] =
    [CompanyTie::Id, CompanyTie::Name, CompanyTie::NameBesideId(Side::Before), CompanyTie::NameBesideId(Side::After)];
const COMPANIES: [CompanyTie; 5] = [
    CompanyTie::Id,
    CompanyTie::Name,
    CompanyTie::NameBesideId(Side::Before),
    CompanyTie::NameBesideId(Side::After),
    CompanyTie::Unnamed,
];
const FITTING_STARTS: [StartTie; 5] = [
    StartTie::Equal,
    StartTie::Coarser(Side::Before, Precision::Month),
    StartTie::Coarser(Side::After, Precision::Month),
    StartTie::Coarser(Side::Before, Precision::Year),
    StartTie::Coarser(Side::After, Precision::Year),
];
const MISSING_STARTS: [StartTie; 3] = [
    StartTie::Unsaid,
    StartTie::Coarser(Side::Before, Precision::Unknown),
    StartTie::Coarser(Side::After, Precision::Unknown),
];
const ENDS: [EndTie; 3] = [EndTie::Same, EndTie::Closing, EndTie::Reopening];
/// A closed position that differs is gone, and an open one in its place is a new one.
const ENDS_WITHOUT_REOPENING: [EndTie; 2] = [EndTie::Same, EndTie::Closing];

/// Rounds for positions of which everything that is said is the same, the finest starts first.
fn same_position() -> impl Iterator<Item = Round> {
    let [unsaid, missing @ ..] = MISSING_STARTS;
    let [equal, coarser @ ..] = FITTING_STARTS;
    let starts = [equal, unsaid].into_iter().chain(coarser).chain(missing);
    starts.flat_map(|start| rounds(true, start, &COMPANIES, &ENDS))
}

/// Rounds for positions with one difference, the weightiest evidence first. What could be the same position is paired
/// already, so the titles of the first and last, and the starts of the second, do differ.
fn one_difference() -> impl Iterator<Item = Round> {
    let other_title = FITTING_STARTS.into_iter().flat_map(|start| rounds(false, start, &COMPANIES, &ENDS));
    let other_start = rounds(true, StartTie::Any, &COMPANIES, &ENDS_WITHOUT_REOPENING);
    let other_title_without_start =
        MISSING_STARTS.into_iter().flat_map(|start| rounds(false, start, &NAMED_COMPANIES, &ENDS_WITHOUT_REOPENING));
    other_title.chain(other_start).chain(other_title_without_start)
}

fn rounds<'t>(
    same_title: bool,
    start: StartTie,
    companies: &'t [CompanyTie],
    ends: &'t [EndTie],
) -> impl Iterator<Item = Round> + 't {
    companies
        .iter()
        .flat_map(move |company| ends.iter().map(move |end| Round { company: *company, same_title, start, end: *end }))
}

/// What is shared: two positions whose shares are equal are paired.
type Share = (Option<TextKey>, Option<TextKey>, PartialDate, bool);

impl Round {
    /// What a position has to share in this round; `None` where it takes no part.
    fn share(self, side: Side, position: &Sighting) -> Option<Share> {
        Some((
            self.company.share(side, position.company)?,
            position.title.filter(|_| self.same_title),
            self.start.share(side, position.start)?,
            self.end.share(side, position.is_open)?,
        ))
    }
}

impl CompanyTie {
    fn share(self, side: Side, company: Company) -> Option<Option<TextKey>> {
        let Company { id, name } = company;
        match self {
            CompanyTie::Id => id.map(Some),
            CompanyTie::Name => name.filter(|_| id.is_none()).map(Some),
            CompanyTie::NameBesideId(with_id) => name.filter(|_| id.is_some() == (side == with_id)).map(Some),
            CompanyTie::Unnamed => (id.is_none() && name.is_none()).then_some(None),
        }
    }
}

impl StartTie {
    fn share(self, side: Side, start: PartialDate) -> Option<PartialDate> {
        let precision = start.precision();
        match self {
            StartTie::Equal => (precision != Precision::Unknown).then_some(start),
            StartTie::Unsaid => (precision == Precision::Unknown).then_some(start),
            StartTie::Coarser(coarser, common) if coarser == side => (precision == common).then_some(start),
            StartTie::Coarser(_, common) => (precision > common).then(|| start.truncated(common)),
            StartTie::Any => Some(PartialDate::UNKNOWN),
        }
    }
}

impl EndTie {
    fn share(self, side: Side, is_open: bool) -> Option<bool> {
        match self {
            EndTie::Same => Some(is_open),
            EndTie::Closing => (is_open == (side == Side::Before)).then_some(false),
            EndTie::Reopening => (is_open == (side == Side::After)).then_some(true),
        }
    }
}

/// Runs rounds over the positions that are free; pairs are free no longer.
fn pair(
    rounds: impl Iterator<Item = Round>,
    before: &[Sighting],
    free_before: &mut Vec<usize>,
    after: &[Sighting],
    free_after: &mut Vec<usize>,
) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for round in rounds {
        if free_before.is_empty() || free_after.is_empty() {
            break;
        }
        let found =
            join(&shares(round, Side::Before, before, free_before), &shares(round, Side::After, after, free_after));
        if found.is_empty() {
            continue;
        }
        let (gone_before, gone_after): (HashSet<usize>, HashSet<usize>) = found.iter().copied().unzip();
        free_before.retain(|position| !gone_before.contains(position));
        free_after.retain(|position| !gone_after.contains(position));
        pairs.extend(found);
    }
    pairs
}

/// What the free positions of one side have to share in a round, sorted; equal shares in canonical order.
fn shares(round: Round, side: Side, positions: &[Sighting], free: &[usize]) -> Vec<(Share, usize)> {
    let share = |index: &usize| Some((round.share(side, positions.get(*index)?)?, *index));
    let mut shares: Vec<(Share, usize)> = free.iter().filter_map(share).collect();
    shares.sort_unstable();
    shares
}

/// Pairs equal shares, the first with the first, by walking along both.
fn join(before: &[(Share, usize)], after: &[(Share, usize)]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    while let (Some((known, known_index)), Some((new, new_index))) = (before.peek(), after.peek()) {
        match known.cmp(new) {
            Ordering::Less => drop(before.next()),
            Ordering::Greater => drop(after.next()),
            Ordering::Equal => {
                pairs.push((*known_index, *new_index));
                before.next();
                after.next();
            }
        }
    }
    pairs
}
