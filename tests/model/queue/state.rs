//! The documents of a queue, and who works on them.

use super::{ERASED, ONE_BATCH, SAME_BYTES, WITH_BODY};
use crate::search;

/// The events of the subscription, in order of their sequence: two of one member, then one of another.
pub(super) const EVENTS: [Event; 3] = [0, 1, 2];
/// The events about the member that is erased.
pub(super) const OF_ERASED_MEMBER: [Event; 2] = [0, 1];
/// So many events fit a batch.
pub(super) const BATCH: usize = 2;
/// Two nodes.
pub(super) const NODES: usize = 2;

pub(super) type Event = usize;

/// An event's document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct EventDocument {
    /// Whether it is in no batch yet.
    pub(super) is_waiting: bool,
    pub(super) is_erased: bool,
}

/// A batch's bytes: its events, and whether each still tells of the person.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Body {
    pub(super) webhook_id: u8,
    pub(super) events: Vec<(Event, bool)>,
}

/// The queue's document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Queue {
    /// The cluster's own counter of writes.
    pub(super) write: u8,
    /// The number of the next batch.
    pub(super) next_batch: u8,
    /// The batch that is to be sent.
    pub(super) open: Option<Batch>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Batch {
    pub(super) webhook_id: u8,
    pub(super) events: Vec<Event>,
}

/// Where a node is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Idle,
    /// Has read the queue, and is about to take it.
    Read(Queue),
    /// Has taken it, with what it says.
    Owner {
        queue: Queue,
        is_marked: bool,
        is_sent: bool,
    },
    /// Has searched the waiting events, and read each of them.
    Found {
        queue: Queue,
        events: Vec<(Event, EventDocument)>,
    },
    /// Has written a body of them that nothing names yet; `is_verified`: has read them back since.
    Written {
        queue: Queue,
        body: Body,
        events: Vec<(Event, EventDocument)>,
        is_verified: bool,
    },
    /// Is done with a batch, whose body is to be deleted.
    Settled {
        queue: Queue,
        batch: Batch,
    },
}

/// The name of a [`Step`], for who reads how a promise breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    Idle,
    Read,
    Owner,
    Found,
    Written,
    Settled,
}

impl Step {
    pub(super) fn at(&self) -> At {
        match self {
            Step::Idle => At::Idle,
            Step::Read(_) => At::Read,
            Step::Owner { .. } => At::Owner,
            Step::Found { .. } => At::Found,
            Step::Written { .. } => At::Written,
            Step::Settled { .. } => At::Settled,
        }
    }
}

/// Where the eraser is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Eraser {
    Waiting,
    /// The events are emptied; the bodies come next.
    EventsAreEmpty,
    Done,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) events: [Option<EventDocument>; EVENTS.len()],
    /// The events as searches see them: as they were at the last refresh.
    pub(super) searchable: [Option<EventDocument>; EVENTS.len()],
    pub(super) queue: Queue,
    pub(super) bodies: Vec<Body>,
    pub(super) nodes: [Step; NODES],
    pub(super) eraser: Eraser,
    pub(super) crashes: u8,
    /// Batches made so far, for fresh ids.
    pub(super) made: u8,
    /// What the receiver got first under each id, in order.
    pub(super) received: Vec<Batch>,
    /// The events of every batch that was ever named.
    pub(super) named: Vec<Event>,
    pub(super) broken: Option<&'static str>,
}

impl State {
    pub(super) fn mark(&mut self, batch: &Batch) {
        for event in &batch.events {
            if let Some(event) = &mut self.events[*event] {
                event.is_waiting = false;
            }
        }
    }

    /// One attempt: the body is read, sent, and taken by the receiver.
    pub(super) fn send(&mut self, batch: &Batch) {
        let Some(body) = self.bodies.iter().find(|body| body.webhook_id == batch.webhook_id) else {
            // Settled, and gone: somebody else has sent it.
            if !self.received.iter().any(|received| received.webhook_id == batch.webhook_id) {
                self.broken = Some(WITH_BODY);
            }
            return;
        };
        let tells_of_person =
            body.events.iter().any(|(event, is_erased)| OF_ERASED_MEMBER.contains(event) && !is_erased);
        if self.eraser == Eraser::Done && tells_of_person {
            self.broken = Some(ERASED);
        }
        let sent = Batch { webhook_id: body.webhook_id, events: body.events.iter().map(|(event, _)| *event).collect() };
        match self.received.iter().find(|received| received.webhook_id == sent.webhook_id) {
            Some(received) if *received != sent => self.broken = Some(SAME_BYTES),
            Some(_) => {}
            None => self.received.push(sent),
        }
    }

    pub(super) fn note_named(&mut self, batch: &Batch) {
        if batch.events.iter().any(|event| self.named.contains(event)) {
            self.broken = Some(ONE_BATCH);
        }
        self.named.extend(&batch.events);
    }

    /// Empties the events of the member, then the bodies that a refreshed search finds.
    pub(super) fn erase(&mut self) {
        self.eraser = match self.eraser {
            Eraser::Waiting => {
                for event in OF_ERASED_MEMBER {
                    if let Some(event) = &mut self.events[event] {
                        event.is_erased = true;
                    }
                }
                Eraser::EventsAreEmpty
            }
            Eraser::EventsAreEmpty => {
                for (event, is_erased) in self.bodies.iter_mut().flat_map(|body| &mut body.events) {
                    *is_erased |= OF_ERASED_MEMBER.contains(event);
                }
                Eraser::Done
            }
            Eraser::Done => Eraser::Done,
        };
    }

    pub(super) fn has_received(&self, event: Event) -> bool {
        self.received.iter().any(|batch| batch.events.contains(&event))
    }

    /// Numbers the queue's writes anew that somebody still knows of (see [`search::renumber`]).
    pub(super) fn renumber(&mut self) {
        let held = self.nodes.iter_mut().filter_map(|node| match node {
            Step::Idle => None,
            Step::Read(queue)
            | Step::Owner { queue, .. }
            | Step::Found { queue, .. }
            | Step::Written { queue, .. }
            | Step::Settled { queue, .. } => Some(&mut queue.write),
        });
        let writes: Vec<&mut u8> = held.chain([&mut self.queue.write]).collect();
        search::renumber(writes);
    }
}
