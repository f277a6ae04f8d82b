//! Puts tokens together as Lucene's classic parser does.
//!
//! Lucene's `AND` and `OR` are no algebra: each clause of a level is required, optional or forbidden; `AND` makes both its
//! neighbours required, and under `default_operator: and`, `OR` makes both optional. So `a OR b AND c` is `a +b +c`.
//! A run of bare words goes to analysis as one text: what becomes of it is decided field by field.

use super::super::pattern::excess;
use super::super::{
    Expression, ExpressionClause, ExpressionLeaf, Fuzziness, Occur, Operator, QueryError, QueryErrorKind, TextRange,
};
use super::escape::unescaped;
use super::lexer::{Kind, Token, tokens};

/// Elasticsearch's name for "has any value", where a field stands.
const EXISTS_FIELD: &str = "_exists_";

/// What the text is parsed under.
pub(super) struct Settings {
    pub(super) default_operator: Operator,
    /// Whether words without a field ask a default field: then they may be ranges like `>=5`, as after a field.
    pub(super) asks_default_field: bool,
    pub(super) leading_wildcards: bool,
    /// How deep groups may stand in one another.
    pub(super) depth: usize,
    pub(super) pattern_units: usize,
}

/// What is wrong with a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    reason: String,
    kind: QueryErrorKind,
}

impl Fault {
    pub(super) fn at(self, pointer: &str) -> QueryError {
        QueryError { pointer: pointer.to_owned(), reason: self.reason, kind: self.kind }
    }
}

/// Reads a whole text. White space alone is [`Expression::Empty`].
pub(super) fn parse(text: &str, settings: &Settings) -> Result<Expression, Fault> {
    if text.trim_matches(|char| char <= ' ').is_empty() {
        return Ok(Expression::Empty);
    }
    let tokens = tokens(text).map_err(|fault| malformed(text, fault.offset, fault.reason))?;
    let mut syntax = Syntax { text, tokens, next: 0, settings };
    let expression = syntax.group(None, 0)?;
    match syntax.peek() {
        None => Ok(expression),
        Some(token) => Err(malformed(text, token.offset, &format!("\"{}\" is not expected here", token.image))),
    }
}

