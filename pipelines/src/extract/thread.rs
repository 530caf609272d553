//! Threads: forum posts, questions and answers, comment pages; the first post and the replies apart.
//!
//! In: a `Dom`, its `Lines`, the address. Out: the lines of the first post and one entry per reply. Short replies
//! (顶, 赞同) are told from user names and buttons by the company they keep: lines in boxes of the same name vote
//! together. Takes nothing for a thread that neither its address nor its software says to be one.

mod posts;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::blocks::{Block, Lines};
use super::body::{self, Body};
use super::dom::{AttrName, Dom, NodeId};
use super::hint::Hint;
use super::meta::Meta;
use super::phrase;
use super::tag::Tag;
use crate::record::FoundComment;

/// Posts told apart on one page; forums show 10 to 100. The text of further ones is kept as one reply.
const MAX_POSTS: usize = 300;

/// A thread as found.
#[derive(Debug, Default)]
pub(super) struct Thread {
    /// The lines of the first post.
    pub(super) first: Body,
    /// Who wrote the first post, as shown beside it.
    pub(super) author: Option<String>,
    /// The replies, in order.
    pub(super) replies: Vec<FoundComment>,
}

/// What the reading of a thread needs to know of its page.
pub(super) struct Around<'a> {
    pub(super) url: &'a str,
    pub(super) title: Option<&'a str>,
    pub(super) now: DateTime<Utc>,
    pub(super) zone: Tz,
}

/// Words of addresses of threads.
const WORDS: [&str; 23] = [
    "bbs",
    "forum",
    "forums",
    "thread",
    "threads",
    "topic",
    "tieba",
    "zhidao",
    "question",
    "questions",
    "faq",
    "discuss",
    "club",
    "community",
    "luntan",
    "viewthread",
    "dispbbs",
    "tid",
    "comments",
    "wenda",
    "ask",
    "tiezi",
    "showtopic",
];
/// Software whose posts are no threads, whatever their address.
const BLOGS: [&str; 10] = [
    "hexo",
    "hugo",
    "jekyll",
    "wordpress",
    "typecho",
    "z-blog",
    "halo",
    "ghost",
    "gridea",
    "emlog",
];

/// Whether the address or the software says that this is a thread.
pub(super) fn is_thread(url: &str, meta: &Meta<'_>) -> bool {
    let software = meta.first(&["generator"]).map(|(_, g)| g.to_ascii_lowercase());
    // `/post/Sort-Algorithm/` of a blog is no thread.
    if software.as_ref().is_some_and(|g| BLOGS.iter().any(|blog| g.contains(blog))) {
        return false;
    }
    let lower = url.to_ascii_lowercase();
    let named = lower
        .split(|c: char| !c.is_ascii_alphabetic())
        .any(|w| WORDS.contains(&w) || w.starts_with("bbs") || w.ends_with("bbs"))
        || is_numbered_post(&lower);
    let software = software.is_some_and(|g| {
        [
            "discuz",
            "phpwind",
            "flarum",
            "vbulletin",
            "phpbb",
            "discourse",
            "nodebb",
            "xiuno",
            "dvbbs",
        ]
        .iter()
        .any(|s| g.contains(s))
    });
    named || software
}

/// `post-free-123-1.shtml`, `/post/123`: a post with a number, not a path of words.
fn is_numbered_post(url: &str) -> bool {
    let mut words = url.split(|c: char| !c.is_ascii_alphanumeric()).skip_while(|w| *w != "post");
    words.next().is_some()
        && words.take(2).any(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_digit()))
}

