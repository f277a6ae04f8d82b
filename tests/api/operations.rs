//! Health, metrics, the description, and what is no route.

use reqwest::{Method, StatusCode};

use crate::harness::{ALL, Answer, Api, member};

#[tokio::test]
async fn health_and_description_need_no_token() {
    let api = Api::start().await;
    for (path, content) in [
        ("/health/live", "live"),
        ("/health/ready", "ready"),
        ("/openapi.json", "\"openapi\":\"3.1"),
        ("/docs/", "swagger"),
    ] {
        let answer = Answer::of(api.bare(Method::GET, path)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.text.contains(content), "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_updates_by_outcome() {
    let api = Api::start().await;
    api.put_member(&member(1, "Acme")).await.expect(StatusCode::OK);
    let answer = Answer::of(api.get("/metrics")).await;
    assert_eq!(answer.status, 200);
    for expected in [
        "tripline_http_requests_total{method=\"PUT\",route=\"/v1/professional_network/clean_member/{member_id}\",status=\"200\"}",
        "tripline_updates_total{outcome=\"new\"}",
        "tripline_http_request_seconds_bucket",
        "tripline_subscriptions_compiled",
    ] {
        assert!(answer.text.contains(expected), "{expected} is not in {}", answer.text);
    }
    assert!(!answer.text.contains("clean_member/1\""), "paths are no labels");
}

#[tokio::test]
async fn what_is_no_route_is_a_problem_too() {
    let api = Api::start().await;
    Answer::of(api.bare(Method::GET, "/v2/nothing")).await.expect_problem(404, "/v2/nothing");
    let answer = Answer::of(api.request(Method::PUT, ALL)).await;
    answer.expect_problem(405, "PUT");
    assert_eq!(answer.header("allow"), "POST");
}
