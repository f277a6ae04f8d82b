//! The life of subscriptions.

use jiff::SignedDuration;
use serde_json::json;
use tripline::engine::{SubscriptionError, SubscriptionPatch};
use tripline::subscription::{Cadence, Format, PausedBy, Selector, Status, Tenant};
use tripline::{ChangeKind, SubscriptionId};

use super::support::*;

#[test]
fn a_subscription_survives_a_restart_and_goes_on_selecting() {
    let workshop = Workshop::new();
    let made = [
        workshop.subscribe(works_at("Acme")),
        workshop.subscribe(Selector::Ids(vec![member_id(125)])),
        workshop.subscribe(Selector::All),
    ];
    let workshop = workshop.reopened();

    for subscription in &made {
        assert_eq!(&workshop.engine.subscription(&sales(), &subscription.id).unwrap(), subscription);
    }
    workshop.apply(member(125, [at("Acme", "Engineer")]));
    assert_eq!(workshop.apply(member(125, [formerly_at("Acme", "Engineer")])).notified.len(), 3);
}

#[test]
fn subscriptions_made_together_are_all_made_or_none() {
    let workshop = Workshop::new();
    let refused = [wish(works_at("Acme")), wish(Selector::Ids(vec![]))];
    assert!(matches!(workshop.engine.subscribe_all(refused.into()), Err(SubscriptionError::NoIds)));
    assert!(workshop.engine.percolator().is_empty());

    let made = workshop.engine.subscribe_all(vec![wish(works_at("Acme")), wish(Selector::All)]).unwrap();
    let workshop = workshop.reopened();
    workshop.apply(member(125, []));
    let outcome = workshop.apply(member(125, [at("Acme", "Engineer")]));
    let made: Vec<SubscriptionId> = made.into_iter().map(|subscription| subscription.id).collect();
    assert_eq!(outcome.notified, made);
}

#[test]
fn no_update_after_the_answer_misses_a_subscription() {
    let workshop = Workshop::new();
    workshop.apply(member(125, []));
    std::thread::scope(|scope| {
        let busy = scope.spawn(|| {
            for round in 0..50 {
                workshop.apply(member(1, [at(&format!("Company {round}"), "Engineer")]));
            }
        });
        for round in 0..10 {
            let everyone = workshop.subscribe(Selector::All);
            let outcome = workshop.apply(member(125, [at(&format!("Company {round}"), "Engineer")]));
            assert!(outcome.notified.contains(&everyone.id));
        }
        busy.join().unwrap();
    });
}

#[test]
fn ids_are_sorted_and_repeats_dropped() {
    let workshop = Workshop::new();
    let subscription = workshop.subscribe(Selector::Ids([3, 1, 3, 2, 1].map(member_id).into()));
    assert_eq!(subscription.selector, Selector::Ids([1, 2, 3].map(member_id).into()));
}

#[test]
fn no_ids_and_too_many_ids_are_refused() {
    let workshop = Workshop::with(|options| options.max_ids = 2);
    let subscribe =
        |ids: Vec<u64>| workshop.engine.subscribe(wish(Selector::Ids(ids.into_iter().map(member_id).collect())));
    assert!(matches!(subscribe(vec![]), Err(SubscriptionError::NoIds)));
    assert!(matches!(subscribe(vec![1, 2, 3]), Err(SubscriptionError::TooManyIds { given: 3, limit: 2 })));
    assert!(subscribe(vec![1, 2, 2, 1]).is_ok());
}

#[test]
fn a_query_that_cannot_be_matched_is_refused_with_its_clause() {
    let workshop = Workshop::new();
    let refused = workshop.engine.subscribe(wish(Selector::EsDsl(json!({"term": {"headlin": "x"}}))));
    let Err(SubscriptionError::Query(error)) = refused else { panic!("{refused:?}") };
    assert!(error.pointer.starts_with("/term"), "{error}");
    assert!(workshop.engine.subscriptions(&sales(), None, 10).unwrap().subscriptions.is_empty());
}

#[test]
fn a_query_that_is_too_deep_to_be_read_again_is_refused() {
    let workshop = Workshop::new();
    let query = (0..50).fold(json!({"match_all": {}}), |inner, _| json!({"bool": {"must": [inner]}}));
    let refused = workshop.engine.subscribe(wish(Selector::EsDsl(query)));
    assert!(matches!(refused, Err(SubscriptionError::Query(_))), "{refused:?}");
    workshop.reopened();
}

