//! A new subscription: from its activation on, no update misses it, whichever node takes the update.
//!
//! Time is a counter, and the clock of who activates runs ahead of the nodes' by [`SKEW`]. A node's heartbeat is on its way for a while:
//! composed at one time, stored at another, answered at a third.

use stateright::{Model, Property};

use super::search::{breaks, holds};

/// So long a heartbeat is good for.
const LIFETIME: u8 = 2;
/// The activating node's clock runs ahead by so much, and it grants the others as much.
const SKEW: u8 = 1;

/// A node's document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Heartbeat {
    /// By the clock of the node that wrote it.
    good_until: u8,
    /// Whether the node has followed so far as to have the subscription.
    has_subscription: bool,
}

/// How far a subscription is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Status {
    Absent,
    Initializing,
    Active,
}

/// A heartbeat on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum OnItsWay {
    Nothing,
    Composed(Heartbeat),
    Stored(Heartbeat),
}

/// An update that a node is working on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct InFlight {
    /// Whether the subscriptions that it was matched against include the new one.
    has_subscription: bool,
}

/// A node, and what others know of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Node {
    /// Its document.
    stored: Option<Heartbeat>,
    /// Its document as searches see it.
    searchable: Option<Heartbeat>,
    /// Whether who activates waits for it to follow, or to be gone.
    is_waited_for: bool,
    /// Until when its last heartbeat, of which it knows that it is stored, is good; 0 before the first.
    good_until: u8,
    on_its_way: OnItsWay,
    /// Whether it has the subscription in memory.
    has_subscription: bool,
    /// Whether it has followed since it last joined.
    has_joined: bool,
    update: Option<InFlight>,
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
    crashes: u8,
    /// An update that came after the activation was matched without the subscription.
    missed: bool,
    /// An update that was written after the activation was matched without the subscription.
    missed_in_flight: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Tick,
    Compose(usize),
    Store(usize),
    Answer(usize),
    Follow(usize),
    Receive(usize),
    Write(usize),
    Crash(usize),
    Activate,
    ActivatorCrash,
}

/// The rules of the protocol, each of which can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Who activates waits for the nodes that live.
    WaitForNodes,
    /// It refreshes before it lists them.
    RefreshBeforeListing,
    /// It counts a node as gone only when a margin for the clocks has passed too.
    GrantSkew,
    /// A node takes no updates once its own heartbeat has lapsed.
    StopAtLapse,
    /// A heartbeat that is answered after the former one has lapsed came too late to prolong it: the node follows anew before
    /// it takes updates.
    FollowAfterLapse,
    /// A joining node is registered before it follows.
    RegisterBeforeFollowing,
    /// Nodes follow subscriptions that are not active yet.
    FollowInitializing,
    /// An update in flight when the heartbeat lapsed is not written afterwards, but matched anew.
    DropAtLapse,
    /// A heartbeat says how far the updates have come that are still in flight.
    ReportInFlight,
    /// An update is written only while the node's heartbeat is good.
    CheckAgainBeforeWriting,
}

struct Activation {
    nodes: usize,
    /// The clock stops here.
    end: u8,
    crashes: u8,
    omitted: Option<Rule>,
}

impl Activation {
    fn obeys(&self, rule: Rule) -> bool {
        self.omitted != Some(rule)
    }

    fn is_good(&self, state: &State, node: usize) -> bool {
        let good_until = state.nodes[node].good_until;
        good_until > 0 && (state.now < good_until || !self.obeys(Rule::StopAtLapse))
    }

    fn compose(&self, state: &mut State, index: usize) {
        let node = &mut state.nodes[index];
        let is_in_flight_without = node.update.is_some_and(|update| !update.has_subscription);
        let heartbeat = Heartbeat {
            good_until: state.now + LIFETIME,
            has_subscription: node.has_subscription && !(is_in_flight_without && self.obeys(Rule::ReportInFlight)),
        };
        node.on_its_way = OnItsWay::Composed(heartbeat);
    }

