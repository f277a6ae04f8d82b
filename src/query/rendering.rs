//! Expressions written as a node explains them, for the tables of cases.

use super::{Expression, ExpressionClause, ExpressionLeaf, Fuzziness, Occur, TextRange};

/// Writes `expression` as Lucene does, leaves without a field in `default_field`.
pub(super) fn rendered(expression: &Expression, default_field: &str) -> String {
    match expression {
        Expression::Empty => "nothing".to_owned(),
        Expression::All => "*:*".to_owned(),
        // The nodes were asked of a keyword field, where a run of words is one term, and its brackets are gone.
        Expression::Bool(clauses) if is_run_in_brackets(clauses) => {
            clauses.iter().map(|run| rendered(&run.expression, default_field)).collect()
        }
        Expression::Bool(clauses) => {
            let clause = |clause: &ExpressionClause| {
                let sign = match clause.occur {
                    Occur::Must => "+",
                    Occur::Should => "",
                    Occur::MustNot => "-",
                };
                let text = rendered(&clause.expression, default_field);
                match &clause.expression {
                    Expression::Bool(inner) if !is_run_in_brackets(inner) => format!("{sign}({text})"),
                    _ => format!("{sign}{text}"),
                }
            };
            clauses.iter().map(clause).collect::<Vec<_>>().join(" ")
        }
        Expression::Leaf { field, leaf } => {
            let field = field.as_deref().unwrap_or(default_field);
            match leaf {
                ExpressionLeaf::Exists => format!("_exists_:{field}"),
                _ => format!("{field}:{}", rendered_leaf(leaf)),
            }
        }
    }
}

fn is_run_in_brackets(clauses: &[ExpressionClause]) -> bool {
    let is_run = |leaf: &ExpressionLeaf| matches!(leaf, ExpressionLeaf::Text(text) if text.contains(' '));
    matches!(clauses, [ExpressionClause { expression: Expression::Leaf { leaf, .. }, .. }] if is_run(leaf))
}

fn rendered_leaf(leaf: &ExpressionLeaf) -> String {
    match leaf {
        ExpressionLeaf::Text(text) | ExpressionLeaf::Wildcard(text) => text.clone(),
        ExpressionLeaf::Phrase { text, slop: None | Some(0) } => format!("\"{text}\""),
        ExpressionLeaf::Phrase { text, slop: Some(slop) } => format!("\"{text}\"~{slop}"),
        ExpressionLeaf::Prefix(text) => format!("{text}*"),
        ExpressionLeaf::Regexp(pattern) => format!("/{pattern}/"),
        ExpressionLeaf::Fuzzy { text, distance } => {
            format!("{text}~{}", edits(text, distance.unwrap_or(Fuzziness::AUTO)))
        }
        ExpressionLeaf::Range(range) => rendered_range(range),
        ExpressionLeaf::Exists => String::new(),
    }
}

fn edits(text: &str, fuzziness: Fuzziness) -> u32 {
    match fuzziness {
        Fuzziness::Zero => 0,
        Fuzziness::One => 1,
        Fuzziness::Two => 2,
        Fuzziness::Auto { low, high } => match text.chars().count() as u32 {
            length if length < low => 0,
            length if length < high => 1,
            _ => 2,
        },
    }
}

fn rendered_range(range: &TextRange) -> String {
    let open = if range.includes_lower { '[' } else { '{' };
    let close = if range.includes_upper { ']' } else { '}' };
    let bound = |bound: &Option<String>| bound.clone().unwrap_or_else(|| "*".to_owned());
    format!("{open}{} TO {}{close}", bound(&range.lower), bound(&range.upper))
}
