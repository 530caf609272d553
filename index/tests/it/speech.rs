//! Random posts and random queries about them, from few enough words that they meet.

use chrono::TimeDelta;
use index::IndexedPost;
use pipelines::record::{
    Channel, Filing, Keyword, Mention, Polarity, PolarityVerdict, PostId, PostKind, SourceId, Span,
    StoryId, SubjectId, TextField, TopicHit, TopicId,
};

use crate::dice::Dice;
use crate::lab::{now, post};

/// Pieces that texts and queries are made of: simplified, traditional and full width forms of the same,
/// latin and digits in and out of runs, blanks of all kinds, sentence ends, emoji, invisible characters.
const PIECES: &[&str] = &[
    "瓦斯",
    "矿",
    "礦",
    "难",
    "難",
    "事故",
    "安全",
    "生产",
    "生產",
    "安全生产",
    "南关",
    "南關",
    "南关煤矿",
    "南关区",
    "长春",
    "云岭",
    "县",
    "小学",
    "西",
    "山西",
    "市",
    "值",
    "雲嶺礦業",
    "透水",
    "工资",
    "拖欠",
    "的",
    "了",
    "a",
    "ai",
    "AI",
    "ＡＩ",
    "training",
    "gas",
    "leak",
    "gas leak",
    "5",
    "5号",
    "５",
    "3.5",
    "pm2.5",
    "NG5",
    "covid-19",
    " ",
    "　",
    "\n",
    "\u{200b}",
    "\n\n",
    "。",
    "！",
    "？",
    "，",
    ".",
    "-",
    "😀",
    "👷",
    "é",
    "ガス",
    "한국",
    "〇",
    "㎡",
    "ﬁ",
];

const SOURCES: &[&str] = &["daily", "board", "weibo-hot"];
const SITES: &[&str] = &["gov.cn", "mem.gov.cn", "news.example.com", "example.com", "cn"];
const TOPICS: &[&str] = &["labour", "labour/pay", "labour/pay/late", "safety", "labourer"];
const KEYWORDS: &[&str] = &["欠薪", "冒顶", "矿灯", "a b"];
const SUBJECTS: &[&str] = &["nanguan", "yunling"];
const CASES: &[&str] = &["2026-001", "2026-002"];

/// The pieces in use in one corpus.
pub struct Tongue {
    pieces: Vec<&'static str>,
}

impl Tongue {
    pub fn new(dice: &mut Dice) -> Self {
        let size = dice.between(4, 16);
        Self { pieces: (0..size).map(|_| *dice.pick(PIECES)).collect() }
    }

    pub fn text(&self, dice: &mut Dice, most: usize) -> String {
        (0..dice.between(0, most)).map(|_| *dice.pick(&self.pieces)).collect()
    }

