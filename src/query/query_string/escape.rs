//! Backslashes in a query text.

/// Why escapes cannot be resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EscapeFault {
    /// `\u` without four hexadecimal digits.
    Unicode,
    /// Nothing after the backslash.
    AtEnd,
}

impl EscapeFault {
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Unicode => "\\u must be followed by four hexadecimal digits",
            Self::AtEnd => "a term cannot end with a backslash; write \\\\ for one",
        }
    }
}

/// Resolves `\x` to `x` and `\u0041` to `A`; two `\u` of a surrogate pair become one character.
pub(super) fn unescaped(text: &str) -> Result<String, EscapeFault> {
    if !text.contains('\\') {
        return Ok(text.to_owned());
    }
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    let mut buffer = [0; 2];
    while let Some(char) = chars.next() {
        let literal = match char {
            '\\' => match chars.next() {
                Some('u') => {
                    units.push(code_unit(&mut chars)?);
                    continue;
                }
                Some(escaped) => escaped,
                None => return Err(EscapeFault::AtEnd),
            },
            other => other,
        };
        units.extend_from_slice(literal.encode_utf16(&mut buffer));
    }
    // A lone surrogate is no character; Lucene's analysis replaces it too.
    Ok(String::from_utf16_lossy(&units))
}

fn code_unit(chars: &mut std::str::Chars<'_>) -> Result<u16, EscapeFault> {
    let mut unit = 0;
    for _ in 0..4 {
        let digit = chars.next().and_then(|char| char.to_digit(16)).ok_or(EscapeFault::Unicode)?;
        unit = unit << 4 | digit as u16;
    }
    Ok(unit)
}

/// Escapes whatever the language would read, for `"escape": true`.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        if r#"\+-!():^[]"{}~*?|&/"#.contains(char) {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    escaped
}
