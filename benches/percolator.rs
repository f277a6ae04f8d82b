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
                        let json = json::parse(bytes).expect("JSON");
                        let document = percolator.document(None, &json).expect("a document of the mapping");
                        black_box(percolator.matches(&document));
                    }
                });
            });
        }
        group.finish();
    }
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

criterion_group!(benches, percolate, floor_of_documents);
criterion_main!(benches);
