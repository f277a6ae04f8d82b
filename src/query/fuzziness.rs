//! `fuzziness`: a number of edits, or `AUTO` by the length of the term.

use super::Fuzziness;

impl Fuzziness {
    /// `AUTO`, which is `AUTO:3,6`.
    pub const AUTO: Self = Self::Auto { low: 3, high: 6 };

    /// Reads `0`, `1`, `2`, `AUTO`, `AUTO:low,high`; `None` where it is none of these.
    ///
    /// Elasticsearch 7 and OpenSearch cut fractions off and take more than 2 as 2; Elasticsearch 9 refuses both.
    pub fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("auto") {
            return Some(Self::AUTO);
        }
        let auto = text.get(..5).filter(|prefix| prefix.eq_ignore_ascii_case("auto:"));
        if auto.is_none() {
            return text.trim().parse().ok().and_then(Self::from_edits);
        }
        let (low, high) = text.get(5..)?.split_once(',')?;
        let (low, high) = (low.parse().ok()?, high.parse().ok()?);
        (low <= high).then_some(Self::Auto { low, high })
    }

    /// The distance of a number of edits; `None` for negative numbers and those that are none.
    pub fn from_edits(edits: f64) -> Option<Self> {
        match edits {
            _ if edits.is_nan() || edits < 0.0 => None,
            _ if edits < 1.0 => Some(Self::Zero),
            _ if edits < 2.0 => Some(Self::One),
            _ => Some(Self::Two),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nodes_take() {
        let table = [
            ("AUTO", Some(Fuzziness::AUTO)),
            ("auto", Some(Fuzziness::AUTO)),
            ("auto:2,4", Some(Fuzziness::Auto { low: 2, high: 4 })),
            ("AUTO:0,5", Some(Fuzziness::Auto { low: 0, high: 5 })),
            ("0", Some(Fuzziness::Zero)),
            ("1.5", Some(Fuzziness::One)),
            ("2.0", Some(Fuzziness::Two)),
            ("3", Some(Fuzziness::Two)),
            ("AUTO:2", None),
            ("AUTO:3,", None),
            ("AUTO:5,2", None),
            ("-1", None),
            ("x", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(Fuzziness::parse(text), expected, "{text:?}");
        }
    }
}
