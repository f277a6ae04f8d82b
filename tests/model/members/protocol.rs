//! The protocol as writers and the sweeper follow it, one step at a time.

use super::state::*;
use crate::search::NEWEST;

/// The rules of the protocol, each of which can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// What a read member has pending is relayed before its next version is written.
    RelayFirst,
    /// What another has written is written once more as it is, and acknowledged, before it is relayed.
    ConfirmWhatOthersWrote,
    /// `unchanged` is answered only of what is known to be durable.
    ConfirmUnchanged,
    /// The member is written under `if_seq_no`.
    WriteUnderSequence,
    /// The list is cleared under `if_seq_no`.
    ClearUnderSequence,
    /// Events are created, never written over.
    CreateEvents,
    /// Erasing empties events, and leaves their ids in place.
    EmptyEvents,
    /// Erasing empties the events of the erased versions only.
    EmptyOldEventsOnly,
    /// A member that returns goes on counting its versions.
    TombstoneKeepsVersion,
}

pub(super) struct Members {
    pub(super) updates: Vec<Vec<Update>>,
    pub(super) subscriptions: u8,
    pub(super) faults: u8,
    pub(super) omitted: Option<Rule>,
}

/// How a conditional write ended.
pub(super) enum Written {
    Acknowledged(Document),
    Refused,
    NoAnswer,
}

impl Members {
    pub(super) fn obeys(&self, rule: Rule) -> bool {
        self.omitted != Some(rule)
    }

    pub(super) fn sweeper(&self) -> usize {
        self.updates.len()
    }

    /// A write of the member, if it still is as it was seen.
    pub(super) fn write(
        &self,
        state: &mut State,
        seen: Document,
        new: Document,
        fate: Fate,
        is_conditional: bool,
    ) -> Written {
        if let Some(dirty) = state.dirty {
            // Nothing is acknowledged that was built on what is not replicated.
            return if seen.write == dirty.write { Written::NoAnswer } else { Written::Refused };
        }
        if is_conditional && seen.write != state.document.write {
            return Written::Refused;
        }
        let new = Document { write: NEWEST, ..new };
        match fate {
            Fate::Answered => {
                state.commit(new);
                Written::Acknowledged(new)
            }
            Fate::AnswerLost => {
                state.faults -= 1;
                state.commit(new);
                Written::NoAnswer
            }
            Fate::OnOneCopy => {
                state.faults -= 1;
                state.dirty = Some(new);
                Written::NoAnswer
            }
        }
    }

    /// The next version, or `None` if the update changes nothing.
    pub(super) fn judge(&self, seen: Document, update: Update) -> Option<Document> {
        let content = match update {
            Update::Put(profile) => Content::Profile(profile),
            Update::Erase => Content::Erased,
        };
        if content == seen.content {
            return None;
        }
        Some(match (update, seen.content) {
            (Update::Erase, _) if self.obeys(Rule::TombstoneKeepsVersion) => {
                Document { content, pending: Pending::Erasing, ..seen }
            }
            (Update::Erase, _) => Document { content, version: 0, pending: Pending::Erasing, ..seen },
            (Update::Put(_), from) => {
                Document { content, version: seen.version + 1, pending: Pending::Events { from }, ..seen }
            }
        })
    }

    /// One write of an actor: of the member as it is, of its next version, or of a cleared list.
    pub(super) fn write_next(&self, state: &mut State, actor: usize, fate: Fate) {
        let update = state.actors[actor].updates.first().copied();
        let step = match state.actors[actor].step {
            Step::Idle => unreachable!("an idle actor writes nothing"),
            Step::Relaying { of, .. } => {
                let cleared = Document { pending: Pending::Nothing, ..of };
                if self.obeys(Rule::ClearUnderSequence) {
                    self.write(state, of, cleared, fate, true);
                } else {
                    let cleared = Document { pending: Pending::Nothing, ..state.document };
                    self.write(state, state.document, cleared, fate, true);
                }
                Step::Idle
            }
            Step::Judging { seen, is_settled } => {
                let next = update.and_then(|update| self.judge(seen, update));
                let relays_first = seen.pending != Pending::Nothing && self.obeys(Rule::RelayFirst);
                match next {
                    Some(next) if is_settled || !relays_first => {
                        match self.write(state, seen, next, fate, self.obeys(Rule::WriteUnderSequence)) {
                            Written::Acknowledged(of) => {
                                state.acknowledge(actor, of.content);
                                Step::Relaying { of, relayed: 0, next: Next::Clear }
                            }
                            Written::Refused | Written::NoAnswer => Step::Idle,
                        }
                    }
                    _ => match self.write(state, seen, seen, fate, true) {
                        Written::Acknowledged(seen) => self.settle(state, actor, seen),
                        Written::Refused | Written::NoAnswer => Step::Idle,
                    },
                }
            }
        };
        state.actors[actor].step = step;
    }

    /// What comes after a member was read and is known to be durable (or is taken for it).
    pub(super) fn settle(&self, state: &mut State, actor: usize, seen: Document) -> Step {
        let is_sweeper = actor == self.sweeper();
        if seen.pending != Pending::Nothing {
            return Step::Relaying { of: seen, relayed: 0, next: if is_sweeper { Next::Clear } else { Next::Judge } };
        }
        self.judge_settled(state, actor, seen)
    }

