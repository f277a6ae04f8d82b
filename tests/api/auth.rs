//! Who may in: tokens, their algorithms and times, and scopes.

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::{Value, json};
use tripline::config::{Jwt, JwtAlgorithm};

use crate::harness::{ALL, ALL_SCOPES, Answer, Api, BULK, ES_DSL, ID_FILE, IDS, MEMBERS};

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

fn claims() -> Value {
    json!({"sub": "acme", "scope": ALL_SCOPES, "exp": now() + 600})
}

fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn signed(api: &Api, claims: &Value) -> String {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(&api.secret())).unwrap()
}

async fn list(api: &Api, token: &str) -> Answer {
    Answer::of(api.bare(Method::GET, "/v1/subscriptions").bearer_auth(token)).await
}

#[tokio::test]
async fn bad_tokens_are_refused_with_the_reason() {
    let api = Api::start().await;
    let without = |name: &str| {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        claims
    };
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = |alg: &str| format!("{}.{}.", part(json!({"alg": alg, "typ": "JWT"})), part(claims()));
    let other_key = encode(&Header::new(Algorithm::HS256), &claims(), &EncodingKey::from_secret(&[7; 32])).unwrap();
    let hs512 = encode(&Header::new(Algorithm::HS512), &claims(), &EncodingKey::from_secret(&api.secret())).unwrap();
    let good = signed(&api, &claims());
    let cases = [
        ("none", unsigned("none"), "algorithm"),
        ("None", unsigned("None"), "algorithm"),
        ("HS512", hs512, "algorithm"),
        ("no signature", unsigned("HS256"), "signature"),
        ("another key", other_key, "signature"),
        ("cut", good[..good.len() - 4].to_owned(), ""),
        ("no JWT", "letmein".to_owned(), "no JWT"),
        ("empty", String::new(), ""),
        ("expired", signed(&api, &claims_with("exp", json!(now() - 60))), "expired"),
        ("no exp", signed(&api, &without("exp")), "\"exp\""),
        ("nbf in the future", signed(&api, &claims_with("nbf", json!(now() + 600))), "not valid yet"),
        ("made in the future", signed(&api, &claims_with("iat", json!(now() + 600))), "not valid yet"),
        ("no sub", signed(&api, &without("sub")), "\"sub\""),
        ("empty sub", signed(&api, &claims_with("sub", json!(""))), "\"sub\""),
        ("number sub", signed(&api, &claims_with("sub", json!(5))), "string"),
        ("long sub", signed(&api, &claims_with("sub", json!("x".repeat(300)))), "\"sub\""),
        ("scope list", signed(&api, &claims_with("scope", json!(["admin"]))), "claims"),
    ];
    for (case, token, detail) in cases {
        let answer = list(&api, &token).await;
        assert_eq!(answer.status, 401, "{case}: {}", answer.text);
        answer.expect_problem(401, detail);
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{case}");
    }
    let no_header = Answer::of(api.bare(Method::GET, "/v1/subscriptions")).await;
    no_header.expect_problem(401, "Authorization: Bearer");
    let basic = Answer::of(api.bare(Method::GET, "/v1/subscriptions").basic_auth("acme", Some("x"))).await;
    basic.expect_problem(401, "bearer");
    assert_eq!(list(&api, &good).await.status, 200);
    // Clocks may differ by the leeway.
    assert_eq!(list(&api, &signed(&api, &claims_with("exp", json!(now() - 5)))).await.status, 200);
    // Fractions of seconds are allowed by the RFC.
    assert_eq!(list(&api, &signed(&api, &claims_with("exp", json!(now() as f64 + 60.5)))).await.status, 200);
}

/// Every route of the API that needs a token, with its scope.
const ROUTES: [(&str, &str, &str); 33] = [
    ("POST", ES_DSL, "subscriptions:write"),
    ("POST", IDS, "subscriptions:write"),
    ("POST", ALL, "subscriptions:write"),
    ("GET", "/v1/subscriptions", "subscriptions:read"),
    ("GET", "/v1/subscriptions/x", "subscriptions:read"),
    ("PATCH", "/v1/subscriptions/x", "subscriptions:write"),
    ("DELETE", "/v1/subscriptions/x", "subscriptions:write"),
    ("GET", "/v1/subscriptions/x/events", "subscriptions:read"),
    ("POST", "/v1/subscriptions/x/pause", "subscriptions:write"),
    ("POST", "/v1/subscriptions/x/resume", "subscriptions:write"),
    ("POST", "/v1/subscriptions/x/renew", "subscriptions:write"),
    ("POST", "/v1/subscriptions/x/test", "subscriptions:write"),
    ("POST", "/v1/subscriptions/x/rotate_secret", "subscriptions:write"),
    ("POST", "/v1/subscriptions/simulate", "subscriptions:write"),
    ("POST", "/v1/subscriptions/preview", "subscriptions:write"),
    ("PUT", "/v1/professional_network/clean_member/1", "members:write"),
    ("DELETE", "/v1/professional_network/clean_member/1", "members:write"),
    ("POST", BULK, "members:write"),
    ("GET", "/v1/professional_network/clean_member/collect/1", "members:read"),
    ("POST", ID_FILE, "members:read"),
    ("GET", "/v1/bulk_collect/x/files", "members:read"),
    ("GET", "/v1/bulk_collect/x/files/y", "members:read"),
    ("POST", "/v1/jobs/reindex", "jobs"),
    ("GET", "/v1/jobs", "jobs"),
    ("GET", "/v1/jobs/x", "jobs"),
    ("POST", "/v1/jobs/x/cancel", "jobs"),
    ("POST", "/v1/jobs/x/resume", "jobs"),
    ("GET", "/v1/jobs/x/files/y", "jobs"),
    ("HEAD", "/v1/subscriptions", "subscriptions:read"),
    ("HEAD", "/v1/professional_network/clean_member/collect/1", "members:read"),
    ("HEAD", "/v1/bulk_collect/x/files/y", "members:read"),
    ("GET", "/metrics", "metrics"),
    ("HEAD", "/metrics", "metrics"),
];