#[test]
fn a_query_may_not_use_a_forbidden_field() {
    let workshop = Workshop::new();
    let query = || Selector::EsDsl(json!({"range": {"last_updated": {"gte": "2024-01-01"}}}));
    assert!(matches!(workshop.engine.subscribe(wish(query())), Err(SubscriptionError::Query(_))));

    let free = Workshop::with(|options| options.forbidden_fields.clear());
    assert!(free.engine.subscribe(wish(query())).is_ok());
}

#[test]
fn a_tenant_neither_sees_nor_touches_anothers_subscriptions() {
    let workshop = Workshop::new();
    let id = workshop.subscribe(Selector::All).id;
    let (engine, stranger) = (&workshop.engine, Tenant::from("sal"));

    assert!(matches!(engine.subscription(&stranger, &id), Err(SubscriptionError::Unknown(_))));
    assert!(matches!(engine.change(&stranger, &id, SubscriptionPatch::default()), Err(SubscriptionError::Unknown(_))));
    assert!(matches!(engine.pause(&stranger, &id, ""), Err(SubscriptionError::Unknown(_))));
    assert!(matches!(engine.resume(&stranger, &id), Err(SubscriptionError::Unknown(_))));
    assert!(matches!(engine.renew(&stranger, &id), Err(SubscriptionError::Unknown(_))));
    assert!(matches!(engine.rotate_secret(&stranger, &id), Err(SubscriptionError::Unknown(_))));
    assert!(matches!(engine.events(&stranger, &id, None, 10), Err(SubscriptionError::Unknown(_))));
    assert!(matches!(engine.delete(&stranger, &id), Err(SubscriptionError::Unknown(_))));
    assert!(engine.subscriptions(&stranger, None, 10).unwrap().subscriptions.is_empty());
    assert!(engine.subscription(&sales(), &id).is_ok());
}

#[test]
fn a_tenants_subscriptions_are_listed_by_pages_in_order_of_their_making() {
    let workshop = Workshop::new();
    let made: Vec<SubscriptionId> = (0..5).map(|_| workshop.subscribe(Selector::All).id).collect();
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = workshop.engine.subscriptions(&sales(), after.as_ref(), 2).unwrap();
        listed.extend(page.subscriptions.into_iter().map(|subscription| subscription.id));
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    assert_eq!(listed, made);
}

#[test]
fn a_page_of_large_id_lists_ends_early() {
    let workshop = Workshop::new();
    for _ in 0..5 {
        workshop.subscribe(Selector::Ids((0..300_000).map(member_id).collect()));
    }
    let page = workshop.engine.subscriptions(&sales(), None, 5).unwrap();
    assert_eq!(page.subscriptions.len(), 4);
    let rest = workshop.engine.subscriptions(&sales(), page.next.as_ref(), 5).unwrap();
    assert_eq!((rest.subscriptions.len(), rest.next), (1, None));
}

#[test]
fn a_patch_changes_what_it_names_and_nothing_else() {
    let workshop = Workshop::new();
    let before = workshop.subscribe(Selector::All);
    let patch = SubscriptionPatch {
        format: Some(Format::Detailed),
        changes: Some([ChangeKind::Closed].into()),
        cadence: Some(Cadence::Daily),
        description: Some(Some("leavers".to_owned())),
        webhook_url: Some("https://example.com/other".parse().unwrap()),
        selector: None,
    };

    let after = workshop.engine.change(&sales(), &before.id, patch).unwrap();

    assert_eq!(workshop.engine.subscription(&sales(), &before.id).unwrap(), after);
    assert_eq!(after.format, Format::Detailed);
    assert_eq!(after.changes, [ChangeKind::Closed].into());
    assert_eq!(after.cadence, Cadence::Daily);
    assert_eq!(after.description.as_deref(), Some("leavers"));
    assert_eq!(after.webhook_url.path(), "/other");
    assert_eq!((&after.selector, &after.webhook_secret), (&before.selector, &before.webhook_secret));
    workshop.apply(member(125, [at("Acme", "Engineer")]));
    assert!(workshop.apply(member(125, [at("Acme", "Engineer"), at("Globex", "CTO")])).notified.is_empty());
}

#[test]
fn a_changed_selector_selects_from_the_next_update_on() {
    let workshop = Workshop::new();
    let subscription = workshop.subscribe(Selector::Ids(vec![member_id(1)]));
    for id in [1, 2] {
        workshop.apply(member(id, [at("Acme", "Engineer")]));
    }

    let patch = SubscriptionPatch { selector: Some(Selector::Ids(vec![member_id(2)])), ..Default::default() };
    workshop.engine.change(&sales(), &subscription.id, patch).unwrap();

    assert!(workshop.apply(member(1, [at("Globex", "Engineer")])).notified.is_empty());
    assert_eq!(workshop.apply(member(2, [at("Globex", "Engineer")])).notified, [subscription.id]);
}

