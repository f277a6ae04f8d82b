//! An index gets a newer schema while it is read and written.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::{Value, json};
use tripline::elasticsearch::{Connection, DocumentId, ItemResult, Operation, PageOptions, Write};
use tripline::store::elasticsearch::indices::{Definition, definitions, ensure};

use crate::nodes::available;
use crate::settings::{Prefix, raw};

const COUNTERS: usize = 20;
const FILLING: usize = 4_000;

/// An index that counts, and whose second schema can be searched by the count.
fn counters(schema: u32) -> Vec<Definition> {
    let mut properties = json!({"kind": {"type": "keyword"}});
    if schema > 1 {
        properties["count"] = json!({"type": "long"});
    }
    let body = json!({
        "settings": {"index": {"number_of_shards": schema + 1}},
        "mappings": {"dynamic": false, "_meta": {"tripline": {"schema": schema}}, "properties": properties},
    });
    let mut all = definitions().expect("sound files");
    all.truncate(1);
    all.push(Definition::read("counters", &body.to_string()).expect("a sound body"));
    all
}

/// What writers did, as they were told.
#[derive(Default)]
struct Written {
    increments: [AtomicU64; COUNTERS],
    stop: AtomicBool,
}

/// Adds one to each counter in turn, only to what it has read, until it is told to stop.
async fn count(connection: &Connection, alias: &str, written: &Written) {
    for place in (0..COUNTERS).cycle() {
        if written.stop.load(Ordering::Relaxed) {
            return;
        }
        let id = format!("counter-{place}");
        let found = connection.get(alias, DocumentId::new(&id)).await.expect("an answer").expect("a counter");
        let document: Value = serde_json::from_str(found.source.get()).expect("JSON");
        let next = json!({"kind": "counter", "count": document["count"].as_u64().expect("a number") + 1});
        let write = Write::new(alias, id, Operation::Index(raw(&next))).if_still_at(found.stamp);
        match connection.write(&write).await.expect("an answer") {
            ItemResult::Done(_) => {
                written.increments[place].fetch_add(1, Ordering::Relaxed);
            }
            ItemResult::Conflict => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Makes documents and takes away every second of them, and some that were there before; gives those that it left.
async fn come_and_go(connection: &Connection, alias: &str, written: &Written) -> (Vec<String>, Vec<String>) {
    let (mut left, mut gone) = (Vec::new(), Vec::new());
    let mut number = 0;
    while !written.stop.load(Ordering::Relaxed) {
        let id = format!("new-{number}");
        let write = Write::new(alias, id.clone(), Operation::Create(raw(&json!({"kind": "new", "count": number}))));
        // In conflict: the cluster did it itself twice.
        let made = connection.write(&write).await.expect("an answer");
        assert!(matches!(made, ItemResult::Done(_) | ItemResult::Conflict), "{made:?}");
        left.push(id);
        if number % 2 == 0 {
            for id in [left.pop().expect("an id"), format!("filling-{number}")] {
                let deleted =
                    connection.write(&Write::new(alias, id.clone(), Operation::Delete)).await.expect("an answer");
                assert!(matches!(deleted, ItemResult::Done(_) | ItemResult::Missing), "{deleted:?}");
                gone.push(id);
            }
        }
        number += 1;
    }
    (left, gone)
}

async fn fill(connection: &Connection, alias: &str) {
    let filling = |number: usize| (format!("filling-{number}"), json!({"kind": "filling", "count": number}));
    let counter = |number: usize| (format!("counter-{number}"), json!({"kind": "counter", "count": 0}));
    let documents = (0..FILLING).map(filling).chain((0..COUNTERS).map(counter));
    let writes: Vec<Write<'_>> =
        documents.map(|(id, document)| Write::new(alias, id, Operation::Create(raw(&document)))).collect();
    let results = connection.bulk(&writes).await.expect("an answer");
    assert!(results.iter().all(|result| matches!(result, ItemResult::Done(_))));
}

async fn everything(connection: &Connection, alias: &str) -> BTreeMap<String, Value> {
    connection.refresh(&[alias]).await.expect("an answer");
    let mut pages = connection.pages(alias, PageOptions::default()).await.expect("pages");
    let mut all = BTreeMap::new();
    loop {
        let page = pages.next().await.expect("a page");
        if page.is_empty() {
            pages.close().await.expect("an answer");
            return all;
        }
        all.extend(page.into_iter().map(|hit| {
            let source = hit.source.expect("a document");
            (hit.id, serde_json::from_str(source.get()).expect("JSON"))
        }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_while_an_index_is_migrated_under_its_writers() {
    for node in tokio::task::block_in_place(available) {
        let prefix = Prefix::new(node, "migrate");
        let connection = Arc::new(prefix.connect().await);
        ensure(&connection, &prefix.settings, &counters(1)).await.expect("made");
        let alias: Arc<str> = prefix.name("counters").into();
        fill(&connection, &alias).await;

        let written = Arc::new(Written::default());
        let counting: Vec<_> = (0..2)
            .map(|_| {
                let (connection, alias, written) = (Arc::clone(&connection), Arc::clone(&alias), Arc::clone(&written));
                tokio::spawn(async move { count(&connection, &alias, &written).await })
            })
            .collect();
        let coming_and_going = {
            let (connection, alias, written) = (Arc::clone(&connection), Arc::clone(&alias), Arc::clone(&written));
            tokio::spawn(async move { come_and_go(&connection, &alias, &written).await })
        };
        let newer = counters(2);
        let (one, other) =
            tokio::join!(ensure(&connection, &prefix.settings, &newer), ensure(&connection, &prefix.settings, &newer));
        one.expect("migrated");
        other.expect("waited");
        // Who read before goes on after.
        let so_far = written.increments[0].load(Ordering::Relaxed);
        while written.increments[0].load(Ordering::Relaxed) < so_far + 2 {
            tokio::task::yield_now().await;
        }
        written.stop.store(true, Ordering::Relaxed);
        for counting in counting {
            counting.await.expect("no panic");
        }
        let (left, gone) = coming_and_going.await.expect("no panic");

        let all = everything(&connection, &alias).await;
        for (place, increments) in written.increments.iter().enumerate() {
            let count = all[&format!("counter-{place}")]["count"].as_u64().expect("a number");
            assert_eq!(count, increments.load(Ordering::Relaxed), "counter {place} on {}", node.server.name());
        }
        assert!(gone.len() > 2 && gone.iter().all(|id| !all.contains_key(id)));
        assert!(left.iter().all(|id| all[id]["kind"] == "new"));
        let filling = (0..FILLING).map(|number| format!("filling-{number}"));
        assert!(filling.filter(|id| !gone.contains(id)).all(|id| all.contains_key(&id)));
        assert_eq!(all.len(), COUNTERS + FILLING + left.len() - gone.iter().filter(|id| id.starts_with('f')).count());

        let by_count = json!({"query": {"term": {"count": FILLING - 1}}});
        assert_eq!(connection.search(&alias, None, &by_count).await.expect("an answer").hits.len(), 1);
        assert_eq!(
            prefix.indices()[&prefix.name("counters-v2")]["aliases"],
            json!({&*alias: {"is_write_index": true}})
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_broke_off_is_taken_over() {
    for node in tokio::task::block_in_place(available).into_iter().take(1) {
        let prefix = Prefix::new(node, "take-over");
        let connection = Arc::new(prefix.connect().await);
        ensure(&connection, &prefix.settings, &counters(1)).await.expect("made");
        let alias = prefix.name("counters");
        fill(&connection, &alias).await;
        let before = everything(&connection, &alias).await;

        let first = {
            let (connection, settings) = (Arc::clone(&connection), prefix.settings.clone());
            tokio::spawn(async move { ensure(&connection, &settings, &counters(2)).await })
        };
        while !prefix.indices().contains_key(&prefix.name("counters-v2")) {
            tokio::task::yield_now().await;
        }
        first.abort();
        assert!(first.await.is_err_and(|error| error.is_cancelled()));
        ensure(&connection, &prefix.settings, &counters(2)).await.expect("migrated");
        assert_eq!(everything(&connection, &alias).await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_does_not_fit_stops_the_migration_and_the_old_index_goes_on() {
    for node in tokio::task::block_in_place(available) {
        let prefix = Prefix::new(node, "misfit");
        let connection = prefix.connect().await;
        ensure(&connection, &prefix.settings, &counters(1)).await.expect("made");
        let alias = prefix.name("counters");
        let misfit = Write::new(&alias, "misfit", Operation::Create(raw(&json!({"count": "many"}))));
        connection.write(&misfit).await.expect("an answer");
        let message = ensure(&connection, &prefix.settings, &counters(2)).await.expect_err("an error").to_string();
        assert!(message.contains("\"misfit\"") && message.contains("many"), "{message}");
        assert!(!prefix.indices().contains_key(&prefix.name("counters-v2")));
        let update = Write::new(&alias, "misfit", Operation::Update(raw(&json!({"count": 1}))));
        assert!(matches!(connection.write(&update).await.expect("an answer"), ItemResult::Done(_)));
    }
}
