//! A tenant sees and touches nothing of another's: everything of it is 404, as if it did not exist.

use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{ALL_SCOPES, Answer, Api, ID_FILE, member};

#[tokio::test]
async fn subscriptions_are_their_tenants_alone() {
    let api = Api::start().await;
    let id = api.subscribe_to_all().await;
    let path = format!("/v1/subscriptions/{id}");
    let other = api.token_of("globex", ALL_SCOPES);
    let steps = [
        (Method::GET, ""),
        (Method::PATCH, ""),
        (Method::DELETE, ""),
        (Method::GET, "/events"),
        (Method::POST, "/pause"),
        (Method::POST, "/resume"),
        (Method::POST, "/renew"),
        (Method::POST, "/test"),
        (Method::POST, "/rotate_secret"),
    ];
    for (method, step) in steps {
        let request = |token: &str, id: &str| {
            let path = format!("/v1/subscriptions/{id}{step}");
            api.bare(method.clone(), &path).bearer_auth(token).header("content-type", "application/json").body("{}")
        };
        let theirs = Answer::of(request(&other, &id)).await;
        theirs.expect_problem(404, &id);
        // The same words as for what never was: not even its existence is told.
        let nobodys = Answer::of(request(&other, "00000000-0000-7000-8000-000000000000")).await;
        assert_eq!(theirs.text.replace(&id, "00000000-0000-7000-8000-000000000000"), nobodys.text);
    }
    let listed = Answer::of(api.bare(Method::GET, "/v1/subscriptions").bearer_auth(&other)).await;
    assert_eq!(listed.expect(StatusCode::OK)["subscriptions"], json!([]));
    assert_eq!(Answer::of(api.get(&path)).await.expect(StatusCode::OK)["status"], "active");
}

#[tokio::test]
async fn names_that_begin_alike_are_other_tenants() {
    let api = Api::start().await;
    api.subscribe_to_all().await;
    for name in ["acm", "acme2", "acme ", "ACME", "acme\u{301}"] {
        let token = api.token_of(name, ALL_SCOPES);
        let listed = Answer::of(api.bare(Method::GET, "/v1/subscriptions").bearer_auth(token)).await;
        assert_eq!(listed.expect(StatusCode::OK)["subscriptions"], json!([]), "{name:?}");
    }
}

#[tokio::test]
async fn bulk_collect_requests_are_their_tenants_alone() {
    let api = Api::start().await;
    api.put_member(&member(1, "Acme")).await.expect(StatusCode::OK);
    let form = || Form::new().part("ids_file", Part::text("1").file_name("ids.txt"));
    let mine = Answer::of(api.post(ID_FILE).multipart(form())).await.expect(StatusCode::CREATED);
    let files = format!("/v1/bulk_collect/{}/files", mine["data_request_id"].as_str().unwrap());
    let other = api.token_of("globex", ALL_SCOPES);
    for path in [files.clone(), format!("{files}/clean_member-0001.json")] {
        let answer = Answer::of(api.bare(Method::GET, &path).bearer_auth(&other)).await;
        answer.expect_problem(404, "no such bulk collect request");
    }
    // Another tenant's identical request is no conflict.
    let theirs = Answer::of(api.bare(Method::POST, ID_FILE).bearer_auth(&other).multipart(form())).await;
    assert_ne!(theirs.expect(StatusCode::CREATED)["data_request_id"], mine["data_request_id"]);
}