fn malformed(text: &str, offset: usize, reason: &str) -> Fault {
    let character = text.get(..offset).unwrap_or(text).chars().count() + 1;
    let reason = format!("the query text cannot be read at character {character}: {reason}");
    Fault { reason, kind: QueryErrorKind::Malformed }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Conjunction {
    None,
    And,
    Or,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Modifier {
    None,
    Not,
    Required,
}

struct Syntax<'t, 's> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    next: usize,
    settings: &'s Settings,
}

impl<'t> Syntax<'t, '_> {
    fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.next).copied()
    }

    fn kind_at(&self, ahead: usize) -> Option<Kind> {
        self.tokens.get(self.next + ahead).map(|token| token.kind)
    }

    /// The next token if it is of this kind.
    fn take(&mut self, kind: Kind) -> Option<Token<'t>> {
        let token = self.peek().filter(|token| token.kind == kind)?;
        self.next += 1;
        Some(token)
    }

    fn fault_here(&self, expected: &str) -> Fault {
        match self.peek() {
            Some(token) => {
                malformed(self.text, token.offset, &format!("expected {expected}, found \"{}\"", token.image))
            }
            None => malformed(self.text, self.text.len(), &format!("expected {expected}, found the end")),
        }
    }

    fn unescaped(&self, image: &str, token: &Token<'_>) -> Result<String, Fault> {
        unescaped(image).map_err(|fault| malformed(self.text, token.offset, fault.reason()))
    }

    /// The clauses of one level, up to a closing parenthesis or the end.
    fn group(&mut self, field: Option<&str>, depth: usize) -> Result<Expression, Fault> {
        if depth > self.settings.depth {
            let reason = format!("groups of the query text stand deeper than {} levels", self.settings.depth);
            return Err(Fault { reason, kind: QueryErrorKind::Limit });
        }
        let mut clauses = Clauses { list: Vec::new(), operator: self.settings.default_operator };
        let mut lone_if_only = false;
        loop {
            let is_first = clauses.list.is_empty();
            if let Some(run) = self.run_of_words(field)? {
                clauses.add(Conjunction::None, Modifier::None, run);
                // In brackets it stays a boolean query of its own, which the level around counts as one clause.
                lone_if_only |= is_first && depth == 0;
                continue;
            }
            if !is_first && !self.clause_follows() {
                break;
            }
            let conjunction = if is_first { Conjunction::None } else { self.conjunction() };
            let modifier = self.modifier();
            let clause = self.clause(field, depth)?;
            clauses.add(conjunction, modifier, clause);
            lone_if_only |= is_first && modifier == Modifier::None;
        }
        Ok(clauses.together(lone_if_only))
    }

    fn clause_follows(&self) -> bool {
        match self.kind_at(0) {
            None
            | Some(
                Kind::CloseParenthesis
                | Kind::Colon
                | Kind::Boost
                | Kind::Tilde
                | Kind::RangeTo
                | Kind::RangeQuoted
                | Kind::RangeBound
                | Kind::RangeEnd,
            ) => false,
            Some(
                Kind::And
                | Kind::Or
                | Kind::Not
                | Kind::Plus
                | Kind::Minus
                | Kind::BareOperator
                | Kind::OpenParenthesis
                | Kind::Star
                | Kind::Quoted
                | Kind::Term
                | Kind::Prefix
                | Kind::Wildcard
                | Kind::Regexp
                | Kind::RangeStart,
            ) => true,
        }
    }

    /// Two or more bare words in a row, none of which an operator, a colon, a boost or a tilde claims.
    fn run_of_words(&mut self, field: Option<&str>) -> Result<Option<Expression>, Fault> {
        if !self.joins(1) {
            return Ok(None);
        }
        let Some(first) = self.take(Kind::Term) else { return Ok(None) };
        let mut text = self.unescaped(first.image, &first)?;
        while self.joins(0) {
            let Some(word) = self.take(Kind::Term) else { break };
            text.push(' ');
            text.push_str(&self.unescaped(word.image, &word)?);
        }
        Ok(Some(self.words(field, text)))
    }

    /// Whether the token `ahead` is a word that goes on with a run.
    fn joins(&self, ahead: usize) -> bool {
        let claimed = matches!(
            self.kind_at(ahead + 1),
            Some(Kind::Colon | Kind::Star | Kind::Tilde | Kind::Boost | Kind::And | Kind::Or)
        );
        self.kind_at(ahead) == Some(Kind::Term) && !claimed
    }

    fn conjunction(&mut self) -> Conjunction {
        if self.take(Kind::And).is_some() {
            Conjunction::And
        } else if self.take(Kind::Or).is_some() {
            Conjunction::Or
        } else {
            Conjunction::None
        }
    }

    fn modifier(&mut self) -> Modifier {
        if self.take(Kind::Plus).is_some() {
            Modifier::Required
        } else if self.take(Kind::Minus).is_some() || self.take(Kind::Not).is_some() {
            Modifier::Not
        } else {
            Modifier::None
        }
    }

    /// `field:` if any, then a group or a leaf.
    fn clause(&mut self, field: Option<&str>, depth: usize) -> Result<Expression, Fault> {
        let named = self.field_name()?;
        let field = named.as_deref().or(field);
        if self.take(Kind::OpenParenthesis).is_none() {
            return self.leaf(field);
        }
        let group = self.group(field, depth + 1)?;
        if self.take(Kind::CloseParenthesis).is_none() {
            return Err(self.fault_here("\")\""));
        }
        self.take(Kind::Boost);
        Ok(group)
    }

    fn field_name(&mut self) -> Result<Option<String>, Fault> {
        let Some(token) = self.peek() else { return Ok(None) };
        if self.kind_at(1) != Some(Kind::Colon) || !matches!(token.kind, Kind::Term | Kind::Star) {
            return Ok(None);
        }
        self.next += 2;
        self.unescaped(token.image, &token).map(Some)
    }

    fn leaf(&mut self, field: Option<&str>) -> Result<Expression, Fault> {
        let Some(token) = self.peek() else { return Err(self.fault_here("something to look for")) };
        match token.kind {
            Kind::RangeStart => self.range(field, token),
            Kind::Quoted => self.phrase(field, token),
            Kind::Term | Kind::BareOperator | Kind::Star | Kind::Prefix | Kind::Wildcard | Kind::Regexp => {
                self.bare(field, token)
            }
            Kind::And
            | Kind::Or
            | Kind::Not
            | Kind::Plus
            | Kind::Minus
            | Kind::OpenParenthesis
            | Kind::CloseParenthesis
            | Kind::Colon
            | Kind::Boost
            | Kind::Tilde
            | Kind::RangeTo
            | Kind::RangeQuoted
            | Kind::RangeBound
            | Kind::RangeEnd => Err(self.fault_here("something to look for")),
        }
    }

    /// Words to be analysed; after `_exists_:` a field's name, perhaps a range like `>=5`.
    fn words(&self, field: Option<&str>, text: String) -> Expression {
        if field == Some(EXISTS_FIELD) {
            return Expression::Leaf { field: Some(text), leaf: ExpressionLeaf::Exists };
        }
        let may_be_range = field.is_some() || self.settings.asks_default_field;
        match one_sided(&text).filter(|_| may_be_range) {
            Some(one_sided) => range(field, one_sided),
            None => Expression::Leaf { field: field.map(str::to_owned), leaf: ExpressionLeaf::Text(text) },
        }
    }

    /// `^2`, `~1`, or both in either order; the tilde.
    fn tilde_and_boost(&mut self) -> Option<Token<'t>> {
        if self.take(Kind::Boost).is_some() {
            return self.take(Kind::Tilde);
        }
        let tilde = self.take(Kind::Tilde);
        if tilde.is_some() {
            self.take(Kind::Boost);
        }
        tilde
    }

    fn bare(&mut self, field: Option<&str>, token: Token<'t>) -> Result<Expression, Fault> {
        self.next += 1;
        let tilde = self.tilde_and_boost();
        // Lucene resolves escapes before it asks what the token is, and so refuses bad ones even in patterns.
        let text = self.unescaped(token.image, &token)?;
        let leaf = match token.kind {
            Kind::Star => return Ok(star(field)),
            Kind::Wildcard => ExpressionLeaf::Wildcard(self.pattern(token.image, &token)?),
            Kind::Prefix => {
                let stem = token.image.strip_suffix('*').unwrap_or(token.image);
                ExpressionLeaf::Prefix(self.unescaped(self.pattern(stem, &token)?.as_str(), &token)?)
            }
            Kind::Regexp => {
                let inner = token.image.strip_prefix('/').and_then(|image| image.strip_suffix('/'));
                ExpressionLeaf::Regexp(self.pattern(inner.unwrap_or_default(), &token)?)
            }
            _ => match tilde {
                None => return Ok(self.words(field, text)),
                Some(tilde) => ExpressionLeaf::Fuzzy { text, distance: self.distance(&tilde)? },
            },
        };
        Ok(Expression::Leaf { field: field.map(str::to_owned), leaf })
    }

    /// A pattern within the limit, leading wildcards refused where they are not allowed.
    fn pattern(&self, pattern: &str, token: &Token<'_>) -> Result<String, Fault> {
        if let Some(reason) = excess(pattern, self.settings.pattern_units) {
            return Err(Fault { reason, kind: QueryErrorKind::Limit });
        }
        if token.kind == Kind::Wildcard && !self.settings.leading_wildcards && pattern.starts_with(['*', '?']) {
            let reason = "a pattern begins with a wildcard, which \"allow_leading_wildcard\" forbids";
            return Err(malformed(self.text, token.offset, reason));
        }
        Ok(pattern.to_owned())
    }

    fn distance(&self, tilde: &Token<'_>) -> Result<Option<Fuzziness>, Fault> {
        let said = tilde.image.strip_prefix('~').unwrap_or_default();
        if said.is_empty() {
            return Ok(None);
        }
        let reason = "\"~\" after a word must be followed by 0, 1, 2 or AUTO, or by nothing";
        Fuzziness::parse(said).map(Some).ok_or_else(|| malformed(self.text, tilde.offset, reason))
    }

    fn phrase(&mut self, field: Option<&str>, token: Token<'t>) -> Result<Expression, Fault> {
        self.next += 1;
        let tilde = self.tilde_and_boost();
        let inner = token.image.strip_prefix('"').and_then(|image| image.strip_suffix('"')).unwrap_or_default();
        let text = self.unescaped(inner, &token)?;
        if field == Some(EXISTS_FIELD) {
            return Ok(Expression::Leaf { field: Some(text), leaf: ExpressionLeaf::Exists });
        }
        let slop = match tilde.map(|tilde| (tilde, slop(tilde.image))) {
            Some((tilde, Some(slop))) => Some(
                u32::try_from(slop)
                    .map_err(|_| malformed(self.text, tilde.offset, "the slop of a phrase must not be negative"))?,
            ),
            _ => None,
        };
        Ok(Expression::Leaf { field: field.map(str::to_owned), leaf: ExpressionLeaf::Phrase { text, slop } })
    }

    fn range(&mut self, field: Option<&str>, start: Token<'t>) -> Result<Expression, Fault> {
        self.next += 1;
        let lower = self.range_bound()?;
        if self.take(Kind::RangeTo).is_none() {
            return Err(self.fault_here("\"TO\""));
        }
        let upper = self.range_bound()?;
        let Some(end) = self.take(Kind::RangeEnd) else { return Err(self.fault_here("\"]\" or \"}\"")) };
        self.take(Kind::Boost);
        Ok(range(
            field,
            TextRange { lower, includes_lower: start.image == "[", upper, includes_upper: end.image == "]" },
        ))
    }

    /// A bound; `None` for `*`, however it is written.
    fn range_bound(&mut self) -> Result<Option<String>, Fault> {
        let token = match self.peek() {
            Some(token) if matches!(token.kind, Kind::RangeBound | Kind::RangeQuoted | Kind::RangeTo) => token,
            _ => return Err(self.fault_here("a bound like 2020-01-01, \"some text\" or *")),
        };
        self.next += 1;
        let image = match token.kind {
            Kind::RangeQuoted => token.image.strip_prefix('"').and_then(|image| image.strip_suffix('"')),
            _ => Some(token.image),
        };
        let text = self.unescaped(image.unwrap_or_default(), &token)?;
        Ok(bound(&text))
    }
}