    pub fn post(&self, dice: &mut Dice, id: u64) -> IndexedPost {
        let mut p = post(id, &self.text(dice, 5), &self.text(dice, 30));
        p.post.post.source = SourceId((*dice.pick(SOURCES)).into());
        p.post.post.channel = *dice.pick(&Channel::ALL[..4]);
        p.post.post.site = (*dice.pick(SITES)).into();
        p.post.story = StoryId(PostId(dice.between(1, 6) as u64));
        p.post.polarity =
            PolarityVerdict { polarity: *dice.pick(&Polarity::ALL), ..PolarityVerdict::default() };
        p.post.polarity.other = dice.one_in(3).then_some(Polarity::Neutral);
        p.post.filing = (!dice.one_in(4)).then(|| Filing {
            kind: *dice.pick(&PostKind::ALL),
            kind_confidence: 0.5,
            other_kind: None,
            unlayered: None,
            urgency: dice.below(4) as u8,
            today: 0.0,
            leader: 0.0,
        });
        for topic in TOPICS.iter().filter(|_| dice.one_in(3)) {
            let topic = TopicId((*topic).into());
            p.post.topics.push(TopicHit { topic, confidence: 1.0, basis: Vec::new() });
        }
        for word in KEYWORDS.iter().filter(|_| dice.one_in(3)) {
            let span = Span { field: TextField::Title, start: 0, end: 0 };
            p.post.words.keywords.push(Keyword { word: (*word).into(), span, weight: 1.0 });
        }
        for subject in SUBJECTS {
            if !dice.one_in(3) {
                continue;
            }
            p.post.mentions.push(Mention {
                subject: SubjectId((*subject).into()),
                spans: Vec::new(),
                polarity: PolarityVerdict {
                    polarity: *dice.pick(&Polarity::ALL),
                    other: dice.one_in(3).then_some(Polarity::Negative),
                    ..PolarityVerdict::default()
                },
            });
        }
        p.post.risk.score = dice.below(101) as u8;
        p.heat = dice.below(300) as f32 / 2.0;
        p.case = dice.one_in(3).then(|| (*dice.pick(CASES)).to_owned());
        let hours = dice.below(24 * 12) as i64;
        if dice.one_in(5) {
            p.post.post.published = None;
            p.post.post.fetched_at = now() - TimeDelta::hours(hours);
        } else if let Some(published) = &mut p.post.post.published {
            published.at = now() - TimeDelta::hours(hours);
        }
        p
    }

    /// A query in the language; most are readable, some are refused (as pure negations are).
    pub fn query(&self, dice: &mut Dice, corpus: &[IndexedPost], depth: usize) -> String {
        if depth == 0 || dice.one_in(3) {
            return self.leaf(dice, corpus);
        }
        let sub = |dice: &mut Dice| self.query(dice, corpus, depth - 1);
        match dice.below(8) {
            0 | 1 => format!("{} {}", sub(dice), sub(dice)),
            2 | 3 => format!("({} {} {})", sub(dice), dice.pick(&["|", "OR", "｜"]), sub(dice)),
            4 => {
                let not = *dice.pick(&["-", "!", "NOT ", "－"]);
                format!("{} {not}({})", sub(dice), sub(dice))
            }
            5 => {
                let count = dice.between(1, 3);
                format!("{count} OF ({}, {}, {})", sub(dice), sub(dice), sub(dice))
            }
            6 => {
                let field = *dice.pick(&["title", "body", "标题"]);
                format!("{field}:({})", self.texts_only(dice, corpus, depth - 1))
            }
            _ => format!("（{}） AND {}", sub(dice), sub(dice)),
        }
    }

    /// An expression without fields.
    fn texts_only(&self, dice: &mut Dice, corpus: &[IndexedPost], depth: usize) -> String {
        if depth == 0 {
            return self.pattern(dice, corpus);
        }
        let sub = |dice: &mut Dice| self.texts_only(dice, corpus, depth - 1);
        match dice.below(3) {
            0 => format!("{} {}", sub(dice), sub(dice)),
            1 => format!("({} | {})", sub(dice), sub(dice)),
            _ => sub(dice),
        }
    }

