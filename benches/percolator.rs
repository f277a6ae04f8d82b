//! How long one document takes against stored selectors, and what the floor under that is.
//!
//! `cargo bench --bench percolator`

mod workload;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rustc_hash::FxHashSet;
use serde_json::Value;
use tripline::percolator::CompiledSelector;
use tripline::{Mapping, Percolator, SubscriptionId, json};
use unicode_segmentation::UnicodeSegmentation;

use workload::Workload;

const DOCUMENTS: u64 = 200;

fn documents() -> Vec<Vec<u8>> {
    let mut workload = Workload::new(2);
    (1..=DOCUMENTS).map(|id| serde_json::to_vec(&workload.member(id)).expect("a member is JSON")).collect()
}

fn percolator(queries: u64) -> Percolator {
    let mapping = Mapping::clean_member().expect("the mapping that is brought is sound");
    let percolator = Percolator::new(Arc::new(mapping));
    let mut workload = Workload::new(1);
    let selectors = (0..queries).map(|number| {
        let query = workload.query();
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

/// The floor: the bytes parsed, their text cut into words, each word looked up once.
fn floor(criterion: &mut Criterion) {
    let documents = documents();
    let mut workload = Workload::new(1);
    let mut words: FxHashSet<String> = FxHashSet::default();
    for _ in 0..100_000 {
        visit(&workload.query(), &mut |text| words.extend(text.unicode_words().map(str::to_lowercase)));
    }
    let mut group = criterion.benchmark_group("floor");
    group.throughput(Throughput::Elements(DOCUMENTS));
    group.bench_function("parse, cut, look up", |bencher| {
        bencher.iter(|| {
            let mut known = 0_usize;
            for bytes in &documents {
                let json: Value = serde_json::from_slice(bytes).expect("JSON");
                visit(&json, &mut |text| {
                    known += text.unicode_words().filter(|word| words.contains(*word)).count();
                });
            }
            black_box(known)
        });
    });
    group.finish();
}

fn visit(json: &Value, text: &mut impl FnMut(&str)) {
    match json {
        Value::String(value) => text(value),
        Value::Array(values) => values.iter().for_each(|value| visit(value, text)),
        Value::Object(fields) => fields.values().for_each(|value| visit(value, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

criterion_group!(benches, percolate, floor);
criterion_main!(benches);
