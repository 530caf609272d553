//! From raw fields to a post that may be stored: private numbers masked, private authors under a pseudonym,
//! nothing in it that steers a terminal.
//!
//! In: `Found` (of a page, feed item or row), the place it comes from, the privacy settings. Out: a `Post`, or a
//! named drop (too short). The only door to `Post`: what passes here has no private name or number in it that
//! can be told. Knows no HTML.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::mask::mask;
use super::no_article;
use super::title::bare;
use crate::crawl::{SourceConfig, is_own_address};
use crate::record::{
    Author, Comment, DropReason, Found, FoundComment, Issue, Post, PostId, Published, Verdict,
    is_future,
};
use crate::text::{hex, visible, visible_line};

/// Where a post comes from.
#[derive(Clone, Copy, Debug)]
pub struct PostPlace<'a> {
    /// Canonical address, or `import:<source>/<row>`.
    pub url: &'a str,
    /// The source that brought it.
    pub source: &'a SourceConfig,
    /// When it was fetched or imported.
    pub fetched_at: DateTime<Utc>,
    /// Least letters of title and text together; shorter is dropped as too short.
    pub min_chars: usize,
}

/// How private data is treated.
#[derive(Clone)]
pub struct Privacy {
    /// The key of pseudonyms; lies apart from the data. The same key gives the same pseudonyms.
    pub key: Vec<u8>,
    /// Names of official and media accounts of all sources, beside each source's own list.
    pub official_authors: Vec<String>,
}

impl std::fmt::Debug for Privacy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Privacy")
            .field("official_authors", &self.official_authors)
            .finish_non_exhaustive()
    }
}

/// Longest title kept when the first line of the text stands in, in characters.
const TITLE_CHARS: usize = 40;

/// Makes a post of what was found.
#[must_use]
pub fn assemble(found: Found, place: &PostPlace<'_>, privacy: &Privacy) -> Verdict<Post> {
    let found = without_steering(found);
    let mut issues = found.issues;
    let text = found.text.unwrap_or_default();
    let text = text.trim();
    let given = found.title.as_deref().map(str::trim).filter(|t| !t.is_empty());
    let title = match given {
        Some(title) => title.to_owned(),
        None => {
            note(&mut issues, Issue::NoTitle);
            first_line(text)
        }
    };
    let comments_chars: usize = found.comments.iter().map(|c| c.text.chars().count()).sum();
    let chars =
        bare(text).chars().count() + comments_chars + given.map_or(0, |t| bare(t).chars().count());
    if chars < place.min_chars.max(1) {
        return Verdict::Drop(DropReason::TooShort);
    }
    if found.comments.is_empty() && no_article::is_none(given.unwrap_or_default(), text) {
        return Verdict::Drop(DropReason::NotAnArticle);
    }
    note_lacks(&mut issues, &found.published, place);
    if found.author.is_none() && found.outlet.is_none() && found.origin.is_none() {
        note(&mut issues, Issue::NoAuthor);
    }
    let site = site_of(place);
    let naming = Naming {
        place,
        privacy,
        site: &site,
        outlets: [found.outlet.as_deref(), found.origin.as_deref()],
    };
    let author = found.author.as_deref().and_then(|name| naming.author(name));
    // In a thread people call each other by name: whoever writes in it is private in all of it.
    let names = naming.private_names(&found.author, &found.comments);
    let own = found.author.as_deref();
    let title = clean(&title, own, &names);
    let text = clean(text, own, &names);
    let comments = found.comments.iter().map(|c| naming.comment(c, &names)).collect();
    let content_hash = content_hash(&title, &text);
    Verdict::Keep(Post {
        id: PostId::of_url(place.url),
        url: place.url.to_owned(),
        source: place.source.id.clone(),
        channel: place.source.channel,
        trust: place.source.trust,
        title,
        text,
        author,
        outlet: found.outlet.map(|o| mask(&o).into_owned()),
        origin: found.origin.map(|o| mask(&o).into_owned()),
        published: found.published,
        fetched_at: place.fetched_at,
        counts: found.counts,
        comments,
        issues,
        content_hash,
        site,
    })
}

