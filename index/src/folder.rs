//! The index in a folder, by tantivy: answers queries, hands out the writer, is rebuilt.
//!
//! In: a directory, the segmenter, queries. Out: `SearchResults`. What the index alone cannot decide
//! (regular expressions, word boundaries) is decided by the in-memory matcher on posts fetched from a
//! `PostSource`, so that search and rules agree on every post. It never loads the dictionary unless a
//! query ranks by words.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tantivy::query::{EnableScoring, Query, Scorer};
use tantivy::{DocId, DocSet, Searcher, TERMINATED};

use pipelines::query::Query as Asked;
use pipelines::text::Segmenter;

use crate::answer::{SearchOptions, SearchResults, Sort};
use crate::compile::{Compiled, Compiler, Dialect, Doubt};
use crate::error::IndexError;
use crate::examine::examine_generation;
use crate::folder_writer::FolderWriter;
use crate::generation::{Generation, Root};
use crate::guard::guarded;
use crate::index::{PostSource, SearchIndex};
use crate::lock::RebuildLock;
use crate::position::Position;
use crate::rank::Rank;
use crate::schema::IndexedPost;
use crate::tally::{Kept, Tally};
use crate::tantivy_dialect::TantivyDialect;
use crate::verify::{VERIFY_BATCH, accepted};
use crate::words::{words_asked, words_test};
use crate::writing::WriterOptions;

/// The tantivy index in a directory.
pub(crate) struct FolderIndex {
    root: Root,
    segmenter: Segmenter,
    current: RwLock<Arc<Generation>>,
}

impl FolderIndex {
    /// Opens the index in `dir`, or makes an empty one that has followed nothing.
    ///
    /// # Errors
    /// `Format` when it was made by another version; a broken disk.
    pub fn open_or_create(dir: &Path, segmenter: &Segmenter) -> Result<Self, IndexError> {
        match Self::open_read_only(dir, segmenter) {
            Err(IndexError::Missing { .. }) => Self::create(dir, segmenter),
            opened => opened,
        }
    }

    /// Puts an empty index that has followed nothing in the place of what lies in `dir`, be that nothing at
    /// all or an index that cannot be read. Whoever follows a store sees by its position that it must be
    /// built.
    ///
    /// # Errors
    /// A broken disk.
    pub fn create(dir: &Path, segmenter: &Segmenter) -> Result<Self, IndexError> {
        std::fs::create_dir_all(dir).map_err(IndexError::io("create", dir))?;
        let root = Root::new(dir);
        let name = root.next_name()?;
        Generation::create(&root, &name)?;
        root.set_current(&name)?;
        Self::open_read_only(dir, segmenter)
    }

    /// Opens the index in `dir` to search it. Takes no lock.
    ///
    /// # Errors
    /// `Missing`, `Format`, a broken disk.
    pub fn open_read_only(dir: &Path, segmenter: &Segmenter) -> Result<Self, IndexError> {
        let root = Root::new(dir);
        let missing = || IndexError::Missing { dir: dir.to_owned() };
        let name = root.current()?.ok_or_else(missing)?;
        let generation = match Generation::open(&root, &name) {
            // Rebuilt between reading the name and opening: the new one is there by now.
            Err(IndexError::Missing { .. }) => {
                let name = root.current()?.ok_or_else(missing)?;
                Generation::open(&root, &name)?
            }
            other => other?,
        };
        Ok(Self { root, segmenter: segmenter.clone(), current: RwLock::new(Arc::new(generation)) })
    }

    /// The one writer.
    ///
    /// # Errors
    /// `Busy` when another process or thread has it.
    pub fn writer(&self, options: WriterOptions) -> Result<FolderWriter, IndexError> {
        self.refresh()?;
        FolderWriter::open(&self.root, &self.generation(), options)
    }

    /// Takes up commits of other processes and a rebuilt index. The writer's own commits are seen at once.
    ///
    /// # Errors
    /// `Missing` when it was taken away, a broken index; the old one goes on answering.
    pub fn refresh(&self) -> Result<(), IndexError> {
        let generation = self.generation();
        match self.root.current()? {
            None => return Err(IndexError::Missing { dir: self.root.dir().to_owned() }),
            Some(name) if name != generation.name => {
                let fresh = Arc::new(Generation::open(&self.root, &name)?);
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
            }
            Some(_) => guarded(|| Ok(generation.reader.reload()?))?,
        }
        Ok(())
    }

    /// Posts in the index.
    #[must_use]
    pub fn posts(&self) -> u64 {
        self.generation().reader.searcher().num_docs()
    }

