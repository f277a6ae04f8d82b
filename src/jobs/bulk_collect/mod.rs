//! Bulk Collect: the stored documents of up to 10,000 members as files to download.
//!
//! A request is a row of the store, written before it is answered; one thread works on the requests in order of arrival and
//! writes their files under `bulk_collect/` of the data directory. A request that a crash or a shutdown interrupted is begun
//! anew at the next start. When a member is erased, the files that may hold it are removed at once and written again without it.

mod id_file;
mod output;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use id_file::{IdFileError, read as read_ids};

use crate::engine::Engine;
use crate::member::MemberId;
use crate::store::StoreError;
use crate::subscription::Tenant;

/// How often requests that are older than the retention are looked for.
const SWEEP: Duration = Duration::from_secs(60 * 60);

/// The id of a request: a UUID version 7.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BulkRequestId(Arc<str>);

impl BulkRequestId {
    fn generate() -> Self {
        BulkRequestId(uuid::Uuid::now_v7().to_string().into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for BulkRequestId {
    fn from(id: &str) -> Self {
        BulkRequestId(id.into())
    }
}

impl fmt::Display for BulkRequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The shape of the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataFormat {
    /// A JSON array of documents.
    #[default]
    Json,
    /// A heading and a line a document.
    Csv,
}

impl DataFormat {
    fn extension(self) -> &'static str {
        match self {
            DataFormat::Json => "json",
            DataFormat::Csv => "csv",
        }
    }
}

/// So many documents are read at once: a store may be far away, and all of them are in memory.
const READ_AT_ONCE: usize = 100;

/// A stored request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulkRequest {
    pub id: BulkRequestId,
    pub tenant: Tenant,
    pub created_at: Timestamp,
    pub format: DataFormat,
    /// In the order of the id file, without repeats.
    pub ids: Vec<MemberId>,
    pub state: BulkState,
}

/// How far a request is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum BulkState {
    InProgress,
    Finished { files: Vec<DataFile> },
    Failed { reason: String },
}

/// One file of a finished request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DataFile {
    pub file_name: String,
    /// In bytes, unpacked.
    pub size: u64,
    /// How many members it holds.
    pub members: u64,
}

/// Why a request is not taken.
#[derive(Debug, thiserror::Error)]
pub enum BulkCollectError {
    #[error("none of the ids is a stored member")]
    NoSuchMembers,
    #[error("the identical request {0} is still in progress")]
    Identical(BulkRequestId),
    #[error("{limit} requests are in progress already (limits.bulk_collect_in_progress); wait for one to finish")]
    TooMany { limit: usize },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot remove files of {directory:?}: {source}")]
    Files { directory: PathBuf, source: io::Error },
}

/// Takes requests and knows their files; the thread that writes them ends with [`BulkCollect::stop`].
pub struct BulkCollect {
    engine: Arc<Engine>,
    directory: PathBuf,
    retention: Duration,
    most_in_progress: usize,
    state: Mutex<State>,
    stopping: AtomicBool,
}

struct State {
    queue: Option<mpsc::Sender<BulkRequestId>>,
    in_progress: HashMap<BulkRequestId, (Tenant, blake3::Hash)>,
    /// Requests that a member was taken out of: what is being written for them now must not be published.
    reopened: HashSet<BulkRequestId>,
}

impl BulkCollect {
    /// Clears away what an earlier run left half done, begins its unfinished requests anew, and starts the thread.
    ///
    /// # Errors
    ///
    /// When the store or the directory of the files cannot be used.
    pub fn start(
        engine: Arc<Engine>,
        retention: Duration,
        most_in_progress: usize,
    ) -> Result<(Arc<Self>, JoinHandle<()>), BulkCollectError> {
        let directory = engine.data_dir().join("bulk_collect");
        let (queue, incoming) = mpsc::channel();
        let mut in_progress = HashMap::new();
        let mut finished = HashSet::new();
        engine.store().for_each_bulk_request(&mut |request| match request.state {
            BulkState::Finished { .. } => {
                finished.insert(request.id.to_string());
            }
            BulkState::InProgress => {
                // The channel lives as long as this function.
                let _ = queue.send(request.id.clone());
                in_progress.insert(request.id.clone(), (request.tenant.clone(), digest(request.format, &request.ids)));
            }
            BulkState::Failed { .. } => {}
        })?;
        clean(&directory, &finished)
            .map_err(|source| BulkCollectError::Files { directory: directory.clone(), source })?;

        let state = State { queue: Some(queue), in_progress, reopened: HashSet::new() };
        let bulk_collect = Arc::new(BulkCollect {
            engine,
            directory,
            retention,
            most_in_progress,
            state: Mutex::new(state),
            stopping: AtomicBool::new(false),
        });
        let worker = Arc::clone(&bulk_collect);
        let thread = std::thread::Builder::new()
            .name("bulk-collect".to_owned())
            .spawn(move || worker.run(&incoming))
            .map_err(|source| BulkCollectError::Files { directory: bulk_collect.directory.clone(), source })?;
        Ok((bulk_collect, thread))
    }

