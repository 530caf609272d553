//! The key that author pseudonyms are made with.
//!
//! In: where config says it is. Out: its bytes. Made at the first run where it is missing, readable by its
//! owner only; it lies apart from the store, beside the config, so that a copy of the data alone names nobody.

use anyhow::Context as _;

use crate::config::Config;
use crate::key_file;

/// The key, from the environment or the file.
///
/// # Errors
/// A file that cannot be read or made, or a key too short to protect anything.
pub fn author_key(config: &Config) -> anyhow::Result<Vec<u8>> {
    let privacy = &config.privacy;
    let key = if privacy.key_env.is_empty() {
        // Without a config file there is no folder of the config to keep it in.
        let beside_data = || config.station.data_dir.join("keys").join("author.key");
        let file = config.file.as_ref().map_or_else(beside_data, |_| privacy.key_file.clone());
        key_file::read_or_make(&file)?
    } else {
        std::env::var(&privacy.key_env)
            .with_context(|| {
                format!("the author key is not in the environment variable `{}`", privacy.key_env)
            })?
            .into_bytes()
    };
    anyhow::ensure!(key.len() >= 16, "the author key has {} bytes; 16 are the least", key.len());
    Ok(key)
}
