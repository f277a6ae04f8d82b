//! The benches' own data sets: documents and queries of any number, the same for the same seed.
//!
//! [`DataSet::Profiles`] is what the percolator is tuned on, [`DataSet::Resumes`] what it is not: other fields, laws, scripts and kinds
//! of query. Values follow Zipf's law (`law`), so some companies and words are everywhere and most are rare. A query is given how many of
//! the documents it shall match before it is given its words (`reach`): so the matches a document stay equal while the number of
//! queries grows, and the queries that are added ask for rarer companies and people.

mod law;
mod profiles;
mod reach;
mod resumes;
mod words;

use serde_json::Value;

use reach::Reaches;

/// Which of the data sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataSet {
    /// Members with 3 to 8 positions of 40 words under the clean member mapping; half of the queries are nested.
    Profiles,
    /// Résumés with long summaries in many scripts and few positions, under a mapping of their own; more ranges and prefixes.
    Resumes,
}

/// What to draw.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    pub data_set: DataSet,
    /// How many queries are stored.
    pub queries: u64,
    /// About how many of them match a document.
    pub matches: f64,
    pub seed: u64,
    /// Nested objects are mapped as plain ones, and queries are of the kinds that every percolator knows: `term`, `terms`, `match`,
    /// `match_phrase`, `bool`, `prefix`, `range` of whole numbers.
    pub is_flat: bool,
}

impl Workload {
    /// The index body with the mapping.
    pub fn mapping(&self) -> Value {
        let mut body = match self.data_set {
            DataSet::Profiles => profiles::mapping(),
            DataSet::Resumes => resumes::mapping(),
        };
        if self.is_flat {
            flatten(&mut body["mappings"]["properties"]);
        }
        body
    }

    /// The stored queries, each without its id.
    pub fn queries(&self) -> impl Iterator<Item = Value> + use<> {
        let reaches = Reaches::new(self.queries, self.matches);
        let is_flat = self.is_flat;
        let mut random = self.random(0);
        let draw = match self.data_set {
            DataSet::Profiles => profiles::query,
            DataSet::Resumes => resumes::query,
        };
        (0..self.queries).map(move |_| {
            let reach = reaches.draw(&mut random);
            draw(&mut random, reach, is_flat)
        })
    }

    /// Documents without end; their ids count from 1.
    pub fn documents(&self) -> impl Iterator<Item = Value> + use<> {
        let mut random = self.random(1);
        let draw = match self.data_set {
            DataSet::Profiles => profiles::document,
            DataSet::Resumes => resumes::document,
        };
        (1..).map(move |id| draw(&mut random, id))
    }

    /// Documents and queries never share a seed.
    fn random(&self, stream: u64) -> Random {
        rand::SeedableRng::seed_from_u64(self.seed * 2 + stream)
    }
}

type Random = rand::rngs::StdRng;

fn flatten(properties: &mut Value) {
    for field in properties.as_object_mut().into_iter().flatten().map(|(_, field)| field) {
        if field["type"] == "nested" {
            field["type"] = "object".into();
            flatten(&mut field["properties"]);
        }
    }
}
