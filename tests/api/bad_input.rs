//! Bad input costs its sender an error with a reason, and nobody else anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::{Body, Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{ALL, Answer, Api, BULK, ES_DSL, IDS, MEMBERS};

const HOOK: &str = "http://127.0.0.1:9/hook";

fn nested(levels: usize, open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
}

#[tokio::test]
async fn what_is_no_json_is_malformed_everywhere() {
    let api = Api::start().await;
    let put = format!("{MEMBERS}/1");
    let targets = [(Method::PUT, put.as_str()), (Method::POST, ES_DSL), (Method::POST, IDS), (Method::POST, ALL)];
    let deep_lists = nested(10_000, "[", "", "]");
    let deep_objects = nested(10_000, "{\"a\":", "1", "}");
    let cases: [(&[u8], &str); 14] = [
        (b"", ""),
        (b"hello", ""),
        (b"{", ""),
        (b"{\"id\": 1,}", ""),
        (b"{\"id\": 01}", ""),
        (b"{'id': 1}", ""),
        (b"{\"id\": NaN}", ""),
        (b"{\"id\": 1} {}", ""),
        (b"\xef\xbb\xbf{\"id\": 1}", ""),
        (b"{\"id\": 1, \"id\": 2}", "duplicate key \"id\""),
        (b"{\"id\": 1, \"full_name\": \"\xff\"}", "UTF-8"),
        (b"{\"id\": 1, \"full_name\": \"\\ud800\"}", ""),
        (deep_lists.as_bytes(), "levels"),
        (deep_objects.as_bytes(), "levels"),
    ];
    for (method, path) in targets {
        for (body, detail) in cases {
            let answer = api.send(method.clone(), path, body).await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            assert_eq!(answer.status, 400, "{method} {path} {shown}: {}", answer.text);
            answer.expect_problem(400, detail);
        }
    }
    api.assert_alive().await;
}

#[tokio::test]
async fn a_body_of_one_gigabyte_is_refused_early() {
    const CHUNK: usize = 1 << 20;
    let api = Api::start().await;
    for path in [format!("{MEMBERS}/1"), ES_DSL.to_owned()] {
        let method = if path == ES_DSL { Method::POST } else { Method::PUT };
        let sent = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&sent);
        let chunks = (0..1_024).map(move |_| {
            counted.fetch_add(CHUNK as u64, Ordering::Relaxed);
            Ok::<_, std::io::Error>(vec![b' '; CHUNK])
        });
        let body = Body::wrap_stream(futures::stream::iter(chunks));
        let request = api.request(method.clone(), &path).header("content-type", "application/json").body(body);
        match request.send().await {
            Ok(response) => {
                Answer::read(response).await.expect_problem(413, "limits.body_bytes");
            }
            // A sender that does not look at the answer before it has sent all finds the connection closed.
            Err(error) => assert!(error.is_request() || error.is_body(), "{error:?}"),
        }
        let sent = sent.load(Ordering::Relaxed) >> 20;
        assert!(sent < 64, "{sent} MB were taken before the refusal");

        let announced = api
            .request(method, &path)
            .header("content-type", "application/json")
            .header("content-length", "1073741824")
            .header("expect", "100-continue")
            .body(Body::wrap_stream(futures::stream::pending::<std::io::Result<Vec<u8>>>()));
        let answer = Answer::of(announced).await;
        answer.expect_problem(413, "limits.body_bytes");
    }
    api.assert_alive().await;
}

#[tokio::test]
async fn queries_without_measure_are_refused() {
    // Large enough a body that the query's own limits decide.
    let api = Api::with(|config| config.limits.body_bytes = (64 << 20).try_into().unwrap()).await;
    let clauses = vec!["{\"match_all\":{}}"; 1_000_000].join(",");
    let million = format!("{{\"webhook_url\":\"{HOOK}\",\"es_dsl_query\":{{\"bool\":{{\"should\":[{clauses}]}}}}}}");
    api.send(Method::POST, ES_DSL, million.clone()).await.expect_problem(422, "clauses");
    let deep = nested(60, "{\"bool\":{\"must\":", "{\"match_all\":{}}", "}}");
    let deep = format!("{{\"webhook_url\":\"{HOOK}\",\"es_dsl_query\":{deep}}}");
    let answer = api.send(Method::POST, ES_DSL, deep).await;
    assert!([200, 422].contains(&answer.status.as_u16()), "{}", answer.text);
    drop(api);

    let api = Api::start().await;
    api.send(Method::POST, ES_DSL, million).await.expect_problem(413, "limits.body_bytes");
    let text = "a ".repeat(2_000_000);
    let long = json!({"webhook_url": HOOK, "es_dsl_query": {"match": {"full_name": text}}});
    let answer = api.post_json(ES_DSL, &long).await;
    assert!(answer.status == 422, "{}", answer.text);
    let terms: Vec<u32> = (0..200_000).collect();
    let many = json!({"webhook_url": HOOK, "es_dsl_query": {"terms": {"company_id": terms}}});
    api.post_json(ES_DSL, &many).await.expect_problem(422, "");
    api.assert_alive().await;
}

