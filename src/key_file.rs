//! A secret of the station's own in a file: read, or made where there is none.
//!
//! In: where it lies. Out: its bytes. Made whole or not at all, readable by its owner only; of two who make it at
//! once, one stands. What it is for is its callers' business.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::Context as _;
use pipelines::text::hex;

use crate::platform;

/// Bytes of a new key; it is written in hex.
const KEY_BYTES: usize = 32;

/// The key in `path` without blanks around it; made, with the folders before it, where there is none or an empty one.
///
/// # Errors
/// A file that cannot be read or made.
pub fn read_or_make(path: &Path) -> anyhow::Result<Vec<u8>> {
    match fs::read(path) {
        // A version that did not write it whole at once was killed: the empty file names nobody yet.
        Ok(key) if key.trim_ascii().is_empty() => {
            fs::remove_file(path)
                .with_context(|| format!("cannot remove empty `{}`", path.display()))?;
            make(path)
        }
        Ok(key) => Ok(key.trim_ascii().to_vec()),
        Err(error) if error.kind() == ErrorKind::NotFound => make(path),
        Err(error) => Err(error).with_context(|| format!("cannot read key `{}`", path.display())),
    }
}

/// Makes the key under another name and gives it its own once it is whole on disk; who was first stands.
fn make(path: &Path) -> anyhow::Result<Vec<u8>> {
    let random: [u8; KEY_BYTES] =
        platform::random_bytes().context("cannot read random bytes for a key")?;
    let key = hex(&random);
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let half = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let failed = || format!("cannot make key `{}`", path.display());
    // What a killed process of the same number left.
    let _ = fs::remove_file(&half);
    let mut file = platform::new_private_file(&half).with_context(failed)?;
    writeln!(file, "{key}").and_then(|()| file.sync_all()).with_context(failed)?;
    let linked = fs::hard_link(&half, path);
    fs::remove_file(&half).with_context(failed)?;
    match linked {
        Ok(()) => Ok(key.into_bytes()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read_or_make(path),
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
        let key = read_or_make(&path).unwrap();
        assert_eq!(key.len(), 2 * KEY_BYTES);
        assert_eq!(read_or_make(&path).unwrap(), key);
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
