//! One member, written by many through two nodes at the same time.

use std::collections::BTreeSet;

use rand::SeedableRng;
use rand::rngs::StdRng;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::promises::company;
use super::receiver::started;
use super::senders::{Request, send};
use super::server::Server;
use super::world::World;
use super::{PATIENCE, seed, soak};

const MEMBER: u64 = 7;
const SENDERS: u32 = 8;
const UPDATES_EACH: u32 = 12;

#[tokio::test(flavor = "multi_thread")]
async fn updates_of_one_member_from_two_nodes_are_one_chain_of_events() {
    let world = World::new("storm").await;
    let (first_home, second_home) = (world.home(), world.home());
    let (first, second) = (Server::start(&first_home).await, Server::start(&second_home).await);
    let wish = json!({
        "webhook_url": format!("http://{}/hook/0", world.receiver.address()), "format": "detailed",
        "changes": ["started", "removed"]
    });
    let path = "/v1/subscriptions/professional_network/member_experience/all";
    let made = first.caller().post(path, "application/json", wish.to_string()).await.unwrap();
    assert_eq!(made.status, StatusCode::OK, "{:?}", made.body);
    world.until_active(&first, 0, made.body.unwrap()["subscription_id"].as_str().unwrap()).await;

    let updates = UPDATES_EACH * u32::try_from(soak()).unwrap();
    let mut random = StdRng::seed_from_u64(seed());
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let servers = vec![first.caller(), second.caller()];
            let mut random = StdRng::from_rng(&mut random);
            tokio::spawn(async move {
                let mut outcomes = Vec::new();
                for number in sender * updates..(sender + 1) * updates {
                    let request = Request::Put { member: MEMBER, document: document(number) };
                    let (answer, _) = send(&request, || servers.clone(), &mut random).await;
                    outcomes.push((number, answer["outcome"].as_str().unwrap().to_owned()));
                }
                outcomes
            })
        })
        .collect();
    let mut outcomes = Vec::new();
    for sender in senders {
        outcomes.extend(sender.await.unwrap());
    }

    let baseline: Vec<u32> =
        outcomes.iter().filter(|(_, outcome)| outcome == "new").map(|(number, _)| *number).collect();
    let [baseline] = baseline[..] else { panic!("not one update was the first: {baseline:?}") };
    let changed: BTreeSet<u32> = outcomes.iter().map(|(number, _)| *number).filter(|it| *it != baseline).collect();
    let all = world.receiver.until_events(0, MEMBER, changed.len());
    assert!(tokio::time::timeout(PATIENCE, all).await.is_ok(), "{} of {}", told(&world).len(), changed.len());

    let mut last = baseline;
    for event in told(&world) {
        assert_eq!(removed(&event), company(MEMBER, last), "it tells another past: {event}");
        last = started(&event, MEMBER);
    }
    let told: Vec<u32> = told(&world).iter().map(|event| started(event, MEMBER)).collect();
    assert_eq!(told.len(), changed.len());
    assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), changed);
    assert_eq!(second.collect(MEMBER).await, Some(document(last)));
}

fn told(world: &World) -> Vec<Value> {
    world.receiver.events(0, MEMBER)
}

fn document(number: u32) -> String {
    let position = json!({"company_name": company(MEMBER, number), "title": format!("Title {number}"),
        "date_from": format!("{}-01", 1950 + number % 70)});
    json!({"id": MEMBER, "experience": [position]}).to_string()
}

fn removed(event: &Value) -> String {
    let changes = event["changes"].as_array().unwrap();
    let gone: Vec<&Value> = changes.iter().filter(|change| change["kind"] == "removed").collect();
    let [gone] = gone[..] else { panic!("not one position is gone: {event}") };
    gone["before"]["company_name"].as_str().unwrap().to_owned()
}
