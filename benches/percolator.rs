//! How long one document takes against stored selectors, and what the floor under that is.
//!
//! `cargo bench --bench percolator`

mod floor;
mod workload;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tripline::percolator::CompiledSelector;
use tripline::{Mapping, Percolator, SubscriptionId, json as strict_json};

use floor::Floor;
use workload::{DataSet, Workload};

const DOCUMENTS: usize = 200;

fn workload(data_set: DataSet, queries: u64) -> Workload {
    Workload { data_set, queries, matches: 15.0, seed: 1, is_flat: false }
}

fn documents(data_set: DataSet) -> Vec<Vec<u8>> {
    let workload = workload(data_set, 0);
    let documents = workload.documents().take(DOCUMENTS);
    documents.map(|document| serde_json::to_vec(&document).expect("a document is JSON")).collect()
}

fn percolator(workload: Workload) -> Percolator {
    let mapping = Mapping::from_json(&workload.mapping()).expect("the workload's mapping is sound");
    let percolator = Percolator::new(Arc::new(mapping));
    let selectors = (0..workload.queries).zip(workload.queries()).map(|(number, query)| {
        let compiled = percolator.compile(&query).expect("the workload's queries are supported");
        (SubscriptionId::from(number.to_string().as_str()), CompiledSelector::Query(compiled))
    });
    percolator.insert_all(selectors);
    percolator
}

/// From the bytes to the answer, document by document.
fn percolate(criterion: &mut Criterion) {
    for (name, data_set) in [("percolate", DataSet::Profiles), ("percolate résumés", DataSet::Resumes)] {
        let documents = documents(data_set);
        let mut group = criterion.benchmark_group(name);
        for queries in [1_000, 10_000, 100_000] {
            let percolator = percolator(workload(data_set, queries));
            group.throughput(Throughput::Elements(DOCUMENTS as u64));
            group.bench_with_input(BenchmarkId::from_parameter(queries), &documents, |bencher, documents| {
                bencher.iter(|| {
                    for bytes in documents {
                        let json = strict_json::parse(bytes).expect("JSON");
                        let document = percolator.document(None, &json).expect("a document of the mapping");
                        black_box(percolator.matches(&document));
                    }
                });
            });
        }
        group.finish();
    }
}

/// Members somewhere on the globe against queries for who is near a place: the time must follow those that are near, not all.
fn percolate_places(criterion: &mut Criterion) {
    let place = |random: &mut StdRng| json!({"lat": random.random_range(-60.0..70.0), "lon": random.random_range(-180.0..180.0)});
    let mapping = json!({"properties": {"place": {"type": "geo_point"}}});
    let mut group = criterion.benchmark_group("percolate places");
    group.throughput(Throughput::Elements(DOCUMENTS as u64));
    for queries in [1_000, 10_000, 100_000] {
        let mut random = StdRng::seed_from_u64(1);
        let percolator = Percolator::new(Arc::new(Mapping::from_json(&mapping).expect("a mapping")));
        let selectors = (0..queries).map(|number: u32| {
            let distance = format!("{}km", random.random_range(1..50));
            let query = json!({"geo_distance": {"distance": distance, "place": place(&mut random)}});
            let compiled = percolator.compile(&query).expect("the query is supported");
            (SubscriptionId::from(number.to_string().as_str()), CompiledSelector::Query(compiled))
        });
        percolator.insert_all(selectors);
        let documents: Vec<Value> = (0..DOCUMENTS).map(|_| json!({"place": place(&mut random)})).collect();
        group.bench_with_input(BenchmarkId::from_parameter(queries), &documents, |bencher, documents| {
            bencher.iter(|| {
                for json in documents {
                    let document = percolator.document(None, json).expect("a document of the mapping");
                    black_box(percolator.matches(&document));
                }
            });
        });
    }
    group.finish();
}

/// What nothing can be faster than by much.
fn floor_of_documents(criterion: &mut Criterion) {
    let documents = documents(DataSet::Profiles);
    let mut floor = Floor::default();
    workload(DataSet::Profiles, 100_000).queries().for_each(|query| floor.add(&query));
    let mut group = criterion.benchmark_group("floor");
    group.throughput(Throughput::Elements(DOCUMENTS as u64));
    group.bench_function("parse, cut, look up", |bencher| {
        bencher.iter(|| documents.iter().map(|document| floor.known_words(document)).sum::<usize>());
    });
    group.finish();
}

criterion_group!(benches, percolate, percolate_places, floor_of_documents);
criterion_main!(benches);
