//! One selector of those who hire.

use rand::Rng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use super::{
    CITIES, EMPLOYERS, JOBS, LANGUAGES, MEAN_WORDS, MOST_SALARY, MOST_TEAM, MOST_YEARS, SECTORS, SENIORITIES, SKILLS,
    SKILLS_OF_A_RESUME, SURNAMES, TRADES, WORDS,
};
use crate::workload::Random;
use crate::workload::reach::{Reach, factors};
use crate::workload::words::Script;

type Kind = fn(&mut Random, f64, bool) -> Value;
const NARROW: [Kind; 10] = [
    near_and_paid,
    near_and_paid,
    named,
    writes,
    writes_most_of,
    has_skills,
    leads_trade_in_city,
    employed_at,
    employed_at,
    led_team,
];
const BROAD: [Kind; 6] = [paid_between, near, has_a_skill, soon_available, experienced, in_sector];

/// A selector that so many documents match, about.
pub fn query(random: &mut Random, reach: Reach, is_flat: bool) -> Value {
    let (kinds, share): (&[Kind], f64) = match reach {
        Reach::Narrow(share) => (&NARROW, share),
        Reach::Broad(share) => (&BROAD, share),
    };
    let kind = kinds.choose(random).expect("there are kinds");
    kind(random, share, is_flat)
}

/// A language, and the share of résumés that are written in it.
fn language(random: &mut Random) -> (Script, f64) {
    let language = LANGUAGES.draw(random);
    (super::script(language), LANGUAGES.frequency(language))
}

/// A range that this share of evenly spread values lie in, anywhere.
fn between(random: &mut Random, most: u64, share: f64) -> Value {
    let width = (most as f64 * share).ceil() as u64;
    let from = random.random_range(0..=most.saturating_sub(width));
    json!({"gte": from, "lt": from + width})
}

/// The first digits of a postcode that this share of documents have at least, and the share that they have.
fn postcodes(random: &mut Random, share: f64) -> (String, f64) {
    let digits = (-share.log10()).floor().clamp(1.0, 5.0);
    let number = random.random_range(0..10_u64.pow(digits as u32));
    (format!("{number:0width$}", width = digits as usize), 10_f64.powf(-digits))
}

fn near_and_paid(random: &mut Random, share: f64, _: bool) -> Value {
    let seniority = SENIORITIES.choose(random).expect("there are some");
    let share = share * SENIORITIES.len() as f64;
    let (digits, among) = postcodes(random, share);
    json!({"bool": {"filter": [
        {"prefix": {"location.postcode": digits}},
        {"term": {"seniority": seniority}},
        {"range": {"salary": between(random, MOST_SALARY, share / among)}}
    ]}})
}

fn named(random: &mut Random, share: f64, _: bool) -> Value {
    let (script, among) = language(random);
    let surname = super::surname(script, SURNAMES.of_frequency(random, share / among));
    json!({"match": {"name": surname}})
}

/// Words that stand together in this share of the summaries of a language.
fn rare_words<const N: usize>(random: &mut Random, share: f64) -> [String; N] {
    let (script, among) = language(random);
    factors(random, share / among).map(|share| super::word(script, WORDS.of_frequency(random, share / MEAN_WORDS)))
}

fn writes(random: &mut Random, share: f64, is_flat: bool) -> Value {
    let words: [String; 3] = rare_words(random, share);
    if is_flat {
        return json!({"match": {"summary": {"query": words.join(" "), "operator": "and"}}});
    }
    json!({"simple_query_string": {"query": words.map(|word| format!("+{word}")).join(" "), "fields": ["summary"]}})
}

fn writes_most_of(random: &mut Random, share: f64, _: bool) -> Value {
    let [first, second] = rare_words(random, share);
    let [one, other] = rare_words(random, share);
    json!({"bool": {
        "should": [
            {"bool": {"must": [{"match": {"summary": first}}, {"match": {"summary": second}}]}},
            {"match": {"summary": {"query": format!("{one} {other}"), "operator": "and"}}}
        ],
        "must_not": {"term": {"may_relocate": false}}
    }})
}

