//! The words that documents and queries of one round share, so that matches are common.

use super::draw::Draw;

/// Plain words, and whatever a tokenizer, a filter, a parser or a number reader may trip over.
const VOCABULARY: &[&str] = &[
    "acme",
    "Acme",
    "ACME",
    "engineer",
    "engineers",
    "engineering",
    "Engineer",
    "data",
    "base",
    "database",
    "manager",
    "senior",
    "quick",
    "brown",
    "fox",
    "foxes",
    "running",
    "the",
    "of",
    "not",
    "a",
    "x",
    "ab",
    "abc",
    "abcd",
    "abdc",
    "café",
    "cafe",
    "naïve",
    "Straße",
    "STRASSE",
    "İzmir",
    "izmir",
    "ΣΊΣΥΦΟΣ",
    "日本",
    "東京都",
    "ไทย",
    "한국어",
    "👍",
    "👩\u{200d}🚀",
    "C++",
    "c#",
    "o'neil",
    "o\u{2019}neil",
    "foo.bar",
    "foo_bar",
    "3.14",
    "1,000",
    "42",
    "0",
    "-1",
    "007",
    "2021",
    "2021-03",
    "true",
    "wi-fi",
    "user@example.org",
    "http://a.b/c?d=e",
    "ﬁne",
    "e\u{301}te",
    "Ⅳ",
    "10.0.0.1",
    "AND",
    "OR",
    "TO",
    "null",
    "*",
    "?",
    "\"",
    "(",
    "&&",
    "~",
    "/",
    "\\",
    "a\u{ad}b",
    "don't",
    "U.S.A.",
    "x86_64",
];

/// What stands between words of a text.
const SEPARATORS: &[(u32, &str)] =
    &[(80, " "), (4, ", "), (3, "-"), (3, "."), (2, "_"), (2, "/"), (2, "  "), (2, "\n"), (2, "")];

/// The words of one round.
pub struct Words(Vec<String>);

impl Words {
    pub fn draw(draw: &mut Draw) -> Words {
        let mut words: Vec<String> = (0..draw.between(5, 9)).map(|_| draw.one(VOCABULARY).to_owned()).collect();
        // Words of the same stem differ by what patterns, fuzzy terms and filters are about.
        let variant = altered(draw, &words[0].clone());
        words.push(variant);
        if draw.chance(4) {
            let letter = draw.one(&["x", "é", "日"]);
            words.push(letter.repeat(draw.between(200, 300) as usize));
        }
        Words(words)
    }

    pub fn word(&self, draw: &mut Draw) -> String {
        draw.one(&self.0)
    }

    /// A word, often changed a little.
    pub fn near_word(&self, draw: &mut Draw) -> String {
        let word = self.word(draw);
        if draw.chance(50) { altered(draw, &word) } else { word }
    }

    /// Some words in a row; none at times.
    pub fn text(&self, draw: &mut Draw, most: i64) -> String {
        let mut text = String::new();
        let least = i64::from(!draw.chance(5));
        for place in 0..draw.between(least, most) {
            if place > 0 {
                text.push_str(draw.weighted(SEPARATORS));
            }
            text.push_str(&draw.one(&self.0));
        }
        text
    }

    /// A word to make a pattern of: nodes refuse long patterns by the size of their automata.
    pub fn short_word(&self, draw: &mut Draw) -> String {
        self.near_word(draw).chars().take(20).collect()
    }

    /// The first letters of a word.
    pub fn prefix(&self, draw: &mut Draw) -> String {
        let word = self.word(draw);
        let length = draw.below(word.chars().count() + 1).min(4);
        word.chars().take(length).collect()
    }
}

/// The word with a letter more, less, exchanged, or in another case.
pub fn altered(draw: &mut Draw, word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let place = draw.below(letters.len().max(1));
    match draw.below(6) {
        0 => letters.insert(place.min(letters.len()), draw.one(&['a', 'e', 'x', 'é', '1'])),
        1 if letters.len() > 1 => {
            letters.remove(place);
        }
        2 if letters.len() > place + 1 => letters.swap(place, place + 1),
        3 if !letters.is_empty() => letters[place] = draw.one(&['a', 'e', 'x', 'Z', 'ß']),
        4 => return word.to_uppercase(),
        _ => return word.to_lowercase(),
    }
    letters.into_iter().collect()
}