/// A time to come, no time at all, and an address of another house are told with the post.
fn note_lacks(issues: &mut Vec<Issue>, published: &Option<Published>, place: &PostPlace<'_>) {
    if published.as_ref().is_some_and(|p| is_future(p.at, place.fetched_at)) {
        note(issues, Issue::FutureDate);
    }
    if !is_own_address(place.url, place.source) {
        note(issues, Issue::ClaimedAddress);
    }
    if published.is_none() && !issues.contains(&Issue::FutureDate) {
        note(issues, Issue::NoDate);
    }
}

/// What a list or feed said of a page, fit to wait on disk until the page is read: its title, text and outlets with
/// numbers masked and its author's name taken out, no replies.
#[must_use]
pub fn without_names(found: Found) -> Found {
    let found = without_steering(found);
    let author = found.author.as_deref().map(str::trim).filter(|name| name.chars().count() >= 2);
    let names: Vec<&str> = author.into_iter().collect();
    Found {
        title: found.title.map(|title| clean(&title, author, &names)),
        outlet: found.outlet.map(|outlet| mask(&outlet).into_owned()),
        origin: found.origin.map(|origin| mask(&origin).into_owned()),
        text: found.text.map(|text| clean(&text, author, &names)),
        author: None,
        comments: Vec::new(),
        ..found
    }
}

/// What was found without signs that steer a terminal or turn the direction of writing; names and titles on one line.
fn without_steering(found: Found) -> Found {
    let line = |text: Option<String>| text.map(|t| visible_line(&t).into_owned());
    let comment = |comment: FoundComment| FoundComment {
        text: visible(&comment.text).into_owned(),
        author: line(comment.author),
        ..comment
    };
    Found {
        title: line(found.title),
        text: found.text.map(|t| visible(&t).into_owned()),
        author: line(found.author),
        outlet: line(found.outlet),
        origin: line(found.origin),
        comments: found.comments.into_iter().map(comment).collect(),
        ..found
    }
}

fn note(issues: &mut Vec<Issue>, issue: Issue) {
    if !issues.contains(&issue) {
        issues.push(issue);
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let sentence = line.split_inclusive(['。', '！', '？']).next().unwrap_or(line);
    sentence.chars().take(TITLE_CHARS).collect()
}

/// Host without `www.`, or the source id for imports.
fn site_of(place: &PostPlace<'_>) -> String {
    let host = url::Url::parse(place.url).ok().and_then(|u| u.host_str().map(str::to_owned));
    host.map_or_else(
        || place.source.id.to_string(),
        |h| h.strip_prefix("www.").unwrap_or(&h).to_owned(),
    )
}

fn content_hash(title: &str, text: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(crate::text::fold(title).text());
    hash.update([0]);
    hash.update(crate::text::fold(text).text());
    let digest = hash.finalize();
    let mut first = [0u8; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

/// `u_` and 12 hex digits: HMAC-SHA256 over site and name. Equal for the same name on the same site only.
#[must_use]
pub fn pseudonym(key: &[u8], site: &str, name: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(site.as_bytes());
    mac.update(&[0]);
    mac.update(name.trim().as_bytes());
    format!("u_{}", hex(&mac.finalize().into_bytes()[..6]))
}

struct Naming<'a> {
    place: &'a PostPlace<'a>,
    privacy: &'a Privacy,
    site: &'a str,
    outlets: [Option<&'a str>; 2],
}

impl Naming<'_> {
    fn author(&self, name: &str) -> Option<Author> {
        let name = name.trim();
        if name.is_empty() {
            return None;
        }
        if self.is_official(name) {
            return Some(Author::Official(name.to_owned()));
        }
        Some(Author::Pseudonym(pseudonym(&self.privacy.key, self.site, name)))
    }

    fn is_official(&self, name: &str) -> bool {
        let own = bare(name);
        let listed =
            self.place.source.official_authors.iter().chain(&self.privacy.official_authors);
        listed
            .map(String::as_str)
            .chain([self.place.source.name.as_str()])
            .chain(self.outlets.into_iter().flatten())
            .any(|n| bare(n) == own)
            || is_organisation(name)
    }

    fn comment(&self, comment: &FoundComment, names: &[&str]) -> Comment {
        Comment {
            text: clean(&comment.text, comment.author.as_deref(), names),
            published_at: comment.published_at,
            author: comment.author.as_deref().and_then(|name| self.author(name)),
        }
    }

    /// The names, whole and in their parts, of everybody private who writes in a thread; longer ones first, so
    /// that none is left half.
    fn private_names<'n>(
        &self,
        author: &'n Option<String>,
        comments: &'n [FoundComment],
    ) -> Vec<&'n str> {
        let replying = comments.iter().filter_map(|comment| comment.author.as_deref());
        let mut names: Vec<&str> = author
            .as_deref()
            .into_iter()
            .chain(replying)
            .filter(|name| !self.is_official(name))
            .flat_map(|name| name.split([' ', '、', '，', ',', '/', '\u{3000}']).chain([name]))
            .map(str::trim)
            .filter(|name| name.chars().count() >= 2)
            .collect();
        names.sort_by_key(|name| (std::cmp::Reverse(name.len()), *name));
        names.dedup();
        names
    }
}

