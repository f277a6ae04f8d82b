//! What is exported is taken over as it was, and nobody is told.

use std::fs;

use serde_json::json;
use tripline::MemberId;
use tripline::engine::{OutcomeKind, Update};
use tripline::jobs::export::export;
use tripline::jobs::reindex::{Options, OutputFile};

use crate::shop::{Shop, files, member};

fn id(id: u64) -> MemberId {
    MemberId::try_from(id).unwrap()
}

/// Members with everything that a store may know of one.
pub fn eventful() -> Shop {
    let shop = Shop::new();
    let apply = |update: Update| shop.engine.apply(update).unwrap();
    // Changed, and then a position vanished, which is remembered.
    apply(Update::of_document(member(1, "Acme").to_string()));
    apply(Update::of_document(member(1, "Globex").to_string()));
    // The newest document says nothing of positions.
    apply(Update::of_document(member(2, "Acme").to_string()));
    apply(Update::of_document(json!({"id": 2, "full_name": "Ada"}).to_string()));
    // With a version of the sender's, a time, and line breaks that are part of the document.
    let dated = "{\n  \"id\": 3,\r\n  \"last_updated\": \"2026-11-01\", \"experience\": []\n}";
    apply(Update { version: Some(7), ..Update::of_document(dated.as_bytes()) });
    apply(Update::of_document(member(4, "Acme").to_string()));
    shop.engine.erase(id(4)).unwrap();
    // Nothing was ever said of positions.
    apply(Update::of_document(json!({"id": 5}).to_string()));
    shop
}

#[test]
fn another_store_goes_on_as_though_the_updates_had_come_to_it() {
    for name in ["export.ndjson", "export.ndjson.gz", "export.ndjson.zst"] {
        let (from, to) = (eventful(), Shop::new());
        let path = from.folder.path().join(name);
        assert_eq!(export(&from.engine, &path, |_| ()).unwrap(), 5);
        let figures = to.take_in(&path);
        assert_eq!((figures.received, figures.new, figures.rejected, figures.notified), (5, 5, 0, 0), "{name}");

        for number in 1..=5 {
            let row = |shop: &Shop| shop.engine.store().members(&[id(number)]).unwrap();
            assert_eq!(row(&to), row(&from));
            assert_eq!(to.engine.document(id(number)).unwrap(), from.engine.document(id(number)).unwrap());
        }
        let apply = |document: String| to.engine.apply(Update::of_document(document)).unwrap().kind;
        // Back at the remembered position, with a word on the old ones, older than what is there, come again after the erasure.
        assert_eq!(apply(member(2, "Acme").to_string()), OutcomeKind::Cosmetic);
        assert_eq!(apply(json!({"id": 3, "last_updated": "2026-10-01"}).to_string()), OutcomeKind::Stale);
        let older = Update { version: Some(6), ..Update::of_document(member(3, "Acme").to_string()) };
        assert_eq!(to.engine.apply(older).unwrap().kind, OutcomeKind::Stale);
        assert_eq!(apply(member(4, "Globex").to_string()), OutcomeKind::New);
        assert_eq!(apply(member(5, "Acme").to_string()), OutcomeKind::Cosmetic);
        assert_eq!(to.told(), [0_u64; 0]);
    }
}

#[test]
fn there_and_back_nothing_is_news() {
    let (one, other) = (eventful(), Shop::new());
    let told = one.told();
    let path = one.folder.path().join("there");
    export(&one.engine, &path, |_| ()).unwrap();
    other.take_in(&path);
    other.engine.apply(Update::of_document(member(1, "Initech").to_string())).unwrap();
    let path = one.folder.path().join("back");
    export(&other.engine, &path, |_| ()).unwrap();
    let figures = one.take_in(&path);
    assert_eq!((figures.unchanged, figures.cosmetic, figures.notified), (4, 1, 0));
    assert_eq!(one.document(1), Some(member(1, "Initech")));
    assert_eq!(one.told(), told);
    // What the export has is older now, and stays away.
    one.engine.apply(Update::of_document(member(1, "Hooli").to_string())).unwrap();
    assert_eq!(one.take_in(&path).stale, 1);
    assert_eq!(one.document(1), Some(member(1, "Hooli")));
}

#[test]
fn an_export_that_is_not_whole_is_refused() {
    let (from, to) = (eventful(), Shop::new());
    let path = from.folder.path().join("export");
    export(&from.engine, &path, |_| ()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();

    let cut = to.file("cut", lines[..3].join("\n"));
    let reason = to.failure(files(&[&cut]), Options::default());
    assert!(reason.contains("its last line is missing"), "{reason}");

    let altered = text.replace("Globex", "Hooli").replace("\"erased\":true", "\"erased\":false");
    let job = to.finished(files(&[&to.file("altered", altered)]), Options::default());
    let rejected = to.lines_of(&job, OutputFile::Rejected).join("\n");
    assert_eq!(job.figures.rejected, 2);
    assert!(
        rejected.contains("its digest is not the document's") && rejected.contains("it has no \\\"digest\\\""),
        "{rejected}"
    );
}
