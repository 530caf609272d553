//! The order of reading one page: decode, parse, cut into lines, find the text, then title, time and names.
//!
//! In: a `Page`. Out: `Found`, or a drop: not text, a list, or nothing to read. What the parts find is put
//! together here and nowhere else.

use super::blocks::{self, Lines};
use super::body::{self, Body};
use super::dom::Dom;
use super::kind::{PageKind, kind_of};
use super::meta::Meta;
use super::published::{self, Dated, Evidence};
use super::selectors::Selected;
use super::thread::Thread;
use super::{ReadOptions, byline, decode, fragment, markup, thread, title};
use crate::record::{Confidence, DropReason, Found, Issue, Page, Published, Verdict};

/// Reads a page.
#[must_use]
pub fn read_page(page: &Page, options: &ReadOptions) -> Verdict<Found> {
    if !is_text(page) {
        return Verdict::Drop(DropReason::NotText);
    }
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
    let meta = Meta::of(&dom);
    let (lines, body) = main_text(&dom);
    let title = title::find(&dom, &lines, &body, &meta);
    let around = thread::Around {
        url: &page.url,
        title: title.as_deref(),
        now: options.now,
        zone: options.zone,
    };
    let is_thread = thread::is_thread(&page.url, &meta);
    let thread = if is_thread { thread::find(&dom, &lines, &around) } else { None };
    let shown = Shown { dom: &dom, lines: &lines, body: &body, meta: &meta, title };
    let mut found = gather(shown, page, options, issues);
    if let Some(thread) = thread {
        take_thread(&mut found, thread, &lines);
    }
    overrule(&mut found, selected, options);
    match &found.text {
        Some(text) if !text.is_empty() => Verdict::Keep(found),
        _ if !found.comments.is_empty() => Verdict::Keep(found),
        _ if kind_of(&dom, &lines) == PageKind::List => Verdict::Drop(DropReason::NotAnArticle),
        _ => Verdict::Drop(DropReason::TooShort),
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

/// The parts of one page that everything else is read from.
struct Shown<'a, 'b> {
    dom: &'a Dom<'b>,
    lines: &'a Lines,
    body: &'a Body,
    meta: &'a Meta<'b>,
    title: Option<String>,
}

fn gather(
    shown: Shown<'_, '_>,
    page: &Page,
    options: &ReadOptions,
    mut issues: Vec<Issue>,
) -> Found {
    let Shown { dom, lines, body, meta, title } = shown;
    let evidence = Evidence {
        dom,
        lines,
        body,
        meta,
        title: title.as_deref(),
        url: &page.url,
        now: options.now,
        zone: options.zone,
    };
    let published = match published::find(&evidence) {
        Dated::Known(published) => Some(published),
        Dated::Future => {
            issues.push(Issue::FutureDate);
            None
        }
        Dated::None => None,
    };
    let names = byline::find(&evidence);
    let text = body.text(lines, dom, title.as_deref());
    let text =
        if text.chars().count() < 60 { stated_text(meta, &text).unwrap_or(text) } else { text };
    Found {
        text: Some(text).filter(|t| !t.is_empty()),
        title,
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

/// The text as JSON-LD has it, where the page shows next to none.
fn stated_text(meta: &Meta<'_>, shown: &str) -> Option<String> {
    let stated = fragment::html_to_text(&meta.in_json_ld("articleBody")?);
    (stated.chars().count() > shown.chars().count() * 2).then_some(stated)
}

/// What config's selectors found replaces what the reader found.
fn overrule(found: &mut Found, selected: Selected, options: &ReadOptions) {
    found.title = selected.title.or(found.title.take());
    found.text = selected.text.or(found.text.take());
    found.author = selected.author.or(found.author.take());
    let time = selected.published.and_then(|p| super::parse_time(&p, options.now, options.zone));
    if let Some(time) = time.filter(|t| t.at <= options.now + chrono::Duration::hours(24)) {
        found.published = Some(Published {
            at: time.at,
            has_time: time.has_time,
            confidence: Confidence::High,
            place: "selector".to_owned(),
        });
    }
}
