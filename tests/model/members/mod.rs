//! One member: writers that apply updates, a sweeper, and deliverers that take events in the order in which they find them.

mod protocol;
mod state;

use stateright::{Model, Property};

use self::protocol::*;
use self::state::*;
use super::search::{breaks, holds};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Read { actor: usize, is_dirty: bool },
    Write { actor: usize, fate: Fate },
    Relay { actor: usize },
    Crash { actor: usize },
    DirtyWriteIsReplicated,
    DirtyWriteVanishes,
    Take { subscription: u8 },
}

const TRUE_EVENTS: &str = "an event stands for a durable version";
const ONE_CONTENT: &str = "a version has one content";
const IN_ORDER: &str = "events are taken once, and in the order of versions";
const RECOVERABLE: &str = "the sweeper alone completes what was begun";
const DURABLE: &str = "what was acknowledged is durable";
const ERASED_WITH_MEMBER: &str = "an event is emptied only with its member";

impl Model for Members {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let document = Document { write: 0, version: 1, content: Content::Profile('A'), pending: Pending::Nothing };
        let sweeper = Vec::new();
        let actors =
            self.updates.iter().chain([&sweeper]).map(|updates| Actor { updates: updates.clone(), step: Step::Idle });
        vec![State {
            document,
            dirty: None,
            events: Vec::new(),
            actors: actors.collect(),
            faults: self.faults,
            commits: Vec::new(),
            taken: vec![Vec::new(); usize::from(self.subscriptions)],
            has_lied: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (index, actor) in state.actors.iter().enumerate() {
            let is_sweeper = index == self.sweeper();
            match actor.step {
                Step::Idle => {
                    let reads = |document: Document| match is_sweeper {
                        true => document.pending != Pending::Nothing,
                        false => !actor.updates.is_empty(),
                    };
                    if reads(state.document) {
                        actions.push(Action::Read { actor: index, is_dirty: false });
                    }
                    if state.dirty.is_some_and(reads) {
                        actions.push(Action::Read { actor: index, is_dirty: true });
                    }
                }
                Step::Relaying { of, relayed, .. } if !self.has_relayed(state, of, relayed) => {
                    actions.push(Action::Relay { actor: index });
                }
                Step::Relaying { .. } | Step::Judging { .. } => {
                    actions.push(Action::Write { actor: index, fate: Fate::Answered });
                    if state.faults > 0 {
                        actions.push(Action::Write { actor: index, fate: Fate::AnswerLost });
                        actions.push(Action::Write { actor: index, fate: Fate::OnOneCopy });
                    }
                }
            }
            if actor.step != Step::Idle && state.faults > 0 {
                actions.push(Action::Crash { actor: index });
            }
        }
        if state.dirty.is_some() {
            actions.extend([Action::DirtyWriteIsReplicated, Action::DirtyWriteVanishes]);
        }
        for subscription in 0..self.subscriptions {
            if state.events.iter().any(|event| event.subscription == subscription && event.is_waiting) {
                actions.push(Action::Take { subscription });
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Read { actor, is_dirty } => self.read(&mut state, actor, is_dirty),
            Action::Write { actor, fate } => self.write_next(&mut state, actor, fate),
            Action::Relay { actor } => self.relay(&mut state, actor),
            // Who sent the update hears nothing and sends it again.
            Action::Crash { actor } => {
                state.faults -= 1;
                state.actors[actor].step = Step::Idle;
            }
            Action::DirtyWriteIsReplicated => {
                let dirty = state.dirty.take()?;
                state.commit(dirty);
            }
            Action::DirtyWriteVanishes => state.dirty = None,
            Action::Take { subscription } => {
                state.take(subscription);
            }
        }
        state.renumber();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(TRUE_EVENTS, |_, state: &State| {
                let stands = |event: &Event, commit: &Commit| {
                    commit.version == event.version && event.told.is_none_or(|told| told == (commit.from, commit.to))
                };
                state.events.iter().all(|event| state.commits.iter().any(|commit| stands(event, commit)))
            }),
            Property::always(ONE_CONTENT, |_, state: &State| {
                let versions = |commits: &[Commit]| {
                    commits
                        .iter()
                        .filter(|commit| commit.to != Content::Erased)
                        .map(|commit| commit.version)
                        .collect::<Vec<_>>()
                };
                versions(&state.commits).windows(2).all(|pair| pair[0] < pair[1])
            }),
            Property::always(IN_ORDER, |_, state: &State| {
                state.taken.iter().all(|taken| taken.windows(2).all(|pair| pair[0] < pair[1]))
            }),
            Property::always(RECOVERABLE, Members::is_recoverable),
            Property::always(DURABLE, |_, state: &State| !state.has_lied),
            Property::always(ERASED_WITH_MEMBER, |_, state: &State| {
                let is_erased = |event: &Event| {
                    state.commits.iter().any(|commit| commit.to == Content::Erased && commit.version >= event.version)
                };
                state.events.iter().filter(|event| event.told.is_none()).all(is_erased)
            }),
            Property::sometimes("every update is acknowledged", |_, state: &State| state.is_finished()),
        ]
    }
}

/// Two writers whose updates meet.
fn two_writers(omitted: Option<Rule>) -> Members {
    Members {
        updates: vec![vec![Update::Put('B'), Update::Put('A')], vec![Update::Put('C')]],
        subscriptions: 1,
        faults: 2,
        omitted,
    }
}

/// Two writers, one of which erases the member, and sees it return.
fn erasing(omitted: Option<Rule>) -> Members {
    Members {
        updates: vec![vec![Update::Put('B')], vec![Update::Erase, Update::Put('C')]],
        subscriptions: 1,
        faults: 2,
        omitted,
    }
}

#[test]
fn two_writers_and_a_sweeper_lose_nothing_and_invent_nothing() {
    holds(two_writers(None));
}

#[test]
fn the_same_update_at_two_nodes_is_one_change() {
    holds(Members { updates: vec![vec![Update::Put('B')]; 2], ..two_writers(None) });
}

#[test]
fn events_of_one_version_for_several_subscriptions_are_all_relayed() {
    holds(Members {
        updates: vec![vec![Update::Put('B')], vec![Update::Put('C')]],
        subscriptions: 2,
        faults: 1,
        ..two_writers(None)
    });
}

#[test]
fn there_and_back_and_there_again_is_three_events() {
    let there_and_back = [Update::Put('B'), Update::Put('A'), Update::Put('B')];
    holds(Members { updates: vec![there_and_back.to_vec()], subscriptions: 2, ..two_writers(None) });
}

#[test]
fn erasing_leaves_nothing_of_the_person_and_nothing_else_is_lost() {
    holds(erasing(None));
}

#[test]
fn without_relaying_first_an_event_is_lost() {
    breaks(two_writers(Some(Rule::RelayFirst)), RECOVERABLE);
}

#[test]
fn without_confirming_an_event_tells_of_a_version_that_never_was() {
    breaks(two_writers(Some(Rule::ConfirmWhatOthersWrote)), TRUE_EVENTS);
}

#[test]
fn without_confirming_unchanged_is_said_of_what_vanishes() {
    let same = vec![vec![Update::Put('B')]; 2];
    breaks(Members { updates: same, ..two_writers(Some(Rule::ConfirmUnchanged)) }, DURABLE);
}

#[test]
fn without_a_condition_two_writers_make_the_same_version() {
    breaks(two_writers(Some(Rule::WriteUnderSequence)), ONE_CONTENT);
}

#[test]
fn without_a_condition_on_clearing_a_newer_event_is_lost() {
    breaks(two_writers(Some(Rule::ClearUnderSequence)), RECOVERABLE);
}

#[test]
fn without_create_an_event_is_taken_twice() {
    breaks(two_writers(Some(Rule::CreateEvents)), IN_ORDER);
}

#[test]
fn an_erased_event_that_is_deleted_is_created_again_by_who_was_away() {
    breaks(erasing(Some(Rule::EmptyEvents)), RECOVERABLE);
}

#[test]
fn a_late_eraser_without_a_bound_empties_the_events_of_the_member_that_returned() {
    breaks(erasing(Some(Rule::EmptyOldEventsOnly)), ERASED_WITH_MEMBER);
}

#[test]
fn a_tombstone_without_the_version_gives_one_id_two_contents() {
    breaks(erasing(Some(Rule::TombstoneKeepsVersion)), ONE_CONTENT);
}
