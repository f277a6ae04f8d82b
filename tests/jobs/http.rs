//! Jobs over HTTP: who may ask, what is answered, what may be read.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};
use tripline::api::auth::{GENERATED_SECRET, Scopes, mint, read_secret};
use tripline::config::Config;
use tripline::server::{self, Server};

use crate::shop::{member, members};

struct Api {
    server: Server,
    folder: tempfile::TempDir,
    client: reqwest::Client,
}

impl Api {
    async fn start() -> Api {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("files");
        fs::create_dir(&files).unwrap();
        let mut config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            data_dir: folder.path().join("data"),
            ..Config::default()
        };
        config.jobs.files_dir = Some(files);
        Api { server: server::start(config).await.unwrap(), folder, client: reqwest::Client::new() }
    }

    fn file(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join("files").join(name), text).unwrap();
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        self.ask_with("jobs metrics", method, path, body).await
    }

    async fn ask_with(&self, scopes: &str, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let secret = read_secret(&self.folder.path().join("data").join(GENERATED_SECRET)).unwrap();
        let hour = std::time::Duration::from_secs(3_600);
        let token = mint(&secret, &"acme".into(), &Scopes::checked(scopes).unwrap(), hour).unwrap();
        let url = format!("http://{}{path}", self.server.address());
        let mut request = self.client.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn until_ended(&self, id: &str) -> Value {
        loop {
            let (status, job) = self.ask(Method::GET, &format!("/v1/jobs/{id}"), None).await;
            assert_eq!(status, 200, "{job}");
            if job["state"] != "running" {
                return job;
            }
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_asked_for_followed_and_listed_with_its_files() {
    let api = Api::start().await;
    // Whoever asks first begins to count.
    api.ask(Method::GET, "/metrics", None).await;
    api.file("members.ndjson", &(members(1..=1_500, "Acme") + "nonsense\n"));
    let body = json!({"from": {"files": ["members.ndjson"]}});
    let (status, job) = api.ask(Method::POST, "/v1/jobs/reindex", Some(body)).await;
    assert_eq!(status, 202, "{job}");
    let id = job["job_id"].as_str().unwrap();
    let ended = api.until_ended(id).await;
    assert_eq!(ended["state"], "finished", "{ended}");
    assert_eq!((&ended["figures"]["new"], &ended["figures"]["rejected"]), (&json!(1_500), &json!(1)));
    assert_eq!((&ended["progress"], &ended["files"]), (&json!(1.0), &json!(["rejected.ndjson"])));

    let (_, rejected) = api.ask(Method::GET, &format!("/v1/jobs/{id}/files/rejected.ndjson"), None).await;
    assert_eq!(rejected["line"], 1_501, "{rejected}");
    for name in ["missing.txt", "known.ids", "seen.ids", "..%2Frejected.ndjson"] {
        let (status, _) = api.ask(Method::GET, &format!("/v1/jobs/{id}/files/{name}"), None).await;
        assert_eq!(status, 404, "{name}");
    }
    let (_, list) = api.ask(Method::GET, "/v1/jobs", None).await;
    assert_eq!(list["jobs"][0]["job_id"], id);
    let (_, metrics) = api.ask(Method::GET, "/metrics", None).await;
    let metrics = metrics.as_str().unwrap();
    for name in ["tripline_jobs_running", "tripline_jobs_ended_total", "tripline_job_members_total{outcome=\"new\"}"] {
        assert!(metrics.contains(name), "{name}: {metrics}");
    }
    let (status, problem) = api.ask(Method::POST, &format!("/v1/jobs/{id}/cancel"), None).await;
    assert_eq!(status, 409, "{problem}");
    let (status, problem) = api.ask(Method::POST, &format!("/v1/jobs/{id}/resume"), None).await;
    assert_eq!(status, 409, "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_cancelled_and_resumed() {
    let api = Api::start().await;
    api.file("members.ndjson", &members(1..=1_000, "Acme"));
    let body = json!({"from": {"files": ["members.ndjson"]}, "options": {"rate_limit": 2}});
    let (_, job) = api.ask(Method::POST, "/v1/jobs/reindex", Some(body)).await;
    let path = format!("/v1/jobs/{}", job["job_id"].as_str().unwrap());
    let (status, cancelled) = api.ask(Method::POST, &format!("{path}/cancel"), None).await;
    assert_eq!((status, &cancelled["state"]), (200, &json!("cancelled")), "{cancelled}");
    let (status, resumed) = api.ask(Method::POST, &format!("{path}/resume"), None).await;
    assert_eq!((status, &resumed["state"]), (202, &json!("running")), "{resumed}");
    api.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_read_is_refused_with_what_would_be_right() {
    let api = Api::start().await;
    api.file("a", "");
    fs::write(api.folder.path().join("secret.ndjson"), member(1, "Acme").to_string()).unwrap();
    let files = |name: &str| json!({"from": {"files": [name]}});
    let index = |source: &str| json!({"from": {"elasticsearch": {"source": source, "index": "members"}}});
    let cases = [
        (files("../secret.ndjson"), 422, "it is not within jobs.files_dir"),
        (files("/etc/passwd"), 422, "it is not within jobs.files_dir"),
        (files("nowhere"), 422, "cannot read \"nowhere\""),
        (json!({"from": {"files": []}}), 422, "no file is named"),
        (index("main"), 422, "[sources.<name>] is expected"),
        (
            json!({"from": {"elasticsearch": {"source": {"urls": ["http://127.0.0.1:9200"]}, "index": "i"}}}),
            422,
            "string",
        ),
        (
            json!({"from": {"elasticsearch": {"source": "main", "index": "i", "url": "http://a"}}}),
            422,
            "unknown field `url`",
        ),
        (json!({"from": {"files": ["a"]}, "options": {"baselin": true}}), 422, "unknown field `baselin`"),
        (json!({"from": {"files": ["a"]}, "options": {"rate_limit": 0}}), 422, "nonzero"),
        (json!({"from": {"files": ["a"]}, "options": {"dry_run": true, "baseline": true}}), 422, "nobody would be"),
        (json!({"options": {}}), 422, "missing field `from`"),
    ];
    for (body, status, detail) in cases {
        let (answered, problem) = api.ask(Method::POST, "/v1/jobs/reindex", Some(body.clone())).await;
        assert_eq!(answered, status, "{body}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{body}: {problem}");
    }
    let (status, _) = api.ask(Method::GET, "/v1/jobs/nobody", None).await;
    assert_eq!(status, 404);
    for (method, path) in
        [(Method::GET, "/v1/jobs"), (Method::POST, "/v1/jobs/reindex"), (Method::POST, "/v1/jobs/x/cancel")]
    {
        let (status, problem) = api.ask_with("members:write", method, path, Some(json!({}))).await;
        assert_eq!(status, 403, "{path}: {problem}");
    }
    let (_, list) = api.ask(Method::GET, "/v1/jobs", None).await;
    assert_eq!(list, json!({"jobs": []}));
}
