//! The key that author pseudonyms are made with.
//!
//! In: where config says it is. Out: its bytes. Made at the first run where it is missing, readable by its
//! owner only; it lies apart from the store, beside the config, so that a copy of the data alone names nobody.

use anyhow::Context as _;
use pipelines::text::hex;
use sha2::{Digest as _, Sha256};

use crate::config::Config;
use crate::key_file;
use crate::store::Store;

/// The state that holds the mark of the key all processes of a store use.
const MARK: &str = "author-key";

/// Another process of the same store has another key: one author would have two pseudonyms.
#[derive(Debug, thiserror::Error)]
#[error(
    "the key of author pseudonyms is not that of the other processes of this store; let all use one"
)]
pub struct OtherKey;

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

/// Refuses a key that is not the one which the processes of a shared `store` use; the first one's stands.
///
/// # Errors
/// [`OtherKey`]; those of [`author_key`] and the store.
pub(super) fn same_for_all(config: &Config, store: &dyn Store) -> anyhow::Result<()> {
    let key = author_key(config)?;
    let ours = hex(&Sha256::digest([b"guanlan author key ".as_slice(), &key].concat()));
    let mut theirs = store.state(MARK)?;
    if theirs.is_none() {
        store.write(&mut |write| {
            theirs = write.state(MARK)?;
            if theirs.is_none() {
                write.put_state(MARK, &ours)?;
            }
            Ok(())
        })?;
    }
    anyhow::ensure!(theirs.is_none_or(|theirs| theirs == ours), OtherKey);
    Ok(())
}
