//! Lucene's `IndicNormalizer`: letters of Indian scripts that are written with two or three signs.

/// No third sign; and the zero width joiner as one.
const NONE: u32 = u32::MAX;
const JOINER: u32 = 0xFF;

/// First code points of blocks of 128 characters, and the letters that stand for them below: Devanagari, Bengali, Gurmukhi, Gujarati,
/// Oriya, Tamil, Telugu, Kannada, Malayalam.
const SCRIPTS: &[(u32, char)] = &[
    (0x900, 'D'),
    (0x980, 'B'),
    (0xA00, 'G'),
    (0xA80, 'J'),
    (0xB00, 'O'),
    (0xB80, 'T'),
    (0xC00, 'E'),
    (0xC80, 'K'),
    (0xD00, 'M'),
];

/// Two or three signs, the letter that they are, and the scripts where that holds; all counted from the start of the script's block.
#[rustfmt::skip]
const COMPOSITIONS: &[(u32, u32, u32, u32, &str)] = &[
    (0x05, 0x3E, 0x45, 0x11, "DJ"),
    (0x05, 0x3E, 0x46, 0x12, "D"),
    (0x05, 0x3E, 0x47, 0x13, "DJ"),
    (0x05, 0x3E, 0x48, 0x14, "DJ"),
    (0x05, 0x3E, NONE, 0x06, "DBGJO"),
    (0x05, 0x45, NONE, 0x72, "D"),
    (0x05, 0x45, NONE, 0x0D, "J"),
    (0x05, 0x46, NONE, 0x04, "D"),
    (0x05, 0x47, NONE, 0x0F, "J"),
    (0x05, 0x48, NONE, 0x10, "GJ"),
    (0x05, 0x49, NONE, 0x11, "DJ"),
    (0x05, 0x4A, NONE, 0x12, "D"),
    (0x05, 0x4B, NONE, 0x13, "DJ"),
    (0x05, 0x4C, NONE, 0x14, "DGJ"),
    (0x06, 0x45, NONE, 0x11, "DJ"),
    (0x06, 0x46, NONE, 0x12, "D"),
    (0x06, 0x47, NONE, 0x13, "DJ"),
    (0x06, 0x48, NONE, 0x14, "DJ"),
    (0x07, 0x57, NONE, 0x08, "M"),
    (0x09, 0x41, NONE, 0x0A, "D"),
    (0x09, 0x57, NONE, 0x0A, "TM"),
    (0x0E, 0x46, NONE, 0x10, "M"),
    (0x0F, 0x45, NONE, 0x0D, "D"),
    (0x0F, 0x46, NONE, 0x0E, "D"),
    (0x0F, 0x47, NONE, 0x10, "D"),
    (0x0F, 0x57, NONE, 0x10, "O"),
    (0x12, 0x3E, NONE, 0x13, "M"),
    (0x12, 0x4C, NONE, 0x14, "EK"),
    (0x12, 0x55, NONE, 0x13, "E"),
    (0x12, 0x57, NONE, 0x14, "TM"),
    (0x13, 0x57, NONE, 0x14, "O"),
    (0x15, 0x3C, NONE, 0x58, "D"),
    (0x16, 0x3C, NONE, 0x59, "DG"),
    (0x17, 0x3C, NONE, 0x5A, "DG"),
    (0x1C, 0x3C, NONE, 0x5B, "DG"),
    (0x21, 0x3C, NONE, 0x5C, "DBO"),
    (0x22, 0x3C, NONE, 0x5D, "DBO"),
    (0x23, 0x4D, JOINER, 0x7A, "M"),
    (0x24, 0x4D, JOINER, 0x4E, "B"),
    (0x28, 0x3C, NONE, 0x29, "D"),
    (0x28, 0x4D, JOINER, 0x7B, "M"),
    (0x2B, 0x3C, NONE, 0x5E, "DG"),
    (0x2F, 0x3C, NONE, 0x5F, "DB"),
    (0x2C, 0x41, 0x41, 0x0B, "E"),
    (0x30, 0x3C, NONE, 0x31, "D"),
    (0x30, 0x4D, JOINER, 0x7C, "M"),
    (0x32, 0x4D, JOINER, 0x7D, "M"),
    (0x33, 0x3C, NONE, 0x34, "D"),
    (0x33, 0x4D, JOINER, 0x7E, "M"),
    (0x35, 0x41, NONE, 0x2E, "E"),
    (0x3E, 0x45, NONE, 0x49, "DJ"),
    (0x3E, 0x46, NONE, 0x4A, "D"),
    (0x3E, 0x47, NONE, 0x4B, "DJ"),
    (0x3E, 0x48, NONE, 0x4C, "DJ"),
    (0x3F, 0x55, NONE, 0x40, "K"),
    (0x41, 0x41, NONE, 0x42, "G"),
    (0x46, 0x3E, NONE, 0x4A, "TM"),
    (0x46, 0x42, 0x55, 0x4B, "K"),
    (0x46, 0x42, NONE, 0x4A, "K"),
    (0x46, 0x46, NONE, 0x48, "M"),
    (0x46, 0x55, NONE, 0x47, "EK"),
    (0x46, 0x56, NONE, 0x48, "EK"),
    (0x46, 0x57, NONE, 0x4C, "TM"),
    (0x47, 0x3E, NONE, 0x4B, "BOTM"),
    (0x47, 0x57, NONE, 0x4C, "BO"),
    (0x4A, 0x55, NONE, 0x4B, "K"),
    (0x72, 0x3F, NONE, 0x07, "G"),
    (0x72, 0x40, NONE, 0x08, "G"),
    (0x72, 0x47, NONE, 0x0F, "G"),
    (0x73, 0x41, NONE, 0x09, "G"),
    (0x73, 0x42, NONE, 0x0A, "G"),
    (0x73, 0x4B, NONE, 0x13, "G"),
];

fn script_of(letter: char) -> Option<(u32, char)> {
    let block = u32::from(letter) & !0x7F;
    SCRIPTS.iter().find(|(start, _)| *start == block).copied()
}

/// The word with its letters composed, each looked at once.
pub(super) fn composed(term: &str) -> String {
    let letters: Vec<char> = term.chars().collect();
    let mut out = String::with_capacity(term.len());
    let mut rest = letters.as_slice();
    while let Some((first, behind)) = rest.split_first() {
        let (letter, used) = compose(*first, behind).unwrap_or((*first, 0));
        out.push(letter);
        rest = behind.get(used..).unwrap_or_default();
    }
    out
}

/// The letter that begins here, and how many of the signs behind the first it needs.
fn compose(first: char, behind: &[char]) -> Option<(char, usize)> {
    let (start, script) = script_of(first)?;
    let in_script = |letter: char| script_of(letter).is_some_and(|(_, other)| other == script);
    let second = behind.first().copied().filter(|letter| in_script(*letter))?;
    let third = match behind.get(1).copied() {
        Some('\u{200D}') => JOINER,
        Some(letter) if in_script(letter) => u32::from(letter) - start,
        _ => NONE,
    };
    let (_, _, needs_third, letter, _) = COMPOSITIONS.iter().find(|(one, two, three, _, scripts)| {
        *one == u32::from(first) - start
            && *two == u32::from(second) - start
            && (*three == NONE || *three == third)
            && scripts.contains(script)
    })?;
    Some((char::from_u32(start + letter)?, if *needs_third == NONE { 1 } else { 2 }))
}
