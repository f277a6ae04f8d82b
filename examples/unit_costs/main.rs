//! Measures what one thing costs a cluster and a node of Tripline, and prints it as the lines of `examples/simulate/costs.toml`.
//!
//! `cargo run --release --example unit_costs -- URL [PROCESS]`: over a cluster that does nothing else, for its processes' own count of
//! processor time is what is read. PROCESS is the cluster's process, where it runs on this machine: its count is finer. Time on
//! the clock is not used, so it matters little how busy the machine is with other things.
//!
//! Members are those of the benches (`benches/workload`), about 5 KB each, under the clean member mapping; each update is applied by a real
//! engine over the real store, each event is delivered by the real delivery to a receiver in a process of its own.

mod cluster;
mod phase;
mod receiver;
#[path = "../../benches/workload/mod.rs"]
mod workload;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};
use tripline::config;
use tripline::delivery::{Delivery, DeliveryOptions};
use tripline::engine::{Engine, EngineOptions, NewSubscription, Update};
use tripline::mapping::Mapping;
use tripline::node::Joining;
use tripline::store::ElasticsearchStore;
use tripline::subscription::Selector;

use cluster::Cluster;
use phase::{Cost, Meter};
use receiver::Receiver;
use workload::{DataSet, Workload};

/// Every index is named so, and removed in the end.
const PREFIX: &str = "tripline-unit-costs";
/// Members that are stored and updated.
const MEMBERS: usize = 20_000;
/// Updates of a request.
const BATCH: usize = 500;
/// Members whose change is told to everybody.
const TOLD: usize = 2_000;
/// Who hears of each.
const LISTENERS: usize = 10;
/// Who hears of a single change, for the cost of a batch.
const CROWD: usize = 500;
/// So long nothing is done, for the cost of following and looking.
const IDLE: Duration = Duration::from_secs(30);

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().context("the cluster's address is missing: unit_costs URL [PROCESS]")?;
    if first == receiver::COMMAND {
        return receiver::run();
    }
    let process = arguments.next().map(|id| id.parse()).transpose().context("PROCESS is a number")?;
    let cluster = Cluster::new(&first, process)?;
    cluster.remove(PREFIX)?;
    let measured = measure(&cluster, &first);
    cluster.remove(PREFIX)?;
    measured
}