#[tokio::test]
async fn every_route_asks_for_a_token_and_its_scope() {
    let api = Api::start().await;
    for (method, path, scope) in ROUTES {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let bare = Answer::of(api.bare(method.clone(), path)).await;
        assert_eq!(bare.status, 401, "{method} {path}");

        let others: Vec<&str> = ALL_SCOPES.split(' ').filter(|other| *other != scope && *other != "admin").collect();
        let token = api.token_of("acme", &others.join(" "));
        let answer = Answer::of(api.bare(method.clone(), path).bearer_auth(token)).await;
        assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text);
        assert!(answer.header("www-authenticate").contains("insufficient_scope"));
        if method != Method::HEAD {
            answer.expect_problem(403, &format!("\"{scope}\""));
        }

        for enough in [scope, "admin"] {
            let answer = Answer::of(api.bare(method.clone(), path).bearer_auth(api.token_of("acme", enough))).await;
            assert!(answer.status != 401 && answer.status != 403, "{method} {path} with {enough}: {}", answer.text);
        }
    }
    let known = Answer::of(api.bare(Method::GET, "/openapi.json")).await.json();
    let described = known["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().keys());
    let open = ["/health/live", "/health/ready"].len();
    let heads = ROUTES.iter().filter(|(method, ..)| *method == "HEAD").count();
    assert_eq!(described.count(), ROUTES.len() - heads + open, "the list above is complete");
    assert_eq!(MEMBERS, BULK.trim_end_matches("/_bulk"));
}

#[tokio::test]
async fn a_token_without_scopes_may_nothing() {
    let api = Api::start().await;
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove("scope");
    list(&api, &signed(&api, &claims)).await.expect_problem(403, "the token has none");
    let foreign = signed(&api, &claims_with("scope", json!("openid subscriptions:readonly")));
    list(&api, &foreign).await.expect_problem(403, "subscriptions:read");
}

fn openssl(directory: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(directory).output().unwrap();
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn public_keys_are_taken_and_nothing_that_anybody_could_make_from_them() {
    let cases = [
        (
            JwtAlgorithm::RS256,
            Algorithm::RS256,
            "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out private.pem",
        ),
        (
            JwtAlgorithm::ES256,
            Algorithm::ES256,
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out private.pem",
        ),
        (JwtAlgorithm::EdDSA, Algorithm::EdDSA, "genpkey -algorithm ED25519 -out private.pem"),
    ];
    for (setting, algorithm, generate) in cases {
        let keys = tempfile::tempdir().unwrap();
        openssl(keys.path(), generate);
        openssl(keys.path(), "pkey -in private.pem -pubout -out public.pem");
        let public_key_file = Some(keys.path().join("public.pem"));
        let api = Api::with(|config| config.jwt = Jwt { algorithm: setting, public_key_file, ..Jwt::default() }).await;
        let private = std::fs::read(keys.path().join("private.pem")).unwrap();
        let public = std::fs::read(keys.path().join("public.pem")).unwrap();
        let key = match setting {
            JwtAlgorithm::RS256 => EncodingKey::from_rsa_pem(&private),
            JwtAlgorithm::ES256 => EncodingKey::from_ec_pem(&private),
            JwtAlgorithm::EdDSA | JwtAlgorithm::HS256 => EncodingKey::from_ed_pem(&private),
        };
        let good = encode(&Header::new(algorithm), &claims(), &key.unwrap()).unwrap();
        assert_eq!(list(&api, &good).await.status, 200, "{setting:?}");

        let from_public =
            encode(&Header::new(Algorithm::HS256), &claims(), &EncodingKey::from_secret(&public)).unwrap();
        list(&api, &from_public).await.expect_problem(401, "algorithm");
    }
}

#[tokio::test]
async fn issuer_and_audience_are_asked_for_where_they_are_configured() {
    let api = Api::with(|config| {
        config.jwt.issuer = Some("https://issuer.example".to_owned());
        config.jwt.audience = Some("tripline".to_owned());
    })
    .await;
    let mut claims = claims();
    list(&api, &signed(&api, &claims)).await.expect_problem(401, "");
    claims["iss"] = json!("https://issuer.example");
    claims["aud"] = json!(["other", "tripline"]);
    assert_eq!(list(&api, &signed(&api, &claims)).await.status, 200);
    claims["iss"] = json!("https://other.example");
    list(&api, &signed(&api, &claims)).await.expect_problem(401, "iss");
}
