//! Jobs over a store that nodes share, and members that move there and back.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;
use tripline::config;
use tripline::engine::{EngineOptions, OutcomeKind, Update};
use tripline::jobs::export::{Transferred, export, transfer};
use tripline::jobs::reindex::{JobState, Missing, Options, OutputFile};
use tripline::node::{Joining, Node as Member};
use tripline::store::ElasticsearchStore;
use tripline::{Engine, Mapping};

use crate::nodes::{Node, available};
use crate::shop::{Shop, files, member, members};

/// Indices of the test's own in a real cluster.
struct Cluster<'n> {
    node: &'n Node,
    prefix: String,
}

/// An engine over the cluster, as one of its nodes.
struct Joined {
    engine: Arc<Engine>,
    member: Option<Member>,
    _folder: TempDir,
}

impl<'n> Cluster<'n> {
    fn new(node: &'n Node, test: &str) -> Cluster<'n> {
        Cluster { node, prefix: format!("jobs-{test}-{}", std::process::id()) }
    }

    fn join(&self) -> Joined {
        let settings = config::Elasticsearch {
            urls: vec![self.node.address().parse().unwrap()],
            prefix: self.prefix.clone(),
            replicas: 0,
            refresh_interval: Duration::from_millis(200),
            ..config::Elasticsearch::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(ElasticsearchStore::open(&settings, None).unwrap());
        let joining = Joining::new(Arc::clone(&store)).unwrap();
        let options = EngineOptions::new(folder.path(), Mapping::clean_member().unwrap());
        let engine = Arc::new(Engine::over(store, options).unwrap());
        let member = Some(joining.start(Arc::clone(&engine)).unwrap());
        Joined { engine, member, _folder: folder }
    }
}

impl Drop for Cluster<'_> {
    fn drop(&mut self) {
        let path = format!("{}-*/_settings/index.uuid", self.prefix);
        let found = self.node.send(Method::GET, &path, String::new(), "application/json").unwrap_or_default();
        for index in found.as_object().into_iter().flat_map(serde_json::Map::keys) {
            self.node.delete_index(index);
        }
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        if let Some(member) = self.member.take() {
            member.stop();
        }
    }
}

#[test]
fn a_job_over_a_cluster_finds_changes_and_who_is_missing() {
    for node in available() {
        let cluster = Cluster::new(node, "store");
        let joined = cluster.join();
        let shop = Shop::over(Arc::clone(&joined.engine));
        assert_eq!(shop.take_in(&shop.file("first", members(1..=1_500, "Acme"))).new, 1_500);
        let next = members(1..=1_489, "Acme") + &members(1_490..=1_499, "Globex");
        let options = Options { missing: Missing::Delete, ..Options::default() };
        let job = shop.finished(files(&[&shop.file("next", next)]), options);
        assert_eq!((job.figures.unchanged, job.figures.changed, job.figures.notified), (1_489, 10, 10), "{job:?}");
        assert_eq!((job.figures.missing, job.figures.deleted), (1, 1));
        assert_eq!(shop.lines_of(&job, OutputFile::Missing), ["1500"]);
        assert_eq!(shop.document(1_500), None);
        assert_eq!(shop.jobs.list().unwrap().len(), 2);
    }
}

#[test]
fn a_job_is_cancelled_from_any_node_and_resumed_where_it_began() {
    for node in available() {
        let cluster = Cluster::new(node, "cancel");
        let (one, other) = (cluster.join(), cluster.join());
        let (worker, asker) = (Shop::over(Arc::clone(&one.engine)), Shop::over(Arc::clone(&other.engine)));
        let path = worker.file("members", members(1..=1_000, "Acme"));
        let slow = Options { rate_limit: std::num::NonZeroU32::new(20), ..Options::default() };
        let report = worker.jobs.submit(None, files(&[&path]), slow).unwrap();
        worker.until(&report, |now| now.job.figures.received > 0);
        assert_eq!(asker.jobs.find(&report.job.id).unwrap().job.state, JobState::Running);
        let cancelled = asker.jobs.cancel(&report.job.id).unwrap().job;
        assert_eq!(cancelled.state, JobState::Cancelled);
        assert_eq!(worker.jobs.wait(&report.job.id).unwrap().job.state, JobState::Cancelled);
        let refused = asker.jobs.resume(&report.job.id).unwrap_err().to_string();
        assert!(refused.contains("began on another node"), "{refused}");
        worker.jobs.resume(&report.job.id).unwrap();
        worker.until(&report, |now| now.job.figures.received > cancelled.figures.received);
        worker.jobs.cancel(&report.job.id).unwrap();
    }
}

#[test]
fn members_move_to_a_cluster_and_back_and_nothing_is_news() {
    for node in available() {
        let cluster = Cluster::new(node, "export");
        let joined = cluster.join();
        let (home, there) = (crate::export::eventful(), Shop::over(Arc::clone(&joined.engine)));
        let told = home.told();
        let moved = transfer(&home.engine, &joined.engine, |_| ()).unwrap();
        assert_eq!(moved, Transferred { members: 5, taken: 5, refused: Vec::new() });
        assert_eq!(transfer(&home.engine, &joined.engine, |_| ()).unwrap().taken, 0);
        for id in 1..=5 {
            assert_eq!(there.document(id), home.document(id));
        }
        // The cluster knows what was known at home: an older version, and positions that vanished.
        let apply = |document: Value| joined.engine.apply(Update::of_document(document.to_string())).unwrap().kind;
        assert_eq!(apply(member(2, "Acme")), OutcomeKind::Cosmetic);
        assert_eq!(apply(serde_json::json!({"id": 3, "last_updated": "2026-10-01"})), OutcomeKind::Stale);

        let path = home.folder.path().join("back.ndjson.zst");
        assert_eq!(export(&joined.engine, &path, |_| ()).unwrap(), 5);
        let figures = home.take_in(&path);
        assert_eq!((figures.unchanged, figures.cosmetic, figures.notified, figures.rejected), (4, 1, 0, 0));
        assert_eq!(home.document(2), Some(member(2, "Acme")));
        assert_eq!((there.told(), home.told()), (Vec::new(), told));
    }
}
