//! Where an index lies: in a folder of this machine, or in a search cluster.
//!
//! In: what config says. Out: a value that everything about an index begins with. It opens nothing.

use std::path::{Path, PathBuf};

use crate::cluster::ClusterPlace;

/// Where an index lies.
#[derive(Clone, Debug)]
pub enum Place {
    /// In a folder, by tantivy.
    Folder(PathBuf),
    /// In an OpenSearch cluster.
    Cluster(Box<ClusterPlace>),
}

impl Place {
    /// The folder on this machine that belongs to it: the index itself, or the lock of whoever rebuilds it.
    #[must_use]
    pub fn dir(&self) -> &Path {
        match self {
            Self::Folder(dir) => dir,
            Self::Cluster(cluster) => &cluster.dir,
        }
    }

    /// Whether other stations may have an index at the same place, so that one of another store is not to be
    /// replaced without being asked.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }
}

impl From<&Self> for Place {
    fn from(place: &Self) -> Self {
        place.clone()
    }
}

impl From<&Path> for Place {
    fn from(dir: &Path) -> Self {
        Self::Folder(dir.to_owned())
    }
}

impl From<PathBuf> for Place {
    fn from(dir: PathBuf) -> Self {
        Self::Folder(dir)
    }
}

impl From<&PathBuf> for Place {
    fn from(dir: &PathBuf) -> Self {
        Self::Folder(dir.clone())
    }
}

impl From<ClusterPlace> for Place {
    fn from(cluster: ClusterPlace) -> Self {
        Self::Cluster(Box::new(cluster))
    }
}
