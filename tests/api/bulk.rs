//! `_bulk`: streams of updates.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::harness::{ALL_SCOPES, Answer, Api, BULK, member};

async fn bulk(api: &Api, body: impl Into<reqwest::Body>) -> Answer {
    Answer::of(api.post(BULK).header("content-type", "application/x-ndjson").body(body)).await
}

fn lines(ids: std::ops::Range<u64>, company: &str) -> String {
    ids.map(|id| format!("{}\n", member(id, company))).collect()
}

#[tokio::test]
async fn good_lines_are_applied_and_the_others_named() {
    let api = Api::start().await;
    api.subscribe_to_all().await;
    bulk(&api, lines(1..4, "Acme")).await.expect(StatusCode::OK);

    let mut body = Vec::new();
    body.extend(lines(1..2, "Globex").into_bytes());
    body.extend(b"\r\n{\"id\": 2,\n[]\n{\"id\": 2, \"id\": 3}\n{}\n");
    body.extend(b"{\"id\": -4}\n\xff\xfe\n{\"id\": 9, \"follower_count\": {\"a\": 1}}\n");
    body.extend(lines(3..5, "Acme").trim_end().as_bytes());
    let tally = bulk(&api, body).await.expect(StatusCode::OK);
    let numbers = ["received", "new", "unchanged", "cosmetic", "changed", "stale", "notified", "rejected_total"];
    let counts: Vec<_> = numbers.iter().map(|name| tally[*name].as_u64().unwrap()).collect();
    assert_eq!(counts, [10, 1, 1, 0, 1, 0, 1, 7], "{tally}");
    let rejected = tally["rejected"].as_array().unwrap();
    let named: Vec<_> = rejected.iter().map(|line| line["line"].as_u64().unwrap()).collect();
    assert_eq!(named, [3, 4, 5, 6, 7, 8, 9], "{tally}");
    let last = rejected.last().unwrap();
    assert_eq!(last["id"], 9);
    assert!(last["reason"].as_str().unwrap().contains("follower_count"), "{last}");
}

#[tokio::test]
async fn packed_streams_are_unpacked() {
    let api = Api::start().await;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(lines(0..700, "Acme").as_bytes()).unwrap();
    let request = api.post(BULK).header("content-encoding", "gzip").body(gzip.finish().unwrap());
    assert_eq!(Answer::of(request).await.expect(StatusCode::OK)["new"], 700);

    let packed = zstd::encode_all(lines(0..700, "Acme").as_bytes(), 3).unwrap();
    let request = api.post(BULK).header("content-encoding", "zstd").body(packed);
    assert_eq!(Answer::of(request).await.expect(StatusCode::OK)["unchanged"], 700);

    let request = api.post(BULK).header("content-encoding", "br").body("x");
    Answer::of(request).await.expect_problem(415, "gzip, zstd");
    let request = api.post(BULK).header("content-type", "text/csv").body("1");
    Answer::of(request).await.expect_problem(415, "application/x-ndjson");
    let broken = GzEncoder::new(Vec::new(), Compression::default()).finish().unwrap()[..6].to_vec();
    bulk(&api, broken).await.expect_problem(400, "cannot be read");
}

#[tokio::test]
async fn a_line_that_is_too_long_is_rejected_alone() {
    let api = Api::with(|config| config.limits.body_bytes = 1_000.try_into().unwrap()).await;
    let body = format!("{}{}\n{}", lines(1..2, "Acme"), "x".repeat(5_000_000), lines(2..3, "Acme"));
    let tally = bulk(&api, body).await.expect(StatusCode::OK);
    assert_eq!((&tally["new"], &tally["rejected_total"]), (&json!(2), &json!(1)));
    assert!(tally["rejected"][0]["reason"].as_str().unwrap().contains("1000 bytes"), "{tally}");
}

#[tokio::test]
async fn rejected_lines_are_listed_up_to_a_thousand_and_counted_beyond() {
    let api = Api::start().await;
    let tally = bulk(&api, "{}\n".repeat(2_500)).await.expect(StatusCode::OK);
    assert_eq!(tally["rejected_total"], 2_500);
    assert_eq!(tally["rejected"].as_array().unwrap().len(), 1_000);
}

#[tokio::test]
async fn an_empty_stream_is_no_error() {
    let api = Api::start().await;
    assert_eq!(bulk(&api, "").await.expect(StatusCode::OK)["received"], 0);
}

/// The sender's machine dies amid a line: the whole lines before it were sent, and they stay.
#[tokio::test]
async fn what_came_before_the_connection_broke_stays() {
    let api = Api::start().await;
    let whole = lines(0..600, "Acme");
    let half = "{\"id\": 600, \"full_na";
    let head = format!(
        "POST {BULK} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
        api.token_of("acme", ALL_SCOPES),
        whole.len() + 1_000
    );
    let address = api.url("").replace("http://", "");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}{whole}{half}").as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    drop(stream);

    let last = "/v1/professional_network/clean_member/collect/599";
    for _ in 0..100 {
        if Answer::of(api.get(last)).await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("member 599 was sent as a whole line and is not there");
}

#[tokio::test]
async fn too_many_streams_at_once_are_told_to_come_back() {
    let api = Api::with(|config| config.limits.bulk_requests = 1.try_into().unwrap()).await;
    let (sender, receiver) = futures::channel::mpsc::unbounded::<std::io::Result<String>>();
    let slow = tokio::spawn(
        api.post(BULK).header("content-type", "application/x-ndjson").body(reqwest::Body::wrap_stream(receiver)).send(),
    );
    sender.unbounded_send(Ok(lines(0..1, "Acme"))).unwrap();
    let mut refused = None;
    for _ in 0..100 {
        let answer = bulk(&api, "").await;
        if answer.status == 503 {
            refused = Some(answer);
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let refused = refused.expect("the second stream is refused while the first lasts");
    refused.expect_problem(503, "limits.bulk_requests");
    assert_eq!(refused.header("retry-after"), "1");
    drop(sender);
    let tally: Value = slow.await.unwrap().unwrap().json().await.unwrap();
    assert_eq!(tally["new"], 1);
    assert_eq!(api.request(Method::GET, "/health/ready").send().await.unwrap().status(), 200);
}
