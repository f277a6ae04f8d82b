//! The invented data set, and who is interested in it. It is part of the binary, so that the demo runs anywhere.

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Value, json};
use tripline::ChangeKind;

pub const FIRST_CRAWL: &str = include_str!("../../../fixtures/members_v1.ndjson");
const SECOND_CRAWL: &str = include_str!("../../../fixtures/members_v2.ndjson");
const QUERIES: &str = include_str!("../../../fixtures/queries.ndjson");
const CHANGES: &str = include_str!("../../../fixtures/expected_changes.ndjson");
const MATCHES: [&str; 2] = [
    include_str!("../../../fixtures/expected_matches_v1.json"),
    include_str!("../../../fixtures/expected_matches_v2.json"),
];

/// One member of a crawl, as it is sent.
pub struct Member {
    pub id: u64,
    pub name: String,
    pub json: &'static str,
}

/// Somebody who wants to be told.
pub struct Interest {
    pub name: &'static str,
    pub about: String,
    pub selector: Selector,
    pub detailed: bool,
}

/// About whom.
pub enum Selector {
    /// A query of the fixtures, by its id.
    Query {
        id: &'static str,
        query: Value,
    },
    Ids(Vec<u64>),
    All,
}

/// What the data set says of one member's second version.
#[derive(Deserialize)]
pub struct ExpectedMember {
    pub member_id: u64,
    pub outcome: String,
    pub changes: Vec<ExpectedChange>,
    pub noise: Vec<String>,
    pub story: String,
}

/// One position change.
#[derive(Deserialize, Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExpectedChange {
    pub kind: ChangeKind,
    pub title: String,
    pub company: String,
}

/// Which members each query finds, by a real Elasticsearch node.
#[derive(Deserialize)]
pub struct Matches {
    pub queries: std::collections::BTreeMap<String, std::collections::BTreeSet<u64>>,
}

pub fn first_crawl() -> anyhow::Result<Vec<Member>> {
    FIRST_CRAWL.lines().map(member).collect()
}

pub fn second_crawl() -> anyhow::Result<Vec<Member>> {
    SECOND_CRAWL.lines().map(member).collect()
}

fn member(json: &'static str) -> anyhow::Result<Member> {
    #[derive(Deserialize)]
    struct Named {
        id: u64,
        full_name: String,
    }
    let named: Named = serde_json::from_str(json).context("a member of the fixtures has no id or name")?;
    Ok(Member { id: named.id, name: named.full_name, json })
}

pub fn expected_members() -> anyhow::Result<Vec<ExpectedMember>> {
    let parse = |line| serde_json::from_str(line).context("a line of expected_changes.ndjson cannot be read");
    CHANGES.lines().map(parse).collect()
}

/// Before and after.
pub fn matches() -> anyhow::Result<[Matches; 2]> {
    let [before, after] = MATCHES.map(|text| serde_json::from_str(text).context("expected_matches cannot be read"));
    Ok([before?, after?])
}

/// The demo's subscriptions: of all three kinds, in both formats.
pub fn interests() -> anyhow::Result<Vec<Interest>> {
    let queries = [
        ("python", "sample-1-python-anywhere", false),
        ("us-executives", "sample-4-executives-in-the-us", true),
        ("works-at-acme-or-globex", "sample-5-works-there-now", true),
        ("acme-never", "sample-8-never-worked-there", false),
        ("engineers-not-managers", "recruiter-engineer-not-manager", true),
        ("cto-moves", "investor-cto-moves", true),
        ("programmers-in-cyrillic", "recruiter-cyrillic", true),
    ];
    let mut interests = Vec::new();
    for (name, id, detailed) in queries {
        let (about, query) = query(id)?;
        interests.push(Interest { name, about, selector: Selector::Query { id, query }, detailed });
    }
    let watched = expected_members()?.iter().map(|member| member.member_id).step_by(9).collect();
    interests.push(Interest {
        name: "watchlist",
        about: "every ninth member, by id".to_owned(),
        selector: Selector::Ids(watched),
        detailed: true,
    });
    interests.push(Interest {
        name: "everyone",
        about: "all members".to_owned(),
        selector: Selector::All,
        detailed: false,
    });
    Ok(interests)
}

fn query(id: &str) -> anyhow::Result<(String, Value)> {
    #[derive(Deserialize)]
    struct Line {
        id: String,
        description: String,
        query: Value,
    }
    let lines = QUERIES.lines().map(serde_json::from_str::<Line>);
    let found = lines.filter_map(Result::ok).find(|line| line.id == id);
    found.map(|line| (line.description, line.query)).with_context(|| format!("the fixtures have no query {id:?}"))
}

impl Interest {
    /// The route below `/v1/subscriptions/professional_network/member_experience/`.
    pub fn route(&self) -> &'static str {
        match self.selector {
            Selector::Query { .. } => "es_dsl",
            Selector::Ids(_) => "ids",
            Selector::All => "all",
        }
    }

    /// What is POSTed to subscribe.
    pub fn body(&self, webhook_url: &str) -> Value {
        let mut body = json!({
            "webhook_url": webhook_url,
            "format": if self.detailed { "detailed" } else { "compact" },
            "description": self.about,
        });
        match &self.selector {
            Selector::Query { query, .. } => body["es_dsl_query"] = json!({ "query": query }),
            Selector::Ids(ids) => body["ids"] = json!(ids),
            Selector::All => {}
        }
        body
    }
}
