//! Subscriptions: made, read, changed, paused, tried out.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::harness::{ALL, Answer, Api, ES_DSL, IDS, member};

const HOOK: &str = "http://127.0.0.1:9/hook";

#[tokio::test]
async fn the_three_kinds_are_made_and_read_back() {
    let api = Api::start().await;
    let query = json!({"match": {"full_name": {"query": "Ada Example", "operator": "and"}}});
    let bodies = [
        (ES_DSL, json!({"webhook_url": HOOK, "es_dsl_query": {"query": query}}), "es_dsl"),
        (ES_DSL, json!({"webhook_url": HOOK, "es_dsl_query": query}), "es_dsl"),
        (IDS, json!({"webhook_url": HOOK, "ids": [3, 1, 2, 3]}), "ids"),
        (
            ALL,
            json!({"webhook_url": HOOK, "format": "detailed", "changes": ["closed", "removed"], "cadence": "daily",
                     "notify_first_seen": true, "match_flips": false, "description": "all of them"}),
            "all",
        ),
    ];
    let mut made = Vec::new();
    for (path, body, selector) in bodies {
        let created = api.post_json(path, &body).await.expect(StatusCode::OK);
        assert_eq!(created["status"], "active");
        assert!(created["webhook_secret"].as_str().unwrap().starts_with("whsec_"));
        assert!(created["created_at"].is_string());
        let path = format!("/v1/subscriptions/{}", created["subscription_id"].as_str().unwrap());
        let read = Answer::of(api.get(&path)).await.expect(StatusCode::OK);
        assert_eq!(read["selector"], selector);
        assert!(read.get("webhook_secret").is_none(), "the secret is shown once");
        made.push(read);
    }
    assert_eq!(made[0]["es_dsl_query"], json!({"query": query}));
    assert_eq!(made[1]["es_dsl_query"], made[0]["es_dsl_query"]);
    assert_eq!(made[0]["changes"], json!(["started", "promoted", "closed"]));
    assert_eq!(made[2]["ids"], json!([1, 2, 3]));
    assert_eq!(made[3]["changes"], json!(["closed", "removed"]));
    assert_eq!(made[3]["match_flips"], false);

    let mut listed = Vec::new();
    let mut path = "/v1/subscriptions?limit=3".to_owned();
    loop {
        let answer = Answer::of(api.get(&path)).await;
        let page = answer.expect(StatusCode::OK);
        listed.extend(page["subscriptions"].as_array().unwrap().iter().map(|one| one["subscription_id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        assert_eq!(answer.header("x-next-page-after"), next);
        path = format!("/v1/subscriptions?limit=3&after={next}");
    }
    let ids: Vec<Value> = made.iter().map(|one| one["subscription_id"].clone()).collect();
    assert_eq!(listed, ids);
    for wrong in ["limit=0", "limit=1001", "limit=x", "page=2"] {
        Answer::of(api.get(&format!("/v1/subscriptions?{wrong}"))).await.expect_problem(400, "");
    }
}

#[tokio::test]
async fn bodies_are_read_strictly() {
    let api = Api::start().await;
    let hook = ("webhook_url", json!(HOOK));
    let body =
        |fields: &[(&str, Value)]| Value::Object(fields.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect());
    let cases = [
        (ALL, body(&[]), "webhook_url", "/webhook_url"),
        (ALL, json!([]), "", ""),
        (ALL, json!("all"), "", ""),
        (ALL, body(&[("webhook_url", json!(5))]), "expected", "/webhook_url"),
        (ALL, body(&[hook.clone(), ("webhok_secret", json!(1))]), "webhok_secret", "/webhok_secret"),
        (ALL, body(&[hook.clone(), ("format", json!("compat"))]), "compat", "/format"),
        (ALL, body(&[hook.clone(), ("changes", json!(["started", "left"]))]), "left", "/changes/1"),
        (ALL, body(&[hook.clone(), ("ids", json!([1]))]), "not taken here", "/ids"),
        (ALL, body(&[hook.clone(), ("es_dsl_query", json!({}))]), "not taken here", "/es_dsl_query"),
        (ALL, body(&[hook.clone(), ("description", json!("x".repeat(1_001)))]), "1000", "/description"),
        (IDS, body(std::slice::from_ref(&hook)), "missing", "/ids"),
        (IDS, body(&[hook.clone(), ("ids", json!([]))]), "empty", "/ids"),
        (IDS, body(&[hook.clone(), ("ids", json!([1, -2]))]), "-2", "/ids/1"),
        (IDS, body(&[hook.clone(), ("ids", json!([1.5]))]), "1.5", "/ids/0"),
        (IDS, body(&[hook.clone(), ("ids", json!(["1"]))]), "string", "/ids/0"),
        (IDS, body(&[hook.clone(), ("ids", json!([9_223_372_036_854_775_808_u64]))]), "9223372036854775808", "/ids/0"),
        (IDS, body(&[hook.clone(), ("ids", json!({"1": 1}))]), "sequence", "/ids"),
        (IDS, body(&[hook.clone(), ("ids", json!((0..300_001).collect::<Vec<_>>()))]), "300000", "/ids"),
        (ES_DSL, body(std::slice::from_ref(&hook)), "missing", "/es_dsl_query"),
    ];
    for (path, body, detail, pointer) in cases {
        let problem = api.post_json(path, &body).await.expect_problem(422, detail);
        assert_eq!(problem["pointer"], pointer, "{problem}");
    }
    for (text, detail) in
        [("{", ""), ("", ""), ("{\"webhook_url\": \"a\", \"webhook_url\": \"b\"}", "webhook_url"), ("{} {}", "")]
    {
        api.send(Method::POST, ALL, text).await.expect_problem(400, detail);
    }
    api.send(Method::POST, ALL, b"{\"webhook_url\": \"\xff\"}").await.expect_problem(400, "UTF-8");
}

#[tokio::test]
async fn a_refused_query_names_its_clause() {
    let api = Api::start().await;
    let cases = [
        (json!({"query": {"term": {"experience.titel": "x"}}}), "experience.titel", "/es_dsl_query/query/term"),
        (
            json!({"query": {"bool": {"must": [{"match_all": {}}, {"geo_shape": {}}]}}}),
            "geo_shape",
            "/es_dsl_query/query/bool/must/1",
        ),
        (
            json!({"bool": {"filter": {"range": {"last_updated": {"gte": "now-1d"}}}}}),
            "last_updated",
            "/es_dsl_query/bool/filter",
        ),
        (json!({"query_string": {"query": "last_updated:2020"}}), "last_updated", "/es_dsl_query/query_string"),
        (json!({"exists": {"field": "last_updated"}}), "last_updated", "/es_dsl_query/exists"),
        (json!({"query": {"match_all": {}}, "size": 10}), "size", "/es_dsl_query/size"),
        (json!({"query": null}), "", "/es_dsl_query/query"),
        (json!({}), "", "/es_dsl_query"),
        (json!([]), "", "/es_dsl_query"),
        (json!("match_all"), "", "/es_dsl_query"),
    ];
    for (query, detail, pointer) in cases {
        let problem = api.post_json(ES_DSL, &json!({"webhook_url": HOOK, "es_dsl_query": query})).await;
        let problem = problem.expect_problem(422, detail);
        let found = problem["pointer"].as_str().unwrap();
        assert!(found.starts_with(pointer), "{found} does not lead to {pointer}: {problem}");
    }
    let listed = Answer::of(api.get("/v1/subscriptions")).await.json();
    assert_eq!(listed["subscriptions"], json!([]), "nothing of it was stored");
}

#[tokio::test]
async fn changes_touch_only_what_they_name() {
    let api = Api::start().await;
    let created = api.post_json(ALL, &json!({"webhook_url": HOOK, "description": "old"})).await.json();
    let path = format!("/v1/subscriptions/{}", created["subscription_id"].as_str().unwrap());
    let patch = async |body: Value| api.send(Method::PATCH, &path, body.to_string()).await;

    let same = patch(json!({})).await.expect(StatusCode::OK);
    assert_eq!((&same["selector"], &same["description"]), (&json!("all"), &json!("old")));
    let changed = patch(json!({"ids": [5], "format": "detailed", "cadence": "weekly", "description": null})).await;
    let changed = changed.expect(StatusCode::OK);
    assert_eq!(changed["ids"], json!([5]));
    assert_eq!((&changed["format"], &changed["cadence"]), (&json!("detailed"), &json!("weekly")));
    assert_eq!(changed["description"], Value::Null);
    assert_eq!(changed["webhook_url"], HOOK);

    let problem = patch(json!({"es_dsl_query": {"query": {"term": {"nope": 1}}}})).await.expect_problem(422, "nope");
    assert!(problem["pointer"].as_str().unwrap().starts_with("/es_dsl_query/query"), "{problem}");
    patch(json!({"es_dsl_query": {"match_all": {}}, "ids": [1]})).await.expect_problem(422, "one selector");
    patch(json!({"webhook_url": "ftp://x"})).await.expect_problem(422, "ftp");
    patch(json!({"match_flips": true})).await.expect_problem(422, "cannot be changed");
    patch(json!({"status": "paused"})).await.expect_problem(422, "status");
    let now = Answer::of(api.get(&path)).await.json();
    assert_eq!(now["ids"], json!([5]), "a refused change changes nothing");
}

#[tokio::test]
async fn paused_resumed_renewed_rotated_removed() {
    let api = Api::start().await;
    let id = api.subscribe_to_all().await;
    let path = format!("/v1/subscriptions/{id}");
    let post = async |step: &str| Answer::of(api.post(&format!("{path}/{step}"))).await;
    let paused = post("pause").await.expect(StatusCode::OK);
    assert_eq!((&paused["status"], &paused["paused_by"]), (&json!("paused"), &json!("owner")));
    assert_eq!(post("resume").await.expect(StatusCode::OK)["status"], "active");
    assert_eq!(post("renew").await.expect(StatusCode::OK)["status"], "active");
    let first = post("rotate_secret").await.expect(StatusCode::OK)["webhook_secret"].clone();
    let second = post("rotate_secret").await.expect(StatusCode::OK)["webhook_secret"].clone();
    assert!(first.as_str().unwrap().starts_with("whsec_") && first != second);

    let removed = Answer::of(api.request(Method::DELETE, &path)).await;
    assert_eq!(removed.status, 204);
    for step in ["pause", "resume", "renew", "rotate_secret", "test"] {
        post(step).await.expect_problem(404, "");
    }
    Answer::of(api.request(Method::DELETE, &path)).await.expect_problem(404, &id);
    Answer::of(api.get(&path)).await.expect_problem(404, &id);
}

#[tokio::test]
async fn events_are_paged_in_order() {
    let api = Api::start().await;
    let id = api.subscribe_to_all().await;
    let companies = ["Acme", "Globex", "Initech", "Umbrella"];
    for company in companies {
        api.put_member(&member(125, company)).await.expect(StatusCode::OK);
    }
    let path = format!("/v1/subscriptions/{id}/events");
    let all = Answer::of(api.get(&path)).await.expect(StatusCode::OK);
    let events = all["events"].as_array().unwrap();
    assert_eq!(events.len(), companies.len() - 1, "{all}");
    assert_eq!(all["next"], Value::Null);
    assert!(events.iter().all(|event| event["member_id"] == 125 && event["event_id"].is_string()));

    let first = Answer::of(api.get(&format!("{path}?limit=2"))).await.expect(StatusCode::OK);
    assert_eq!(first["events"].as_array().unwrap()[..], events[..2]);
    let rest = Answer::of(api.get(&format!("{path}?limit=2&after={}", first["next"]))).await.expect(StatusCode::OK);
    assert_eq!(rest["events"].as_array().unwrap()[..], events[2..]);
    Answer::of(api.get("/v1/subscriptions/unknown/events")).await.expect_problem(404, "unknown");
}

/// Takes one POST, answers 204, gives what came.
async fn receiver() -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let received = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; 64 << 10];
        let mut length = 0;
        while !String::from_utf8_lossy(&bytes[..length]).contains("]") {
            length += stream.read(&mut bytes[length..]).await.unwrap();
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    });
    (url, received)
}

