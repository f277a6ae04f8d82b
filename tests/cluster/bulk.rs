//! Writing: what each document's result says.

use serde_json::{Value, json};
use tripline::config;
use tripline::elasticsearch::{
    Connection, DocumentId, ElasticsearchError, ItemResult, Operation, SourceFilter, Stamp, Write,
};

use crate::fake::{Fake, Reply};
use crate::nodes::available;
use crate::settings::{Index, connect, raw, settings, unique_name};

fn create(index: &str, id: usize) -> Write<'_> {
    Write::new(index, id.to_string(), Operation::Create(raw(&json!({"rank": id})))).to_index()
}

fn stamp(result: &ItemResult) -> Stamp {
    match result {
        ItemResult::Done(stamp) => *stamp,
        other => panic!("not done: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_says_what_became_of_it() {
    for node in tokio::task::block_in_place(available) {
        let connection = connect(node).await;
        let index = Index::new(node, "operations");
        let name = index.name.as_str();
        let one = |operation| Write::new(name, "one", operation).to_index().routed_by("here");
        let first =
            connection.write(&one(Operation::Create(raw(&json!({"rank": 1, "name": "a"}))))).await.expect("an answer");
        let again = connection.write(&one(Operation::Create(raw(&json!({"rank": 2}))))).await.expect("an answer");
        assert_eq!(again, ItemResult::Conflict);

        let update = one(Operation::Update(raw(&json!({"rank": 3})))).if_still_at(stamp(&first));
        let second = connection.write(&update).await.expect("an answer");
        assert_eq!(connection.write(&update).await.expect("an answer"), ItemResult::Conflict);
        let pretty = serde_json::from_str("{\n  \"rank\": 4\n}").expect("JSON");
        let replaced =
            connection.write(&one(Operation::Index(pretty)).if_still_at(stamp(&second))).await.expect("an answer");

        let id = DocumentId { id: "one", routing: Some("here") };
        let found = connection.get(name, id).await.expect("an answer").expect("a document");
        assert_eq!(found.stamp, stamp(&replaced));
        assert_eq!(serde_json::from_str::<Value>(found.source.get()).expect("JSON"), json!({"rank": 4}));

        let deleted = connection.write(&one(Operation::Delete)).await.expect("an answer");
        assert!(matches!(deleted, ItemResult::Done(_)));
        assert_eq!(connection.write(&one(Operation::Delete)).await.expect("an answer"), ItemResult::Missing);
        let missing = connection.write(&one(Operation::Update(raw(&json!({}))))).await.expect("an answer");
        assert_eq!(missing, ItemResult::Missing);
        assert!(connection.get(name, id).await.expect("an answer").is_none());

        let wrong = connection.write(&one(Operation::Index(raw(&json!({"rank": "first"}))))).await.expect("an answer");
        assert!(
            matches!(&wrong, ItemResult::Failed { status: 400, reason, .. } if reason.contains("first")),
            "{wrong:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_index_is_made_where_the_alias_is_gone() {
    for node in tokio::task::block_in_place(available) {
        let connection = connect(node).await;
        let name = unique_name("no-alias");
        let write = Write::new(&name, "1", Operation::Create(raw(&json!({}))));
        let result = connection.write(&write).await.expect("an answer");
        assert!(matches!(result, ItemResult::Failed { status: 404, .. }), "{result:?}");
        let error = connection.get(&name, DocumentId::new("1")).await.expect_err("no index");
        assert_eq!(error.refusal(), Some((404, "index_not_found_exception")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writes_are_split_by_their_bytes_and_answered_in_their_order() {
    for node in tokio::task::block_in_place(available) {
        let small = config::Elasticsearch {
            bulk_bytes: 2_000.try_into().expect("not zero"),
            compression: true,
            ..settings(&[node.address()])
        };
        let connection = Connection::connect(&small).await.expect("a connection");
        let index = Index::new(node, "split");
        let mut writes: Vec<Write<'_>> = (0..200).map(|id| create(&index.name, id)).collect();
        writes.push(create(&index.name, 7));
        let results = connection.bulk(&writes).await.expect("an answer");
        assert_eq!(results.len(), 201);
        assert!(results[..200].iter().all(|result| matches!(result, ItemResult::Done(_))));
        assert_eq!(results[200], ItemResult::Conflict);

        let ids: Vec<String> = (0..200).map(|id| id.to_string()).collect();
        let ids: Vec<DocumentId<'_>> = ids.iter().map(|id| DocumentId::new(id)).collect();
        let found = connection.multi_get(&index.name, &ids, SourceFilter::Only(&["rank"])).await.expect("an answer");
        for ((place, found), result) in found.into_iter().enumerate().zip(&results) {
            let found = found.expect("a document");
            assert_eq!((found.source.get(), found.stamp), (json!({"rank": place}).to_string().as_str(), stamp(result)));
        }
        assert_eq!(connection.bulk(&[]).await.expect("an answer"), []);
    }
}

fn item(status: u16) -> Value {
    match status {
        201 => json!({"create": {"status": 201, "_seq_no": 5, "_primary_term": 1}}),
        _ => {
            json!({"create": {"status": status, "error": {"type": "es_rejected_execution_exception", "reason": "queue is full"}}})
        }
    }
}

#[tokio::test]
async fn writes_that_a_busy_cluster_turns_away_are_made_again_and_no_others() {
    let replies = [
        Reply::json(
            429,
            &json!({"error": {"type": "circuit_breaking_exception", "reason": "too much"}, "status": 429}),
        ),
        Reply::json(200, &json!({"items": [item(201), item(429), item(201), item(503)]})),
        Reply::json(200, &json!({"items": [item(201), item(429)]})),
        Reply::json(200, &json!({"items": [item(201)]})),
    ];
    let fake = Fake::new(replies).await;
    let patient =
        config::Elasticsearch { busy_timeout: std::time::Duration::from_secs(60), ..settings(&[&fake.address]) };
    let connection = Connection::connect(&patient).await.expect("a connection");
    let writes: Vec<Write<'_>> = (0..4).map(|id| create("members", id)).collect();
    let results = connection.bulk(&writes).await.expect("an answer");
    assert!(results.iter().all(|result| matches!(result, ItemResult::Done(_))), "{results:?}");
    let ids = |asked: &str| -> Vec<u64> {
        asked.lines().filter_map(|line| line.strip_prefix("{\"rank\":")?.strip_suffix('}')?.parse().ok()).collect()
    };
    let asked: Vec<Vec<u64>> = fake.asked().iter().map(|asked| ids(asked)).collect();
    assert_eq!(asked, [vec![0, 1, 2, 3], vec![0, 1, 2, 3], vec![1, 3], vec![3]]);
}

#[tokio::test]
async fn a_cluster_that_stays_busy_is_said_to_be() {
    let fake = Fake::new([Reply::json(200, &json!({"items": [item(429)]}))]).await;
    let connection = Connection::connect(&settings(&[&fake.address])).await.expect("a connection");
    let result = connection.write(&create("members", 1)).await.expect("an answer");
    assert!(matches!(&result, ItemResult::TooBusy { reason } if reason.contains("queue is full")), "{result:?}");
    assert!(fake.asked().len() > 1);

    let busy = json!({"error": {"type": "es_rejected_execution_exception", "reason": "queue is full"}, "status": 429});
    let fake = Fake::new([Reply::json(429, &busy)]).await;
    let connection = Connection::connect(&settings(&[&fake.address])).await.expect("a connection");
    let error = connection.write(&create("members", 1)).await.expect_err("an error");
    assert!(matches!(error, ElasticsearchError::Busy { .. }) && error.is_transient(), "{error:?}");
}

#[tokio::test]
async fn a_write_that_may_have_been_made_is_not_made_again() {
    let fake = Fake::new([Reply { status: 504, body: "gateway timeout".to_owned() }]).await;
    let connection = Connection::connect(&settings(&[&fake.address])).await.expect("a connection");
    let error = connection.write(&create("members", 1)).await.expect_err("an error");
    assert!(error.is_transient(), "{error:?}");
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test]
async fn answers_that_are_none_are_said_to_be() {
    for body in ["", "[]", "{\"items\": []}", "{\"items\": [{\"create\": {}}]}"] {
        let fake = Fake::new([Reply { status: 200, body: body.to_owned() }]).await;
        let connection = Connection::connect(&settings(&[&fake.address])).await.expect("a connection");
        let error = connection.write(&create("members", 1)).await.expect_err("an error");
        assert!(matches!(error, ElasticsearchError::Malformed { .. }), "{body}: {error:?}");
    }
}
