//! A paper as Markdown, with anchors that marks and figures lead to.
//!
//! In: a [`Paper`]. Out: text. Drawings are told in words: the table beside them says the same.

use super::super::digest::Figure;
use super::super::markdown::{escape, link_target};
use super::super::paper::{Block, CloudWord, Paper, Run, Table};
use super::{quoted, titled};

/// `paper` as Markdown.
pub(super) fn markdown(paper: &Paper) -> String {
    let mut out = String::new();
    if !paper.head.red.is_empty() {
        line(&mut out, &format!("**{}**", escape(&paper.head.red)));
    }
    line(&mut out, &format!("# {}", escape(&paper.title)));
    let head = [&paper.head.issue, &paper.head.unit, &paper.head.day, &paper.head.span];
    let head: Vec<String> =
        head.iter().filter(|text| !text.is_empty()).map(|text| escape(text)).collect();
    line(&mut out, &head.join("　"));
    blocks(&mut out, paper, &paper.body);
    for sent in &paper.sent {
        line(&mut out, &escape(sent));
    }
    line(&mut out, &escape(&paper.made));
    if !paper.appendix.is_empty() {
        line(&mut out, &format!("# {}", escape(&paper.appendix_title)));
        blocks(&mut out, paper, &paper.appendix);
    }
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push_str("\n\n");
}

fn blocks(out: &mut String, paper: &Paper, blocks: &[Block]) {
    for block in blocks {
        let text = match block {
            Block::Heading(level, text) => {
                format!("{} {}", "#".repeat(usize::from(*level) + 1), runs(text, paper))
            }
            Block::Para(text) | Block::Note(text) => runs(text, paper),
            Block::Warn(text) => format!("> {}", runs(text, paper)),
            Block::Table(table) => table_text(table, paper),
            Block::Cloud(words, says) => cloud(words, says),
            Block::Drawing(_, says) => format!("*{}*", escape(says)),
            Block::Line(anchor, text) => format!("- <a id=\"{anchor}\"></a>{}", runs(text, paper)),
        };
        line(out, &text);
    }
}

/// Markdown has no sizes: the largest words stand in bold type.
fn cloud(words: &[CloudWord], says: &str) -> String {
    let word = |word: &CloudWord| match word.size {
        4.. => format!("**{}**", escape(&word.word)),
        _ => escape(&word.word),
    };
    let words: Vec<String> = words.iter().map(word).collect();
    format!("{}\n\n*{}*", words.join("　"), escape(says))
}

fn table_text(table: &Table, paper: &Paper) -> String {
    let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines = vec![row(table.head.iter().map(|head| escape(head)).collect())];
    lines.push(row(table
        .numbers
        .iter()
        .map(|is| if *is { "---:" } else { "---" }.to_owned())
        .collect()));
    lines.extend(
        table.rows.iter().map(|cells| row(cells.iter().map(|cell| runs(cell, paper)).collect())),
    );
    lines.join("\n")
}

fn mark(number: usize) -> String {
    format!("[\\[{number}\\]](#p{number})")
}

fn figure(figure: Figure, paper: &Paper) -> String {
    match (figure.value, figure.post, figure.set) {
        (None, _, _) => escape(&paper.lang.text("digest.not_measured")),
        (Some(value), Some(post), _) => format!("[{value}](#p{post})"),
        (Some(value), None, Some(set)) => format!("[{value}](#s{set})"),
        (Some(value), None, None) => value.to_string(),
    }
}

fn runs(text: &[Run], paper: &Paper) -> String {
    let mut out = String::new();
    for run in text {
        match run {
            Run::Text(text) => out += &escape(text),
            Run::Part(text) => out += &format!("**{}**", escape(text.trim())),
            Run::Strong(text) => out += &format!("**{}**", escape(text.trim())),
            Run::Quote(quote) => {
                out += &format!("{}{}", escape(&quoted(&quote.text)), mark(quote.post));
            }
            Run::Title(title) => {
                out += &format!("{}{}", escape(&titled(&title.text, paper.lang)), mark(title.post));
            }
            Run::Mark(number) => out += &mark(*number),
            Run::Count(count) => out += &figure(*count, paper),
            Run::Address(url) => match link_target(url) {
                Some(target) => out += &format!("[{}]({target})", escape(url)),
                None => out += &escape(url),
            },
        }
    }
    out
}
