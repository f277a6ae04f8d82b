//! Reading real clusters.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tripline::config::SourceCluster;
use tripline::jobs::reindex::{ClusterOrigin, IndexOrigin, JobState, Missing, Options, Origin, OutputFile};

use crate::nodes::{Node, available};
use crate::shop::{Shop, member};

const INDEX: &str = "jobs-members";

/// A shop that may read a node.
fn shop(node: &Node) -> Shop {
    let source = SourceCluster { urls: vec![node.address().parse().unwrap()], ..SourceCluster::default() };
    Shop::with(BTreeMap::from([("main".to_owned(), source)]))
}

fn index(name: &str) -> IndexOrigin {
    IndexOrigin { source: ClusterOrigin::Named("main".to_owned()), index: name.to_owned(), query: None, slices: None }
}

fn all_of(name: &str) -> Origin {
    Origin::Elasticsearch(index(name))
}

/// An index of the test's own, taken away when the test ends.
struct Index<'n> {
    node: &'n Node,
    name: String,
}

impl<'n> Index<'n> {
    fn new(node: &'n Node, test: &str) -> Index<'n> {
        let index = Index { node, name: format!("{INDEX}-{test}-{}", std::process::id()) };
        let mapping = json!({
            "settings": {"number_of_shards": 2, "number_of_replicas": 0},
            "mappings": {"dynamic": false, "properties": {
                "id": {"type": "long"},
                "last_updated": {"type": "date", "format": "strict_date_optional_time||yyyy-MM-dd HH:mm:ss"},
                "experience": {"type": "nested", "properties": {"title": {"type": "text"}}},
            }},
        });
        node.create_index(&index.name, &mapping.to_string()).unwrap();
        index
    }

    fn store(&self, members: impl Iterator<Item = Value>) {
        let texts: Vec<(String, String)> =
            members.map(|member| (member["id"].to_string(), member.to_string())).collect();
        for chunk in texts.chunks(2_000) {
            let documents = chunk.iter().map(|(id, text)| (id.clone(), text.as_str()));
            let refused: Vec<String> = self.node.store(&self.name, documents).unwrap().into_iter().flatten().collect();
            assert_eq!(refused, [""; 0]);
        }
    }

    fn alias(&self, action: &str, alias: &str) {
        let body = json!({"actions": [{action: {"index": self.name, "alias": alias}}]}).to_string();
        self.node.send(Method::POST, "_aliases", body, "application/json").unwrap();
    }
}

impl Drop for Index<'_> {
    fn drop(&mut self) {
        self.node.delete_index(&self.name);
    }
}

#[test]
fn a_whole_index_is_read_in_slices() {
    for node in available() {
        let members = Index::new(node, "slices");
        members.store((1..=5_000).map(|id| member(id, "Acme")));
        // Written again: their sequence numbers lie far from the others'.
        members.store((1..=700).map(|id| member(id, "Globex")));
        for slices in [1, 3] {
            let shop = shop(node);
            let from = Origin::Elasticsearch(IndexOrigin { slices: Some(slices), ..index(&members.name) });
            let job = shop.finished(from, Options::default());
            assert_eq!(job.parts.len(), usize::from(slices));
            assert!(job.parts.iter().all(|part| part.read > 0), "{:?}", job.parts);
            assert_eq!((job.figures.received, job.figures.new), (5_000, 5_000), "{:?}: {job:?}", node.server);
            assert_eq!(shop.document(700), Some(member(700, "Globex")));
            assert_eq!(shop.document(701), Some(member(701, "Acme")));
        }
    }
}

#[test]
fn a_query_and_a_time_choose_what_is_read() {
    for node in available() {
        let members = Index::new(node, "query");
        members.store((1..=100).map(|id| {
            let mut member = member(id, "Acme");
            member["last_updated"] = json!(format!("2026-11-{:02} 12:00:00", 1 + id % 30));
            member
        }));
        let shop = shop(node);
        let query = Some(json!({"range": {"id": {"lte": 60}}}));
        let from = Origin::Elasticsearch(IndexOrigin { query, ..index(&members.name) });
        let since = Some("2026-11-16T00:00:00Z".parse().unwrap());
        let job = shop.finished(from, Options { since, ..Options::default() });
        // The cluster leaves out what is too old by itself.
        assert_eq!((job.figures.new, job.figures.skipped), (30, 0), "{:?}", node.server);
    }
}

#[test]
fn a_reading_that_broke_off_goes_on_behind_what_it_read() {
    for node in available() {
        let members = Index::new(node, "resumed");
        members.store((1..=3_000).map(|id| member(id, "Acme")));
        let shop = shop(node);
        let slow = Options { rate_limit: NonZeroU32::new(400), ..Options::default() };
        let report = shop.jobs.submit(None, all_of(&members.name), slow).unwrap();
        shop.until(&report, |now| now.job.figures.received > 200);
        let cancelled = shop.jobs.cancel(&report.job.id).unwrap().job;
        assert!(cancelled.figures.received < 3_000, "{:?}", cancelled.figures);
        // Written meanwhile: behind all others, so they are read as they are now.
        members.store((1..=5).map(|id| member(id, "Globex")));
        shop.jobs.resume(&report.job.id).unwrap();
        // The rate of the job is part of it; the rest of the test need not wait for it.
        let further = shop.until(&report, |now| now.job.figures.received > cancelled.figures.received + 400);
        assert_eq!(further.job.figures.unchanged, 0, "{:?}", node.server);
        shop.jobs.cancel(&report.job.id).unwrap();
    }
}

