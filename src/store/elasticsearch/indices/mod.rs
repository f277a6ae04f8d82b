//! The indices that Tripline keeps in a cluster: made where they are missing, checked where they are there, and migrated where an
//! older Tripline made them.
//!
//! Each index `<prefix>-<name>-v<schema>` stands behind an alias `<prefix>-<name>`. Everything is checked before anything is
//! made, and making it twice, or by several nodes at once, is the same as making it once.

mod definition;
mod error;
mod inspection;
mod lease;
mod migration;

use elasticsearch::http::Method;
use serde_json::{Value, json};

use crate::config;
use crate::elasticsearch::{Connection, ElasticsearchError};
pub use definition::{Definition, definitions};
pub use error::IndicesError;
use inspection::{Inspection, inspect};
use migration::migrate;

/// Makes, checks and migrates the indices of these definitions.
///
/// # Errors
///
/// When something stands there that is not ours or was changed, a newer Tripline made it, it cannot be used as it is, or the
/// cluster does not do what is needed.
pub async fn ensure(
    connection: &Connection,
    settings: &config::Elasticsearch,
    definitions: &[Definition],
) -> Result<(), IndicesError> {
    let inspections = inspect(connection, settings, definitions).await?;
    for (definition, inspection) in definitions.iter().zip(&inspections) {
        put_template(connection, settings, definition).await?;
        if *inspection == Inspection::Missing {
            create(connection, settings, definition).await?;
        }
    }
    // Another node may have made some of them, and another Tripline made them otherwise.
    let inspections = inspect(connection, settings, definitions).await?;
    for (definition, inspection) in definitions.iter().zip(inspections) {
        if let Inspection::Outdated { schema } = inspection {
            migrate(connection, settings, definition, schema).await?;
        }
    }
    Ok(())
}

/// An index that somebody makes by hand under our names gets the right mapping too.
async fn put_template(
    connection: &Connection,
    settings: &config::Elasticsearch,
    definition: &Definition,
) -> Result<(), ElasticsearchError> {
    const PRIORITY: u32 = 500;
    let alias = definition.alias(settings);
    let template = json!({
        "index_patterns": [format!("{alias}-v*")],
        "priority": PRIORITY,
        "template": definition.body(settings),
        "_meta": {"description": "indices of Tripline, written at each start"},
    });
    connection.ask::<Value>(Method::Put, &format!("_index_template/{alias}"), Some(&template)).await.map(|_| ())
}

/// Makes the index together with its alias, which is there with the index or not at all.
async fn create(
    connection: &Connection,
    settings: &config::Elasticsearch,
    definition: &Definition,
) -> Result<(), ElasticsearchError> {
    let mut body = definition.body(settings);
    body["aliases"] = json!({definition.alias(settings): {"is_write_index": true}});
    make_unless_there(connection, &definition.index(settings), &body).await
}

async fn make_unless_there(connection: &Connection, index: &str, body: &Value) -> Result<(), ElasticsearchError> {
    match connection.ask::<Value>(Method::Put, index, Some(body)).await {
        Ok(_) => Ok(()),
        Err(error) if error.refusal().is_some_and(|(_, kind)| kind == "resource_already_exists_exception") => Ok(()),
        Err(error) => Err(error),
    }
}
