//! Which operators of the simple language are on.

/// A set of operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flags {
    bits: i32,
}

/// An operator that can be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(super) enum Flag {
    And = 1,
    Not = 1 << 1,
    Or = 1 << 2,
    Prefix = 1 << 3,
    Phrase = 1 << 4,
    Precedence = 1 << 5,
    Escape = 1 << 6,
    WhiteSpace = 1 << 7,
    Fuzzy = 1 << 8,
    Near = 1 << 9,
}

impl Flags {
    pub(super) const ALL_BITS: i32 = -1;
    pub(super) const ALL: Self = Self { bits: Self::ALL_BITS };

    /// Lucene's bits.
    pub(super) fn from_bits(bits: i32) -> Self {
        Self { bits }
    }

    pub(super) fn has(self, flag: Flag) -> bool {
        self.bits & flag as i32 != 0
    }

    /// Names parted by `|`, in any case; the empty text means all.
    pub(super) fn parse(names: &str) -> Option<Self> {
        if names.is_empty() {
            return Some(Self::ALL);
        }
        let mut bits = 0;
        for name in names.split('|').filter(|name| !name.is_empty()) {
            bits |= match name.to_ascii_uppercase().as_str() {
                "ALL" => return Some(Self::ALL),
                "NONE" => return Some(Self { bits: 0 }),
                "AND" => Flag::And as i32,
                "NOT" => Flag::Not as i32,
                "OR" => Flag::Or as i32,
                "PREFIX" => Flag::Prefix as i32,
                "PHRASE" => Flag::Phrase as i32,
                "PRECEDENCE" => Flag::Precedence as i32,
                "ESCAPE" => Flag::Escape as i32,
                "WHITESPACE" => Flag::WhiteSpace as i32,
                "FUZZY" => Flag::Fuzzy as i32,
                "NEAR" | "SLOP" => Flag::Near as i32,
                _ => return None,
            };
        }
        Some(Self { bits })
    }
}
