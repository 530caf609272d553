//! Writes posts into the index of a folder.
//!
//! In: changes, in the order of the store's log. Out: commits, each carrying the store's cursor in its
//! payload, so that index and cursor are one atomic step. Re-applying a change is harmless: a post's id
//! names it. It blocks: the station runs it on a thread of its own.

use tantivy::index::SegmentId;
use tantivy::indexer::{LogMergePolicy, NoMergePolicy, UserOperation};
use tantivy::{IndexReader, IndexWriter, Searcher, TantivyDocument, TantivyError, Term};

use crate::error::IndexError;
use crate::generation::{Generation, Payload, Root};
use crate::position::Position;
use crate::schema::{Change, Fields, IndexedPost, TIME};
use crate::writing::WriterOptions;

/// Segments with more than this share of deleted posts are rewritten without them.
const PURGE_SHARE: f32 = 0.3;

/// The one writer of an index. Holds the directory's lock until dropped; dropping it without a commit
/// loses nothing that was committed.
pub(crate) struct FolderWriter {
    inner: IndexWriter<TantivyDocument>,
    fields: Fields,
    /// The directory in which this writer's generation must be the current one; `None` for one that is
    /// being built.
    root: Option<Root>,
    generation: String,
    stamp: String,
    reader: IndexReader,
}

impl FolderWriter {
    /// Opens the writer of the current generation.
    pub(crate) fn open(
        root: &Root,
        generation: &Generation,
        options: WriterOptions,
    ) -> Result<Self, IndexError> {
        Ok(Self { root: Some(root.clone()), ..Self::open_detached(root, generation, options)? })
    }

    /// Opens the writer of a generation that is not the current one yet.
    pub(crate) fn open_detached(
        root: &Root,
        generation: &Generation,
        options: WriterOptions,
    ) -> Result<Self, IndexError> {
        let inner: IndexWriter<TantivyDocument> = generation
            .index
            .writer_with_num_threads(options.threads, options.memory_bytes)
            .map_err(|e| match e {
                TantivyError::LockFailure(..) => IndexError::Busy { dir: root.dir().to_owned() },
                other => other.into(),
            })?;
        let mut policy = LogMergePolicy::default();
        policy.set_del_docs_ratio_before_merge(PURGE_SHARE);
        inner.set_merge_policy(Box::new(policy));
        Ok(Self {
            inner,
            fields: generation.fields,
            root: None,
            generation: generation.name.clone(),
            stamp: generation.stamp.clone(),
            reader: generation.reader.clone(),
        })
    }

    /// Takes up changes; they are visible after the next commit.
    ///
    /// # Errors
    /// `Superseded` when the index was rebuilt meanwhile, `Missing` when it was taken away; a broken disk or
    /// index.
    pub fn apply(&mut self, changes: &[Change]) -> Result<(), IndexError> {
        self.check_current()?;
        for change in changes {
            match change {
                Change::Put(post) => {
                    let gone = Term::from_field_u64(self.fields.id, post.post.post.id.0);
                    let doc = self.fields.document(post);
                    self.inner.run([UserOperation::Delete(gone), UserOperation::Add(doc)])?;
                }
                Change::Delete(post) => {
                    self.inner.delete_term(Term::from_field_u64(self.fields.id, post.0));
                }
            }
        }
        Ok(())
    }

    /// Leaves segments as they are until [`compact`](Self::compact): for loading many posts at once, which
    /// would otherwise be written two or three times.
    pub(crate) fn hold_merges(&mut self) {
        self.inner.set_merge_policy(Box::new(NoMergePolicy));
    }

    /// Adds a post whose id is known not to be in the index: no deletion is looked up for it.
    pub(crate) fn add_new(&mut self, post: &IndexedPost) -> Result<(), IndexError> {
        self.inner.add_document(self.fields.document(post))?;
        Ok(())
    }

    /// Makes everything applied so far durable and visible, together with the store's position.
    ///
    /// # Errors
    /// `Superseded` when the index was rebuilt meanwhile, `Missing` when it was taken away; a broken disk or
    /// index. After an error the position has not moved: drop the writer, open again and go on from
    /// `SearchIndex::position`.
    pub fn commit(&mut self, position: impl Into<Position>) -> Result<(), IndexError> {
        self.check_current()?;
        let payload = Payload { position: position.into(), stamp: self.stamp.clone() };
        let mut prepared = self.inner.prepare_commit()?;
        prepared.set_payload(&payload.to_text());
        prepared.commit()?;
        self.reader.reload()?;
        Ok(())
    }

    /// Deletes files that no segment uses any more. Commits do this too; this is for after a crash.
    ///
    /// # Errors
    /// A broken disk.
    pub fn collect_garbage(&self) -> Result<(), IndexError> {
        self.inner.garbage_collect_files().wait()?;
        Ok(())
    }

    /// Makes two segments of all, of the older and of the newer half of the posts, at the same time. Fewer
    /// segments are smaller and faster to search, and have no deleted posts. Changes applied since the last
    /// commit are not part of it.
    ///
    /// # Errors
    /// The merge failed; the index is as it was.
    pub fn compact(&mut self) -> Result<(), IndexError> {
        self.reader.reload()?;
        let halves = halves(&self.reader.searcher())?;
        let fits = |half: &Vec<(SegmentId, bool)>| half.len() < 2 && half.iter().all(|s| !s.1);
        let mut merges = Vec::new();
        for half in halves.iter().filter(|half| !fits(half)) {
            let segments: Vec<SegmentId> = half.iter().map(|(id, _)| *id).collect();
            merges.push(self.inner.merge(&segments));
        }
        for merge in merges {
            merge.wait()?;
        }
        self.collect_garbage()?;
        self.reader.reload()?;
        Ok(())
    }

    /// Waits for merges under way, then closes.
    ///
    /// # Errors
    /// A merge failed.
    pub fn close(self) -> Result<(), IndexError> {
        self.inner.wait_merging_threads()?;
        self.reader.reload()?;
        Ok(())
    }

    fn check_current(&self) -> Result<(), IndexError> {
        let Some(root) = &self.root else { return Ok(()) };
        match root.current()? {
            Some(name) if name == self.generation => Ok(()),
            Some(_) => Err(IndexError::Superseded),
            None => Err(IndexError::Missing { dir: root.dir().to_owned() }),
        }
    }
}

/// The segments of the older and of the newer half of all posts, and whether they have deleted ones.
fn halves(searcher: &Searcher) -> Result<[Vec<(SegmentId, bool)>; 2], IndexError> {
    let mut segments = Vec::new();
    for reader in searcher.segment_readers() {
        let times = reader.fast_fields().column_first_or_default::<i64>(TIME)?;
        segments.push((times.min_value(), reader));
    }
    segments.sort_by_key(|(oldest, _)| *oldest);
    let (mut halves, mut before) = ([Vec::new(), Vec::new()], 0);
    for (_, reader) in segments {
        let is_newer = before + u64::from(reader.num_docs()) / 2 >= searcher.num_docs() / 2;
        halves[usize::from(is_newer)].push((reader.segment_id(), reader.has_deletes()));
        before += u64::from(reader.num_docs());
    }
    Ok(halves)
}
