//! A selector tried out: what it would do, and why.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Answer, Api, member};

const PREVIEW: &str = "/v1/subscriptions/preview";

fn works_at(company: &str) -> Value {
    json!({"query": {"nested": {"path": "experience", "query": {"match": {"experience.company_name": company}}}}})
}

#[tokio::test]
async fn a_query_alone_is_checked_normalised_and_planned() {
    let api = Api::start().await;
    let clause = json!({"match": {"full_name": "Ada Example"}});
    let preview = api.post_json(PREVIEW, &json!({"es_dsl_query": clause})).await.expect(StatusCode::OK);
    assert_eq!((&preview["selector"], &preview["es_dsl_query"]), (&json!("es_dsl"), &json!({"query": clause})));
    let anchors = preview["plan"]["anchors"].as_array().unwrap();
    assert_eq!(preview["plan"]["anchors_count"], anchors.len());
    assert!(anchors.contains(&json!("full_name has the term \"ada\"")), "{preview}");
    for absent in ["matches", "matched_positions", "explanation", "sample", "ids"] {
        assert!(preview.get(absent).is_none(), "{absent} in {preview}");
    }
    assert!(preview["plan"].get("warning").is_none(), "{preview}");

    let all_but = json!({"es_dsl_query": {"bool": {"must_not": {"exists": {"field": "headline"}}}}});
    let preview = api.post_json(PREVIEW, &all_but).await.expect(StatusCode::OK);
    assert_eq!(preview["plan"]["anchors"], json!([]));
    assert!(preview["plan"]["warning"].as_str().unwrap().contains("every document"), "{preview}");

    let listed = Answer::of(api.get("/v1/subscriptions")).await.json();
    assert_eq!(listed["subscriptions"], json!([]), "nothing was stored");
}

#[tokio::test]
async fn a_stored_member_or_a_document_is_explained() {
    let api = Api::start().await;
    let stored = member(125, "Acme");
    api.put_member(&stored).await.expect(StatusCode::OK);

    let body = json!({"es_dsl_query": works_at("ACME"), "member_id": 125});
    let preview = api.post_json(PREVIEW, &body).await.expect(StatusCode::OK);
    assert_eq!(preview["matches"], true);
    assert_eq!(preview["matched_positions"], json!([{"place": 0, "position": stored["experience"][0]}]));
    assert_eq!(preview["explanation"]["pointer"], "/es_dsl_query/query/nested");
    assert_eq!(preview["explanation"]["parts"][0]["pointer"], "/es_dsl_query/query/nested/query/match");

    let document = json!({"experience": [{"company_name": "Acmeology"}]});
    let body = json!({"es_dsl_query": works_at("Acme"), "document": document});
    let preview = api.post_json(PREVIEW, &body).await.expect(StatusCode::OK);
    assert_eq!((&preview["matches"], &preview["matched_positions"]), (&json!(false), &json!([])));
    let clause = &preview["explanation"]["parts"][0];
    assert_eq!(clause["demands"], "has the term \"acme\"");
    assert_eq!(clause["holds"][0]["at"], "experience[0].company_name");
    assert_eq!(clause["holds"][0]["values"], json!(["acmeology"]));
}

#[tokio::test]
async fn lists_of_ids_and_all_say_only_whether_they_match() {
    let api = Api::start().await;
    api.put_member(&member(125, "Acme")).await.expect(StatusCode::OK);
    for (body, selector, matches) in [
        (json!({"ids": [125, 3, 125], "member_id": 125}), "ids", true),
        (json!({"ids": [3], "member_id": 125}), "ids", false),
        (json!({"ids": [7], "document": {"id": 7}}), "ids", true),
        (json!({"ids": [7], "document": {}}), "ids", false),
        (json!({"all": true, "member_id": 125}), "all", true),
    ] {
        let preview = api.post_json(PREVIEW, &body).await.expect(StatusCode::OK);
        assert_eq!((&preview["selector"], &preview["matches"]), (&json!(selector), &json!(matches)), "{body}");
        for absent in ["plan", "explanation", "matched_positions"] {
            assert!(preview.get(absent).is_none(), "{absent} in {preview}");
        }
    }
    let preview = api.post_json(PREVIEW, &json!({"ids": [3, 1, 3]})).await.expect(StatusCode::OK);
    assert_eq!((&preview["ids"], &preview["ids_count"]), (&json!([1, 3]), &json!(2)));
}

