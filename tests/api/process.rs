//! The process itself: its directory, its signals, its output, its commands.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::harness::member;

fn tripline() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tripline"));
    command.env_remove("TRIPLINE_URL").env_remove("TRIPLINE_TOKEN");
    command
}

/// A `tripline serve`, killed when the test ends.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(directory: &Path, arguments: &[&str]) -> Served {
        let mut child = tripline()
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(directory)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(url) = line.trim().strip_prefix("listening on ").map(str::to_owned) else {
            let mut log = String::new();
            child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
            panic!("{line:?}, {log}");
        };
        Served { child, url }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// The exit code and the log, once it has ended by itself.
    fn ended(mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code(), log)
    }
}

impl Served {
    /// The most memory that it ever had in use.
    fn peak_megabytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn token(arguments: &[&str]) -> Output {
    tripline().arg("token").args(arguments).output().unwrap()
}

#[test]
fn signals_end_it_with_zero() {
    for signal in ["-TERM", "-INT"] {
        let directory = tempfile::tempdir().unwrap();
        let served = Served::start(directory.path(), &[]);
        served.signal(signal);
        let (code, log) = served.ended();
        assert_eq!(code, Some(0), "{log}");
    }
}

#[test]
fn a_second_process_on_the_same_directory_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let first = Served::start(directory.path(), &[]);
    let second =
        tripline().args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(directory.path()).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let message = text(&second.stderr);
    assert!(message.contains("in use by another process"), "{message}");
    assert!(message.contains(directory.path().to_str().unwrap()), "{message}");
    drop(first);
    drop(Served::start(directory.path(), &[]));
}

#[test]
fn the_data_directory_is_made_for_its_owner_alone() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("data");
    let _served = Served::start(&directory, &[]);
    assert_eq!(std::fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_secret_is_made_for_the_owner_alone_and_tokens_are_minted_from_it() {
    let directory = tempfile::tempdir().unwrap();
    let served = Served::start(directory.path(), &[]);
    let secret = directory.path().join("jwt-secret");
    assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);

    let secret = secret.to_str().unwrap();
    let minted = token(&["--jwt-secret-file", secret, "--tenant", "acme", "--ttl", "5m"]);
    let from_directory =
        token(&["--data-dir", directory.path().to_str().unwrap(), "--tenant", "acme", "--scope", "jobs"]);
    assert_eq!(status(&served, &text(&minted.stdout)), 200);
    assert_eq!(status(&served, &text(&from_directory.stdout)), 403);

    served.signal("-TERM");
    let (code, log) = served.ended();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("tripline token --jwt-secret-file"), "{log}");
    let made = std::fs::read(secret).unwrap();
    drop(Served::start(directory.path(), &[]));
    assert_eq!(std::fs::read(secret).unwrap(), made, "a restart keeps the secret");
}

fn status(served: &Served, token: &str) -> u16 {
    let url = format!("{}/v1/subscriptions", served.url);
    reqwest::blocking::Client::new().get(url).bearer_auth(token.trim()).send().unwrap().status().as_u16()
}

#[test]
fn wrong_keys_stop_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let short = file("short", "0123456789012345678901234567890\n");
    let pem = file("pem", "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n");
    let data = directory.path().join("data");
    let cases = [
        (vec!["--jwt-secret-file", &short], "31 bytes; at least 32"),
        (vec!["--jwt-secret-file", &pem], "PEM"),
        (vec!["--jwt-secret-file", "/nowhere"], "/nowhere"),
        (vec!["--jwt-algorithm", "RS256", "--jwt-public-key-file", &short], "no public key"),
        (vec!["--jwt-algorithm", "EdDSA"], "jwt.public_key_file"),
        (vec!["--mapping", "/nowhere.json"], "/nowhere.json"),
    ];
    for (arguments, expected) in cases {
        let output = tripline()
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(&data)
            .args(&arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(text(&output.stderr).contains(expected), "{arguments:?}: {}", text(&output.stderr));
    }
    let exact = file("exact", "01234567890123456789012345678901\n");
    assert!(token(&["--jwt-secret-file", &exact, "--tenant", "a"]).status.success());
    let unknown = token(&["--jwt-secret-file", &exact, "--tenant", "a", "--scope", "members:rea"]);
    assert!(text(&unknown.stderr).contains("members:rea"));
    assert!(!token(&["--jwt-secret-file", &exact, "--tenant", ""]).status.success());
}

