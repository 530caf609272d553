//! What can go wrong with the index, apart from finding nothing.
//!
//! In: failures of tantivy, the cluster, the file system and the post source. Out: one error type whose messages name
//! the thing, the place and, where there is one, the command that mends it. An unreachable index is never
//! an empty answer.

use std::io::ErrorKind;
use std::path::PathBuf;

use tantivy::TantivyError;
use tantivy::directory::error::{OpenDirectoryError, OpenReadError};

use crate::cluster::ClusterFault;

/// A failure of the index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// There is no index at this place.
    #[error("no index at `{}`; `guanlan reindex` builds it from the store", dir.display())]
    Missing {
        /// Where it was looked for.
        dir: PathBuf,
    },
    /// The index was made by another schema, tokeniser or folding.
    #[error(
        "the index is of format `{found}`, this program reads `{expected}`; run `guanlan reindex`"
    )]
    Format {
        /// The stamp in the index.
        found: String,
        /// The stamp of this program.
        expected: String,
    },
    /// Another process writes to this index.
    #[error("the index at `{}` is being written by another process", dir.display())]
    Busy {
        /// Which index.
        dir: PathBuf,
    },
    /// Another process, or thread, rebuilds this index.
    #[error("the index at `{}` is being rebuilt by another process; wait for it", dir.display())]
    Rebuilding {
        /// Which index.
        dir: PathBuf,
    },
    /// A file of the index is not as it was written.
    #[error("the index is damaged ({what}); `guanlan reindex` builds it from the store")]
    Damaged {
        /// Where that showed.
        what: String,
    },
    /// A rebuilt index has taken the place of the one this writer was opened on.
    #[error("the index was rebuilt in the meantime; open it again and go on from its cursor")]
    Superseded,
    /// The query needs the text of candidates (regex, word boundaries, counts) and none can be fetched.
    #[error("this query looks into the texts of posts, and no source of posts was given")]
    NeedsPosts,
    /// The source of posts failed.
    #[error("cannot fetch posts to verify a query: {0}")]
    Posts(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A page token that was not made by this index.
    #[error("`{0}` is not a page token")]
    BadToken(String),
    /// Reading or writing a file of the index failed.
    #[error("cannot {doing} `{}`: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The search cluster failed.
    #[error(transparent)]
    Cluster(#[from] ClusterFault),
    /// The search library failed.
    #[error("the search index failed: {0}")]
    Tantivy(#[from] tantivy::TantivyError),
}

impl IndexError {
    /// Whether nothing but a rebuild helps: there is no index, or none that this program can read. Not so for
    /// a full disk or a refused permission, which pass.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        let unreadable = |error: &std::io::Error| {
            matches!(
                error.kind(),
                ErrorKind::InvalidData | ErrorKind::UnexpectedEof | ErrorKind::NotFound
            )
        };
        match self {
            Self::Missing { .. }
            | Self::Format { .. }
            | Self::Damaged { .. }
            | Self::Cluster(ClusterFault::LosesPosts { .. } | ClusterFault::NoIndex { .. }) => true,
            Self::Tantivy(error) => match error {
                TantivyError::DataCorruption(_)
                | TantivyError::IncompatibleIndex(_)
                | TantivyError::SchemaError(_)
                | TantivyError::OpenReadError(
                    OpenReadError::FileDoesNotExist(_) | OpenReadError::IncompatibleIndex(_),
                )
                | TantivyError::OpenDirectoryError(OpenDirectoryError::DoesNotExist(_)) => true,
                TantivyError::IoError(error)
                | TantivyError::OpenReadError(OpenReadError::IoError { io_error: error, .. }) => {
                    unreadable(error)
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// An IO failure while `doing` something to `path`.
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}

impl From<std::io::Error> for IndexError {
    fn from(source: std::io::Error) -> Self {
        Self::Tantivy(tantivy::TantivyError::from(source))
    }
}
