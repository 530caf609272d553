//! Cutting the kept lines of a thread into its posts.
//!
//! In: the page, its lines, which of them are text, and where the thread lies. Out: the first post apart from
//! the replies, each with who and when where the page says so. Work is bounded by the number of posts read.

use std::collections::HashMap;

use super::super::blocks::Lines;
use super::super::body::Body;
use super::super::dom::{AttrName, Dom, NodeId};
use super::super::hint::Hint;
use super::super::tag::Tag;
use super::super::{TimeContext, parse_time, phrase, published, time_words, title};
use super::{Around, MAX_POSTS, Tag2, Thread, is_post_meta};
use crate::record::FoundComment;

/// Whether the page asks a question that others answer: then the question is its title.
fn is_question(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    ["question", "zhidao", "wenda", "/ask", "faq", "ask."].iter().any(|w| lower.contains(w))
}

/// Cuts the kept lines into posts.
pub(super) fn split(
    dom: &Dom<'_>,
    lines: &Lines,
    root: NodeId,
    mut kept: Vec<usize>,
    around: &Around<'_>,
) -> Thread {
    let asked = around.title.map(title::bare).unwrap_or_default();
    let repeats_title = |i: &usize| {
        let line = title::bare(lines.line(&lines.blocks[*i]));
        !line.is_empty() && asked.contains(&line) && line.len() * 2 >= asked.len()
    };
    if let Some(at) = kept.iter().take(6).rposition(repeats_title) {
        kept.drain(..=at);
    }
    let Some(posts) = posts_of(dom, lines, root, &kept) else {
        return Thread { first: Body { kept, root }, ..Thread::default() };
    };
    // Before the boxes stands the first post, or nothing but names of boards.
    let mut first: Vec<usize> =
        kept.iter().copied().filter(|&i| lines.blocks[i].node < posts[0]).collect();
    let opens = first.iter().any(|&i| lines.blocks[i].punct > 0 && lines.blocks[i].chars >= 10);
    let mut boxes = posts.iter();
    let mut author = None;
    if !opens && is_question(around.url) {
        first.clear();
    } else if !opens {
        let post = boxes.next().copied().unwrap_or(root);
        first = inside(dom, lines, &kept, post);
        author = reply(dom, lines, &kept, post, around).author;
    }
    let replies =
        boxes.map(|&post| reply(dom, lines, &kept, post, around)).filter(|r| !r.text.is_empty());
    let replies = replies.chain(strays(dom, lines, &kept, &posts)).collect();
    Thread { first: Body { kept: first, root }, author, replies }
}

/// Text after the first box that lies in no box (pages that wrap some posts otherwise): kept, author unknown.
fn strays(dom: &Dom<'_>, lines: &Lines, kept: &[usize], posts: &[NodeId]) -> Option<FoundComment> {
    let is_stray = |i: &&usize| {
        let node = lines.blocks[**i].node;
        let before = posts.partition_point(|p| *p <= node);
        before > 0 && node >= dom.after_subtree(posts[before - 1])
    };
    let text: Vec<&str> =
        kept.iter().filter(is_stray).map(|&i| lines.line(&lines.blocks[i])).collect();
    (!text.is_empty()).then(|| FoundComment { text: text.join("\n"), ..FoundComment::default() })
}

/// The kept blocks inside a box. Blocks and kept indices are in document order, so this is one range.
fn inside(dom: &Dom<'_>, lines: &Lines, kept: &[usize], post: NodeId) -> Vec<usize> {
    let node = |i: &usize| lines.blocks[*i].node;
    let from = kept.partition_point(|i| node(i) < post);
    let to = kept.partition_point(|i| node(i) < dom.after_subtree(post));
    kept[from..to].to_vec()
}

/// The boxes of the posts: siblings of one name, each with text and with a time or a user beside it.
fn posts_of(dom: &Dom<'_>, lines: &Lines, root: NodeId, kept: &[usize]) -> Option<Vec<NodeId>> {
    let mut chars = vec![0u32; dom.nodes.len()];
    let mut signs = vec![0u32; dom.nodes.len()];
    for &i in kept {
        chars[lines.blocks[i].owner as usize] += lines.blocks[i].chars;
    }
    for block in &lines.blocks {
        let line = lines.line(block);
        let is_sign = is_post_meta(line, block.chars)
            || ends_with_ago(line, block.chars)
            || lines.hints[block.owner as usize].has(Hint::META);
        signs[block.owner as usize] += u32::from(is_sign);
    }
    for id in (1..dom.nodes.len()).rev() {
        let parent = dom.nodes[id].parent as usize;
        chars[parent] += chars[id];
        signs[parent] += signs[id];
    }
    let mut best: Option<(u32, Vec<NodeId>)> = None;
    for at in root..dom.after_subtree(root) {
        if chars[at as usize] == 0 || dom.tag(at) == Tag::Text {
            continue;
        }
        let mut kinds: HashMap<(Tag2, &str), Vec<NodeId>> = HashMap::new();
        for child in dom.children(at) {
            if chars[child as usize] > 0 && signs[child as usize] > 0 {
                let class = dom
                    .attr(child, AttrName::Class)
                    .and_then(|c| c.split_ascii_whitespace().next());
                let key = (std::mem::discriminant(&dom.tag(child)), class.unwrap_or_default());
                kinds.entry(key).or_default().push(child);
            }
        }
        for posts in kinds.into_values().filter(|p| p.len() >= 2) {
            let covered: u32 = posts.iter().map(|&p| chars[p as usize]).sum();
            if best.as_ref().is_none_or(|(most, _)| covered > *most) {
                best = Some((covered, posts));
            }
        }
    }
    best.map(|(_, mut posts)| {
        posts.truncate(MAX_POSTS);
        posts
    })
}

