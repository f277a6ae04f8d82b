//! The body of a delivery: a JSON list with one entry an event, in the order of commits.

use jiff::Timestamp;
use serde::Serialize;

use crate::change::Change;
use crate::event::{Event, EventStatus, MatchedPosition, Sequence};
use crate::member::MemberId;
use crate::subscription::{Format, SubscriptionId};

/// `{"member_id": 125, "status": "changed"}`: collect the member to see what is new.
///
/// The status is `changed` for every event: this format's readers know no other. Whether the member began or ceased to
/// match is said by [`DetailedEntry`].
#[derive(Serialize)]
struct CompactEntry {
    member_id: MemberId,
    status: EventStatus,
}

/// Everything that the event knows.
#[derive(Serialize)]
struct DetailedEntry<'a> {
    event_id: &'a str,
    subscription_id: &'a SubscriptionId,
    member_id: MemberId,
    status: EventStatus,
    changes: &'a [Change],
    #[serde(skip_serializing_if = "Option::is_none")]
    matched_positions: Option<&'a [MatchedPosition]>,
    occurred_at: Timestamp,
    sequence: Sequence,
}

/// A body and how many of the events it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The JSON.
    pub body: Vec<u8>,
    /// So many of the events, from the first on.
    pub events: usize,
}

/// Writes as many of the events as fit into `max_bytes`, and always the first.
///
/// # Errors
///
/// When an event cannot be written as JSON, which no event that was read from JSON does.
pub fn write(format: Format, events: &[Event], max_bytes: usize) -> Result<Payload, serde_json::Error> {
    let mut body = vec![b'['];
    let mut written = 0;
    for event in events {
        let before = body.len();
        if written > 0 {
            body.push(b',');
        }
        write_entry(format, event, &mut body)?;
        if written > 0 && body.len() >= max_bytes {
            body.truncate(before);
            break;
        }
        written += 1;
    }
    body.push(b']');
    Ok(Payload { body, events: written })
}

fn write_entry(format: Format, event: &Event, body: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    match format {
        Format::Compact => {
            serde_json::to_writer(body, &CompactEntry { member_id: event.member_id, status: EventStatus::Changed })
        }
        Format::Detailed => serde_json::to_writer(
            body,
            &DetailedEntry {
                event_id: &event.event_id,
                subscription_id: &event.subscription_id,
                member_id: event.member_id,
                status: event.status,
                changes: &event.changes,
                matched_positions: event.matched_positions.as_deref(),
                occurred_at: event.occurred_at,
                sequence: event.sequence,
            },
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::change::ChangeKind;

    fn event(sequence: u64, status: EventStatus) -> Event {
        Event {
            event_id: format!("evt_{sequence}"),
            sequence: Sequence(sequence),
            subscription_id: SubscriptionId::from("acme"),
            member_id: MemberId::try_from(125).unwrap(),
            status,
            changes: vec![Change { kind: ChangeKind::Closed, before: Some(json!({"title": "CTO"})), after: None }],
            matched_positions: Some(vec![MatchedPosition { place: 2, position: Some(json!({"title": "CTO"})) }]),
            occurred_at: "2026-11-24T03:18:39Z".parse().unwrap(),
        }
    }

    #[test]
    fn compact_is_exactly_the_documented_list() {
        let events = [event(1, EventStatus::Changed), event(2, EventStatus::StoppedMatchingQuery)];
        let payload = write(Format::Compact, &events, usize::MAX).unwrap();
        let expected = r#"[{"member_id":125,"status":"changed"},{"member_id":125,"status":"changed"}]"#;
        assert_eq!(String::from_utf8(payload.body).unwrap(), expected);
        assert_eq!(payload.events, 2);
    }

    #[test]
    fn detailed_says_everything_that_the_event_knows() {
        let payload = write(Format::Detailed, &[event(7, EventStatus::StoppedMatchingQuery)], usize::MAX).unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(&payload.body).unwrap(),
            json!([{
                "event_id": "evt_7",
                "subscription_id": "acme",
                "member_id": 125,
                "status": "stopped_matching_query",
                "changes": [{"kind": "closed", "before": {"title": "CTO"}, "after": null}],
                "matched_positions": [{"place": 2, "position": {"title": "CTO"}}],
                "occurred_at": "2026-11-24T03:18:39Z",
                "sequence": 7,
            }])
        );
    }

    #[test]
    fn a_body_holds_what_fits_and_at_least_one_event() {
        let events = [1, 2, 3].map(|sequence| event(sequence, EventStatus::Changed));
        assert_eq!(write(Format::Compact, &events, 10).unwrap().events, 1);
        let two = write(Format::Compact, &events, 80).unwrap();
        assert_eq!(two.events, 2);
        assert_eq!(serde_json::from_slice::<Vec<Value>>(&two.body).unwrap().len(), 2);
    }
}
