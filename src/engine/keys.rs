//! The key that author pseudonyms are made with.
//!
//! In: where config says it is. Out: its bytes. Made at the first run where it is missing, readable by its
//! owner only; it lies apart from the store, beside the config, so that a copy of the data alone names nobody.

use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::Context as _;

use crate::config::Config;
use crate::platform;

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
        // A version that did not write it whole at once was killed: the empty file names nobody yet.
        Ok(key) if key.trim_ascii().is_empty() => {
            fs::remove_file(path)
                .with_context(|| format!("cannot remove empty `{}`", path.display()))?;
            make(path)
        }
        Ok(key) => Ok(key.trim_ascii().to_vec()),
        Err(error) if error.kind() == ErrorKind::NotFound => make(path),
        Err(error) => {
            Err(error).with_context(|| format!("cannot read author key `{}`", path.display()))
        }
    }
}

/// Makes the key under another name and gives it its own once it is whole on disk; who was first stands.
fn make(path: &Path) -> anyhow::Result<Vec<u8>> {
    let random: [u8; KEY_BYTES] =
        platform::random_bytes().context("cannot read random bytes for the author key")?;
    let key = random.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let half = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let failed = || format!("cannot make author key `{}`", path.display());
    // What a killed process of the same number left.
    let _ = fs::remove_file(&half);
    let mut file = platform::new_private_file(&half).with_context(failed)?;
    writeln!(file, "{key}").and_then(|()| file.sync_all()).with_context(failed)?;
    let linked = fs::hard_link(&half, path);
    fs::remove_file(&half).with_context(failed)?;
    match linked {
        Ok(()) => Ok(key.into_bytes()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => from_file(path),
        Err(error) => Err(error).with_context(failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_key_file_of_a_killed_start_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("author.key");
        fs::write(&path, "").unwrap();
        let key = from_file(&path).unwrap();
        assert_eq!(key.len(), 2 * KEY_BYTES);
        assert_eq!(from_file(&path).unwrap(), key);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing half made stays");
    }

    #[test]
    fn the_key_that_is_there_stands() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("author.key");
        fs::write(&path, "a key of another day\n").unwrap();
        assert_eq!(make(&path).unwrap(), b"a key of another day");
    }
}
