//! A webhook in a process of its own, so that its work is not counted as ours.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::Router;
use axum::routing::{get, post};

/// The argument with which this program is a receiver.
pub const COMMAND: &str = "receive";

/// So long is waited for events.
const PATIENCE: Duration = Duration::from_secs(300);

/// Takes every batch and counts the events, until standard input closes.
pub fn run() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let received = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&received);
        let take = move |body: String| {
            let events = serde_json::from_str::<Vec<serde_json::Value>>(&body).map_or(0, |events| events.len());
            received.fetch_add(events, Ordering::SeqCst);
            async {}
        };
        let tell = move || {
            let counted = counted.load(Ordering::SeqCst);
            async move { counted.to_string() }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}/", listener.local_addr()?);
        let app = Router::new().route("/", post(take)).route("/count", get(tell));
        let parent_ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        tokio::select! {
            served = axum::serve(listener, app) => Ok(served?),
            ended = parent_ended => Ok(ended?.map(drop)?),
        }
    })
}

/// A receiver that runs; it ends when this is dropped.
pub struct Receiver {
    pub url: String,
    process: Child,
    input: Option<ChildStdin>,
}

impl Receiver {
    pub fn start() -> anyhow::Result<Receiver> {
        let mut process =
            Command::new(std::env::current_exe()?).arg(COMMAND).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = process.stdin.take();
        let mut url = String::new();
        BufReader::new(process.stdout.take().context("the receiver says nothing")?).read_line(&mut url)?;
        Ok(Receiver { url: url.trim().to_owned(), process, input })
    }

    /// How many events it has.
    pub fn received(&self) -> usize {
        let answer = reqwest::blocking::get(format!("{}count", self.url)).and_then(|answer| answer.text());
        answer.ok().and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    pub fn wait_for(&self, events: usize) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            let received = self.received();
            if received >= events {
                return Ok(());
            }
            anyhow::ensure!(began.elapsed() < PATIENCE, "{received} of {events} events came in {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.input.take());
        if let Err(error) = self.process.wait() {
            eprintln!("the receiver did not end: {error}");
        }
    }
}
