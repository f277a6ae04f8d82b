//! Members that vanished from the source.

use tripline::MemberId;
use tripline::engine::Update;
use tripline::jobs::reindex::{Missing, Options, OutputFile};

use crate::shop::{Shop, files, member, members};

fn looking(missing: Missing) -> Options {
    Options { missing, ..Options::default() }
}

#[test]
fn they_are_listed() {
    let shop = Shop::new();
    shop.take_in(&shop.file("all", members(1..=3_000, "Acme")));
    let some: String = (1..=3_000).filter(|id| id % 1_000 != 7).map(|id| format!("{}\n", member(id, "Acme"))).collect();
    let job = shop.finished(files(&[&shop.file("some", some)]), looking(Missing::Report));
    assert_eq!((job.figures.missing, job.figures.deleted), (3, 0));
    assert_eq!(shop.lines_of(&job, OutputFile::Missing), ["7", "1007", "2007"]);
    assert!(shop.document(7).is_some());
}

#[test]
fn they_are_erased_where_that_is_asked_for() {
    let shop = Shop::new();
    shop.take_in(&shop.file("all", members(1..=10, "Acme")));
    // One that is rejected is no less there.
    let text = members(1..=8, "Acme") + "{\"id\": 9, \"last_updated\": {\"no\": \"date\"}}\n";
    let job = shop.finished(files(&[&shop.file("some", text)]), looking(Missing::Delete));
    assert_eq!((job.figures.rejected, job.figures.missing, job.figures.deleted), (1, 1, 1));
    assert_eq!((shop.document(9).is_some(), shop.document(10)), (true, None));
    assert_eq!(shop.told(), [0_u64; 0]);
}

#[test]
fn nobody_is_erased_while_it_is_open_who_was_there() {
    let shop = Shop::new();
    shop.take_in(&shop.file("all", members(1..=10, "Acme")));
    for (text, reason) in
        [(members(1..=8, "Acme") + "{}\n", "do not say whose they are"), (String::new(), "no documents")]
    {
        let job = shop.finished(files(&[&shop.file("some", text)]), looking(Missing::Delete));
        assert!(job.figures.missing > 0 && job.figures.deleted == 0, "{job:?}");
        assert!(job.notes[0].contains(reason), "{:?}", job.notes);
        assert!(shop.document(10).is_some());
    }
}

#[test]
fn a_member_that_comes_while_the_job_runs_is_not_missing() {
    let shop = Shop::new();
    shop.take_in(&shop.file("all", members(1..=10, "Acme")));
    let source = shop.file("some", members(1..=8, "Acme"));
    let slow = Options { rate_limit: std::num::NonZeroU32::new(4), ..looking(Missing::Delete) };
    let report = shop.jobs.submit(None, files(&[&source]), slow).unwrap();
    shop.until(&report, |now| now.job.figures.received > 0);
    for document in [member(9, "Globex"), member(11, "Acme")] {
        shop.engine.apply(Update::of_document(document.to_string())).unwrap();
    }
    let job = shop.jobs.wait(&report.job.id).unwrap().job;
    assert_eq!(shop.lines_of(&job, OutputFile::Missing), ["10"]);
    let is_there = |id: u64| shop.engine.document(MemberId::try_from(id).unwrap()).unwrap().is_some();
    assert_eq!((is_there(9), is_there(10), is_there(11)), (true, false, true));
}

#[test]
fn only_a_whole_source_tells_who_is_missing() {
    let shop = Shop::new();
    let path = shop.file("all", members(1..=10, "Acme"));
    let since = Some("2026-11-01T00:00:00Z".parse().unwrap());
    let reason = shop.failure(files(&[&path]), Options { since, ..looking(Missing::Report) });
    assert!(reason.contains("from a whole source"), "{reason}");
    let reason = shop.failure(files(&[&path]), Options { dry_run: true, ..looking(Missing::Delete) });
    assert!(reason.contains("a dry run erases nobody"), "{reason}");
}