#[tokio::test]
async fn a_sample_of_the_stored_members_is_counted() {
    let api = Api::start().await;
    for id in 1..=20 {
        api.put_member(&member(id, if id > 15 { "Acme" } else { "Globex" })).await.expect(StatusCode::OK);
    }
    let body = json!({"es_dsl_query": works_at("Acme"), "sample": 10});
    let preview = api.post_json(PREVIEW, &body).await.expect(StatusCode::OK);
    assert_eq!(preview["sample"], json!({"members": 10, "matching": 5}));
    let soon = api.post_json(PREVIEW, &body).await;
    soon.expect_problem(429, "each 1s");
    assert_eq!(soon.header("retry-after"), "1");

    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let body = json!({"ids": [3, 5, 999], "sample": 1_000});
    let preview = api.post_json(PREVIEW, &body).await.expect(StatusCode::OK);
    assert_eq!(preview["sample"], json!({"members": 20, "matching": 2}));
}

#[tokio::test]
async fn a_selector_is_refused_as_when_subscribing_with_it() {
    let api = Api::start().await;
    let query = json!({"match_all": {}});
    let cases = [
        (json!({}), "expected", Value::Null),
        (json!({"all": false}), "expected", Value::Null),
        (json!({"es_dsl_query": query, "ids": [1]}), "one selector", json!("/ids")),
        (json!({"all": true, "ids": [1]}), "another selector", json!("/all")),
        (json!({"ids": []}), "empty", json!("/ids")),
        (json!({"ids": [-1]}), "-1", json!("/ids/0")),
        (json!({"all": "yes"}), "boolean", json!("/all")),
        (
            json!({"es_dsl_query": {"query": {"term": {"full_nam": "x"}}}}),
            "full_name",
            json!("/es_dsl_query/query/term"),
        ),
        (json!({"es_dsl_query": {"exists": {"field": "last_updated"}}}), "last_updated", json!("/es_dsl_query/exists")),
        (json!({"es_dsl_query": {"query": query, "size": 1}}), "size", json!("/es_dsl_query/size")),
        (json!({"es_dsl_query": {}}), "", json!("/es_dsl_query")),
        (json!({"all": true, "webhook_url": "https://example.com"}), "webhook_url", json!("/webhook_url")),
        (json!({"all": true, "member_id": 1, "document": {}}), "one of them", json!("/document")),
        (json!({"all": true, "member_id": "x"}), "string", json!("/member_id")),
        (json!({"all": true, "document": []}), "not a list", json!("/document")),
        (json!({"all": true, "document": {"connections_count": "many"}}), "connections_count", json!("/document")),
        (json!({"all": true, "sample": 1_001}), "at most 1000", json!("/sample")),
        (json!({"all": true, "sample": -1}), "-1", json!("/sample")),
    ];
    for (body, detail, pointer) in cases {
        let problem = api.post_json(PREVIEW, &body).await.expect_problem(422, detail);
        assert_eq!(problem.get("pointer").unwrap_or(&Value::Null), &pointer, "{body}: {problem}");
    }
    api.post_json(PREVIEW, &json!({"all": true, "member_id": 4_711})).await.expect_problem(404, "4711");
    for text in ["", "{", "{\"all\": true, \"all\": true}", "{\"all\": true, \"document\": {\"id\": 1, \"id\": 2}}"] {
        api.send(Method::POST, PREVIEW, text).await.expect_problem(400, "");
    }
    let api = Api::with(|config| config.limits.body_bytes = 1_000.try_into().unwrap()).await;
    let large = json!({"all": true, "document": {"headline": "x".repeat(2_000)}});
    api.post_json(PREVIEW, &large).await.expect_problem(413, "limits.body_bytes");
}

#[tokio::test]
async fn who_reads_stored_members_needs_their_scope() {
    let api = Api::start().await;
    api.put_member(&member(125, "Acme")).await.expect(StatusCode::OK);
    let ask = async |scopes: &str, body: Value| {
        let token = api.token_of("acme", scopes);
        Answer::of(api.bare(Method::POST, PREVIEW).bearer_auth(token).json(&body)).await
    };
    let of_member = json!({"all": true, "member_id": 125});
    ask("subscriptions:write", of_member.clone()).await.expect_problem(403, "members:read");
    ask("subscriptions:write", json!({"all": true, "sample": 1})).await.expect_problem(403, "members:read");
    ask("subscriptions:write members:read", of_member.clone()).await.expect(StatusCode::OK);
    ask("subscriptions:write", json!({"all": true, "document": {"id": 1}})).await.expect(StatusCode::OK);
    ask("subscriptions:read members:read", of_member).await.expect_problem(403, "subscriptions:write");
    Answer::of(api.bare(Method::POST, PREVIEW).json(&json!({"all": true}))).await.expect_problem(401, "");
}
