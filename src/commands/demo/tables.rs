//! What the demo prints.

use std::collections::BTreeMap;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use tripline::ChangeKind;

use super::client::Applied;
use super::data::Interest;
use super::expected::{Expectations, Told};
use super::receiver::Delivery;

/// So many rows are printed of a long table where it is to be brief.
const FIRST_ROWS: usize = 24;
/// So much is printed of a body.
const BODY_CHARS: usize = 220;
/// Where the output is no terminal.
const WIDTH: u16 = 140;

pub fn print_subscriptions(interests: &[Interest]) {
    let mut table = table(["subscription", "kind", "format", "about"]);
    for interest in interests {
        let format = if interest.detailed { "detailed" } else { "compact" };
        table.add_row([interest.name, interest.route(), format, &interest.about]);
    }
    println!("\nSubscriptions\n{table}");
}

/// Who really changed, and how.
pub fn print_changed(expectations: &Expectations, applied: &BTreeMap<u64, Applied>, brief: bool) {
    let mut rows = Vec::new();
    for (id, applied) in applied.iter().filter(|(_, applied)| applied.outcome == "changed") {
        let changes = applied.named_changes();
        let lines = changes.iter().map(|change| format!("{}: {}, {}", word(change.kind), change.title, change.company));
        let name = expectations.names.get(id).cloned().unwrap_or_default();
        let concerned = expectations.told.iter().filter(|told| told.member_id == *id);
        let concerned: Vec<&str> = concerned.map(|told| told.interest).collect();
        rows.push([id.to_string(), name, lines.collect::<Vec<_>>().join("\n"), concerned.join("\n")]);
    }
    println!("\nReally changed: {} members", rows.len());
    print_rows(["member", "name", "changes", "concerns"], rows, brief);
}

/// Whose document differs, though nothing really changed; and what else became of members.
pub fn print_unchanged(expectations: &Expectations, applied: &BTreeMap<u64, Applied>) {
    let mut groups: BTreeMap<(&str, String, &str), Vec<u64>> = BTreeMap::new();
    for member in &expectations.members {
        let outcome = applied.get(&member.member_id).map_or("absent", |applied| applied.outcome.as_str());
        if outcome != "changed" {
            groups.entry((outcome, member.noise.join(", "), &member.story)).or_default().push(member.member_id);
        }
    }
    let rows = groups.into_iter().map(|((outcome, noise, story), members)| {
        let named: Vec<String> = members.iter().take(3).map(u64::to_string).collect();
        let more = if members.len() > named.len() { ", …" } else { "" };
        [outcome.to_owned(), noise, members.len().to_string(), story.to_owned(), named.join(", ") + more]
    });
    println!("\nNo position change");
    print_rows(["outcome", "difference", "members", "why", "who"], rows.collect(), false);
}

/// Which subscription heard of how many.
pub fn print_told(interests: &[Interest], told: &[Told]) {
    let mut table =
        table(["subscription", "events", "changed", "started matching", "stopped matching", "kinds of change"]);
    for interest in interests {
        let mine: Vec<&Told> = told.iter().filter(|told| told.interest == interest.name).collect();
        let of = |status: &str| mine.iter().filter(|told| told.status == status).count().to_string();
        let mut kinds: BTreeMap<ChangeKind, usize> = BTreeMap::new();
        mine.iter().flat_map(|told| &told.kinds).for_each(|kind| *kinds.entry(*kind).or_default() += 1);
        let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {}", word(*kind))).collect();
        let kinds = if interest.detailed { kinds.join(", ") } else { "(the compact format names none)".to_owned() };
        table.add_row([
            interest.name.to_owned(),
            mine.len().to_string(),
            of("changed"),
            of("started_matching_query"),
            of("stopped_matching_query"),
            kinds,
        ]);
    }
    println!("\nWhat the receiver was told\n{table}");
}

/// The POSTs.
pub fn print_deliveries(deliveries: &[Delivery], brief: bool) {
    let rows = deliveries.iter().map(|delivery| {
        let body: String = delivery.body.chars().take(BODY_CHARS).collect();
        let more = if body.len() < delivery.body.len() { " …" } else { "" };
        let verdict = delivery.refusal.clone().unwrap_or_else(|| "verified".to_owned());
        let signature: String = delivery.signature.chars().take(20).collect();
        [delivery.name.clone(), delivery.webhook_id.clone(), format!("{signature}…\n{verdict}"), body + more]
    });
    println!("\nPOSTs: {}", deliveries.len());
    print_rows(["to", "webhook-id", "webhook-signature", "body"], rows.collect(), brief);
}

pub fn print_verdict(problems: &[String]) {
    if problems.is_empty() {
        println!("\nEverything arrived as expected.");
        return;
    }
    println!("\n{} things are not as expected:", problems.len());
    for problem in problems {
        println!("- {problem}");
    }
}

fn print_rows<const N: usize>(header: [&str; N], rows: Vec<[String; N]>, brief: bool) {
    let mut table = table(header);
    let shown = if brief { rows.len().min(FIRST_ROWS) } else { rows.len() };
    let hidden = rows.len() - shown;
    table.add_rows(rows.into_iter().take(shown));
    println!("{table}");
    if hidden > 0 {
        println!("… and {hidden} more");
    }
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    if !table.is_tty() {
        table.set_width(WIDTH);
    }
    table
}

/// As the API spells it.
fn word(kind: ChangeKind) -> String {
    format!("{kind:?}").to_lowercase()
}
