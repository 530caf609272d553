//! The fields and settings of an index in the cluster, and its name.
//!
//! In: a place. Out: what an index is made with, and whether one that is there is such a one. It refuses an index of another
//! version, and one whose copies would lose posts.

use pipelines::text::FOLD_VERSION;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Body, Client};
use super::cut;
use super::fault::ClusterFault;
use super::place::ClusterPlace;
use crate::error::IndexError;
use crate::tokenize;

/// Raised whenever the fields or the meaning of a value change.
const VERSION: u32 = 2;

/// What is never read back: left out of what is stored, and of what a copy is made from.
const UNSTORED: [&str; 3] = ["pairs", "title", "body"];

/// The format that this program writes and reads. Which pairs are terms belongs to `cells`.
pub(super) fn stamp() -> String {
    let (cells, cut) = (tokenize::VERSION, cut::VERSION);
    format!("s{VERSION}-c{cells}-t{cut}-f{FOLD_VERSION}")
}

/// The name of a new index: alias, format, milliseconds since 1970.
pub(super) fn next_name(name: &str) -> String {
    let since_1970 = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    format!("{name}-{}-{:013}", stamp(), since_1970.as_millis())
}

/// The alias through which one index is written: gone with the index, so that a late write makes none.
pub(super) fn write_alias(index: &str) -> String {
    format!("{index}-w")
}

/// The fields.
fn properties() -> Value {
    let cells = || json!({"type": "text", "analyzer": "cells", "index_options": "positions"});
    let mut properties = json!({
        super::POSITION: {"type": "object", "enabled": false},
        "time": {"type": "long"},
        "risk": {"type": "short"},
        "heat": {"type": "double"},
        "pairs": {
            "type": "text", "analyzer": "pairs", "index_options": "docs", "norms": false,
        },
        "title": cells(),
        "body": cells(),
    });
    for name in [
        "id",
        "story",
        "source",
        "channel",
        "site",
        "polarity",
        "reading",
        "kind",
        "urgency",
        "unsure",
        "topic",
        "keyword",
        "subject",
        "case",
        "site_tree",
        "topic_tree",
    ] {
        properties[name] = json!({"type": "keyword"});
    }
    properties
}

/// What an index is made with.
pub(super) fn definition(place: &ClusterPlace, index: &str) -> Value {
    json!({
        "aliases": {write_alias(index): {"is_write_index": true}},
        "settings": {
            "index": {
                "number_of_shards": place.shards,
                "number_of_replicas": place.replicas,
                // Only together with the sources below: see `expect_ours`.
                "replication.type": "SEGMENT",
                // What is written is shown by commits, as a whole.
                "refresh_interval": "-1",
            },
            "analysis": {
                "tokenizer": {
                    "blanks": {"type": "whitespace", "max_token_length": cut::LONGEST_TOKEN},
                },
                "filter": {"holes": {"type": "stop", "stopwords": [cut::HOLE]}},
                "analyzer": {
                    "cells": {"type": "custom", "tokenizer": "blanks", "filter": ["holes"]},
                    "pairs": {"type": "custom", "tokenizer": "blanks"},
                },
            },
        },
        "mappings": {
            "dynamic": "strict",
            "_meta": {"format": stamp()},
            "_source": {"excludes": UNSTORED, "recovery_source_excludes": UNSTORED},
            "properties": properties(),
        },
    })
}

/// Refuses an index of another format, and one that leaves texts out of recovery while copies are made of documents.
pub(super) fn expect_ours(client: &Client, index: &str) -> Result<(), IndexError> {
    let found = client.expect(&Method::GET, index, &Body::Nothing, index)?;
    let found = &found[index];
    let format = found["mappings"]["_meta"]["format"].as_str().unwrap_or("?");
    if format != stamp() {
        return Err(IndexError::Format { found: format.to_owned(), expected: stamp() });
    }
    let left_out = found["mappings"]["_source"]["recovery_source_excludes"].as_array();
    let replication = found["settings"]["index"]["replication"]["type"].as_str();
    if left_out.is_some_and(|fields| !fields.is_empty()) && replication != Some("SEGMENT") {
        return Err(ClusterFault::LosesPosts { index: index.to_owned() }.into());
    }
    Ok(())
}
