//! What the tokens of a query's text mean together: words one behind the other, words that stand for each other, paths.
//!
//! The rules are those of Elasticsearch's `MatchQueryParser` and Lucene's `GraphTokenStreamFiniteStrings`.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::{Analyzer, QueryToken};
use crate::percolator::compile::Refusal;

/// Phrases that the synonyms of one text may make (Lucene's limit of clauses).
const MAX_PATHS: usize = 1_024;

/// A query's text, cut.
pub(super) enum QueryText {
    /// Nothing is left of it.
    Empty,
    /// Words, each with those that stand for it.
    Line(Line),
    /// Words and paths of several words.
    Graph(Vec<Segment>),
}

/// Words one behind the other.
pub(super) struct Line {
    pub(super) positions: Vec<Position>,
    /// Counted with holes before and between them.
    pub(super) count: u32,
}

/// The terms of one position; any of them.
#[derive(Clone)]
pub(super) struct Position {
    pub(super) place: u32,
    pub(super) terms: Vec<String>,
    /// Whether the text ends here, so that it may be the beginning of a longer word.
    pub(super) ends_text: bool,
}

/// A part of a graph between two places that every path goes through.
pub(super) enum Segment {
    /// One step; any of the terms.
    Step {
        terms: Vec<String>,
        /// How far it stands behind the one before it.
        distance: u32,
    },
    /// Ways of several steps, any of them.
    Paths(Vec<Vec<Step>>),
}

/// A step of a path: a term, and how far it stands behind the one before it.
#[derive(Clone)]
pub(super) struct Step {
    pub(super) term: String,
    pub(super) distance: u32,
}

impl QueryText {
    /// # Errors
    ///
    /// More tokens than a text may have, more paths than a query may have.
    pub(super) fn of(analyzer: &Analyzer, text: &str) -> Result<QueryText, Refusal> {
        QueryText::with(analyzer, text, analyzer.follows_paths())
    }

    /// The same along all paths, also those that are too many for other queries: as `intervals` reads a text.
    pub(super) fn with_all_paths(analyzer: &Analyzer, text: &str) -> Result<QueryText, Refusal> {
        QueryText::with(analyzer, text, true)
    }

    fn with(analyzer: &Analyzer, text: &str, follows_paths: bool) -> Result<QueryText, Refusal> {
        let tokens = analyzer.query_tokens(text).map_err(|error| Refusal::malformed(error.to_string()))?;
        let has_paths = follows_paths && tokens.len() > 1 && tokens.iter().any(|token| token.length > 1);
        if tokens.is_empty() {
            Ok(QueryText::Empty)
        } else if has_paths {
            Graph::of(tokens).segments().map(QueryText::Graph)
        } else {
            Ok(QueryText::Line(Line::of(tokens)))
        }
    }

    /// The phrases of a text, as lines of positions: alternatives of one step stay together, paths are written out. Without slop
    /// (Lucene's spans) only holes within paths count.
    ///
    /// # Errors
    ///
    /// More phrases than a query may have.
    pub(super) fn phrases(segments: &[Segment], slop: u32) -> Result<Vec<Vec<Position>>, Refusal> {
        let mut phrases: Vec<Vec<Position>> = vec![Vec::new()];
        for segment in segments {
            let ways: Vec<Vec<Position>> = match segment {
                Segment::Step { terms, distance } => {
                    let place = if slop == 0 { 1 } else { *distance };
                    vec![vec![Position { place, terms: terms.clone(), ends_text: false }]]
                }
                Segment::Paths(paths) => paths.iter().map(|path| steps(path)).collect(),
            };
            if phrases.len().saturating_mul(ways.len()) > MAX_PATHS {
                return Err(too_many());
            }
            let longer = |phrase: &Vec<Position>| -> Vec<Vec<Position>> {
                ways.iter().map(|way| phrase.iter().chain(way).cloned().collect()).collect()
            };
            phrases = phrases.iter().flat_map(longer).collect();
        }
        phrases.iter_mut().for_each(|phrase| place(phrase));
        Ok(phrases)
    }
}

/// Places of positions that so far say how far they stand behind the one before.
fn place(phrase: &mut [Position]) {
    let mut next = 0;
    for position in phrase {
        next += position.place;
        position.place = next - 1;
    }
}

fn steps(path: &[Step]) -> Vec<Position> {
    let position = |step: &Step| Position { place: step.distance, terms: vec![step.term.clone()], ends_text: false };
    path.iter().map(position).collect()
}

fn too_many() -> Refusal {
    Refusal::malformed(format!("the synonyms in the text make more than {MAX_PATHS} phrases"))
}