fn has_skills(random: &mut Random, share: f64, _: bool) -> Value {
    let skills = factors::<3>(random, share)
        .map(|share| json!({"term": {"skills": super::skill(SKILLS.of_frequency(random, share / SKILLS_OF_A_RESUME as f64))}}));
    json!({"bool": {"filter": skills}})
}

fn leads_trade_in_city(random: &mut Random, share: f64, _: bool) -> Value {
    let (script, among) = language(random);
    let [of_trade, of_city] = factors(random, share / among);
    json!({"bool": {"must": [
        {"match_phrase": {"title": super::trade(script, TRADES.of_frequency(random, of_trade))}},
        {"terms": {"location.city": [super::city(CITIES.of_frequency(random, of_city)), super::city(random.random_range(0..8_000))]}}
    ]}})
}

/// A clause about one of the jobs.
fn nested(query: Value, is_flat: bool) -> Value {
    if is_flat { query } else { json!({"nested": {"path": "jobs", "query": query}}) }
}

fn employed_at(random: &mut Random, share: f64, is_flat: bool) -> Value {
    let (script, among) = language(random);
    let employer = super::employer(script, EMPLOYERS.of_frequency(random, share / JOBS / among));
    nested(json!({"match_phrase": {"jobs.employer": employer}}), is_flat)
}

fn led_team(random: &mut Random, share: f64, is_flat: bool) -> Value {
    let (script, among) = language(random);
    let [of_trade, of_team] = factors(random, share / JOBS / among);
    let query = json!({"bool": {"filter": [
        {"prefix": {"jobs.title.raw": super::trade(script, TRADES.of_frequency(random, of_trade))}},
        {"range": {"jobs.team_size": between(random, MOST_TEAM, of_team)}}
    ]}});
    nested(query, is_flat)
}

fn paid_between(random: &mut Random, share: f64, _: bool) -> Value {
    let years = random.random_range(MOST_YEARS / 10..MOST_YEARS / 2);
    let experienced = 1.0 - years as f64 / MOST_YEARS as f64;
    json!({"bool": {"filter": [
        {"range": {"salary": between(random, MOST_SALARY, share / experienced)}},
        {"range": {"years": {"gte": years}}}
    ]}})
}

fn near(random: &mut Random, share: f64, _: bool) -> Value {
    let (digits, among) = postcodes(random, share);
    json!({"bool": {"must": [
        {"prefix": {"location.postcode": {"value": digits}}},
        {"range": {"salary": {"lt": (MOST_SALARY as f64 * share / among) as u64}}}
    ]}})
}

fn has_a_skill(random: &mut Random, share: f64, _: bool) -> Value {
    json!({"term": {"skills": {"value": super::skill(SKILLS.of_frequency(random, share / SKILLS_OF_A_RESUME as f64))}}})
}

fn soon_available(random: &mut Random, share: f64, is_flat: bool) -> Value {
    if is_flat {
        return json!({"range": {"salary": {"gte": (MOST_SALARY as f64 * (1.0 - share)) as u64}}});
    }
    let days = (336.0 * share).ceil() as u64;
    let seniority = SENIORITIES.choose(random).expect("there are some");
    json!({"bool": {
        "must": {"range": {"available_from": {"gte": "2024-01-01", "lte": format!("2024-01-{days:02}")}}},
        "must_not": {"term": {"seniority": seniority}}
    }})
}

fn experienced(random: &mut Random, share: f64, _: bool) -> Value {
    let (script, among) = language(random);
    let word = super::word(script, WORDS.of_frequency(random, share / among / MEAN_WORDS));
    json!({"match": {"summary": word}})
}

fn in_sector(random: &mut Random, share: f64, is_flat: bool) -> Value {
    let wider = share * random.random_range(1.0..4.0);
    let sector = SECTORS.of_frequency(random, wider / JOBS);
    let among = SECTORS.frequency(sector) * JOBS;
    let query = json!({"bool": {"filter": [
        {"term": {"jobs.sector": super::sector(sector)}},
        {"range": {"jobs.team_size": between(random, MOST_TEAM, (share / among).min(1.0))}}
    ]}});
    nested(query, is_flat)
}
