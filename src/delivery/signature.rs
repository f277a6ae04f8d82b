//! Signatures of the [Standard Webhooks](https://www.standardwebhooks.com) specification: what a receiver checks to
//! know that a delivery is ours, whole and fresh.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use standardwebhooks::Webhook;

/// Names the delivery: the same over all its retries, so that the receiver can drop repeats.
pub const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
/// When this attempt was signed, in Unix seconds: the receiver refuses old ones, which stops replays.
pub const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
/// `v1,<base64 of HMAC-SHA256 over "id.timestamp.body">`.
pub const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

const SECRET_PREFIX: &str = "whsec_";
/// Bytes of randomness in a new secret; the specification asks for 24 to 64.
const SECRET_BYTES: usize = 32;

/// A secret that signs nothing: it is not `whsec_` followed by base64, or what is to be signed is no text.
#[derive(Debug, thiserror::Error)]
#[error("cannot sign the delivery: {reason}; the secret has to be \"whsec_\" followed by base64")]
pub struct SignatureError {
    reason: String,
}

/// A new random secret, `whsec_…`.
///
/// ```
/// assert!(tripline::delivery::new_secret().starts_with("whsec_"));
/// ```
pub fn new_secret() -> String {
    let key: [u8; SECRET_BYTES] = rand::random();
    format!("{SECRET_PREFIX}{}", STANDARD.encode(key))
}

/// The three headers that sign `body` under `secret`.
///
/// # Errors
///
/// When the secret is not `whsec_` followed by base64, the body is not UTF-8, or the id cannot stand in a header.
pub fn sign(secret: &str, webhook_id: &str, at: Timestamp, body: &[u8]) -> Result<HeaderMap, SignatureError> {
    let refused = |reason: String| SignatureError { reason };
    let seconds = at.as_second();
    let signature = Webhook::new(secret)
        .and_then(|webhook| webhook.sign(webhook_id, seconds, body))
        .map_err(|error| refused(error.to_string()))?;
    let id = HeaderValue::from_str(webhook_id).map_err(|error| refused(error.to_string()))?;
    let signature = HeaderValue::from_str(&signature).map_err(|error| refused(error.to_string()))?;
    Ok(HeaderMap::from_iter([
        (WEBHOOK_ID, id),
        (WEBHOOK_TIMESTAMP, HeaderValue::from(seconds)),
        (WEBHOOK_SIGNATURE, signature),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_the_specifications_example() {
        let headers = sign(
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            Timestamp::from_second(1_649_367_553).unwrap(),
            br#"{"email":"test@example.com","username":"test_user"}"#,
        )
        .unwrap();
        assert_eq!(headers[WEBHOOK_SIGNATURE], "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
        assert_eq!(headers[WEBHOOK_TIMESTAMP], "1649367553");
    }

    #[test]
    fn a_new_secret_signs_and_no_two_are_alike() {
        let secret = new_secret();
        assert_ne!(secret, new_secret());
        assert!(sign(&secret, "msg_1", Timestamp::UNIX_EPOCH, b"[]").is_ok());
    }

    #[test]
    fn a_secret_that_is_not_base64_is_refused_with_the_reason() {
        let error = sign("whsec_!", "msg_1", Timestamp::UNIX_EPOCH, b"[]").unwrap_err();
        assert!(error.to_string().contains("whsec_"), "{error}");
    }
}
