//! Who we are, read from the files that the settings name.

use std::path::Path;

use elasticsearch::auth::Credentials;

use super::error::ElasticsearchError;
use crate::config;

/// # Errors
///
/// When a file cannot be read or holds what cannot be sent.
pub(super) fn read(settings: &config::Elasticsearch) -> Result<Option<Credentials>, ElasticsearchError> {
    if let Some(path) = &settings.api_key_file {
        let setting = "elasticsearch.api_key_file";
        let key = secret(setting, path)?;
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_');
        if key.is_empty() || !key.bytes().all(is_base64) {
            let reason = "the `encoded` text that the cluster gave out with the key is expected, in Base64".to_owned();
            return Err(ElasticsearchError::File { setting, path: path.clone(), reason });
        }
        return Ok(Some(Credentials::EncodedApiKey(key)));
    }
    match (&settings.username, &settings.password_file) {
        (Some(username), Some(path)) => {
            let password = secret("elasticsearch.password_file", path)?;
            Ok(Some(Credentials::Basic(username.clone(), password)))
        }
        _ => Ok(None),
    }
}

/// A file's text, less one final newline.
fn secret(setting: &'static str, path: &Path) -> Result<String, ElasticsearchError> {
    let text = std::fs::read_to_string(path).map_err(|error| ElasticsearchError::File {
        setting,
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}