impl Line {
    fn of(tokens: Vec<QueryToken>) -> Line {
        let count = tokens.last().map_or(0, |last| last.position.saturating_add(1));
        let mut positions: Vec<Position> = Vec::new();
        for token in tokens {
            match positions.last_mut() {
                Some(last) if last.place == token.position => {
                    last.terms.push(token.term);
                    last.ends_text = token.ends_text;
                }
                _ => positions.push(Position {
                    place: token.position,
                    terms: vec![token.term],
                    ends_text: token.ends_text,
                }),
            }
        }
        Line { positions, count }
    }

    /// Whether Lucene makes a boolean query of it, which counts its clauses.
    pub(super) fn is_boolean(&self) -> bool {
        let has_synonyms = self.positions.iter().any(|position| position.terms.len() > 1);
        self.positions.len() > 1 || (has_synonyms && self.count > 1)
    }

    /// A path of a graph by itself.
    pub(super) fn of_path(path: &[Step]) -> Line {
        let mut positions = steps(path);
        place(&mut positions);
        let count = positions.last().map_or(0, |last| last.place + 1);
        Line { positions, count }
    }
}

/// Tokens as edges between places, without those that lead nowhere.
struct Graph {
    /// By where they begin: where they end, and what stands there.
    edges: BTreeMap<i64, Vec<(i64, Step)>>,
    end: i64,
}

impl Graph {
    /// Holes belong to the token behind them: its edge begins before the hole.
    fn of(tokens: Vec<QueryToken>) -> Graph {
        let mut edges: BTreeMap<i64, Vec<(i64, Step)>> = BTreeMap::new();
        let (mut place, mut gap, mut distance) = (-1_i64, 0_i64, 1_u32);
        let mut end = 0;
        let mut before: Option<u32> = None;
        for token in tokens {
            match before.map_or(token.position + 1, |before| token.position - before) {
                0 => place -= gap,
                step => {
                    place += 1;
                    gap = i64::from(step) - 1;
                    distance = step;
                }
            }
            before = Some(token.position);
            let to = place + i64::from(token.length) + gap;
            edges.entry(place).or_default().push((to, Step { term: token.term, distance }));
            end = end.max(to);
            place += gap;
        }
        let mut graph = Graph { edges, end };
        graph.drop_dead_ends();
        graph
    }

    fn drop_dead_ends(&mut self) {
        let mut reached = BTreeSet::from([0]);
        for (from, edges) in &self.edges {
            if reached.contains(from) {
                reached.extend(edges.iter().map(|(to, _)| *to));
            }
        }
        let mut leading = BTreeSet::from([self.end]);
        for (from, edges) in self.edges.iter().rev() {
            if edges.iter().any(|(to, _)| leading.contains(to)) {
                leading.insert(*from);
            }
        }
        let is_live = |place: &i64| reached.contains(place) && leading.contains(place);
        self.edges.retain(|from, edges| {
            edges.retain(|(to, _)| is_live(to));
            is_live(from) && !edges.is_empty()
        });
    }

    /// The parts between the places that no edge jumps over.
    fn segments(&self) -> Result<Vec<Segment>, Refusal> {
        let mut segments = Vec::new();
        let mut start = 0;
        let mut furthest = 0;
        for (from, edges) in &self.edges {
            if *from == furthest && *from > start {
                segments.push(self.segment(start, *from)?);
                start = *from;
            }
            furthest = edges.iter().map(|(to, _)| *to).fold(furthest, i64::max);
        }
        if furthest > start {
            segments.push(self.segment(start, furthest)?);
        }
        Ok(segments)
    }

    fn segment(&self, start: i64, end: i64) -> Result<Segment, Refusal> {
        let edges = self.edges.get(&start).map_or(&[][..], Vec::as_slice);
        if edges.iter().all(|(to, _)| *to == end) {
            let terms = edges.iter().map(|(_, step)| step.term.clone()).collect();
            return Ok(Segment::Step { terms, distance: edges.first().map_or(1, |(_, step)| step.distance) });
        }
        let mut whole = Vec::new();
        let mut begun: Vec<(i64, Vec<Step>)> = vec![(start, Vec::new())];
        while let Some((at, path)) = begun.pop() {
            if at == end {
                whole.push(path);
                continue;
            }
            for (to, step) in self.edges.get(&at).map_or(&[][..], Vec::as_slice) {
                let longer = path.iter().cloned().chain([step.clone()]).collect();
                begun.push((*to, longer));
            }
            if whole.len() + begun.len() > MAX_PATHS {
                return Err(too_many());
            }
        }
        Ok(Segment::Paths(whole))
    }
}
