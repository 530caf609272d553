//! Where a cluster is and how one is let in.
//!
//! In: what config and environment say. Out: a value without a secret in its `Debug`. It asks nobody.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Who is let in by the cluster.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Login {
    /// Nobody is asked for.
    #[default]
    Nobody,
    /// A user and a password.
    Basic {
        /// Who.
        user: String,
        /// Never shown.
        password: String,
    },
    /// An environment variable that config names and that is not set.
    Missing {
        /// Its name.
        variable: String,
    },
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("Nobody"),
            Self::Basic { .. } => f.write_str("Basic(…)"),
            Self::Missing { variable } => write!(f, "Missing({variable})"),
        }
    }
}

/// An index in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterPlace {
    /// Addresses of nodes, `http://host:9200`; the next is asked where one cannot be reached. None holds a secret.
    pub addresses: Vec<String>,
    /// The name of the index: an alias, which begins the names of what stands behind it.
    pub name: String,
    /// Who is let in.
    pub login: Login,
    /// Certificates (PEM) trusted beside those of the system.
    pub ca: Option<Vec<u8>>,
    /// Shards of a new index.
    pub shards: u32,
    /// Copies of each shard beside it.
    pub replicas: u32,
    /// How long an answer may take.
    pub timeout: Duration,
    /// The folder of this machine that holds the lock of whoever rebuilds it.
    pub dir: PathBuf,
}

impl ClusterPlace {
    /// The place, as errors name it.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}/{}", self.addresses.join(","), self.name)
    }
}
