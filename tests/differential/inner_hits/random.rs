//! Random documents with objects three levels deep, and random trees of queries over them.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value, json};

use super::Questions;

/// So many documents and queries, the same for the same seed.
pub fn questions(seed: u64, documents: usize, queries: usize) -> Questions {
    let mut random = StdRng::seed_from_u64(seed);
    let mapping = json!({"mappings": {"properties": {
        "word": {"type": "keyword"},
        "job": {"type": "nested", "properties": {
            "word": {"type": "keyword"}, "number": {"type": "integer"},
            "task": {"type": "nested", "properties": {
                "word": {"type": "keyword"}, "number": {"type": "integer"},
                "step": {"type": "nested", "properties": {"word": {"type": "keyword"}, "number": {"type": "integer"}}}
            }}
        }},
        "group": {"properties": {
            "word": {"type": "keyword"},
            "person": {"type": "nested", "properties": {"word": {"type": "keyword"}, "number": {"type": "integer"}}}
        }}
    }}});
    Questions {
        mapping,
        documents: (0..documents).map(|_| document(&mut random)).collect(),
        queries: (0..queries).map(|number| (number.to_string(), clause(&mut random, "", 4))).collect(),
    }
}

fn word(random: &mut StdRng) -> &'static str {
    ["a", "b", "c", "d"][random.random_range(0..4)]
}

fn document(random: &mut StdRng) -> Value {
    let mut document = Map::new();
    if random.random_bool(0.7) {
        document.insert("word".to_owned(), word(random).into());
    }
    document.insert("job".to_owned(), objects(random, &["task", "step"]));
    let groups: Vec<Value> = (0..random.random_range(0..3)).map(|_| json!({"person": objects(random, &[])})).collect();
    document.insert("group".to_owned(), groups.into());
    document.into()
}

/// A list of objects, one object, or oddities that documents have: null, nulls and lists within the list.
fn objects(random: &mut StdRng, within: &[&str]) -> Value {
    match random.random_range(0..10) {
        0 => Value::Null,
        1 => object(random, within),
        2 => json!([null, object(random, within), [object(random, within), null], object(random, within)]),
        _ => (0..random.random_range(0..4)).map(|_| object(random, within)).collect(),
    }
}

fn object(random: &mut StdRng, within: &[&str]) -> Value {
    let mut object = Map::new();
    if random.random_bool(0.9) {
        object.insert("word".to_owned(), word(random).into());
    }
    if random.random_bool(0.6) {
        object.insert("number".to_owned(), random.random_range(0..4).into());
    }
    if let Some((name, deeper)) = within.split_first() {
        object.insert((*name).to_owned(), objects(random, deeper));
    }
    object.into()
}

/// A clause on the objects of `path` ("" is the document).
fn clause(random: &mut StdRng, path: &str, depth: usize) -> Value {
    if random.random_bool(0.03) {
        return json!({"match_none": {}});
    }
    let leaf = depth == 0;
    match random.random_range(if leaf { 0..4 } else { 0..20 }) {
        0..2 => json!({"term": {field(path, "word"): word(random)}}),
        2 if !path.is_empty() => json!({"range": {field(path, "number"): {"gte": random.random_range(0..4)}}}),
        3 => json!({"exists": {"field": field(path, "word")}}),
        2 => json!({"match_all": {}}),
        4..12 => nested(random, path, depth - 1),
        12 => json!({"dis_max": {"queries": clauses(random, path, depth - 1, 1)}}),
        13 => json!({"constant_score": {"filter": clause(random, path, depth - 1)}}),
        14 => json!({"boosting": {"positive": clause(random, path, depth - 1),
                                  "negative": clause(random, path, depth - 1), "negative_boost": 0.5}}),
        15 => json!({"function_score": {"query": clause(random, path, depth - 1),
                                        "functions": [{"filter": clause(random, path, depth - 1), "weight": 2}]}}),
        _ => boolean(random, path, depth - 1),
    }
}

fn clauses(random: &mut StdRng, path: &str, depth: usize, least: usize) -> Vec<Value> {
    (0..random.random_range(least..4)).map(|_| clause(random, path, depth)).collect()
}

fn boolean(random: &mut StdRng, path: &str, depth: usize) -> Value {
    let mut occurrences = Map::new();
    for (occurrence, share) in [("must", 0.5), ("filter", 0.3), ("should", 0.7), ("must_not", 0.3)] {
        if random.random_bool(share) {
            occurrences.insert(occurrence.to_owned(), clauses(random, path, depth, 0).into());
        }
    }
    if random.random_bool(0.4) {
        let minimum = [json!(0), json!(1), json!(2), json!(5), json!(-1), json!("50%")];
        occurrences.insert("minimum_should_match".to_owned(), minimum[random.random_range(0..minimum.len())].clone());
    }
    json!({"bool": occurrences})
}

/// A nested clause on a path below `path`, perhaps two levels down.
fn nested(random: &mut StdRng, path: &str, depth: usize) -> Value {
    let paths: &[&str] = match path {
        "" => &["job", "job", "job.task", "job.task.step", "group.person"],
        "job" => &["job.task", "job.task.step"],
        "job.task" => &["job.task.step"],
        _ => return json!({"term": {field(path, "word"): word(random)}}),
    };
    let inner = paths[random.random_range(0..paths.len())];
    json!({"nested": {"path": inner, "query": clause(random, inner, depth)}})
}

fn field(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
