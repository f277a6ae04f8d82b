//! Who is looked at when: the one task that decides.
//!
//! It is woken by commits that made events, by timers, by attempts that ended and by owners who changed something, and
//! by nothing else: subscriptions with nothing to send cost nothing. All that it knows is read from the store, at the
//! start from the durable list of those that wait; so a restart goes on where the last run ended.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustc_hash::FxHashSet;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::lanes::{Host, LaneName, Lanes};
use super::ledger::LedgerError;
use super::measure;
use super::places::{Place, Places};
use super::queue::{self, Due, Look};
use super::schedule::later;
use super::sender::{Ended, Sender, blocking};
use crate::store::Mark;
use crate::subscription::SubscriptionId;

/// So many subscriptions are looked at in one go.
const LOOK: usize = 1_000;
/// The machine's clock may jump, so no timer is trusted for longer; the age of the queue is told as often.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);
/// When the store failed, so long passes before it is asked again.
const STORE_PAUSE: Duration = Duration::from_secs(5);
/// So often paused subscriptions are looked at, when any subscription was changed; [`Message::Wake`] is faster.
const RECHECK: Duration = Duration::from_secs(5);

/// What the scheduler is told by others.
pub(super) enum Message {
    /// A subscription was changed by its owner: what waits is tried at once.
    Wake(SubscriptionId),
    /// An attempt outlasts the patience: may it go on in the slow lane?
    Overdue { id: SubscriptionId, reply: oneshot::Sender<bool> },
}

/// The HTTP clients, one a lane: names that hang in one hold no look-ups of another.
pub(super) struct Clients {
    pub(super) fast: Client,
    pub(super) slow: Client,
    pub(super) failing: Client,
}

pub(super) struct Scheduler {
    sender: Sender,
    clients: Clients,
    lanes: Lanes,
    places: Places,
    /// Those whose last attempt succeeded slowly.
    slow: FxHashSet<SubscriptionId>,
    /// Those that have something to send but are paused.
    parked: FxHashSet<SubscriptionId>,
    /// Up to here the list of those that wait is read.
    seen: Mark,
    attempts: JoinSet<Ended>,
    /// Whose attempt a task is; kept outside of it, for a task that panics says nothing.
    tasks: HashMap<tokio::task::Id, SubscriptionId>,
    stop: CancellationToken,
}

impl Scheduler {
    pub(super) fn new(sender: Sender, clients: Clients, stop: CancellationToken) -> Self {
        let lanes = Lanes::new(sender.options.lanes);
        Scheduler {
            sender,
            clients,
            lanes,
            places: Places::default(),
            slow: FxHashSet::default(),
            parked: FxHashSet::default(),
            seen: Mark::default(),
            attempts: JoinSet::new(),
            tasks: HashMap::new(),
            stop,
        }
    }

    /// Runs until it is stopped, and then waits for what is on the wire.
    pub(super) async fn run(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        let stop = self.stop.clone();
        let mut commits = self.sender.engine.committed();
        let mut subscriptions = self.sender.engine.subscriptions_changed();
        let mut recheck = tokio::time::interval(RECHECK);
        let mut unread = true;
        loop {
            if unread {
                unread = !self.read_news().await;
            }
            self.look_at_due().await;
            self.start_attempts();
            measure::backlog(&self.places, &mut self.lanes);
            let sleep = self.until_next_timer(unread);
            tokio::select! {
                () = stop.cancelled() => break,
                Some(message) = messages.recv() => self.hear(message).await,
                Some(ended) = self.attempts.join_next_with_id() => self.finish(ended).await,
                Ok(()) = commits.changed() => unread = true,
                _ = recheck.tick(), if !self.parked.is_empty() => {
                    if subscriptions.has_changed().unwrap_or(false) {
                        subscriptions.mark_unchanged();
                        self.look_at_parked().await;
                    }
                }
                () = tokio::time::sleep(sleep) => {}
            }
        }
        self.drain(messages).await;
    }

    fn until_next_timer(&self, unread_news: bool) -> Duration {
        let longest = if unread_news { STORE_PAUSE } else { LONGEST_SLEEP };
        let Some(at) = self.places.next_timer() else { return longest };
        let wait = Timestamp::now().duration_until(at);
        // A millisecond more: timers round down, and waking too early would only mean to sleep again.
        Duration::try_from(wait).unwrap_or_default().saturating_add(Duration::from_millis(1)).min(longest)
    }