    fn leaf(&self, dice: &mut Dice, corpus: &[IndexedPost]) -> String {
        if dice.below(3) > 0 {
            return self.pattern(dice, corpus);
        }
        let number = |dice: &mut Dice, field: &str, top: usize| {
            let value = dice.below(top);
            match dice.below(5) {
                0 => format!("{field}:>{value}"),
                1 => format!("{field}:>={value}"),
                2 => format!("{field}:<{value}"),
                3 => format!("{field}:<={value}"),
                _ => format!("{field}:{value}..{}", value + dice.below(50)),
            }
        };
        match dice.below(16) {
            15 => format!("reading:{}", dice.pick(&Polarity::ALL).as_str()),
            12 => format!("kind:{}", dice.pick(&PostKind::ALL).as_str()),
            13 => format!("urgency:{}", dice.below(4)),
            14 => format!("unsure:{}", dice.pick(&["yes", "no"])),
            0 => format!("source:{}", dice.pick(SOURCES)),
            1 => format!("channel:{}", dice.pick(&Channel::ALL[..4]).as_str()),
            2 => format!("site:{}", dice.pick(SITES)),
            3 => format!("topic:{}", dice.pick(TOPICS)),
            4 => format!("subject:{}", dice.pick(SUBJECTS)),
            5 => format!("polarity:{}", dice.pick(&Polarity::ALL).as_str()),
            6 => number(dice, "risk", 101),
            7 => format!("story:{}", PostId(dice.between(1, 6) as u64)),
            8 => format!("case:{}", dice.pick(CASES)),
            10 => format!("keyword:“{}”", dice.pick(KEYWORDS)),
            9 => {
                let days = dice.between(1, 12);
                let from = (now() - TimeDelta::days(days as i64)).format("%Y-%m-%d");
                let to = (now() - TimeDelta::days(dice.below(days) as i64)).format("%Y-%m-%d");
                match dice.below(3) {
                    0 => format!("published:{days}d"),
                    1 => format!("published:{from}..{to}"),
                    _ => format!("published:{from}"),
                }
            }
            _ => number(dice, "heat", 150),
        }
    }

    fn pattern(&self, dice: &mut Dice, corpus: &[IndexedPost]) -> String {
        let literal = |dice: &mut Dice| self.literal(dice, corpus);
        match dice.below(14) {
            0 => {
                let how = dice.pick(&["NEAR", "ONEAR"]);
                format!("{} {how}/{} {}", literal(dice), dice.below(12), literal(dice))
            }
            1 => {
                let how = dice.pick(&["同句", "SAMES", "同段", "SAMEP"]);
                format!("{} {how} {}", literal(dice), literal(dice))
            }
            2 => {
                let (a, b, c, d) = (literal(dice), literal(dice), literal(dice), literal(dice));
                format!("({a}|{b}) NEAR/{} ({c}|{d})", dice.below(12))
            }
            3 => format!("{}{{{},}}", literal(dice), dice.between(1, 4)),
            4 => {
                let low = dice.between(1, 3);
                format!("{}{{{low},{}}}", literal(dice), low + dice.below(3))
            }
            5 => format!("word:{}", literal(dice).trim_matches('*')),
            6 => format!("words:({})", self.plain(dice, corpus)),
            7 => {
                let plain: String =
                    self.plain(dice, corpus).chars().filter(|c| c.is_alphanumeric()).collect();
                let more = *dice.pick(&[".", "[0-9]+", ".{0,3}", "(矿|难)", "?", ""]);
                format!("/{plain}{more}/")
            }
            8 => format!("@{}", dice.pick(&["南关", "nanguan", "云岭"])),
            9 => format!("@南关 NEAR/{} {}", dice.below(20), literal(dice)),
            _ => literal(dice),
        }
    }

    /// A piece of a text of the corpus, or of the tongue, as it stands there.
    fn plain(&self, dice: &mut Dice, corpus: &[IndexedPost]) -> String {
        if dice.one_in(3) {
            return (0..dice.between(1, 2)).map(|_| *dice.pick(&self.pieces)).collect();
        }
        let post = &dice.pick(corpus).post.post;
        let text = if dice.one_in(4) { &post.title } else { &post.text };
        let chars: Vec<char> = text.chars().collect();
        if chars.is_empty() {
            return (*dice.pick(PIECES)).to_owned();
        }
        let start = dice.below(chars.len());
        chars[start..].iter().take(dice.between(1, 8)).collect()
    }

    fn literal(&self, dice: &mut Dice, corpus: &[IndexedPost]) -> String {
        let plain = self.plain(dice, corpus);
        let bare = plain.chars().all(|c| c.is_alphanumeric());
        let text = if bare && dice.below(2) == 0 {
            plain
        } else {
            format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
        };
        let star = |yes| if yes { "*" } else { "" };
        format!("{}{text}{}", star(dice.one_in(8)), star(dice.one_in(8)))
    }
}