/// Puts something of every wrong kind at every node of a query: each is refused with a pointer, or is another good query.
#[tokio::test]
async fn a_query_of_the_wrong_shape_at_any_node_is_refused_with_its_place() {
    let api = Api::start().await;
    let query = json!({"bool": {
        "must": [
            {"match": {"full_name": {"query": "ada", "operator": "and"}}},
            {"nested": {"path": "experience", "query": {"match_phrase": {"experience.title": {"query": "a b", "slop": 1}}}}}
        ],
        "filter": {"range": {"connections_count": {"gte": 500, "lt": 900}}},
        "should": [
            {"query_string": {"query": "python", "default_field": "description"}},
            {"terms": {"skills.exact": ["rust", "go"]}},
            {"fuzzy": {"full_name": {"value": "ada", "fuzziness": 1}}}
        ],
        "must_not": {"exists": {"field": "is_deleted"}},
        "minimum_should_match": 1
    }});
    let mut pointers = Vec::new();
    collect_pointers(&query, String::new(), &mut pointers);
    let wrong = [
        json!(null),
        json!(true),
        json!(-1.5),
        json!("nonsense"),
        json!([]),
        json!({}),
        json!([[1]]),
        json!({"x": {"y": 1}}),
    ];
    let mut refused = 0;
    for pointer in &pointers {
        for value in &wrong {
            let mut changed = query.clone();
            *changed.pointer_mut(pointer).unwrap() = value.clone();
            let answer = api.post_json(ES_DSL, &json!({"webhook_url": HOOK, "es_dsl_query": {"query": changed}})).await;
            match answer.status.as_u16() {
                200 => {}
                422 => {
                    refused += 1;
                    let problem = answer.expect_problem(422, "");
                    let place = problem["pointer"].as_str().unwrap_or_default();
                    assert!(place.starts_with("/es_dsl_query"), "{pointer} = {value}: {problem}");
                }
                other => panic!("{other} for {value} at {pointer}: {}", answer.text),
            }
        }
    }
    assert!(refused > pointers.len() * 4, "{refused} of {}", pointers.len() * wrong.len());
    api.assert_alive().await;
}

fn collect_pointers(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, inner)| collect_pointers(inner, format!("{pointer}/{key}"), pointers));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(place, inner)| collect_pointers(inner, format!("{pointer}/{place}"), pointers));
        }
        _ => {}
    }
    pointers.push(pointer);
}

#[tokio::test]
async fn a_document_that_contradicts_the_mapping_is_refused() {
    let api = Api::start().await;
    let cases = [
        ("connections_count", json!("many")),
        ("connections_count", json!({"a": 1})),
        ("connections_count", json!(3_000_000_000_u64)),
        ("full_name", json!({"first": "Ada"})),
        ("experience", json!("Engineer at Acme")),
        ("experience", json!([{"title": {"x": 1}}])),
        ("last_updated", json!("yesterday")),
    ];
    for (field, value) in cases {
        let document = json!({"id": 1, field: value});
        let problem = api.put_member(&document).await.expect_problem(422, field);
        assert_eq!(problem["type"], "urn:tripline:problem:document", "{problem}");
    }
    for document in ["[]", "1", "\"x\"", "null", "[{\"id\": 1}]"] {
        api.send(Method::PUT, &format!("{MEMBERS}/1"), document).await.expect_problem(422, "object");
    }
    // `ignore_malformed`: a date of experience may be a word.
    let present = json!({"id": 1, "experience": [{"title": "Engineer", "date_to": "Present"}]});
    api.put_member(&present).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn webhook_urls_must_be_http() {
    let api = Api::start().await;
    let cases = [
        "ftp://example.com/hook",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "gopher://example.com",
        "example.com/hook",
        "//example.com/hook",
        "http://",
        "https://user:password@example.com/",
        "",
        " ",
        "http://exa mple.com/",
        "http://example.com:99999/",
    ];
    for url in cases {
        let problem = api.post_json(ALL, &json!({"webhook_url": url})).await.expect_problem(422, "webhook_url");
        assert_eq!(problem["pointer"], "/webhook_url", "{url}");
    }
    let long = format!("https://example.com/{}", "x".repeat(10_000));
    api.post_json(ALL, &json!({"webhook_url": long})).await.expect_problem(422, "bytes");
    drop(api);

    let guarded = Api::with(|config| config.allow_private_webhooks = false).await;
    for url in [
        "http://127.0.0.1/hook",
        "http://localhost/hook",
        "http://[::1]/hook",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0/",
    ] {
        guarded.post_json(ALL, &json!({"webhook_url": url})).await.expect_problem(422, "webhook_url");
        let simulated = guarded.post_json("/v1/subscriptions/simulate", &json!({"webhook_url": url})).await;
        simulated.expect_problem(422, "webhook_url");
    }
}

#[tokio::test]
async fn other_content_types_are_refused() {
    let api = Api::start().await;
    let put = format!("{MEMBERS}/1");
    for (method, path, body) in
        [(Method::PUT, put.as_str(), "{\"id\": 1}"), (Method::POST, ALL, "{\"webhook_url\": \"http://127.0.0.1:9/\"}")]
    {
        for content_type in
            ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "\u{fc}"]
        {
            let request = api.request(method.clone(), path).header("content-type", content_type.as_bytes()).body(body);
            Answer::of(request).await.expect_problem(415, "application/json");
        }
        for content_type in
            ["application/json", "application/json; charset=utf-8", "Application/JSON", "application/x+json"]
        {
            let request = api.request(method.clone(), path).header("content-type", content_type).body(body);
            Answer::of(request).await.expect(StatusCode::OK);
        }
        Answer::of(api.request(method.clone(), path).body(body)).await.expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let api = Api::with(|config| config.limits.body_timeout = std::time::Duration::from_millis(200)).await;
    let slow = || Body::wrap_stream(futures::stream::pending::<std::io::Result<Vec<u8>>>());
    let put = api.request(Method::PUT, &format!("{MEMBERS}/1")).body(slow());
    Answer::of(put).await.expect_problem(408, "limits.body_timeout");
    Answer::of(api.post(BULK).body(slow())).await.expect_problem(400, "nothing came");
}
