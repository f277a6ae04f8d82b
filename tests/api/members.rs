//! Updates, erasure and the stored document.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{Answer, Api, MEMBERS, member};

const COLLECT: &str = "/v1/professional_network/clean_member/collect";

#[tokio::test]
async fn an_update_says_what_it_was() {
    let api = Api::start().await;
    api.subscribe_to_all().await;
    let first = api.put_member(&member(125, "Acme")).await.expect(StatusCode::OK);
    assert_eq!(first, json!({"outcome": "new", "changes": [], "notified": 0}));

    let again = api.put_member(&member(125, "Acme")).await.expect(StatusCode::OK);
    assert_eq!(again["outcome"], "unchanged");

    let mut cosmetic = member(125, "Acme");
    cosmetic["headline"] = json!("hello");
    assert_eq!(api.put_member(&cosmetic).await.expect(StatusCode::OK)["outcome"], "cosmetic");

    let changed = api.put_member(&member(125, "Globex")).await.expect(StatusCode::OK);
    assert_eq!(changed["outcome"], "changed");
    assert_eq!(changed["notified"], 1);
    let kinds: Vec<_> = changed["changes"].as_array().unwrap().iter().map(|change| change["kind"].clone()).collect();
    assert!(kinds.contains(&json!("started")), "{changed}");
}

#[tokio::test]
async fn a_lower_version_is_stale() {
    let api = Api::start().await;
    let path = format!("{MEMBERS}/1?version=5");
    api.send(Method::PUT, &path, member(1, "Acme").to_string()).await.expect(StatusCode::OK);
    let path = format!("{MEMBERS}/1?version=4");
    let stale = api.send(Method::PUT, &path, member(1, "Globex").to_string()).await.expect(StatusCode::OK);
    assert_eq!(stale["outcome"], "stale");
    let unknown = api.send(Method::PUT, &format!("{MEMBERS}/1?verzion=4"), member(1, "A").to_string()).await;
    unknown.expect_problem(400, "verzion");
}

#[tokio::test]
async fn collect_gives_exactly_the_bytes_that_were_accepted() {
    let api = Api::start().await;
    let bytes = "{ \"full_name\" : \"Ren\u{e9}e \\u00e9\",\n\t\"id\": 7 , \"follower_count\": 10 }";
    api.send(Method::PUT, &format!("{MEMBERS}/7"), bytes).await.expect(StatusCode::OK);
    let answer = Answer::of(api.get(&format!("{COLLECT}/7"))).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, bytes));
    assert_eq!(answer.header("content-type"), "application/json");
    Answer::of(api.get(&format!("{COLLECT}/8"))).await.expect_problem(404, "no member 8");
}

#[tokio::test]
async fn erasing_leaves_nothing_to_collect_and_a_return_is_new() {
    let api = Api::start().await;
    api.put_member(&member(1, "Acme")).await.expect(StatusCode::OK);
    let path = format!("{MEMBERS}/1");
    let erased = Answer::of(api.request(Method::DELETE, &path)).await;
    assert_eq!((erased.status, erased.text.as_str()), (StatusCode::NO_CONTENT, ""));
    Answer::of(api.get(&format!("{COLLECT}/1"))).await.expect_problem(404, "no member 1");
    Answer::of(api.request(Method::DELETE, &path)).await.expect_problem(404, "no member 1");
    assert_eq!(api.put_member(&member(1, "Globex")).await.expect(StatusCode::OK)["outcome"], "new");
}

#[tokio::test]
async fn updates_that_arrive_together_are_all_applied() {
    let api = Api::start().await;
    let puts = (0..200).map(|id| {
        let document = member(id, "Acme");
        let api = &api;
        async move { api.put_member(&document).await.expect(StatusCode::OK)["outcome"].clone() }
    });
    let outcomes = futures::future::join_all(puts).await;
    assert!(outcomes.iter().all(|outcome| outcome == "new"), "{outcomes:?}");
    let api = api.restart().await;
    for id in [0, 99, 199] {
        Answer::of(api.get(&format!("{COLLECT}/{id}"))).await.expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn ids_are_whole_numbers_and_agree() {
    let api = Api::start().await;
    for id in ["-1", "1.5", "abc", "9223372036854775808", "99999999999999999999999999", "1e3", "%31x", "+1", "%F0"] {
        for (method, path) in [(Method::PUT, MEMBERS), (Method::DELETE, MEMBERS), (Method::GET, COLLECT)] {
            let answer = api.send(method.clone(), &format!("{path}/{id}"), "{}").await;
            assert_eq!(answer.status, 400, "{method} {path}/{id}: {}", answer.text);
            answer.expect_problem(400, "");
        }
    }
    let body = |id: &str| format!("{{\"id\": {id}}}");
    for id in ["2", "-1", "1.5", "\"1\"", "null", "1e400", "99999999999999999999999", "[1]", "true"] {
        let answer = api.send(Method::PUT, &format!("{MEMBERS}/1"), body(id)).await;
        let expected = if id == "1e400" { 400 } else { 422 };
        assert_eq!(answer.status, expected, "{id}: {}", answer.text);
    }
    api.send(Method::PUT, &format!("{MEMBERS}/1"), "{}").await.expect_problem(422, "\"id\"");
    let largest = i64::MAX.to_string();
    api.send(Method::PUT, &format!("{MEMBERS}/{largest}"), body(&largest)).await.expect(StatusCode::OK);
}
