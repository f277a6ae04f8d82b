//! What a webhook's URL has to look like.

use url::{Host, Url};

use super::guard::{AddressRefused, Guard};

/// Longer URLs are refused: common servers and proxies stop near this length.
const MAX_LENGTH: usize = 2_048;

/// Why a webhook URL is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookUrlError {
    /// Not a URL at all.
    #[error("webhook_url {given:?} is no URL: {reason}; a full URL like \"https://example.com/hook\" is expected")]
    Malformed {
        /// What was given, cut.
        given: String,
        /// What the parser said.
        reason: url::ParseError,
    },
    /// Too long.
    #[error("webhook_url has {length} bytes; at most {MAX_LENGTH} are accepted")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// Neither http nor https.
    #[error("webhook_url has the scheme {scheme:?}; \"https\" or \"http\" is expected")]
    Scheme {
        /// Its scheme.
        scheme: String,
    },
    /// User name or password.
    #[error("webhook_url holds a user name or a password; put a secret into the path, or check the signature instead")]
    Credentials,
    /// A fragment, which would never be sent.
    #[error("webhook_url ends in a fragment (\"#…\"), which is never sent to a server; leave it out")]
    Fragment,
    /// No host, or port 0.
    #[error("webhook_url names no host and port that can be connected to")]
    Unreachable,
    /// A name of this very machine.
    #[error("webhook_url's host {host:?} means this very machine: webhooks may only reach public addresses")]
    LocalName {
        /// The host.
        host: String,
    },
    /// An address in the operator's network.
    #[error("webhook_url is refused: {0}")]
    Address(#[from] AddressRefused),
}

/// Checks a webhook's URL when a subscription is made; what its name resolves to is checked at each connect.
///
/// ```
/// use tripline::delivery::check_webhook_url;
///
/// assert!(check_webhook_url("https://example.com/hook", false).is_ok());
/// assert!(check_webhook_url("http://2130706433/", false).is_err()); // 127.0.0.1
/// assert!(check_webhook_url("http://127.0.0.1:8080/", true).is_ok());
/// assert!(check_webhook_url("ftp://example.com/", false).is_err());
/// ```
///
/// # Errors
///
/// With the reason, when the text is no acceptable URL.
pub fn check_webhook_url(text: &str, allow_private: bool) -> Result<Url, WebhookUrlError> {
    if text.len() > MAX_LENGTH {
        return Err(WebhookUrlError::TooLong { length: text.len() });
    }
    let url = Url::parse(text)
        .map_err(|reason| WebhookUrlError::Malformed { given: text.chars().take(200).collect(), reason })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(WebhookUrlError::Scheme { scheme: url.scheme().to_owned() });
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(WebhookUrlError::Credentials);
    }
    if url.fragment().is_some() {
        return Err(WebhookUrlError::Fragment);
    }
    if url.port() == Some(0) {
        return Err(WebhookUrlError::Unreachable);
    }
    let guard = Guard::new(allow_private);
    match url.host() {
        None => return Err(WebhookUrlError::Unreachable),
        Some(Host::Domain(name)) if guard.refuses_local_names() && is_local_name(name) => {
            return Err(WebhookUrlError::LocalName { host: name.to_owned() });
        }
        Some(_) => guard.check_literal(&url)?,
    }
    Ok(url)
}

/// `localhost` and all below it, RFC 6761; a final dot only says that the name is complete.
fn is_local_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_cannot_be_a_webhook_are_refused_with_the_reason() {
        for (url, said) in [
            ("", "is no URL"),
            ("example.com/hook", "is no URL"),
            ("/hook", "is no URL"),
            ("http://", "is no URL"),
            ("file:///etc/passwd", "scheme \"file\""),
            ("gopher://example.com/", "scheme \"gopher\""),
            ("https://user@example.com/", "user name"),
            ("https://:password@example.com/", "password"),
            ("https://example.com/#part", "fragment"),
            ("https://example.com:0/", "host and port"),
            ("http://localhost/", "this very machine"),
            ("http://LOCALHOST./", "this very machine"),
            ("http://a.localhost/", "this very machine"),
            ("http://127.0.0.1/", "not public"),
            ("http://[::ffff:127.0.0.1]/", "not public"),
            ("http://2130706433/", "not public"),
        ] {
            let error = check_webhook_url(url, false).unwrap_err().to_string();
            assert!(error.contains(said), "{url}: {error}");
        }
        let long = format!("https://example.com/{}", "a".repeat(MAX_LENGTH));
        assert!(matches!(check_webhook_url(&long, false), Err(WebhookUrlError::TooLong { .. })));
    }

    #[test]
    fn any_port_and_query_of_a_public_host_is_accepted() {
        for url in ["https://example.com", "http://example.com:8080/hook?key=1", "https://münchen.example/"] {
            assert!(check_webhook_url(url, false).is_ok(), "{url}");
        }
    }
}
