//! Reading a whole index page by page, as it stood when the reading began.

use elasticsearch::http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::read::{Hit, SearchAnswer, search_request};
use super::{Connection, ElasticsearchError, Product, Request, SourceFilter, read};

/// How long the cluster keeps what is being read between two pages.
const KEEP_ALIVE: &str = "5m";

/// What is read.
#[derive(Debug, Clone)]
pub struct PageOptions<'a> {
    /// A query of the Query DSL; `{"match_all": {}}` for everything.
    pub query: Value,
    /// The order; empty where any is right.
    pub sort: Vec<Value>,
    /// This part of so many parts that are read side by side: `(0, 4)` to `(3, 4)`.
    pub slice: Option<(u32, u32)>,
    /// The one shard that is read, of an index.
    pub shard: Option<u32>,
    /// Documents a page, at most 10,000.
    pub size: u32,
    pub source: SourceFilter<'a>,
}

impl Default for PageOptions<'_> {
    fn default() -> Self {
        PageOptions {
            query: json!({"match_all": {}}),
            sort: Vec::new(),
            slice: None,
            shard: None,
            size: 1_000,
            source: SourceFilter::All,
        }
    }
}

/// An index being read. What the cluster keeps for it is let go by [`Pages::close`], else after five minutes.
#[derive(Debug)]
pub struct Pages<'c> {
    connection: &'c Connection,
    cursor: Cursor,
    /// The search of each page, but what of it changes.
    search: Value,
    shard: Option<u32>,
    ended: bool,
}

#[derive(Debug)]
enum Cursor {
    PointInTime(String),
    /// The index where nothing was read yet.
    Scroll {
        index: String,
        id: Option<String>,
    },
}

impl Connection {
    /// Begins to read an index, an alias or a pattern of names: at a point in time, or by a scroll where the server lacks one.
    ///
    /// # Errors
    ///
    /// When the cluster does not do it.
    pub async fn pages(&self, index: &str, options: PageOptions<'_>) -> Result<Pages<'_>, ElasticsearchError> {
        let mut search = json!({
            "query": options.query,
            "size": options.size,
            "seq_no_primary_term": true,
            "track_total_hits": false,
            "_source": match options.source {
                SourceFilter::All => json!(true),
                SourceFilter::None => json!(false),
                SourceFilter::Only(fields) => json!(fields),
            },
        });
        if let Some((id, max)) = options.slice.filter(|(_, max)| *max > 1) {
            search["slice"] = json!({"id": id, "max": max});
        }
        let mut sort = options.sort;
        let cursor = if self.server.reads_at_a_point_in_time() {
            sort.push(json!("_shard_doc"));
            Cursor::PointInTime(self.open_point_in_time(index, options.shard).await?)
        } else {
            if sort.is_empty() {
                sort.push(json!("_doc"));
            }
            Cursor::Scroll { index: index.to_owned(), id: None }
        };
        search["sort"] = Value::Array(sort);
        Ok(Pages { connection: self, cursor, search, shard: options.shard, ended: false })
    }

    async fn open_point_in_time(&self, index: &str, shard: Option<u32>) -> Result<String, ElasticsearchError> {
        #[derive(Deserialize)]
        struct Opened {
            #[serde(alias = "pit_id")]
            id: String,
        }
        let path = match self.server.product {
            Product::Elasticsearch => format!("{index}/_pit"),
            Product::OpenSearch => format!("{index}/_search/point_in_time"),
        };
        let mut request = Request::read(Method::Post, &path);
        request.query = vec![("keep_alive", KEEP_ALIVE.to_owned())];
        request.query.extend(preference(shard));
        let answer = self.send(&request).await?;
        read::<Opened>(&request, &answer).map(|opened| opened.id)
    }
}

fn preference(shard: Option<u32>) -> Option<(&'static str, String)> {
    shard.map(|shard| ("preference", format!("_shards:{shard}")))
}

impl Pages<'_> {
    /// The next documents; none when all were read.
    ///
    /// # Errors
    ///
    /// When the cluster does not do it. After a transient error a point in time can be read on from the same place; a scroll cannot.
    pub async fn next(&mut self) -> Result<Vec<Hit>, ElasticsearchError> {
        if self.ended {
            return Ok(Vec::new());
        }
        let request = self.request();
        let answer = self.connection.send(&request).await?;
        let page: SearchAnswer = read(&request, &answer)?;
        match &mut self.cursor {
            // The id of either may change from page to page.
            Cursor::PointInTime(id) => *id = page.pit_id.unwrap_or_else(|| std::mem::take(id)),
            Cursor::Scroll { id, .. } => *id = page.scroll_id.or(id.take()),
        }
        match page.hits.hits.last() {
            Some(last) => self.search["search_after"] = Value::Array(last.sort.clone()),
            None => self.ended = true,
        }
        Ok(page.hits.hits)
    }

    /// Lets go of what the cluster keeps for this.
    ///
    /// # Errors
    ///
    /// When the cluster does not do it; it does so by itself later.
    pub async fn close(self) -> Result<(), ElasticsearchError> {
        let (path, body) = match (&self.cursor, self.connection.server.product) {
            (Cursor::PointInTime(id), Product::Elasticsearch) => ("_pit", json!({"id": id})),
            (Cursor::PointInTime(id), Product::OpenSearch) => ("_search/point_in_time", json!({"pit_id": [id]})),
            (Cursor::Scroll { id: Some(id), .. }, _) => ("_search/scroll", json!({"scroll_id": [id]})),
            (Cursor::Scroll { id: None, .. }, _) => return Ok(()),
        };
        let mut request = Request::read(Method::Delete, path);
        request.body = Some(body.to_string().into());
        match self.connection.send(&request).await {
            // It was let go before.
            Err(error) if error.refusal().is_some_and(|(status, _)| status == 404) => Ok(()),
            closed => closed.map(|_| ()),
        }
    }

    fn request(&self) -> Request {
        match &self.cursor {
            Cursor::PointInTime(id) => {
                let mut search = self.search.clone();
                search["pit"] = json!({"id": id, "keep_alive": KEEP_ALIVE});
                search_request("_search", &search)
            }
            Cursor::Scroll { index, id: None } => {
                let mut search = self.search.clone();
                if let Some(search) = search.as_object_mut() {
                    search.remove("track_total_hits");
                }
                let mut request = search_request(&format!("{index}/_search"), &search);
                request.query.push(("scroll", KEEP_ALIVE.to_owned()));
                request.query.extend(preference(self.shard));
                request
            }
            Cursor::Scroll { id: Some(id), .. } => {
                let mut request = Request::read(Method::Post, "_search/scroll");
                request.body = Some(json!({"scroll": KEEP_ALIVE, "scroll_id": id}).to_string().into());
                // Each page is given out once: after a lost answer the next one would be the wrong one.
                request.repeatable = false;
                request
            }
        }
    }
}