#[test]
fn an_alias_that_is_swapped_yields_exactly_the_real_changes() {
    const MEMBERS: u64 = 4_000;
    const CHANGED_EACH: u64 = 100;
    for node in available() {
        let shop = shop(node);
        let alias = format!("{INDEX}-alias-{}", std::process::id());
        let (old, new) = (Index::new(node, "old"), Index::new(node, "new"));
        old.store((1..=MEMBERS).map(|id| member(id, "Acme")));
        old.alias("add", &alias);
        let baseline = Options { baseline: true, ..Options::default() };
        assert_eq!(shop.finished(all_of(&alias), baseline).figures.new, MEMBERS);

        new.store((1..=MEMBERS).map(|id| {
            let mut member = member(id, if id % CHANGED_EACH == 0 { "Globex" } else { "  ACME" });
            member["headline"] = json!(format!("crawled anew {id}"));
            member["experience"][0]["date_from"] = json!("2021-03-01");
            member["experience"][0]["surrogate_id"] = json!(id + 1_000_000);
            member
        }));
        old.alias("remove", &alias);
        new.alias("add", &alias);
        let job = shop.finished(all_of(&alias), Options { missing: Missing::Report, ..Options::default() });
        let expected: Vec<u64> = (1..=MEMBERS).filter(|id| id % CHANGED_EACH == 0).collect();
        let mut told = shop.told();
        told.sort_unstable();
        assert_eq!(told, expected, "{:?}", node.server);
        assert_eq!((job.figures.cosmetic, job.figures.missing), (MEMBERS - expected.len() as u64, 0));

        // A job that began with the old index does not go on in the new one.
        let slow = Options { rate_limit: NonZeroU32::new(4), ..Options::default() };
        let report = shop.jobs.submit(None, all_of(&alias), slow).unwrap();
        shop.until(&report, |now| now.job.figures.received > 0);
        shop.jobs.cancel(&report.job.id).unwrap();
        new.alias("remove", &alias);
        old.alias("add", &alias);
        shop.jobs.resume(&report.job.id).unwrap();
        let job = shop.jobs.wait(&report.job.id).unwrap().job;
        let JobState::Failed { reason } = &job.state else { panic!("{job:?}") };
        assert!(reason.contains("not those that the job began with"), "{reason}");
        old.alias("remove", &alias);
    }
}

#[test]
fn documents_that_are_none_of_members_are_rejected_by_their_ids() {
    for node in available() {
        let members = Index::new(node, "rejected");
        members.store((1..=20).map(|id| member(id, "Acme")));
        members.store([json!({"id": "21", "full_name": "a text, which a long takes"})].into_iter());
        node.store(&members.name, [("no-id".to_owned(), "{\"full_name\": \"Nobody\"}")].into_iter()).unwrap();
        let shop = shop(node);
        let job = shop.finished(all_of(&members.name), Options::default());
        assert_eq!((job.figures.new, job.figures.rejected), (20, 2), "{:?}", node.server);
        let rejected = shop.lines_of(&job, OutputFile::Rejected).join("\n");
        assert!(rejected.contains("\"document\":\"no-id\"") && rejected.contains("has no \\\"id\\\""), "{rejected}");
    }
}

#[test]
fn a_source_that_is_none_is_said_to_be_so() {
    for node in available() {
        let shop = shop(node);
        let refused =
            |from: IndexOrigin| shop.try_run(Origin::Elasticsearch(from), Options::default()).unwrap_err().to_string();
        let others = Index::new(node, "others");
        node.store(&others.name, [("1".to_owned(), "{\"price\": 3}")].into_iter()).unwrap();
        let without_positions = format!("{INDEX}-plain-{}", std::process::id());
        node.create_index(&without_positions, "{\"mappings\": {\"properties\": {\"id\": {\"type\": \"long\"}}}}")
            .unwrap();
        node.store(&without_positions, [("1".to_owned(), "{\"id\": 3}")].into_iter()).unwrap();
        let sourceless = format!("{INDEX}-sourceless-{}", std::process::id());
        node.create_index(&sourceless, "{\"mappings\": {\"_source\": {\"enabled\": false}}}").unwrap();

        let unknown = ClusterOrigin::Named("other".to_owned());
        let cases = [
            (index("jobs-nowhere"), "names no index of the cluster"),
            (index("jobs-nowhere-*"), "names no index of the cluster"),
            (index("members/_search?q=1"), "is no name of an index"),
            (index(".security"), "the cluster's own"),
            (index(&others.name), "has the field \"id\" (schema.id)"),
            (index(&without_positions), "has the field \"experience\" (schema.experience)"),
            (index(&sourceless), "keeps no documents"),
            (
                IndexOrigin { source: unknown, ..index("any") },
                "no source \"other\" in the configuration; configured are main",
            ),
            (IndexOrigin { query: Some(json!([])), ..index(&others.name) }, "is not a query"),
            (IndexOrigin { query: Some(json!({"no_such_query": {}})), ..index(&others.name) }, "no_such_query"),
        ];
        for (from, expected) in cases {
            let reason = refused(from);
            assert!(reason.contains(expected), "{:?}: {reason}", node.server);
        }
        node.delete_index(&without_positions);
        node.delete_index(&sourceless);
        assert_eq!(shop.jobs.list().unwrap(), []);
    }
}

