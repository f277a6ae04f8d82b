//! A real process is killed while a job runs, and the next one goes on with it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::StatusCode;
use reqwest::blocking::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shop::{member, members};

const MEMBERS: u64 = 6_000;

/// Every so many members really changed.
const CHANGED_EACH: u64 = 10;

/// What outlives the process.
struct Home {
    folder: TempDir,
    token: String,
}

struct Server {
    child: Child,
    base: String,
    token: String,
    client: Client,
}

impl Home {
    fn new() -> Home {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("files")).unwrap();
        fs::write(folder.path().join("secret"), "a secret of more than thirty-two bytes\n").unwrap();
        let minted = Command::new(env!("CARGO_BIN_EXE_tripline"))
            .args(["token", "--tenant", "jobs", "--jwt-secret-file"])
            .arg(folder.path().join("secret"))
            .output()
            .unwrap();
        assert!(minted.status.success(), "{minted:?}");
        Home { token: String::from_utf8(minted.stdout).unwrap().trim().to_owned(), folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start(&self) -> Server {
        let log = fs::File::options().create(true).append(true).open(self.path("log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_tripline"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .arg("--data-dir")
            .arg(self.path("data"))
            .arg("--jwt-secret-file")
            .arg(self.path("secret"))
            .current_dir(self.folder.path())
            .env_clear()
            .env("TRIPLINE_JOBS__FILES_DIR", self.path("files"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base = line.trim().strip_prefix("listening on ").map(str::to_owned);
        let base = base.unwrap_or_else(|| panic!("{line}{}", fs::read_to_string(self.path("log")).unwrap()));
        let client = Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        Server { child, base, token: self.token.clone(), client }
    }
}

impl Server {
    fn post(&self, path: &str, body: &Value, status: StatusCode) -> Value {
        let request = self.client.post(format!("{}{path}", self.base)).bearer_auth(&self.token).json(body);
        let answer = request.send().unwrap();
        assert_eq!(answer.status(), status, "{}", answer.text().unwrap());
        answer.json().unwrap()
    }

    fn get(&self, path: &str) -> Value {
        self.client.get(format!("{}{path}", self.base)).bearer_auth(&self.token).send().unwrap().json().unwrap()
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn until_ended(&self, job: &str) -> Value {
        loop {
            let view = self.get(&format!("/v1/jobs/{job}"));
            if view["state"] != "running" {
                return view;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// `TRIPLINE_FAULTS_SEED` chooses other moments.
#[test]
fn kill_nine_at_any_moment_skips_no_member_and_tells_nobody_twice() {
    let seed = std::env::var("TRIPLINE_FAULTS_SEED").map_or(20_261_124, |seed| seed.parse().unwrap());
    eprintln!("TRIPLINE_FAULTS_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let home = Home::new();
    fs::write(home.path("files/first.ndjson"), members(1..=MEMBERS, "Acme")).unwrap();
    let second = (1..=MEMBERS).map(|id| {
        let mut member = member(id, if id % CHANGED_EACH == 0 { "Globex" } else { " acme" });
        member["headline"] = json!("crawled anew");
        format!("{member}\n")
    });
    fs::write(home.path("files/second.ndjson"), second.collect::<String>()).unwrap();

    let mut server = home.start();
    let all = "/v1/subscriptions/professional_network/member_experience/all";
    let webhook = json!({"webhook_url": "https://example.com/hook"});
    let subscription = server.post(all, &webhook, StatusCode::OK)["subscription_id"].as_str().unwrap().to_owned();
    let mut figures = Value::Null;
    let mut kills = 0;
    for file in ["first.ndjson", "second.ndjson"] {
        let body = json!({"from": {"files": [file]}, "options": {"rate_limit": 3_000, "missing": "report"}});
        let job = server.post("/v1/jobs/reindex", &body, StatusCode::ACCEPTED)["job_id"].as_str().unwrap().to_owned();
        for _ in 0..8 {
            std::thread::sleep(Duration::from_micros(random.random_range(0..400_000)));
            kills += u32::from(server.get(&format!("/v1/jobs/{job}"))["state"] == "running");
            server.kill();
            server = home.start();
        }
        let ended = server.until_ended(&job);
        assert_eq!(ended["state"], "finished", "{ended}");
        figures = ended["figures"].clone();
    }
    assert!(kills > 8, "the process was killed amid the jobs only {kills} times");

    // What was applied and not yet noted when the process died was applied again, and is counted as unchanged.
    assert_eq!(figures["received"], MEMBERS, "{figures}");
    assert_eq!(figures["missing"], 0, "{figures}");
    let mut told = Vec::new();
    let mut query = String::new();
    loop {
        let page = server.get(&format!("/v1/subscriptions/{subscription}/events{query}"));
        told.extend(page["events"].as_array().unwrap().iter().map(|event| event["member_id"].as_u64().unwrap()));
        match &page["next"] {
            Value::Null => break,
            Value::String(next) => query = format!("?after={next}"),
            next => query = format!("?after={next}"),
        }
    }
    told.sort_unstable();
    let expected: Vec<u64> = (1..=MEMBERS).filter(|id| id % CHANGED_EACH == 0).collect();
    assert_eq!(told, expected);
    for id in [1, 10, MEMBERS] {
        let document = server.get(&format!("/v1/professional_network/clean_member/collect/{id}"));
        assert_eq!(document["headline"], "crawled anew");
    }
    server.kill();
}

#[test]
fn the_command_line_goes_on_with_a_job_that_was_killed() {
    let home = Home::new();
    fs::write(home.path("members.ndjson"), members(1..=2_000, "Acme")).unwrap();
    let command = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tripline"));
        command.arg("reindex").args(arguments).args(["--data-dir", "data"]);
        command.current_dir(home.folder.path()).env_clear().stderr(Stdio::piped());
        command
    };
    let mut child = command(&["--from", "members.ndjson", "--rate-limit", "1000"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let id = line.strip_prefix("job ").and_then(|rest| rest.split(';').next()).unwrap_or_else(|| panic!("{line}"));
    std::thread::sleep(Duration::from_millis(300));
    child.kill().unwrap();
    child.wait().unwrap();

    let ended = command(&["--resume", id]).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(ended.status.success(), "{said}");
    assert!(said.contains("2000 documents: "), "{said}");
    let again = command(&["--resume", id]).output().unwrap();
    assert!(String::from_utf8(again.stderr).unwrap().contains("is finished"));
    let none = command(&["--resume", "nobody"]).output().unwrap();
    assert!(String::from_utf8(none.stderr).unwrap().contains("there is no job nobody"));
}