    fn answer(&self, state: &mut State, index: usize, heartbeat: Heartbeat) {
        let node = &mut state.nodes[index];
        let rule = if node.good_until == 0 { Rule::RegisterBeforeFollowing } else { Rule::FollowAfterLapse };
        if state.now >= node.good_until && self.obeys(rule) {
            node.has_joined = false;
            if self.obeys(Rule::DropAtLapse) {
                node.update = None;
            }
        }
        node.good_until = heartbeat.good_until;
        node.on_its_way = OnItsWay::Nothing;
    }

    fn follow(&self, state: &mut State, index: usize) {
        let followed = if self.obeys(Rule::FollowInitializing) { Status::Initializing } else { Status::Active };
        let is_registered = state.nodes[index].good_until > 0 || !self.obeys(Rule::RegisterBeforeFollowing);
        state.nodes[index].has_subscription = state.subscription >= followed;
        state.nodes[index].has_joined |= is_registered;
    }

    /// A client's update arrives at a node.
    fn receive(&self, state: &mut State, index: usize) {
        let has_subscription = state.nodes[index].has_subscription;
        state.missed |= state.subscription == Status::Active && !has_subscription;
        state.nodes[index].update = Some(InFlight { has_subscription });
    }

    /// The update is written, if the node still may, and its client is answered.
    fn write(&self, state: &mut State, index: usize) {
        let may_write = self.is_good(state, index) || !self.obeys(Rule::CheckAgainBeforeWriting);
        if let Some(update) = state.nodes[index].update.take()
            && may_write
        {
            state.missed_in_flight |= state.subscription == Status::Active && !update.has_subscription;
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
                    for node in &mut state.nodes {
                        node.searchable = node.stored;
                    }
                }
                state.activator = Activator::Refreshed;
            }
            Activator::Refreshed => {
                for node in &mut state.nodes {
                    node.is_waited_for = node.searchable.is_some() && self.obeys(Rule::WaitForNodes);
                }
                state.activator = Activator::Waiting;
            }
            Activator::Waiting => {
                let now = state.now;
                let seen = state
                    .nodes
                    .iter_mut()
                    .find(|node| node.is_waited_for && (node.follows() || self.is_gone(node, now)));
                if let Some(node) = seen {
                    node.is_waited_for = false;
                } else if state.nodes.iter().all(|node| !node.is_waited_for) {
                    state.subscription = Status::Active;
                    state.activator = Activator::Idle;
                } else {
                    return false;
                }
            }
        }
        true
    }

    /// Whether a node has lapsed by the clock of who activates.
    fn is_gone(&self, node: &Node, now: u8) -> bool {
        let margin = if self.obeys(Rule::GrantSkew) { SKEW } else { 0 };
        node.stored.is_none_or(|heartbeat| now + SKEW >= heartbeat.good_until + margin)
    }
}

impl Node {
    /// A node that was just started.
    fn new() -> Self {
        Node {
            stored: None,
            searchable: None,
            is_waited_for: false,
            good_until: 0,
            on_its_way: OnItsWay::Nothing,
            has_subscription: false,
            has_joined: false,
            update: None,
        }
    }

    /// What its document says.
    fn follows(&self) -> bool {
        self.stored.is_some_and(|heartbeat| heartbeat.has_subscription)
    }
}