fn measure(cluster: &Cluster, url: &str) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let settings = config::Elasticsearch {
        urls: vec![url.parse()?],
        prefix: PREFIX.to_owned(),
        replicas: 0,
        ..config::Elasticsearch::default()
    };
    let store = Arc::new(ElasticsearchStore::open(&settings, None)?);
    let joining = Joining::new(Arc::clone(&store))?;
    let workload = Workload { data_set: DataSet::Profiles, queries: 0, matches: 0.0, seed: 1, is_flat: false };
    let options = EngineOptions::new(folder.path(), Mapping::from_json(&workload.mapping())?);
    let engine = Arc::new(Engine::over(store, options)?);
    let node = joining.start(Arc::clone(&engine))?;
    let meter = Meter { cluster };
    let documents: Vec<Value> = workload.documents().take(2 * MEMBERS).collect();
    let (warm, documents) = documents.split_at(MEMBERS);

    // The cluster's code is compiled while it runs: what is measured comes after that.
    apply(&engine, warm)?;
    apply(&engine, &changed(warm, "Warm"))?;

    let bytes: usize = documents.iter().map(|document| document.to_string().len()).sum();
    let before = cluster.stored(&format!("{PREFIX}-members"))?;
    let new = meter.measure(MEMBERS, || apply(&engine, documents))?;
    let stored = cluster.stored(&format!("{PREFIX}-members"))? - before;
    let unchanged = meter.measure(MEMBERS, || apply(&engine, documents))?;
    let cosmetic = meter.measure(MEMBERS, || apply(&engine, &recrawled(documents)))?;
    let change = meter.measure(MEMBERS, || apply(&engine, &changed(documents, "Globex")))?;
    let idle = meter.idle(IDLE)?;

    let receiver = Receiver::start()?;
    for _ in 0..LISTENERS {
        engine.subscribe(NewSubscription::new("costs".into(), receiver.url.parse()?, Selector::All))?;
    }
    let told = changed(&documents[..TOLD], "Initech");
    let before = cluster.stored(&format!("{PREFIX}-events"))?;
    let announced = meter.measure(TOLD * LISTENERS, || apply(&engine, &told))?;
    let event_bytes = cluster.stored(&format!("{PREFIX}-events"))? - before;
    let announced = announced.less(&change.times(TOLD as f64 / (TOLD * LISTENERS) as f64));

    let runtime = tokio::runtime::Runtime::new()?;
    let full = deliver(&meter, &runtime, &engine, &receiver, TOLD * LISTENERS)?;
    let crowd = (0..CROWD)
        .map(|_| Ok(NewSubscription::new("costs".into(), receiver.url.parse()?, Selector::All)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    engine.subscribe_all(crowd)?;
    apply(&engine, &changed(&documents[TOLD..TOLD + 1], "Initech"))?;
    let single = deliver(&meter, &runtime, &engine, &receiver, CROWD + LISTENERS)?;
    node.stop();

    // Full batches hold a hundred events, single ones one: two equations.
    let per_batch = single.less(&full).times(100.0 / 99.0);
    let per_event = full.less(&per_batch.times(0.01));
    let mut out = io::stdout().lock();
    writeln!(out, "[bytes]\nmember = {}\nstored_member = {}", bytes / MEMBERS, stored / MEMBERS as u64)?;
    writeln!(out, "stored_event = {}\n", event_bytes / (TOLD * LISTENERS) as u64)?;
    for (name, cost) in [
        ("update_new", &new),
        ("update_unchanged", &unchanged),
        ("update_cosmetic", &cosmetic),
        ("update_changed", &change),
        ("event_announced", &announced),
        ("event_delivered", &per_event),
        ("batch_delivered", &per_batch),
        ("node_second", &idle),
    ] {
        writeln!(out, "[{name}]\ntripline_us = {:.1}\ncluster_us = {:.1}\n", cost.tripline_us, cost.cluster_us)?;
    }
    Ok(())
}

/// Applies documents, so many in a request.
fn apply(engine: &Engine, documents: &[Value]) -> anyhow::Result<()> {
    for documents in documents.chunks(BATCH) {
        let updates = documents.iter().map(|document| Update::of_document(document.to_string())).collect();
        for outcome in engine.apply_batch(updates)? {
            outcome.map_err(|rejection| anyhow::anyhow!("{rejection}"))?;
        }
    }
    Ok(())
}

/// The same members as a later crawl finds them: nothing of a position is another.
fn recrawled(documents: &[Value]) -> Vec<Value> {
    let mut documents = documents.to_vec();
    documents.iter_mut().for_each(|document| document["connections_count"] = json!(4_711));
    documents
}

/// The same members, each with a new job.
fn changed(documents: &[Value], company: &str) -> Vec<Value> {
    let mut documents = documents.to_vec();
    for document in &mut documents {
        if let Some(positions) = document["experience"].as_array_mut() {
            positions.push(json!({"company_name": company, "title": "Engineer", "date_from": "2024-05"}));
        }
    }
    documents
}

/// Delivers all that waits; the cost of one event.
fn deliver(
    meter: &Meter<'_>,
    runtime: &tokio::runtime::Runtime,
    engine: &Arc<Engine>,
    receiver: &Receiver,
    events: usize,
) -> anyhow::Result<Cost> {
    let options = DeliveryOptions { allow_private_webhooks: true, ..DeliveryOptions::default() };
    let expected = receiver.received() + events;
    meter.measure(events, || {
        let delivery = runtime.block_on(async { Delivery::start(Arc::clone(engine), options) })?;
        receiver.wait_for(expected)?;
        runtime.block_on(delivery.shutdown());
        Ok(())
    })
}
