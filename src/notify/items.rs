//! A message taken apart into items, and put together again into parts that are not too long.
//!
//! In: our own Markdown (lines with bold, links and escapes; no tables). Out: items of plain spans, and groups of
//! items that fit. Only an item that is too long for a whole message is cut, at the end of a character; nothing is lost.

/// A piece of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Span {
    /// Text as it is read.
    Text(String),
    /// The same, stressed.
    Bold(String),
    /// Text that leads somewhere.
    Link { text: String, url: String },
}

/// One line of a message: what is never cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Item(pub(super) Vec<Span>);

impl Item {
    /// An item of one text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self(vec![Span::Text(text.into())])
    }

    /// As plain text: a link with its address behind it.
    pub(super) fn plain(&self) -> String {
        let shown = self.0.iter().map(|span| match span {
            Span::Text(text) | Span::Bold(text) => text.clone(),
            Span::Link { text, url } => format!("{text} {url} "),
        });
        shown.collect::<String>().trim_end().to_owned()
    }
}

/// The items of `markdown`; a first heading that says `title` is left out.
pub(super) fn items(markdown: &str, title: &str) -> Vec<Item> {
    let mut items = Vec::new();
    for line in markdown.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let heading = line.trim_start_matches('#');
        let is_heading = heading.len() < line.len() && heading.starts_with(' ');
        if !is_heading {
            items.push(Item(spans(line)));
            continue;
        }
        let item = Item(spans(heading.trim_start()));
        if items.is_empty() && item.plain() == title {
            continue;
        }
        items.push(Item(vec![Span::Bold(item.plain())]));
    }
    items
}

/// The spans of one line.
fn spans(line: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut text = String::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let found = match c {
            '*' if rest.starts_with("**") => bold(rest),
            '[' => link(rest),
            _ => None,
        };
        if let Some((span, after)) = found {
            if !text.is_empty() {
                spans.push(Span::Text(std::mem::take(&mut text)));
            }
            spans.push(span);
            rest = after;
            continue;
        }
        let (read, after) = character(rest);
        text.push_str(read);
        rest = after;
    }
    if !text.is_empty() {
        spans.push(Span::Text(text));
    }
    spans
}

/// One character as it is read, and what follows it.
fn character(text: &str) -> (&str, &str) {
    for (entity, sign) in [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")] {
        if let Some(rest) = text.strip_prefix(entity) {
            return (sign, rest);
        }
    }
    let escaped =
        text.strip_prefix('\\').filter(|rest| rest.starts_with(|c: char| c.is_ascii_punctuation()));
    let text = escaped.unwrap_or(text);
    let len = text.chars().next().map_or(0, char::len_utf8);
    text.split_at(len)
}

/// `text` up to an unescaped `end`, as it is read, and what follows.
fn until<'t>(mut text: &'t str, end: &str) -> Option<(String, &'t str)> {
    let mut read = String::new();
    while !text.is_empty() {
        if let Some(rest) = text.strip_prefix(end) {
            return Some((read, rest));
        }
        let (sign, rest) = character(text);
        read.push_str(sign);
        text = rest;
    }
    None
}

fn bold(text: &str) -> Option<(Span, &str)> {
    let (inner, rest) = until(text.strip_prefix("**")?, "**")?;
    (!inner.is_empty()).then_some((Span::Bold(inner), rest))
}

fn link(text: &str) -> Option<(Span, &str)> {
    let (inner, rest) = until(text.strip_prefix('[')?, "](")?;
    let (url, rest) = rest.split_once(')')?;
    // An address within the document leads nowhere from a message.
    let span = if url.starts_with("http") {
        Span::Link { text: inner, url: url.to_owned() }
    } else {
        Span::Text(inner)
    };
    Some((span, rest))
}

/// `items` in as few groups as `fits` lets them be, in their order. There is always one group.
pub(super) fn grouped(items: Vec<Item>, fits: &impl Fn(&[Item]) -> bool) -> Vec<Vec<Item>> {
    let mut groups: Vec<Vec<Item>> = vec![Vec::new()];
    for item in items {
        let pieces =
            if fits(std::slice::from_ref(&item)) { vec![item] } else { cut(&item.plain(), fits) };
        for piece in pieces {
            let last = groups.last_mut().expect("there is always one group");
            last.push(piece);
            if last.len() > 1 && !fits(last) {
                let moved = last.pop().expect("it was just put there");
                groups.push(vec![moved]);
            }
        }
    }
    groups
}

/// An item that no message has room for, in pieces that fit.
fn cut(text: &str, fits: &impl Fn(&[Item]) -> bool) -> Vec<Item> {
    let chars = text.chars().count();
    let item = Item::text(text);
    if chars < 2 || fits(std::slice::from_ref(&item)) {
        return vec![item];
    }
    let middle = text.char_indices().nth(chars / 2).map_or(0, |(at, _)| at);
    let (left, right) = text.split_at(middle);
    let mut pieces = cut(left, fits);
    pieces.extend(cut(right, fits));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::markdown;

    #[test]
    fn our_own_markdown_is_read_back_as_it_was_meant() {
        let hostile = "欠薪*第四个月*了](javascript:x) <at user_id=\"all\"> 1. # a_b";
        let line =
            format!("1. [{}](http://demo.invalid/t%281%29)　霁河论坛", markdown::escape(hostile));
        let read = items(
            &format!("### 【较大】预警\n\n**为什么**：{}\n{line}\n", markdown::escape(hostile)),
            "【较大】预警",
        );
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].0[0], Span::Bold("为什么".into()));
        assert_eq!(read[0].0[1], Span::Text(format!("：{hostile}")));
        assert_eq!(
            read[1].0[1],
            Span::Link { text: hostile.into(), url: "http://demo.invalid/t%281%29".into() }
        );
    }

    #[test]
    fn parts_are_cut_between_items_and_nothing_is_lost() {
        let lines: Vec<Item> =
            (0..50).map(|i| Item::text(format!("{i} {}", "云".repeat(i)))).collect();
        let whole: String = lines.iter().map(Item::plain).collect();
        let size = |items: &[Item]| items.iter().map(|item| item.plain().len()).sum::<usize>();
        let fits = |items: &[Item]| size(items) <= 100;
        let groups = grouped(lines.clone(), &fits);
        assert!(groups.iter().all(|group| fits(group)));
        assert_eq!(groups.iter().flatten().map(Item::plain).collect::<String>(), whole);
        let kept = groups.iter().flatten().filter(|item| lines.contains(item)).count();
        let too_long = lines.iter().filter(|item| size(std::slice::from_ref(item)) > 100).count();
        assert_eq!(kept, lines.len() - too_long);
    }
}
