//! The ledger of a digest: which posts are named, by which number, and which posts each figure counts.
//!
//! In: the posts of an input. Out: numbers in the order in which the text names posts, sets of posts, the appendix. A
//! figure that counts what the appendix has no room for says how many.

use std::collections::{BTreeSet, HashMap};

use pipelines::record::{Polarity, PostId};

use super::digest::{Figure, PostLine, PostSet, Quote, Shares};
use super::input::{DigestInput, DigestPost};

/// The posts of a digest, their numbers, and the sets made so far.
pub(super) struct Ledger<'a> {
    /// Everything about the period.
    pub(super) input: &'a DigestInput,
    /// Posts of the period about us, newest first.
    pub(super) ours: Vec<&'a DigestPost>,
    by_id: HashMap<PostId, &'a DigestPost>,
    numbers: HashMap<PostId, usize>,
    order: Vec<PostId>,
    sets: Vec<(Vec<String>, Vec<PostId>)>,
    known: HashMap<Vec<PostId>, usize>,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(input: &'a DigestInput) -> Self {
        let mut ours: Vec<&DigestPost> = input.posts.iter().collect();
        ours.sort_by(|a, b| b.time().cmp(&a.time()).then_with(|| a.id.cmp(&b.id)));
        let own = input.own.iter().flatten();
        let own = own.flat_map(|own| own.others.iter().chain([&own.post]));
        let elsewhere = input.elsewhere.iter().flat_map(|elsewhere| &elsewhere.posts);
        let others = own.chain(elsewhere).chain(&input.other_posts);
        let by_id = others.chain(&input.posts).map(|post| (post.id, post)).collect();
        Self {
            input,
            ours,
            by_id,
            numbers: HashMap::new(),
            order: Vec::new(),
            sets: Vec::new(),
            known: HashMap::new(),
        }
    }

    /// A post that the input holds.
    pub(super) fn post(&self, id: PostId) -> Option<&'a DigestPost> {
        self.by_id.get(&id).copied()
    }

    /// The number by which the text names a post.
    pub(super) fn cite(&mut self, id: PostId) -> usize {
        let next = self.order.len() + 1;
        let number = *self.numbers.entry(id).or_insert(next);
        if number == next {
            self.order.push(id);
        }
        number
    }

    /// A piece of a post, with its number.
    pub(super) fn quote(&mut self, text: &str, post: &DigestPost) -> Quote {
        Quote { text: text.to_owned(), post: self.cite(post.id), source: post.source_name.clone() }
    }

    /// Counts posts and remembers which.
    pub(super) fn figure<'p>(
        &mut self,
        label: &[&str],
        posts: impl Iterator<Item = &'p DigestPost>,
    ) -> Figure {
        let mut ids: Vec<PostId> = posts.map(|post| post.id).collect();
        ids.sort_unstable();
        let value = Some(ids.len() as u64);
        match ids.as_slice() {
            [] => Figure::bare(value),
            [only] => Figure { value, set: None, post: Some(self.cite(*only)) },
            _ => {
                let next = self.sets.len() + 1;
                let number = *self.known.entry(ids.clone()).or_insert(next);
                if number == next {
                    let label = label.iter().map(|part| (*part).to_owned()).collect();
                    self.sets.push((label, ids));
                }
                Figure { value, set: Some(number), post: None }
            }
        }
    }

    /// Counts posts by polarity; `polarity` says what each says of the thing counted.
    pub(super) fn shares(
        &mut self,
        label: &str,
        posts: &[&DigestPost],
        polarity: impl Fn(&DigestPost) -> Polarity,
    ) -> Shares {
        let all = self.figure(&[label], posts.iter().copied());
        let mut of = |wanted: Polarity| {
            let key = format!("record.polarity.{}", wanted.as_str());
            self.figure(&[label, &key], posts.iter().copied().filter(|p| polarity(p) == wanted))
        };
        Shares {
            posts: all,
            negative: of(Polarity::Negative),
            neutral: of(Polarity::Neutral),
            positive: of(Polarity::Positive),
        }
    }

    /// The sets, the appendix, and how many posts about us it had no room for.
    pub(super) fn close(mut self) -> (Vec<PostSet>, Vec<PostLine>, usize) {
        let room = self.order.len().max(self.input.listed_posts);
        let evidence: Vec<&DigestPost> = self.input.other_posts.iter().collect();
        for post in std::mem::take(&mut self.ours).into_iter().chain(evidence) {
            if self.order.len() < room {
                self.cite(post.id);
            }
        }
        let inside: BTreeSet<PostId> = self.input.posts.iter().map(|post| post.id).collect();
        let lines: Vec<PostLine> = self
            .order
            .iter()
            .enumerate()
            .filter_map(|(i, id)| {
                let post = self.post(*id)?;
                let is_within = (self.input.from..self.input.to).contains(&post.time());
                Some(post_line(post, i + 1, !is_within && !inside.contains(id)))
            })
            .collect();
        let sets = self.sets.iter().enumerate().map(|(i, (label, ids))| {
            let mut posts: Vec<usize> =
                ids.iter().filter_map(|id| self.numbers.get(id).copied()).collect();
            posts.sort_unstable();
            let unlisted = ids.len() - posts.len();
            PostSet { number: i + 1, label: label.clone(), posts, unlisted }
        });
        let sets = sets.collect();
        let listed = lines.iter().filter(|line| inside.contains(&line.id)).count();
        (sets, lines, inside.len() - listed)
    }
}

fn post_line(post: &DigestPost, number: usize, outside: bool) -> PostLine {
    PostLine {
        number,
        id: post.id,
        title: post.title.clone(),
        source: post.source_name.clone(),
        channel: post.channel,
        published_at: post.published_at,
        has_time: post.has_time,
        fetched_at: post.fetched_at,
        url: post.url.clone(),
        content_hash: format!("{:016x}", post.content_hash),
        page_sha256: post.page_sha256.clone(),
        edited_at: post.edited_at,
        gone_at: post.gone_at,
        polarity: post.is_about_us().then(|| post.polarity()),
        other: post.other.filter(|_| post.is_about_us()),
        outside,
    }
}
