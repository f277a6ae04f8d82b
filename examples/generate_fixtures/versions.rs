//! The second version of each member, and what Tripline must say of it.

use serde::Serialize;
use serde_json::{Value, json};

use crate::members::{
    Shape, close, describe_current_job, number_positions, position, positions, positions_mut, spell_date,
    unknown_company,
};
use crate::noise::Noise;
use crate::random::Random;
use crate::vocabulary::{JOBS, LOCALES, PROMOTIONS};

/// The day of the second crawl.
pub const SECOND_CRAWL: &str = "2026-02-16";

/// What becomes of a member between the two crawls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scenario {
    Unchanged,
    Noisy(Noise),
    Moved,
    MovedAmidNoise,
    StartedAlongside,
    StartedAfterBreak,
    CameBack,
    Promoted,
    PromotedAlongside,
    Left,
    LeftWithNewTitle,
    Reopened,
    TitleEdited,
    StartEdited,
    OpenPositionGone,
    AllPositionsGone,
    ProfileDeleted,
    Backfilled,
    ChangedBothJobs,
    Stale,
    OnlyInFirst,
    OnlyInSecond,
}

/// How often each scenario happens, and the positions that its first version needs.
pub fn plan() -> Vec<(Scenario, usize, Shape)> {
    use Scenario::*;
    let employed = Shape { open: 1, closed: 3 };
    let two_jobs = Shape { open: 2, closed: 2 };
    let between_jobs = Shape { open: 0, closed: 3 };
    let mut plan = vec![
        (Unchanged, 36, two_jobs),
        (Moved, 28, employed),
        (MovedAmidNoise, 10, two_jobs),
        (StartedAlongside, 10, employed),
        (StartedAfterBreak, 8, between_jobs),
        (CameBack, 5, between_jobs),
        (Promoted, 18, employed),
        (PromotedAlongside, 7, two_jobs),
        (Left, 18, employed),
        (LeftWithNewTitle, 4, employed),
        (Reopened, 7, between_jobs),
        (TitleEdited, 7, employed),
        (StartEdited, 6, employed),
        (OpenPositionGone, 6, employed),
        (AllPositionsGone, 3, Shape { open: 1, closed: 1 }),
        (ProfileDeleted, 7, employed),
        (Backfilled, 9, employed),
        (ChangedBothJobs, 5, two_jobs),
        (Stale, 5, employed),
        (OnlyInFirst, 9, employed),
        (OnlyInSecond, 10, employed),
    ];
    plan.extend(
        Noise::ALL.iter().map(|noise| (Noisy(*noise), 5, if noise.wants_two_jobs() { two_jobs } else { employed })),
    );
    plan
}

/// What the second data set must bring about for one member.
#[derive(Serialize)]
pub struct Expected {
    pub member_id: u64,
    /// `unchanged`, `cosmetic`, `changed`, `new`, `stale`; `absent` where the second data set has nothing of it.
    pub outcome: &'static str,
    pub changes: Vec<ExpectedChange>,
    /// Which differences there are that must not count.
    pub noise: Vec<&'static str>,
    /// What happened, in words.
    pub story: &'static str,
}

/// One position change.
#[derive(Serialize)]
pub struct ExpectedChange {
    pub kind: &'static str,
    pub title: String,
    pub company: String,
}

/// Both versions of a member, and what is expected of the second.
pub struct Versions {
    pub first: Option<Value>,
    pub second: Option<Value>,
    pub expected: Expected,
}

/// Lets the scenario happen to a member.
pub fn versions(scenario: Scenario, index: u64, mut first: Value, random: &mut Random) -> Versions {
    if let Scenario::Noisy(noise) = scenario {
        noise.prepare(&mut first);
    }
    prepare(scenario, &mut first);
    let mut second = first.clone();
    second["last_updated"] =
        if index.is_multiple_of(5) { json!(format!("{SECOND_CRAWL}T08:15:00Z")) } else { json!(SECOND_CRAWL) };
    let expected = happen(scenario, index, &mut first, &mut second, random);
    let first = (scenario != Scenario::OnlyInSecond).then_some(first);
    let second = (scenario != Scenario::OnlyInFirst).then_some(second);
    Versions { first, second, expected }
}

/// Gives the first version what the scenario starts from.
fn prepare(scenario: Scenario, first: &mut Value) {
    if scenario == Scenario::StartEdited {
        positions_mut(first)[0]["date_from"] = json!("2023-03");
    }
}