#[tokio::test]
async fn a_simulation_reaches_the_webhook_and_stores_nothing() {
    let api = Api::start().await;
    let (url, received) = receiver().await;
    let path = "/v1/subscriptions/simulate";
    let sent = api.post_json(path, &json!({"webhook_url": url})).await.expect(StatusCode::OK);
    assert_eq!((&sent["delivered"], &sent["response_status"]), (&json!(true), &json!(204)));
    assert!(sent["webhook_secret"].as_str().unwrap().starts_with("whsec_"));
    let received = received.await.unwrap();
    assert!(received.contains("webhook-signature: v1,"), "{received}");
    assert!(received.ends_with(&sent["body"].to_string()), "{received} is not {}", sent["body"]);

    let soon = api.post_json(path, &json!({"webhook_url": url})).await;
    soon.expect_problem(429, "each 1s");
    assert_eq!(soon.header("retry-after"), "1");
    api.post_json(path, &json!({"webhook_url": "nonsense"})).await.expect_problem(422, "nonsense");
    api.post_json(path, &json!({})).await.expect_problem(422, "webhook_url");
    assert_eq!(Answer::of(api.get("/v1/subscriptions")).await.json()["subscriptions"], json!([]));
}

#[tokio::test]
async fn a_test_reaches_the_subscriptions_webhook() {
    let api = Api::start().await;
    let (url, received) = receiver().await;
    let created = api.post_json(ALL, &json!({"webhook_url": url})).await.expect(StatusCode::OK);
    let path = format!("/v1/subscriptions/{}/test", created["subscription_id"].as_str().unwrap());
    let sent = Answer::of(api.post(&path)).await.expect(StatusCode::OK);
    assert_eq!(sent["delivered"], true);
    assert!(sent.get("webhook_secret").is_none());
    assert!(received.await.unwrap().contains("webhook-id: "));
}

#[tokio::test]
async fn a_tenant_has_a_limit_of_subscriptions() {
    let api = Api::with(|config| config.limits.subscriptions_per_tenant = 2.try_into().unwrap()).await;
    api.subscribe_to_all().await;
    api.subscribe_to_all().await;
    let third = api.post_json(ALL, &json!({"webhook_url": HOOK})).await;
    third.expect_problem(422, "limits.subscriptions_per_tenant");
}
