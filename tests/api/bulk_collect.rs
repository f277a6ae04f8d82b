//! Bulk Collect: ids in, files out.

use std::time::Duration;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Answer, Api, BULK, ID_FILE, MEMBERS, member};

async fn with_members(ids: impl Iterator<Item = u64>) -> Api {
    let api = Api::start().await;
    add(&api, ids).await;
    api
}

async fn add(api: &Api, ids: impl Iterator<Item = u64>) {
    let body: String = ids.map(|id| format!("{}\n", member(id, "Acme"))).collect();
    Answer::of(api.post(BULK).body(body)).await.expect(StatusCode::OK);
}

fn form(ids: impl Into<Vec<u8>>, format: Option<&'static str>) -> Form {
    let form = Form::new().part("ids_file", Part::bytes(ids.into()).file_name("ids.csv"));
    match format {
        Some(format) => form.text("data_format", format),
        None => form,
    }
}

async fn request(api: &Api, ids: impl Into<Vec<u8>>, format: Option<&'static str>) -> Answer {
    Answer::of(api.post(ID_FILE).multipart(form(ids, format))).await
}

/// The files' location, and the list once it is there.
async fn finished(api: &Api, accepted: &Answer) -> (String, Value) {
    let id = accepted.expect(StatusCode::CREATED)["data_request_id"].as_str().unwrap().to_owned();
    let location = format!("/v1/bulk_collect/{id}/files");
    assert_eq!(accepted.header("location"), location);
    let files = wait(api, &location).await;
    (location, files)
}

