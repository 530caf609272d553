//! What broke, in the officer's words: an index that lags or is damaged, a store that is full, a station at work.
//!
//! In: a failure of the engine, as the chain of its causes. Out: a sentence of the locale with the way out; the chain
//! itself where nobody has words for it yet. It mends nothing.

use std::error::Error;
use std::fmt::Display;
use std::io;

use index::{ClusterFault, IndexError};
use pipelines::locale::Lang;

use super::DeskError;
use super::works::backup::BackupError;
use crate::bucket::BucketFault;
use crate::engine::{
    Apart, CommitError, FollowError, LockError, NoData, OtherKey, RebuildError, StandingError,
};
use crate::evidence::{ArchiveError, VaultError};
use crate::store::{AddressFault, CopyError, SealFault, SnapshotError, StoreError};

/// The index is not one of the store beside it.
#[derive(Debug, thiserror::Error)]
#[error("{why}; `guanlan reindex` builds it from the store")]
pub struct NotOurs {
    pub(super) why: Apart,
    /// Whether it is being rebuilt.
    pub(super) is_mended: bool,
}

/// A failure in the officer's language.
#[must_use]
pub fn in_words(error: &anyhow::Error, lang: Lang) -> String {
    if let Some(error) = error.downcast_ref::<DeskError>() {
        return error.in_words(lang);
    }
    if let Some(NoData { place }) = error.downcast_ref() {
        return lang.fill("cli.no_data", &[("dir", place)]);
    }
    if let Some(words) = index_trouble(error, lang) {
        return words;
    }
    if error.is::<OtherKey>() {
        return lang.text("cli.worker.other_key");
    }
    if let Some(error) = error.downcast_ref() {
        return backup_trouble(error, lang);
    }
    if let Some(words) = error.downcast_ref().and_then(|error| copy_trouble(error, lang)) {
        return words;
    }
    if let Some(words) = error.downcast_ref().and_then(|error| snapshot_trouble(error, lang)) {
        return words;
    }
    if let Some(words) = error.chain().find_map(|cause| store_trouble(cause, lang)) {
        return words;
    }
    if let Some(fault) = error.chain().find_map(bucket_fault) {
        return bucket_words(fault, lang);
    }
    if let Some(LockError::Held { dir, pid, .. }) = error.downcast_ref() {
        return lang.fill("cli.station_runs", &[("dir", &dir.display()), ("pid", pid)]);
    }
    system_trouble(error, lang).unwrap_or_else(|| format!("{error:#}"))
}

/// What the system refused, and at which file or address; none where it did not, or nobody has words for it.
fn system_trouble(error: &anyhow::Error, lang: Lang) -> Option<String> {
    let refused = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>())?;
    let why = match refused.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "full",
        io::ErrorKind::PermissionDenied => "denied",
        io::ErrorKind::ReadOnlyFilesystem => "read_only",
        io::ErrorKind::NotFound => "not_found",
        io::ErrorKind::AddrInUse => "taken",
        io::ErrorKind::IsADirectory => "a_folder",
        io::ErrorKind::NotADirectory => "no_folder",
        _ => return None,
    };
    // Failures name what they are about between back quotes.
    let told = format!("{error:#}");
    let at = told.split('`').nth(1).unwrap_or_default();
    let words = lang.text(&format!("cli.system.{why}"));
    if at.is_empty() {
        Some(words)
    } else {
        Some(lang.fill("cli.system.at", &[("at", &at), ("why", &words)]))
    }
}

fn index_trouble(error: &anyhow::Error, lang: Lang) -> Option<String> {
    if let Some(NotOurs { why, is_mended }) = error.downcast_ref() {
        let key = if *is_mended { "cli.index.being_rebuilt" } else { "cli.index.apart" };
        let why = lang.text(match why {
            Apart::New => "cli.index.why_new",
            Apart::OtherStore => "cli.index.why_other_store",
            Apart::OtherHistory => "cli.index.why_other_history",
        });
        return Some(lang.fill(key, &[("why", &why)]));
    }
    if let Some(StandingError::Index(error)) = error.downcast_ref() {
        return index_words(error, lang);
    }
    if let Some(RebuildError::Index(error)) = error.downcast_ref() {
        return index_words(error, lang);
    }
    if let Some(FollowError::Index(error)) = error.downcast_ref() {
        let why = index_words(error, lang).unwrap_or_else(|| error.to_string());
        return Some(lang.fill("cli.index.not_followed", &[("why", &why)]));
    }
    index_words(error.downcast_ref()?, lang)
}

/// What is wrong with an index; none where nobody has words for it.
pub(super) fn index_words(error: &IndexError, lang: Lang) -> Option<String> {
    Some(match error {
        IndexError::Missing { dir } => lang.fill("cli.index.missing", &[("dir", &dir.display())]),
        IndexError::Format { .. } => lang.text("cli.index.format"),
        IndexError::Damaged { what } => lang.fill("cli.index.damaged", &[("what", what)]),
        IndexError::Rebuilding { .. } => lang.text("cli.index.rebuilding"),
        IndexError::Cluster(fault) => cluster_words(fault, lang),
        lost if lost.is_lost() => lang.fill("cli.index.damaged", &[("what", lost)]),
        _ => return None,
    })
}