/// Characters from which the name of who wrote a text is taken out at its ends as well.
const OWN_EDGE_CHARS: usize = 3;

/// The same for the names of others in the thread: a nickname of three may be a place people speak of.
const OTHERS_EDGE_CHARS: usize = 4;

/// Masks numbers and takes private names out of bylines and mentions: those of `author`, and of everybody else.
fn clean(text: &str, author: Option<&str>, names: &[&str]) -> String {
    let masked = mask(text).into_owned();
    let named = names.iter().filter(|name| masked.contains(**name));
    let unnamed = named.fold(None, |done, name| {
        let is_own = author.is_some_and(|own| own.contains(name));
        let edge_chars = if is_own { OWN_EDGE_CHARS } else { OTHERS_EDGE_CHARS };
        Some(unname(done.as_deref().unwrap_or(&masked), name, edge_chars))
    });
    // A name that was part of an address took its protection with it.
    unnamed.map_or(masked, |unnamed| mask(&unnamed).into_owned())
}

/// Ends of names that only bodies and media have; a person who calls himself so loses nothing private.
fn is_organisation(name: &str) -> bool {
    const ENDS: [&str; 30] = [
        "人民政府",
        "政府办",
        "办公室",
        "委员会",
        "管理局",
        "公安局",
        "应急局",
        "监管局",
        "环境局",
        "日报",
        "晚报",
        "早报",
        "时报",
        "商报",
        "新华社",
        "通讯社",
        "电视台",
        "广播电台",
        "新闻网",
        "在线网",
        "出版社",
        "杂志社",
        "法院",
        "检察院",
        "有限公司",
        "股份公司",
        "集团",
        "宣传部",
        "新闻办",
        "总工会",
    ];
    name.chars().count() >= 3 && ENDS.iter().any(|e| name.ends_with(e))
}

/// Bytes at either end of a text in which a name of three or more characters is taken for a byline.
const EDGE_BYTES: usize = 240;

/// Takes a private name out where it signs: after a label or `@` anywhere, and near both ends of the text if it has
/// `edge_chars`. A shorter name is often an ordinary word, so it goes only after a label or in brackets.
fn unname(text: &str, name: &str, edge_chars: usize) -> String {
    const LABELS: [&str; 14] = [
        "作者",
        "记者",
        "通讯员",
        "编辑",
        "责编",
        "撰文",
        "文/",
        "文／",
        "楼主",
        "博主",
        "@",
        "回复",
        "by",
        "笔者",
    ];
    if !text.contains(name) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = text[at..].find(name) {
        let start = at + found;
        let end = start + name.len();
        let before =
            text[..start].trim_end_matches([' ', ':', '：', '\u{3000}', '/', '／', '、', '某']);
        let labelled = LABELS.iter().any(|l| before.ends_with(l))
            || out.ends_with("某某 ")
            || out.ends_with("某某、");
        let bracketed =
            before.ends_with(['（', '(']) && text[end..].starts_with(['）', ')', ' ', '、']);
        let alone = before.ends_with('\n') || before.is_empty();
        let alone = alone && text[end..].trim_start_matches(' ').starts_with('\n');
        let edge = name.chars().count() >= edge_chars
            && (start < EDGE_BYTES || end + EDGE_BYTES > text.len());
        out.push_str(&text[at..start]);
        out.push_str(if labelled || bracketed || alone || edge { "某某" } else { name });
        at = end;
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests;
