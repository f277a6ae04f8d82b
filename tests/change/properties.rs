//! What holds for every pair of versions.

use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use tripline::change::{Change, ChangeKind, Fingerprint, Remembered, Schema, diff};

use crate::pairs::changes;

fn fingerprint(document: &Value) -> Fingerprint {
    Schema::default().positions(document).fingerprint()
}

/// Positions that often nearly match: few companies, titles and dates, in all their spellings.
fn position() -> impl Strategy<Value = Value> {
    let id = prop_oneof![Just(json!(null)), Just(json!(0)), Just(json!(1)), Just(json!("1")), Just(json!(2))];
    let name = prop::sample::select(vec!["Acme", "ACME 🚀", "Ação", "", "Globex"]);
    let title = prop::sample::select(vec!["Engineer", " engineer", "エンジニア", "Lead", ""]);
    let start =
        prop::sample::select(vec!["2021", "2021-03", "March 2021", "2021-03-01", "2021-09", "2020", "", "soon"]);
    let end = prop::sample::select(vec!["", "Present", "2023", "May 2023"]);
    (id, name, title, start, end).prop_map(|(id, name, title, start, end)| {
        json!({"company_id": id, "company_name": name, "title": title, "date_from": start, "date_to": end})
    })
}

fn document() -> impl Strategy<Value = Value> {
    let list = prop::collection::vec(position(), 0..6).prop_map(|experience| json!({"experience": experience}));
    prop_oneof![20 => list, 1 => Just(json!({})), 1 => Just(json!({"experience": null}))]
}

/// The same position with what is never a change.
fn disguised(position: &Value, noise: u8) -> Value {
    let mut position = position.clone();
    let bit = |bit: u8| noise & (1 << bit) != 0;
    let text = |position: &Value, name: &str| position[name].as_str().unwrap_or_default().to_owned();
    position["id"] = json!(noise);
    position["description"] = json!(format!("noise {noise}"));
    if bit(0) {
        position["title"] = json!(format!("  {}\u{200b} 👩🏽‍💻", text(&position, "title").to_uppercase()));
    }
    if bit(1) {
        position["company_name"] = json!(format!("«{}»\u{3000}", text(&position, "company_name").to_lowercase()));
    }
    if bit(2) && text(&position, "date_to").is_empty() {
        position["date_to"] = json!("present");
    }
    if bit(3) && text(&position, "date_from") == "2021-03" {
        position["date_from"] = json!("Mar 2021");
    }
    if bit(4) && position["company_id"] == json!(1) {
        position["company_id"] = json!("1");
    }
    position
}

fn as_sets(changes: &[Change]) -> Vec<String> {
    let mut lines: Vec<String> = changes.iter().map(|change| json!(change).to_string()).collect();
    lines.sort();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn equal_fingerprints_mean_no_change(before in document(), after in document()) {
        if fingerprint(&before) == fingerprint(&after) {
            prop_assert_eq!(changes(&before, &after), []);
        }
    }

    #[test]
    fn what_is_never_a_change_leaves_the_fingerprint_alone(
        positions in prop::collection::vec((position(), any::<u8>()), 1..6).prop_shuffle(),
        repeated in 0_usize..6,
    ) {
        let before = json!({"experience": positions.iter().map(|(position, _)| position).collect::<Vec<_>>()});
        let mut disguises: Vec<Value> = positions.iter().rev().map(|(position, noise)| disguised(position, *noise)).collect();
        disguises.extend(positions.get(repeated).map(|(position, noise)| disguised(position, !noise)));
        let after = json!({"experience": disguises, "headline": "noise", "last_updated": "2024-01-01"});
        prop_assert_eq!(fingerprint(&before), fingerprint(&after));
        prop_assert_eq!(changes(&before, &after), []);
    }

    #[test]
    fn no_version_differs_from_itself(document in document()) {
        prop_assert_eq!(changes(&document, &document), []);
    }

    #[test]
    fn the_order_of_positions_changes_no_answer(before in document(), after in document()) {
        let reversed = |document: &Value| {
            let mut document = document.clone();
            if let Some(experience) = document.get_mut("experience").and_then(Value::as_array_mut) {
                experience.reverse();
            }
            document
        };
        let kinds = |changes: Vec<Change>| {
            let mut kinds: Vec<ChangeKind> = changes.iter().map(|change| change.kind).collect();
            kinds.sort();
            kinds
        };
        prop_assert_eq!(kinds(changes(&before, &after)), kinds(changes(&reversed(&before), &reversed(&after))));
    }

    #[test]
    fn no_position_is_told_of_twice(before in document(), after in document()) {
        let distinct = |entry: fn(&Change) -> &Option<Value>, changes: &[Change]| {
            let mut seen = HashSet::new();
            changes.iter().filter_map(|change| entry(change).as_ref()).all(|entry| seen.insert(entry.to_string()))
        };
        let changes = changes(&before, &after);
        prop_assert!(distinct(|change| &change.before, &changes), "{:?}", as_sets(&changes));
        prop_assert!(distinct(|change| &change.after, &changes), "{:?}", as_sets(&changes));
    }

    #[test]
    fn a_broken_crawl_and_its_repair_notify_nobody(mut whole in document(), kept in any::<u8>()) {
        // Copies of one position that disagree on whether it has ended are left out: which of them a crawl loses is no noise.
        for position in whole.get_mut("experience").and_then(Value::as_array_mut).into_iter().flatten() {
            position["date_to"] = if position["title"] == "Lead" { json!("2024") } else { json!(null) };
        }
        let mut broken = whole.clone();
        if let Some(experience) = broken.get_mut("experience").and_then(Value::as_array_mut) {
            let mut place = 0;
            experience.retain(|_| { place += 1; kept & (1 << place) != 0 });
        }
        let schema = Schema::default();
        let (whole, broken) = (schema.positions(&whole), schema.positions(&broken));
        let notifying = ChangeKind::notifying_by_default();
        let told = |mut changes: Vec<Change>| { changes.retain(|change| notifying.contains(&change.kind)); changes };

        prop_assert_eq!(told(diff(&whole, &broken, &Remembered::default())), []);
        let remembered = Remembered::default().after(&whole, &broken);
        prop_assert_eq!(told(diff(&broken, &whole, &remembered)), []);
    }

    #[test]
    fn nothing_that_json_can_hold_makes_it_panic(value in any_json(), other in any_json()) {
        for document in [&value, &json!({"experience": value}), &json!({"experience": [value, {"title": value, "date_to": value, "company_id": value}]})] {
            let _ = (fingerprint(document), changes(document, &other), changes(&other, document));
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let key = prop::sample::select(vec![
            "experience",
            "title",
            "date_from",
            "date_to",
            "company_id",
            "company_name",
            "is_deleted",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(key.prop_map(str::to_owned), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
