//! The documents of a member, and who works on them.

use crate::search;

/// What the member's document says of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Content {
    Erased,
    Profile(char),
}

/// What is still to be done for the version that a document holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Pending {
    Nothing,
    /// An event for each subscription is to be created.
    Events {
        from: Content,
    },
    /// The events of all versions so far are to be emptied of what they say of the person.
    Erasing,
}

/// The member's document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Document {
    /// The cluster's own counter of writes, `_seq_no` and `_primary_term` in one.
    pub(super) write: u8,
    pub(super) version: u8,
    pub(super) content: Content,
    pub(super) pending: Pending,
}

/// An event's document; its id is made of the version and the subscription.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Event {
    pub(super) version: u8,
    pub(super) subscription: u8,
    /// The content before and after; `None` once the member was erased.
    pub(super) told: Option<(Content, Content)>,
    /// Whether no deliverer has taken it yet.
    pub(super) is_waiting: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Update {
    Put(char),
    Erase,
}

/// Where a writer, or the sweeper, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Idle,
    /// Has read the member; `is_settled`: knows that this is durable, and that nothing of it is pending.
    Judging {
        seen: Document,
        is_settled: bool,
    },
    /// Creates the events that `of` has pending, one after the other.
    Relaying {
        of: Document,
        relayed: u8,
        next: Next,
    },
}

/// What follows when everything is relayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Next {
    Judge,
    Clear,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Actor {
    /// What it has to apply; always empty for the sweeper.
    pub(super) updates: Vec<Update>,
    pub(super) step: Step,
}

/// A version that became durable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Commit {
    pub(super) version: u8,
    pub(super) from: Content,
    pub(super) to: Content,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) document: Document,
    /// A write that is on one copy only: it can be read, was not acknowledged, and may vanish with its node.
    pub(super) dirty: Option<Document>,
    pub(super) events: Vec<Event>,
    /// The writers, then the sweeper.
    pub(super) actors: Vec<Actor>,
    /// So many more things may go wrong, of any kind.
    pub(super) faults: u8,
    pub(super) commits: Vec<Commit>,
    /// The versions that deliverers took for each subscription, in order.
    pub(super) taken: Vec<Vec<u8>>,
    /// Whether something was acknowledged that is not durable.
    pub(super) has_lied: bool,
}

/// What happens to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Answered,
    /// Durable, but the writer does not hear of it.
    AnswerLost,
    /// On one copy only, and the writer hears nothing.
    OnOneCopy,
}

impl State {
    pub(super) fn commit(&mut self, new: Document) {
        let from = self.document.content;
        if new.content != from || new.version != self.document.version {
            self.commits.push(Commit { version: new.version, from, to: new.content });
        }
        self.document = new;
    }

    pub(super) fn acknowledge(&mut self, actor: usize, content: Content) {
        self.has_lied |= content != Content::Profile('A') && !self.commits.iter().any(|commit| commit.to == content);
        self.actors[actor].updates.remove(0);
    }

    /// Takes the oldest waiting event of a subscription; says whether there was one.
    pub(super) fn take(&mut self, subscription: u8) -> bool {
        let waiting = self.events.iter_mut().find(|event| event.subscription == subscription && event.is_waiting);
        let Some(event) = waiting else { return false };
        event.is_waiting = false;
        self.taken[usize::from(subscription)].push(event.version);
        true
    }

    /// Numbers the writes anew that somebody still knows of (see [`search::renumber`]).
    pub(super) fn renumber(&mut self) {
        let held = self.actors.iter_mut().filter_map(|actor| match &mut actor.step {
            Step::Idle => None,
            Step::Judging { seen: document, .. } | Step::Relaying { of: document, .. } => Some(&mut document.write),
        });
        let stored = [&mut self.document.write].into_iter().chain(self.dirty.as_mut().map(|dirty| &mut dirty.write));
        let writes: Vec<&mut u8> = held.chain(stored).collect();
        search::renumber(writes);
    }

    pub(super) fn is_finished(&self) -> bool {
        self.actors.iter().all(|actor| actor.updates.is_empty() && actor.step == Step::Idle)
    }
}
