use super::super::rendering::rendered;
use super::super::{Limits, Operator, QueryErrorKind};
use super::escape::escaped;
use super::syntax::{Settings, parse};

const CASES: &str = include_str!("cases.tsv");

fn settings(default_operator: Operator) -> Settings {
    let limits = Limits::default();
    Settings {
        default_operator,
        asks_default_field: false,
        leading_wildcards: true,
        depth: limits.depth,
        pattern_units: limits.pattern_units,
    }
}

fn read(text: &str, operator: Operator) -> String {
    parse(text, &settings(operator)).map_or("refused".to_owned(), |expression| rendered(&expression, "k"))
}

#[test]
fn every_text_is_read_as_a_node_explains_it() {
    let mut wrong = Vec::new();
    for line in CASES.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.splitn(3, '\t');
        let mut column = || columns.next().expect("three columns");
        let (operators, text, expected) = (column(), column(), column());
        let text: String = serde_json::from_str(text).expect("a JSON string");
        for (name, operator) in [("or", Operator::Or), ("and", Operator::And)] {
            let read = read(&text, operator);
            if (operators == name || operators == "both") && read != expected {
                wrong.push(format!("{name} {text:?}: {read:?} instead of {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_boost_is_read_and_dropped() {
    for text in ["a^2 b", "a^2.5 b", "a^1 (b)^3", "(a)^2 b^0"] {
        assert_eq!(read(text, Operator::Or), "k:a k:b", "{text}");
    }
    assert_eq!(read("abcdef^2~1 b~1^3 t:\"c d\"~2^2", Operator::Or), "k:abcdef~1 k:b~1 t:\"c d\"~2");
    assert_eq!(read("k:[a TO b]^2 /x/^2", Operator::Or), "k:[a TO b] k:/x/");
}

#[test]
fn a_fault_says_at_which_character_and_what_was_expected() {
    let table = [
        ("(ä b", "at character 5: expected \")\", found the end"),
        ("ä )", "at character 3: \")\" is not expected here"),
        ("k:[a b]", "at character 6: expected \"TO\", found \"b\""),
        ("a AND", "at character 6: expected something to look for, found the end"),
        ("a \"b", "at character 3: this quotation mark is not closed"),
        ("a~b", "at character 2: \"~\" after a word must be followed by"),
        ("\\u00zz", "at character 1: \\u must be followed by"),
    ];
    for (text, expected) in table {
        let fault = parse(text, &settings(Operator::Or)).expect_err(text).at("/query_string/query");
        assert_eq!(fault.kind, QueryErrorKind::Malformed);
        assert!(fault.reason.contains(expected), "{text}: {}", fault.reason);
    }
}

#[test]
fn ten_thousand_parentheses_are_refused_by_the_depth() {
    let text = "(".repeat(10_000) + "a" + &")".repeat(10_000);
    let fault = parse(&text, &settings(Operator::Or)).expect_err("too deep").at("");
    assert_eq!(fault.kind, QueryErrorKind::Limit);
}

#[test]
fn an_escaped_text_is_looked_for_as_it_stands() {
    for text in ["a AND (b", "x:\"y\" && z", "a/b*?^~2", "[a TO b}", "+-!"] {
        let read = parse(&escaped(text), &settings(Operator::Or)).map(|expression| rendered(&expression, "k"));
        assert!(read.is_ok(), "{text}: {read:?}");
    }
    assert_eq!(read(&escaped("x:\"y\" *z"), Operator::Or), "k:x:\"y\" *z");
}

#[test]
fn leading_wildcards_can_be_forbidden_and_a_lone_star_is_none() {
    let strict = Settings { leading_wildcards: false, ..settings(Operator::Or) };
    assert!(parse("*a", &strict).is_err() && parse("?a", &strict).is_err() && parse("**", &strict).is_err());
    assert!(parse("*", &strict).is_ok() && parse("a*", &strict).is_ok());
}
