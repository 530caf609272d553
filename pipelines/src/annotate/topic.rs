//! A topic as written in config: a class of a class tree, found by a query or by a trained class.
//!
//! In: nothing. Out: the shape of `config/topics/*.toml`, unknown keys refused. It judges nothing.

use serde::{Deserialize, Serialize};

use crate::record::TopicId;
use crate::watch::Example;

/// One topic. `config/topics/*.toml` hold arrays of `[[topic]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicConfig {
    /// Stable id; `labour/pay` is a child of `labour`.
    pub id: TopicId,
    /// The name shown in Chinese.
    pub name: String,
    /// The name shown in English.
    pub name_en: String,
    /// What belongs to it, in the query language; absent where a trained class decides.
    pub query: Option<String>,
    /// Labels of trained classifiers that stand for this topic (`不能履职`, `环境保护`…).
    #[serde(default)]
    pub labels: Vec<String>,
    /// Points it adds to risk, -20 (good news) to 40 (deaths).
    #[serde(default)]
    pub risk: f32,
    /// Texts that must hit or miss; `guanlan check` runs them.
    #[serde(default, rename = "example")]
    pub examples: Vec<Example>,
}
