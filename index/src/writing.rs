//! The one writer of an index, whatever engine stands behind it.
//!
//! In: changes, in the order of the store's log. Out: commits, each carrying the store's position. Re-applying a change
//! is harmless: a post's id names it. It blocks: the station runs it on a thread of its own.

use crate::cluster::ClusterWriter;
use crate::error::IndexError;
use crate::folder_writer::FolderWriter;
use crate::position::Position;
use crate::schema::Change;

/// How much a writer may use.
#[derive(Clone, Copy, Debug)]
pub struct WriterOptions {
    /// Indexing threads, 1 to 8.
    pub threads: usize,
    /// Memory for all of them before a segment is written, in bytes; at least 16 MiB for each thread.
    pub memory_bytes: usize,
}

impl Default for WriterOptions {
    /// Two threads, 128 MiB: changes come in small commits.
    fn default() -> Self {
        Self { threads: 2, memory_bytes: 128 << 20 }
    }
}

impl WriterOptions {
    /// Two threads, 600 MiB, for many posts at once: fewer, larger segments to merge (README).
    #[must_use]
    pub fn bulk() -> Self {
        Self { threads: 2, memory_bytes: 600 << 20 }
    }
}

/// The one writer of an index. Dropping it without a commit loses nothing that was committed. In a folder it holds the
/// lock until dropped; in a cluster whoever follows the store sees to it that nobody else does.
pub struct Writer(pub(crate) Kind);

/// By engine.
pub(crate) enum Kind {
    Folder(Box<FolderWriter>),
    Cluster(ClusterWriter),
}

impl Writer {
    /// Takes up changes; they are visible after the next commit.
    ///
    /// # Errors
    /// `Superseded` when the index was rebuilt meanwhile, `Missing` when it was taken away; a broken disk, index or
    /// cluster.
    pub fn apply(&mut self, changes: &[Change]) -> Result<(), IndexError> {
        match &mut self.0 {
            Kind::Folder(writer) => writer.apply(changes),
            Kind::Cluster(writer) => writer.apply(changes),
        }
    }

    /// Makes everything applied so far durable and visible, together with the store's position.
    ///
    /// # Errors
    /// As of [`apply`](Self::apply). After an error the position has not moved: drop the writer, open again and go on
    /// from `SearchIndex::position`.
    pub fn commit(&mut self, position: impl Into<Position>) -> Result<(), IndexError> {
        match &mut self.0 {
            Kind::Folder(writer) => writer.commit(position),
            Kind::Cluster(writer) => writer.commit(&position.into()),
        }
    }

    /// Makes few, dense segments of all. Changes applied since the last commit are not part of it. A cluster does it by
    /// itself.
    ///
    /// # Errors
    /// The merge failed; the index is as it was.
    pub fn compact(&mut self) -> Result<(), IndexError> {
        match &mut self.0 {
            Kind::Folder(writer) => writer.compact(),
            Kind::Cluster(_) => Ok(()),
        }
    }

    /// Waits for work under way, then closes.
    ///
    /// # Errors
    /// A merge failed.
    pub fn close(self) -> Result<(), IndexError> {
        match self.0 {
            Kind::Folder(writer) => writer.close(),
            Kind::Cluster(_) => Ok(()),
        }
    }
}