/// What is wrong with a search cluster.
fn cluster_words(fault: &ClusterFault, lang: Lang) -> String {
    let filled =
        |key: &str, args: &[(&str, &dyn Display)]| lang.fill(&format!("cli.cluster.{key}"), args);
    match fault {
        ClusterFault::Away { address, why } => {
            filled("away", &[("address", address), ("why", why)])
        }
        ClusterFault::Slow { address, within } => {
            filled("slow", &[("address", address), ("secs", &within.as_secs())])
        }
        ClusterFault::Refused { why, .. } => filled("refused", &[("why", why)]),
        ClusterFault::NoLogin { variable } => filled("no_login", &[("variable", variable)]),
        ClusterFault::Config { why } => filled("config", &[("why", why)]),
        ClusterFault::Unfit { found, least } => {
            filled("unfit", &[("found", found), ("least", least)])
        }
        ClusterFault::NoIndex { index } => filled("no_index", &[("index", index)]),
        ClusterFault::Red { index, why } => filled("red", &[("index", index), ("why", why)]),
        ClusterFault::Partial { failed, total, why } => {
            filled("partial", &[("failed", failed), ("total", total), ("why", why)])
        }
        ClusterFault::ReadOnly { why } => filled("read_only", &[("why", why)]),
        ClusterFault::Busy { why } => filled("busy", &[("why", why)]),
        ClusterFault::TooLarge { why } => filled("too_large", &[("why", why)]),
        ClusterFault::LosesPosts { index } => filled("loses_posts", &[("index", index)]),
        ClusterFault::Taken { name } => filled("taken", &[("name", name)]),
        ClusterFault::Answer { status, why } => {
            filled("answer", &[("status", status), ("why", why)])
        }
    }
}

/// Why a backup was not made, or not taken back.
fn backup_trouble(error: &BackupError, lang: Lang) -> String {
    let (key, what) = match error {
        BackupError::OtherKind { is_of_server: true } => ("of_server", ""),
        BackupError::OtherKind { is_of_server: false } => ("of_file", ""),
        BackupError::Purged => ("purged", ""),
        BackupError::Nothing { place } => ("nothing", place.as_str()),
        BackupError::NotEmpty { place } => ("not_empty", place.as_str()),
        BackupError::Within { place } => ("within", place.as_str()),
        BackupError::NoManifest { place } => ("no_manifest", place.as_str()),
        BackupError::Changed { file } => ("changed", file.as_str()),
    };
    lang.fill(&format!("cli.backup.{key}"), &[("what", &what)])
}

/// Why a store was not written to a file, or not made from one; what is of the store itself has words of its own.
fn snapshot_trouble(error: &SnapshotError, lang: Lang) -> Option<String> {
    let filled = |key: &str, args: &[(&str, &dyn Display)]| {
        Some(lang.fill(&format!("cli.backup.{key}"), args))
    };
    match error {
        SnapshotError::Store(_) | SnapshotError::Io(_) => None,
        SnapshotError::NoProgram { program, least } => {
            filled("no_program", &[("program", program), ("least", least)])
        }
        SnapshotError::NoAuthorities => filled("no_authorities", &[]),
        SnapshotError::Failed { program, said } => {
            filled("failed", &[("program", program), ("said", said)])
        }
        SnapshotError::Occupied { place } => filled("occupied", &[("what", place)]),
        SnapshotError::NameTaken { name, place } => {
            filled("name_taken", &[("name", name), ("what", place)])
        }
    }
}

/// Why a store was not copied; what is of one of the stores has words of its own.
fn copy_trouble(error: &CopyError, lang: Lang) -> Option<String> {
    let (key, what): (&str, &dyn Display) = match error {
        CopyError::Store(_) => return None,
        CopyError::Nothing { place } => ("nothing", place),
        CopyError::Occupied { place } => ("occupied", place),
        CopyError::OfAnother { place } => ("of_another", place),
        CopyError::Moved { place } => ("moved", place),
        CopyError::Differs { tables } => ("differs", tables),
        CopyError::ZeroKey { table } => ("zero_key", table),
        CopyError::Stopped { rows } => ("stopped", rows),
    };
    Some(lang.fill(&format!("cli.copy.{key}"), &[("what", what)]))
}

/// The object store's part in a failure.
fn bucket_fault<'e>(cause: &'e (dyn Error + 'static)) -> Option<&'e BucketFault> {
    let of_vault = |error: &'e VaultError| match error {
        VaultError::Bucket(fault) => Some(fault),
        VaultError::Io { .. } => None,
    };
    if let Some(CommitError::Evidence(error)) = cause.downcast_ref() {
        return match &**error {
            ArchiveError::Vault(error) => of_vault(error),
            ArchiveError::Store(_) => None,
        };
    }
    if let Some(ArchiveError::Vault(error)) = cause.downcast_ref() {
        return of_vault(error);
    }
    let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let error = wrapped.and_then(|inner| inner.downcast_ref()).or_else(|| cause.downcast_ref());
    error.and_then(of_vault).or_else(|| cause.downcast_ref())
}

