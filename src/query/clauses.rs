//! A level of a `query_string`: clauses, and what stands before each.

use super::{Expression, Occur, Operator};

/// The clauses of one level with their operators and signs.
///
/// What takes part how is known only when it is known of which clauses the analyzers leave something: an `AND` makes the nearest clause
/// before it required that is left (Lucene's `QueryParserBase.addClause`).
#[derive(Debug, Clone, PartialEq)]
pub struct Clauses {
    pub(super) list: Vec<SignedClause>,
    /// What stands between clauses where nothing is written.
    pub(super) operator: Operator,
    /// Whether the first clause, if it alone is left, stands for itself instead of in a boolean query.
    pub(super) may_stand_alone: bool,
}

/// A clause and what is written before it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SignedClause {
    pub(super) conjunction: Conjunction,
    pub(super) modifier: Modifier,
    pub(super) expression: Expression,
}

/// `AND` or `OR`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conjunction {
    None,
    And,
    Or,
}

/// `+`, or `-` and `NOT`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Modifier {
    None,
    Not,
    Required,
}

impl Clauses {
    /// The clauses without what stands before them.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.list.iter().map(|clause| &clause.expression)
    }

    /// The clause that stands for itself; `left` says of which clauses something is left.
    pub fn lone(&self, left: &[bool]) -> Option<&Expression> {
        match left {
            [true, others @ ..] if self.may_stand_alone && !others.contains(&true) => self.expressions().next(),
            _ => None,
        }
    }

    /// How each clause takes part of which something is left; `None` for the others.
    pub fn occurs(&self, left: &[bool]) -> Vec<Option<Occur>> {
        let mut occurs: Vec<Option<Occur>> = Vec::with_capacity(self.list.len());
        let mut last_left = 0;
        for (place, (clause, is_left)) in self.list.iter().zip(left).enumerate() {
            let before = occurs.get_mut(last_left).and_then(Option::as_mut).filter(|occur| **occur != Occur::MustNot);
            match (before, clause.conjunction, self.operator) {
                (Some(before), Conjunction::And, _) => *before = Occur::Must,
                (Some(before), Conjunction::Or, Operator::And) => *before = Occur::Should,
                _ => {}
            }
            occurs.push(is_left.then(|| self.occur(clause)));
            if *is_left {
                last_left = place;
            }
        }
        occurs
    }

    fn occur(&self, clause: &SignedClause) -> Occur {
        let is_required = match self.operator {
            Operator::Or => clause.modifier == Modifier::Required || clause.conjunction == Conjunction::And,
            Operator::And => clause.conjunction != Conjunction::Or,
        };
        match clause.modifier {
            Modifier::Not => Occur::MustNot,
            Modifier::None | Modifier::Required if is_required => Occur::Must,
            Modifier::None | Modifier::Required => Occur::Should,
        }
    }
}
