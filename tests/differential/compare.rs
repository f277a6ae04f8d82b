//! Tripline's answers beside the recorded ones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use tripline::percolator::{CompiledQuery, CompiledSelector, Document};
use tripline::{Mapping, MemberId, Percolator, SubscriptionId};

use crate::case::{Answer, Answers, Case};
use crate::corpus::{Expectation, Theme, Verdict};

/// Each difference that nothing explains, and each expectation that nothing needs, in words.
pub fn differences(theme: &Theme) -> Vec<String> {
    let (case, answers) = (&theme.case, theme.answers());
    let mapping = match Mapping::from_json(&value(case.mapping.get())) {
        Ok(mapping) => Arc::new(mapping),
        Err(error) => return vec![format!("{}: the mapping is refused: {error}", case.name)],
    };
    let percolator = Percolator::new(mapping);
    let mut report = Report { case, unused: theme.expect.iter().collect(), lines: Vec::new() };

    // Queries first: a field that only a dynamic template decides is read once a query names it.
    let queries = compile_queries(&percolator, &mut report, &answers);
    let documents = read_documents(&percolator, &mut report, &answers);
    let mut found: BTreeMap<&str, BTreeSet<u64>> = queries.keys().map(|id| (*id, BTreeSet::new())).collect();
    for (document_id, document) in &documents {
        for query_id in percolator.matches(document) {
            if let Some(matches) = found.get_mut(query_id.as_str()) {
                matches.insert(*document_id);
            }
        }
        report.explanations_agree(&percolator, *document_id, document, &queries, &found);
    }
    for (id, matches) in found {
        report.matches(id, &matches, &answers);
    }
    report.finish()
}

fn read_documents(percolator: &Percolator, report: &mut Report, answers: &Answers) -> Vec<(u64, Document)> {
    let mut documents = Vec::new();
    for (id, json) in &report.case.documents {
        let member = MemberId::try_from(*id).ok();
        let read = percolator.document(member, &value(json.get()));
        let verdict = if read.is_ok() { Verdict::Accepts } else { Verdict::Refuses };
        let recorded = if answers.refused_documents.contains(id) { Verdict::Refuses } else { Verdict::Accepts };
        let expected = report.expectation(None, Some(*id)).unwrap_or(recorded);
        if verdict != expected {
            let why = read.as_ref().err().map(|error| format!(": {error}")).unwrap_or_default();
            report.difference(format!("document {id} {json}\n  expected: {expected:?}, Tripline: {verdict:?}{why}"));
        }
        documents.extend(read.ok().map(|document| (*id, document)));
    }
    documents
}

fn compile_queries<'c>(
    percolator: &Percolator,
    report: &mut Report<'c>,
    answers: &Answers,
) -> BTreeMap<&'c str, CompiledQuery> {
    let mut queries = BTreeMap::new();
    for query in &report.case.queries {
        let compiled = percolator.compile(&value(query.query.get()));
        let recorded = match answers.queries.get(&query.id) {
            Some(Answer::Refused) => Verdict::Refuses,
            Some(Answer::Matches(_)) => Verdict::Accepts,
            None => panic!("{}: {:?} has no recorded answer", report.case.name, query.id),
        };
        let expected = match report.expectation(Some(&query.id), None) {
            Some(Verdict::Matches(_)) => Verdict::Accepts,
            Some(expected) => expected,
            None => recorded,
        };
        match compiled {
            Ok(compiled) => {
                if expected == Verdict::Refuses {
                    report.difference(format!(
                        "{}\n  expected to be refused, Tripline takes it",
                        report.case.shown(&query.id)
                    ));
                }
                let selector = CompiledSelector::Query(compiled.clone());
                percolator.insert(SubscriptionId::from(query.id.as_str()), selector);
                queries.insert(query.id.as_str(), compiled);
            }
            Err(_) if expected == Verdict::Refuses => {}
            Err(error) => {
                report.difference(format!("{}\n  Tripline refuses it: {error}", report.case.shown(&query.id)));
            }
        }
    }
    queries
}

struct Report<'c> {
    case: &'c Case,
    unused: Vec<&'c Expectation>,
    lines: Vec<String>,
}

impl Report<'_> {
    fn expectation(&mut self, query: Option<&str>, document: Option<u64>) -> Option<Verdict> {
        let place = self
            .unused
            .iter()
            .position(|expectation| expectation.query.as_deref() == query && expectation.document == document)?;
        // One that gives matches is used when matches are compared.
        Some(match &self.unused[place].tripline {
            Verdict::Matches(ids) => Verdict::Matches(ids.clone()),
            _ => self.unused.remove(place).tripline.clone(),
        })
    }

    fn matches(&mut self, id: &str, found: &BTreeSet<u64>, answers: &Answers) {
        let Some(Answer::Matches(recorded)) = answers.queries.get(id) else { return };
        let expected = self
            .unused
            .iter()
            .position(|expectation| expectation.query.as_deref() == Some(id))
            .map(|place| self.unused.remove(place).tripline.clone());
        let expected = if let Some(Verdict::Matches(expected)) = &expected { expected } else { recorded };
        let missing: Vec<&u64> = expected.difference(found).collect();
        // A document that nodes refuse has been reported as such.
        let surplus: Vec<&u64> =
            found.difference(expected).filter(|id| !answers.refused_documents.contains(id)).collect();
        for (say, documents) in
            [("expected, and Tripline does not find them", missing), ("Tripline finds them, and should not", surplus)]
        {
            if let Some(first) = documents.first() {
                let example: String = self.case.document(**first).chars().take(300).collect();
                self.difference(format!("{}\n  {say}: {documents:?}, e.g. {example}", self.case.shown(id)));
            }
        }
    }

    fn explanations_agree(
        &mut self,
        percolator: &Percolator,
        document_id: u64,
        document: &Document,
        queries: &BTreeMap<&str, CompiledQuery>,
        found: &BTreeMap<&str, BTreeSet<u64>>,
    ) {
        // Explaining takes far longer than matching: a sample of the large data sets is enough.
        if self.case.documents.len() > 200 && !document_id.is_multiple_of(10) {
            return;
        }
        for (id, query) in queries {
            let matches = found.get(id).is_some_and(|documents| documents.contains(&document_id));
            if percolator.explain(query, document).matches != matches {
                self.difference(format!(
                    "{}\n  explained otherwise than matched: document {document_id}",
                    self.case.shown(id)
                ));
            }
        }
    }

    fn difference(&mut self, text: String) {
        self.lines.push(format!("{}: {text}", self.case.name));
    }

    fn finish(mut self) -> Vec<String> {
        for expectation in &self.unused {
            self.lines.push(format!(
                "{}: no difference is left that the expectation for query {:?}, document {:?} explains",
                self.case.name, expectation.query, expectation.document
            ));
        }
        self.lines
    }
}

impl Case {
    pub fn query(&self, id: &str) -> &str {
        self.queries.iter().find(|query| query.id == id).map_or("?", |query| query.query.get())
    }

    pub fn document(&self, id: u64) -> &str {
        self.documents.iter().find(|(document_id, _)| *document_id == id).map_or("?", |(_, document)| document.get())
    }

    fn shown(&self, id: &str) -> String {
        format!("query {id:?} {}", self.query(id))
    }
}

fn value(json: &str) -> Value {
    serde_json::from_str(json).expect("the corpus is JSON")
}
