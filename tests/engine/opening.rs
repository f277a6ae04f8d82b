//! Opening, reopening, and what keeps an engine from it.

use jiff::SignedDuration;
use serde_json::json;
use tripline::engine::{Engine, EngineOptions, OpenError};
use tripline::store::StoreError;
use tripline::subscription::{PausedBy, Selector, Status};
use tripline::{ChangeKind, Mapping};

use super::support::*;

#[test]
fn a_second_engine_on_the_same_directory_is_refused() {
    let workshop = Workshop::new();
    let Err(OpenError::Store(error)) = Engine::open(workshop.options()) else { panic!("it opened") };
    assert!(matches!(error, StoreError::InUse { .. }));
    assert!(error.to_string().contains("is in use by another process"), "{error}");
}

#[test]
fn a_directory_that_a_newer_version_wrote_is_refused() {
    let workshop = Workshop::new();
    let options = workshop.options();
    let folder = workshop.closed();
    let database = redb::Database::create(folder.folder().join("tripline.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    let meta = redb::TableDefinition::<&str, u64>::new("meta");
    transaction.open_table(meta).unwrap().insert("schema_version", 1_000).unwrap();
    transaction.commit().unwrap();
    drop(database);

    let Err(OpenError::Store(error)) = Engine::open(options) else { panic!("it opened") };

    assert!(matches!(error, StoreError::NewerSchema { found: 1_000, .. }), "{error}");
}

#[test]
fn a_directory_that_cannot_be_made_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = Engine::open(EngineOptions::new(file.join("data"), mapping()));
    assert!(matches!(refused, Err(OpenError::Store(StoreError::Open { .. }))));
}

#[test]
fn a_file_that_is_no_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tripline.redb"), "no database at all").unwrap();
    let refused = Engine::open(EngineOptions::new(folder.path(), mapping()));
    assert!(matches!(refused, Err(OpenError::Store(StoreError::Open { .. }))));
}

/// A mapping without the field `headline`.
fn narrower_mapping() -> Mapping {
    Mapping::from_json(&json!({"properties": {"id": {"type": "long"}, "location": {"type": "keyword"}}})).unwrap()
}

#[test]
fn stored_queries_that_no_longer_fit_the_mapping_keep_the_engine_from_starting() {
    let workshop = Workshop::new();
    let misfit = workshop.subscribe(Selector::EsDsl(json!({"match": {"headline": "ceo"}})));
    workshop.subscribe(Selector::EsDsl(json!({"term": {"location": "Berlin"}})));
    let options = EngineOptions { mapping: narrower_mapping().into(), ..workshop.options() };
    let _folder = workshop.closed();

    let Err(error) = Engine::open(options) else { panic!("it opened") };

    let OpenError::MappingChanged(misfits) = &error else { panic!("{error}") };
    assert_eq!(misfits.iter().map(|misfit| &misfit.subscription).collect::<Vec<_>>(), [&misfit.id]);
    assert!(error.to_string().contains("headline"), "{error}");
}

#[test]
fn an_accepted_change_of_the_mapping_pauses_them_until_they_fit_again() {
    let workshop = Workshop::new();
    let misfit = workshop.subscribe(Selector::EsDsl(json!({"match": {"headline": "ceo"}})));
    let (old, accepting) = (
        workshop.options(),
        EngineOptions { mapping: narrower_mapping().into(), accept_mapping_change: true, ..workshop.options() },
    );
    let not_accepting = EngineOptions { accept_mapping_change: false, ..accepting.clone() };
    let _folder = workshop.closed();

    let engine = Engine::open(accepting).unwrap();
    let paused = engine.subscription(&sales(), &misfit.id).unwrap();
    assert!(matches!(&paused.status, Status::Paused { by: PausedBy::System, reason } if reason.contains("headline")));
    assert_eq!(engine.pause(&sales(), &misfit.id, "holiday").unwrap(), paused);
    assert!(engine.resume(&sales(), &misfit.id).is_err());
    drop(engine);

    // It was accepted once and for all: the next start needs no word.
    drop(Engine::open(not_accepting).unwrap());

    let engine = Engine::open(old).unwrap();
    assert_eq!(engine.resume(&sales(), &misfit.id).unwrap().status, Status::Active);
    let member = |headline| having(member(125, [at(headline, "x")]), "headline", headline);
    engine.apply(update(member("nobody"))).unwrap();
    assert_eq!(engine.apply(update(member("ceo"))).unwrap().notified, [misfit.id]);
}

#[test]
fn events_are_dropped_with_age_and_not_before() {
    let workshop = Workshop::new();
    let everyone = workshop.subscribe(Selector::All);
    workshop.apply(member(125, [at("Acme", "Engineer")]));
    workshop.apply(member(125, [at("Globex", "Engineer")]));
    workshop.clock.advance(SignedDuration::from_hours(24 * 20));
    workshop.apply(member(125, [formerly_at("Globex", "Engineer")]));
    assert_eq!(workshop.engine.drop_old_events().unwrap(), 0);
    workshop.clock.advance(SignedDuration::from_hours(24 * 11));

    assert_eq!(workshop.engine.drop_old_events().unwrap(), 1);

    let events = workshop.events(&everyone);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].changes[0].kind, ChangeKind::Closed);
}
