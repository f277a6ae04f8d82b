//! Lucene's `BengaliNormalizer`: Bangla spellings that sound alike, after UzZaman and Khan.

const HASANTA: char = '\u{9CD}';

/// The normalised word. Letters are looked at in order, each with what has become of those before it.
pub(super) fn normalized(term: &str) -> String {
    let mut word: Vec<char> = term.chars().collect();
    let mut at = 0;
    while let Some(letter) = word.get(at).copied() {
        let simple = match letter {
            '\u{981}' => {
                word.remove(at);
                continue;
            }
            '\u{9C0}' => '\u{9BF}',
            '\u{9C2}' => '\u{9C1}',
            '\u{995}' => {
                khio(&mut word, at);
                at += 1;
                continue;
            }
            '\u{999}' => '\u{982}',
            '\u{9AF}' => {
                at = ja_phala(&mut word, at);
                continue;
            }
            '\u{9AC}' => {
                at = ba_phala(&mut word, at);
                continue;
            }
            '\u{983}' => {
                visarga(&mut word, at);
                at += 1;
                continue;
            }
            '\u{9B6}' | '\u{9B7}' => '\u{9B8}',
            '\u{9A3}' => '\u{9A8}',
            '\u{9DC}' | '\u{9DD}' => '\u{9B0}',
            '\u{9CE}' => '\u{9A4}',
            other => other,
        };
        set(&mut word, at, simple);
        at += 1;
    }
    word.into_iter().collect()
}

fn set(word: &mut [char], at: usize, letter: char) {
    if let Some(slot) = word.get_mut(at) {
        *slot = letter;
    }
}

fn khio(word: &mut Vec<char>, at: usize) {
    if word.get(at + 1..at + 3) != Some(&[HASANTA, '\u{9BF}']) {
        return;
    }
    word.remove(at + 2);
    if at == 0 {
        word.remove(1);
        set(word, 0, '\u{996}');
    } else {
        set(word, at + 1, '\u{996}');
    }
}

/// Answers where to go on, as the two below.
fn ja_phala(word: &mut Vec<char>, at: usize) -> usize {
    let follows_hasanta = at.checked_sub(1).and_then(|before| word.get(before)) == Some(&HASANTA);
    if !follows_hasanta {
        return at + 1;
    }
    if at == 2 {
        set(word, 1, '\u{9C7}');
        if word.get(at + 1) == Some(&'\u{9BE}') {
            word.remove(at + 1);
        }
        word.remove(at);
        return at;
    }
    word.drain(at - 1..=at);
    at - 1
}

fn ba_phala(word: &mut Vec<char>, at: usize) -> usize {
    let follows_hasanta = at.checked_sub(1).and_then(|before| word.get(before)) == Some(&HASANTA);
    if !follows_hasanta || at < 2 {
        return at + 1;
    }
    let is_cluster = at >= 5 && word.get(at - 3) == Some(&HASANTA);
    if at == 2 || is_cluster {
        word.drain(at - 1..=at);
        return at - 1;
    }
    if let Some(doubled) = word.get(at - 2).copied() {
        set(word, at - 1, doubled);
    }
    word.remove(at);
    at
}

fn visarga(word: &mut Vec<char>, at: usize) {
    match word.get(at + 1).copied() {
        Some(next) => set(word, at, next),
        None if word.len() <= 3 => set(word, at, '\u{9B9}'),
        None => {
            word.remove(at);
        }
    }
}
