//! The indices of the store: made, checked, and refused where they are not what is needed.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tripline::store::elasticsearch::indices::{IndicesError, definitions, ensure};

use crate::nodes::available;
use crate::settings::Prefix;

async fn make(prefix: &Prefix<'_>) -> Result<(), IndicesError> {
    let connection = prefix.connect().await;
    ensure(&connection, &prefix.settings, &definitions().expect("sound files")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_made_once_however_many_nodes_start_at_once() {
    for node in tokio::task::block_in_place(available) {
        let prefix = Prefix::new(node, "make");
        let made = join_all((0..4).map(|_| make(&prefix))).await;
        assert!(made.iter().all(Result::is_ok), "{made:?}");
        let indices = prefix.indices();
        for definition in definitions().expect("sound files") {
            let alias = definition.alias(&prefix.settings);
            let index = &indices[&definition.index(&prefix.settings)];
            assert_eq!(index["aliases"], json!({alias: {"is_write_index": true}}));
            assert_eq!(index["mappings"]["dynamic"], "false");
        }
        assert_eq!(indices.len(), definitions().expect("sound files").len());
        make(&prefix).await.expect("nothing to do");
        assert_eq!(prefix.indices(), indices);

        // The template is for who makes one by hand.
        prefix.request(Method::PUT, &prefix.name("members-v7"), &Value::Null);
        let by_hand = &prefix.indices()[&prefix.name("members-v7")];
        assert_eq!(by_hand["mappings"], indices[&prefix.name("members-v1")]["mappings"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_is_named_and_nothing_is_made() {
    type Case = (&'static str, fn(&Prefix<'_>), &'static [&'static str]);
    let cases: [Case; 9] = [
        (
            "an index in the alias's place",
            |prefix| put(prefix, "members", json!({})),
            &["-members\" stands where Tripline's alias should be", "elasticsearch.prefix"],
        ),
        (
            "an alias of something else",
            |prefix| put(prefix, "other", json!({"aliases": {prefix.name("members"): {}}})),
            &["the alias", "-other\", and not before one index that Tripline made"],
        ),
        (
            "an index that we did not make",
            |prefix| put(prefix, "members-v1", json!({"aliases": {prefix.name("members"): {}}})),
            &["not before one index that Tripline made"],
        ),
        (
            "an index that lost its alias",
            |prefix| put(prefix, "members-v1", ours(1)),
            &["without the alias", "POST /_aliases"],
        ),
        (
            "an alias with a filter",
            |prefix| {
                let mut body = ours(1);
                body["aliases"] = json!({prefix.name("members"): {"filter": {"match_all": {}}}});
                put(prefix, "members-v1", body);
            },
            &["has a filter"],
        ),
        (
            "an index of a newer Tripline",
            |prefix| put(prefix, "members-v2", with_alias(prefix, ours(2))),
            &["schema version 2", "versions up to 1"],
        ),
        (
            "a mapping without a field",
            |prefix| {
                let mut body = with_alias(prefix, ours(1));
                body["mappings"]["properties"].as_object_mut().expect("fields").remove("pending");
                put(prefix, "members-v1", body);
            },
            &["-members-v1\" was changed: properties.pending is missing", "boolean"],
        ),
        (
            "a field of another type",
            |prefix| {
                let mut body = with_alias(prefix, ours(1));
                body["mappings"]["properties"]["version"] = json!({"type": "keyword"});
                put(prefix, "members-v1", body);
            },
            &["properties.version.type is keyword, and long is needed"],
        ),
        (
            "a mapping that takes every field",
            |prefix| {
                let mut body = with_alias(prefix, ours(1));
                body["mappings"]["dynamic"] = json!(true);
                put(prefix, "members-v1", body);
            },
            &["dynamic is true, and false is needed"],
        ),
    ];
    for node in tokio::task::block_in_place(available) {
        for (case, arrange, words) in &cases {
            let prefix = Prefix::new(node, "fault");
            arrange(&prefix);
            let before = prefix.indices();
            let error = make(&prefix).await.expect_err(case);
            let message = error.to_string();
            assert!(words.iter().all(|word| message.contains(word)), "{case} on {}: {message}", node.server.name());
            assert!(!error.is_transient(), "{case}");
            assert_eq!(prefix.indices(), before, "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_cannot_be_used_is_named_with_the_remedy() {
    for node in tokio::task::block_in_place(available) {
        let mut prefix = Prefix::new(node, "state");
        make(&prefix).await.expect("made");
        let index = prefix.name("events-v1");
        let said = async |prefix: &Prefix<'_>| make(prefix).await.expect_err("an error").to_string();

        for (block, word) in
            [("read_only_allow_delete", "disk"), ("write", "migration"), ("read_only", "take the setting back")]
        {
            let set = |value: Value| json!({"index": {"blocks": {block: value}}});
            prefix.request(Method::PUT, &format!("{index}/_settings"), &set(json!(true)));
            let message = said(&prefix).await;
            assert!(message.contains(&format!("index.blocks.{block}")) && message.contains(word), "{message}");
            prefix.request(Method::PUT, &format!("{index}/_settings"), &set(Value::Null));
        }
        prefix.request(Method::POST, &format!("{index}/_close"), &Value::Null);
        let message = said(&prefix).await;
        assert!(message.contains("is closed; open it (POST /"), "{message}");
        prefix.request(Method::POST, &format!("{index}/_open"), &Value::Null);
        make(&prefix).await.expect("all is well");

        // A primary shard that fits on no node.
        tokio::task::block_in_place(|| node.delete_index(&index));
        let body = prefix.request(Method::GET, &format!("_index_template/{}", prefix.name("events")), &Value::Null);
        let mut body = body["index_templates"][0]["index_template"]["template"].clone();
        body["aliases"] = json!({prefix.name("events"): {}});
        body["settings"]["index"]["routing"] = json!({"allocation": {"require": {"_name": "nobody"}}});
        prefix.request(Method::PUT, &format!("{index}?wait_for_active_shards=0"), &body);
        prefix.settings.busy_timeout = std::time::Duration::from_millis(300);
        let error = make(&prefix).await.expect_err("an error");
        assert!(error.is_transient() && matches!(&error, IndicesError::Red { index: red } if *red == index), "{error}");
    }
}

fn put(prefix: &Prefix<'_>, name: &str, body: Value) {
    prefix.request(Method::PUT, &prefix.name(name), &body);
}

/// The members' index as it should be, at this schema.
fn ours(schema: u32) -> Value {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/mappings/members.json")).expect("a file");
    let mut body: Value = serde_json::from_str(&text).expect("JSON");
    body["mappings"]["_meta"]["tripline"]["schema"] = json!(schema);
    body
}

fn with_alias(prefix: &Prefix<'_>, mut body: Value) -> Value {
    body["aliases"] = json!({prefix.name("members"): {"is_write_index": true}});
    body
}
