//! Generated posts: as many as wanted, about 600 characters each, the same for the same seed.
//!
//! In: words with their frequencies (`words.tsv`, counted over public Chinese feeds and petitions; no text
//! is in it). Out: posts in order of time. Each post draws a fifth of its words from forty of its own and
//! now and then repeats a piece of itself, as real posts do; a third follow the word before, from thirty
//! that like to follow it; the rest come by frequency. The shares are such that generated posts have as
//! many different pairs of neighbouring characters as real texts of the same size (`--variety`, README).

use chrono::{DateTime, TimeDelta, Utc};
use index::IndexedPost;
use pipelines::record::{
    AnnotatedPost, Channel, Confidence, Counts, Fingerprint, Mention, Polarity, PolarityVerdict,
    Post, PostId, Published, Risk, SourceId, StoryId, SubjectId, TopicHit, TopicId, Trust,
};

/// Body length aimed at, in characters.
const BODY_CHARS: usize = 580;
/// Words of a post before it repeats two to five of them.
const REPEATS_ONE_IN: usize = 15;
/// Words that follow the word before.
const FOLLOWS_PERCENT: usize = 22;
/// These and the post's own words.
const OWN_PERCENT: usize = 42;

/// A seeded generator (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.roll() % n as u64) as usize
    }

    /// From 0 to below 1.
    fn share(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Words by frequency.
pub struct Words {
    pub words: Vec<&'static str>,
    cumulated: Vec<u64>,
}

impl Words {
    pub fn load() -> Self {
        let (mut words, mut cumulated, mut sum) = (Vec::new(), Vec::new(), 0);
        for line in include_str!("words.tsv").lines() {
            let Some((word, count)) = line.split_once('\t') else { continue };
            sum += count.parse::<u64>().expect("words.tsv has a count on each line");
            words.push(word);
            cumulated.push(sum);
        }
        Self { words, cumulated }
    }

    fn draw(&self, dice: &mut Dice) -> &'static str {
        let total = self.cumulated.last().copied().unwrap_or(1);
        let at = dice.roll() % total;
        self.words[self.cumulated.partition_point(|c| *c <= at)]
    }
}

/// Makes posts one after another.
pub struct Corpus {
    words: Words,
    dice: Dice,
    made: u64,
    wanted: u64,
    end: DateTime<Utc>,
    stories: Vec<StoryId>,
}

impl Corpus {
    /// `wanted` posts over the year before `end`.
    pub fn new(seed: u64, wanted: u64, end: DateTime<Utc>) -> Self {
        let words = Words::load();
        Self { words, dice: Dice(seed), made: 0, wanted, end, stories: Vec::new() }
    }

    fn text(&mut self, own: &[&'static str], chars: usize) -> String {
        let mut text = String::with_capacity(chars * 3 + 16);
        let mut said: Vec<&'static str> = Vec::with_capacity(chars);
        let (mut length, mut again) = (0, 0..0);
        while length < chars {
            if again.is_empty() && said.len() > 8 && self.dice.below(REPEATS_ONE_IN) == 0 {
                let from = self.dice.below(said.len() - 5);
                again = from..from + 2 + self.dice.below(4);
            }
            let word = match again.next() {
                Some(nth) => said[nth],
                None => self.word(own, said.last().copied().unwrap_or_default()),
            };
            said.push(word);
            text.push_str(word);
            length += word.chars().count();
        }
        text
    }

    fn word(&mut self, own: &[&'static str], before: &str) -> &'static str {
        match self.dice.below(100) {
            0..FOLLOWS_PERCENT => self.follower(before),
            FOLLOWS_PERCENT..OWN_PERCENT => own[self.dice.below(own.len())],
            _ => self.words.draw(&mut self.dice),
        }
    }

    /// One of the thirty words that like to follow `before`, the first of them most often.
    fn follower(&mut self, before: &str) -> &'static str {
        let nth = (self.dice.share().powi(2) * 30.0) as u64;
        let name = before.bytes().fold(nth, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b)));
        self.words.draw(&mut Dice(name))
    }

    fn story(&mut self, id: PostId) -> StoryId {
        let repeats = self.dice.below(10) < 4 && !self.stories.is_empty();
        if repeats {
            // The nearer a story, the likelier it is told again.
            let back = (self.dice.share().powi(4) * self.stories.len() as f64) as usize;
            return self.stories[self.stories.len() - 1 - back.min(self.stories.len() - 1)];
        }
        let story = StoryId(id);
        self.stories.push(story);
        story
    }

    fn post(
        &mut self,
        id: PostId,
        url: String,
        at: DateTime<Utc>,
        title: String,
        text: String,
    ) -> Post {
        Post {
            id,
            url,
            source: SourceId(self.one_of("source", 500)),
            channel: Channel::ALL[self.dice.below(9)],
            trust: Trust::Normal,
            site: format!("{}.example.com", self.one_of("site", 300)),
            title,
            text,
            author: None,
            outlet: None,
            origin: None,
            published: Some(Published {
                at,
                has_time: true,
                confidence: Confidence::High,
                place: "feed".into(),
            }),
            fetched_at: at,
            counts: Counts::default(),
            comments: Vec::new(),
            issues: Vec::new(),
            content_hash: 0,
        }
    }

    fn one_of(&mut self, name: &str, n: usize) -> String {
        // Few sources bring most posts.
        let skewed = (self.dice.share().powi(3) * n as f64) as usize;
        format!("{name}-{skewed:03}")
    }
}

impl Iterator for Corpus {
    type Item = IndexedPost;

    fn next(&mut self) -> Option<IndexedPost> {
        if self.made == self.wanted {
            return None;
        }
        self.made += 1;
        let url = format!("https://post-{}.example.com/", self.made);
        let id = PostId::of_url(&url);
        let own: Vec<&'static str> = (0..40).map(|_| self.words.draw(&mut self.dice)).collect();
        let chars = BODY_CHARS / 2 + self.dice.below(BODY_CHARS);
        let (title, text) = (self.text(&own, 20), self.text(&own, chars));
        let year_secs = 365.0 * 86_400.0;
        let age = year_secs * (1.0 - self.made as f64 / self.wanted as f64);
        let at = self.end - TimeDelta::seconds(age as i64);
        let post = self.post(id, url, at, title, text);
        let topics = (0..self.dice.below(3)).map(|_| TopicHit {
            topic: TopicId(self.one_of("class/topic", 40)),
            confidence: 1.0,
            basis: Vec::new(),
        });
        let topics = topics.collect();
        let mentioned = self.dice.below(5) == 0;
        let mentions = mentioned.then(|| Mention {
            subject: SubjectId(self.one_of("unit", 20)),
            spans: Vec::new(),
            polarity: PolarityVerdict::default(),
        });
        let polarity = PolarityVerdict {
            polarity: Polarity::ALL[self.dice.below(3)],
            ..PolarityVerdict::default()
        };
        let risk = Risk { score: self.dice.below(101) as u8, ..Risk::default() };
        let annotated = AnnotatedPost {
            post,
            polarity,
            filing: None,
            words: Default::default(),
            facts: Vec::new(),
            mentions: mentions.into_iter().collect(),
            topics,
            risk,
            fingerprint: Fingerprint::default(),
            meaning: None,
            story: self.story(id),
        };
        let heat = self.dice.below(1000) as f32;
        Some(IndexedPost { post: annotated, heat, case: None })
    }
}
