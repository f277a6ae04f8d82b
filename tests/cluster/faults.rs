//! What a connection makes of a cluster whose nodes go and come.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tripline::config;
use tripline::elasticsearch::{Connection, DocumentId, ElasticsearchError, ItemResult, Operation, SourceFilter, Write};
use tripline::store::elasticsearch::indices::{definitions, ensure};

use crate::fault_proxy::{Fault, FaultProxy};
use crate::nodes::{Server, available};
use crate::settings::{Index, raw, settings};
use crate::three_nodes::ThreeNodes;

/// Writes documents until it is told to stop, each until it is said to be written; says how many are.
async fn write(connection: &Connection, alias: &str, stop: &AtomicBool, progress: &watch::Sender<usize>) {
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let write = Write::new(alias, number.to_string(), Operation::Create(raw(&json!({"version": number}))));
        loop {
            match connection.write(&write).await {
                // In conflict: it was written before, and the answer got lost.
                Ok(ItemResult::Done(_) | ItemResult::Conflict) => break,
                Ok(ItemResult::TooBusy { .. }) => {}
                Ok(other) => panic!("{other:?}"),
                Err(error) => assert!(error.is_transient(), "{error}"),
            }
        }
        progress.send_replace(number + 1);
    }
}

/// Waits until so many more documents are written.
async fn more(progress: &mut watch::Receiver<usize>, count: usize) {
    let goal = *progress.borrow() + count;
    progress.wait_for(|written| *written >= goal).await.expect("the writer lives");
}

/// One cluster is started, and everything happens to it in turn.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_written_is_lost_when_nodes_are_killed_stopped_or_all_away() {
    let mut nodes = match tokio::task::block_in_place(|| ThreeNodes::start(Server::Elasticsearch7)) {
        Ok(nodes) => nodes,
        Err(reason) => {
            let _ = writeln!(std::io::stderr(), "skipped: three nodes: {reason}");
            return;
        }
    };
    let addresses = nodes.addresses();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let settings = config::Elasticsearch {
        request_timeout: Duration::from_secs(3),
        busy_timeout: Duration::from_secs(60),
        replicas: 1,
        ..settings(&addresses)
    };
    let connection = Arc::new(Connection::connect(&settings).await.expect("a connection"));
    let definitions = definitions().expect("sound files");
    ensure(&connection, &settings, &definitions).await.expect("made");
    let alias = "tripline-members";
    tokio::task::block_in_place(|| nodes.wait_until_whole());

    let (progress, mut written) = watch::channel(0);
    let stop = Arc::new(AtomicBool::new(false));
    let writer = {
        let (connection, stop) = (Arc::clone(&connection), Arc::clone(&stop));
        tokio::spawn(async move { write(&connection, alias, &stop, &progress).await })
    };
    more(&mut written, 50).await;

    // One after the other, so that each has been the one with the primary shard.
    for node in 0..3 {
        tokio::task::block_in_place(|| nodes.kill(node));
        more(&mut written, 50).await;
        nodes.restart(node);
        tokio::task::block_in_place(|| nodes.wait_until_whole());
    }

    nodes.pause(1);
    more(&mut written, 50).await;
    nodes.resume(1);
    tokio::task::block_in_place(|| nodes.wait_until_whole());

    tokio::task::block_in_place(|| (0..3).for_each(|node| nodes.kill(node)));
    let error = connection.get(alias, DocumentId::new("0")).await.expect_err("nobody there");
    assert!(error.is_transient() && matches!(error, ElasticsearchError::Unreachable { .. }), "{error}");
    (0..3).for_each(|node| nodes.restart(node));
    more(&mut written, 50).await;
    stop.store(true, Ordering::Relaxed);
    writer.await.expect("no panic");
    tokio::task::block_in_place(|| nodes.wait_until_whole());

    let ids: Vec<String> = (0..*written.borrow()).map(|number| number.to_string()).collect();
    let ids: Vec<DocumentId<'_>> = ids.iter().map(|id| DocumentId::new(id)).collect();
    let found = connection.multi_get(alias, &ids, SourceFilter::None).await.expect("an answer");
    assert!(found.iter().all(Option::is_some));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_an_error_and_the_write_is_found_again_as_a_conflict() {
    for node in tokio::task::block_in_place(available) {
        let proxy = FaultProxy::new(node.address()).await;
        let connection = Connection::connect(&settings(&[&proxy.address])).await.expect("a connection");
        let index = Index::new(node, "lost");
        let write = Write::new(&index.name, "1", Operation::Create(raw(&json!({})))).to_index();

        proxy.choose(|_, _| Fault::Lose);
        let error = connection.write(&write).await.expect_err("no answer");
        assert!(matches!(error, ElasticsearchError::Unreachable { sent: true, .. }), "{error:?}");
        proxy.choose(|_, _| Fault::LoseAnswer);
        connection.write(&write).await.expect_err("no answer");
        proxy.choose(|_, _| Fault::None);
        assert_eq!(connection.write(&write).await.expect("an answer"), ItemResult::Conflict);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_cluster_turns_away_now_and_then_is_done_all_the_same() {
    for node in tokio::task::block_in_place(available) {
        let proxy = FaultProxy::new(node.address()).await;
        let patient = config::Elasticsearch { busy_timeout: Duration::from_secs(60), ..settings(&[&proxy.address]) };
        let connection = Connection::connect(&patient).await.expect("a connection");
        let index = Index::new(node, "now-and-then");
        let mut faults = [Fault::Answer(429), Fault::Answer(503), Fault::None].into_iter().cycle();
        proxy.choose(move |_, _| faults.next().expect("it has no end"));
        for number in 0..3 {
            let write = Write::new(&index.name, number.to_string(), Operation::Create(raw(&json!({})))).to_index();
            assert!(matches!(connection.write(&write).await.expect("an answer"), ItemResult::Done(_)));
        }
        let found = connection.get(&index.name, DocumentId::new("2")).await.expect("an answer");
        assert!(found.is_some());
    }
}
