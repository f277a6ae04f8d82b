//! A node of a cluster: what it does besides answering requests.
//!
//! One thread follows: each round it takes over what other nodes did to subscriptions, says that it is alive and how far it has
//! followed, and has delivery look for events that others made. An engine takes updates only as long as these rounds go well:
//! who cannot follow cannot say who is to be told. Another thread cleans up: it finishes what nodes left that went away, and makes
//! subscriptions active that all nodes have come to know.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::engine::Engine;
use crate::store::elasticsearch::{Feed, Followed, TRUST};
use crate::store::{ElasticsearchStore, StoreError};

/// The time between two rounds of following.
const ROUND: Duration = Duration::from_millis(500);

/// The time between two rounds of cleaning up.
const CLEANING: Duration = Duration::from_secs(5);

/// A node that has said that it is there, and has begun to follow; it takes no updates yet.
pub struct Joining {
    store: Arc<ElasticsearchStore>,
    feed: Feed,
}

/// A node at work. It leaves the cluster when it is stopped.
pub struct Node {
    /// Dropped, they stop the threads.
    stops: Vec<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Joining {
    /// Says that this node is there, then begins to follow: so whoever makes a subscription from now on waits for this
    /// node, and what was made before is there to be read.
    ///
    /// # Errors
    ///
    /// Where the cluster fails.
    pub fn new(store: Arc<ElasticsearchStore>) -> Result<Joining, StoreError> {
        store.beat(0)?;
        let mut feed = Feed::default();
        store.begin_to_follow(&mut feed)?;
        Ok(Joining { store, feed })
    }

    /// Starts the work for an engine that was opened over the store after [`Joining::new`]; when this returns, it takes updates.
    ///
    /// # Errors
    ///
    /// Where the cluster fails, or the operating system gives no thread.
    pub fn start(self, engine: Arc<Engine>) -> Result<Node, StoreError> {
        let Joining { store, feed } = self;
        let mut following = Following { store: Arc::clone(&store), engine: Arc::clone(&engine), feed, rounds: 0 };
        following.round()?;
        let mut node = Node { stops: Vec::new(), threads: Vec::new() };
        node.spawn("node-follows", move |stop| following.run(stop))?;
        node.spawn("node-cleans", move |stop| clean_up(&store, &engine, stop))?;
        Ok(node)
    }
}

impl Node {
    /// Ends the work and leaves the cluster; says whether the threads ended as they should.
    pub fn stop(self) -> bool {
        drop(self.stops);
        let ended: Vec<bool> = self.threads.into_iter().map(|thread| thread.join().is_ok()).collect();
        ended.into_iter().all(|ended| ended)
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce(&Receiver<()>) + Send + 'static) -> Result<(), StoreError> {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || work(&stopped));
        self.threads.push(thread.map_err(StoreError::Thread)?);
        self.stops.push(stop);
        Ok(())
    }
}

/// Waits for the next round; says whether there is one.
fn goes_on(stop: &Receiver<()>, pause: Duration) -> bool {
    matches!(stop.recv_timeout(pause), Err(RecvTimeoutError::Timeout))
}

struct Following {
    store: Arc<ElasticsearchStore>,
    engine: Arc<Engine>,
    feed: Feed,
    rounds: u64,
}

impl Following {
    fn run(mut self, stop: &Receiver<()>) {
        while goes_on(stop, ROUND) {
            if let Err(error) = self.round() {
                tracing::warn!(%error, "this node cannot follow the cluster's subscriptions; trying again");
            }
        }
        self.engine.trust_until(None);
        if let Err(error) = self.store.leave() {
            tracing::warn!(%error, "the cluster was left without a word; others will see it by the silence");
        }
    }

    fn round(&mut self) -> Result<(), StoreError> {
        let began = Instant::now();
        match self.store.follow(&mut self.feed)? {
            Followed::Changes(ids) => self.engine.follow(&ids)?,
            Followed::Lost => {
                tracing::info!("reading all subscriptions anew");
                self.engine.trust_until(None);
                self.store.begin_to_follow(&mut self.feed)?;
                self.engine.resynchronise()?;
            }
        }
        self.rounds += 1;
        self.store.beat(self.rounds)?;
        // From the beginning: a node made slow must not trust what it knew long ago.
        self.engine.trust_until(Some(began + TRUST));
        self.engine.look_for_events();
        Ok(())
    }
}

fn clean_up(store: &ElasticsearchStore, engine: &Engine, stop: &Receiver<()>) {
    while goes_on(stop, CLEANING) {
        match store.sweep() {
            Ok(0) => {}
            Ok(members) => tracing::info!(members, "relayed the events of members that another node left"),
            Err(error) => tracing::warn!(%error, "cannot look for members that another node left; trying again"),
        }
        if let Err(error) = engine.activate() {
            tracing::warn!(%error, "cannot make subscriptions active; trying again");
        }
    }
}
