//! Members as professional networks have them, and what recruiters, sales people and investors ask of them.

mod document;
mod query;

use serde_json::Value;

use super::law::Law;
use super::{Random, words};

pub use document::document;
pub use query::query;

/// The clean member mapping.
pub fn mapping() -> Value {
    serde_json::from_str(include_str!("../../../mappings/clean_member.json"))
        .expect("the mapping that is brought is JSON")
}

const WORDS: Law = Law::new(200_000.0, 2.7);
const COMPANIES: Law = Law::new(5_000_000.0, 200.0);
const CITIES: Law = Law::new(50_000.0, 20.0);
const GIVEN_NAMES: Law = Law::new(20_000.0, 10.0);
const FAMILY_NAMES: Law = Law::new(1_000_000.0, 50.0);
const SKILLS: Law = Law::new(20_000.0, 10.0);
const SCHOOLS: Law = Law::new(30_000.0, 30.0);

/// The mean number of positions, 3 to 8.
const POSITIONS: f64 = 5.5;
const WORDS_A_POSITION: usize = 40;
const WORDS_OF_A_MEMBER: usize = 60;
const SKILLS_OF_A_MEMBER: usize = 8;
const MOST_CONNECTIONS: u64 = 3_000;
/// Today is May 2024: months before it.
const TODAY: u64 = 2024 * 12 + 4;
/// The current position began at most so many months ago, each equally likely.
const CURRENT_MONTHS: u64 = 60;

/// Values from a list, the first the most frequent.
struct Choice<const N: usize> {
    values: [&'static str; N],
    law: Law,
}

impl<const N: usize> Choice<N> {
    const fn new(values: [&'static str; N], shift: f64) -> Choice<N> {
        Choice { values, law: Law::new(N as f64, shift) }
    }

    fn draw(&self, random: &mut Random) -> &'static str {
        self.draw_with_frequency(random).0
    }

    /// A value and the share of draws that give it.
    fn draw_with_frequency(&self, random: &mut Random) -> (&'static str, f64) {
        let number = self.law.draw(random);
        (self.value(number), self.law.frequency(number))
    }

    /// The value that comes up in about this share of draws.
    fn of_frequency(&self, random: &mut Random, frequency: f64) -> (&'static str, f64) {
        let number = self.law.of_frequency(random, frequency);
        (self.value(number), self.law.frequency(number))
    }

    fn value(&self, number: u64) -> &'static str {
        self.values[number as usize % N]
    }
}

static COUNTRIES: Choice<24> = Choice::new(
    [
        "United States",
        "India",
        "Germany",
        "United Kingdom",
        "France",
        "Brazil",
        "Spain",
        "Italy",
        "Netherlands",
        "Poland",
        "Canada",
        "Mexico",
        "Sweden",
        "Portugal",
        "Greece",
        "Austria",
        "Norway",
        "Ireland",
        "Denmark",
        "Finland",
        "Lithuania",
        "Latvia",
        "Estonia",
        "Iceland",
    ],
    1.0,
);

static LEVELS: Choice<10> = Choice::new(
    ["Senior", "Junior", "Lead", "Head of", "Principal", "Associate", "Director of", "VP of", "Chief", "Deputy"],
    1.0,
);

static TRADES: Choice<40> = Choice::new(
    [
        "Software Engineer",
        "Account Executive",
        "Product Manager",
        "Data Engineer",
        "Nurse",
        "Recruiter",
        "Controller",
        "Designer",
        "Sales Manager",
        "Data Scientist",
        "Architect",
        "Consultant",
        "Mechanic",
        "Lawyer",
        "Chemist",
        "Translator",
        "Marketing Manager",
        "Business Analyst",
        "Project Manager",
        "Accountant",
        "Teacher",
        "Physician",
        "Pharmacist",
        "Electrician",
        "Operations Manager",
        "Security Analyst",
        "Network Administrator",
        "Technical Writer",
        "Quality Engineer",
        "Supply Planner",
        "Buyer",
        "Auditor",
        "Actuary",
        "Biologist",
        "Geologist",
        "Surveyor",
        "Pilot",
        "Chef",
        "Librarian",
        "Archivist",
    ],
    2.0,
);

static INDUSTRIES: Choice<20> = Choice::new(
    [
        "Software Development",
        "Financial Services",
        "Hospitals and Health Care",
        "Retail",
        "Higher Education",
        "Construction",
        "Manufacturing",
        "Real Estate",
        "Advertising Services",
        "Insurance",
        "Telecommunications",
        "Oil and Gas",
        "Food and Beverage Services",
        "Biotechnology Research",
        "Defense and Space",
        "Logistics",
        "Utilities",
        "Textiles",
        "Gambling Facilities",
        "Shipbuilding",
    ],
    2.0,
);

static SIZES: Choice<6> = Choice::new(
    [
        "51-200 employees",
        "11-50 employees",
        "1001-5000 employees",
        "2-10 employees",
        "201-1000 employees",
        "10,001+ employees",
    ],
    4.0,
);

fn company_name(number: u64) -> String {
    let kind = ["Ltd", "GmbH", "Group", "Labs", "Inc", "Partners", "Solutions", "Holding"][number as usize % 8];
    format!("{} {kind}", words::name(number * 13 + 5))
}

fn company_id(number: u64) -> u64 {
    1_000_000 + number * 3
}

fn city_name(number: u64) -> String {
    format!("{}ville", words::name(number * 11 + 3))
}

fn given_name(number: u64) -> String {
    words::name(number * 17 + 51)
}

fn family_name(number: u64) -> String {
    format!("{}son", words::name(number * 19 + 101))
}

fn skill(number: u64) -> String {
    words::word(number * 23 + 61)
}

fn school_name(number: u64) -> String {
    format!("University of {}", words::name(number * 29 + 7))
}

fn word(number: u64) -> String {
    words::word(number * 7)
}
