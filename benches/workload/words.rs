//! Invented words, pronounceable, one for each number and script.

/// How words are written. In the first kinds a word is cut at white space, in the last each character is a word of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Script {
    Latin,
    LatinWithMarks,
    Cyrillic,
    Greek,
    Arabic,
    Devanagari,
    Hangul,
    Han,
}

/// A Latin word.
pub fn word(number: u64) -> String {
    word_in(Script::Latin, number)
}

/// A word of a script: the smaller the number, the shorter.
pub fn word_in(script: Script, number: u64) -> String {
    match script {
        Script::Latin => syllables(number, b"bdfklmnrst".map(char::from), ['a', 'e', 'i', 'o', 'u']),
        Script::LatinWithMarks => {
            syllables(number, ['b', 'ç', 'd', 'ł', 'm', 'n', 'ñ', 'r', 'š', 't'], ['a', 'é', 'ı', 'ö', 'ü'])
        }
        Script::Cyrillic => {
            syllables(number, ['б', 'в', 'г', 'д', 'ж', 'к', 'л', 'н', 'р', 'щ'], ['а', 'е', 'и', 'о', 'ы'])
        }
        Script::Greek => {
            syllables(number, ['β', 'γ', 'δ', 'θ', 'κ', 'λ', 'μ', 'ν', 'ξ', 'π'], ['α', 'ε', 'ή', 'ο', 'ύ'])
        }
        Script::Arabic => {
            syllables(number, ['ب', 'ت', 'ج', 'د', 'ر', 'س', 'ع', 'ف', 'ك', 'ل'], ['ا', 'و', 'ي', 'م', 'ن'])
        }
        Script::Devanagari => {
            syllables(number, ['क', 'ग', 'च', 'ज', 'ट', 'ड', 'त', 'न', 'प', 'म'], ['ा', 'ि', 'ी', 'ु', 'े'])
        }
        Script::Hangul => syllables(
            number,
            ['가', '나', '다', '라', '마', '바', '사', '아', '자', '차'],
            ['고', '노', '도', '로', '모'],
        ),
        // Two of the 20,000 characters in a row are a word to a reader, and two tokens to the standard tokenizer.
        Script::Han => [0x4E00 + number % 20_000, 0x4E00 + (number / 7) % 20_000]
            .iter()
            .filter_map(|code| u32::try_from(*code).ok().and_then(char::from_u32))
            .collect(),
    }
}

/// The number's digits, to the bases 10 and 5 in turn, as consonants and vowels.
fn syllables(mut number: u64, consonants: [char; 10], vowels: [char; 5]) -> String {
    let mut word = String::new();
    loop {
        word.push(consonants[(number % 10) as usize]);
        number /= 10;
        word.push(vowels[(number % 5) as usize]);
        number /= 5;
        if number == 0 {
            return word;
        }
    }
}

/// A word with its first letter in upper case.
pub fn name(number: u64) -> String {
    capitalised(&word(number))
}

pub fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Words with a blank between them.
pub fn sentence(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}
