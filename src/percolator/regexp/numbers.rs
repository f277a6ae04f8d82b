//! `<1-100>`: the numbers between two, as an expression.

use super::expression::{EMPTY, ExpressionId, Expressions};
use super::ranges::Ranges;

/// Numbers from `from` to `to` of so many digits; with any number of leading zeros where `digits` is 0.
pub(super) fn between(expressions: &mut Expressions, from: u64, to: u64, digits: usize) -> ExpressionId {
    if digits > 0 {
        return of_one_length(expressions, &padded(from, digits), &padded(to, digits));
    }
    let mut lengths = Vec::new();
    let mut smallest = 0_u64;
    for length in 1..=to.to_string().len() {
        let largest = smallest.max(1).checked_mul(10).map_or(u64::MAX, |beyond| beyond - 1);
        let (low, high) = (from.max(smallest), to.min(largest));
        if low <= high {
            lengths.push(of_one_length(expressions, &padded(low, length), &padded(high, length)));
        }
        smallest = largest.saturating_add(1);
    }
    let number = expressions.any_of(lengths);
    let zero = digit(expressions, b'0', b'0');
    let zeros = expressions.repeat(zero, 0, None);
    expressions.sequence(&[zeros, number])
}

fn padded(number: u64, digits: usize) -> Vec<u8> {
    format!("{number:0digits$}").into_bytes()
}

/// Digits from `low` to `high`, both equally long.
fn of_one_length(expressions: &mut Expressions, low: &[u8], high: &[u8]) -> ExpressionId {
    let (Some((first_low, rest_low)), Some((first_high, rest_high))) = (low.split_first(), high.split_first()) else {
        return EMPTY;
    };
    if low.iter().all(|digit| *digit == b'0') && high.iter().all(|digit| *digit == b'9') {
        return any_digits(expressions, low.len());
    }
    if first_low == first_high {
        let first = digit(expressions, *first_low, *first_low);
        let rest = of_one_length(expressions, rest_low, rest_high);
        return expressions.sequence(&[first, rest]);
    }
    let lowest = digit(expressions, *first_low, *first_low);
    let above = of_one_length(expressions, rest_low, &vec![b'9'; rest_low.len()]);
    let highest = digit(expressions, *first_high, *first_high);
    let below = of_one_length(expressions, &vec![b'0'; rest_high.len()], rest_high);
    let mut ways = vec![expressions.sequence(&[lowest, above]), expressions.sequence(&[highest, below])];
    if first_low + 1 < *first_high {
        let between = digit(expressions, first_low + 1, first_high - 1);
        let rest = any_digits(expressions, rest_low.len());
        ways.push(expressions.sequence(&[between, rest]));
    }
    expressions.any_of(ways)
}

fn any_digits(expressions: &mut Expressions, count: usize) -> ExpressionId {
    let any = digit(expressions, b'0', b'9');
    expressions.sequence(&vec![any; count])
}

fn digit(expressions: &mut Expressions, from: u8, to: u8) -> ExpressionId {
    expressions.class(Ranges::new(vec![(char::from(from), char::from(to))]))
}
