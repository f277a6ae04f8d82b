//! Documents a second from their bytes to the answer, on one thread and on two, beside the floor of the same documents.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;
use tripline::percolator::CompiledSelector;
use tripline::{MemberId, Percolator, json as strict_json};

use crate::floor::Floor;
use crate::stored;

/// Match documents against stored queries, and run the floor on them.
#[derive(Args)]
pub struct Arguments {
    /// A folder with queries.ndjson, documents.ndjson and mapping.json.
    folder: PathBuf,
    /// How many of the documents.
    #[arg(long, default_value_t = usize::MAX)]
    documents: usize,
    /// How often each figure is taken; the median counts. One and two threads and the floor take turns, so that what else the
    /// machine does falls on all of them.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Pages of the stored queries may be cold when a pass over few documents begins: a pass lasts so long at least.
    #[arg(long, default_value = "1s")]
    pass: humantime::Duration,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let documents = stored::documents(&arguments.folder, arguments.documents)?;
    let before = stored::resident_memory(std::process::id())?;
    let started = Instant::now();
    let percolator = load(arguments)?;
    let load = started.elapsed();
    let held = stored::resident_memory(std::process::id())?.saturating_sub(before);
    let mut floor = Floor::default();
    for query in stored::queries(&arguments.folder)? {
        floor.add(&query?.1);
    }

    let mut matches = 0;
    let mut times: Vec<Duration> = Vec::new();
    for document in documents.iter().chain(&documents).skip(documents.len().min(1)) {
        let started = Instant::now();
        let found = percolate(&percolator, document);
        times.push(started.elapsed());
        matches += found;
    }
    // The first pass was to warm up: its times do not count.
    let matches_per_document = matches as f64 / times.len() as f64;
    let mut times = times.split_off(documents.len() - 1);
    times.sort_unstable();
    let percentile = |hundredth: usize| times[(times.len() * hundredth / 100).min(times.len() - 1)].as_secs_f64() * 1e6;

    let by_percolator = |document: &Vec<u8>| percolate(&percolator, document);
    let by_floor = |document: &Vec<u8>| floor.known_words(document);
    let pass = *arguments.pass;
    let mut rates = [const { Vec::new() }; 4];
    for _ in 0..arguments.rounds {
        rates[0].push(documents_per_second(&documents, pass, 1, &by_percolator));
        rates[1].push(documents_per_second(&documents, pass, 1, &by_floor));
        rates[2].push(documents_per_second(&documents, pass, 2, &by_percolator));
        rates[3].push(documents_per_second(&documents, pass, 2, &by_floor));
    }
    let [one, floor_one, two, floor_two] = rates.map(median);
    let bytes: usize = documents.iter().map(Vec::len).sum();
    let figures = json!({
        "subscriptions": percolator.len(),
        "documents": documents.len(),
        "bytes_per_document": bytes / documents.len(),
        "matches_per_document": round(matches_per_document, 2),
        "docs_per_s": round(one, 0),
        "us_per_doc": round(1e6 / one, 1),
        "p50_us": round(percentile(50), 1),
        "p99_us": round(percentile(99), 1),
        "floor_docs_per_s": round(floor_one, 0),
        "of_floor": round(one / floor_one, 3),
        "docs_per_s_2_threads": round(two, 0),
        "two_threads": round(two / one, 2),
        "floor_two_threads": round(floor_two / floor_one, 2),
        "load_s": round(load.as_secs_f64(), 2),
        "bytes_per_subscription": held / percolator.len().max(1) as u64,
    });
    println!("{figures}");
    Ok(())
}

fn load(arguments: &Arguments) -> anyhow::Result<Percolator> {
    let percolator = Percolator::new(stored::mapping(&arguments.folder)?);
    let mut selectors = Vec::new();
    for query in stored::queries(&arguments.folder)? {
        let (id, query) = query?;
        selectors.push((id, CompiledSelector::Query(percolator.compile(&query)?)));
    }
    percolator.insert_all(selectors);
    Ok(percolator)
}

/// How many subscriptions select the document, from its bytes.
fn percolate(percolator: &Percolator, bytes: &[u8]) -> usize {
    let json = strict_json::parse(bytes).expect("documents are JSON");
    let id = json.get("id").and_then(|id| MemberId::try_from(id).ok());
    let document = percolator.document(id, &json).expect("documents fit the mapping");
    black_box(percolator.matches(&document)).len()
}

/// Over all documents again and again until the time is over, split evenly between threads.
fn documents_per_second(
    documents: &[Vec<u8>],
    pass: Duration,
    threads: usize,
    work: &(impl Fn(&Vec<u8>) -> usize + Sync),
) -> f64 {
    let started = Instant::now();
    let done: usize = std::thread::scope(|scope| {
        let share = documents.len().div_ceil(threads);
        let workers: Vec<_> = documents
            .chunks(share)
            .map(|documents| {
                scope.spawn(move || {
                    let mut done = 0;
                    while started.elapsed() < pass {
                        // The clock is asked seldom enough not to count.
                        documents.iter().cycle().skip(done).take(64).for_each(|document| {
                            black_box(work(document));
                        });
                        done += 64;
                    }
                    done
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("matching does not panic")).sum()
    });
    done as f64 / started.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn round(value: f64, digits: i32) -> f64 {
    let factor = 10_f64.powi(digits);
    (value * factor).round() / factor
}
