//! Bearer tokens: JWTs under one pinned algorithm.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors};
use serde::{Deserialize, Serialize};

use super::scope::Scopes;
use crate::config::{Jwt, JwtAlgorithm};
use crate::subscription::Tenant;

/// A shorter HMAC key can be guessed (RFC 7518, section 3.2).
pub const MIN_SECRET_BYTES: usize = 32;

/// The name of the secret file that is made in the data directory where none is configured.
pub const GENERATED_SECRET: &str = "jwt-secret";

/// Longer names of tenants are refused: they are keys of the store.
const MAX_TENANT_BYTES: usize = 256;

/// Why the key of the tokens cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("cannot read the {what} {path:?}: {source}")]
    Unreadable { what: &'static str, path: PathBuf, source: std::io::Error },
    #[error("cannot write the secret file {path:?}: {source}")]
    Unwritable { path: PathBuf, source: std::io::Error },
    #[error("the secret in {path:?} has {length} bytes; at least {MIN_SECRET_BYTES} are expected")]
    TooShort { path: PathBuf, length: usize },
    #[error(
        "the secret file {path:?} holds a PEM key: HS256 needs a secret that nobody else knows; \
         for a public key set jwt.algorithm to RS256, ES256 or EdDSA and jwt.public_key_file"
    )]
    Pem { path: PathBuf },
    #[error("{path:?} holds no public key in PEM for {algorithm:?}: {reason}")]
    NoPublicKey { path: PathBuf, algorithm: JwtAlgorithm, reason: String },
}

/// The HMAC key of a secret file: its bytes, less one final newline.
pub fn read_secret(path: &Path) -> Result<Vec<u8>, KeyError> {
    let mut secret =
        fs::read(path).map_err(|source| KeyError::Unreadable { what: "secret file", path: path.to_owned(), source })?;
    if secret.starts_with(b"-----BEGIN") {
        return Err(KeyError::Pem { path: path.to_owned() });
    }
    if secret.last() == Some(&b'\n') {
        secret.pop();
    }
    if secret.len() < MIN_SECRET_BYTES {
        return Err(KeyError::TooShort { path: path.to_owned(), length: secret.len() });
    }
    Ok(secret)
}

/// Makes a secret file that only its owner can read, unless there is one; true if it was made.
pub fn generate_secret(path: &Path) -> Result<bool, KeyError> {
    let unwritable = |source| KeyError::Unwritable { path: path.to_owned(), source };
    if path.exists() {
        return Ok(false);
    }
    let secret: [u8; MIN_SECRET_BYTES] = rand::random();
    // Written beside and renamed, so that a crash leaves no half of a secret.
    let half = path.with_extension("new");
    match fs::remove_file(&half) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(unwritable(error)),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half).map_err(unwritable)?;
    writeln!(file, "{}", STANDARD.encode(secret)).map_err(unwritable)?;
    // The umask may have taken bits away, never added any; say what is meant.
    file.set_permissions(Permissions::from_mode(0o600)).map_err(unwritable)?;
    file.sync_all().map_err(unwritable)?;
    fs::rename(&half, path).map_err(unwritable)?;
    Ok(true)
}

#[derive(Serialize)]
struct MintedClaims<'a> {
    sub: &'a str,
    scope: String,
    iat: u64,
    exp: u64,
}

/// What is read besides the claims that [`Validation`] checks; times may have fractions.
#[derive(Deserialize)]
struct ReadClaims {
    sub: Option<String>,
    #[serde(default)]
    scope: String,
    iat: Option<f64>,
}

/// A token for `tenant` that ends after `ttl`, signed with an HS256 secret.
///
/// # Errors
///
/// When the key cannot sign.
pub fn mint(secret: &[u8], tenant: &Tenant, scopes: &Scopes, ttl: Duration) -> Result<String, errors::Error> {
    let now = jsonwebtoken::get_current_timestamp();
    let exp = now.saturating_add(ttl.as_secs());
    let claims = MintedClaims { sub: tenant.as_str(), scope: scopes.claim(), iat: now, exp };
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(secret))
}

/// Whom a good token names.
#[derive(Debug)]
pub struct Caller {
    pub tenant: Tenant,
    pub scopes: Scopes,
}

/// Why a token is refused.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("the token is no JWT")]
    NoJwt,
    #[error("the token's algorithm is not the one that this server is configured for, {expected:?}")]
    Algorithm { expected: Algorithm },
    #[error("the token's signature is wrong")]
    Signature,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    TooEarly,
    #[error("the token has no claim {claim:?}")]
    Missing { claim: String },
    #[error("the token's claims are not acceptable: {reason}")]
    Claims { reason: String },
}

/// Checks tokens under one key and one algorithm; what a token's header says chooses neither.
pub struct Verifier {
    key: DecodingKey,
    algorithm: Algorithm,
    validation: Validation,
}