/// The lines of all posts of a thread by the rules; `None` where the page shows no post.
pub(super) fn lines_of(dom: &Dom<'_>, lines: &Lines) -> Option<Body> {
    let refused = Hint::NOISE.with(Hint::EDGE);
    let mut weights: Vec<f32> =
        lines.blocks.iter().map(|b| body::weight(b, lines.line(b))).collect();
    let believed = body::believe(lines, &mut weights, refused);
    let groups = Groups::of(dom, lines, &weights);
    for (i, weight) in weights.iter_mut().enumerate() {
        let block = &lines.blocks[i];
        let away = believed && lines.hints[block.owner as usize].has(refused);
        if groups.is_text(i) && !away {
            *weight = weight.max(4.0 + block.chars as f32);
        } else {
            // Names, badges and buttons stand between the posts and must not drive them apart.
            *weight = weight.max(-0.3);
        }
    }
    let sums = body::sums(dom, lines, &weights);
    let root = body::best(dom, &sums)?;
    let kept: Vec<usize> = (0..lines.blocks.len())
        .filter(|&i| {
            let block = &lines.blocks[i];
            let line = lines.line(block);
            weights[i] >= 4.0
                && dom.is_within(block.owner, root)
                && (groups.is_text(i) || !phrase::is_furniture(line, block.chars))
                && !is_post_meta(line, block.chars)
        })
        .collect();
    Some(Body { kept, root })
}

/// Cuts the kept lines of a thread into its posts.
pub(super) fn split(dom: &Dom<'_>, lines: &Lines, all: Body, around: &Around<'_>) -> Thread {
    posts::split(dom, lines, all.root, all.kept, around)
}

/// Lines voted on by the name of the box they stand in.
struct Groups {
    of_block: Vec<usize>,
    is_text: Vec<bool>,
}

#[derive(Default)]
struct Vote {
    lines: u32,
    chars: u32,
    link_chars: u32,
    furniture: u32,
    strong: u32,
    meta: u32,
    is_named: bool,
    texts: std::collections::HashSet<u64>,
}

impl Groups {
    fn of(dom: &Dom<'_>, lines: &Lines, weights: &[f32]) -> Self {
        let mut names: HashMap<(Tag2, &str), usize> = HashMap::new();
        let mut votes: Vec<Vote> = Vec::new();
        let mut of_block = Vec::with_capacity(lines.blocks.len());
        for (block, weight) in lines.blocks.iter().zip(weights) {
            let next = votes.len();
            let group = *names.entry(name_of(dom, block.owner)).or_insert(next);
            if group == next {
                votes.push(Vote { is_named: is_named_text(dom, block.owner), ..Vote::default() });
            }
            votes[group].add(block, lines, *weight);
            of_block.push(group);
        }
        Self { of_block, is_text: votes.iter().map(Vote::decide).collect() }
    }

    fn is_text(&self, block: usize) -> bool {
        self.is_text[self.of_block[block]]
    }
}

impl Vote {
    fn add(&mut self, block: &Block, lines: &Lines, weight: f32) {
        let line = lines.line(block);
        self.lines += 1;
        self.chars += block.chars;
        self.link_chars += block.link_chars;
        self.furniture +=
            u32::from(phrase::is_furniture(line, block.chars) || is_post_meta(line, block.chars));
        self.strong += u32::from(weight >= 20.0);
        self.meta += u32::from(lines.hints[block.owner as usize].has(Hint::META));
        self.texts.insert(hash_of(line));
    }

    /// Text when the box is named so or at least one line is plain prose, few lines are buttons, times or links, and
    /// most differ.
    fn decide(&self) -> bool {
        (self.strong > 0 || self.is_named)
            && self.furniture * 3 <= self.lines
            && self.link_chars * 2 <= self.chars
            && self.chars >= self.lines * if self.is_named { 2 } else { 4 }
            && self.texts.len() * 10 >= self.lines as usize * 6
            && self.meta * 2 <= self.lines
    }
}

/// A tag as a number, for keys.
type Tag2 = std::mem::Discriminant<Tag>;

/// The box a line stands in: the tag of its owner, and the nearest class at most two levels up.
fn name_of<'a>(dom: &Dom<'a>, owner: NodeId) -> (Tag2, &'a str) {
    let mut at = owner;
    for _ in 0..3 {
        if let Some(class) = dom.attr(at, AttrName::Class).filter(|c| !c.is_empty()) {
            return (std::mem::discriminant(&dom.tag(owner)), class);
        }
        if at == 0 {
            break;
        }
        at = dom.node(at).parent;
    }
    (std::mem::discriminant(&dom.tag(owner)), "")
}