    pub(super) fn judge_settled(&self, state: &mut State, actor: usize, seen: Document) -> Step {
        match state.actors[actor].updates.first() {
            Some(update) if self.judge(seen, *update).is_none() => {
                state.acknowledge(actor, seen.content);
                Step::Idle
            }
            Some(_) => Step::Judging { seen, is_settled: true },
            None => Step::Idle,
        }
    }

    pub(super) fn read(&self, state: &mut State, actor: usize, is_dirty: bool) {
        let seen = if is_dirty { state.dirty.expect("a dirty write is there to be read") } else { state.document };
        let is_unchanged =
            state.actors[actor].updates.first().is_some_and(|update| self.judge(seen, *update).is_none());
        let is_pending = seen.pending != Pending::Nothing;
        state.actors[actor].step = if is_unchanged && !self.obeys(Rule::ConfirmUnchanged) {
            state.acknowledge(actor, seen.content);
            Step::Idle
        } else if is_pending && !self.obeys(Rule::ConfirmWhatOthersWrote) {
            self.settle(state, actor, seen)
        } else {
            // Without anything pending the next version's write finds out whether this is durable.
            Step::Judging { seen, is_settled: !is_pending && !is_unchanged }
        };
    }

    /// Whether an actor has relayed all; what is pending is done one document at a time.
    pub(super) fn has_relayed(&self, state: &State, of: Document, relayed: u8) -> bool {
        match of.pending {
            Pending::Nothing => true,
            Pending::Events { .. } => relayed == self.subscriptions,
            Pending::Erasing => !state.events.iter().any(|event| self.is_to_be_emptied(event, of)),
        }
    }

    pub(super) fn is_to_be_emptied(&self, event: &Event, of: Document) -> bool {
        event.told.is_some() && (event.version <= of.version || !self.obeys(Rule::EmptyOldEventsOnly))
    }

    pub(super) fn relay(&self, state: &mut State, actor: usize) {
        let Step::Relaying { of, relayed, next } = state.actors[actor].step else {
            unreachable!("only who relays comes here")
        };
        match of.pending {
            Pending::Nothing => {}
            Pending::Events { from } => {
                let told = Some((from, of.content));
                let new = Event { version: of.version, subscription: relayed, told, is_waiting: true };
                self.create(state, new);
            }
            Pending::Erasing => {
                let found = state.events.iter().position(|event| self.is_to_be_emptied(event, of));
                match found {
                    Some(index) if self.obeys(Rule::EmptyEvents) => state.events[index].told = None,
                    Some(index) => {
                        state.events.remove(index);
                    }
                    None => {}
                }
            }
        }
        let relayed = relayed + u8::from(of.pending != Pending::Erasing);
        state.actors[actor].step = if next == Next::Judge && self.has_relayed(state, of, relayed) {
            self.judge_settled(state, actor, of)
        } else {
            Step::Relaying { of, relayed, next }
        };
    }

    pub(super) fn create(&self, state: &mut State, new: Event) {
        let id = |event: &Event| (event.version, event.subscription);
        match state.events.binary_search_by_key(&id(&new), id) {
            Ok(index) if !self.obeys(Rule::CreateEvents) => state.events[index] = new,
            Ok(_) => {}
            Err(index) => state.events.insert(index, new),
        }
    }

    /// The sweeper alone, everybody else gone: what it leaves behind.
    pub(super) fn drained(&self, state: &State, dirty_write_survives: bool) -> State {
        let mut state = state.clone();
        if let Some(dirty) = state.dirty.take()
            && dirty_write_survives
        {
            state.commit(dirty);
        }
        let sweeper = self.sweeper();
        state.actors[sweeper].step = Step::Idle;
        while state.document.pending != Pending::Nothing {
            self.read(&mut state, sweeper, false);
            while state.actors[sweeper].step != Step::Idle {
                match state.actors[sweeper].step {
                    Step::Relaying { of, relayed, .. } if !self.has_relayed(&state, of, relayed) => {
                        self.relay(&mut state, sweeper)
                    }
                    _ => self.write_next(&mut state, sweeper, Fate::Answered),
                }
                state.renumber();
            }
        }
        for subscription in 0..self.subscriptions {
            while state.take(subscription) {}
        }
        state
    }

    /// Whether the sweeper, left alone, gives each version that tells something its events.
    pub(super) fn is_recoverable(&self, state: &State) -> bool {
        [false, true].into_iter().all(|dirty_write_survives| {
            let state = self.drained(state, dirty_write_survives);
            let told: Vec<u8> = state
                .commits
                .iter()
                .filter(|commit| commit.to != Content::Erased)
                .map(|commit| commit.version)
                .collect();
            let erased =
                state.commits.iter().filter(|commit| commit.to == Content::Erased).map(|commit| commit.version).max();
            let is_empty = |event: &Event| event.told.is_none() || Some(event.version) > erased;
            state.taken.iter().all(|taken| *taken == told) && state.events.iter().all(is_empty)
        })
    }
}
