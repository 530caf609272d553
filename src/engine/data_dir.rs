//! Where things lie in a data directory.
//!
//! In: the directory. Out: a path for each thing in it. It makes and reads none of them.

use std::path::PathBuf;

/// Where things lie in a data directory.
#[derive(Clone, Debug)]
pub struct DataDir(pub PathBuf);

impl DataDir {
    /// The store's file.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.0.join("guanlan.db")
    }

    /// The index.
    #[must_use]
    pub fn index(&self) -> PathBuf {
        self.0.join("index")
    }

    /// Lists of rows that could not be read.
    #[must_use]
    pub fn rejected(&self) -> PathBuf {
        self.0.join("rejected")
    }

    /// Pages as they were served, apart from everything else.
    #[must_use]
    pub fn evidence(&self) -> PathBuf {
        self.0.join("evidence")
    }

    /// Pages of published answers, kept as long as their cases.
    #[must_use]
    pub fn published(&self) -> PathBuf {
        self.0.join("published")
    }

    /// The key that lets a browser into the console.
    #[must_use]
    pub fn console_key(&self) -> PathBuf {
        self.0.join("console.key")
    }

    /// Written digests.
    #[must_use]
    pub fn digests(&self) -> PathBuf {
        self.0.join("digests")
    }
}
