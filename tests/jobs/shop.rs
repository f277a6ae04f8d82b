//! Jobs over a store in a folder of its own, and sources that read like sentences.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tripline::engine::{EngineOptions, NewSubscription};
use tripline::event::Event;
use tripline::jobs::bulk_collect::BulkCollect;
use tripline::jobs::reindex::{
    Figures, Job, JobError, JobReport, JobSettings, JobState, Jobs, Options, Origin, OutputFile,
};
use tripline::subscription::{Selector, Subscription};
use tripline::{Engine, Mapping, MemberId};

/// An engine with its jobs, and a subscription to all members.
pub struct Shop {
    pub engine: Arc<Engine>,
    pub jobs: Arc<Jobs>,
    pub everyone: Subscription,
    bulk_collect: Arc<BulkCollect>,
    bulk_thread: Option<JoinHandle<()>>,
    pub folder: TempDir,
}

impl Shop {
    pub fn new() -> Shop {
        Shop::with(BTreeMap::new())
    }

    /// With clusters that may be read.
    pub fn with(clusters: BTreeMap<String, tripline::config::SourceCluster>) -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let options = EngineOptions::new(folder.path().join("data"), Mapping::clean_member().unwrap());
        let engine = Arc::new(Engine::open(options).unwrap());
        let webhook = "https://example.com/hook".parse().unwrap();
        let everyone = engine.subscribe(NewSubscription::new("acme".into(), webhook, Selector::All)).unwrap();
        let day = Duration::from_secs(24 * 60 * 60);
        let (bulk_collect, bulk_thread) = BulkCollect::start(Arc::clone(&engine), day, 4).unwrap();
        let settings = JobSettings {
            clusters,
            document_bytes: NonZeroUsize::new(1 << 20).unwrap(),
            most_running: NonZeroUsize::new(4).unwrap(),
            retention: day,
        };
        let jobs = Jobs::new(Arc::clone(&engine), Arc::clone(&bulk_collect), settings).unwrap();
        Shop { engine, jobs, everyone, bulk_collect, bulk_thread: Some(bulk_thread), folder }
    }

    /// A file of the shop's folder.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// Does a job to its end.
    pub fn run(&self, from: Origin, options: Options) -> Job {
        self.try_run(from, options).unwrap()
    }

    pub fn try_run(&self, from: Origin, options: Options) -> Result<Job, JobError> {
        let report = self.jobs.submit(None, from, options)?;
        Ok(self.jobs.wait(&report.job.id)?.job)
    }

    /// Does a job over one file that must finish.
    pub fn take_in(&self, path: &Path) -> Figures {
        self.finished(Origin::Files(vec![path.to_owned()]), Options::default()).figures
    }

    pub fn finished(&self, from: Origin, options: Options) -> Job {
        let job = self.run(from, options);
        assert_eq!(job.state, JobState::Finished, "{job:?}");
        job
    }

    /// The reason why a job over this source is refused or fails.
    pub fn failure(&self, from: Origin, options: Options) -> String {
        match self.try_run(from, options) {
            Err(error) => error.to_string(),
            Ok(Job { state: JobState::Failed { reason }, .. }) => reason,
            Ok(job) => panic!("it does not fail: {job:?}"),
        }
    }

    pub fn events(&self) -> Vec<Event> {
        self.engine.events(&self.everyone.tenant, &self.everyone.id, None, 1_000_000).unwrap()
    }

    /// The members that somebody was told of.
    pub fn told(&self) -> Vec<u64> {
        self.events().iter().map(|event| event.member_id.get()).collect()
    }

    pub fn document(&self, id: u64) -> Option<Value> {
        let bytes = self.engine.document(MemberId::try_from(id).unwrap()).unwrap()?;
        Some(serde_json::from_slice(&bytes).unwrap())
    }

    pub fn lines_of(&self, job: &Job, file: OutputFile) -> Vec<String> {
        let path = self.jobs.path(job, file).unwrap();
        fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
    }

    /// Waits until a job says something.
    pub fn until(&self, report: &JobReport, reached: impl Fn(&JobReport) -> bool) -> JobReport {
        let limit = std::time::Instant::now() + Duration::from_secs(60);
        loop {
            let now = self.jobs.find(&report.job.id).unwrap();
            if reached(&now) {
                return now;
            }
            assert!(std::time::Instant::now() < limit, "{now:?}");
            std::thread::yield_now();
        }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.jobs.stop();
        self.bulk_collect.stop();
        if let Some(thread) = self.bulk_thread.take() {
            thread.join().unwrap();
        }
    }
}

pub fn files(paths: &[&PathBuf]) -> Origin {
    Origin::Files(paths.iter().map(|path| (*path).clone()).collect())
}

/// A member with one open position.
pub fn member(id: u64, company: &str) -> Value {
    json!({"id": id, "full_name": "Ada Example", "experience": [
        {"title": "Engineer", "company_name": company, "date_from": "2021-03", "date_to": null}
    ]})
}

/// The members of a whole range, a line each.
pub fn members(ids: impl Iterator<Item = u64>, company: &str) -> String {
    ids.map(|id| format!("{}\n", member(id, company))).collect()
}

pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}