    /// Ends the thread soon; a request that it is at is begun anew by the next start.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.state().queue = None;
    }

    /// Takes a request; it is durable when this returns.
    ///
    /// # Errors
    ///
    /// When no id is known, the identical request or too many are in progress, or the store fails.
    pub fn request(
        &self,
        tenant: &Tenant,
        ids: Vec<MemberId>,
        format: DataFormat,
    ) -> Result<BulkRequestId, BulkCollectError> {
        if !self.knows_any(&ids)? {
            return Err(BulkCollectError::NoSuchMembers);
        }
        let digest = digest(format, &ids);
        let mut state = self.state();
        let own = || state.in_progress.iter().filter(|(_, (owner, _))| owner == tenant);
        if let Some((id, _)) = own().find(|(_, (_, known))| *known == digest) {
            return Err(BulkCollectError::Identical(id.clone()));
        }
        if own().count() >= self.most_in_progress {
            return Err(BulkCollectError::TooMany { limit: self.most_in_progress });
        }
        let id = BulkRequestId::generate();
        let created_at = Timestamp::now();
        let request = BulkRequest {
            id: id.clone(),
            tenant: tenant.clone(),
            created_at,
            format,
            ids,
            state: BulkState::InProgress,
        };
        self.engine.store().add_bulk_request(&request)?;
        state.in_progress.insert(id.clone(), (tenant.clone(), digest));
        state.send(&id);
        Ok(id)
    }

    /// A tenant's request, unless it is older than the retention.
    pub fn find(&self, tenant: &Tenant, id: &BulkRequestId) -> Result<Option<BulkRequest>, StoreError> {
        let request = self.engine.store().bulk_request(id)?;
        Ok(request.filter(|request| request.tenant == *tenant && !self.is_old(request)))
    }

    /// Where a file of a finished request lies, if the request has it.
    pub fn path(&self, request: &BulkRequest, file_name: &str) -> Option<PathBuf> {
        let BulkState::Finished { files } = &request.state else { return None };
        // Only names that we gave ourselves become paths.
        let file = files.iter().find(|file| file.file_name == file_name)?;
        Some(self.directory.join(request.id.as_str()).join(&file.file_name))
    }

    /// Removes all files that may hold a member, which is about to be erased; [`BulkCollect::enqueue`] has them written again.
    pub fn withdraw(&self, member: MemberId) -> Result<Vec<BulkRequestId>, BulkCollectError> {
        let requests = self.engine.store().bulk_requests_naming(member)?;
        requests.iter().try_for_each(|id| self.reopen(id))?;
        Ok(requests)
    }

    /// Has the files of these requests written again, from what is stored now.
    pub fn enqueue(&self, requests: &[BulkRequestId]) -> Result<(), BulkCollectError> {
        for id in requests {
            // Again: the thread may have come to it between the withdrawal and the erasure.
            self.reopen(id)?;
            self.state().send(id);
        }
        Ok(())
    }

    fn reopen(&self, id: &BulkRequestId) -> Result<(), BulkCollectError> {
        let mut state = self.state();
        let Some(mut request) = self.engine.store().bulk_request(id)? else { return Ok(()) };
        state.reopened.insert(id.clone());
        state.in_progress.insert(id.clone(), (request.tenant.clone(), digest(request.format, &request.ids)));
        request.state = BulkState::InProgress;
        self.engine.store().put_bulk_request(&request)?;
        let directory = self.directory.join(id.as_str());
        remove(&directory).map_err(|source| BulkCollectError::Files { directory, source })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change of the state is a single step, so a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn knows_any(&self, ids: &[MemberId]) -> Result<bool, StoreError> {
        for some in ids.chunks(READ_AT_ONCE) {
            if self.engine.documents(some)?.iter().any(Option::is_some) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_old(&self, request: &BulkRequest) -> bool {
        let age = Timestamp::now().duration_since(request.created_at);
        age > SignedDuration::try_from(self.retention).unwrap_or(SignedDuration::MAX)
    }

    fn run(&self, incoming: &mpsc::Receiver<BulkRequestId>) {
        self.sweep();
        loop {
            match incoming.recv_timeout(SWEEP) {
                Ok(id) => self.work(&id),
                Err(RecvTimeoutError::Timeout) => self.sweep(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if self.stopping.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    fn work(&self, id: &BulkRequestId) {
        self.state().reopened.remove(id);
        let request = match self.engine.store().bulk_request(id) {
            Ok(Some(request)) if request.state == BulkState::InProgress => request,
            Ok(_) => return,
            Err(error) => return tracing::error!(request = %id, %error, "cannot read a bulk collect request"),
        };
        let half = self.directory.join(format!("{id}.part"));
        let written = remove(&half).and_then(|()| fs::create_dir_all(&half)).and_then(|()| self.write(&request, &half));
        let outcome = match written {
            Err(error) if error.kind() == ErrorKind::Interrupted => remove(&half),
            Err(error) => {
                tracing::error!(request = %id, %error, "a bulk collect request failed");
                self.publish(request, &half, BulkState::Failed { reason: error.to_string() }).and(remove(&half))
            }
            Ok(files) => self.publish(request, &half, BulkState::Finished { files }),
        };
        if let Err(error) = outcome {
            tracing::error!(request = %id, %error, "cannot finish a bulk collect request; the next start tries again");
        }
    }

    fn write(&self, request: &BulkRequest, directory: &Path) -> io::Result<Vec<DataFile>> {
        let mut chunks = request.ids.chunks(READ_AT_ONCE);
        let mut read = Vec::new().into_iter().flatten();
        output::write(directory, request.format, || {
            loop {
                if self.stopping.load(Ordering::Relaxed) {
                    return Err(ErrorKind::Interrupted.into());
                }
                if let Some(document) = read.next() {
                    return Ok(Some(document));
                }
                let Some(some) = chunks.next() else { return Ok(None) };
                read = self.engine.documents(some).map_err(io::Error::other)?.into_iter().flatten();
            }
        })
    }

    /// Puts the files into place and says so, unless a member was taken out of the request meanwhile.
    fn publish(&self, mut request: BulkRequest, half: &Path, outcome: BulkState) -> io::Result<()> {
        let mut state = self.state();
        if state.reopened.contains(&request.id) {
            return remove(half);
        }
        if let BulkState::Finished { .. } = outcome {
            let directory = self.directory.join(request.id.as_str());
            remove(&directory)?;
            fs::rename(half, &directory)?;
            fs::File::open(&self.directory)?.sync_all()?;
        }
        request.state = outcome;
        self.engine.store().put_bulk_request(&request).map_err(io::Error::other)?;
        state.in_progress.remove(&request.id);
        Ok(())
    }

    /// Forgets requests that are older than the retention.
    fn sweep(&self) {
        let mut old = Vec::new();
        let read = self.engine.store().for_each_bulk_request(&mut |request| {
            if self.is_old(&request) {
                old.push(request);
            }
        });
        let swept = read.map_err(io::Error::other).and_then(|()| {
            old.iter().try_for_each(|request| {
                remove(&self.directory.join(request.id.as_str()))?;
                self.state().in_progress.remove(&request.id);
                self.engine.store().remove_bulk_request(request).map_err(io::Error::other)
            })
        });
        if let Err(error) = swept {
            tracing::error!(%error, "cannot remove old bulk collect requests; it is tried again in an hour");
        }
    }
}

impl State {
    fn send(&self, id: &BulkRequestId) {
        if let Some(queue) = &self.queue {
            // The thread is gone only when the server ends; the next start finds the request in the store.
            let _ = queue.send(id.clone());
        }
    }
}

/// The same members in any order are the same request.
fn digest(format: DataFormat, ids: &[MemberId]) -> blake3::Hash {
    let mut sorted: Vec<u64> = ids.iter().map(|id| id.get()).collect();
    sorted.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    hasher.update(format.extension().as_bytes());
    for id in sorted {
        hasher.update(&id.to_le_bytes());
    }
    hasher.finalize()
}

/// Removes all but the directories of finished requests.
fn clean(directory: &Path, finished: &HashSet<String>) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let keep = entry.file_name().to_str().is_some_and(|name| finished.contains(name));
        if !keep {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a directory with all in it, if it is there.
fn remove(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
