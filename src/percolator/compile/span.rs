//! The span queries under a mapping (Elasticsearch's `Span*QueryBuilder`).

use crate::mapping::{Field, FieldType};
use crate::percolator::compile::intervals::check_positions;
use crate::percolator::compile::term_level::{text_of, type_refusal};
use crate::percolator::compile::{Compiler, Refusal};
use crate::percolator::condition::Condition;
use crate::percolator::positions::{Draft, Relation, Word};
use crate::query::{Clause, Query, QueryError, Span, SpanQuery};

/// A span query, and the field that it counts as one of.
struct InField<'a> {
    draft: Draft,
    field: &'a Field,
}

impl<'a> Compiler<'a> {
    pub(super) fn span(&self, span: &Span, pointer: &str) -> Result<Condition, QueryError> {
        let found = self.span_in_field(span, pointer)?;
        found.draft.finish().map_err(|too_many| Refusal::from(too_many).at(pointer))
    }

    fn span_query(&self, query: &SpanQuery) -> Result<InField<'a>, QueryError> {
        self.span_in_field(&query.span, &query.pointer)
    }

    fn span_in_field(&self, span: &Span, pointer: &str) -> Result<InField<'a>, QueryError> {
        let here = |refusal: Refusal| refusal.at(pointer);
        match span {
            Span::Term { field, value } => {
                let field = self.span_field(field).map_err(here)?;
                let word = Word::Whole(text_of(value).into());
                Ok(InField { draft: Draft::word(field.id, word), field })
            }
            Span::Multi(query) => self.span_multi(query),
            Span::First { query, end } => {
                let InField { draft, field } = self.span_query(query)?;
                Ok(InField { draft: draft.first(*end), field })
            }
            Span::Near { clauses, slop, in_order } => self.span_near(clauses, *slop, *in_order, pointer),
            Span::Or(clauses) => {
                let parts: Vec<InField<'a>> =
                    clauses.iter().map(|clause| self.span_query(clause)).collect::<Result<_, _>>()?;
                let field = one_field(parts.iter().map(|part| part.field)).map_err(here)?;
                Ok(InField { draft: Draft::merged(parts.into_iter().map(|part| part.draft).collect()), field })
            }
            Span::Not { include, exclude, pre, post } => {
                self.span_related(include, exclude, Relation::SpanNot { pre: *pre, post: *post }, pointer)
            }
            Span::Containing { big, little } => self.span_related(big, little, Relation::SpanContaining, pointer),
            Span::Within { big, little } => self.span_related(little, big, Relation::SpanWithin, pointer),
            Span::Masking { query, field } => {
                let field = self.masking_field(field).map_err(here)?;
                Ok(InField { draft: self.span_query(query)?.draft, field })
            }
            Span::Gap { .. } => Err(here(Refusal::malformed("\"span_gap\" can only be a clause of \"span_near\""))),
        }
    }

    fn span_related(
        &self,
        query: &SpanQuery,
        reference: &SpanQuery,
        relation: Relation,
        pointer: &str,
    ) -> Result<InField<'a>, QueryError> {
        let (query, reference) = (self.span_query(query)?, self.span_query(reference)?);
        let field = one_field([query.field, reference.field]).map_err(|refusal| refusal.at(pointer))?;
        let draft = query.draft.related(relation, reference.draft);
        Ok(InField { draft: draft.map_err(|too_many| Refusal::from(too_many).at(pointer))?, field })
    }

    fn span_near(
        &self,
        clauses: &[SpanQuery],
        slop: i32,
        in_order: bool,
        pointer: &str,
    ) -> Result<InField<'a>, QueryError> {
        let here = |reason: &str| Refusal::malformed(reason).at(pointer);
        let is_gap = |clause: &SpanQuery| matches!(clause.span, Span::Gap { .. });
        if clauses.iter().all(is_gap) {
            return Err(here("a \"span_near\" of gaps alone finds nothing; add a clause that finds a word"));
        }
        if !in_order && clauses.iter().any(is_gap) {
            return Err(here("\"span_gap\" needs the order of the clauses; leave \"in_order\" true"));
        }
        let mut fields = Vec::with_capacity(clauses.len());
        let mut parts = Vec::with_capacity(clauses.len());
        for clause in clauses {
            if let Span::Gap { field, width } = &clause.span {
                fields.push(self.span_field(field).map_err(|refusal| refusal.at(&clause.pointer))?);
                parts.push(Draft::gap(*width));
            } else {
                let InField { draft, field } = self.span_query(clause)?;
                fields.push(field);
                parts.push(draft);
            }
        }
        let field = one_field(fields).map_err(|refusal| refusal.at(pointer))?;
        // Alone, a clause is near to nothing: neither the slop nor the order says anything.
        if let [only] = parts.as_slice() {
            return Ok(InField { draft: only.clone(), field });
        }
        Ok(InField { draft: Draft::near(parts, slop, in_order), field })
    }

    /// `span_multi`: the pattern of the query inside, as that query finds it.
    fn span_multi(&self, query: &Query) -> Result<InField<'a>, QueryError> {
        let here = |refusal: Refusal| refusal.at(&query.pointer);
        let name = match &query.clause {
            Clause::Prefix { field, .. }
            | Clause::Wildcard { field, .. }
            | Clause::Regexp { field, .. }
            | Clause::Fuzzy { field, .. } => field,
            Clause::Range(range) if range.lower.is_some() || range.upper.is_some() => &range.field,
            _ => return Err(here(Refusal::malformed("\"span_multi\" cannot find its words without a bound"))),
        };
        let field = self.span_field(name).map_err(here)?;
        let found = match &query.clause {
            // Within spans, nodes take prefixes as they are written, whatever `case_insensitive` says.
            Clause::Prefix { field, value, .. } => self.prefix(field, value, false),
            clause => self.leaf(clause),
        };
        let draft = match found.map_err(here)? {
            Condition::Field(field, test) => Word::of(&test).map(|word| Draft::word(field, word)),
            Condition::None => Some(Draft::nowhere()),
            _ => None,
        };
        match draft {
            Some(draft) => Ok(InField { draft, field }),
            None => Err(here(type_refusal("span_multi", field, "text fields"))),
        }
    }

    /// A field whose words can be found by their positions.
    fn span_field(&self, name: &str) -> Result<&'a Field, Refusal> {
        let field = self.subject(name)?.field;
        match &field.kind {
            FieldType::Text(text) => {
                check_positions("span queries", field, text)?;
                Ok(field)
            }
            _ => Err(type_refusal("span queries", field, "text fields")),
        }
    }

    /// A field that a span can count as one of: where words stand, all its terms have places.
    fn masking_field(&self, name: &str) -> Result<&'a Field, Refusal> {
        let field = self.subject(name)?.field;
        match &field.kind {
            FieldType::Text(_) | FieldType::Keyword(_) => Ok(field),
            _ => Err(type_refusal("span_field_masking", field, "text and keyword fields")),
        }
    }
}

/// The field of all the parts.
fn one_field<'a>(fields: impl IntoIterator<Item = &'a Field>) -> Result<&'a Field, Refusal> {
    let mut fields = fields.into_iter();
    let Some(first) = fields.next() else {
        return Err(Refusal::malformed("a span query needs at least one clause"));
    };
    match fields.find(|field| field.id != first.id) {
        None => Ok(first),
        Some(other) => Err(Refusal::malformed(format!(
            "the clauses of a span query must be on one field, found {:?} and {:?}; \"span_field_masking\" can let one count as \
             the other",
            first.name, other.name
        ))),
    }
}
