//! What vanishes is remembered, so that a broken crawl and its repair are no news.

use serde_json::{Value, json};
use tripline::change::{Change, ChangeKind, MAX_REMEMBERED, Remembered, Schema, diff};

use crate::pairs::kinds;

/// A member as the engine follows it: the newest version that says anything, and what is remembered.
#[derive(Default)]
struct History {
    newest: Option<Value>,
    remembered: Remembered,
}

impl History {
    fn starting_with(experience: Value) -> History {
        let mut history = History::default();
        history.update(experience);
        history
    }

    fn update(&mut self, experience: Value) -> Vec<Change> {
        self.update_document(json!({"experience": experience}))
    }

    fn update_document(&mut self, after: Value) -> Vec<Change> {
        let schema = Schema::default();
        let positions = schema.positions(&after);
        let Some(before) = self.newest.replace(after) else { return Vec::new() };
        let before = schema.positions(&before);
        let stored = Remembered::from_bytes(&self.remembered.to_bytes());
        assert_eq!(stored, self.remembered, "what is stored is what is read");
        let changes = diff(&before, &positions, &self.remembered);
        self.remembered = stored.after(&before, &positions);
        changes
    }
}

fn engineer() -> Value {
    json!({"company_name": "Acme", "title": "Engineer", "date_from": "2021-03-01"})
}

fn with_end(mut position: Value) -> Value {
    position["date_to"] = json!("2024-05");
    position
}

#[test]
fn a_position_that_vanished_and_came_back_is_no_news() {
    let mut history = History::starting_with(json!([engineer(), with_end(engineer())]));
    assert_eq!(kinds(&history.update(json!([]))), [ChangeKind::Removed]);
    assert_eq!(history.update(json!([engineer()])), []);
    assert!(history.remembered.is_empty(), "what came back is not needed any more");
}

#[test]
fn a_past_position_that_vanished_and_came_back_is_not_backfilled() {
    let mut history = History::starting_with(json!([with_end(engineer())]));
    assert_eq!(history.update(json!([])), []);
    assert_eq!(history.update(json!([with_end(engineer())])), []);
}

#[test]
fn a_position_that_comes_back_closed_is_closed() {
    let mut history = History::starting_with(json!([engineer()]));
    history.update(json!([]));
    let changes = history.update(json!([with_end(engineer())]));
    assert_eq!(changes, [Change { kind: ChangeKind::Closed, before: None, after: Some(with_end(engineer())) }]);
}

#[test]
fn a_past_position_that_comes_back_open_is_reopened() {
    let mut history = History::starting_with(json!([with_end(engineer())]));
    history.update(json!([]));
    assert_eq!(kinds(&history.update(json!([engineer()]))), [ChangeKind::Reopened]);
}

#[test]
fn a_position_that_comes_back_with_another_precision_is_known() {
    let mut history = History::starting_with(json!([engineer()]));
    history.update(json!([]));
    assert_eq!(history.update(json!([{"company_name": "ACME", "title": "engineer", "date_from": "2021"}])), []);
}

#[test]
fn a_new_position_after_a_broken_crawl_is_news_and_its_company_is_known() {
    let mut history = History::starting_with(json!([engineer()]));
    history.update(json!([]));
    let chief = json!({"company_name": "Acme", "title": "Chief Engineer", "date_from": "2024-06"});
    assert_eq!(kinds(&history.update(json!([engineer(), chief]))), [ChangeKind::Promoted]);
}

#[test]
fn coming_back_is_a_better_match_than_being_edited() {
    let manager = json!({"company_name": "Acme", "title": "Manager", "date_from": "2021-03-01"});
    let mut history = History::starting_with(json!([engineer(), manager]));
    assert_eq!(kinds(&history.update(json!([engineer()]))), [ChangeKind::Removed]);
    assert_eq!(
        kinds(&history.update(json!([manager]))),
        [ChangeKind::Removed],
        "the engineer, and the manager is known"
    );
}

#[test]
fn what_is_edited_has_not_vanished() {
    let lead = json!({"company_name": "Acme", "title": "Lead", "date_from": "2021-03-01"});
    let mut history = History::starting_with(json!([engineer()]));
    assert_eq!(kinds(&history.update(json!([lead]))), [ChangeKind::Edited]);
    assert!(history.remembered.is_empty());
    assert_eq!(kinds(&history.update(json!([engineer()]))), [ChangeKind::Edited]);
}

#[test]
fn a_duplicate_that_is_gone_is_not_remembered() {
    let coarse = json!({"company_name": "Acme", "title": "Engineer", "date_from": "2021"});
    let mut history = History::starting_with(json!([engineer(), coarse]));
    assert_eq!(history.update(json!([engineer()])), []);
    assert!(history.remembered.is_empty());
}

#[test]
fn positions_of_a_deleted_profile_are_known_when_it_returns() {
    let mut history = History::starting_with(json!([engineer()]));
    assert_eq!(kinds(&history.update_document(json!({"is_deleted": 1}))), [ChangeKind::Removed]);
    let adviser = json!({"company_name": "Globex", "title": "Adviser", "date_from": "2024"});
    let changes = history.update(json!([with_end(engineer()), adviser]));
    assert_eq!(kinds(&changes), [ChangeKind::Closed, ChangeKind::Started]);
}

#[test]
fn coming_and_going_tells_of_removals_only() {
    let mut history = History::starting_with(json!([engineer()]));
    for _ in 0..3 {
        assert_eq!(kinds(&history.update(json!([]))), [ChangeKind::Removed]);
        assert_eq!(history.update(json!([engineer()])), []);
    }
}

#[test]
fn what_is_remembered_is_bounded_and_open_positions_are_kept_longest() {
    let closed = (0..2 * MAX_REMEMBERED)
        .map(|number| json!({"company_name": format!("Company {number}"), "title": "Engineer", "date_to": "2020"}));
    let mut history = History::starting_with(Value::Array(closed.chain([engineer()]).collect()));
    history.update(json!([]));
    let bytes = history.remembered.to_bytes();
    assert!(bytes.len() < 100 * MAX_REMEMBERED, "{} bytes", bytes.len());
    assert_eq!(history.update(json!([engineer()])), [], "the open one is remembered");
}

#[test]
fn bytes_that_are_none_are_nothing_remembered() {
    assert!(Remembered::from_bytes(b"").is_empty());
    assert!(Remembered::from_bytes(b"\xff\xff\xff\xff\xff\xff").is_empty());
}
