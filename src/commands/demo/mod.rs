//! `tripline demo`: the whole path once, over real HTTP, with an invented data set of two crawls.
//!
//! A server and a webhook receiver run in this process. Subscriptions of all three kinds are made, the first crawl is
//! loaded as the baseline, the second is sent member by member, and what each update brought about and what the
//! receiver got is held against what the data set says must happen (`fixtures/`).

mod client;
mod data;
mod expected;
mod receiver;
mod tables;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use tokio::time::Instant;
use tripline::api::auth::{Scopes, mint, read_secret};
use tripline::config::Config;
use tripline::server::{self, Server};
use tripline::subscription::Tenant;

use client::{Applied, Client};
use data::{Member, interests};
use expected::{Expectations, Told};
use receiver::Receiver;

/// Runs the server and a webhook receiver in a temporary folder, sends two crawls of an invented data set through the HTTP
/// API, and shows what really changed, what did not and why, and what the receiver got. Ends with 0 only if all of it is as
/// expected.
#[derive(Args)]
pub struct Arguments {
    /// Print only the first rows of the long tables.
    #[arg(long)]
    brief: bool,
}

/// Events join a batch for so long; short, so that nobody waits.
const LINGER: Duration = Duration::from_millis(300);
/// What has not arrived by then is missing.
const DELIVERY_LIMIT: Duration = Duration::from_secs(60);
/// Whatever arrives within this time after the last expected event is one too many.
const QUIET: Duration = Duration::from_millis(1_500);

pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(demo(&arguments))
}

async fn demo(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let server = server::start(Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data_dir: folder.path().to_owned(),
        allow_private_webhooks: true,
        delivery: tripline::config::Delivery { linger: LINGER, ..Default::default() },
        ..Config::default()
    })
    .await?;
    let report = walk_through(&server, arguments.brief).await;
    server.shutdown().await;
    let problems = report?;
    tables::print_verdict(&problems);
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs every step; gives what was not as expected.
async fn walk_through(server: &Server, brief: bool) -> anyhow::Result<Vec<String>> {
    let receiver = Receiver::start().await?;
    println!("server on http://{}, webhook receiver on http://{}", server.address(), receiver.address());
    let client = Client::new(server.address(), token(server)?);

    let interests = interests()?;
    for interest in &interests {
        let created = client.subscribe(interest, &receiver.url(interest.name)).await?;
        receiver.expect(interest.name, &created.webhook_secret)?;
    }
    tables::print_subscriptions(&interests);

    let first = data::first_crawl()?;
    let loaded = client.load(data::FIRST_CRAWL).await?;
    println!(
        "\nThe first crawl is the baseline: {} members are new, {} subscribers are told.",
        loaded.new, loaded.notified
    );
    let mut problems = Vec::new();
    if loaded.new != first.len() || loaded.notified != 0 || !loaded.rejected.is_empty() {
        problems.push(format!("the baseline of {} members came out as {loaded:?}", first.len()));
    }

    let second = data::second_crawl()?;
    let applied = send(&client, &second).await?;
    let expectations = Expectations::read(&interests, &second)?;
    problems.extend(expectations.compare_outcomes(&applied));
    tables::print_changed(&expectations, &applied, brief);
    tables::print_unchanged(&expectations, &applied);

    receiver.wait_for(expectations.told.len(), DELIVERY_LIMIT).await;
    tokio::time::sleep(QUIET).await;
    let deliveries = receiver.deliveries();
    let told: Vec<Told> = receiver.told(&interests)?;
    problems.extend(expectations.compare_told(&told));
    problems.extend(deliveries.iter().filter_map(|delivery| delivery.problem()));
    tables::print_told(&interests, &told);
    tables::print_deliveries(&deliveries, brief);
    problems.extend(collects_the_last_version(&client, &second).await?);
    Ok(problems)
}

fn token(server: &Server) -> anyhow::Result<String> {
    let secret = server.secret().context("the server checks tokens by a key that the demo has not")?;
    Ok(mint(&read_secret(&secret.file)?, &Tenant::from("demo"), &Scopes::all(), Duration::from_secs(3_600))?)
}

/// Sends each member's second version as an update of its own.
async fn send(client: &Client, members: &[Member]) -> anyhow::Result<BTreeMap<u64, Applied>> {
    let started = Instant::now();
    let mut applied = BTreeMap::new();
    for member in members {
        applied.insert(member.id, client.update(member).await?);
    }
    println!("The second crawl: {} updates, one request each, in {:.1?}.", members.len(), started.elapsed());
    Ok(applied)
}

/// A receiver collects the profile that it was told of, and gets the bytes that were accepted last.
async fn collects_the_last_version(client: &Client, members: &[Member]) -> anyhow::Result<Option<String>> {
    let Some(member) = members.first() else { bail!("the second crawl is empty") };
    let collected = client.collect(member.id).await?;
    println!("\nCollecting member {} gives the {} bytes that were accepted last.", member.id, collected.len());
    Ok((collected != member.json).then(|| format!("collecting member {} gave another document", member.id)))
}
