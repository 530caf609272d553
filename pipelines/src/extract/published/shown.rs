//! Signs of the published time in the lines near the title and the main text.
//!
//! In: the page and its lines. Out: signs with their weights. A line near the head is a byline, one near the end a
//! signature. A time inside prose counts only with a label of its own and in a short line. Relative times count
//! where the page marks them as such, unless an attribute states the exact one.

use super::super::blocks::Lines;
use super::super::dom::{AttrName, Dom, NodeId};
use super::super::hint::Hint;
use super::super::tag::Tag;
use super::super::time::{Form, ParsedTime, TimeContext, normal, parse_time_in, scan};
use super::label::{Label, labels_of};
use super::{Evidence, Signs};

/// A line with what its times are the times of.
struct Line {
    times: Vec<(ParsedTime, Label)>,
    chars: usize,
}

/// Dates in the lines near the title and the main text.
pub(super) fn shown(e: &Evidence<'_, '_>, signs: &mut Signs) {
    let blocks = &e.lines.blocks;
    let first = e.body.kept.first().copied().unwrap_or(blocks.len());
    let last = e.body.kept.last().copied().unwrap_or(0);
    let from = head_of(e, first);
    let head_end = (first + 4).min(blocks.len());
    let mut near = 0;
    for i in (from..head_end).chain(last..(last + 6).min(blocks.len())) {
        let Some(line) = read(e, i) else { continue };
        let inside_body = e.body.kept.binary_search(&i).is_ok() && i > first;
        let is_head = i <= first + 3;
        let place = if is_head { "byline" } else { "signature" };
        let is_labelled = names_a_byline(e.lines.line(&blocks[i]));
        let mut counted = false;
        for (time, label) in line.times {
            let weight = match label {
                Label::Bare => bare(time, is_head, is_labelled, line.chars, inside_body),
                _ if inside_body && line.chars >= 60 => 0,
                label => labelled(label, is_head, inside_body),
            };
            if weight > 0 {
                // Nearer lines first; of several in the head of a page each later one counts a little less.
                let weight = if near > 2 { weight.saturating_sub(1) } else { weight };
                counted = true;
                signs.add(Some(time), weight, place);
            }
        }
        near += u32::from(counted);
    }
    let end = blocks.get(head_end).map_or(e.dom.nodes.len() as NodeId, |b| b.node);
    if let Some(block) = blocks.get(from) {
        in_boxes(e, signs, block.node, end);
    }
}

/// The first line of the head: the title or a little before it, else a little before the text.
fn head_of(e: &Evidence<'_, '_>, first: usize) -> usize {
    let blocks = &e.lines.blocks;
    let title = e.title.map(super::super::title::bare).unwrap_or_default();
    let title_at = (0..first.min(blocks.len())).rev().find(|&i| {
        !title.is_empty() && super::super::title::bare(e.lines.line(&blocks[i])).contains(&title)
    });
    title_at.map_or(first.saturating_sub(12), |t| t.saturating_sub(3)).max(first.saturating_sub(40))
}

/// A time that nothing is said of: by where it stands and how short its line is.
fn bare(
    time: ParsedTime,
    is_head: bool,
    is_labelled: bool,
    chars: usize,
    inside_body: bool,
) -> u32 {
    match (is_head, is_labelled, chars < 60) {
        _ if inside_body && !(is_labelled || chars < 24) => 0,
        (true, true, _) => 5,
        (true, false, true) if time.has_time => 5,
        (true, false, true) => 4,
        (true, false, false) => 2,
        (false, true, _) => 4,
        (false, false, _) if chars < 24 => 3,
        _ => 0,
    }
}

/// A time that has a label. An update alone is still a sign, an unknown label next to none.
fn labelled(label: Label, is_head: bool, inside_body: bool) -> u32 {
    let weight = match label {
        Label::Published => 5,
        Label::Uploaded => 4,
        Label::Updated | Label::Written => 3,
        Label::Unknown if is_head && !inside_body => 2,
        Label::Unknown | Label::Other | Label::Bare => 0,
    };
    if is_head || weight < 5 { weight } else { 4 }
}