/// The clauses of one level.
struct Clauses {
    list: Vec<ExpressionClause>,
    operator: Operator,
}

impl Clauses {
    fn add(&mut self, conjunction: Conjunction, modifier: Modifier, clause: Expression) {
        let claims = match (conjunction, self.operator) {
            (Conjunction::And, _) => Some(Occur::Must),
            (Conjunction::Or, Operator::And) => Some(Occur::Should),
            _ => None,
        };
        let before = self.list.last_mut().filter(|before| before.occur != Occur::MustNot);
        if let (Some(before), Some(claimed)) = (before, claims) {
            before.occur = claimed;
        }
        let required = match self.operator {
            Operator::Or => modifier == Modifier::Required || conjunction == Conjunction::And,
            Operator::And => conjunction != Conjunction::Or,
        };
        let occur = match modifier {
            Modifier::Not => Occur::MustNot,
            Modifier::None | Modifier::Required if required => Occur::Must,
            Modifier::None | Modifier::Required => Occur::Should,
        };
        self.list.push(ExpressionClause { occur, claims, may_stand_alone: false, expression: clause });
    }

    /// A single clause without a sign stands for itself. Clauses that only forbid are held against everything.
    fn together(mut self, lone_if_only: bool) -> Expression {
        if lone_if_only && self.list.len() == 1 {
            return self.list.pop().map_or(Expression::Empty, |clause| clause.expression);
        }
        if let Some(first) = self.list.first_mut() {
            first.may_stand_alone = lone_if_only;
        }
        if self.list.iter().all(|clause| clause.occur == Occur::MustNot) {
            self.list.push(ExpressionClause::new(Occur::Must, Expression::All));
        }
        Expression::Bool(self.list)
    }
}