const NONE_MISSED: &str = "no update that comes after the activation misses the subscription";
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
            actions.push(match node.on_its_way {
                OnItsWay::Nothing => Action::Compose(index),
                OnItsWay::Composed(_) => Action::Store(index),
                OnItsWay::Stored(_) => Action::Answer(index),
            });
            actions.push(Action::Follow(index));
            match node.update {
                None if node.has_joined && self.is_good(state, index) => actions.push(Action::Receive(index)),
                None => {}
                Some(_) => actions.push(Action::Write(index)),
            }
            if state.crashes > 0 {
                actions.push(Action::Crash(index));
            }
        }
        actions.push(Action::Activate);
        if state.activator != Activator::Idle && state.crashes > 0 {
            actions.push(Action::ActivatorCrash);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Tick => state.now += 1,
            Action::Compose(node) => self.compose(&mut state, node),
            Action::Store(node) => {
                let OnItsWay::Composed(heartbeat) = state.nodes[node].on_its_way else { return None };
                state.nodes[node].stored = Some(heartbeat);
                state.nodes[node].on_its_way = OnItsWay::Stored(heartbeat);
            }
            Action::Answer(node) => {
                let OnItsWay::Stored(heartbeat) = state.nodes[node].on_its_way else { return None };
                self.answer(&mut state, node, heartbeat);
            }
            Action::Follow(node) => self.follow(&mut state, node),
            Action::Receive(node) => self.receive(&mut state, node),
            Action::Write(node) => self.write(&mut state, node),
            Action::Crash(node) => {
                state.crashes -= 1;
                let Node { stored, searchable, is_waited_for, .. } = state.nodes[node];
                state.nodes[node] = Node { stored, searchable, is_waited_for, ..Node::new() };
            }
            Action::Activate => {
                if !self.activate(&mut state) {
                    return None;
                }
            }
            Action::ActivatorCrash => {
                state.crashes -= 1;
                state.activator = Activator::Idle;
                for node in &mut state.nodes {
                    node.is_waited_for = false;
                }
            }
        }
        state.nodes.sort();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let strict = Property::always(NONE_IN_FLIGHT, |_, state: &State| !state.missed_in_flight);
        let common = [
            Property::always(NONE_MISSED, |_, state: &State| !state.missed),
            Property::sometimes("the subscription is active while all nodes take updates", |_, state: &State| {
                state.subscription == Status::Active && state.nodes.iter().all(|node| node.update.is_some())
            }),
        ];
        common.into_iter().chain([strict]).collect()
    }
}

fn one_node(omitted: Option<Rule>) -> Activation {
    Activation { nodes: 1, end: 6, crashes: 1, omitted }
}

#[test]
fn no_update_misses_an_active_subscription() {
    holds(one_node(None));
}

#[test]
fn no_update_at_any_of_two_nodes_misses_an_active_subscription() {
    holds(Activation { nodes: 2, end: 2, crashes: 0, ..one_node(None) });
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
fn without_a_margin_a_slow_clock_takes_updates_too_long() {
    breaks(one_node(Some(Rule::GrantSkew)), NONE_MISSED);
}

#[test]
fn without_stopping_itself_a_node_that_is_counted_as_gone_takes_updates() {
    breaks(one_node(Some(Rule::StopAtLapse)), NONE_MISSED);
}

#[test]
fn a_late_heartbeat_does_not_prolong_what_has_lapsed() {
    breaks(one_node(Some(Rule::FollowAfterLapse)), NONE_MISSED);
}

#[test]
fn without_registering_first_a_joining_node_is_overlooked() {
    breaks(one_node(Some(Rule::RegisterBeforeFollowing)), NONE_MISSED);
}

#[test]
fn without_following_what_is_not_active_yet_no_node_has_it_in_time() {
    breaks(one_node(Some(Rule::FollowInitializing)), NONE_MISSED);
}

#[test]
fn without_reporting_updates_in_flight_one_is_written_too_late() {
    breaks(one_node(Some(Rule::ReportInFlight)), NONE_IN_FLIGHT);
}

#[test]
fn without_dropping_what_was_in_flight_at_a_lapse_it_is_written_too_late() {
    breaks(one_node(Some(Rule::DropAtLapse)), NONE_IN_FLIGHT);
}

#[test]
fn a_node_that_pauses_between_its_last_check_and_the_write_can_be_too_late() {
    breaks(one_node(Some(Rule::CheckAgainBeforeWriting)), NONE_IN_FLIGHT);
}
