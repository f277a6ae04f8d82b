//! The protocol as the nodes follow it, one step at a time.

use super::state::*;
use crate::search::NEWEST;

/// The rules of the protocol, each of which can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// A batch is named under the queue's `_seq_no` that was read before the search.
    NameUnderSequence,
    /// A batch is settled only when its events are marked as not waiting.
    MarkBeforeSettling,
    /// Before a batch is named its events are read back, by id: searches lag behind.
    VerifyBeforeNaming,
    /// They are read back after the body is written: a member may be erased in between.
    VerifyAfterWriting,
    /// A body's id is new each time, not the number of the batch.
    FreshIds,
    /// Nothing is sent before it is named.
    NameBeforeSending,
    /// The oldest events are taken first.
    SortBySequence,
    /// Who takes a queue goes on with the batch that is open, and makes no other of its events.
    KeepOpenBatch,
}

pub(super) struct Delivery {
    /// So many of the events arrive.
    pub(super) events: usize,
    pub(super) crashes: u8,
    pub(super) erases: bool,
    pub(super) omitted: Option<Rule>,
}

impl Delivery {
    pub(super) fn obeys(&self, rule: Rule) -> bool {
        self.omitted != Some(rule)
    }

    /// A write of the queue, if it still is as it was seen.
    pub(super) fn write(
        &self,
        state: &mut State,
        seen: &Queue,
        open: Option<Batch>,
        is_conditional: bool,
    ) -> Option<Queue> {
        if is_conditional && seen.write != state.queue.write {
            return None;
        }
        let is_new = open.is_some() && open != seen.open;
        state.queue = Queue { write: NEWEST, next_batch: seen.next_batch + u8::from(is_new), open };
        Some(state.queue.clone())
    }

    /// The next step of a node.
    pub(super) fn next(&self, state: &mut State, node: usize) {
        let step = match state.nodes[node].clone() {
            Step::Idle => Step::Read(state.queue.clone()),
            Step::Read(queue) => self.take(state, &queue),
            Step::Owner { queue, is_marked, is_sent } => self.advance(state, queue, is_marked, is_sent),
            Step::Found { queue, events } => self.write_body(state, queue, events),
            Step::Written { queue, body, events, is_verified } => self.name(state, queue, body, events, is_verified),
            Step::Settled { queue, batch } => {
                state.mark(&batch);
                state.bodies.retain(|body| body.webhook_id != batch.webhook_id);
                Step::Owner { queue, is_marked: false, is_sent: false }
            }
        };
        state.nodes[node] = step;
    }

    pub(super) fn take(&self, state: &mut State, seen: &Queue) -> Step {
        let open = seen.open.clone().filter(|_| self.obeys(Rule::KeepOpenBatch));
        match self.write(state, seen, open, true) {
            Some(queue) => Step::Owner { queue, is_marked: false, is_sent: false },
            None => Step::Idle,
        }
    }

    /// What an owner does next: mark, send and settle the open batch, or look for events.
    pub(super) fn advance(&self, state: &mut State, queue: Queue, is_marked: bool, is_sent: bool) -> Step {
        let Some(batch) = queue.open.clone() else { return self.search(state, queue) };
        if !is_sent {
            state.send(&batch);
            return Step::Owner { queue, is_marked, is_sent: true };
        }
        if !is_marked && self.obeys(Rule::MarkBeforeSettling) {
            state.mark(&batch);
            return Step::Owner { queue, is_marked: true, is_sent };
        }
        match self.write(state, &queue, None, true) {
            Some(queue) => Step::Settled { queue, batch },
            None => Step::Idle,
        }
    }

    /// The oldest waiting events, as far as a search sees them, each read once more by its id.
    pub(super) fn search(&self, state: &State, queue: Queue) -> Step {
        let hits = EVENTS.into_iter().filter(|event| state.searchable[*event].is_some_and(|event| event.is_waiting));
        let hits: Vec<Event> = match self.obeys(Rule::SortBySequence) {
            true => hits.take(BATCH).collect(),
            false => hits.rev().take(BATCH).collect(),
        };
        let read = |event: Event| {
            let stored = state.events[event].expect("what was found is stored");
            let stored = if self.obeys(Rule::VerifyBeforeNaming) {
                stored
            } else {
                EventDocument { is_waiting: true, ..stored }
            };
            (event, stored)
        };
        let events: Vec<_> = hits.into_iter().map(read).filter(|(_, event)| event.is_waiting).collect();
        match events.is_empty() {
            true => Step::Idle,
            false => Step::Found { queue, events },
        }
    }

    pub(super) fn write_body(&self, state: &mut State, queue: Queue, mut events: Vec<(Event, EventDocument)>) -> Step {
        if !self.obeys(Rule::VerifyAfterWriting) {
            events.retain(|(event, _)| state.events[*event].is_some_and(|stored| stored.is_waiting));
            if events.is_empty() {
                return Step::Idle;
            }
        }
        let webhook_id = if self.obeys(Rule::FreshIds) { state.made } else { queue.next_batch };
        state.made += 1;
        let body = Body { webhook_id, events: events.iter().map(|(event, read)| (*event, read.is_erased)).collect() };
        state.bodies.retain(|body| body.webhook_id != webhook_id);
        state.bodies.push(body.clone());
        if !self.obeys(Rule::NameBeforeSending) {
            state.send(&Batch { webhook_id, events: events.iter().map(|(event, _)| *event).collect() });
        }
        let is_verified = !self.obeys(Rule::VerifyBeforeNaming) || !self.obeys(Rule::VerifyAfterWriting);
        Step::Written { queue, body, events, is_verified }
    }

    /// Reads the events back, then names the batch.
    pub(super) fn name(
        &self,
        state: &mut State,
        queue: Queue,
        body: Body,
        events: Vec<(Event, EventDocument)>,
        is_verified: bool,
    ) -> Step {
        if !is_verified {
            if events.iter().any(|(event, read)| state.events[*event] != Some(*read)) {
                state.bodies.retain(|stored| stored.webhook_id != body.webhook_id);
                return Step::Idle;
            }
            return Step::Written { queue, body, events, is_verified: true };
        }
        let events: Vec<Event> = events.into_iter().map(|(event, _)| event).collect();
        let batch = Batch { webhook_id: body.webhook_id, events };
        match self.write(state, &queue, Some(batch.clone()), self.obeys(Rule::NameUnderSequence)) {
            Some(queue) => {
                state.note_named(&batch);
                Step::Owner { queue, is_marked: false, is_sent: false }
            }
            None => {
                if self.obeys(Rule::FreshIds) {
                    state.bodies.retain(|stored| stored.webhook_id != body.webhook_id);
                }
                Step::Idle
            }
        }
    }

    /// One node alone, everything refreshed, everybody else gone: what it leaves behind.
    pub(super) fn drained(&self, state: &State) -> State {
        let mut state = state.clone();
        if state.eraser == Eraser::EventsAreEmpty {
            state.erase();
        }
        state.nodes = [Step::Idle, Step::Idle];
        loop {
            state.searchable = state.events;
            self.next(&mut state, 0);
            state.renumber();
            let is_waiting = state.events.iter().flatten().any(|event| event.is_waiting);
            if state.nodes[0] == Step::Idle && state.queue.open.is_none() && !is_waiting {
                state.bodies.clear();
                return state;
            }
        }
    }

    pub(super) fn is_recoverable(&self, state: &State) -> bool {
        let state = self.drained(state);
        EVENTS.into_iter().filter(|event| state.events[*event].is_some()).all(|event| state.has_received(event))
    }
}