async fn wait(api: &Api, location: &str) -> Value {
    for _ in 0..500 {
        let answer = Answer::of(api.get(location)).await;
        match answer.status.as_u16() {
            200 => return answer.json(),
            202 => assert_eq!(answer.json(), json!({"status": "in_progress"})),
            other => panic!("{other}: {}", answer.text),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not finished in ten seconds");
}

#[tokio::test]
async fn documents_come_as_a_json_array() {
    let api = with_members(1..4).await;
    let (location, files) = finished(&api, &request(&api, "\u{feff}3\r\n1\r\n77\r\n", None).await).await;
    let file = &files["files"][0];
    assert_eq!((&file["file_name"], &file["members"]), (&json!("clean_member-0001.json"), &json!(2)));

    let answer = Answer::of(api.get(&format!("{location}/clean_member-0001.json"))).await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.text.len() as u64, file["size"]);
    assert_eq!(answer.json(), json!([member(3, "Acme"), member(1, "Acme")]));
}

#[tokio::test]
async fn documents_come_as_csv() {
    let api = with_members(1..2).await;
    let (location, _) = finished(&api, &request(&api, "1", Some("csv")).await).await;
    let text = Answer::of(api.get(&format!("{location}/clean_member-0001.csv"))).await.text;
    let mut rows = text.lines();
    assert_eq!(rows.next(), Some("id,experience,full_name"));
    assert!(rows.next().unwrap().starts_with("1,\"[{\"\"company_name\"\":\"\"Acme\"\""), "{text}");
}

#[tokio::test]
async fn files_are_packed_and_cut_as_asked() {
    let api = with_members(1..50).await;
    let ids: String = (1..50).map(|id| format!("{id}\n")).collect();
    let (location, _) = finished(&api, &request(&api, ids, None).await).await;
    let path = format!("{location}/clean_member-0001.json");
    let plain = Answer::of(api.get(&path)).await;

    let ranged = Answer::of(api.get(&path).header("range", "bytes=10-19")).await;
    assert_eq!((ranged.status.as_u16(), ranged.text.as_str()), (206, &plain.text[10..20]));
    assert_eq!(ranged.header("content-range"), format!("bytes 10-19/{}", plain.text.len()));
    assert_eq!(Answer::of(api.get(&path).header("range", "bytes=99999999-")).await.status, 416);

    let packed = api.get(&path).header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert!(packed.headers()["vary"].to_str().unwrap().contains("accept-encoding"));
    let bytes = packed.bytes().await.unwrap();
    let unpacked = std::io::read_to_string(flate2::read::GzDecoder::new(&bytes[..])).unwrap();
    assert_eq!(unpacked, plain.text);

    let head = Answer::of(api.request(Method::HEAD, &path)).await;
    assert_eq!((head.status.as_u16(), head.header("accept-ranges")), (200, "bytes"));
}

#[tokio::test]
async fn no_name_leads_out_of_the_request() {
    let api = with_members(1..2).await;
    let (location, _) = finished(&api, &request(&api, "1", None).await).await;
    for name in [
        "nothing.json",
        "clean_member-0001.json.gz",
        "..%2F..%2Fjwt-secret",
        "..%2f..%2ftripline.redb",
        "%2Fetc%2Fpasswd",
        "clean_member-0001.json%00",
        "..%5c..%5cjwt-secret",
        ".",
    ] {
        let answer = Answer::of(api.get(&format!("{location}/{name}"))).await;
        assert!(
            [404, 405].contains(&answer.status.as_u16()) || answer.json()["files"].is_array(),
            "{name}: {}",
            answer.text
        );
        assert!(!answer.text.contains("root:"), "{name}");
    }
    for id in ["..", "%2e%2e", "..%2F..", "x"] {
        let answer = Answer::of(api.get(&format!("/v1/bulk_collect/{id}/files"))).await;
        answer.expect_problem(404, "");
    }
}

#[tokio::test]
async fn bad_id_files_are_refused_with_the_line() {
    let api = with_members(1..2).await;
    let many: String = (0..10_001).map(|id| format!("{id}\n")).collect();
    let cases: [(&[u8], u16, &str); 9] = [
        (b"id\n1\n", 400, "line 1"),
        (b"1\n-2\n", 400, "line 2"),
        (b"1\n2.5\n", 400, "line 2"),
        (b"1;2\n", 400, "line 1"),
        (b"1\n\xff\xfe\n", 400, "line 2"),
        (b"", 400, "holds no id"),
        (b"1\n2\n1\n", 422, "line 3"),
        (many.as_bytes(), 422, "10000"),
        (b"555\n", 404, "none of the ids"),
    ];
    for (ids, status, detail) in cases {
        request(&api, ids, None).await.expect_problem(status, detail);
    }
    request(&api, "1", Some("xml")).await.expect_problem(422, "\"xml\"");
    let no_file = Answer::of(api.post(ID_FILE).multipart(Form::new().text("data_format", "csv"))).await;
    no_file.expect_problem(400, "ids_file");
    let unknown = Answer::of(api.post(ID_FILE).multipart(form("1", None).text("webhook", "x"))).await;
    unknown.expect_problem(422, "\"webhook\"");
    let no_form = Answer::of(api.post(ID_FILE).header("content-type", "text/csv").body("1")).await;
    no_form.expect_problem(415, "multipart/form-data");
    let torn =
        Answer::of(api.post(ID_FILE).header("content-type", "multipart/form-data; boundary=x").body("--x\r\n")).await;
    torn.expect_problem(400, "");
    let huge = request(&api, vec![b'1'; 9 << 20], None).await;
    huge.expect_problem(413, "limits.body_bytes");
}

#[tokio::test]
async fn the_identical_request_in_progress_is_a_conflict_and_a_finished_one_is_not() {
    let api = with_members(0..10_000).await;
    let ids: String = (0..10_000).map(|id| format!("{id}\n")).collect();
    let first = request(&api, ids.clone(), Some("csv")).await;
    let second = request(&api, ids.clone(), Some("csv")).await;
    second.expect_problem(409, first.json()["data_request_id"].as_str().unwrap());
    let (_, files) = finished(&api, &first).await;
    assert_eq!(files["files"].as_array().unwrap().len(), 10);
    finished(&api, &request(&api, ids, Some("csv")).await).await;
}

#[tokio::test]
async fn requests_survive_a_restart() {
    let api = with_members(0..5_000).await;
    let ids: String = (0..5_000).map(|id| format!("{id}\n")).collect();
    let (done, before) = finished(&api, &request(&api, "1", None).await).await;
    let begun = request(&api, ids, Some("csv")).await;
    let api = api.restart().await;
    assert_eq!(wait(&api, &done).await, before);
    Answer::of(api.get(&format!("{done}/clean_member-0001.json"))).await.expect(StatusCode::OK);
    finished(&api, &begun).await;
    let leftovers = std::fs::read_dir(api.place.folder().join("bulk_collect")).unwrap();
    assert!(leftovers.flatten().all(|entry| !entry.file_name().to_string_lossy().ends_with(".part")));
}

#[tokio::test]
async fn an_erased_member_is_in_no_file_any_more() {
    let api = with_members(1..3).await;
    let (location, _) = finished(&api, &request(&api, "1\n2", None).await).await;
    let erased = Answer::of(api.request(Method::DELETE, &format!("{MEMBERS}/1"))).await;
    assert_eq!(erased.status, 204);
    assert_eq!(wait(&api, &location).await["files"][0]["members"], 1);
    let text = Answer::of(api.get(&format!("{location}/clean_member-0001.json"))).await.text;
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json!([member(2, "Acme")]));
}

#[tokio::test]
async fn old_requests_are_forgotten() {
    let api = Api::with(|config| config.retention.bulk_collect = Duration::from_millis(500)).await;
    add(&api, 1..2).await;
    let (location, _) = finished(&api, &request(&api, "1", None).await).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    Answer::of(api.get(&location)).await.expect_problem(404, "no such bulk collect request");
}
