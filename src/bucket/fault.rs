//! What can go wrong with an object store.
//!
//! In: failures of connections and answers that refuse. Out: one error type that tells apart what somebody can do about
//! it, with the way out. No key stands in any of them.

use std::time::Duration;

use super::listing::Said;
use super::place::BucketPlace;

/// Characters of what a store said that are repeated.
const SAID_CHARS: usize = 300;

/// A failure of the object store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BucketFault {
    /// It cannot be reached.
    #[error(
        "the object store at {address} cannot be reached: {why}; see whether it runs and `[evidence] endpoint` is right"
    )]
    Away {
        /// Where.
        address: String,
        /// What the network said.
        why: String,
    },
    /// No answer in time.
    #[error("the object store at {address} did not answer within {} s; see what keeps it busy, or raise `[evidence] timeout_secs`", within.as_secs())]
    Slow {
        /// Which.
        address: String,
        /// How long was waited.
        within: Duration,
    },
    /// There is no such bucket.
    #[error(
        "the object store at {address} has no bucket `{bucket}`; make it there, or mend `[evidence] bucket`"
    )]
    NoBucket {
        /// Where.
        address: String,
        /// Which.
        bucket: String,
    },
    /// The keys are not known there, or not right.
    #[error(
        "the object store does not know these keys ({code}); see the variables that `[evidence]` names"
    )]
    BadKeys {
        /// What it said.
        code: String,
    },
    /// The keys may not do this.
    #[error(
        "the object store does not allow this ({code}) in bucket `{bucket}`; the keys need to list, read, write and delete there"
    )]
    Refused {
        /// The bucket.
        bucket: String,
        /// What it said.
        code: String,
    },
    /// The clocks differ by too much.
    #[error("the object store refuses requests of this time; set the clock of this machine right")]
    Clock,
    /// The bucket is in another region.
    #[error("the bucket is in another region{}; mend `[evidence] region`", if region.is_empty() { String::new() } else { format!(" ({region})") })]
    Region {
        /// Which, where it said so.
        region: String,
    },
    /// There is no room.
    #[error("the object store has no room ({code}); make room there, or raise its quota")]
    Full {
        /// What it said.
        code: String,
    },
    /// It asks to be left alone for a while.
    #[error("the object store has too much to do ({why})")]
    Busy {
        /// What it said.
        why: String,
    },
    /// There is such an object already.
    #[error("there is an object of this name")]
    Taken,
    /// There is no such object.
    #[error("there is no object `{key}` in the object store")]
    NoObject {
        /// Its key.
        key: String,
    },
    /// A variable that holds a key is not set.
    #[error("the environment variable `{variable}` with a key of the object store is not set")]
    NoKeys {
        /// Its name.
        variable: String,
    },
    /// Something of the config cannot be used.
    #[error("the object store cannot be asked with this config: {why}")]
    Config {
        /// What.
        why: String,
    },
    /// Something else.
    #[error("the object store failed (HTTP {status}): {why}")]
    Answer {
        /// The status.
        status: u16,
        /// What it said.
        why: String,
    },
}

impl BucketFault {
    /// What an answer with a status of failure means, asked for `key`.
    pub(super) fn of(status: u16, said: &Said, place: &BucketPlace, key: &str) -> Self {
        let code = match said.code.as_str() {
            "" => format!("HTTP {status}"),
            code => code.chars().take(SAID_CHARS).collect(),
        };
        let why = format!("{code} {}", said.words).trim().chars().take(SAID_CHARS).collect();
        let (address, bucket) = (place.endpoint.clone(), place.bucket.clone());
        match (status, said.code.as_str()) {
            (_, "NoSuchBucket") => Self::NoBucket { address, bucket },
            (
                _,
                "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidSecurity" | "InvalidToken",
            ) => Self::BadKeys { code },
            (_, "RequestTimeTooSkewed" | "RequestExpired") => Self::Clock,
            (
                _,
                "AuthorizationHeaderMalformed"
                | "PermanentRedirect"
                | "IllegalLocationConstraintException",
            ) => Self::Region { region: said.region.clone() },
            (507, _)
            | (
                _,
                "QuotaExceeded"
                | "StorageFull"
                | "XMinioStorageFull"
                | "XMinioAdminBucketQuotaExceeded",
            ) => Self::Full { code },
            (401 | 403, _) => Self::Refused { bucket, code },
            // A store that says nothing more of a missing object; of one that was not asked for it is the bucket.
            (404, _) if key.is_empty() => Self::NoBucket { address, bucket },
            (404, _) => Self::NoObject { key: key.to_owned() },
            // Two wrote the same name at once: whoever asks again sees which.
            (412, _) | (409, "ConditionalRequestConflict") => Self::Taken,
            (301 | 307 | 308, _) => Self::Region { region: said.region.clone() },
            (429 | 500 | 502 | 503 | 504, _) => Self::Busy { why },
            (status, _) => Self::Answer { status, why },
        }
    }

    /// Whether the same may succeed later without a change of this config: what is amiss may be mended at the store.
    #[must_use]
    pub fn passes(&self) -> bool {
        !matches!(
            self,
            Self::Taken | Self::NoObject { .. } | Self::NoKeys { .. } | Self::Config { .. }
        )
    }
}
