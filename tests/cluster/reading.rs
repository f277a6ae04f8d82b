//! Searching, and reading whole indices.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tripline::elasticsearch::{Connection, Operation, PageOptions, SourceFilter, Write};

use crate::nodes::available;
use crate::settings::{Index, connect, raw};

async fn fill(connection: &Connection, index: &str, ranks: std::ops::Range<usize>) {
    let write =
        |rank: usize| Write::new(index, rank.to_string(), Operation::Create(raw(&json!({"rank": rank, "name": "x"}))));
    let writes: Vec<Write<'_>> = ranks.map(|rank| write(rank).to_index()).collect();
    connection.bulk(&writes).await.expect("an answer");
    connection.refresh(&[index]).await.expect("an answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_gives_what_it_was_asked_for() {
    for node in tokio::task::block_in_place(available) {
        let connection = connect(node).await;
        let index = Index::new(node, "search");
        fill(&connection, &index.name, 0..30).await;
        let body = json!({
            "query": {"range": {"rank": {"gte": 10}}},
            "sort": [{"rank": "desc"}],
            "size": 2,
            "seq_no_primary_term": true,
            "aggs": {"highest": {"max": {"field": "rank"}}},
        });
        let found = connection.search(&index.name, None, &body).await.expect("an answer");
        assert_eq!(found.hits.iter().map(|hit| hit.id.as_str()).collect::<Vec<_>>(), ["29", "28"]);
        assert_eq!(found.total, Some(20));
        assert_eq!(found.hits[0].sort, [json!(29)]);
        assert!(found.hits.iter().all(|hit| hit.stamp().is_some() && hit.source.is_some()));
        let aggregations: Value = serde_json::from_str(found.aggregations.expect("aggregations").get()).expect("JSON");
        assert_eq!(aggregations["highest"]["value"], 29.0);

        let error =
            connection.search(&index.name, None, &json!({"query": {"nothing": {}}})).await.expect_err("an error");
        assert_eq!(error.refusal().map(|(status, _)| status), Some(400));
        assert!(!error.is_transient() && error.to_string().contains("nothing"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_index_is_read_as_it_stood_when_the_reading_began() {
    for node in tokio::task::block_in_place(available) {
        let connection = connect(node).await;
        let index = Index::new(node, "pages");
        fill(&connection, &index.name, 0..250).await;
        for slices in [1, 3] {
            let mut ids = BTreeSet::new();
            for slice in 0..slices {
                let options = PageOptions {
                    slice: Some((slice, slices)),
                    size: 40,
                    source: SourceFilter::None,
                    ..PageOptions::default()
                };
                let mut pages = connection.pages(&index.name, options).await.expect("pages");
                loop {
                    let page = pages.next().await.expect("a page");
                    if page.is_empty() {
                        break;
                    }
                    assert!(page.len() <= 40 && page.iter().all(|hit| hit.stamp().is_some() && hit.source.is_none()));
                    for hit in page {
                        assert!(ids.insert(hit.id), "read twice");
                    }
                }
                assert!(pages.next().await.expect("a page").is_empty());
                pages.close().await.expect("an answer");
            }
            assert_eq!(ids.len(), 250);
        }

        let options = PageOptions { sort: vec![json!({"rank": "desc"})], size: 200, ..PageOptions::default() };
        let mut pages = connection.pages(&index.name, options).await.expect("pages");
        let first = pages.next().await.expect("a page");
        assert_eq!((first[0].id.as_str(), first.len()), ("249", 200));
        fill(&connection, &index.name, 250..260).await;
        assert_eq!(pages.next().await.expect("a page").len(), 50);
        pages.close().await.expect("an answer");
    }
}
