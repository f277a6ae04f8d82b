//! A new subscription: no update that is sent after it became active misses it, whichever node takes the update.
//!
//! Time is a counter; nobody compares another's clock with its own. A node follows in rounds: it reads what became of subscriptions, says so
//! with its heartbeat, which is on its way for a while, and from the moment of the reading on takes updates for [`TRUST`]. A
//! node that is slow, paused or dead is one whose next step comes late or never.

use stateright::{Model, Property};

use super::search::{breaks, holds};

/// So long after it has followed a node takes updates.
const TRUST: u8 = 2;
/// A node whose heartbeat has not moved for so long, while it was watched, is gone.
const GONE: u8 = 3;

/// How far a subscription is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Status {
    Absent,
    Initializing,
    Active,
}

/// A node's document: how many rounds it has followed, counted from what the activating node found; 0 while it joins.
type Rounds = u8;

/// What it found, however much it was.
const FOUND: Rounds = 1;

/// A heartbeat on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum OnItsWay {
    Nothing,
    Composed { rounds: Rounds, followed_at: u8 },
    Stored { followed_at: u8 },
}

/// What the activating node saw of a node: its rounds, and since when they have not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Watched {
    rounds: Rounds,
    since: u8,
}

/// A node, and what others know of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Node {
    /// Its document.
    stored: Option<Rounds>,
    /// Its document as searches see it.
    searchable: Option<Rounds>,
    watched: Option<Watched>,
    on_its_way: OnItsWay,
    rounds: Rounds,
    /// Until when it takes updates.
    trusted_until: u8,
    /// Whether it has the subscription in memory.
    has_subscription: bool,
    /// An update in flight, and whether it was matched against the subscription.
    update: Option<bool>,
}

/// Where the activating node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Activator {
    Idle,
    Written,
    Refreshed,
    Waiting,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    now: u8,
    subscription: Status,
    /// Sorted: which of them is which does not matter.
    nodes: Vec<Node>,
    activator: Activator,
    /// So often the activating node may still crash.
    crashes: u8,
    /// An update that came after the activation was matched without the subscription.
    missed: bool,
    /// An update that was written after the activation was matched without the subscription.
    missed_in_flight: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Tick,
    Join(usize),
    Follow(usize),
    Store(usize),
    Answer(usize),
    Receive(usize),
    Write(usize),
    Activate,
    Crash,
}

/// The rules of the protocol, each of which can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Who activates waits for the nodes that live.
    WaitForNodes,
    /// It refreshes before it lists them.
    RefreshBeforeListing,
    /// It waits for two rounds of each: the first may have begun before the subscription was written.
    WaitForTwoRounds,
    /// It waits longer for a silent node than that trusts itself.
    OutlastTrust,
    /// A node takes no updates when it has not followed for long.
    StopWithoutTrust,
    /// Its trust begins with the reading, however late the heartbeat is answered.
    TrustFromReading,
    /// A joining node writes its document before it follows.
    RegisterBeforeFollowing,
    /// Nodes follow subscriptions that are not active yet.
    FollowInitializing,
}

struct Activation {
    nodes: usize,
    /// The clock stops here.
    end: u8,
    crashes: u8,
    /// Whether updates in flight count too.
    is_strict: bool,
    omitted: Option<Rule>,
}

impl Activation {
    fn obeys(&self, rule: Rule) -> bool {
        self.omitted != Some(rule)
    }

    /// Whether a node may follow: once it is registered, and not while its heartbeat is on its way.
    fn may_follow(&self, node: &Node) -> bool {
        let is_registered = node.stored.is_some() || !self.obeys(Rule::RegisterBeforeFollowing);
        is_registered && node.on_its_way == OnItsWay::Nothing
    }

    /// Reads what became of subscriptions, and says so with a heartbeat.
    fn follow(&self, state: &mut State, index: usize) {
        let followed = if self.obeys(Rule::FollowInitializing) { Status::Initializing } else { Status::Active };
        let node = &mut state.nodes[index];
        node.has_subscription = state.subscription >= followed;
        // What nobody counts is not counted.
        node.rounds = if node.watched.is_some() { (node.rounds + 1).min(FOUND + 2) } else { FOUND };
        node.on_its_way = OnItsWay::Composed { rounds: node.rounds, followed_at: state.now };
    }

