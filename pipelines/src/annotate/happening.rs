//! What is kept of a post to tell by whether another one tells of the same happening.
//!
//! In: folded title and text. Out: a [`Telling`] of hashes: who, where and what as pairs of characters and
//! latin words, numbers and days apart from them, whether things rise or fall, what sets one notice of a series
//! apart from the next. [`Order`] is the order in which a newcomer says it, since a run of words in common
//! is a name. Holds no text, looks at no other post, knows no clock.

mod figures;
mod judge;
mod matter;
mod rarity;

pub(super) use self::figures::{COMMON_FIGURES, PAIR_FIGURES, pair};
pub(super) use self::judge::JUDGE;
pub use self::judge::Judge;
use self::matter::{Matter, Site, sites};
pub use self::rarity::Commons;
pub(super) use self::rarity::{Rarity, Weighed};
use super::fingerprint::mix;

/// Characters of the headline that are read.
const TITLE_CHARS: usize = 80;
/// Characters of the text that are read: the lead says who, where, what and when.
const LEAD_CHARS: usize = 200;
/// A headline of fewer characters is helped out by the lead where directions are read.
const SHORT_TITLE: usize = 12;
/// Of fewer words nothing can be told.
const LEAST_WORDS: usize = 4;
/// What tells one notice of a series from the next.
const MATTER: &str = "一二三四五六七八九十未已蓝黄橙红";
/// Characters of the lead that help a short headline out.
const HELP: usize = 60;

/// What a post tells, in numbers to compare by. About five bytes a character of headline and lead.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Telling {
    /// Words of the headline, ascending.
    pub(super) title: Box<[u32]>,
    /// Words of headline and lead, ascending.
    pub(super) words: Box<[u32]>,
    /// Numbers of the headline, ascending.
    pub(super) title_numbers: Box<[u32]>,
    /// Numbers of headline and lead, ascending; single digits left out.
    pub(super) numbers: Box<[u32]>,
    /// Days of a month that are named, as bits.
    pub(super) days: u32,
    /// Who speaks, where the headline begins with it and a colon; 0 if nobody.
    pub(super) speaker: u32,
    /// The headline without punctuation; 0 if there is none.
    pub(super) headline: u32,
    /// The headline without numbers, colours and the like; 0 if there is none.
    pub(super) template: u32,
    /// What tells one of a series from the next: 第3号, 红色, 未 or 已.
    pub(super) matter: Matter,
    /// Whether it tells of an exercise.
    is_of_exercise: bool,
    /// The mines, plants, hospitals and schools that the headline names, a short one with the lead.
    sites: Box<[Site]>,
    /// Above zero where things rise, below where they fall.
    pub(super) direction: i8,
    /// Whether the headline asks.
    pub(super) asks: bool,
    /// Parts of a round-up of the day.
    pub(super) parts: u8,
    /// Characters of the headline that were read.
    pub(super) title_chars: u8,
    /// Characters of the lead that were read.
    pub(super) lead_chars: u8,
}

/// One word as it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// A pair of characters or a latin word.
    Word(u32),
    Number(u32, usize),
    /// A day of a month.
    Day(u32),
    /// What separates: runs of words end here.
    Break,
}

/// The order in which a newcomer says its words; 0 where a run ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    /// Of the headline.
    title: Vec<u32>,
    /// Of the lead.
    lead: Vec<u32>,
}

impl Telling {
    /// Reads a folded headline and text.
    pub(super) fn read(title: &str, text: &str) -> (Self, Order) {
        let title: String = title.chars().take(TITLE_CHARS).collect();
        let text = text.strip_prefix(title.as_str()).unwrap_or(text);
        let lead: String = text.chars().take(LEAD_CHARS).collect();
        let (mut of_title, mut of_lead) = (Vec::new(), Vec::new());
        tokens(&title, |token| of_title.push(token));
        tokens(&lead, |token| of_lead.push(token));
        let both = || of_title.iter().chain(&of_lead);
        let count = |text: &str| u8::try_from(text.chars().count()).unwrap_or(u8::MAX);
        let mut telling = Self {
            title: sorted(of_title.iter().filter_map(word)),
            words: sorted(both().filter_map(word)),
            title_numbers: sorted(of_title.iter().filter_map(|t| number(t, 1))),
            numbers: sorted(both().filter_map(|t| number(t, 2))),
            days: both().fold(0, |days, t| match t {
                Token::Day(day) => days | 1 << (day & 31),
                _ => days,
            }),
            asks: title.contains('?'),
            parts: u8::try_from(title.matches(';').count()).unwrap_or(u8::MAX),
            title_chars: count(&title),
            lead_chars: count(&lead),
            ..Self::default()
        };
        telling.read_headline(&title);
        telling.direction = direction(&title);
        let mut said = title;
        if usize::from(telling.title_chars) < SHORT_TITLE {
            let help: String = lead.chars().take(HELP).collect();
            if telling.direction == 0 {
                telling.direction = direction(&help);
            }
            said.push('。');
            said.push_str(&help);
        }
        telling.is_of_exercise = matter::is_of_exercise(&said);
        telling.sites = sites(&said);
        let in_order = |tokens: &[Token]| tokens.iter().map(|t| word(t).unwrap_or(0)).collect();
        (telling, Order { title: in_order(&of_title), lead: in_order(&of_lead) })
    }

    /// Whether what both have in common is the frame and not the matter: two notices of a series (another number, colour, or 未
    /// against 已), an exercise beside what it exercises, another mine or plant.
    pub(super) fn is_other_matter(&self, other: &Self) -> bool {
        let is_series = self.template != 0 && self.template == other.template;
        self.matter.differs(&other.matter)
            || (is_series && self.matter.is_opposite(&other.matter))
            || self.is_of_exercise != other.is_of_exercise
            || self.is_elsewhere(other)
    }

