//! The key that author pseudonyms are made with.
//!
//! In: where config says it is. Out: its bytes. Made at the first run where it is missing, readable by its
//! owner only; it lies apart from the store, beside the config, so that a copy of the data alone names nobody.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

use crate::config::Config;

/// Bytes of a new key.
const KEY_BYTES: usize = 32;

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
        from_file(&file)?
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

fn from_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    match fs::read(path) {
        Ok(key) => Ok(key.trim_ascii().to_vec()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(path),
        Err(error) => {
            Err(error).with_context(|| format!("cannot read author key `{}`", path.display()))
        }
    }
}

fn make(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut random = [0u8; KEY_BYTES];
    fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut random))
        .context("cannot read random bytes for the author key")?;
    let key = random.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot make author key `{}`", path.display()))?;
    writeln!(file, "{key}")?;
    file.sync_all()?;
    Ok(key.into_bytes())
}
