//! Where the evidence of a station lies: in its data directory, in a folder that machines share, in a bucket.
//!
//! In: a config, and the environment it names. Out: a vault to read, and an archive to write. A bucket is asked for nothing
//! yet, so that a station starts while it is away; a key that is not set is told by whoever asks it.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use super::data_dir::DataDir;
use crate::bucket::{Bucket, BucketFault, BucketPlace, Keys};
use crate::config::{Config, EvidenceKind, EvidenceSettings};
use crate::evidence::{Archive, ArchiveError, Folder, Vault, VaultError};
use crate::store::Store;

/// The place of the evidence of `config`.
///
/// # Errors
/// A bucket that cannot be asked with this config.
pub fn vault(config: &Config) -> Result<Arc<dyn Vault>, VaultError> {
    let settings = &config.evidence;
    Ok(match settings.kind {
        EvidenceKind::S3 => Arc::new(bucket(settings)?),
        EvidenceKind::Folder if settings.is_shared() => {
            Arc::new(Folder::new(settings.folder.clone()))
        }
        EvidenceKind::Folder => Arc::new(Folder::new(DataDir(config.station.data_dir.clone()).0)),
    })
}

/// The archive of `config`. The caller has the lock of its data directory.
///
/// # Errors
/// Those of [`vault`]; a folder of the data directory that cannot be used; the store.
pub(super) fn archive(config: &Config, store: &dyn Store) -> Result<Archive, ArchiveError> {
    if config.evidence.is_shared() {
        return Ok(Archive::shared(vault(config)?));
    }
    Archive::open(&DataDir(config.station.data_dir.clone()).evidence(), store)
}

/// The bucket that `settings` name.
///
/// # Errors
/// Keys that are not set, an address or certificates that cannot be used.
pub fn bucket(settings: &EvidenceSettings) -> Result<Bucket, BucketFault> {
    Bucket::new(BucketPlace {
        endpoint: settings.endpoint.clone(),
        region: settings.region.clone(),
        bucket: settings.bucket.clone(),
        prefix: settings.whole_prefix(),
        path_style: settings.path_style,
        keys: keys(&settings.access_key_env, &settings.secret_key_env),
        // A file that cannot be read is told when the config is checked.
        ca: Some(&settings.ca_file)
            .filter(|file| !file.as_os_str().is_empty())
            .and_then(|file| std::fs::read(file).ok()),
        timeout: Duration::from_secs(settings.timeout_secs.into()),
    })
}

fn keys(access: &str, secret: &str) -> Keys {
    let read = |variable: &str| env::var(variable).map_err(|_| variable.to_owned());
    match (read(access), read(secret)) {
        (Ok(access), Ok(secret)) => Keys::Pair { access, secret },
        (Err(variable), _) | (_, Err(variable)) => Keys::Missing { variable },
    }
}
