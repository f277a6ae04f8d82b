//! One résumé.

use rand::Rng;
use serde_json::{Value, json};

use super::{
    CITIES, EMPLOYERS, LANGUAGES, MOST_SALARY, MOST_TEAM, MOST_YEARS, SECTORS, SENIORITIES, SKILLS, SKILLS_OF_A_RESUME,
    SURNAMES, TRADES, WORDS, WORDS_OF_A_SUMMARY,
};
use crate::workload::Random;
use crate::workload::words::{self, Script};

/// A résumé with a summary of 150 to 400 words in one of eight scripts, and none to two jobs.
pub fn document(random: &mut Random, id: u64) -> Value {
    let script = super::script(LANGUAGES.draw(random));
    let jobs: Vec<Value> = (0..random.random_range(0..=2)).map(|_| job(random, script)).collect();
    let skills: Vec<String> = (0..SKILLS_OF_A_RESUME).map(|_| super::skill(SKILLS.draw(random))).collect();
    let summary = {
        let words = random.random_range(WORDS_OF_A_SUMMARY);
        words::sentence((0..words).map(|_| super::word(script, WORDS.draw(random))))
    };
    json!({
        "id": id,
        "name": format!("{} {}", trade(random, script), super::surname(script, SURNAMES.draw(random))),
        "title": trade(random, script),
        "seniority": SENIORITIES[random.random_range(0..SENIORITIES.len())],
        "summary": summary,
        "languages": [format!("{script:?}"), "English"],
        "skills": skills,
        "salary": random.random_range(0..MOST_SALARY),
        "years": random.random_range(0..MOST_YEARS),
        "may_relocate": random.random_bool(0.5),
        "available_from": date(random, 2024),
        "location": {
            "city": super::city(CITIES.draw(random)),
            "postcode": format!("{:05}", random.random_range(0..100_000)),
        },
        "jobs": jobs,
    })
}

fn job(random: &mut Random, script: Script) -> Value {
    let from = random.random_range(2000..2023);
    json!({
        "title": trade(random, script),
        "employer": super::employer(script, EMPLOYERS.draw(random)),
        "sector": super::sector(SECTORS.draw(random)),
        "team_size": random.random_range(0..MOST_TEAM),
        "from": date(random, from),
        "to": if random.random_bool(0.4) { None } else { Some(date(random, from + 1)) },
    })
}

fn trade(random: &mut Random, script: Script) -> String {
    super::trade(script, TRADES.draw(random))
}

fn date(random: &mut Random, year: u64) -> String {
    format!("{year}-{:02}-{:02}", random.random_range(1..=12), random.random_range(1..=28))
}
