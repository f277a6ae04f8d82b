//! The benches' own data set: members and queries drawn from Zipf distributions, so that some words, companies and places are
//! everywhere and most are rare.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, Zipf};
use serde_json::{Value, json};

const WORDS: usize = 20_000;
const COMPANIES: usize = 50_000;
const CITIES: usize = 2_000;
const COUNTRIES: [&str; 12] = [
    "Germany",
    "France",
    "Spain",
    "Italy",
    "Poland",
    "Lithuania",
    "Sweden",
    "Portugal",
    "Greece",
    "Austria",
    "Norway",
    "Ireland",
];
const LEVELS: [&str; 8] = ["Junior", "Senior", "Lead", "Principal", "Head of", "Director of", "VP of", "Chief"];
const TRADES: [&str; 16] = [
    "Data Engineer",
    "Software Developer",
    "Account Executive",
    "Product Manager",
    "Nurse",
    "Recruiter",
    "Controller",
    "Designer",
    "Sales Manager",
    "Analyst",
    "Architect",
    "Consultant",
    "Mechanic",
    "Lawyer",
    "Chemist",
    "Translator",
];

/// Draws members and queries, the same for the same seed.
pub struct Workload {
    random: StdRng,
    words: Zipf<f64>,
    companies: Zipf<f64>,
    cities: Zipf<f64>,
}

impl Workload {
    pub fn new(seed: u64) -> Workload {
        let zipf = |count: usize| Zipf::new(count as f64, 1.05).expect("positive parameters");
        Workload {
            random: StdRng::seed_from_u64(seed),
            words: zipf(WORDS),
            companies: zipf(COMPANIES),
            cities: zipf(CITIES),
        }
    }

    fn draw(&mut self, of: Zipf<f64>) -> u64 {
        of.sample(&mut self.random) as u64
    }

    fn word(&mut self) -> String {
        let number = self.draw(self.words);
        syllables(number * 7)
    }

    fn text(&mut self, words: usize) -> String {
        (0..words).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }

    fn company(&mut self) -> String {
        let number = self.draw(self.companies);
        let name = syllables(number * 13 + 5);
        format!("{} {}", name, ["Ltd", "GmbH", "Group", "Labs"][number as usize % 4])
    }

    fn city(&mut self) -> String {
        let number = self.draw(self.cities);
        format!("{}ville", syllables(number * 11 + 3))
    }

    fn title(&mut self) -> String {
        let level = LEVELS.choose(&mut self.random).expect("not empty");
        let trade = TRADES.choose(&mut self.random).expect("not empty");
        format!("{level} {trade} {}", self.word())
    }

    /// A member of 3 to 8 positions with descriptions of 40 words: about 5 KB.
    pub fn member(&mut self, id: u64) -> Value {
        let positions = self.random.random_range(3..=8);
        let experience: Vec<Value> = (0..positions)
            .map(|index| {
                let year = 2024 - 2 * index;
                json!({
                    "id": id * 10 + index,
                    "title": self.title(),
                    "company_id": self.draw(self.companies),
                    "company_name": self.company(),
                    "location": format!("{}, {}", self.city(), COUNTRIES.choose(&mut self.random).expect("not empty")),
                    "date_from": format!("{year}-03"),
                    "date_to": if index == 0 { Value::Null } else { json!(format!("{}-02", year + 2)) },
                    "description": self.text(40),
                })
            })
            .collect();
        json!({
            "id": id,
            "last_updated": "2024-05-01",
            "full_name": format!("{} {}", self.word(), self.word()),
            "headline": self.title(),
            "job_title": self.title(),
            "description": self.text(60),
            "location_country": COUNTRIES.choose(&mut self.random).expect("not empty"),
            "connections_count": self.random.random_range(0..3_000),
            "skills": (0..8).map(|_| self.word()).collect::<Vec<_>>(),
            "experience": experience,
        })
    }

    /// A selector as recruiters, sales people and investors write them: half nested, most of them rarely matching.
    pub fn query(&mut self) -> Value {
        let current = json!({"bool": {"must_not": {"exists": {"field": "experience.date_to"}}}});
        match self.random.random_range(0..10) {
            0 => json!({"match": {"full_name": {"query": self.text(2), "operator": "and"}}}),
            1 => json!({"bool": {"filter": [
                {"term": {"location_country.exact": COUNTRIES.choose(&mut self.random).expect("not empty")}},
                {"range": {"connections_count": {"gte": self.random.random_range(0..3_000)}}},
                {"term": {"skills.exact": self.word()}}
            ]}}),
            2 => {
                json!({"query_string": {"query": format!("{} AND {}", self.word(), self.word()), "default_field": "description"}})
            }
            3 => json!({"match_phrase": {"headline": self.title()}}),
            4 => json!({"bool": {"must": {"match": {"job_title": {"query": self.title(), "operator": "and"}}},
                "must_not": {"term": {"location_country.exact": "Germany"}}}}),
            5 | 6 => json!({"nested": {"path": "experience", "query": {"bool": {"must": [
                {"match": {"experience.company_name": {"query": self.company(), "operator": "and"}}}, current
            ]}}}}),
            7 => json!({"nested": {"path": "experience", "query": {"bool": {"must": [
                {"match_phrase": {"experience.title": self.title()}},
                {"match": {"experience.location": self.city()}}
            ]}}}}),
            8 => json!({"nested": {"path": "experience", "query": {"terms": {"experience.company_id":
                (0..5).map(|_| self.draw(self.companies) + 1_000).collect::<Vec<_>>()}}}}),
            _ => json!({"nested": {"path": "experience", "query": {"match": {"experience.description":
                {"query": self.text(4), "operator": "and"}}}}}),
        }
    }
}

/// A pronounceable word for a number.
fn syllables(mut number: u64) -> String {
    const ONSETS: [&str; 10] = ["b", "d", "f", "k", "l", "m", "n", "r", "s", "t"];
    const VOWELS: [&str; 5] = ["a", "e", "i", "o", "u"];
    let mut word = String::new();
    loop {
        word.push_str(ONSETS[(number % 10) as usize]);
        number /= 10;
        word.push_str(VOWELS[(number % 5) as usize]);
        number /= 5;
        if number == 0 {
            return word;
        }
    }
}
