//! Nothing that anybody sends makes Tripline panic, lead to a wrong place, or go on for long.
//!
//! Each target makes mutated inputs out of the corpus of the differential tests until its time is over, and says the seed and the
//! shrunk input of what fails. `TRIPLINE_FUZZ_SECONDS=3600 cargo test --release --test fuzz` runs each target for an hour;
//! `TRIPLINE_FUZZ_SEED` repeats a run.

mod cases;
mod corpus;
mod mutate;
mod random;
mod run;
mod shrink;

use serde_json::{Value, json};

use corpus::Theme;
use random::Random;

#[test]
fn mutated_queries_are_taken_or_refused_with_their_place() {
    run::target("queries", |random, themes, mutator| {
        let theme = random.pick(themes);
        let query = random.pick(&theme.queries);
        let query = mutator.mutated(random, query);
        json!({"mapping": theme.mapping, "documents": some_documents(random, theme), "queries": [query]})
    });
}

#[test]
fn query_texts_are_taken_or_refused_with_their_place() {
    run::target("texts", |random, themes, mutator| {
        let theme = themes.iter().find(|theme| theme.name == "query_string_syntax_over_fields");
        let theme = theme.expect("a theme of query texts");
        let text = mutator.query_text(random);
        let clause = *random.pick(&["query_string", "simple_query_string"]);
        let operator = *random.pick(&["and", "or"]);
        let mut query = json!({ clause: {"query": text, "default_operator": operator, "lenient": random.one_in(2)} });
        if random.one_in(3) {
            query[clause]["fields"] = json!(["*"]);
        }
        if random.one_in(3) {
            query[clause]["analyze_wildcard"] = json!(true);
        }
        json!({"mapping": theme.mapping, "documents": some_documents(random, theme), "queries": [query]})
    });
}

#[test]
fn patterns_end_on_every_term() {
    run::target("patterns", |random, _, mutator| {
        let mapping = json!({"properties": {"k": {"type": "keyword"}, "t": {"type": "text"}}});
        let pattern = mutator.pattern(random);
        let field = *random.pick(&["k", "t"]);
        let clause = *random.pick(&["regexp", "wildcard", "prefix", "fuzzy"]);
        let mut parameters = json!({ "value": pattern });
        if clause != "fuzzy" {
            parameters["case_insensitive"] = json!(random.one_in(2));
        }
        let query = json!({ clause: { field: parameters } });
        let documents: Vec<Value> =
            (0..3).map(|_| json!({"k": mutator.term(random), "t": mutator.term(random)})).collect();
        json!({"mapping": mapping, "documents": documents, "queries": [query]})
    });
}

#[test]
fn mutated_documents_are_read_or_refused() {
    run::target("documents", |random, themes, mutator| {
        let theme = random.pick(themes);
        let documents: Vec<Value> =
            some_documents(random, theme).iter().map(|document| mutator.mutated(random, document)).collect();
        json!({"mapping": theme.mapping, "documents": documents, "queries": some_queries(random, theme)})
    });
}

#[test]
fn mutated_mappings_are_read_or_refused() {
    run::target("mappings", |random, themes, mutator| {
        let theme = random.pick(themes);
        let mapping = mutator.mutated(random, &theme.mapping);
        let queries = some_queries(random, theme);
        json!({"mapping": mapping, "documents": some_documents(random, theme), "queries": queries})
    });
}

#[test]
fn dates_and_their_formats_are_read_or_refused() {
    run::target("dates", |random, _, mutator| {
        let format = mutator.date_format(random);
        let mapping = json!({"properties": {
            "d": {"type": *random.pick(&["date", "date_nanos", "date_range"]), "format": format},
            "plain": {"type": "date"}
        }});
        let field = *random.pick(&["d", "plain"]);
        let mut range = json!({"gte": mutator.date(random), "lt": mutator.date(random)});
        if random.one_in(3) {
            range["format"] = json!(mutator.date_format(random));
        }
        if random.one_in(3) {
            range["time_zone"] =
                json!(*random.pick(&["+01:00", "-18:00", "Europe/Paris", "Z", "+14", "America/St_Johns"]));
        }
        let documents = json!([{"plain": mutator.date(random)}, {"d": mutator.date(random)}]);
        json!({"mapping": mapping, "documents": documents, "queries": [{"range": { field: range }}]})
    });
}

fn some_documents(random: &mut Random, theme: &Theme) -> Vec<Value> {
    (0..3).map(|_| random.pick(&theme.documents).clone()).collect()
}

fn some_queries(random: &mut Random, theme: &Theme) -> Vec<Value> {
    (0..4).map(|_| random.pick(&theme.queries).clone()).collect()
}
