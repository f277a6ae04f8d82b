//! However large a profile is, and whatever it repeats, it is compared in no time.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tripline::change::{Remembered, Schema, diff};

const POSITIONS: usize = 10_000;
/// Comparing each with each would take minutes in a build without optimisation.
const LIMIT: Duration = Duration::from_secs(20);

fn compare(position: impl Fn(usize, &str) -> Value) -> usize {
    let schema = Schema::default();
    let document = |version: &str| {
        let experience: Vec<Value> = (0..POSITIONS).map(|number| position(number, version)).collect();
        schema.positions(&json!({"experience": experience}))
    };
    let (before, after) = (document("1"), document("2"));
    let started = Instant::now();
    let changes = diff(&before, &after, &Remembered::default());
    let _ = Remembered::default().after(&before, &after);
    assert!(started.elapsed() < LIMIT, "{:?}", started.elapsed());
    changes.len()
}

fn day(number: usize) -> String {
    format!("{:04}-{:02}-{:02}", 1000 + number / 336, 1 + number / 28 % 12, 1 + number % 28)
}

#[test]
fn ten_thousand_positions_of_one_title_whose_starts_all_move() {
    let moved = |number: usize, version: &str| {
        let date_from = if version == "1" { day(number) } else { day(number + POSITIONS) };
        json!({"company_name": "Acme", "title": "Engineer", "date_from": date_from})
    };
    assert_eq!(compare(moved), POSITIONS);
}

#[test]
fn ten_thousand_positions_that_are_all_retitled() {
    let retitled = |number: usize, version: &str| json!({"company_name": "Acme", "title": format!("{number} v{version}"), "date_from": day(number)});
    assert_eq!(compare(retitled), POSITIONS);
}

#[test]
fn ten_thousand_positions_that_have_nothing_in_common() {
    let other = |number: usize, version: &str| json!({"company_name": format!("{number} v{version}"), "title": "Engineer", "date_from": day(number)});
    assert_eq!(compare(other), 2 * POSITIONS);
}

#[test]
fn ten_thousand_duplicates_that_appear() {
    let duplicated = |number: usize, version: &str| match version {
        "1" => json!({"company_name": "Acme", "title": "Engineer", "date_from": "2021", "date_to": "2022"}),
        _ => {
            json!({"company_name": "Acme", "company_id": if number == 0 { 1 } else { 0 }, "title": "Engineer", "date_from": day(number)})
        }
    };
    assert!(compare(duplicated) > 0);
}