/// `*`: everything under `*:`, else whatever has a value in the field or, without one, in any of the query's fields.
fn star(field: Option<&str>) -> Expression {
    match field {
        Some("*") => Expression::All,
        field => Expression::Leaf { field: field.map(str::to_owned), leaf: ExpressionLeaf::Exists },
    }
}

fn one_sided(text: &str) -> Option<TextRange> {
    let after = |sign| text.strip_prefix(sign).filter(|rest| !rest.is_empty());
    let open = TextRange { lower: None, includes_lower: true, upper: None, includes_upper: true };
    if let Some(least) = after(">=") {
        return Some(TextRange { lower: bound(least), ..open });
    }
    if let Some(below) = after(">") {
        return Some(TextRange { lower: bound(below), includes_lower: false, ..open });
    }
    if let Some(most) = after("<=") {
        return Some(TextRange { upper: bound(most), ..open });
    }
    after("<").map(|above| TextRange { upper: bound(above), includes_upper: false, ..open })
}

fn bound(text: &str) -> Option<String> {
    (text != "*").then(|| text.to_owned())
}

fn range(field: Option<&str>, range: TextRange) -> Expression {
    Expression::Leaf { field: field.map(str::to_owned), leaf: ExpressionLeaf::Range(range) }
}

/// The slop after a phrase as Java reads a `float` and cuts it to an `int`; `None` where it is no number.
fn slop(image: &str) -> Option<i32> {
    let said = image.strip_prefix('~')?;
    let number = match said {
        "NaN" => f32::NAN,
        "Infinity" | "+Infinity" => f32::INFINITY,
        _ => {
            let number = said.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(said);
            let is_written_in_digits = number.bytes().any(|byte| byte.is_ascii_digit());
            number.parse().ok().filter(|_| is_written_in_digits)?
        }
    };
    Some(number as i32)
}
