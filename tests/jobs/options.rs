//! What is done with what is read.

use std::num::NonZeroU32;
use std::time::Instant;

use serde_json::{Value, json};
use tripline::engine::Update;
use tripline::jobs::reindex::{JobState, Options, OutputFile};

use crate::shop::{Shop, files, member, members};

fn with(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = Options::default();
    change(&mut options);
    options
}

#[test]
fn a_baseline_tells_nobody_and_the_next_job_compares_with_it() {
    let shop = Shop::new();
    shop.take_in(&shop.file("first", members(1..=5, "Acme")));
    let moved = shop.file("moved", members(1..=6, "Globex"));
    let job = shop.finished(files(&[&moved]), with(|options| options.baseline = true));
    assert_eq!((job.figures.new, job.figures.cosmetic, job.figures.changed, job.figures.notified), (1, 5, 0, 0));
    let figures = shop.take_in(&shop.file("again", members(1..=5, "Globex") + &members(6..=6, "Initech")));
    assert_eq!((figures.unchanged, figures.changed), (5, 1));
    assert_eq!(shop.told(), [6]);
}

#[test]
fn without_notifying_changes_are_found_and_nobody_is_told() {
    let shop = Shop::new();
    shop.take_in(&shop.file("first", members(1..=5, "Acme")));
    let moved = shop.file("moved", members(1..=5, "Globex"));
    let job = shop.finished(files(&[&moved]), with(|options| options.notify = false));
    assert_eq!((job.figures.changed, job.figures.notified), (5, 0));
    assert_eq!(shop.told(), [0_u64; 0]);
    assert_eq!(shop.take_in(&moved).unchanged, 5);
}

#[test]
fn a_dry_run_says_who_would_be_told_and_stores_nothing() {
    let shop = Shop::new();
    shop.take_in(&shop.file("first", members(1..=5, "Acme")));
    let moved = shop.file("moved", members(1..=4, "Acme") + &members(5..=6, "Globex"));
    let job = shop.finished(files(&[&moved]), with(|options| options.dry_run = true));
    assert_eq!((job.figures.new, job.figures.unchanged, job.figures.changed, job.figures.notified), (1, 4, 1, 1));
    let lines = shop.lines_of(&job, OutputFile::DryRun);
    let expected = json!({"member_id": 5, "changes": ["started", "removed"], "subscriptions": [shop.everyone.id]});
    let mut line: Value = serde_json::from_str(&lines[0]).unwrap();
    line["changes"].as_array_mut().unwrap().sort_by_key(|kind| std::cmp::Reverse(kind.to_string()));
    assert_eq!((lines.len(), line), (1, expected));
    assert_eq!((shop.told().len(), shop.document(5), shop.document(6)), (0, Some(member(5, "Acme")), None));
}

#[test]
fn only_documents_of_the_time_asked_for_are_taken() {
    let shop = Shop::new();
    let dated = |id: u64, time: Value| {
        let mut member = member(id, "Acme");
        member["last_updated"] = time;
        format!("{member}\n")
    };
    let text = dated(1, json!("2026-10-31"))
        + &dated(2, json!("2026-11-01"))
        + &dated(3, json!("2026-11-30 23:59:59"))
        + &dated(4, json!("2026-12-01"))
        + &dated(5, json!(null));
    let path = shop.file("dated", text);
    let options = with(|options| {
        options.since = Some("2026-11-01T00:00:00Z".parse().unwrap());
        options.until = Some("2026-12-01T00:00:00Z".parse().unwrap());
    });
    let job = shop.finished(files(&[&path]), options);
    assert_eq!((job.figures.received, job.figures.new, job.figures.skipped), (5, 2, 3));
    assert!(shop.document(2).is_some() && shop.document(3).is_some());
}

#[test]
fn a_rate_is_kept() {
    let shop = Shop::new();
    let path = shop.file("members", members(1..=100, "Acme"));
    let begun = Instant::now();
    let rate = NonZeroU32::new(200);
    shop.finished(files(&[&path]), with(|options| options.rate_limit = rate));
    // The last batch of fifty begins when the fifty before have had their quarter of a second.
    assert!(begun.elapsed().as_millis() >= 250, "{:?}", begun.elapsed());
}

#[test]
fn cancelling_is_prompt_and_the_job_can_be_resumed() {
    let shop = Shop::new();
    let path = shop.file("members", members(1..=1_000, "Acme"));
    let slow = with(|options| options.rate_limit = NonZeroU32::new(4));
    let report = shop.jobs.submit(None, files(&[&path]), slow).unwrap();
    shop.until(&report, |now| now.job.figures.received > 0);
    let begun = Instant::now();
    let cancelled = shop.jobs.cancel(&report.job.id).unwrap().job;
    assert!(begun.elapsed().as_millis() < 1_000, "{:?}", begun.elapsed());
    assert_eq!(cancelled.state, JobState::Cancelled);
    assert!(cancelled.figures.received < 1_000);
    assert!(shop.jobs.cancel(&report.job.id).unwrap_err().to_string().contains("it is cancelled"));

    shop.jobs.resume(&report.job.id).unwrap();
    let further = shop.until(&report, |now| now.job.figures.received > cancelled.figures.received);
    assert_eq!(further.job.figures.new, further.job.figures.received);
    shop.jobs.cancel(&report.job.id).unwrap();
}

#[test]
fn several_jobs_run_at_once_and_no_more_than_allowed() {
    let shop = Shop::new();
    let path = shop.file("members", members(1..=1_000, "Acme"));
    let slow = with(|options| options.rate_limit = NonZeroU32::new(1));
    let running: Vec<_> =
        (0..4).map(|_| shop.jobs.submit(None, files(&[&path]), slow.clone()).unwrap().job.id).collect();
    let refused = shop.jobs.submit(None, files(&[&path]), slow).unwrap_err();
    assert!(refused.to_string().contains("limits.jobs"), "{refused}");
    for id in running {
        shop.jobs.cancel(&id).unwrap();
    }
    assert_eq!(shop.jobs.list().unwrap().len(), 4);
}

#[test]
fn documents_older_than_what_is_stored_stay_stale() {
    let shop = Shop::new();
    let mut newer = member(1, "Globex");
    newer["last_updated"] = json!("2026-11-02");
    shop.engine.apply(Update::of_document(newer.to_string())).unwrap();
    let mut older = member(1, "Acme");
    older["last_updated"] = json!("2026-11-01");
    assert_eq!(shop.take_in(&shop.file("older", older.to_string())).stale, 1);
    assert_eq!(shop.document(1), Some(newer));
}