    /// Builds the index anew from `posts` and puts it in the place of the old one, which answers until then
    /// and stays when anything fails. It comes out compacted, and looked through for what the disk did to it.
    /// `position` is where the store stood before `posts` began. `progress` is told the number of posts every
    /// thousand. Returns their number.
    ///
    /// # Errors
    /// The first error of `posts`; a broken disk.
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
        let root = Root::new(lock.dir());
        if let Some(current) = root.current()? {
            root.remove_others(&current)?;
        }
        let name = root.next_name()?;
        let generation = Generation::create(&root, &name)?;
        let mut writer = FolderWriter::open_detached(&root, &generation, options)?;
        writer.hold_merges();
        let mut count = 0;
        for post in posts {
            let post = post.map_err(|e| IndexError::Posts(e.into()))?;
            writer.add_new(&post)?;
            count += 1;
            if count % 1000 == 0 {
                progress(count);
            }
        }
        writer.commit(position)?;
        writer.compact()?;
        writer.close()?;
        examine_generation(&root, &generation, Duration::MAX)?.whole()?;
        root.set_current(&name)?;
        root.remove_others(&name)?;
        progress(count);
        Ok(count)
    }

    fn generation(&self) -> Arc<Generation> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// See [`SearchIndex::search`].
    fn answer(
        &self,
        query: &Asked,
        options: &SearchOptions,
        posts: Option<&dyn PostSource>,
    ) -> Result<SearchResults, IndexError> {
        let generation = self.generation();
        let searcher = generation.reader.searcher();
        let compiler = Compiler { dialect: TantivyDialect(generation.fields) };
        let compiled = compiler.node(query.root());
        let kept = match (&compiled.doubt, posts) {
            (Doubt::Nowhere, _) => None,
            (_, None) => return Err(IndexError::NeedsPosts),
            (_, Some(posts)) => Some(self.verify(&searcher, &compiled, query, posts)?),
        };
        let rank = match options.sort {
            Sort::Relevance => {
                let words = words_asked(query.root(), &self.segmenter);
                Some(Rank::new(generation.fields, &searcher, &words)?)
            }
            _ => None,
        };
        let tally = Tally {
            options,
            searcher: &searcher,
            weight: &*compiled.query.weight(EnableScoring::disabled_from_searcher(&searcher))?,
            rank: rank.as_ref(),
            keep: kept.as_ref(),
            ordinals: &generation.ordinals,
            by_story: generation.fields.story,
        };
        tally.answer()
    }

    /// See [`SearchIndex::words_available`].
    fn count_words(&self, text: &str) -> Result<u64, IndexError> {
        let generation = self.generation();
        let compiler = Compiler { dialect: TantivyDialect(generation.fields) };
        let Some(test) = words_test(text, &self.segmenter) else { return Ok(0) };
        let searcher = generation.reader.searcher();
        Ok(compiler.node(&test).query.count(&searcher)? as u64)
    }

    /// Documents of a query that match: beyond doubt, or by the word of the matcher.
    fn verify(
        &self,
        searcher: &Searcher,
        compiled: &Compiled<Box<dyn Query>>,
        query: &Asked,
        posts: &dyn PostSource,
    ) -> Result<Kept, IndexError> {
        let compiler = Compiler { dialect: TantivyDialect(self.generation().fields) };
        let scoring = || EnableScoring::disabled_from_searcher(searcher);
        let weight = compiled.query.weight(scoring())?;
        let doubtful = match &compiled.doubt {
            Doubt::In(doubts) => {
                let doubts = compiler.dialect.copies(doubts);
                Some(compiler.any(doubts).weight(scoring())?)
            }
            _ => None,
        };
        let mut kept = Kept::default();
        for (segment, reader) in searcher.segment_readers().iter().enumerate() {
            let ids = reader.fast_fields().column_first_or_default::<u64>("id")?;
            let heats = reader.fast_fields().column_first_or_default::<f64>("heat")?;
            let mut scorer = weight.scorer(reader, 1.0)?;
            let mut doubts = doubtful.as_ref().map(|w| w.scorer(reader, 1.0)).transpose()?;
            let mut batch = Vec::with_capacity(VERIFY_BATCH);
            loop {
                let doc = scorer.doc();
                if doc != TERMINATED && reader.alive_bitset().is_none_or(|a| a.is_alive(doc)) {
                    match doubts.as_mut().is_none_or(|doubts| stands_at(doubts, doc)) {
                        true => batch.push((ids.get_val(doc), doc)),
                        false => kept.insert(segment, doc),
                    }
                }
                if batch.len() == VERIFY_BATCH || (doc == TERMINATED && !batch.is_empty()) {
                    let asked: Vec<(u64, f64)> =
                        batch.iter().map(|(id, doc)| (*id, heats.get_val(*doc))).collect();
                    let accepted = accepted(query, &asked, posts, &self.segmenter)?;
                    let accepted = batch.drain(..).filter(|(id, _)| accepted.contains(id));
                    accepted.for_each(|(_, doc)| kept.insert(segment, doc));
                }
                if doc == TERMINATED {
                    break;
                }
                scorer.advance();
            }
        }
        Ok(kept)
    }
}

/// Whether `doc` is among the documents of `scorer`, which is asked in ascending order.
fn stands_at(scorer: &mut Box<dyn Scorer>, doc: DocId) -> bool {
    if scorer.doc() < doc {
        scorer.seek(doc);
    }
    scorer.doc() == doc
}

impl SearchIndex for FolderIndex {
    fn search(
        &self,
        query: &Asked,
        options: &SearchOptions,
        posts: Option<&dyn PostSource>,
    ) -> Result<SearchResults, IndexError> {
        guarded(|| self.answer(query, options, posts))
    }

    fn words_available(&self, text: &str) -> Result<u64, IndexError> {
        guarded(|| self.count_words(text))
    }

    fn position(&self) -> Result<Position, IndexError> {
        guarded(|| self.generation().position())
    }
}