fn reply(
    dom: &Dom<'_>,
    lines: &Lines,
    kept: &[usize],
    post: NodeId,
    around: &Around<'_>,
) -> FoundComment {
    let own = inside(dom, lines, kept, post);
    let text: Vec<&str> = own.iter().map(|&i| lines.line(&lines.blocks[i])).collect();
    let start = own.first().map_or(0, |&i| lines.blocks[i].start);
    let context = TimeContext::new(around.now, around.zone);
    let mut published_at = None;
    let mut author: Option<&str> = None;
    let mut by_link = false;
    let from = lines.blocks.partition_point(|b| b.node < post);
    let end = dom.after_subtree(post);
    let blocks = lines.blocks.iter().enumerate().skip(from);
    for (i, block) in blocks.take_while(|(_, b)| b.node < end).take(30) {
        let line = lines.line(block);
        if block.chars > 40 || text.contains(&line) {
            continue;
        }
        let dated = line.contains(|c: char| c.is_ascii_digit() || matches!(c, '前' | '刚' | '天'));
        let time = if dated { parse_time(line, around.now, around.zone) } else { None };
        // What an attribute states is exact where the line says 3 小时前.
        let exact = || published::in_attribute(dom, lines, i, &context);
        let time = if dated { exact().or(time) } else { time };
        let time = time.filter(|t| t.at <= around.now + chrono::Duration::hours(24));
        if published_at.is_none() && (time.is_some_and(|t| t.has_time) || has_digit(line)) {
            published_at = time.map(|t| t.at);
        }
        // `远山 2026-11-16 22:40`: a linked name before the time on the same line.
        if author.is_none() && time.is_some() && block.start < start && block.link_chars >= 2 {
            author = name_before_time(line);
        }
        // The name stands before the text; a link to the user's page is surer than other words.
        let is_name = (2..=20).contains(&block.chars)
            && block.start < start
            && time.is_none()
            && !is_post_meta(line, block.chars)
            && !phrase::is_furniture(line, block.chars);
        if is_name && (author.is_none() || (block.link_chars > 0 && !by_link)) {
            by_link = block.link_chars > 0;
            author = Some(line);
        }
    }
    FoundComment {
        text: with_quotes_marked(dom, lines, &own, post),
        published_at,
        author: author.map(str::to_owned),
    }
}

/// A short line that ends with how long ago it was: `coalface 3 天前`.
fn ends_with_ago(line: &str, chars: u32) -> bool {
    const ENDS: [&str; 6] = ["秒前", "分钟前", "小时前", "天前", "月前", "年前"];
    chars <= 40 && ENDS.iter().any(|end| line.ends_with(end))
}

/// The words before the time of a line, as a name.
fn name_before_time(line: &str) -> Option<&str> {
    let words = time_words(line)?;
    let name = line[..line.find(&words)?].trim_matches(|c: char| !c.is_alphanumeric());
    (2..=20).contains(&name.chars().count()).then_some(name)
}

fn has_digit(line: &str) -> bool {
    line.bytes().any(|b| b.is_ascii_digit())
}

/// The lines of a post, those that repeat somebody else's words behind `> `; none are marked where all would be.
fn with_quotes_marked(dom: &Dom<'_>, lines: &Lines, own: &[usize], post: NodeId) -> String {
    let quoted: Vec<bool> =
        own.iter().map(|&i| is_quoted(dom, lines, lines.blocks[i].owner, post)).collect();
    let has_own_words = quoted.iter().any(|is| !is);
    let line = |(&i, &is_quoted): (&usize, &bool)| {
        let line = lines.line(&lines.blocks[i]);
        if is_quoted && has_own_words { format!("> {line}") } else { line.to_owned() }
    };
    own.iter().zip(&quoted).map(line).collect::<Vec<_>>().join("\n")
}

/// Whether a box inside the post, around these words, is a quotation by its element or by its name.
fn is_quoted(dom: &Dom<'_>, lines: &Lines, owner: NodeId, post: NodeId) -> bool {
    let mut at = owner;
    while at > post {
        if dom.tag(at) == Tag::Blockquote || lines.own[at as usize].has(Hint::QUOTE) {
            return true;
        }
        at = dom.node(at).parent;
    }
    false
}
