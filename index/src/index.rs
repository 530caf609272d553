//! An opened index, whatever engine stands behind it, and the seams to the rest of the station.
//!
//! In: a place, the segmenter, queries. Out: `SearchResults`. What the index alone cannot decide
//! (regular expressions, word boundaries) is decided by the in-memory matcher on posts fetched from a
//! `PostSource`, so that search and rules agree on every post. It never loads the dictionary unless a
//! query ranks by words.

use pipelines::query::Query;
use pipelines::record::PostId;
use pipelines::text::Segmenter;

use crate::answer::{SearchOptions, SearchResults};
use crate::cluster::ClusterIndex;
use crate::error::IndexError;
use crate::folder::FolderIndex;
use crate::lock::RebuildLock;
use crate::place::Place;
use crate::position::Position;
use crate::schema::IndexedPost;
use crate::writing::{self, Writer, WriterOptions};

/// Where the posts are. The store implements it.
pub trait PostSource {
    /// The posts with these ids, in any order; ids that are no longer known are left out.
    ///
    /// # Errors
    /// The source is broken. Zero posts must not stand for that.
    fn posts(
        &self,
        ids: &[PostId],
    ) -> Result<Vec<IndexedPost>, Box<dyn std::error::Error + Send + Sync>>;
}

/// What the rest of the station asks of an index; another engine may stand behind it.
pub trait SearchIndex {
    /// Answers a query. `posts` is needed for queries that look into texts.
    ///
    /// # Errors
    /// `NeedsPosts`, a failing source of posts, a broken index.
    fn search(
        &self,
        query: &Query,
        options: &SearchOptions,
        posts: Option<&dyn PostSource>,
    ) -> Result<SearchResults, IndexError>;

    /// How many posts hold all segmented words of `text`, wherever they stand: what `words:(…)` would
    /// find, to be offered when a literal is found nowhere. Loads the dictionary.
    ///
    /// # Errors
    /// A broken index.
    fn words_available(&self, text: &str) -> Result<u64, IndexError>;

    /// Where the store stood as of the last commit.
    ///
    /// # Errors
    /// A broken index.
    fn position(&self) -> Result<Position, IndexError>;

    /// The number of the store's last change as of the last commit.
    ///
    /// # Errors
    /// A broken index.
    fn cursor(&self) -> Result<u64, IndexError> {
        Ok(self.position()?.cursor)
    }
}

/// The index at a place.
pub struct Index(Kind);

/// By engine.
enum Kind {
    Folder(Box<FolderIndex>),
    Cluster(Box<ClusterIndex>),
}

impl Index {
    fn folder(index: FolderIndex) -> Self {
        Self(Kind::Folder(Box::new(index)))
    }

    fn cluster(index: ClusterIndex) -> Self {
        Self(Kind::Cluster(Box::new(index)))
    }

    /// Opens the index at `place`, or makes an empty one that has followed nothing.
    ///
    /// # Errors
    /// `Format` when it was made by another version; a broken disk or cluster.
    pub fn open_or_create(
        place: impl Into<Place>,
        segmenter: &Segmenter,
    ) -> Result<Self, IndexError> {
        Ok(match place.into() {
            Place::Folder(dir) => Self::folder(FolderIndex::open_or_create(&dir, segmenter)?),
            Place::Cluster(at) => Self::cluster(ClusterIndex::open_or_create(&at, segmenter)?),
        })
    }

    /// Puts an empty index that has followed nothing in the place of what lies there, be that nothing at
    /// all or an index that cannot be read. Whoever follows a store sees by its position that it must be
    /// built.
    ///
    /// # Errors
    /// A broken disk or cluster.
    pub fn create(place: impl Into<Place>, segmenter: &Segmenter) -> Result<Self, IndexError> {
        Ok(match place.into() {
            Place::Folder(dir) => Self::folder(FolderIndex::create(&dir, segmenter)?),
            Place::Cluster(at) => Self::cluster(ClusterIndex::create(&at, segmenter)?),
        })
    }

    /// Opens the index at `place` to search it. Takes no lock. A cluster is only asked when the index is: one that is
    /// away now may be back by then.
    ///
    /// # Errors
    /// `Missing`, `Format`, a broken disk; a cluster whose address or login cannot be used.
    pub fn open_read_only(
        place: impl Into<Place>,
        segmenter: &Segmenter,
    ) -> Result<Self, IndexError> {
        Ok(match place.into() {
            Place::Folder(dir) => Self::folder(FolderIndex::open_read_only(&dir, segmenter)?),
            Place::Cluster(at) => Self::cluster(ClusterIndex::open(&at, segmenter)?),
        })
    }

    /// The one writer.
    ///
    /// # Errors
    /// `Busy` when another process or thread has it; a broken disk or cluster.
    pub fn writer(&self, options: WriterOptions) -> Result<Writer, IndexError> {
        Ok(Writer(match &self.0 {
            Kind::Folder(index) => writing::Kind::Folder(Box::new(index.writer(options)?)),
            Kind::Cluster(index) => writing::Kind::Cluster(index.writer()?),
        }))
    }

    /// Takes up commits of other processes and a rebuilt index. The writer's own commits are seen at once.
    ///
    /// # Errors
    /// `Missing` when it was taken away, a broken index; the old one goes on answering.
    pub fn refresh(&self) -> Result<(), IndexError> {
        match &self.0 {
            Kind::Folder(index) => index.refresh(),
            Kind::Cluster(index) => index.refresh(),
        }
    }

    /// Posts in the index.
    ///
    /// # Errors
    /// A cluster that does not answer.
    pub fn posts(&self) -> Result<u64, IndexError> {
        match &self.0 {
            Kind::Folder(index) => Ok(index.posts()),
            Kind::Cluster(index) => index.posts(),
        }
    }

    /// Builds the index anew from `posts` and puts it in the place of the old one, which answers until then
    /// and stays when anything fails. It comes out whole and, in a folder, compacted and looked through for what the disk
    /// did to it. `position` is where the store stood before `posts` began. `progress` is told the number of posts every
    /// thousand. Returns their number.
    ///
    /// # Errors
    /// The first error of `posts`; a broken disk or cluster.
    pub fn rebuild<E>(
        lock: &RebuildLock,
        options: WriterOptions,
        position: impl Into<Position>,
        posts: impl IntoIterator<Item = Result<IndexedPost, E>>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<u64, IndexError>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        match lock.place() {
            Place::Folder(_) => FolderIndex::rebuild(lock, options, position, posts, progress),
            Place::Cluster(at) => ClusterIndex::rebuild(at, &position.into(), posts, progress),
        }
    }
}

impl SearchIndex for Index {
    fn search(
        &self,
        query: &Query,
        options: &SearchOptions,
        posts: Option<&dyn PostSource>,
    ) -> Result<SearchResults, IndexError> {
        match &self.0 {
            Kind::Folder(index) => index.search(query, options, posts),
            Kind::Cluster(index) => index.search(query, options, posts),
        }
    }

    fn words_available(&self, text: &str) -> Result<u64, IndexError> {
        match &self.0 {
            Kind::Folder(index) => index.words_available(text),
            Kind::Cluster(index) => index.words_available(text),
        }
    }

    fn position(&self) -> Result<Position, IndexError> {
        match &self.0 {
            Kind::Folder(index) => index.position(),
            Kind::Cluster(index) => index.position(),
        }
    }
}
