//! The order of reading one page: decode, parse, cut into lines, find the text, then title, time and names.
//!
//! In: a `Page`. Out: `Found`, or a drop: not text, a list, or nothing to read. What the parts find is put
//! together here and nowhere else.

use super::blocks::{self, Lines};
use super::body::{self, Body};
use super::dom::Dom;
use super::features::{self, Seen};
use super::judge::Judge;
use super::kind::{PageKind, kind_of};
use super::learning::PageLines;
use super::meta::Meta;
use super::published::{self, Evidence};
use super::selectors::Selected;
use super::thread::Thread;
use super::{ReadOptions, byline, decode, markup, stated, thread, title};
use crate::record::{Confidence, DropReason, Found, Issue, Page, Published, Verdict};

/// Reads a page.
#[must_use]
pub fn read_page(page: &Page, options: &ReadOptions) -> Verdict<Found> {
    read_page_by(Judge::shipped(), page, options)
}

/// Reads a page by other trees than the shipped ones.
#[must_use]
pub fn read_page_by(judge: &Judge, page: &Page, options: &ReadOptions) -> Verdict<Found> {
    if !is_text(page) {
        return Verdict::Drop(DropReason::NotText);
    }
    let (found, kind) = found_in(judge, page, options);
    match &found.text {
        Some(text) if !text.is_empty() => Verdict::Keep(found),
        _ if !found.comments.is_empty() => Verdict::Keep(found),
        _ if kind == PageKind::List => Verdict::Drop(DropReason::NotAnArticle),
        _ => Verdict::Drop(DropReason::TooShort),
    }
}

/// Reads a page whose text stands in a frame: the text of the frame under the title, time and names of the page
/// around it, each from the frame where the page has none.
#[must_use]
pub fn read_framed(around: &Page, inner: &Page, options: &ReadOptions) -> Verdict<Found> {
    let inner = match read_page(inner, options) {
        Verdict::Keep(inner) => inner,
        Verdict::Drop(reason) => return Verdict::Drop(reason),
    };
    let (outer, _) = found_in(Judge::shipped(), around, options);
    Verdict::Keep(Found {
        title: outer.title.or(inner.title),
        published: outer.published.or(inner.published),
        author: outer.author.or(inner.author),
        outlet: outer.outlet.or(inner.outlet),
        origin: outer.origin.or(inner.origin),
        ..inner
    })
}

/// All that a page says, be it an article or not, and what kind of page it is.
fn found_in(judge: &Judge, page: &Page, options: &ReadOptions) -> (Found, PageKind) {
    let decoded = decode(&page.body, page.header("content-type"));
    let dom = markup::parse(&decoded.text);
    let mut issues = decoded.issues;
    if dom.truncated && !issues.contains(&Issue::Truncated) {
        issues.push(Issue::Truncated);
    }
    let selected = match &options.selectors {
        // A page over the limits may be hostile to the full parser.
        Some(selectors) if !dom.truncated => Selected::of(&decoded.text, selectors),
        _ => Selected::default(),
    };
    let mut cut = Cut::of(page, &dom);
    let kind = kind_of(&dom, &cut.lines);
    let (body, sure) = judge.text_of(&cut.seen(&dom), &cut.body);
    // A list in which the rules find no text stays a list unless the judge is sure of one.
    if kind != PageKind::List || !cut.body.kept.is_empty() || sure >= SURE {
        cut.body = body;
    }
    let mut found = gather(&cut, &dom, page, options, issues);
    if cut.is_thread {
        let around = thread::Around {
            url: &page.url,
            title: cut.title.as_deref(),
            now: options.now,
            zone: options.zone,
        };
        let thread = thread::split(&dom, &cut.lines, cut.body, &around);
        take_thread(&mut found, thread, &cut.lines);
    }
    overrule(&mut found, selected, options);
    (found, kind)
}

/// How sure the judge must be of a text in a list. Of 13 real lists one reaches 0.52, of the others none 0.43; real
/// articles have 0.7 and more.
const SURE: f32 = 0.6;

/// What the judge sees of a page.
pub(super) fn lines_for_learning(page: &Page) -> PageLines {
    let decoded = decode(&page.body, page.header("content-type"));
    let dom = markup::parse(&decoded.text);
    let cut = Cut::of(page, &dom);
    let rows = features::rows(&cut.seen(&dom), &cut.body);
    PageLines {
        lines: cut.lines.blocks.iter().map(|b| cut.lines.line(b).to_owned()).collect(),
        width: rows.width,
        seen: rows.seen,
        figures: rows.all,
    }
}

