//! A level of a `simple_query_string`: parts and the operators between them.

use super::{Expression, Occur};

/// Parts and operators in the order of the text.
///
/// Operators have no precedence: each change of operator wraps all that was read before, so `a + b | c` is `(a + b) | c`. A part of which
/// the analyzers leave nothing is as if it had not been written, but the operator before it stays: `a + & b` is `a + b`. So what
/// joins what is known only when the parts are (Lucene's `SimpleQueryParser.buildQueryTree`).
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    pub(super) links: Vec<Link>,
    /// What joins parts without an operator between them.
    pub(super) default: Occur,
}

/// A link of a [`Chain`].
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Link {
    /// `+` or `|`. It counts if there is something before it and no other operator since.
    Operator(Occur),
    /// An empty group or phrase, which takes back the operator before it.
    Nothing,
    /// What is sought, or what is not to be.
    Part { negated: bool, expression: Expression },
}

/// What a chain comes to.
#[derive(Debug)]
pub enum Joined<T> {
    One(T),
    Many(Occur, Vec<T>),
}

impl Chain {
    /// The parts, and whether each is negated.
    pub fn parts(&self) -> impl Iterator<Item = (bool, &Expression)> {
        self.links.iter().filter_map(|link| match link {
            Link::Part { negated, expression } => Some((*negated, expression)),
            Link::Operator(_) | Link::Nothing => None,
        })
    }

    /// Joins the parts of which something is left; `parts` are given in the order of [`Chain::parts`].
    pub fn joined<T>(
        &self,
        parts: impl IntoIterator<Item = Option<T>>,
        join: impl Fn(Occur, Vec<T>) -> T,
    ) -> Option<Joined<T>> {
        let mut parts = parts.into_iter();
        let mut top: Option<Joined<T>> = None;
        let mut operator = None;
        for link in &self.links {
            match link {
                Link::Operator(occur) if top.is_some() => {
                    operator.get_or_insert(*occur);
                }
                Link::Operator(_) => {}
                Link::Nothing => operator = None,
                Link::Part { .. } => {
                    let Some(part) = parts.next().flatten() else { continue };
                    top = Some(match top {
                        None => Joined::One(part),
                        Some(before) => before.and(operator.take().unwrap_or(self.default), part, &join),
                    });
                }
            }
        }
        top
    }
}

impl<T> Joined<T> {
    fn and(self, occur: Occur, part: T, join: impl Fn(Occur, Vec<T>) -> T) -> Joined<T> {
        match self {
            Joined::Many(before, mut parts) if before == occur => {
                parts.push(part);
                Joined::Many(occur, parts)
            }
            Joined::Many(before, parts) => Joined::Many(occur, vec![join(before, parts), part]),
            Joined::One(first) => Joined::Many(occur, vec![first, part]),
        }
    }
}