/// The times of line `i` with their labels; none where the line is a list or prose.
fn read(e: &Evidence<'_, '_>, i: usize) -> Option<Line> {
    let block = &e.lines.blocks[i];
    let line = e.lines.line(block);
    let in_list = block.link_chars * 2 > block.chars && block.chars > 24;
    if block.chars > 120 || line.len() > 600 || in_list {
        return None;
    }
    let context = TimeContext::new(e.now, e.zone);
    let text = normal(line);
    let chars = text.chars().count();
    let written = scan(&text, &context);
    let has_day = written.iter().any(|w| w.form == Form::Day);
    let hint = e.lines.hints[block.owner as usize];
    let mut times = Vec::new();
    let ranges: Vec<_> = written.iter().map(|w| w.range.clone()).collect();
    for (w, label) in written.iter().zip(labels_of(&text, &ranges)) {
        let is_marked = chars < 30 && hint.has(Hint::META) || label == Label::Published;
        let is_whole = w.range == (0..text.trim_end().len());
        let counts = match w.form {
            Form::Day => true,
            Form::Spoken | Form::NoYear => !has_day && is_marked,
            Form::Clock => !has_day && is_marked && is_whole,
        };
        if counts {
            times.push((w.time, label));
        }
    }
    if !has_day && let Some(time) = in_attribute(e.dom, e.lines, i, &context) {
        let label = times.first().map_or(Label::Bare, |(_, label)| *label);
        times = vec![(time, label)];
    }
    (!times.is_empty()).then_some(Line { times, chars })
}

/// The exact time that an element of line `i` states in its `title` or `datetime`, as boards do beside `5 天前`.
pub(in super::super) fn in_attribute(
    dom: &Dom<'_>,
    lines: &Lines,
    i: usize,
    context: &TimeContext,
) -> Option<ParsedTime> {
    let block = &lines.blocks[i];
    let end = lines.blocks.get(i + 1).map_or(dom.nodes.len() as NodeId, |next| next.node);
    let stated = |id: NodeId| {
        let parent = dom.node(id).parent;
        [AttrName::Title, AttrName::Datetime]
            .into_iter()
            .filter_map(|name| dom.attr_text(parent, name))
            .filter(|value| value.len() <= 40 && value.bytes().any(|b| b.is_ascii_digit()))
            .find_map(|value| {
                let (time, is_stated) = parse_time_in(&value, context)?;
                (is_stated && time.has_time).then_some(time)
            })
    };
    (block.node..end.min(block.node.saturating_add(24)))
        .filter(|&id| dom.tag(id) == Tag::Text)
        .find_map(stated)
}

/// Words of a byline anywhere in the line.
fn names_a_byline(line: &str) -> bool {
    ["发布", "发表", "时间", "日期", "来源", "刊发", "更新", "发于", "来自"]
        .iter()
        .any(|w| line.contains(w))
}

/// Day and month in boxes of their own, as `20` beside `2026-11`.
fn in_boxes(e: &Evidence<'_, '_>, signs: &mut Signs, from: NodeId, to: NodeId) {
    let mut before: Option<String> = None;
    for id in (from..to).filter(|&id| e.dom.tag(id) == Tag::Text) {
        let text = normal(e.dom.raw_text(id)).trim().to_owned();
        if text.is_empty() {
            continue;
        }
        if let Some(one) = before.take().filter(|one| one.len() <= 12 && text.len() <= 12) {
            let whole = match (is_day(&one), is_day(&text)) {
                (true, false) => boxed(&text, &one),
                (false, true) => boxed(&one, &text),
                _ => None,
            };
            if let Some(whole) = whole {
                signs.parse(&whole, 4, "byline");
            }
        }
        before = Some(text);
    }
}

fn is_day(text: &str) -> bool {
    let digits = text.trim_end_matches(['日', '号']);
    (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

/// `2026-11` and `20` as one date.
fn boxed(month: &str, day: &str) -> Option<String> {
    let parts: Vec<&str> =
        month.split(|c: char| !c.is_ascii_digit()).filter(|p| !p.is_empty()).collect();
    let others = month.chars().all(|c| c.is_ascii_digit() || "-./年月 ".contains(c));
    match parts.as_slice() {
        [year, month] if others && year.len() == 4 && month.len() <= 2 => {
            Some(format!("{year}-{month}-{}", day.trim_end_matches(['日', '号'])))
        }
        _ => None,
    }
}