/// What is wrong with an object store.
pub(super) fn bucket_words(fault: &BucketFault, lang: Lang) -> String {
    let filled =
        |key: &str, args: &[(&str, &dyn Display)]| lang.fill(&format!("cli.bucket.{key}"), args);
    match fault {
        BucketFault::Away { address, why } => filled("away", &[("address", address), ("why", why)]),
        BucketFault::Slow { address, within } => {
            filled("slow", &[("address", address), ("secs", &within.as_secs())])
        }
        BucketFault::NoBucket { address, bucket } => {
            filled("no_bucket", &[("address", address), ("bucket", bucket)])
        }
        BucketFault::BadKeys { code } => filled("bad_keys", &[("code", code)]),
        BucketFault::Refused { bucket, code } => {
            filled("refused", &[("bucket", bucket), ("code", code)])
        }
        BucketFault::Clock => filled("clock", &[]),
        BucketFault::Region { region } => filled("region", &[("region", region)]),
        BucketFault::Full { code } => filled("full", &[("code", code)]),
        BucketFault::Busy { why } => filled("busy", &[("why", why)]),
        BucketFault::Taken => filled("taken", &[]),
        BucketFault::NoObject { key } => filled("no_object", &[("key", key)]),
        BucketFault::NoKeys { variable } => filled("no_keys", &[("variable", variable)]),
        BucketFault::Config { why } => filled("config", &[("why", why)]),
        BucketFault::Answer { status, why } => {
            filled("answer", &[("status", status), ("why", why)])
        }
    }
}

/// What is wrong with the address of a server.
fn fault_in_words(fault: &AddressFault, lang: Lang) -> String {
    let (key, part) = match fault {
        AddressFault::Unset => ("unset", ""),
        AddressFault::Form => ("form", ""),
        AddressFault::Missing(part) => ("missing", *part),
        AddressFault::Bad(part) => ("bad", part.as_str()),
    };
    lang.fill(&format!("cli.store.fault.{key}"), &[("part", &part)])
}

/// Why a connection to a server cannot be sealed, and what to do.
fn seal_in_words(fault: &SealFault, lang: Lang) -> String {
    let (key, why) = match fault {
        SealFault::NoTls => ("no_tls", ""),
        SealFault::Stranger => ("stranger", ""),
        SealFault::OtherName => ("other_name", ""),
        SealFault::OutOfTime => ("out_of_time", ""),
        SealFault::SelfSigned => ("self_signed", ""),
        SealFault::Authority(why) => ("authority", why.as_str()),
        SealFault::Other(why) => ("other", why.as_str()),
    };
    lang.fill(&format!("cli.store.seal.{key}"), &[("why", &why)])
}

/// A state of the store that an officer can mend, in words; none where nobody has words for it.
fn store_trouble(cause: &(dyn Error + 'static), lang: Lang) -> Option<String> {
    let wrapped = match (cause.downcast_ref(), cause.downcast_ref(), cause.downcast_ref()) {
        (Some(CommitError::Store(error)), _, _) => Some(&**error),
        (_, Some(CopyError::Store(error)), _) => Some(error),
        (_, _, Some(SnapshotError::Store(error))) => Some(error),
        _ => None,
    };
    let (key, place, cause) = match wrapped.or_else(|| cause.downcast_ref())? {
        StoreError::Busy => ("busy", "", String::new()),
        StoreError::Full(_) => ("full", "", String::new()),
        StoreError::ReadOnly => ("read_only", "", String::new()),
        StoreError::Newer { place, .. } => ("newer", place.as_str(), String::new()),
        StoreError::Older { place, .. } => ("older", place.as_str(), String::new()),
        StoreError::Foreign { place } => ("foreign", place.as_str(), String::new()),
        StoreError::Away { place, .. } => ("away", place.as_str(), String::new()),
        StoreError::Standby { place } => ("standby", place.as_str(), String::new()),
        StoreError::Held { place } => ("held", place.as_str(), String::new()),
        StoreError::Deposed { place } => ("deposed", place.as_str(), String::new()),
        StoreError::Unfinished { place } => ("unfinished", place.as_str(), String::new()),
        StoreError::Unsure { place } => ("unsure", place.as_str(), String::new()),
        StoreError::ServerFull { place, .. } => ("server_full", place.as_str(), String::new()),
        StoreError::AtLimit { place, cause } => ("at_limit", place.as_str(), cause.clone()),
        StoreError::Unsealed { place, fault } => {
            ("unsealed", place.as_str(), seal_in_words(fault, lang))
        }
        StoreError::Refused { place, cause } => ("refused", place.as_str(), cause.clone()),
        StoreError::Unfit { place, cause } => ("unfit", place.as_str(), cause.clone()),
        StoreError::Address { variable, fault } => {
            ("address", variable.as_str(), fault_in_words(fault, lang))
        }
        StoreError::Open { .. } | StoreError::Sql(_) | StoreError::Corrupt { .. } => return None,
    };
    Some(lang.fill(&format!("cli.store.{key}"), &[("file", &place), ("cause", &cause)]))
}
