//! Inputs that are nearly right.

use serde_json::{Map, Value, json};

use crate::corpus::{self, Theme};
use crate::random::Random;

/// Makes inputs out of the stock of the corpus.
pub struct Mutator<'t> {
    themes: &'t [Theme],
    words: Vec<String>,
}

const FRAGMENTS: [&str; 44] = [
    "\"",
    "/",
    "\\",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    ":",
    "^2",
    "~",
    "~1",
    "*",
    "?",
    "+",
    "-",
    "!",
    "|",
    "&&",
    "||",
    " AND ",
    " OR ",
    " NOT ",
    " TO ",
    "\\u0041",
    "\\u00",
    " ",
    "\u{3000}",
    "a",
    "b",
    "ab",
    "é",
    "😀",
    "İ",
    "ß",
    "\u{0}",
    "_exists_:",
    "=",
    "@",
    "#",
    ".",
];
const PATTERNS: [&str; 36] = [
    "a", "b", "ab", "é", ".", "*", "?", "+", "|", "(", ")", "[", "]", "[a-c]", "[^a]", "{2}", "{1,3}", "{0,}", "{99}",
    "&", "~", "@", "#", "<1-100>", "\"a\"", "\\d", "\\w", "\\", "(a|aa)", "(a*)*", ".*", "^", "$", "😀", "A", "1",
];
const FORMATS: [&str; 30] = [
    "yyyy",
    "uuuu",
    "MM",
    "dd",
    "HH",
    "mm",
    "ss",
    "SSS",
    "SSSSSSSSS",
    "-",
    "/",
    " ",
    "'T'",
    "T",
    "[",
    "]",
    "XXX",
    "Z",
    "z",
    "VV",
    "E",
    "MMM",
    "a",
    "D",
    "||",
    "epoch_millis",
    "epoch_second",
    "strict_date_optional_time",
    "basic_date_time",
    "'",
];
const DATES: [&str; 34] = [
    "2024",
    "-02",
    "-29",
    "T",
    "23",
    ":59",
    ":60",
    ".123456789",
    "Z",
    "+01:00",
    "-18:00",
    "now",
    "||",
    "/d",
    "/M",
    "/y",
    "/w",
    "+1d",
    "-1M",
    "+99999999999y",
    "-9999",
    "0000",
    "9999-12-31",
    "1e3",
    "-1",
    "253402300799999",
    "Feb",
    "PM",
    " ",
    "x",
    "10000-01-01",
    "W01",
    "+",
    "/",
];

