//! `html_strip`: text without tags, with its character references resolved, as Lucene's `HTMLStripCharFilter` reads HTML.
//!
//! What is no tag stays as it is. Tags of blocks become line breaks, tags within lines nothing.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::super::longest::Longest;
use super::super::tokenizer::is_java_whitespace;

/// Lines of a character and the names of its references.
const ENTITIES: &str = include_str!("html_entities.tsv");

static CHARACTERS: LazyLock<FxHashMap<&'static str, char>> = LazyLock::new(|| {
    let lines = ENTITIES.lines().filter_map(|line| line.split_once('\t'));
    let parsed = lines.filter_map(|(code, names)| {
        let character = char::from_u32(u32::from_str_radix(code, 16).ok()?)?;
        Some(names.split(' ').map(move |name| (name, character)))
    });
    parsed.flatten().collect()
});

/// The longest name of a character reference.
const MAX_NAME: usize = 8;

/// Elements that stand within a line.
const INLINE: &[&str] = &[
    "a", "b", "i", "q", "s", "u", "abbr", "acronym", "basefont", "bdo", "big", "cite", "code", "dfn", "em", "font",
    "img", "input", "kbd", "label", "samp", "select", "small", "span", "strike", "strong", "sub", "sup", "textarea",
    "tt", "var",
];

/// A start tag behind its name: quoted values of attributes may hold what would end it. Written for bytes, `N` for a letter of
/// a name.
const TAG_REST: &str = r#"(?:=\s*)?(?:\s+N(?:N|[-.0-9])*\s*=\s*(?:'(?:\\'|[^'])*'|"(?:\\"|[^"])*")|[^<>])*\s*/?>"#;

static REST_OF_TAG: LazyLock<Option<Longest>> =
    LazyLock::new(|| Longest::new(&TAG_REST.replace('N', r"[:_a-zA-Z\x80-\xFF]"), false).ok());

/// The text without markup; the tags of `kept` elements stay.
pub(super) fn strip(text: &str, kept: &[String]) -> String {
    let mut reader = Reader { text, at: 0, out: String::with_capacity(text.len()), kept };
    while let Some(rest) = text.get(reader.at..).filter(|rest| !rest.is_empty()) {
        let plain = rest.find(['<', '&']).unwrap_or(rest.len());
        if plain > 0 {
            reader.keep(plain);
        } else if rest.starts_with('&') {
            reader.reference(rest);
        } else {
            reader.markup(rest);
        }
    }
    reader.out
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    out: String,
    kept: &'t [String],
}

impl<'t> Reader<'t> {
    /// The next bytes stay as they are.
    fn keep(&mut self, bytes: usize) {
        self.out.push_str(self.text.get(self.at..self.at + bytes).unwrap_or_default());
        self.at += bytes;
    }

    fn replace(&mut self, bytes: usize, replacement: &str) {
        self.out.push_str(replacement);
        self.at += bytes;
    }

    fn skip_to(&mut self, end: Option<usize>) {
        self.at = end.unwrap_or(self.text.len());
    }

    fn reference(&mut self, rest: &str) {
        let found = match rest.strip_prefix("&#") {
            Some(number) => numeric_reference(number).map(|(length, character)| (length + 2, character)),
            None => named_reference(rest),
        };
        match found {
            // At the very end the semicolon may be missing.
            Some((length, character)) if matches!(rest.as_bytes().get(length), None | Some(b';')) => {
                self.replace((length + 1).min(rest.len()), character.encode_utf8(&mut [0; 4]));
            }
            Some((length, _)) => self.keep(length),
            None => self.keep(1),
        }
    }

    fn markup(&mut self, rest: &'t str) {
        match rest.as_bytes().get(1) {
            Some(b'!') => self.declaration(rest),
            Some(b'/') => self.end_tag(rest),
            Some(b'?') => {
                let end =
                    rest.find('>').filter(|end| *end > 2 && matches!(rest.as_bytes().get(end - 1), Some(b'/' | b'?')));
                match end {
                    Some(end) => self.at += end + 1,
                    None => self.keep(1),
                }
            }
            _ => self.start_tag(rest),
        }
    }

    fn declaration(&mut self, rest: &str) {
        if rest.starts_with("<!--") {
            let end = rest.get(4..).and_then(|comment| comment.find("-->"));
            self.skip_to(end.map(|end| self.at + 4 + end + 3));
        } else if let Some(data) = rest.strip_prefix("<![CDATA[") {
            let end = data.find("]]>");
            self.out.push_str(data.get(..end.unwrap_or(data.len())).unwrap_or_default());
            self.skip_to(end.map(|end| self.at + 9 + end + 3));
        } else {
            match rest.find('>') {
                Some(end) => self.at += end + 1,
                None => self.keep(rest.len()),
            }
        }
    }

    fn end_tag(&mut self, rest: &str) {
        let behind_slash = rest.get(2..).unwrap_or_default();
        let space = leading_space(behind_slash);
        let name = name_at(behind_slash.get(space..).unwrap_or_default());
        let end_of_name = 2 + space + name.len();
        let tail = rest.get(end_of_name..).unwrap_or_default();
        let tail_space = leading_space(tail);
        if name.is_empty() {
            self.keep(2 + space);
        } else if tail.get(tail_space..).is_some_and(|tail| tail.starts_with('>')) {
            self.tag(name, end_of_name + tail_space + 1);
        } else if tail.is_empty() && !self.is_kept(name) {
            self.at = self.text.len();
        } else {
            self.keep(end_of_name);
        }
    }

