//! Where evidence lies, as `[evidence]` says it: in a folder, or in a bucket of an object store.
//!
//! In: the settings and the environment they name. Out: what of them cannot be used, key by key. It asks no store.

use std::env;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::document::FileText;
use super::index_at::line_of;
use super::problem::{Fault, Level, Problem};
use super::walk::is_url;

/// `[evidence]`: where pages are kept as they were served.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceSettings {
    /// Which kind of place.
    pub kind: EvidenceKind,
    /// A folder that machines may share; empty: the data directory's own. Absolute once loaded.
    pub folder: PathBuf,
    /// The address of the object store.
    pub endpoint: String,
    /// The region of the bucket.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// What the names of all objects begin with.
    pub prefix: String,
    /// Whether the bucket stands in the path of an address.
    pub path_style: bool,
    /// Environment variable with the access key.
    pub access_key_env: String,
    /// Environment variable with the secret key.
    pub secret_key_env: String,
    /// Certificates (PEM) trusted beside those of the system; empty: none. Absolute once loaded.
    pub ca_file: PathBuf,
    /// Seconds until an answer must be there.
    pub timeout_secs: u32,
}

/// The kinds of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// A folder.
    Folder,
    /// A bucket of an S3-compatible object store.
    S3,
}

impl EvidenceSettings {
    /// What the keys of all objects begin with: empty, or ending in `/`.
    #[must_use]
    pub fn whole_prefix(&self) -> String {
        match self.prefix.trim_matches('/') {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        }
    }

    /// The place as people are told it; none where it is the data directory.
    #[must_use]
    pub fn shown(&self) -> Option<String> {
        let endpoint = self.endpoint.trim_end_matches('/');
        match self.kind {
            EvidenceKind::S3 => Some(format!("{endpoint}/{}/{}", self.bucket, self.whole_prefix())),
            EvidenceKind::Folder => self.is_shared().then(|| self.folder.display().to_string()),
        }
    }

    /// Whether several machines may write there.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.kind == EvidenceKind::S3 || !self.folder.as_os_str().is_empty()
    }
}

/// What of `settings` cannot be used.
pub(super) fn check(file: &FileText, settings: &EvidenceSettings) -> Vec<Problem> {
    if settings.kind == EvidenceKind::Folder {
        return Vec::new();
    }
    let dir = file.path.parent().unwrap_or(Path::new(""));
    faults(settings, dir)
        .into_iter()
        .map(|(key, value, fault)| Problem {
            level: Level::Error,
            file: file.shown(),
            line: line_of(&file.text, "[evidence]", key),
            key: format!("evidence.{key}"),
            value,
            fault,
        })
        .collect()
}

fn faults(settings: &EvidenceSettings, dir: &Path) -> Vec<(&'static str, String, Fault)> {
    let mut found = Vec::new();
    let keys = [
        ("access_key_env", &settings.access_key_env),
        ("secret_key_env", &settings.secret_key_env),
    ];
    for (key, variable) in keys {
        if variable.is_empty() {
            found.push((key, String::new(), Fault::OneNeeded { keys: key.to_owned() }));
        } else if env::var(variable).is_err() {
            let why = format!("`{variable}` is not set");
            found.push((key, variable.clone(), Fault::SecretUnreadable { why }));
        }
    }
    let endpoint = &settings.endpoint;
    // What stands before an `@` may be a login, which is not repeated.
    if endpoint.contains('@') {
        found.push(("endpoint", String::new(), Fault::BadEndpoint));
    } else if !is_url(endpoint) || endpoint.contains('?') {
        found.push(("endpoint", endpoint.clone(), Fault::BadEndpoint));
    }
    let is_plain = |text: &str, more: &str| {
        text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    if !(3..=63).contains(&settings.bucket.len()) || !is_plain(&settings.bucket, "-._") {
        found.push(("bucket", settings.bucket.clone(), Fault::BadBucket));
    }
    if !is_plain(&settings.prefix, "-._/") || settings.prefix.contains("..") {
        found.push(("prefix", settings.prefix.clone(), Fault::BadBucket));
    }
    if settings.region.is_empty() || !is_plain(&settings.region, "-") {
        found.push(("region", settings.region.clone(), Fault::BadBucket));
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

    fn check(evidence: &str, expected: &[&str]) {
        assert_eq!(errors_of(&format!("[evidence]\n{evidence}")), expected, "{evidence}");
    }

    #[test]
    fn a_bucket_needs_an_address_a_name_and_keys_that_are_set() {
        check("", &[]);
        check("folder = \"/srv/evidence\"\n", &[]);
        // Variables that every process has.
        let keys = "access_key_env = \"PATH\"\nsecret_key_env = \"PATH\"\n";
        let whole = "kind = \"s3\"\nendpoint = \"http://127.0.0.1:9000\"\nbucket = \"guanlan\"\n";
        check(&format!("{whole}{keys}"), &[]);
        check(
            whole,
            &["0 evidence.access_key_env OneNeeded", "0 evidence.secret_key_env OneNeeded"],
        );
        let wrong = "kind = \"s3\"\nendpoint = \"http://id:secret@s3\"\nbucket = \"观澜\"\nprefix = \"../x\"\n\
            access_key_env = \"NO_SUCH_VARIABLE_HERE\"\nsecret_key_env = \"PATH\"\n";
        check(
            wrong,
            &[
                "3 evidence.endpoint BadEndpoint",
                "4 evidence.bucket BadBucket",
                "5 evidence.prefix BadBucket",
                "6 evidence.access_key_env SecretUnreadable",
            ],
        );
        check("kind = \"ftp\"\n", &["2 evidence.kind NotOneOf"]);
    }
}
