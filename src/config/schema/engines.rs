//! Keys of the tables that say which engine a station keeps its things in.
//!
//! In: nothing. Out: constants, as of `schema.rs`.

use super::Shape::{Count, Flag, List, OneOf, Path, Text};
use super::{Key, SECS, may};

pub(super) const EVIDENCE: &[Key] = &[
    may("kind", OneOf(&["folder", "s3"])),
    may("folder", Path),
    may("endpoint", Text),
    may("region", Text),
    may("bucket", Text),
    may("prefix", Text),
    may("path_style", Flag),
    may("access_key_env", Text),
    may("secret_key_env", Text),
    may("ca_file", Path),
    may("timeout_secs", SECS),
];

pub(super) const INDEX: &[Key] = &[
    may("kind", OneOf(&["tantivy", "opensearch"])),
    may("addresses", List(&Text)),
    may("addresses_env", Text),
    may("name", Text),
    may("user_env", Text),
    may("password_env", Text),
    may("ca_file", Path),
    may("shards", Count(1, 1_024)),
    may("replicas", Count(0, 10)),
    may("timeout_secs", SECS),
];
