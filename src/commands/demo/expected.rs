//! What must happen: the changes that the data set names, and who must be told by what a real Elasticsearch node finds.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use tripline::ChangeKind;

use super::client::Applied;
use super::data::{ExpectedChange, ExpectedMember, Interest, Matches, Member, Selector, expected_members, matches};

/// Everything that is expected.
pub struct Expectations {
    pub members: Vec<ExpectedMember>,
    pub names: BTreeMap<u64, String>,
    pub told: Vec<Told>,
}

/// One event at one subscriber.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    pub interest: &'static str,
    pub member_id: u64,
    pub status: String,
    /// Sorted; the compact format says none.
    pub kinds: Vec<ChangeKind>,
}

impl Expectations {
    pub fn read(interests: &[Interest], second: &[Member]) -> anyhow::Result<Expectations> {
        let members = expected_members()?;
        let [before, after] = matches()?;
        // A crawl that lost all positions of a member tells nobody that a query stopped matching: it is likely broken.
        let lists_none: BTreeSet<u64> =
            second.iter().filter(|member| member.json.contains("\"experience\":[]")).map(|member| member.id).collect();
        let mut told = Vec::new();
        let changed = members.iter().filter(|member| member.outcome == "changed");
        for member in changed.filter(|member| !lists_none.contains(&member.member_id)) {
            for interest in interests {
                told.extend(interest.hears_of(member, &before, &after)?);
            }
        }
        told.sort();
        let names = second.iter().map(|member| (member.id, member.name.clone())).collect();
        Ok(Expectations { members, names, told })
    }

    /// Each update that came out otherwise.
    pub fn compare_outcomes(&self, applied: &BTreeMap<u64, Applied>) -> Vec<String> {
        let mut problems = Vec::new();
        for member in &self.members {
            let Some(applied) = applied.get(&member.member_id) else {
                if member.outcome != "absent" {
                    problems.push(format!("member {} was not sent", member.member_id));
                }
                continue;
            };
            let (found, mut expected) = (applied.named_changes(), member.changes.clone());
            expected.sort();
            if applied.outcome != member.outcome || found != expected {
                problems.push(format!(
                    "member {} ({}): expected {} {expected:?}, came out as {} {found:?}",
                    member.member_id, member.story, member.outcome, applied.outcome
                ));
            }
            let told = self.told.iter().filter(|told| told.member_id == member.member_id).count();
            if applied.notified != told {
                let found = applied.notified;
                problems.push(format!("member {}: {told} subscribers are to be told, not {found}", member.member_id));
            }
        }
        problems
    }

    /// Each event that is missing, and each that is one too many.
    pub fn compare_told(&self, told: &[Told]) -> Vec<String> {
        let mut surplus = told.to_vec();
        let mut problems = Vec::new();
        for expected in &self.told {
            match surplus.iter().position(|told| told == expected) {
                Some(place) => _ = surplus.swap_remove(place),
                None => problems.push(format!("not delivered: {expected:?}")),
            }
        }
        problems.extend(surplus.iter().map(|told| format!("delivered, and should not have been: {told:?}")));
        problems
    }
}

impl Interest {
    fn hears_of(&self, member: &ExpectedMember, before: &Matches, after: &Matches) -> anyhow::Result<Option<Told>> {
        let (was_selected, is_selected) = match &self.selector {
            Selector::All => (true, true),
            Selector::Ids(ids) => (ids.contains(&member.member_id), ids.contains(&member.member_id)),
            Selector::Query { id, .. } => {
                let found = |matches: &Matches| {
                    let found = matches.queries.get(*id).map(|members| members.contains(&member.member_id));
                    found.with_context(|| format!("the fixtures do not say whom {id:?} finds"))
                };
                (found(before)?, found(after)?)
            }
        };
        let status = match (was_selected, is_selected) {
            (true, true) => "changed",
            (false, true) => "started_matching_query",
            (true, false) => "stopped_matching_query",
            (false, false) => return Ok(None),
        };
        let notifying = ChangeKind::notifying_by_default();
        let mut kinds: Vec<ChangeKind> = member.changes.iter().map(|change| change.kind).collect();
        if status == "changed" {
            kinds.retain(|kind| notifying.contains(kind));
            if kinds.is_empty() {
                return Ok(None);
            }
        }
        kinds.sort();
        let (status, kinds) = if self.detailed { (status, kinds) } else { ("changed", Vec::new()) };
        Ok(Some(Told { interest: self.name, member_id: member.member_id, status: status.to_owned(), kinds }))
    }
}

impl Applied {
    /// The changes by kind, title and company, sorted.
    pub fn named_changes(&self) -> Vec<ExpectedChange> {
        let mut changes: Vec<ExpectedChange> = self
            .changes
            .iter()
            .map(|change| {
                let text = |field: &str| {
                    let value = change.position().and_then(|position| position[field].as_str());
                    value.unwrap_or_default().to_owned()
                };
                ExpectedChange { kind: change.kind, title: text("title"), company: text("company_name") }
            })
            .collect();
        changes.sort();
        changes
    }
}