impl<'t> Mutator<'t> {
    pub fn new(themes: &'t [Theme]) -> Mutator<'t> {
        Mutator { themes, words: corpus::words(themes) }
    }

    /// The value with a few changes.
    pub fn mutated(&self, random: &mut Random, value: &Value) -> Value {
        let mut value = value.clone();
        for _ in 0..=random.below(4) {
            let places = places(&value);
            let place = random.below(places);
            if let Some(inner) = nth(&mut value, &mut { place }) {
                self.change(random, inner);
            }
        }
        value
    }

    fn change(&self, random: &mut Random, value: &mut Value) {
        match random.below(10) {
            0 => *value = self.scalar(random),
            1 => *value = Value::Array(vec![value.take(); random.count(300)]),
            2 => *value = json!({ self.word(random): value.take() }),
            3 => *value = self.part(random),
            4 => *value = Value::Null,
            _ => self.change_within(random, value),
        }
    }

    fn change_within(&self, random: &mut Random, value: &mut Value) {
        match value {
            Value::Object(object) => self.change_object(random, object),
            Value::Array(items) => match random.below(4) {
                0 => items.push(self.part(random)),
                1 if !items.is_empty() => {
                    items.remove(random.below(items.len()));
                }
                2 if !items.is_empty() => {
                    let item = random.pick(items).clone();
                    items.extend(vec![item; random.count(500)]);
                }
                _ => items.reverse(),
            },
            Value::String(text) => *text = self.text(random, text),
            other => *other = self.scalar(random),
        }
    }

    fn change_object(&self, random: &mut Random, object: &mut Map<String, Value>) {
        let names: Vec<String> = object.keys().cloned().collect();
        if names.is_empty() || random.one_in(3) {
            object.insert(self.word(random), self.part(random));
            return;
        }
        let name = random.pick(&names);
        let Some(inner) = object.remove(name) else { return };
        match random.below(4) {
            0 => {}
            1 => {
                object.insert(self.word(random), inner);
            }
            2 => {
                object.insert(self.text(random, name), inner);
            }
            _ => {
                object.insert(self.word(random), inner.clone());
                object.insert(name.clone(), inner);
            }
        }
    }

    fn word(&self, random: &mut Random) -> String {
        random.pick(&self.words).clone()
    }

    /// A part of some query or document of the corpus.
    fn part(&self, random: &mut Random) -> Value {
        let theme = random.pick(self.themes);
        let mut whole = match random.below(3) {
            0 => random.pick(&theme.documents).clone(),
            _ => random.pick(&theme.queries).clone(),
        };
        let place = random.below(places(&whole));
        nth(&mut whole, &mut { place }).map(Value::take).unwrap_or_default()
    }

    fn scalar(&self, random: &mut Random) -> Value {
        match random.below(12) {
            0 => json!(random.one_in(2)),
            1 => json!(i64::MIN),
            2 => json!(u64::MAX),
            3 => json!(-0.0),
            4 => json!(1e308),
            5 => json!(random.number()),
            6 => json!(random.below(10)),
            7 => json!(-1),
            8 => json!("x".repeat(random.count(70_000))),
            9 => json!(self.query_text(random)),
            _ => json!(self.word(random)),
        }
    }

    /// The text with a few changes.
    fn text(&self, random: &mut Random, text: &str) -> String {
        let characters: Vec<char> = text.chars().collect();
        let at = random.below(characters.len() + 1);
        let (before, behind) = characters.split_at(at);
        let (before, behind): (String, String) = (before.iter().collect(), behind.iter().collect());
        match random.below(5) {
            0 => before,
            1 => behind,
            2 => format!("{before}{}{behind}", self.word(random)),
            3 => format!("{before}{}", behind.repeat(random.count(200))),
            _ => format!("{before}{}{behind}", random.pick(&FRAGMENTS)),
        }
    }

    /// A text of Lucene's query languages, more or less.
    pub fn query_text(&self, random: &mut Random) -> String {
        let mut text = String::new();
        for _ in 0..random.count(60) + 1 {
            match random.below(4) {
                0 => text.push_str(&self.word(random)),
                _ => text.push_str(FRAGMENTS[random.below(FRAGMENTS.len())]),
            }
        }
        if random.one_in(20) { text.repeat(random.count(400)) } else { text }
    }

    /// A regular expression, more or less.
    pub fn pattern(&self, random: &mut Random) -> String {
        let pattern = self.of(random, &PATTERNS, 40);
        if random.one_in(10) { pattern.repeat(random.count(60)) } else { pattern }
    }

    /// A term that patterns find much in.
    pub fn term(&self, random: &mut Random) -> String {
        let part = *random.pick(&["a", "ab", "aab", "é", "😀a", "1", "100", "xyz", ""]);
        let term = part.repeat(random.count(8_000));
        if random.one_in(2) { term + "b" } else { term }
    }

    pub fn date_format(&self, random: &mut Random) -> String {
        self.of(random, &FORMATS, 12)
    }

    pub fn date(&self, random: &mut Random) -> Value {
        match random.below(8) {
            0 => json!(random.number()),
            1 => self.scalar(random),
            _ => json!(self.of(random, &DATES, 8)),
        }
    }

    fn of(&self, random: &mut Random, parts: &[&str], most: usize) -> String {
        (0..=random.below(most)).map(|_| *random.pick(parts)).collect()
    }
}

/// How many values there are in a value, itself among them.
pub fn places(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(places).sum(),
        Value::Object(object) => object.values().map(places).sum(),
        _ => 0,
    }
}

/// The value at a place, counted from the outside in.
pub fn nth<'v>(value: &'v mut Value, place: &mut usize) -> Option<&'v mut Value> {
    if *place == 0 {
        return Some(value);
    }
    *place -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|inner| nth(inner, place)),
        Value::Object(object) => object.values_mut().find_map(|inner| nth(inner, place)),
        _ => None,
    }
}
