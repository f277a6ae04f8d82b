//! A server of its own for each test, and requests to it.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tripline::api::auth::{GENERATED_SECRET, Scopes, mint, read_secret};
use tripline::config::Config;
use tripline::server::{self, Server};
use tripline::subscription::Tenant;

use crate::backend::Place;

pub const ES_DSL: &str = "/v1/subscriptions/professional_network/member_experience/es_dsl";
pub const IDS: &str = "/v1/subscriptions/professional_network/member_experience/ids";
pub const ALL: &str = "/v1/subscriptions/professional_network/member_experience/all";
pub const MEMBERS: &str = "/v1/professional_network/clean_member";
pub const BULK: &str = "/v1/professional_network/clean_member/_bulk";
pub const ID_FILE: &str = "/v1/professional_network/clean_member/bulk_collect/id_file";

pub const ALL_SCOPES: &str = "subscriptions:read subscriptions:write members:read members:write jobs metrics admin";

/// A running server, and the tenant `acme` that may do everything there.
pub struct Api {
    server: Server,
    pub place: Place,
    pub client: reqwest::Client,
    token: String,
}

impl Api {
    pub async fn start() -> Api {
        Api::with(|_| ()).await
    }

    /// With changed settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Api {
        Api::at(Place::new(), change).await
    }

    async fn at(place: Place, change: impl FnOnce(&mut Config)) -> Api {
        let mut config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            allow_private_webhooks: true,
            shutdown_grace: Duration::from_secs(5),
            ..Config::default()
        };
        place.configure(&mut config);
        change(&mut config);
        let server = server::start(config).await.unwrap();
        let secret = place.folder().join(GENERATED_SECRET);
        let token = if secret.exists() { hs256(&place, "acme", ALL_SCOPES) } else { String::new() };
        // Files are looked at as they come.
        let client = reqwest::Client::builder().no_gzip().build().unwrap();
        Api { server, place, client, token }
    }

    /// Ends the server and starts it again over the same directory.
    pub async fn restart(self) -> Api {
        self.server.shutdown().await;
        Api::at(self.place, |_| ()).await
    }

    /// A token of the secret that the server made.
    pub fn token_of(&self, tenant: &str, scopes: &str) -> String {
        hs256(&self.place, tenant, scopes)
    }

    pub fn secret(&self) -> Vec<u8> {
        read_secret(&self.place.folder().join(GENERATED_SECRET)).unwrap()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    /// A request without a token.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path))
    }

    /// A request as `acme`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(&self.token)
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// Sends bytes as JSON.
    pub async fn send(&self, method: Method, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        let json = "application/json";
        Answer::of(self.request(method, path).header("content-type", json).body(body.into())).await
    }

    pub async fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body.to_string()).await
    }

    pub async fn put_member(&self, document: &Value) -> Answer {
        self.send(Method::PUT, &format!("{MEMBERS}/{}", document["id"]), document.to_string()).await
    }

    /// The id of a new `all` subscription.
    pub async fn subscribe_to_all(&self) -> String {
        let answer = self.post_json(ALL, &json!({"webhook_url": "http://127.0.0.1:9/hook"})).await;
        answer.expect(StatusCode::OK)["subscription_id"].as_str().unwrap().to_owned()
    }

    /// Proof that a request before did not bring the server down.
    pub async fn assert_alive(&self) {
        Answer::of(self.get("/health/ready")).await.expect(StatusCode::OK);
    }
}

fn hs256(place: &Place, tenant: &str, scopes: &str) -> String {
    let secret = read_secret(&place.folder().join(GENERATED_SECRET)).unwrap();
    mint(&secret, &Tenant::from(tenant), &Scopes::checked(scopes).unwrap(), Duration::from_secs(600)).unwrap()
}

/// A member with one open position.
pub fn member(id: u64, company: &str) -> Value {
    json!({"id": id, "full_name": "Ada Example", "experience": [
        {"title": "Engineer", "company_name": company, "date_from": "2021-03", "date_to": null}
    ]})
}

/// An answer with its body.
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn of(request: RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }

    pub async fn read(response: Response) -> Answer {
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn expect(&self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// The answer is a problem of this status whose detail says this.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, detail: &str) -> Value {
        let problem = self.json();
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(problem["status"], status);
        assert!(problem["type"].as_str().unwrap().starts_with("urn:tripline:problem:"), "{problem}");
        assert!(problem["title"].is_string(), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{problem} does not say {detail:?}");
        problem
    }
}