#[test]
fn a_patch_that_is_refused_changes_nothing() {
    let workshop = Workshop::new();
    let before = workshop.subscribe(Selector::All);
    let patch = SubscriptionPatch {
        format: Some(Format::Detailed),
        selector: Some(Selector::EsDsl(json!({"nonsense": {}}))),
        ..Default::default()
    };
    assert!(workshop.engine.change(&sales(), &before.id, patch).is_err());
    assert_eq!(workshop.engine.subscription(&sales(), &before.id).unwrap(), before);
}

#[test]
fn deleting_a_subscription_removes_its_events() {
    let workshop = Workshop::new();
    let (gone, kept) = (workshop.subscribe(Selector::All), workshop.subscribe(Selector::All));
    workshop.apply(member(125, [at("Acme", "Engineer")]));
    workshop.apply(member(125, [at("Globex", "Engineer")]));

    workshop.engine.delete(&sales(), &gone.id).unwrap();

    assert!(matches!(workshop.engine.subscription(&sales(), &gone.id), Err(SubscriptionError::Unknown(_))));
    assert!(matches!(workshop.engine.delete(&sales(), &gone.id), Err(SubscriptionError::Unknown(_))));
    assert!(workshop.engine.store().events(&gone.id, None, 10).unwrap().is_empty());
    assert_eq!(workshop.events(&kept).len(), 1);
    assert_eq!(workshop.apply(member(125, [at("Initech", "Engineer")])).notified, [kept.id]);
}

#[test]
fn pausing_and_resuming_say_so() {
    let workshop = Workshop::new();
    let id = workshop.subscribe(Selector::All).id;

    let paused = workshop.engine.pause(&sales(), &id, "holiday").unwrap();
    assert_eq!(paused.status, Status::Paused { by: PausedBy::Owner, reason: "holiday".to_owned() });
    let paused = workshop.engine.pause_by_system(&id, "503 for three days").unwrap();
    assert_eq!(paused.status, Status::Paused { by: PausedBy::System, reason: "503 for three days".to_owned() });
    assert_eq!(workshop.engine.resume(&sales(), &id).unwrap().status, Status::Active);
}

#[test]
fn an_ended_subscription_stays_ended() {
    let workshop = Workshop::new();
    let id = workshop.subscribe(Selector::All).id;
    workshop.engine.end(&id, "410 Gone").unwrap();

    assert!(matches!(workshop.engine.resume(&sales(), &id), Err(SubscriptionError::Ended { .. })));
    assert!(matches!(workshop.engine.renew(&sales(), &id), Err(SubscriptionError::Ended { .. })));
    let status = workshop.engine.subscription(&sales(), &id).unwrap().status;
    assert_eq!(status, Status::Ended { reason: "410 Gone".to_owned() });
    workshop.engine.delete(&sales(), &id).unwrap();
}

#[test]
fn a_subscription_expires_and_renewing_moves_its_end() {
    let hour = std::time::Duration::from_secs(3600);
    let workshop = Workshop::with(|options| options.subscription_lifetime = Some(hour));
    let id = workshop.subscribe(Selector::All).id;
    workshop.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(workshop.engine.subscription(&sales(), &id).unwrap().status, Status::Expired);

    let renewed = workshop.engine.renew(&sales(), &id).unwrap();

    assert_eq!(renewed.status, Status::Active);
    assert_eq!(renewed.expires_at, Some(workshop.clock.now() + SignedDuration::from_hours(1)));
}

#[test]
fn a_secret_is_one_of_the_standard_and_rotating_gives_another() {
    let workshop = Workshop::new();
    let subscription = workshop.subscribe(Selector::All);
    assert!(standardwebhooks::Webhook::new(&subscription.webhook_secret).is_ok());
    assert_eq!(subscription.webhook_secret.len(), "whsec_".len() + 32);

    let rotated = workshop.engine.rotate_secret(&sales(), &subscription.id).unwrap();

    assert_ne!(rotated.webhook_secret, subscription.webhook_secret);
    assert_eq!(workshop.engine.subscription(&sales(), &subscription.id).unwrap(), rotated);
}

#[test]
fn delivery_is_woken_when_a_subscription_is_resumed() {
    let workshop = Workshop::new();
    let id = workshop.subscribe(Selector::All).id;
    let mut revisions = workshop.engine.subscriptions_changed();
    revisions.borrow_and_update();

    workshop.engine.resume(&sales(), &id).unwrap();

    assert!(revisions.has_changed().unwrap());
}
