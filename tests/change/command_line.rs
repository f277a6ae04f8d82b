//! `tripline diff` as a process: what it prints, how it ends.

use std::io::Write;
use std::process::{Command, Output, Stdio};

fn diff(input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tripline"))
        .args(["diff", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("a pipe").write_all(input).expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8(output.stdout.clone()).expect("text").lines().map(str::to_owned).collect()
}

#[test]
fn a_pair_is_answered_by_a_line_of_changes() {
    let output = diff(
        br#"{"before": {"experience": []}, "after": {"experience": [{"title": "Engineer", "company_name": "Acme"}]}}
{"before": null, "after": {"experience": [{"title": "Engineer", "company_name": "Acme"}]}}"#,
    );
    assert!(output.status.success());
    assert_eq!(
        lines(&output),
        [
            r#"{"changes":[{"kind":"started","before":null,"after":{"company_name":"Acme","title":"Engineer"}}]}"#,
            r#"{"changes":[]}"#
        ]
    );
}

#[test]
fn a_line_that_is_no_pair_is_answered_by_its_error_and_the_rest_goes_on() {
    let good = r#"{"before": null, "after": {}}"#;
    let expectations = [
        ("not JSON", "line 1: expected ident at column 2"),
        (r#"{"after": {}}"#, r#"line 2: "before" is missing; {"before": {…} or null, "after": {…}} is expected"#),
        (r#"{"before": {}, "after": null}"#, r#"line 3: "after" is null; a version of the member is expected"#),
        (r#"{"before": 5, "after": {}}"#, r#"line 4: "before" is a number; a member's document is expected"#),
        ("[]", r#"line 5: this is no pair; {"before": {…} or null, "after": {…}} is expected"#),
        (r#"{"before": {"id": 1, "id": 2}, "after": {}}"#, r#"line 6: duplicate key "id" at column 25"#),
    ];
    let input: Vec<&str> = expectations.iter().map(|(line, _)| *line).chain([good]).collect();
    let output = diff(input.join("\n").as_bytes());
    assert_eq!(output.status.code(), Some(1));

    let answers: Vec<serde_json::Value> =
        lines(&output).iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(answers.len(), expectations.len() + 1);
    for (answer, (line, expected)) in answers.iter().zip(expectations) {
        assert_eq!(answer["error"], expected, "{line}");
    }
    assert_eq!(lines(&output).last().map(String::as_str), Some(r#"{"changes":[]}"#));
}

#[test]
fn bytes_that_are_no_text_are_an_error_of_their_line() {
    let output = diff(b"{\"before\": null, \"after\": {\"id\": \"\xff\"}}\n\n{\"before\": null, \"after\": {}}\n");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(lines(&output).len(), 2, "blank lines are passed over");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_tripline")).args(["diff", "no-such.ndjson"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot open no-such.ndjson"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tripline"))
        .args(["diff", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let mut input = child.stdin.take().expect("a pipe");
    // It may have ended before all is written.
    let _ = input.write_all("{\"before\": null, \"after\": {}}\n".repeat(10_000).as_bytes());
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    assert!(output.stderr.is_empty(), "{output:?}");
}