    fn answer(&self, state: &mut State, index: usize) {
        let node = &mut state.nodes[index];
        let OnItsWay::Stored { followed_at } = node.on_its_way else { unreachable!("only what is stored is answered") };
        let begins = if self.obeys(Rule::TrustFromReading) { followed_at } else { state.now };
        node.trusted_until = begins + TRUST;
        node.on_its_way = OnItsWay::Nothing;
    }

    fn takes_updates(&self, state: &State, node: &Node) -> bool {
        node.trusted_until > 0 && (state.now < node.trusted_until || !self.obeys(Rule::StopWithoutTrust))
    }

    /// A client's update arrives at a node.
    fn receive(&self, state: &mut State, index: usize) {
        let has_subscription = state.nodes[index].has_subscription;
        state.missed |= state.subscription == Status::Active && !has_subscription;
        if self.is_strict {
            state.nodes[index].update = Some(has_subscription);
        }
    }

    /// The activating node's next step; `false` if it can only wait.
    fn activate(&self, state: &mut State) -> bool {
        match state.activator {
            Activator::Idle if state.subscription == Status::Active => return false,
            Activator::Idle => {
                state.subscription = Status::Initializing;
                state.activator = Activator::Written;
            }
            Activator::Written => {
                if self.obeys(Rule::RefreshBeforeListing) {
                    state.nodes.iter_mut().for_each(|node| node.searchable = node.stored);
                }
                state.activator = Activator::Refreshed;
            }
            Activator::Refreshed => {
                let now = state.now;
                let found = state.nodes.iter_mut().filter(|node| node.searchable.is_some());
                found.filter(|_| self.obeys(Rule::WaitForNodes)).for_each(|node| node.watch(now));
                state.activator = Activator::Waiting;
            }
            Activator::Waiting => return self.wait(state),
        }
        true
    }

    /// Looks at the nodes that are waited for; activates the subscription when there are none left.
    fn wait(&self, state: &mut State) -> bool {
        let rounds = FOUND + if self.obeys(Rule::WaitForTwoRounds) { 2 } else { 1 };
        let silence = if self.obeys(Rule::OutlastTrust) { GONE } else { TRUST - 1 };
        let now = state.now;
        for node in &mut state.nodes {
            let (Some(watched), Some(stored)) = (node.watched, node.stored) else { continue };
            if stored >= rounds || (stored == watched.rounds && now >= watched.since + silence) {
                node.watched = None;
                return true;
            }
            if stored != watched.rounds {
                node.watched = Some(Watched { rounds: stored, since: now });
                return true;
            }
        }
        let is_done = state.nodes.iter().all(|node| node.watched.is_none());
        if is_done {
            state.subscription = Status::Active;
            state.activator = Activator::Idle;
        }
        is_done
    }
}

impl Node {
    /// A node that is not there yet.
    fn new() -> Self {
        Node {
            stored: None,
            searchable: None,
            watched: None,
            on_its_way: OnItsWay::Nothing,
            rounds: 0,
            trusted_until: 0,
            has_subscription: false,
            update: None,
        }
    }

    /// Begins to count its rounds: one whose heartbeat is on its way is ahead of its document.
    fn watch(&mut self, now: u8) {
        self.stored = Some(FOUND);
        self.watched = Some(Watched { rounds: FOUND, since: now });
        self.rounds = FOUND;
        if let OnItsWay::Composed { rounds, .. } = &mut self.on_its_way {
            self.rounds = FOUND + 1;
            *rounds = self.rounds;
        }
    }
}

const NONE_MISSED: &str = "no update that is sent after the activation misses the subscription";
const NONE_IN_FLIGHT: &str = "no update that is written after the activation misses the subscription";

