//! Finding the cluster, and saying what is wrong with what is found.

use std::fs;
use std::net::TcpListener;
use std::time::Duration;

use serde_json::json;
use tripline::config;
use tripline::elasticsearch::{Connection, DocumentId, ElasticsearchError, Product, SourceFilter};

use crate::fake::{Fake, Reply};
use crate::nodes::{Server, available};
use crate::settings::settings;

/// Where nobody listens.
fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

async fn refused(settings: &config::Elasticsearch) -> ElasticsearchError {
    Connection::connect(settings).await.expect_err("no connection")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_server_says_what_it_is() {
    for node in tokio::task::block_in_place(available) {
        for compression in [false, true] {
            let settings = config::Elasticsearch { compression, ..settings(&[node.address()]) };
            let connection = Connection::connect(&settings).await.expect("a connection");
            let (product, major) = match node.server {
                Server::Elasticsearch9 => (Product::Elasticsearch, 9),
                Server::Elasticsearch7 => (Product::Elasticsearch, 7),
                Server::OpenSearch3 => (Product::OpenSearch, 3),
            };
            assert_eq!((connection.server().product, connection.server().version.0), (product, major));
        }
    }
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_named_with_the_reason() {
    let (one, other) = (nowhere(), nowhere());
    let error = refused(&settings(&[&one, &other])).await;
    assert!(error.is_transient() && matches!(error, ElasticsearchError::Unreachable { sent: false, .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains(&one) && message.contains(&other) && message.contains("refused"), "{message}");
}

#[tokio::test]
async fn while_one_node_is_away_the_others_are_asked() {
    let fake = Fake::new([Reply::json(200, &json!({"docs": [{"_id": "1", "found": false}]}))]).await;
    let connection =
        Connection::connect(&settings(&[&nowhere(), &fake.address, &nowhere()])).await.expect("a connection");
    for _ in 0..6 {
        let found =
            connection.multi_get("members", &[DocumentId::new("1")], SourceFilter::All).await.expect("an answer");
        assert!(matches!(found.as_slice(), [None]));
    }
    assert_eq!(fake.asked().len(), 6);
}

#[tokio::test]
async fn what_is_no_cluster_is_said_to_be_none() {
    let roots = [
        (Reply { status: 200, body: "<html>It works!</html>".to_owned() }, "does not say a version"),
        (Reply { status: 404, body: "not found".to_owned() }, "not found"),
        (
            Reply::json(200, &json!({"version": {"number": "7.16.3"}})),
            "Elasticsearch 7.16.3; Elasticsearch 7.17, 8 or 9",
        ),
        (Reply::json(200, &json!({"version": {"number": "4.0.0", "distribution": "opensearch"}})), "OpenSearch 4.0.0"),
    ];
    for (root, reason) in roots {
        let fake = Fake::with_root(root, []).await;
        let error = refused(&settings(&[&fake.address])).await;
        let message = error.to_string();
        assert!(!error.is_transient() && message.contains(reason) && message.contains(&fake.address), "{message}");
    }
}

#[tokio::test]
async fn a_cluster_without_a_master_is_not_ready() {
    let body =
        json!({"error": {"type": "master_not_discovered_exception", "reason": "waiting for two nodes"}, "status": 503});
    let fake = Fake::with_root(Reply::json(503, &body), []).await;
    let error = refused(&settings(&[&fake.address])).await;
    assert!(error.is_transient() && matches!(error, ElasticsearchError::NotReady { .. }), "{error:?}");
    assert!(error.to_string().contains("waiting for two nodes"), "{error}");
}

#[tokio::test]
async fn who_is_not_let_in_is_told_which_settings_say_who_we_are() {
    let security =
        json!({"error": {"type": "security_exception", "reason": "missing authentication credentials"}, "status": 401});
    let fake = Fake::with_root(Reply::json(401, &security), []).await;
    let error = refused(&settings(&[&fake.address])).await;
    assert!(matches!(error, ElasticsearchError::Unauthorized { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("missing authentication") && message.contains("elasticsearch.api_key_file"), "{message}");

    // OpenSearch's security plugin answers with plain text.
    let fake = Fake::with_root(Reply { status: 401, body: "Unauthorized".to_owned() }, []).await;
    let error = refused(&settings(&[&fake.address])).await;
    assert!(matches!(error, ElasticsearchError::Unauthorized { .. }), "{error:?}");

    let denied = json!({"error": {"type": "security_exception", "reason": "action [cluster:monitor/main] is unauthorized for user [x]"}, "status": 403});
    let fake = Fake::with_root(Reply::json(403, &denied), []).await;
    let error = refused(&settings(&[&fake.address])).await;
    assert!(matches!(error, ElasticsearchError::Forbidden { .. }), "{error:?}");
    assert!(error.to_string().contains("cluster:monitor/main"), "{error}");
}

#[tokio::test]
async fn credentials_come_from_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file");
        path
    };
    let none = json!({"docs": [{"_id": "1", "found": false}]});
    let fake = Fake::new([Reply::json(200, &none)]).await;
    let ask = async |settings: config::Elasticsearch| {
        let connection = Connection::connect(&settings).await.expect("a connection");
        connection.multi_get("members", &[DocumentId::new("1")], SourceFilter::All).await.expect("an answer");
    };
    let plain = settings(&[&fake.address]);
    ask(plain.clone()).await;
    ask(config::Elasticsearch {
        username: Some("ada".to_owned()),
        password_file: Some(file("password", "secret\n")),
        ..plain.clone()
    })
    .await;
    ask(config::Elasticsearch { api_key_file: Some(file("key", "aWQ6a2V5\n")), ..plain.clone() }).await;
    let who: Vec<String> =
        fake.asked().iter().map(|asked| asked.split(" /").next().expect("a part").to_owned()).collect();
    assert_eq!(who, ["nobody", "Basic YWRhOnNlY3JldA==", "ApiKey aWQ6a2V5"]);

    let spoilt = config::Elasticsearch { api_key_file: Some(file("spoilt", "two\nlines")), ..plain.clone() };
    assert!(refused(&spoilt).await.to_string().contains("Base64"));
    let missing = config::Elasticsearch { ca_file: Some(folder.path().join("none.pem")), ..plain.clone() };
    assert!(refused(&missing).await.to_string().contains("elasticsearch.ca_file"));
    let empty = config::Elasticsearch { ca_file: Some(file("empty.pem", "")), ..plain };
    assert!(refused(&empty).await.to_string().contains("certificate"));
}

#[tokio::test]
async fn a_node_that_does_not_answer_in_time_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let silent = config::Elasticsearch { request_timeout: Duration::from_millis(100), ..settings(&[&address]) };
    let error = refused(&silent).await;
    assert!(matches!(error, ElasticsearchError::Unreachable { sent: true, .. }), "{error:?}");
}