    /// Reads who has begun to wait since the last time; says whether all of it could be read.
    async fn read_news(&mut self) -> bool {
        loop {
            let (engine, from) = (Arc::clone(&self.sender.engine), self.seen.clone());
            let found = match blocking(move || engine.store().waiting(&from, LOOK)).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::error!(%error, "cannot read which subscriptions wait; trying again");
                    return false;
                }
            };
            self.seen = found.next;
            self.look(found.subscriptions).await;
            if !found.more {
                return true;
            }
        }
    }

    async fn look_at_due(&mut self) {
        loop {
            let due = self.places.take_due(Timestamp::now(), LOOK);
            if due.is_empty() {
                return;
            }
            self.look(due).await;
        }
    }

    /// Looks again at those that are paused: one may have been resumed.
    async fn look_at_parked(&mut self) {
        let parked: Vec<_> = self.parked.iter().cloned().collect();
        for some in parked.chunks(LOOK) {
            self.look(some.to_vec()).await;
        }
    }

    /// Reads from the store what is to be done for each, and puts each in its place.
    async fn look(&mut self, ids: Vec<SubscriptionId>) {
        let ids: Vec<_> = ids.into_iter().filter(|id| !self.is_busy(id)).collect();
        let (engine, options) = (Arc::clone(&self.sender.engine), Arc::clone(&self.sender.options));
        let looked = tokio::task::spawn_blocking(move || {
            let look = |id: SubscriptionId| {
                let look = queue::look(&**engine.store(), &id, &options);
                (id, look)
            };
            ids.into_iter().map(look).collect::<Vec<_>>()
        });
        // A look that panics is reported by the runtime's panic hook.
        for (id, look) in looked.await.unwrap_or_default() {
            let look = look.map_err(|error| LedgerError::Store(Arc::new(error)));
            if let Err(error) = self.follow(&id, look).await {
                tracing::error!(subscription = %id, %error, "cannot read the queue; trying again");
                self.look_later(&id);
            }
        }
    }

    /// Does what a look found to be done.
    async fn follow(&mut self, id: &SubscriptionId, look: Result<Look, LedgerError>) -> Result<(), LedgerError> {
        self.parked.remove(id);
        match look? {
            Look::Due(due) => self.place(id.clone(), due),
            Look::Parked => {
                self.places.remove(id);
                self.parked.insert(id.clone());
            }
            Look::Idle => {
                self.places.remove(id);
            }
            Look::Stale => {
                self.places.remove(id);
                let stale = id.clone();
                let tidied = self.sender.ledger.write(id, move |writer| queue::tidy(writer, &stale)).await?;
                if !tidied {
                    self.look_later(id);
                }
            }
        }
        Ok(())
    }

    /// Whether the subscription waits for a slot or has one: then it is looked at when its attempt ends.
    fn is_busy(&self, id: &SubscriptionId) -> bool {
        match self.places.get(id) {
            Some(Place::Queued | Place::Sending(..)) => true,
            Some(Place::Timer(_)) | None => false,
        }
    }

    fn place(&mut self, id: SubscriptionId, due: Due) {
        if due.at > Timestamp::now() {
            self.places.put(&id, Place::Timer(due.at), due.oldest);
            return;
        }
        let lane = if due.is_retry {
            LaneName::Failing
        } else if self.slow.contains(&id) {
            LaneName::Slow
        } else {
            LaneName::Fast
        };
        self.places.put(&id, Place::Queued, due.oldest);
        self.lanes.lane(lane).push(due.host, id);
    }

    /// Looks again in a while: the store failed, or said two things.
    fn look_later(&mut self, id: &SubscriptionId) {
        let now = Timestamp::now();
        self.places.put(id, Place::Timer(later(now, STORE_PAUSE)), now);
    }

    fn start_attempts(&mut self) {
        for lane in LaneName::ALL {
            while let Some((host, id)) = self.lanes.lane(lane).take() {
                self.start(lane, host, id);
            }
        }
    }

    fn start(&mut self, lane: LaneName, host: Host, id: SubscriptionId) {
        let (client, leaves) = match lane {
            LaneName::Fast => (&self.clients.fast, true),
            LaneName::Slow => (&self.clients.slow, false),
            LaneName::Failing => (&self.clients.failing, false),
        };
        self.places.relocate(&id, Place::Sending(lane, host));
        let task = self.attempts.spawn(self.sender.clone().attempt(id.clone(), client.clone(), leaves));
        self.tasks.insert(task.id(), id);
    }

    async fn hear(&mut self, message: Message) {
        match message {
            Message::Overdue { id, reply } => {
                let moved = self.move_to_slow(&id);
                // An attempt that does not wait for the answer has ended, and gives back whatever slot it has.
                let _ = reply.send(moved);
            }
            Message::Wake(id) => {
                let woken = id.clone();
                let hurried =
                    self.sender.ledger.write(&id, move |writer| queue::hurry(writer, &woken, Timestamp::now()));
                if let Err(error) = hurried.await {
                    tracing::error!(subscription = %id, %error, "cannot hurry the queue");
                }
                self.look(vec![id]).await;
            }
        }
    }

    /// Exchanges an attempt's fast slot for a slow one; says whether there was one.
    fn move_to_slow(&mut self, id: &SubscriptionId) -> bool {
        let Some(Place::Sending(LaneName::Fast, host)) = self.places.get(id).cloned() else { return false };
        if !self.lanes.lane(LaneName::Slow).enter(&host) {
            return false;
        }
        self.lanes.lane(LaneName::Fast).leave(host.clone());
        self.places.relocate(id, Place::Sending(LaneName::Slow, host));
        true
    }

    async fn finish(&mut self, ended: Result<(tokio::task::Id, Ended), JoinError>) {
        let (task, ended) = match ended {
            Ok((task, ended)) => (task, ended),
            Err(error) => {
                tracing::error!(%error, "an attempt ended by itself");
                (error.id(), Ended::Broken)
            }
        };
        let Some(id) = self.tasks.remove(&task) else { return };
        if let Some(Place::Sending(lane, host)) = self.places.remove(&id) {
            self.lanes.lane(lane).leave(host);
        }
        match ended {
            Ended::Idle => {}
            Ended::InTime => {
                self.slow.remove(&id);
            }
            Ended::Slow | Ended::CalledOff => {
                self.slow.insert(id.clone());
            }
            Ended::Broken => return self.look_later(&id),
        }
        self.look(vec![id]).await;
    }

    /// Lets what is on the wire end, for a while; what does not end is repeated by the next run, byte for byte.
    async fn drain(mut self, messages: mpsc::UnboundedReceiver<Message>) {
        // Attempts that ask for another lane now get no answer, and go on as they are.
        drop(messages);
        let ended = async { while self.attempts.join_next().await.is_some() {} };
        if tokio::time::timeout(self.sender.options.drain, ended).await.is_err() {
            tracing::info!(attempts = self.attempts.len(), "abandoning attempts; they will be repeated");
        }
        self.attempts.shutdown().await;
    }
}