/// A page cut into lines, as the rules see it.
struct Cut<'a> {
    meta: Meta<'a>,
    lines: Lines,
    title: Option<String>,
    is_thread: bool,
    /// The text of an article by the rules, around which time and names are looked for.
    rule: Body,
    /// The text as it will be shown: of an article, or of all posts of a thread.
    body: Body,
}

impl<'a> Cut<'a> {
    fn of(page: &Page, dom: &Dom<'a>) -> Self {
        let meta = Meta::of(dom);
        let (lines, rule) = main_text(dom);
        let title = title::find(dom, &lines, &rule, &meta);
        let is_thread = thread::is_thread(&page.url, &meta);
        let posts = if is_thread { thread::lines_of(dom, &lines) } else { None };
        let body = posts.unwrap_or_else(|| rule.clone());
        Self { meta, title, is_thread, rule, body, lines }
    }

    fn seen<'s>(&'s self, dom: &'s Dom<'a>) -> Seen<'s, 'a> {
        Seen { dom, lines: &self.lines, title: self.title.as_deref(), is_thread: self.is_thread }
    }
}

/// Images, archives and the like, by their first bytes or their declared type.
fn is_text(page: &Page) -> bool {
    const MAGIC: [&[u8]; 9] = [
        b"\x89PNG",
        b"\xff\xd8\xff",
        b"GIF8",
        b"%PDF",
        b"PK\x03\x04",
        b"\x1f\x8b",
        b"RIFF",
        b"Rar!",
        b"\xd0\xcf\x11\xe0",
    ];
    let declared = page.header("content-type").unwrap_or("text/html").to_ascii_lowercase();
    let foreign = [
        "image/",
        "audio/",
        "video/",
        "application/pdf",
        "application/zip",
        "application/octet-stream",
    ];
    !MAGIC.iter().any(|m| page.body.starts_with(m))
        && !foreign.iter().any(|f| declared.starts_with(f))
}

/// Least letters of a main text; below it, what the page hides is looked at too.
const LEAST_CHARS: u32 = 40;

fn main_text(dom: &Dom<'_>) -> (Lines, Body) {
    let lines = blocks::lines(dom, false);
    let body = body::find(dom, &lines);
    if body.as_ref().is_some_and(|b| b.chars(&lines) >= LEAST_CHARS) {
        return (lines, body.unwrap_or_default());
    }
    let all = blocks::lines(dom, true);
    match body::find(dom, &all) {
        Some(hidden) if hidden.chars(&all) >= LEAST_CHARS => (all, hidden),
        _ => (lines, body.unwrap_or_default()),
    }
}

fn gather(
    cut: &Cut<'_>,
    dom: &Dom<'_>,
    page: &Page,
    options: &ReadOptions,
    issues: Vec<Issue>,
) -> Found {
    let Cut { meta, lines, title, rule, body, .. } = cut;
    let evidence = Evidence {
        dom,
        lines,
        body: rule,
        meta,
        title: title.as_deref(),
        url: &page.url,
        now: options.now,
        zone: options.zone,
    };
    let published = published::find(&evidence);
    let names = byline::find(&evidence);
    let text = body.text(lines, dom, title.as_deref());
    let text = stated::text(meta, &text).unwrap_or(text);
    Found {
        text: Some(text).filter(|t| !t.is_empty()),
        title: title.clone(),
        published,
        author: names.author,
        outlet: names.outlet,
        origin: names.origin,
        issues,
        ..Found::default()
    }
}

/// Replaces the article's text with the posts of the thread. A question without words of its own is its title.
fn take_thread(found: &mut Found, thread: Thread, lines: &Lines) {
    let first = thread.first.plain_text(lines);
    let text = if first.is_empty() && !thread.replies.is_empty() {
        found.title.clone()
    } else {
        Some(first)
    };
    found.text = text.filter(|t| !t.is_empty());
    found.author = thread.author.or(found.author.take());
    if found.counts.comments.is_none() && !thread.replies.is_empty() {
        found.counts.comments = u64::try_from(thread.replies.len()).ok();
    }
    found.comments = thread.replies;
}

/// What config's selectors found replaces what the reader found.
fn overrule(found: &mut Found, selected: Selected, options: &ReadOptions) {
    found.title = selected.title.or(found.title.take());
    found.text = selected.text.or(found.text.take());
    found.author = selected.author.or(found.author.take());
    let time = selected.published.and_then(|p| super::parse_time(&p, options.now, options.zone));
    if let Some(time) = time {
        found.published = Some(Published {
            at: time.at,
            has_time: time.has_time,
            confidence: Confidence::High,
            place: "selector".to_owned(),
        });
    }
}