impl Verifier {
    /// HS256 with the secret of `secret_file`, or the configured public key.
    pub fn new(settings: &Jwt, secret_file: &Path) -> Result<Self, KeyError> {
        let (key, algorithm) = match settings.algorithm {
            JwtAlgorithm::HS256 => (DecodingKey::from_secret(&read_secret(secret_file)?), Algorithm::HS256),
            JwtAlgorithm::RS256 => (public_key(settings, DecodingKey::from_rsa_pem)?, Algorithm::RS256),
            JwtAlgorithm::ES256 => (public_key(settings, DecodingKey::from_ec_pem)?, Algorithm::ES256),
            JwtAlgorithm::EdDSA => (public_key(settings, DecodingKey::from_ed_pem)?, Algorithm::EdDSA),
        };
        let mut validation = Validation::new(algorithm);
        let mut required = vec!["exp", "sub"];
        validation.leeway = settings.leeway.as_secs();
        validation.validate_nbf = true;
        match &settings.audience {
            Some(audience) => {
                required.push("aud");
                validation.set_audience(&[audience]);
            }
            None => validation.validate_aud = false,
        }
        if let Some(issuer) = &settings.issuer {
            required.push("iss");
            validation.set_issuer(&[issuer]);
        }
        validation.set_required_spec_claims(&required);
        Ok(Verifier { key, algorithm, validation })
    }

    /// Whom the token names, if it is good.
    ///
    /// # Errors
    ///
    /// With what is wrong with it.
    pub fn verify(&self, token: &str) -> Result<Caller, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|error| self.refusal(error))?;
        if header.crit.is_some() {
            return Err(TokenError::Claims { reason: "the header has \"crit\", which is not supported".to_owned() });
        }
        let decoded = jsonwebtoken::decode::<ReadClaims>(token, &self.key, &self.validation);
        let claims = decoded.map_err(|error| self.refusal(error))?.claims;
        let latest = jsonwebtoken::get_current_timestamp().saturating_add(self.validation.leeway);
        if claims.iat.is_some_and(|issued| issued > latest as f64) {
            return Err(TokenError::TooEarly);
        }
        let tenant = claims.sub.filter(|tenant| !tenant.is_empty());
        let tenant = tenant.ok_or_else(|| TokenError::Missing { claim: "sub".to_owned() })?;
        if tenant.len() > MAX_TENANT_BYTES || tenant.chars().any(char::is_control) {
            let reason = format!("\"sub\" must be at most {MAX_TENANT_BYTES} bytes without control characters");
            return Err(TokenError::Claims { reason });
        }
        Ok(Caller { tenant: Tenant::from(tenant.as_str()), scopes: Scopes::of_claim(&claims.scope) })
    }

    fn refusal(&self, error: errors::Error) -> TokenError {
        match error.kind() {
            errors::ErrorKind::InvalidAlgorithm | errors::ErrorKind::InvalidAlgorithmName => {
                TokenError::Algorithm { expected: self.algorithm }
            }
            errors::ErrorKind::InvalidSignature => TokenError::Signature,
            errors::ErrorKind::ExpiredSignature => TokenError::Expired,
            errors::ErrorKind::ImmatureSignature => TokenError::TooEarly,
            errors::ErrorKind::MissingRequiredClaim(claim) => TokenError::Missing { claim: claim.clone() },
            errors::ErrorKind::InvalidClaimFormat(claim) => {
                TokenError::Claims { reason: format!("{claim:?} has the wrong type") }
            }
            errors::ErrorKind::InvalidIssuer => {
                TokenError::Claims { reason: "\"iss\" is not the expected issuer".to_owned() }
            }
            errors::ErrorKind::InvalidAudience => {
                TokenError::Claims { reason: "\"aud\" is not the expected audience".to_owned() }
            }
            // A header with an unknown "alg" ("none" above all) does not even deserialize.
            errors::ErrorKind::Json(reason) if reason.to_string().contains("unknown variant") => {
                TokenError::Algorithm { expected: self.algorithm }
            }
            errors::ErrorKind::Json(reason) => TokenError::Claims { reason: reason.to_string() },
            _ => TokenError::NoJwt,
        }
    }
}

fn public_key(settings: &Jwt, read: fn(&[u8]) -> Result<DecodingKey, errors::Error>) -> Result<DecodingKey, KeyError> {
    // The configuration was checked to name the file; an empty path reads as a missing file.
    let path = settings.public_key_file.clone().unwrap_or_default();
    let pem = fs::read(&path).map_err(|source| KeyError::Unreadable {
        what: "public key file",
        path: path.clone(),
        source,
    })?;
    let algorithm = settings.algorithm;
    if String::from_utf8_lossy(&pem).contains("PRIVATE KEY") {
        let reason = "it is a private key, which only the maker of tokens should have".to_owned();
        return Err(KeyError::NoPublicKey { path, algorithm, reason });
    }
    read(&pem).map_err(|error| KeyError::NoPublicKey { path, algorithm, reason: error.to_string() })
}
