//! Résumés of a job board in many languages, and what those who hire ask of them: the data set that nothing is tuned on.

mod document;
mod query;

use serde_json::{Value, json};

use super::law::Law;
use super::words::{self, Script};

pub use document::document;
pub use query::query;

pub fn mapping() -> Value {
    let text_and_raw = || json!({"type": "text", "fields": {"raw": {"type": "keyword"}}});
    json!({"mappings": {"dynamic": false, "properties": {
        "id": {"type": "long"},
        "name": text_and_raw(),
        "title": text_and_raw(),
        "seniority": {"type": "keyword"},
        "summary": {"type": "text"},
        "languages": {"type": "keyword"},
        "skills": {"type": "keyword"},
        "salary": {"type": "integer"},
        "years": {"type": "short"},
        "may_relocate": {"type": "boolean"},
        "available_from": {"type": "date"},
        "location": {"properties": {"city": {"type": "keyword"}, "postcode": {"type": "keyword"}}},
        "jobs": {"type": "nested", "properties": {
            "title": text_and_raw(),
            "employer": text_and_raw(),
            "sector": {"type": "keyword"},
            "team_size": {"type": "integer"},
            "from": {"type": "date", "format": "yyyy-MM-dd"},
            "to": {"type": "date", "format": "yyyy-MM-dd"}
        }}
    }}})
}

/// A vocabulary for each language: fewer words than among the profiles, and a flatter top.
const WORDS: Law = Law::new(60_000.0, 12.0);
const WORDS_OF_A_SUMMARY: std::ops::RangeInclusive<usize> = 150..=400;
const MEAN_WORDS: f64 = 275.0;
const EMPLOYERS: Law = Law::new(800_000.0, 60.0);
const CITIES: Law = Law::new(8_000.0, 5.0);
const SURNAMES: Law = Law::new(200_000.0, 30.0);
const SKILLS: Law = Law::new(4_000.0, 25.0);
const SKILLS_OF_A_RESUME: usize = 15;
const TRADES: Law = Law::new(3_000.0, 4.0);
const SECTORS: Law = Law::new(80.0, 6.0);
const MOST_SALARY: u64 = 200_000;
const MOST_YEARS: u64 = 40;
/// The mean number of jobs, none to two.
const JOBS: f64 = 1.0;
const MOST_TEAM: u64 = 500;

const SENIORITIES: [&str; 6] = ["intern", "junior", "regular", "senior", "lead", "executive"];

/// The languages of résumés, the first the most frequent.
const SCRIPTS: [Script; 8] = [
    Script::Latin,
    Script::LatinWithMarks,
    Script::Cyrillic,
    Script::Han,
    Script::Greek,
    Script::Arabic,
    Script::Hangul,
    Script::Devanagari,
];
const LANGUAGES: Law = Law::new(SCRIPTS.len() as f64, 1.0);

fn script(language: u64) -> Script {
    SCRIPTS[language as usize % SCRIPTS.len()]
}

fn word(script: Script, number: u64) -> String {
    words::word_in(script, number * 3 + 50)
}

fn employer(script: Script, number: u64) -> String {
    format!("{} {}", words::word_in(script, number * 31 + 977), ["AG", "S.A.", "K.K.", "& Sons"][number as usize % 4])
}

fn trade(script: Script, number: u64) -> String {
    words::capitalised(&words::word_in(script, number * 37 + 250))
}

fn surname(script: Script, number: u64) -> String {
    words::capitalised(&words::word_in(script, number * 41 + 2_500))
}

fn skill(number: u64) -> String {
    format!("{}-{}", words::word(number * 43 + 50), number % 10)
}

fn city(number: u64) -> String {
    format!("{} am See", words::name(number * 47 + 50))
}

fn sector(number: u64) -> String {
    format!("sector/{}", words::word(number * 53 + 50))
}