#[test]
fn a_cluster_that_is_not_there_is_said_to_be_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let source = SourceCluster {
        urls: vec![address.parse().unwrap()],
        request_timeout: Duration::from_secs(5),
        ..SourceCluster::default()
    };
    let shop = Shop::with(BTreeMap::from([("main".to_owned(), source)]));
    let error = shop.try_run(all_of("members"), Options::default()).unwrap_err();
    assert!(error.to_string().contains(address.as_str()), "{error}");
}

#[test]
fn a_cluster_that_is_lost_is_waited_for_and_nothing_is_read_twice() {
    const MEMBERS: u64 = 5_000;
    for node in available() {
        let members = Index::new(node, "lost");
        members.store((1..=MEMBERS).map(|id| member(id, "Acme")));
        let way = Way::to(node.address());
        let source = SourceCluster { urls: vec![way.address.parse().unwrap()], ..SourceCluster::default() };
        let shop = Shop::with(BTreeMap::from([("main".to_owned(), source)]));
        let from = Origin::Elasticsearch(IndexOrigin { slices: Some(1), ..index(&members.name) });
        let slow = Options { rate_limit: NonZeroU32::new(2_000), ..Options::default() };
        let report = shop.jobs.submit(None, from, slow).unwrap();
        shop.until(&report, |now| now.job.figures.received > 0);
        way.is_open.store(false, Ordering::SeqCst);
        let waiting = shop.until(&report, |now| now.waiting.is_some());
        assert!(waiting.waiting.unwrap().contains(&way.address));
        assert_eq!(waiting.job.state, JobState::Running);
        way.is_open.store(true, Ordering::SeqCst);
        let job = shop.jobs.wait(&report.job.id).unwrap().job;
        assert_eq!(job.state, JobState::Finished, "{:?}: {job:?}", node.server);
        assert_eq!((job.figures.received, job.figures.new), (MEMBERS, MEMBERS), "{:?}", node.server);
    }
}

#[test]
fn a_cluster_that_does_not_let_us_in_or_is_too_old_is_named() {
    let old = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-elastic-product: Elasticsearch\r\n\
               content-length: 33\r\n\r\n{\"version\": {\"number\": \"6.8.23\"} }";
    let cases = [
        ("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n", "does not accept our credentials"),
        ("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", "does not allow"),
        (old, "Elasticsearch 7.17, 8 or 9, or OpenSearch 1, 2 or 3 is needed"),
    ];
    for (answer, expected) in cases {
        let address = answering(answer);
        let source = SourceCluster { urls: vec![address.parse().unwrap()], ..SourceCluster::default() };
        let shop = Shop::with(BTreeMap::from([("main".to_owned(), source)]));
        let reason = shop.try_run(all_of("members"), Options::default()).unwrap_err().to_string();
        assert!(reason.contains(expected) && reason.contains("the source \"main\""), "{reason}");
    }
    let source = SourceCluster {
        urls: vec!["http://127.0.0.1:9".parse().unwrap()],
        api_key_file: Some("/nowhere/key".into()),
        ..SourceCluster::default()
    };
    let shop = Shop::with(BTreeMap::from([("main".to_owned(), source)]));
    let reason = shop.try_run(all_of("members"), Options::default()).unwrap_err().to_string();
    assert!(reason.contains("/nowhere/key"), "{reason}");
}

/// A way to a node that can be closed and opened again.
struct Way {
    address: String,
    is_open: Arc<AtomicBool>,
}

impl Way {
    fn to(node: &str) -> Way {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let is_open = Arc::new(AtomicBool::new(true));
        let (target, open) = (node.trim_start_matches("http://").to_owned(), Arc::clone(&is_open));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // Closed, it takes connections and drops them, as a load balancer without a node behind it does.
                if open.load(Ordering::SeqCst) {
                    let there = TcpStream::connect(&target).unwrap();
                    carry(stream.try_clone().unwrap(), there.try_clone().unwrap(), Arc::clone(&open));
                    carry(there, stream, Arc::clone(&open));
                }
            }
        });
        Way { address, is_open }
    }
}

/// Carries bytes one way while the way is open; then both ends are cut off.
fn carry(mut from: TcpStream, mut to: TcpStream, open: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            if !open.load(Ordering::SeqCst) || to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        // Whoever was faster has cut it off already.
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
}

/// The address of something that answers every request with the same.
fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(1..) = stream.read(&mut buffer) {
                    if stream.write_all(answer.as_bytes()).is_err() {
                        break;
                    }
                }
            });
        }
    });
    address
}
