//! Whether the database server that a config names can be used.
//!
//! In: a config. Out: a line for people, or why it cannot be used. It reads and writes nothing; a file needs no asking.

use pipelines::locale::Lang;

use crate::config::Config;
use crate::engine::place;
use crate::store::Place;

/// Asks the server; none where the store is a file.
///
/// # Errors
/// A server that cannot be used, or that holds what is not ours.
pub fn look(config: &Config, lang: Lang) -> anyhow::Result<Option<String>> {
    let place = place(config)?;
    let Place::Server(address) = &place else { return Ok(None) };
    let Some(store) = place.open_to_read()? else {
        return Ok(Some(lang.fill("cli.store.not_yet", &[("place", address)])));
    };
    let about = store.about()?;
    let named = format!("PostgreSQL {}", about.version);
    Ok(Some(lang.fill("cli.store.ready", &[("database", &named), ("place", &about.place)])))
}
