//! An opened index: answers queries, hands out the writer, is rebuilt.
//!
//! In: a directory, the segmenter, queries. Out: `SearchResults`. What the index alone cannot decide
//! (regular expressions, word boundaries) is decided by the in-memory matcher on posts fetched from a
//! `PostSource`, so that search and rules agree on every post. It never loads the dictionary unless a
//! query ranks by words.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tantivy::query::{EnableScoring, Scorer};
use tantivy::{DocId, DocSet, Searcher, TERMINATED};

use pipelines::query::{Literal, Node, Query, Scope, Target, WordsTest};
use pipelines::record::PostId;
use pipelines::text::{self, Segmenter};

use crate::answer::{SearchOptions, SearchResults, Sort};
use crate::compile::{Compiled, Compiler, Doubt, words_asked, words_of};
use crate::error::IndexError;
use crate::examine::examine_generation;
use crate::generation::{Generation, Root};
use crate::guard::guarded;
use crate::lock::RebuildLock;
use crate::position::Position;
use crate::rank::Rank;
use crate::schema::IndexedPost;
use crate::tally::{Kept, Tally};
use crate::writer::{Writer, WriterOptions};

/// Posts fetched at once to be looked into.
const VERIFY_BATCH: usize = 256;

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

/// The tantivy index in a directory.
pub struct Index {
    root: Root,
    segmenter: Segmenter,
    current: RwLock<Arc<Generation>>,
}

impl Index {
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
    pub fn writer(&self, options: WriterOptions) -> Result<Writer, IndexError> {
        self.refresh()?;
        Writer::open(&self.root, &self.generation(), options)
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
        let mut writer = Writer::open_detached(&root, &generation, options)?;
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
        query: &Query,
        options: &SearchOptions,
        posts: Option<&dyn PostSource>,
    ) -> Result<SearchResults, IndexError> {
        let generation = self.generation();
        let searcher = generation.reader.searcher();
        let compiler = Compiler { fields: generation.fields };
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
        let compiler = Compiler { fields: generation.fields };
        let folded = text::fold(text);
        let words: Vec<Literal> =
            words_of(folded.text(), &self.segmenter).filter_map(|w| Literal::new(&w)).collect();
        if words.is_empty() {
            return Ok(0);
        }
        let test = Node::Words(WordsTest { scope: Scope::Both, words });
        let searcher = generation.reader.searcher();
        Ok(compiler.node(&test).query.count(&searcher)? as u64)
    }

    /// Documents of a query that match: beyond doubt, or by the word of the matcher.
    fn verify(
        &self,
        searcher: &Searcher,
        compiled: &Compiled,
        query: &Query,
        posts: &dyn PostSource,
    ) -> Result<Kept, IndexError> {
        let scoring = || EnableScoring::disabled_from_searcher(searcher);
        let weight = compiled.query.weight(scoring())?;
        let doubtful = match &compiled.doubt {
            Doubt::In(query) => Some(query.weight(scoring())?),
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
                    let wanted: Vec<PostId> = batch.iter().map(|(id, _)| PostId(*id)).collect();
                    for mut post in posts.posts(&wanted).map_err(IndexError::Posts)? {
                        let id = post.post.post.id.0;
                        let Some((_, doc)) = batch.iter().find(|(i, _)| *i == id) else { continue };
                        // Heat is what it was when the post was indexed; no source knows that.
                        post.heat = heats.get_val(*doc) as f32;
                        if accepts(query, &post, &self.segmenter) {
                            kept.insert(segment, *doc);
                        }
                    }
                    batch.clear();
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

/// What the in-memory matcher says of a post.
fn accepts(query: &Query, indexed: &IndexedPost, segmenter: &Segmenter) -> bool {
    let mut target = Target::new(&indexed.post).segmented_by(segmenter);
    target.facts.heat = Some(f64::from(indexed.heat));
    target.facts.cases = indexed.case.as_deref().into_iter().collect();
    query.accepts(&target)
}

impl SearchIndex for Index {
    fn search(
        &self,
        query: &Query,
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