#[test]
fn the_configuration_is_printed_with_its_sources() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("tripline.toml");
    std::fs::write(&file, "[delivery]\nlinger = \"3s\"\n").unwrap();
    let print = |variables: &[(&str, &str)]| {
        tripline()
            .args(["serve", "--print-config", "--listen", "127.0.0.1:4000"])
            .current_dir(directory.path())
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    };
    let output = print(&[("TRIPLINE_LIMITS__SUBSCRIPTION_IDS", "7")]);
    let printed = text(&output.stdout);
    for expected in [
        "listen = \"127.0.0.1:4000\"  # flag --listen",
        "delivery.linger = \"3s\"  # file ",
        "limits.subscription_ids = 7  # environment variable TRIPLINE_LIMITS__SUBSCRIPTION_IDS",
        "data_dir = \"tripline-data\"  # default",
    ] {
        assert!(printed.contains(expected), "{printed}");
    }
    assert!(!directory.path().join("tripline-data").exists(), "printing touches nothing");

    let output = print(&[("TRIPLINE_LISTN", "127.0.0.1:1")]);
    assert_eq!(output.status.code(), Some(1));
    let message = text(&output.stderr);
    assert!(message.contains("unknown setting \"listn\" (environment variable TRIPLINE_LISTN)"), "{message}");
    assert!(message.contains("did you mean \"listen\"?"), "{message}");
}

#[test]
fn files_are_ingested_into_a_server_and_into_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let lines: String = (0..2_500).map(|id| format!("{}\n", member(id, "Acme"))).collect();
    let plain = directory.path().join("a.ndjson");
    std::fs::write(&plain, format!("{lines}{{}}\n")).unwrap();
    let packed = directory.path().join("b.ndjson.zst");
    std::fs::write(&packed, zstd::encode_all(lines.as_bytes(), 1).unwrap()).unwrap();

    let data = directory.path().join("data");
    let served = Served::start(&data, &[]);
    let token = text(&token(&["--data-dir", data.to_str().unwrap(), "--tenant", "acme"]).stdout);
    let output = tripline()
        .args(["ingest", "--url", &served.url, "--token", token.trim()])
        .args([&plain, &packed])
        .output()
        .unwrap();
    let log = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{log}");
    assert!(log.contains("a.ndjson:2501: "), "{log}");
    assert!(log.contains("5001 lines: 2500 new, 2500 unchanged, 0 cosmetic, 0 changed, 0 stale, 1 rejected"), "{log}");

    let busy = tripline().args(["ingest", "--data-dir"]).arg(&data).arg(&packed).output().unwrap();
    assert_eq!(busy.status.code(), Some(1));
    assert!(text(&busy.stderr).contains("in use"), "{}", text(&busy.stderr));
    served.signal("-TERM");
    assert_eq!(served.ended().0, Some(0));

    let mut child = tripline()
        .args(["ingest", "-", "--data-dir"])
        .arg(&data)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("2500 lines: 0 new, 2500 unchanged"), "{}", text(&output.stderr));
}

/// A gigabyte where a document is expected, and streams of 200 MB: what is refused is not kept, what is streamed is never
/// there as a whole.
#[test]
fn hostile_bodies_leave_the_process_small() {
    let directory = tempfile::tempdir().unwrap();
    let served = Served::start(directory.path(), &[]);
    let token = text(&token(&["--data-dir", directory.path().to_str().unwrap(), "--tenant", "acme"]).stdout);
    let client = reqwest::blocking::Client::new();
    let members = format!("{}/v1/professional_network/clean_member", served.url);
    let before = served.peak_megabytes();

    let gigabyte = || reqwest::blocking::Body::new(std::io::repeat(b' ').take(1 << 30));
    let put = client.put(format!("{members}/1")).bearer_auth(token.trim()).body(gigabyte()).send();
    // A sender that does not look at the answer before it has sent all finds the connection closed.
    assert!(put.map_or(true, |answer| answer.status() == 413));

    let bulk = |body| client.post(format!("{members}/_bulk")).bearer_auth(token.trim()).body(body).send().unwrap();
    let one_line = bulk(gigabyte());
    assert_eq!(one_line.status(), 200);
    let line = format!("nonsense {}\n", "x".repeat(100_000));
    let lines = bulk(reqwest::blocking::Body::from(line.repeat(2_000)));
    assert_eq!(lines.json::<serde_json::Value>().unwrap()["rejected_total"], 2_000);

    let grown = served.peak_megabytes() - before;
    assert!(grown < 100, "{grown} MB more were in use");
    assert_eq!(status(&served, &token), 200);
}
