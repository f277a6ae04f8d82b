//! The protocol as writers and the sweeper follow it, one step at a time.

use super::state::*;
use crate::search::NEWEST;

/// The rules of the protocol, each of which can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// What is not known to be relayed is carried on into the next version.
    CarryEvents,
    /// So is an erasure that is not at its end.
    CarryErasure,
    /// Events are created in the order of versions.
    CreateInOrder,
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
    /// Events are created before those of an erased member are emptied: nobody who is late can create another.
    CreateBeforeEmptying,
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
        seen: &Document,
        new: Document,
        fate: Fate,
        is_conditional: bool,
    ) -> Written {
        if let Some(dirty) = &state.dirty {
            // Nothing is acknowledged that was built on what is not replicated.
            return if seen.write == dirty.write { Written::NoAnswer } else { Written::Refused };
        }
        if is_conditional && seen.write != state.document.write {
            return Written::Refused;
        }
        let new = Document { write: NEWEST, ..new };
        match fate {
            Fate::Answered => {
                state.commit(new.clone());
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
    pub(super) fn judge(&self, seen: &Document, update: Update) -> Option<Document> {
        let content = match update {
            Update::Put(profile) => Content::Profile(profile),
            Update::Erase => Content::Erased,
        };
        if content == seen.content {
            return None;
        }
        let mut announcements = seen.announcements.clone();
        if !self.obeys(Rule::CarryEvents) {
            announcements.clear();
        }
        Some(match update {
            Update::Erase => {
                announcements.iter_mut().for_each(|announcement| announcement.told = None);
                let version = if self.obeys(Rule::TombstoneKeepsVersion) { seen.version } else { 0 };
                let erases_up_to = Some(seen.version);
                Document { content, version, announcements, erases_up_to, ..*seen }
            }
            Update::Put(_) => {
                let version = seen.version + 1;
                announcements.push(Announcement { version, told: Some((seen.content, content)) });
                let erases_up_to = seen.erases_up_to.filter(|_| self.obeys(Rule::CarryErasure));
                Document { content, version, announcements, erases_up_to, ..*seen }
            }
        })
    }

    /// Reads the member; the sweeper only where something is pending.
    pub(super) fn read(&self, state: &mut State, actor: usize, is_dirty: bool) {
        let dirty = state.dirty.clone().filter(|_| is_dirty);
        let seen = dirty.unwrap_or_else(|| state.document.clone());
        let update = state.actors[actor].updates.first().copied();
        let is_unchanged = update.is_some_and(|update| self.judge(&seen, update).is_none());
        state.actors[actor].step = if is_unchanged && !self.obeys(Rule::ConfirmUnchanged) {
            state.acknowledge(actor, seen.content);
            Step::Idle
        } else if update.is_none() && !self.obeys(Rule::ConfirmWhatOthersWrote) {
            Step::Relaying { of: seen, created: 0 }
        } else {
            Step::Judging(seen)
        };
    }

    /// One write of an actor: of the member's next version, of the member as it is, or of a cleared list.
    pub(super) fn write_next(&self, state: &mut State, actor: usize, fate: Fate) {
        let step = match std::mem::replace(&mut state.actors[actor].step, Step::Idle) {
            Step::Idle => unreachable!("an idle actor writes nothing"),
            Step::Relaying { of, .. } => {
                self.clear(state, of, fate);
                Step::Idle
            }
            Step::Judging(seen) => {
                let update = state.actors[actor].updates.first().copied();
                let next = update.and_then(|update| self.judge(&seen, update));
                let is_conditional = next.is_none() || self.obeys(Rule::WriteUnderSequence);
                let new = next.unwrap_or_else(|| seen.clone());
                match self.write(state, &seen, new, fate, is_conditional) {
                    Written::Acknowledged(of) => {
                        if update.is_some() {
                            state.acknowledge(actor, of.content);
                        }
                        Step::Relaying { of, created: 0 }
                    }
                    Written::Refused | Written::NoAnswer => Step::Idle,
                }
            }
        };
        state.actors[actor].step = match step {
            Step::Relaying { of, .. } if !of.is_pending() => Step::Idle,
            step => step,
        };
    }

    /// Clears the list, unless the member was written since.
    pub(super) fn clear(&self, state: &mut State, of: Document, fate: Fate) {
        let seen = if self.obeys(Rule::ClearUnderSequence) { of } else { state.document.clone() };
        let cleared = Document { announcements: Vec::new(), erases_up_to: None, ..seen };
        self.write(state, &seen, cleared, fate, true);
    }

    /// Whether all is created and emptied.
    pub(super) fn has_relayed(&self, state: &State, of: &Document, created: u8) -> bool {
        self.has_created(of, created) && !state.events.iter().any(|event| self.is_to_be_emptied(event, of))
    }

    fn has_created(&self, of: &Document, created: u8) -> bool {
        let is_given_up = of.erases_up_to.is_some() && !self.obeys(Rule::CreateBeforeEmptying);
        is_given_up || usize::from(created) == of.announcements.len() * usize::from(self.subscriptions)
    }

    pub(super) fn is_to_be_emptied(&self, event: &Event, of: &Document) -> bool {
        let is_old =
            of.erases_up_to.is_some_and(|up_to| event.version <= up_to || !self.obeys(Rule::EmptyOldEventsOnly));
        event.told.is_some() && is_old
    }

    /// Creates the next event, or empties one.
    pub(super) fn relay(&self, state: &mut State, actor: usize) {
        let Step::Relaying { of, mut created } = state.actors[actor].step.clone() else {
            unreachable!("only who relays comes here")
        };
        if self.has_created(&of, created) {
            let found = state.events.iter().position(|event| self.is_to_be_emptied(event, &of));
            match found {
                Some(index) if self.obeys(Rule::EmptyEvents) => state.events[index].told = None,
                Some(index) => {
                    state.events.remove(index);
                }
                None => {}
            }
        } else {
            let subscription = created % self.subscriptions;
            let place = usize::from(created / self.subscriptions);
            let place = if self.obeys(Rule::CreateInOrder) { place } else { of.announcements.len() - 1 - place };
            let Announcement { version, told } = of.announcements[place];
            self.create(state, Event { version, subscription, told, is_waiting: true });
            created += 1;
        }
        state.actors[actor].step = Step::Relaying { of, created };
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
        while state.document.is_pending() {
            self.read(&mut state, sweeper, false);
            while state.actors[sweeper].step != Step::Idle {
                match &state.actors[sweeper].step {
                    Step::Relaying { of, created } if !self.has_relayed(&state, of, *created) => {
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