    fn start_tag(&mut self, rest: &'t str) {
        let behind = rest.get(1..).unwrap_or_default();
        let space = leading_space(behind);
        let name = name_at(behind.get(space..).unwrap_or_default());
        let end_of_name = 1 + space + name.len();
        let tail = rest.get(end_of_name..).unwrap_or_default();
        let tail_length = REST_OF_TAG.as_ref().map_or(0, |tag| tag.count(tail.bytes()));
        if name.is_empty() {
            self.keep(1 + space);
        } else if tail_length > 0 && ["script", "style"].iter().any(|raw| name.eq_ignore_ascii_case(raw)) {
            self.raw_text(rest, name, end_of_name + tail_length);
        } else if tail_length > 0 {
            self.tag(name, end_of_name + tail_length);
        } else if tail.is_empty() && !self.is_kept(name) {
            self.at = self.text.len();
        } else {
            self.keep(end_of_name);
        }
    }

    fn is_kept(&self, name: &str) -> bool {
        self.kept.iter().any(|kept| kept.eq_ignore_ascii_case(name))
    }

    fn tag(&mut self, name: &str, length: usize) {
        if self.is_kept(name) {
            self.keep(length);
        } else if INLINE.iter().any(|inline| name.eq_ignore_ascii_case(inline)) {
            self.at += length;
        } else {
            self.replace(length, "\n");
        }
    }

    /// `script` and `style` go with their content.
    fn raw_text(&mut self, rest: &str, name: &str, start: usize) {
        let is_kept = self.is_kept(name);
        if is_kept {
            self.out.push_str(rest.get(..start).unwrap_or_default());
        }
        let Some((from, to)) = raw_end(rest, name, start) else {
            self.at = self.text.len();
            return;
        };
        self.out.push_str(if is_kept { rest.get(from..to).unwrap_or_default() } else { "\n" });
        self.at += to;
    }
}

/// Where the end tag of a script or a style begins and ends; comments within may hold one.
fn raw_end(rest: &str, name: &str, start: usize) -> Option<(usize, usize)> {
    let mut at = start;
    loop {
        let found = at + rest.get(at..)?.find('<')?;
        let tag = rest.get(found..)?;
        if tag.starts_with("<!--") {
            at = found + comment_of_script(tag)?;
            continue;
        }
        at = found + 1;
        let Some(inner) = tag.strip_prefix("</") else { continue };
        let space = leading_space(inner);
        let Some(written) = inner.get(space..space + name.len()) else { continue };
        let behind = inner.get(space + name.len()..).unwrap_or_default();
        let tail = leading_space(behind);
        if written.eq_ignore_ascii_case(name) && behind.get(tail..).is_some_and(|behind| behind.starts_with('>')) {
            return Some((found, found + 2 + space + name.len() + tail + 1));
        }
    }
}

/// The length of a comment within a script, where quoted strings may hold what would end it.
fn comment_of_script(comment: &str) -> Option<usize> {
    let mut characters = comment.char_indices().skip(4);
    let mut quote = None;
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => {
                characters.next();
            }
            (Some(open), _) if character == open => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '-') if comment.get(at..).is_some_and(|rest| rest.starts_with("-->")) => return Some(at + 3),
            _ => {}
        }
    }
    None
}

fn leading_space(text: &str) -> usize {
    text.find(|character| !(is_java_whitespace(character) || character == '\u{85}')).unwrap_or(text.len())
}

/// A name of an element, empty where there is none.
fn name_at(text: &str) -> &str {
    let begins = |character: char| character.is_alphabetic() || matches!(character, ':' | '_');
    if !text.starts_with(begins) {
        return "";
    }
    let goes_on = |character: char| character.is_alphanumeric() || matches!(character, ':' | '_' | '-' | '.');
    text.get(..text.find(|character| !goes_on(character)).unwrap_or(text.len())).unwrap_or_default()
}

/// The length of a reference by name, the ampersand included, and its character.
fn named_reference(rest: &str) -> Option<(usize, char)> {
    let name = rest.get(1..)?;
    let letters = name.bytes().take(MAX_NAME).take_while(u8::is_ascii_alphanumeric).count();
    (1..=letters).rev().find_map(|length| Some((length + 1, *CHARACTERS.get(name.get(..length)?)?)))
}

/// The length of a number and its character.
fn numeric_reference(text: &str) -> Option<(usize, char)> {
    let (prefix, radix, most) = if text.starts_with(['x', 'X']) { (1, 16, 5) } else { (0, 10, 7) };
    let digits = text.get(prefix..)?;
    let count = digits.find(|digit: char| !digit.is_digit(radix)).unwrap_or(digits.len());
    if count == 0 || count > most {
        return None;
    }
    let code = u32::from_str_radix(digits.get(..count)?, radix).ok()?;
    let surrogate = matches!(code, 0xD800..=0xDFFF);
    let character = if surrogate { char::REPLACEMENT_CHARACTER } else { char::from_u32(code)? };
    Some((prefix + count, character))
}