/// Whether one of the two nearest classes names a text, and none of them a byline or furniture.
fn is_named_text(dom: &Dom<'_>, owner: NodeId) -> bool {
    let mut at = owner;
    let mut name = Hint::default();
    let mut seen = 0;
    for _ in 0..4 {
        if let Some(class) = dom.attr(at, AttrName::Class).filter(|c| !c.is_empty()) {
            name = name.with(super::hint::of_name(class));
            seen += 1;
        }
        if at == 0 || seen == 2 {
            break;
        }
        at = dom.node(at).parent;
    }
    name.has(Hint::BODY) && !name.has(Hint::META.with(Hint::NOISE).with(Hint::EDGE))
}

fn hash_of(line: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    line.hash(&mut hasher);
    hasher.finish()
}

/// A line of a post that is not its text: floor, time, counters, 发表于.
pub(super) fn is_post_meta(line: &str, chars: u32) -> bool {
    if chars > 40 {
        return false;
    }
    if phrase::is_byline(line, chars) || line.starts_with("发表于") || line.starts_with("发布于")
    {
        return true;
    }
    let rest = line.trim_matches(|c: char| {
        c.is_ascii_digit()
            || matches!(
                c,
                '#' | ' '
                    | '·'
                    | ':'
                    | '-'
                    | '/'
                    | '.'
                    | '|'
                    | '于'
                    | '楼'
                    | '层'
                    | '第'
                    | '('
                    | ')'
                    | '（'
                    | '）'
            )
    });
    let tail = [
        "前",
        "回复了此帖",
        "有用",
        "楼主",
        "只看他",
        "只看楼主",
        "阅读",
        "浏览",
        "赞",
        "人赞同",
        "条评论",
        "条回复",
        "个回答",
        "次浏览",
    ];
    rest.is_empty()
        || rest.chars().count() <= 6
            && ["秒前", "分钟前", "小时前", "天前", "周前", "月前", "年前", "个月前"]
                .iter()
                .any(|t| rest.ends_with(t))
        || chars <= 8
            && line.starts_with(|c: char| c.is_ascii_digit())
            && tail.iter().any(|t| line.ends_with(t))
        || chars <= 10 && line.ends_with("回复了此帖")
}

#[cfg(test)]
mod tests {
    use super::is_post_meta;
    use crate::extract::blocks::count_chars;

    #[test]
    fn a_thread_is_told_by_its_address_or_its_software() {
        let check = |url: &str, generator: &str, expected: bool| {
            let page = format!("<meta name=generator content='{generator}'>");
            let dom = crate::extract::markup::parse(&page);
            let meta = crate::extract::meta::Meta::of(&dom);
            assert_eq!(super::is_thread(url, &meta), expected, "{url} {generator}");
        };
        check("https://bbs.example.com/thread-1-1-1.html", "", true);
        check("https://example.com/post-free-123-1.shtml", "", true);
        check("https://example.com/read.php?tid=1", "", true);
        check("https://example.com/x/1", "Discuz! X3.4", true);
        check("https://example.com/post/roof-bolting/index.html", "", false);
        check("https://example.com/post/123/", "Hexo 7.3.0", false);
    }

    #[test]
    fn lines_about_a_post_are_told_from_its_text() {
        for (line, expected) in [
            ("3楼", true),
            ("#12", true),
            ("发表于 2026-11-18 20:15", true),
            ("5小时前", true),
            ("128 阅读", true),
            ("顶", false),
            ("同意楼上的意见", false),
            ("2026年11月工资还没有发，大家怎么看？", false),
        ] {
            assert_eq!(is_post_meta(line, count_chars(line)), expected, "{line}");
        }
    }
}
