//! Files of a backup: copied, and seen as they are.
//!
//! In: folders and names. Out: bytes and their SHA-256. What is copied is on disk when it is told.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::Path;

use pipelines::text::hex;
use sha2::{Digest as _, Sha256};

use super::manifest::KeptFile;
use crate::platform;

/// Copies a file of `from` to the same name in `to`, at most so many bytes of it.
pub(super) fn copied(from: &Path, to: &Path, name: &str, bytes: u64) -> io::Result<KeptFile> {
    let source = File::open(from.join(name))?;
    let path = to.join(name);
    if let Some(folder) = path.parent() {
        platform::make_private_dir(folder)?;
    }
    let mut file = platform::new_private_file(&path)?;
    let kept = read(source.take(bytes), name, &mut |piece| file.write_all(piece))?;
    file.sync_all()?;
    Ok(kept)
}

/// A file as it is.
pub(super) fn seen(folder: &Path, name: &str) -> io::Result<KeptFile> {
    read(File::open(folder.join(name))?, name, &mut |_| Ok(()))
}

fn read(
    mut from: impl Read,
    name: &str,
    each: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<KeptFile> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut piece = vec![0; 1 << 16];
    loop {
        let n = from.read(&mut piece)?;
        if n == 0 {
            break;
        }
        hash.update(&piece[..n]);
        bytes += n as u64;
        each(&piece[..n])?;
    }
    Ok(KeptFile { name: name.to_owned(), bytes, sha256: hex(&hash.finalize()) })
}
