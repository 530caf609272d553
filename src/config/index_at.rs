//! Where the index lies, as `[index]` says it: in the data directory, or in a search cluster.
//!
//! In: the settings and the environment they name. Out: what of them cannot be used, key by key. It asks no cluster.

use std::env;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::document::FileText;
use super::problem::{Fault, Level, Problem};
use super::walk::is_url;

/// `[index]`: what finds posts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexSettings {
    /// Which engine.
    pub kind: IndexKind,
    /// Addresses of nodes of the cluster.
    pub addresses: Vec<String>,
    /// Environment variable with more of them, parted by commas; empty: none.
    pub addresses_env: String,
    /// The name of the index in the cluster.
    pub name: String,
    /// Environment variable with the user; empty: nobody logs in.
    pub user_env: String,
    /// Environment variable with the password.
    pub password_env: String,
    /// Certificates (PEM) trusted beside those of the system; empty: none. Absolute once loaded.
    pub ca_file: PathBuf,
    /// Shards of a new index.
    pub shards: u32,
    /// Copies of each shard beside it.
    pub replicas: u32,
    /// Seconds until an answer must be there.
    pub timeout_secs: u32,
}

/// The engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexKind {
    /// In the data directory.
    Tantivy,
    /// In an OpenSearch cluster.
    #[serde(rename = "opensearch")]
    OpenSearch,
}

impl IndexSettings {
    /// The addresses of config and environment.
    #[must_use]
    pub fn all_addresses(&self) -> Vec<String> {
        let more = if self.addresses_env.is_empty() {
            String::new()
        } else {
            env::var(&self.addresses_env).unwrap_or_default()
        };
        let more = more.split(',').map(|address| address.trim().to_owned());
        self.addresses.iter().cloned().chain(more).filter(|one| !one.is_empty()).collect()
    }
}

/// What of `settings` cannot be used.
pub(super) fn check(file: &FileText, settings: &IndexSettings) -> Vec<Problem> {
    if settings.kind == IndexKind::Tantivy {
        return Vec::new();
    }
    let dir = file.path.parent().unwrap_or(Path::new(""));
    faults(settings, dir)
        .into_iter()
        .map(|(key, value, fault)| Problem {
            level: Level::Error,
            file: file.shown(),
            line: line_of(&file.text, "[index]", key),
            key: format!("index.{key}"),
            value,
            fault,
        })
        .collect()
}

/// The line of a key of `table` (`[index]`), from 1; 0 where it is not written.
pub(super) fn line_of(text: &str, table: &str, key: &str) -> usize {
    let mut is_here = false;
    for (nth, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            is_here = line == table;
        }
        if is_here && line.strip_prefix(key).is_some_and(|rest| rest.trim().starts_with('=')) {
            return nth + 1;
        }
    }
    0
}

fn faults(settings: &IndexSettings, dir: &Path) -> Vec<(&'static str, String, Fault)> {
    let mut found = Vec::new();
    let unset = |variable: &String| !variable.is_empty() && env::var(variable).is_err();
    let why =
        |variable: &String| Fault::SecretUnreadable { why: format!("`{variable}` is not set") };
    for (key, variable) in [
        ("addresses_env", &settings.addresses_env),
        ("user_env", &settings.user_env),
        ("password_env", &settings.password_env),
    ] {
        if unset(variable) {
            found.push((key, variable.clone(), why(variable)));
        }
    }
    if settings.user_env.is_empty() != settings.password_env.is_empty() {
        let keys = "user_env, password_env".to_owned();
        found.push(("user_env", String::new(), Fault::OneNeeded { keys }));
    }
    let addresses = settings.all_addresses();
    if addresses.is_empty() && !unset(&settings.addresses_env) {
        let keys = "addresses, addresses_env".to_owned();
        found.push(("addresses", String::new(), Fault::OneNeeded { keys }));
    }
    for address in addresses {
        // What stands before an `@` may be a login, which is not repeated.
        if address.contains('@') {
            found.push(("addresses", String::new(), Fault::BadCluster));
        } else if !is_url(&address) {
            found.push(("addresses", address, Fault::BadCluster));
        }
    }
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    let begins_well = settings.name.starts_with(|c: char| c.is_ascii_lowercase());
    if !begins_well || !settings.name.chars().all(is_plain) || settings.name.len() > 100 {
        found.push(("name", settings.name.clone(), Fault::BadIndexName));
    }
    let ca = &settings.ca_file;
    if !ca.as_os_str().is_empty() && !dir.join(ca).is_file() {
        found.push(("ca_file", ca.display().to_string(), Fault::NoFiles));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::problem::errors_of;

    fn check(index: &str, expected: &[&str]) {
        assert_eq!(errors_of(&format!("[index]\n{index}")), expected, "{index}");
    }

    #[test]
    fn a_cluster_needs_an_address_and_no_login_in_it() {
        check("", &[]);
        check("kind = \"opensearch\"\naddresses = [\"http://127.0.0.1:9200\"]\n", &[]);
        check("kind = \"opensearch\"\n", &["0 index.addresses OneNeeded"]);
        let login = "kind = \"opensearch\"\naddresses = [\"http://a:b@127.0.0.1:9200\"]\n";
        check(login, &["3 index.addresses BadCluster"]);
        let names = "kind = \"opensearch\"\naddresses = [\"http://s:9200\"]\nname = \"Guan Lan\"\n\
            user_env = \"NO_SUCH_VARIABLE_HERE\"\n";
        check(
            names,
            &[
                "4 index.name BadIndexName",
                "5 index.user_env SecretUnreadable",
                "5 index.user_env OneNeeded",
            ],
        );
        check("kind = \"lucene\"\n", &["2 index.kind NotOneOf"]);
    }
}
