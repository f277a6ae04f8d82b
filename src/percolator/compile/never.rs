//! What Elasticsearch puts a `match_none` in place of before it runs a query: inner hits of clauses within are never looked for.

use crate::query::{Bool, Clause, Query};

/// Whether Elasticsearch's `QueryBuilder.doRewrite` makes a `match_none` of the query, whatever an index holds. (A `nested` or
/// `dis_max` of nothing but `match_none` stays as it is, though it can match as little.)
pub(super) fn becomes_match_none(query: &Query) -> bool {
    match &query.clause {
        Clause::MatchNone => true,
        Clause::Terms { values, .. } => values.is_empty(),
        Clause::Ids { values } => values.is_empty(),
        Clause::Bool(clause) => bool_becomes_match_none(clause),
        Clause::ConstantScore { filter } => becomes_match_none(filter),
        Clause::FunctionScore { query, .. } => becomes_match_none(query),
        Clause::Boosting { positive, .. } => becomes_match_none(positive),
        _ => false,
    }
}

fn bool_becomes_match_none(clause: &Bool) -> bool {
    let only_should = clause.must.is_empty() && clause.filter.is_empty() && clause.must_not.is_empty();
    clause.must.iter().chain(&clause.filter).any(becomes_match_none)
        || clause.must_not.iter().any(becomes_match_all)
        || (only_should && !clause.should.is_empty() && clause.should.iter().all(becomes_match_none))
}

fn becomes_match_all(query: &Query) -> bool {
    match &query.clause {
        Clause::MatchAll => true,
        Clause::Bool(Bool { must, filter, should, must_not, .. }) => {
            [must, filter, should, must_not].iter().all(|clauses| clauses.is_empty())
        }
        _ => false,
    }
}
