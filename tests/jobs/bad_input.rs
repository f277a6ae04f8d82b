//! What cannot be read is said with what would be right, and nothing of it is applied.

use std::fs;

use tripline::jobs::reindex::{JobState, Options, Origin};

use crate::shop::{Shop, files, gzip, members};

#[test]
fn what_cannot_be_read_at_all_is_refused_before_the_job_begins() {
    let shop = Shop::new();
    let folder = shop.folder.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let cut_parquet = shop.file("cut.parquet", b"PAR1 and then nothing more");
    let cases = [
        (Origin::Files(Vec::new()), "no file is named"),
        (files(&[&shop.folder.path().join("nowhere")]), "nowhere"),
        (files(&[&folder]), "is no file"),
        (files(&[&cut_parquet]), "is no whole Parquet file"),
        (files(&[&shop.file("good", members(1..=3, "Acme")), &cut_parquet]), "it may be cut short"),
    ];
    for (from, expected) in cases {
        let reason = shop.try_run(from, Options::default()).unwrap_err().to_string();
        assert!(reason.contains(expected), "{reason}");
    }
    assert_eq!(shop.jobs.list().unwrap(), []);
    assert_eq!(shop.document(1), None);
}

#[test]
fn a_file_cut_short_fails_where_it_ends_and_whole_documents_before_are_applied() {
    let shop = Shop::new();
    let text = members(1..=2_000, "Acme");
    let packed = gzip(text.as_bytes());
    let array = format!("[{}", text.trim_end().replace('\n', ","));
    for (name, content, expected) in [
        ("cut.gz", packed[..packed.len() / 2].to_vec(), "the file may be cut short or damaged"),
        ("cut.json", array.clone().into_bytes(), "the array is not closed"),
        ("two.json", format!("{array}] []").into_bytes(), "something follows the array"),
    ] {
        let job = shop.run(files(&[&shop.file(name, content)]), Options::default());
        let JobState::Failed { reason } = &job.state else { panic!("{name}: {job:?}") };
        assert!(reason.contains(expected) && reason.contains(name), "{reason}");
        assert!(reason.contains("line "), "{reason}");
        assert!(job.figures.received > 0 && job.figures.rejected == 0, "{name}: {job:?}");
    }
}

#[test]
fn a_file_that_became_another_is_not_gone_on_with() {
    let shop = Shop::new();
    let path = shop.file("members", members(1..=1_000, "Acme"));
    let slow = Options { rate_limit: std::num::NonZeroU32::new(4), ..Options::default() };
    let report = shop.jobs.submit(None, files(&[&path]), slow).unwrap();
    shop.until(&report, |now| now.job.figures.received > 0);
    shop.jobs.cancel(&report.job.id).unwrap();
    fs::write(&path, members(1..=10, "Globex")).unwrap();
    shop.jobs.resume(&report.job.id).unwrap();
    let job = shop.jobs.wait(&report.job.id).unwrap().job;
    let JobState::Failed { reason } = &job.state else { panic!("{job:?}") };
    assert!(reason.contains("is not the file that the job began with"), "{reason}");
}

#[test]
fn damaged_parquet_files_fail_and_the_process_lives() {
    let shop = Shop::new();
    let path = shop.folder.path().join("members.parquet");
    crate::files::write_parquet(&path);
    let whole = fs::read(&path).unwrap();
    for place in (4..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x55;
        let path = shop.file("damaged.parquet", damaged);
        // Whatever is said of it: it is said, or what is left can be read.
        match shop.try_run(files(&[&path]), Options::default()) {
            Err(error) => assert!(error.to_string().contains("damaged.parquet"), "{error}"),
            Ok(job) => assert_ne!(job.state, JobState::Running, "{job:?}"),
        }
    }
}
