//! A webhook receiver for trying things out: prints each delivery, and whether its signature is genuine.
//!
//! ```sh
//! cargo run --example receiver -- 127.0.0.1:9000 whsec_…
//! ```

use std::env;
use std::process::ExitCode;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use standardwebhooks::Webhook;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:9000".to_owned());
    let secret = arguments.next();
    let listener = match tokio::net::TcpListener::bind(&address).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("cannot listen on {address}: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("waiting for deliveries on http://{address}/");
    let routes = Router::new().fallback(post(receive)).with_state(secret);
    match axum::serve(listener, routes).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn receive(State(secret): State<Option<String>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or("without an id");
    println!("{id}: {}", String::from_utf8_lossy(&body));
    let Some(secret) = secret else { return StatusCode::NO_CONTENT };
    match Webhook::new(&secret).and_then(|webhook| webhook.verify(&body, &headers)) {
        Ok(()) => {
            println!("  the signature is genuine");
            StatusCode::NO_CONTENT
        }
        Err(error) => {
            println!("  refused: {error}");
            StatusCode::UNAUTHORIZED
        }
    }
}