    /// Whether both name sites of one kind, and neither says a word of the other's.
    fn is_elsewhere(&self, other: &Self) -> bool {
        let says = |telling: &Self, site: &Site| telling.words.binary_search(&site.name).is_ok();
        self.sites.iter().any(|own| {
            let alike = |site: &&Site| site.kind == own.kind;
            let theirs = || other.sites.iter().filter(alike);
            let ours = || self.sites.iter().filter(alike);
            theirs().next().is_some()
                && !theirs().any(|site| says(self, site))
                && !ours().any(|site| says(other, site))
        })
    }

    /// Whether there is enough to go by.
    pub(super) fn says_something(&self) -> bool {
        self.words.len() >= LEAST_WORDS
    }

    /// Speaker, template and what sets it apart.
    fn read_headline(&mut self, title: &str) {
        let hash = |chars: &mut dyn Iterator<Item = char>| {
            let (hash, any) = chars.fold((17, false), |(hash, _), c| (next(hash, c), true));
            if any { short(hash) } else { 0 }
        };
        self.headline = hash(&mut title.chars().filter(|c| c.is_alphanumeric()));
        let is_matter = |c: char| c.is_ascii_digit() || MATTER.contains(c);
        self.template = hash(&mut title.chars().filter(|c| c.is_alphanumeric() && !is_matter(*c)));
        let speaker = title.split_once(':').map(|(speaker, _)| speaker.trim());
        if let Some(speaker) = speaker.filter(|s| (2..14).contains(&s.chars().count())) {
            self.speaker = hash(&mut speaker.chars());
        }
        let colours = ['蓝', '黄', '橙', '红'].into_iter().enumerate();
        let warns = title.contains("预警") || title.contains("信号") || title.contains("响应");
        self.matter = Matter {
            ordinal: matter::ordinal(title),
            colours: colours
                .filter(|(_, c)| warns && title.contains(*c))
                .map(|(i, _)| 1 << i)
                .sum(),
            done: u8::from(title.contains('未')) | u8::from(title.contains('已')) << 1,
        };
    }
}

fn word(token: &Token) -> Option<u32> {
    match token {
        Token::Word(hash) => Some(*hash),
        _ => None,
    }
}

fn number(token: &Token, least_digits: usize) -> Option<u32> {
    match token {
        Token::Number(hash, digits) if *digits >= least_digits => Some(*hash),
        _ => None,
    }
}

fn sorted(words: impl Iterator<Item = u32>) -> Box<[u32]> {
    let mut words: Vec<u32> = words.collect();
    words.sort_unstable();
    words.dedup();
    words.into_boxed_slice()
}

const UP: [&str; 8] = ["涨", "升", "增", "突破", "站上", "上调", "新高", "提高"];
const DOWN: [&str; 9] = ["跌", "降", "减", "下滑", "失守", "回落", "下调", "跳水", "亏"];

fn direction(text: &str) -> i8 {
    let count = |words: &[&str]| words.iter().filter(|w| text.contains(**w)).count();
    match count(&UP).cmp(&count(&DOWN)) {
        std::cmp::Ordering::Less => -1,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => 1,
    }
}

fn next(hash: u64, c: char) -> u64 {
    mix(hash ^ (u64::from(c as u32) + 0x9e37_79b9))
}

/// The hash of two characters in a row.
fn pair_of(first: char, second: char) -> u32 {
    short(next(next(1, first), second))
}

fn short(hash: u64) -> u32 {
    (hash >> 32) as u32 | 1
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// Calls `found` with each token of a folded text.
fn tokens(folded: &str, mut found: impl FnMut(Token)) {
    let mut previous: Option<char> = None;
    let mut run: Option<Run> = None;
    let mut chars = folded.chars().peekable();
    while let Some(c) = chars.next() {
        let is_digit = c.is_ascii_digit();
        let joins = match run {
            Some(run) if run.digits => {
                is_digit || (c == '.' && chars.peek().is_some_and(char::is_ascii_digit))
            }
            Some(_) => c.is_ascii_lowercase(),
            None => false,
        };
        if joins {
            run = run.map(|run| run.with(c));
            continue;
        }
        if let Some(run) = run.take() {
            found(run.token(c));
        }
        if is_digit || c.is_ascii_lowercase() {
            run = Some(Run { digits: is_digit, hash: 3, length: 0, value: 0 }.with(c));
            previous = None;
        } else if is_han(c) {
            if let Some(p) = previous {
                found(Token::Word(pair_of(p, c)));
            }
            previous = Some(c);
        } else {
            previous = None;
            found(Token::Break);
        }
    }
    if let Some(run) = run {
        found(run.token('\n'));
    }
}

/// Digits or letters in a row.
#[derive(Clone, Copy)]
struct Run {
    digits: bool,
    hash: u64,
    length: usize,
    /// The number, where it is short.
    value: u32,
}

impl Run {
    fn with(self, c: char) -> Self {
        let digit = c.to_digit(10).unwrap_or(0);
        Self {
            hash: next(self.hash, c),
            length: self.length + 1,
            value: self.value.wrapping_mul(10).wrapping_add(digit),
            ..self
        }
    }

    /// What it is, once the character after it is known.
    fn token(self, after: char) -> Token {
        match (self.digits, after) {
            (true, '年' | '月' | '时' | '分') => Token::Break,
            (true, '日') if self.value < 32 => Token::Day(self.value),
            (true, _) => Token::Number(short(self.hash), self.length),
            (false, _) if self.length > 1 => Token::Word(short(self.hash)),
            (false, _) => Token::Break,
        }
    }
}
