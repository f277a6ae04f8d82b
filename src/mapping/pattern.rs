//! Elasticsearch's `simpleMatch`: `*` stands for any run of characters, nothing else is special.

/// Whether `name` fits `pattern`.
pub(crate) fn simple_match(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let Some(tail) = parts.pop() else { return true };
    for part in parts {
        match name.find(part) {
            Some(at) => name = name.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    name.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::simple_match;

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        for (pattern, name, expected) in [
            ("*", "a.b", true),
            ("a.*", "a.b.c", true),
            ("a*c", "abc", true),
            ("a*c", "acb", false),
            ("*_name", "experience.company_name", true),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c2b", false),
            ("ab*ba", "aba", false),
            ("title", "title", true),
            ("title", "titles", false),
            ("", "", true),
        ] {
            assert_eq!(simple_match(pattern, name), expected, "{pattern} {name}");
        }
    }
}
