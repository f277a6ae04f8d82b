//! How long one document takes against stored selectors, and what the floor under that is.
//!
//! `cargo bench --bench percolator`

mod floor;
mod workload;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tripline::percolator::CompiledSelector;
use tripline::{Mapping, Percolator, SubscriptionId, json};

use floor::Floor;
use workload::{DataSet, Workload};

const DOCUMENTS: u64 = 200;

fn workload(queries: u64) -> Workload {
    Workload { data_set: DataSet::Profiles, queries, matches: 15.0, seed: 1, is_flat: false }
}

fn documents() -> Vec<Vec<u8>> {
    let workload = workload(0);
    let documents = workload.documents().take(DOCUMENTS as usize);
    documents.map(|document| serde_json::to_vec(&document).expect("a document is JSON")).collect()
}

fn percolator(queries: u64) -> Percolator {
    let workload = workload(queries);
    let mapping = Mapping::from_json(&workload.mapping()).expect("the workload's mapping is sound");
    let percolator = Percolator::new(Arc::new(mapping));
    let selectors = (0..queries).zip(workload.queries()).map(|(number, query)| {
        let compiled = percolator.compile(&query).expect("the workload's queries are supported");
        (SubscriptionId::from(number.to_string().as_str()), CompiledSelector::Query(compiled))
    });
    percolator.insert_all(selectors);
    percolator
}

/// From the bytes to the answer, document by document.
fn percolate(criterion: &mut Criterion) {
    let documents = documents();
    let mut group = criterion.benchmark_group("percolate");
    for queries in [1_000, 10_000, 100_000] {
        let percolator = percolator(queries);
        group.throughput(Throughput::Elements(DOCUMENTS));
        group.bench_with_input(BenchmarkId::from_parameter(queries), &documents, |bencher, documents| {
            bencher.iter(|| {
                for bytes in documents {
                    let json = json::parse(bytes).expect("JSON");
                    let document = percolator.document(None, &json).expect("a document of the mapping");
                    black_box(percolator.matches(&document));
                }
            });
        });
    }
    group.finish();
}

/// What nothing can be faster than by much.
fn floor_of_documents(criterion: &mut Criterion) {
    let documents = documents();
    let mut floor = Floor::default();
    workload(100_000).queries().for_each(|query| floor.add(&query));
    let mut group = criterion.benchmark_group("floor");
    group.throughput(Throughput::Elements(DOCUMENTS));
    group.bench_function("parse, cut, look up", |bencher| {
        bencher.iter(|| documents.iter().map(|document| floor.known_words(document)).sum::<usize>());
    });
    group.finish();
}

criterion_group!(benches, percolate, floor_of_documents);
criterion_main!(benches);
