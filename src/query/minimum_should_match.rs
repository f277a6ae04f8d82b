//! `minimum_should_match`: its small language.

use super::{MinimumShouldMatch, MinimumValue};

impl MinimumShouldMatch {
    /// Reads `3`, `-1`, `75%`, `-25%`, `3<90%`, `2<-25% 9<-3`; `None` where it is none of these.
    ///
    /// Elasticsearch reads the text anew for every query and so finds a fault only where it decides; we find all.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.contains('<') {
            return Some(Self { conditional: Vec::new(), plain: Some(MinimumValue::parse(text)?) });
        }
        let tight = without_space_around_less_than(text);
        let conditions = tight.split(' ').map(|condition| {
            let (bound, value) = condition.split_once('<')?;
            Some((i64::from(bound.parse::<i32>().ok()?), MinimumValue::parse(value)?))
        });
        Some(Self { conditional: conditions.collect::<Option<_>>()?, plain: None })
    }
}

impl MinimumValue {
    fn parse(text: &str) -> Option<Self> {
        match text.strip_suffix('%') {
            Some(percent) => percent.parse::<i32>().ok().map(|percent| Self::Percent(percent.into())),
            None => text.parse::<i32>().ok().map(|count| Self::Count(count.into())),
        }
    }
}

/// `1 < 50%` is `1<50%`: white space parts conditions, except around `<`.
fn without_space_around_less_than(text: &str) -> String {
    let sides: Vec<_> = text.split('<').map(str::trim).collect();
    sides.join("<")
}

#[cfg(test)]
mod tests {
    use super::MinimumValue::{Count, Percent};
    use super::*;

    #[test]
    fn plain_values_are_read_as_nodes_read_them() {
        let table = [
            ("2", Some(Count(2))),
            ("+2", Some(Count(2))),
            ("-1", Some(Count(-1))),
            ("75%", Some(Percent(75))),
            (" 50% ", Some(Percent(50))),
            ("150%", Some(Percent(150))),
            ("-25%", Some(Percent(-25))),
            ("x", None),
            ("", None),
            ("%", None),
            ("1.7", None),
            ("50.5%", None),
            ("50 %", None),
            ("2 3", None),
            ("99999999999", None),
        ];
        for (text, expected) in table {
            let expected = expected.map(|value| MinimumShouldMatch { conditional: Vec::new(), plain: Some(value) });
            assert_eq!(MinimumShouldMatch::parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn conditions_are_read_as_nodes_read_them() {
        let table = [
            ("3<90%", Some(vec![(3, Percent(90))])),
            ("1 < 50%", Some(vec![(1, Percent(50))])),
            ("2<-25% 9<-3", Some(vec![(2, Percent(-25)), (9, Count(-3))])),
            ("1<50%  3<2", None),
            ("3 2<1", None),
            ("<", None),
        ];
        for (text, expected) in table {
            let expected = expected.map(|conditional| MinimumShouldMatch { conditional, plain: None });
            assert_eq!(MinimumShouldMatch::parse(text), expected, "{text:?}");
        }
    }
}
