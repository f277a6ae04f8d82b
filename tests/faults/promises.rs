//! What the server was asked to do, and what it answered: the promises that it has to keep.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// The versions of a member: each ends the position of the one before it and starts a new one, at a company of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    pub member: u64,
    pub number: u32,
    /// The number of the version that it follows; `None` for the baseline.
    pub follows: Option<u32>,
    /// How many subscriptions were acknowledged before it was sent.
    pub subscriptions: usize,
}

impl Version {
    pub fn document(&self) -> String {
        let mut positions = vec![position(self.member, self.number, Value::Null)];
        positions.extend(self.follows.map(|before| position(self.member, before, json!("2025-06"))));
        // As a crawler says it: what comes late, behind a later version, is refused.
        let crawled = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(i64::from(self.number));
        json!({
            "id": self.member, "headline": format!("version {}", self.number), "last_updated": crawled.to_string(),
            "experience": positions
        })
        .to_string()
    }
}

fn position(member: u64, number: u32, end: Value) -> Value {
    let start = format!("{}-{:02}", 1980 + number / 12 % 40, number % 12 + 1);
    json!({"company_name": company(member, number), "title": title(member), "date_from": start, "date_to": end})
}

pub fn company(member: u64, number: u32) -> String {
    format!("Works {member} {number}")
}

fn title(member: u64) -> &'static str {
    if Selection::Welders.selects(member) { "Welder" } else { "Clerk" }
}

/// Whom a subscription selects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Selection {
    Everyone,
    /// By ids: every second member.
    Even,
    /// By a query: every third member.
    Welders,
    /// Everyone, but it is deleted as soon as it is made.
    Nobody,
}

impl Selection {
    pub fn of_hook(hook: usize) -> Selection {
        match hook % 4 {
            0 => Selection::Everyone,
            1 => Selection::Even,
            2 => Selection::Welders,
            _ => Selection::Nobody,
        }
    }

    pub fn selects(self, member: u64) -> bool {
        match self {
            Selection::Everyone => true,
            Selection::Even => member.is_multiple_of(2),
            Selection::Welders => member.is_multiple_of(3),
            Selection::Nobody => false,
        }
    }
}

/// What is known of a member.
#[derive(Debug, Default)]
pub struct Member {
    /// What was acknowledged, or was found after a restart.
    pub stored: Option<Version>,
    /// What was sent last and not answered.
    pub unanswered: Option<Version>,
    /// The number of the next version; never used twice.
    next: u32,
}

impl Member {
    /// A new version; it is unanswered until it is.
    pub fn advance(&mut self, member: u64, subscriptions: usize) -> Version {
        let follows = self.stored.as_ref().map(|stored| stored.number);
        let version = Version { member, number: self.next, follows, subscriptions };
        self.next += 1;
        self.unanswered = Some(version.clone());
        version
    }
}

/// Everything that was asked.
#[derive(Default)]
pub struct Promises {
    pub members: BTreeMap<u64, Member>,
    /// Every version that was applied, by member and number.
    applied: HashMap<(u64, u32), Version>,
    /// Hooks of acknowledged subscriptions, in order of their acknowledgement, with the ids.
    pub subscriptions: Vec<(usize, String)>,
    /// Hooks of subscriptions that are deleted, or may be: nothing is expected of them.
    pub deleted: Vec<usize>,
    /// How many updates that no answer came for were found applied, and how many not.
    pub open_ends: (usize, usize),
    /// Hooks of subscriptions whose deletion was acknowledged.
    pub gone: Vec<usize>,
}

impl Promises {
    /// The unanswered version of a member was applied.
    pub fn keep(&mut self, member: u64) {
        let member = self.members.entry(member).or_default();
        if let Some(version) = member.unanswered.take() {
            self.applied.insert((version.member, version.number), version.clone());
            member.stored = Some(version);
        }
    }

    /// The unanswered version of a member was not applied, and never will be.
    pub fn drop_unanswered(&mut self, member: u64) {
        self.members.entry(member).or_default().unanswered = None;
    }

    /// The version that an event tells.
    pub fn version(&self, member: u64, number: u32) -> Option<&Version> {
        self.applied.get(&(member, number))
    }

    /// The events that must arrive: hook, member, number of the version.
    pub fn expected(&self) -> impl Iterator<Item = (usize, u64, u32)> {
        self.applied.values().filter(|version| version.follows.is_some()).flat_map(|version| {
            let asked = self.subscriptions.iter().take(version.subscriptions).map(|(hook, _)| *hook);
            let selecting = asked.filter(|hook| Selection::of_hook(*hook).selects(version.member));
            selecting.map(|hook| (hook, version.member, version.number))
        })
    }

    pub fn may_be_deleted(&self, hook: usize) -> bool {
        self.deleted.contains(&hook)
    }
}