fn happen(scenario: Scenario, index: u64, first: &mut Value, second: &mut Value, random: &mut Random) -> Expected {
    use Scenario::*;
    let (outcome, changes, story) = match scenario {
        Unchanged => {
            *second = first.clone();
            ("unchanged", vec![], "the very same document")
        }
        Noisy(noise) => {
            noise.apply(second, random);
            return expected(second, "cosmetic", vec![], vec![noise.label()], noise.story());
        }
        Moved => ("changed", vec![leave(second, 0, random), start(second, index, random)], "left for another company"),
        MovedAmidNoise => {
            Noise::BEFORE_CHANGES.iter().for_each(|noise| noise.apply(second, random));
            let changes = vec![leave(second, 1, random), start(second, index, random)];
            Noise::AFTER_CHANGES.iter().for_each(|noise| noise.apply(second, random));
            let labels =
                [Noise::BEFORE_CHANGES, Noise::AFTER_CHANGES].concat().iter().map(|noise| noise.label()).collect();
            let story = "left one of two jobs for another company, while everything else was re-crawled too";
            return expected(second, "changed", changes, labels, story);
        }
        StartedAlongside => ("changed", vec![start(second, index, random)], "took a second job beside the first"),
        StartedAfterBreak => ("changed", vec![start(second, index, random)], "started after a time without a position"),
        CameBack => ("changed", vec![advance(second, index, 0, random)], "came back to a former company"),
        Promoted => {
            let mut changes = vec![advance(second, index, 0, random)];
            changes.push(leave(second, 1, random));
            ("changed", changes, "promoted: the old position is closed, a new one at the same company is open")
        }
        PromotedAlongside => (
            "changed",
            vec![advance(second, index, 0, random)],
            "a further position at the same company, the old one still open",
        ),
        Left => ("changed", vec![leave(second, 0, random)], "left, and nothing new yet"),
        LeftWithNewTitle => {
            positions_mut(second)[0]["title"] = json!("Former Colleague");
            ("changed", vec![leave(second, 0, random)], "title and end changed together: one closing")
        }
        Reopened => {
            close(&mut positions_mut(second)[0], None);
            ("changed", vec![change("reopened", &positions(second)[0])], "a closed position is open again")
        }
        TitleEdited => {
            positions_mut(second)[0]["title"] = json!("Chief Storyteller");
            ("changed", vec![change("edited", &positions(second)[0])], "other title, same company and start")
        }
        StartEdited => {
            positions_mut(second)[0]["date_from"] = json!("2023-07");
            ("changed", vec![change("edited", &positions(second)[0])], "same company and title, another start")
        }
        OpenPositionGone => {
            let gone = positions_mut(second).remove(0);
            ("changed", vec![change("removed", &gone)], "an open position vanished without an end")
        }
        AllPositionsGone => {
            let gone = change("removed", &positions(second)[0]);
            second["experience"] = json!([]);
            ("changed", vec![gone], "the list of positions is empty now")
        }
        ProfileDeleted => {
            second["is_deleted"] = json!(1);
            ("changed", vec![change("removed", &positions(second)[0])], "the profile is marked deleted")
        }
        Backfilled => {
            let locale = &LOCALES[index as usize % LOCALES.len()];
            let company = unknown_company(second, random);
            let entry = position(&company, *random.pick(JOBS), (2008, 4), Some((2009, 9)), locale, random);
            positions_mut(second).push(entry);
            (
                "changed",
                vec![change("backfilled", positions(second).last().unwrap_or(&Value::Null))],
                "a former position was added",
            )
        }
        ChangedBothJobs => {
            let mut changes = vec![leave(second, 0, random), leave(second, 1, random)];
            changes.push(start(second, index, random));
            changes.push(start(second, index, random));
            ("changed", changes, "left both jobs for two new ones")
        }
        Stale => {
            second["last_updated"] = json!("2025-12-30");
            leave(second, 0, random);
            ("stale", vec![], "an older document arrives late")
        }
        OnlyInFirst => ("absent", vec![], "not in the second data set: nothing is known, so nothing happens"),
        OnlyInSecond => ("new", vec![], "first seen in the second data set: the baseline"),
    };
    number_positions(second);
    if outcome == "changed" {
        describe_current_job(second);
    }
    expected(second, outcome, changes, vec![], story)
}

fn expected(
    member: &Value,
    outcome: &'static str,
    changes: Vec<ExpectedChange>,
    noise: Vec<&'static str>,
    story: &'static str,
) -> Expected {
    Expected { member_id: member["id"].as_u64().unwrap_or_default(), outcome, changes, noise, story }
}

fn change(kind: &'static str, position: &Value) -> ExpectedChange {
    let text = |name: &str| position[name].as_str().unwrap_or_default().to_owned();
    ExpectedChange { kind, title: text("title"), company: text("company_name") }
}

fn leave(member: &mut Value, place: usize, random: &mut Random) -> ExpectedChange {
    let entry = &mut positions_mut(member)[place];
    close(entry, Some(spell_date(2026, random.between(1, 3), random.between(0, 4))));
    change("closed", entry)
}

/// A new open position at a company that is new to the member.
fn start(member: &mut Value, index: u64, random: &mut Random) -> ExpectedChange {
    let company = unknown_company(member, random);
    let locale = &LOCALES[index as usize % LOCALES.len()];
    let entry = position(&company, *random.pick(JOBS), (2026, 2), None, locale, random);
    let change = change("started", &entry);
    positions_mut(member).insert(0, entry);
    change
}

/// A new open position at the company of the position in this place.
fn advance(member: &mut Value, index: u64, place: usize, random: &mut Random) -> ExpectedChange {
    let known = &positions(member)[place];
    let company =
        crate::members::companies().into_iter().find(|company| Some(company.name) == known["company_name"].as_str());
    let company = company.unwrap_or_else(|| unknown_company(member, random));
    let locale = &LOCALES[index as usize % LOCALES.len()];
    let entry = position(&company, *random.pick(PROMOTIONS), (2026, 2), None, locale, random);
    let change = change("promoted", &entry);
    positions_mut(member).insert(0, entry);
    change
}
