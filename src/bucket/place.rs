//! Where a bucket is, and the keys that open it.
//!
//! In: what config and environment say. Out: a value without a secret in its `Debug`. It asks nobody.

use std::fmt;
use std::time::Duration;

use reqwest::Url;

use super::fault::BucketFault;
use super::sign::Secret;

/// A bucket.
#[derive(Clone, Debug)]
pub struct BucketPlace {
    /// The address of the service, `https://host:port`.
    pub endpoint: String,
    /// The region that requests are signed for.
    pub region: String,
    /// Its name.
    pub bucket: String,
    /// What the keys of all objects begin with: empty, or ending in `/`.
    pub prefix: String,
    /// Whether the bucket stands in the path of an address (`host/bucket/key`), else in the name of the host.
    pub path_style: bool,
    /// Who is let in.
    pub keys: Keys,
    /// Certificates (PEM) trusted beside those of the system.
    pub ca: Option<Vec<u8>>,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// An access key and its secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Keys {
    /// Both are there.
    Pair {
        /// Which key.
        access: String,
        /// Never shown.
        secret: String,
    },
    /// An environment variable that config names and that is not set.
    Missing {
        /// Its name.
        variable: String,
    },
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pair { .. } => f.write_str("Pair(…)"),
            Self::Missing { variable } => write!(f, "Missing({variable})"),
        }
    }
}

impl Keys {
    pub(super) fn secret(&self, region: &str) -> Result<Secret, BucketFault> {
        match self {
            Self::Missing { variable } => Err(BucketFault::NoKeys { variable: variable.clone() }),
            Self::Pair { access, secret } => Ok(Secret {
                access: access.clone(),
                secret: secret.clone(),
                region: region.to_owned(),
            }),
        }
    }
}

impl BucketPlace {
    /// The place, as errors and people name it.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}/{}/{}", self.endpoint.trim_end_matches('/'), self.bucket, self.prefix)
    }

    /// The address of the bucket.
    pub(super) fn base(&self) -> Result<Url, String> {
        let mut url =
            Url::parse(&self.endpoint).map_err(|e| format!("`{}`: {e}", self.endpoint))?;
        if self.path_style {
            let path = format!("{}/{}/", url.path().trim_end_matches('/'), self.bucket);
            url.set_path(&path);
        } else {
            let host = url.host_str().unwrap_or_default();
            let host = format!("{}.{host}", self.bucket);
            url.set_host(Some(&host)).map_err(|e| format!("`{host}`: {e}"))?;
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_stands_in_the_path_or_in_the_host() {
        let place = |path_style| BucketPlace {
            endpoint: "https://s3.example.cn:9000".to_owned(),
            region: "cn-north-1".to_owned(),
            bucket: "guanlan".to_owned(),
            prefix: "a/".to_owned(),
            path_style,
            keys: Keys::Pair { access: "id".to_owned(), secret: "do-not-show".to_owned() },
            ca: None,
            timeout: Duration::from_secs(1),
        };
        let base = |path_style| place(path_style).base().unwrap().to_string();
        assert_eq!(base(true), "https://s3.example.cn:9000/guanlan/");
        assert_eq!(base(false), "https://guanlan.s3.example.cn:9000/");
        assert!(!format!("{:?}", place(true)).contains("do-not-show"));
        assert_eq!(place(true).shown(), "https://s3.example.cn:9000/guanlan/a/");
    }
}
