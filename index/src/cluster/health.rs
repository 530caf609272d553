//! How a cluster stands: whether every part of the index is at work, and each copy.
//!
//! In: a place. Out: the light, the version, how many nodes and shards; or the fault that keeps it from being used: away,
//! too old, red, read-only, an index of another version or one whose copies lose posts.

use std::sync::Arc;

use reqwest::Method;
use serde_json::Value;

use super::client::{Body, Client};
use super::fault::ClusterFault;
use super::place::ClusterPlace;
use super::schema;
use crate::error::IndexError;

/// What the cluster says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Light {
    /// Every copy of every shard is at work.
    Green,
    /// Every shard is at work, some copy is not.
    Yellow,
}

impl Light {
    /// `green` or `yellow`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
        }
    }
}

/// How a cluster stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Its version.
    pub version: String,
    /// How the index stands.
    pub light: Light,
    /// Nodes that hold data.
    pub nodes: u64,
    /// Shards and copies at work.
    pub at_work: u64,
    /// Copies that have no node.
    pub lacking: u64,
    /// Bytes of the index on all nodes.
    pub bytes: u64,
    /// The index behind the name.
    pub index: String,
}

impl ClusterPlace {
    /// Asks the cluster how it stands.
    ///
    /// # Errors
    /// `Missing` where there is no index yet; what keeps the cluster from being used.
    pub fn health(&self) -> Result<Health, IndexError> {
        let client = Arc::new(Client::new(self)?);
        let version = client.version()?;
        let missing = || IndexError::Missing { dir: self.shown().into() };
        let index = client.current(&self.name)?.ok_or_else(missing)?;
        let get = |path: &str| client.expect(&Method::GET, path, &Body::Nothing, &index);
        let said = get(&format!("_cluster/health/{index}"))?;
        let light = match said["status"].as_str() {
            Some("green") => Light::Green,
            Some("yellow") => Light::Yellow,
            _ => {
                let lacking = number(&said["unassigned_shards"]);
                let why = format!("{lacking} shards have no node");
                return Err(ClusterFault::Red { index, why }.into());
            }
        };
        schema::expect_ours(&client, &index)?;
        let settings = get(&format!("{index}/_settings"))?;
        let blocks = &settings[&index]["settings"]["index"]["blocks"];
        for block in ["read_only_allow_delete", "read_only", "write"] {
            if blocks[block].as_str() == Some("true") {
                return Err(ClusterFault::ReadOnly { why: format!("index.blocks.{block}") }.into());
            }
        }
        let stats = get(&format!("{index}/_stats/store"))?;
        Ok(Health {
            version,
            light,
            nodes: number(&said["number_of_data_nodes"]),
            at_work: number(&said["active_shards"]),
            lacking: number(&said["unassigned_shards"]),
            bytes: number(&stats["_all"]["total"]["store"]["size_in_bytes"]),
            index,
        })
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}