impl Model for Activation {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            now: 0,
            subscription: Status::Absent,
            nodes: vec![Node::new(); self.nodes],
            activator: Activator::Idle,
            crashes: self.crashes,
            missed: false,
            missed_in_flight: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.now < self.end {
            actions.push(Action::Tick);
        }
        for (index, node) in state.nodes.iter().enumerate() {
            match node.on_its_way {
                OnItsWay::Nothing if node.stored.is_none() => actions.push(Action::Join(index)),
                OnItsWay::Nothing => {}
                OnItsWay::Composed { .. } => actions.push(Action::Store(index)),
                OnItsWay::Stored { .. } => actions.push(Action::Answer(index)),
            }
            if self.may_follow(node) {
                actions.push(Action::Follow(index));
            }
            match node.update {
                None if self.takes_updates(state, node) => actions.push(Action::Receive(index)),
                None => {}
                Some(_) => actions.push(Action::Write(index)),
            }
        }
        actions.push(Action::Activate);
        if state.activator != Activator::Idle && state.crashes > 0 {
            actions.push(Action::Crash);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Tick => state.now += 1,
            Action::Join(node) => state.nodes[node].stored = Some(0),
            Action::Follow(node) => self.follow(&mut state, node),
            Action::Store(index) => {
                let node = &mut state.nodes[index];
                let OnItsWay::Composed { rounds, followed_at } = node.on_its_way else { return None };
                node.stored = Some(rounds);
                node.on_its_way = OnItsWay::Stored { followed_at };
            }
            Action::Answer(node) => self.answer(&mut state, node),
            Action::Receive(node) => self.receive(&mut state, node),
            Action::Write(node) => {
                let was_matched = state.nodes[node].update.take()?;
                state.missed_in_flight |= state.subscription == Status::Active && !was_matched;
            }
            Action::Activate => {
                if !self.activate(&mut state) {
                    return None;
                }
            }
            // Another node goes on later, from the beginning.
            Action::Crash => {
                state.crashes -= 1;
                state.activator = Activator::Idle;
                state.nodes.iter_mut().for_each(|node| node.watched = None);
            }
        }
        state.nodes.sort();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NONE_MISSED, |_, state: &State| !state.missed),
            Property::always(NONE_IN_FLIGHT, |_, state: &State| !state.missed_in_flight),
            Property::sometimes("the subscription is active while all nodes take updates", |model, state: &State| {
                state.subscription == Status::Active && state.nodes.iter().all(|node| model.takes_updates(state, node))
            }),
        ]
    }
}

fn one_node(omitted: Option<Rule>) -> Activation {
    Activation { nodes: 1, end: 6, crashes: 1, is_strict: false, omitted }
}

#[test]
fn no_update_misses_an_active_subscription() {
    holds(one_node(None));
}

#[test]
fn no_update_at_any_of_two_nodes_misses_an_active_subscription() {
    holds(Activation { nodes: 2, end: 3, crashes: 0, ..one_node(None) });
}

#[test]
fn an_update_that_was_on_its_way_may_be_taken_for_an_earlier_one() {
    breaks(Activation { is_strict: true, ..one_node(None) }, NONE_IN_FLIGHT);
}

#[test]
fn without_waiting_for_the_nodes_an_update_misses_it() {
    breaks(one_node(Some(Rule::WaitForNodes)), NONE_MISSED);
}

#[test]
fn without_a_refresh_a_node_is_not_waited_for() {
    breaks(one_node(Some(Rule::RefreshBeforeListing)), NONE_MISSED);
}

#[test]
fn one_round_may_have_begun_before_the_subscription_was_written() {
    breaks(one_node(Some(Rule::WaitForTwoRounds)), NONE_MISSED);
}

#[test]
fn a_node_that_is_given_up_too_early_still_takes_updates() {
    breaks(one_node(Some(Rule::OutlastTrust)), NONE_MISSED);
}

#[test]
fn a_node_that_does_not_stop_itself_takes_updates_after_it_was_given_up() {
    breaks(one_node(Some(Rule::StopWithoutTrust)), NONE_MISSED);
}

#[test]
fn a_heartbeat_that_is_answered_late_does_not_prolong_the_trust() {
    breaks(one_node(Some(Rule::TrustFromReading)), NONE_MISSED);
}

#[test]
fn without_registering_first_a_joining_node_is_overlooked() {
    breaks(one_node(Some(Rule::RegisterBeforeFollowing)), NONE_MISSED);
}

#[test]
fn without_following_what_is_not_active_yet_no_node_has_it_in_time() {
    breaks(one_node(Some(Rule::FollowInitializing)), NONE_MISSED);
}
