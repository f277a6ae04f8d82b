use super::super::Operator;
use super::super::rendering::rendered;
use super::flags::{Flag, Flags};
use super::syntax::{TooDeep, parse};

const CASES: &str = include_str!("cases.tsv");
const DEPTH: usize = 100;

fn read(text: &str, field: &str, operator: Operator, flags: Flags) -> String {
    parse(text, operator, flags, DEPTH).map_or("too deep".to_owned(), |expression| rendered(&expression, field))
}

#[test]
fn every_text_is_read_as_a_node_explains_it() {
    let mut wrong = Vec::new();
    for line in CASES.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.splitn(4, '\t');
        let mut column = || columns.next().expect("four columns");
        let (operators, field, text, expected) = (column(), column(), column(), column());
        let text: String = serde_json::from_str(text).expect("a JSON string");
        for (name, operator) in [("or", Operator::Or), ("and", Operator::And)] {
            let read = read(&text, field, operator, Flags::ALL);
            if (operators == name || operators == "both") && read != expected {
                wrong.push(format!("{name} {text:?}: {read:?} instead of {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_operator_that_is_switched_off_is_text() {
    let table = [
        ("a + b", "NONE", "k:a + b"),
        ("a+b", "WHITESPACE", "k:a+b"),
        ("a + b", "and|whitespace", "+k:a +k:b"),
        ("a*", "NONE|PREFIX", "k:a*"),
        ("(a b)", "WHITESPACE", "k:(a k:b)"),
        ("\\a", "WHITESPACE", "k:\\a"),
        ("-a", "WHITESPACE", "k:-a"),
        ("*", "NONE", "*:*"),
    ];
    for (text, flags, expected) in table {
        let flags = Flags::parse(flags).expect("known flags");
        assert_eq!(read(text, "k", Operator::Or, flags), expected, "{text}");
    }
}

#[test]
fn flags_are_names_or_bits() {
    assert_eq!(Flags::parse(""), Some(Flags::ALL));
    assert_eq!(Flags::parse("PREFIX|ALL"), Some(Flags::ALL));
    assert_eq!(Flags::parse("PREFIX|"), Flags::parse("prefix"));
    assert_eq!(Flags::parse("SLOP"), Flags::parse("NEAR"));
    assert_eq!(Flags::parse("AND | OR"), None);
    assert!(Flags::from_bits(1).has(Flag::And) && !Flags::from_bits(1).has(Flag::Or));
}

#[test]
fn operators_that_alternate_nest_and_are_limited() {
    let text = "a + b | ".repeat(5_000);
    assert_eq!(parse(&text, Operator::Or, Flags::ALL, DEPTH), Err(TooDeep));
    let text = "(".repeat(10_000) + "a" + &")".repeat(10_000);
    assert_eq!(parse(&text, Operator::Or, Flags::ALL, DEPTH), Err(TooDeep));
    let never_closed = "(".repeat(60_000) + "a";
    assert_eq!(read(&never_closed, "k", Operator::Or, Flags::ALL), "k:a");
}
