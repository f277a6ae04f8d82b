//! Expressions written as a node explains them, for the tables of cases.

use super::{Expression, ExpressionLeaf, Fuzziness, Joined, Occur, TextRange};

/// Writes `expression` as Lucene does, leaves without a field in `default_field`.
pub(super) fn rendered(expression: &Expression, default_field: &str) -> String {
    boolean_queries(expression).map_or("nothing".to_owned(), |tree| tree.rendered(default_field))
}

/// The queries that an expression comes to if the analyzers leave something of all its parts.
enum Tree<'e> {
    All,
    Leaf { field: Option<&'e str>, leaf: &'e ExpressionLeaf },
    Bool(Vec<(Occur, Tree<'e>)>),
}

fn boolean_queries(expression: &Expression) -> Option<Tree<'_>> {
    match expression {
        Expression::Empty => None,
        Expression::All => Some(Tree::All),
        Expression::Leaf { field, leaf } => Some(Tree::Leaf { field: field.as_deref(), leaf }),
        Expression::Clauses(clauses) => {
            let left = vec![true; clauses.expressions().count()];
            if let Some(lone) = clauses.lone(&left) {
                return boolean_queries(lone);
            }
            let occurs = clauses.occurs(&left).into_iter().flatten();
            let mut list: Vec<_> = occurs.zip(clauses.expressions().filter_map(boolean_queries)).collect();
            if list.iter().all(|(occur, _)| *occur == Occur::MustNot) {
                list.push((Occur::Must, Tree::All));
            }
            Some(Tree::Bool(list))
        }
        Expression::Chain(chain) => {
            let part = |(negated, part)| match boolean_queries(part) {
                Some(part) if negated => Some(Tree::Bool(vec![(Occur::MustNot, part), (Occur::Should, Tree::All)])),
                part => part,
            };
            match chain.joined(chain.parts().map(part), Tree::of)? {
                Joined::One(part) => Some(part),
                Joined::Many(occur, parts) => Some(Tree::of(occur, parts)),
            }
        }
    }
}

impl<'e> Tree<'e> {
    fn of(occur: Occur, parts: Vec<Tree<'e>>) -> Tree<'e> {
        Tree::Bool(parts.into_iter().map(|part| (occur, part)).collect())
    }

    fn rendered(&self, default_field: &str) -> String {
        match self {
            Tree::All => "*:*".to_owned(),
            // The nodes were asked of a keyword field, where a run of words is one term, and its brackets are gone.
            Tree::Bool(clauses) if is_run_in_brackets(clauses) => {
                clauses.iter().map(|(_, run)| run.rendered(default_field)).collect()
            }
            Tree::Bool(clauses) => {
                let clause = |(occur, clause): &(Occur, Tree<'_>)| {
                    let sign = match occur {
                        Occur::Must => "+",
                        Occur::Should => "",
                        Occur::MustNot => "-",
                    };
                    match clause {
                        Tree::Bool(inner) if !is_run_in_brackets(inner) => {
                            format!("{sign}({})", clause.rendered(default_field))
                        }
                        _ => format!("{sign}{}", clause.rendered(default_field)),
                    }
                };
                clauses.iter().map(clause).collect::<Vec<_>>().join(" ")
            }
            Tree::Leaf { field, leaf: ExpressionLeaf::Exists } => {
                format!("_exists_:{}", field.unwrap_or(default_field))
            }
            Tree::Leaf { field, leaf } => format!("{}:{}", field.unwrap_or(default_field), rendered_leaf(leaf)),
        }
    }
}

fn is_run_in_brackets(clauses: &[(Occur, Tree<'_>)]) -> bool {
    let is_run = |leaf: &ExpressionLeaf| matches!(leaf, ExpressionLeaf::Text(text) if text.contains(' '));
    matches!(clauses, [(_, Tree::Leaf { leaf, .. })] if is_run(leaf))
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
