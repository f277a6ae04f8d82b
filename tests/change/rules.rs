//! One test a rule: its labelled pairs.

use std::collections::BTreeSet;

use crate::pairs::{self, check};

/// The rules that have a test here.
const RULES: [&str; 27] = [
    "started",
    "promoted",
    "a company is judged by the version before",
    "closed",
    "title and end changing together is one closing",
    "reopened",
    "edited",
    "removed",
    "a deleted profile loses every open position",
    "positions of a profile that is deleted no longer are known",
    "backfilled",
    "order of positions",
    "a new surrogate id",
    "case, white space and emoji",
    "the letters of C# and C++ are not decoration",
    "a company renamed under the same id",
    "a company that gains or loses its id",
    "a company that is renamed without an id is another one",
    "a start that gains or loses precision",
    "duplicates of one position",
    "fields that are not compared",
    "words for now are no end",
    "a closed position edited or gone is no change",
    "a version that says nothing",
    "a member seen for the first time",
    "malformed entries",
    "pairing is an assignment, best matches first",
];

#[test]
fn every_rule_of_the_labelled_pairs_has_a_test() {
    let labelled: BTreeSet<String> = pairs::all().into_iter().map(|pair| pair.rule).collect();
    assert_eq!(labelled, RULES.map(str::to_owned).into());
}

#[test]
fn an_unknown_open_position_at_an_unknown_company_is_started() {
    check("started");
}

#[test]
fn an_unknown_open_position_at_a_known_company_is_promoted() {
    check("promoted");
}

#[test]
fn whether_a_company_is_known_is_judged_by_the_version_before() {
    check("a company is judged by the version before");
}

#[test]
fn a_known_open_position_with_an_end_is_closed() {
    check("closed");
}

#[test]
fn title_and_end_changing_together_is_one_closing() {
    check("title and end changing together is one closing");
}

#[test]
fn a_known_closed_position_that_is_open_again_is_reopened() {
    check("reopened");
}

#[test]
fn the_same_position_with_another_title_or_start_is_edited() {
    check("edited");
}

#[test]
fn a_known_open_position_that_is_gone_without_an_end_is_removed() {
    check("removed");
}

#[test]
fn a_deleted_profile_loses_every_open_position() {
    check("a deleted profile loses every open position");
}

#[test]
fn positions_of_a_profile_that_is_deleted_no_longer_are_known() {
    check("positions of a profile that is deleted no longer are known");
}

#[test]
fn an_unknown_position_that_arrives_closed_is_backfilled() {
    check("backfilled");
}

#[test]
fn the_order_of_positions_is_no_change() {
    check("order of positions");
}

#[test]
fn a_new_surrogate_id_is_no_change() {
    check("a new surrogate id");
}

#[test]
fn case_white_space_and_emoji_are_no_change() {
    check("case, white space and emoji");
}

#[test]
fn what_is_left_of_a_title_without_decoration_is_compared() {
    check("the letters of C# and C++ are not decoration");
}

#[test]
fn a_company_renamed_under_the_same_id_is_no_change() {
    check("a company renamed under the same id");
}

#[test]
fn a_company_that_gains_or_loses_its_id_is_no_change() {
    check("a company that gains or loses its id");
}

#[test]
fn a_company_that_is_renamed_without_an_id_is_another_one() {
    check("a company that is renamed without an id is another one");
}

#[test]
fn a_start_that_gains_or_loses_precision_is_no_change() {
    check("a start that gains or loses precision");
}

#[test]
fn duplicates_of_one_position_are_no_change() {
    check("duplicates of one position");
}

#[test]
fn what_does_not_identify_a_position_is_no_change() {
    check("fields that are not compared");
}

#[test]
fn words_for_now_are_no_end() {
    check("words for now are no end");
}

#[test]
fn a_closed_position_edited_or_gone_is_no_change() {
    check("a closed position edited or gone is no change");
}

#[test]
fn a_version_that_says_nothing_changes_nothing() {
    check("a version that says nothing");
}

#[test]
fn a_member_seen_for_the_first_time_is_the_baseline() {
    check("a member seen for the first time");
}

#[test]
fn malformed_entries_are_passed_over() {
    check("malformed entries");
}

#[test]
fn pairing_is_an_assignment_best_matches_first() {
    check("pairing is an assignment, best matches first");
}
