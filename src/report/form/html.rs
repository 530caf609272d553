//! A paper as one HTML file: readable in a browser, in mail and on A4, with its drawings as inline SVG.
//!
//! In: a [`Paper`]. Out: text. No script, nothing loaded from outside; addresses of posts are links only where they are
//! plain HTTP.

use pipelines::locale::Lang;
use pipelines::text::visible_line;

use super::super::digest::Figure;
use super::super::markdown::link_target;
use super::super::paper::{Block, CloudWord, Paper, Run, Table};
use super::{quoted, titled};

const STYLE: &str = include_str!("paper.css");

/// `paper` as HTML.
pub(super) fn html(paper: &Paper) -> String {
    let lang = match paper.lang {
        Lang::Zh => "zh-CN",
        Lang::En => "en",
    };
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <main>\n",
        escaped(&paper.title)
    );
    out += &head(paper);
    blocks(&mut out, paper, &paper.body);
    out += "<footer>";
    for line in paper.sent.iter().chain([&paper.made]) {
        out += &format!("<p>{}</p>", escaped(line));
    }
    out += "</footer>\n";
    if !paper.appendix.is_empty() {
        out +=
            &format!("<section class=\"appendix\">\n<h2>{}</h2>\n", escaped(&paper.appendix_title));
        blocks(&mut out, paper, &paper.appendix);
        out += "</section>\n";
    }
    out += "</main>\n</body>\n</html>\n";
    out
}

fn head(paper: &Paper) -> String {
    let head = &paper.head;
    let red = match head.red.is_empty() {
        true => String::new(),
        false => format!("<p class=\"red\">{}</p>", escaped(&head.red)),
    };
    let issue = match head.issue.is_empty() {
        true => String::new(),
        false => format!("<p class=\"issue\">{}</p>", escaped(&head.issue)),
    };
    format!(
        "<header>{red}{issue}<p class=\"meta\"><span>{}</span><span>{}</span></p></header>\n<h1>{}</h1>\n<p \
         class=\"span\">{}</p>\n",
        escaped(&head.unit),
        escaped(&head.day),
        escaped(&paper.title),
        escaped(&head.span)
    )
}

fn blocks(out: &mut String, paper: &Paper, blocks: &[Block]) {
    for block in blocks {
        *out += &match block {
            Block::Heading(level, text) => {
                let level = u32::from(*level) + 1;
                format!("<h{level}>{}</h{level}>", runs(text, paper))
            }
            Block::Para(text) => format!("<p>{}</p>", runs(text, paper)),
            Block::Note(text) => format!("<p class=\"note\">{}</p>", runs(text, paper)),
            Block::Warn(text) => format!("<p class=\"warn\">{}</p>", runs(text, paper)),
            Block::Table(table) => table_text(table, paper),
            Block::Drawing(drawing, says) => {
                format!(
                    "<figure>{}<figcaption>{}</figcaption></figure>",
                    drawing.svg(says),
                    escaped(says)
                )
            }
            Block::Cloud(words, says) => cloud(words, says),
            Block::Line(anchor, text) => {
                format!("<p class=\"line\" id=\"{anchor}\">{}</p>", runs(text, paper))
            }
        };
        out.push('\n');
    }
}

fn cloud(words: &[CloudWord], says: &str) -> String {
    let word =
        |word: &CloudWord| format!("<span class=\"w{}\">{}</span>", word.size, escaped(&word.word));
    let words: Vec<String> = words.iter().map(word).collect();
    format!(
        "<figure><p class=\"cloud\">{}</p><figcaption>{}</figcaption></figure>",
        words.join(" "),
        escaped(says)
    )
}

fn table_text(table: &Table, paper: &Paper) -> String {
    let class = |column: usize| if table.numbers[column] { " class=\"num\"" } else { "" };
    let mut out = "<table><thead><tr>".to_owned();
    for (i, (head, width)) in table.head.iter().zip(&table.widths).enumerate() {
        out += &format!(
            "<th scope=\"col\"{} style=\"width:{width}%\">{}</th>",
            class(i),
            escaped(head)
        );
    }
    out += "</tr></thead><tbody>";
    for row in &table.rows {
        out += "<tr>";
        for (i, cell) in row.iter().enumerate() {
            out += &format!("<td{}>{}</td>", class(i), runs(cell, paper));
        }
        out += "</tr>";
    }
    out + "</tbody></table>"
}

fn mark(number: usize) -> String {
    format!("<a class=\"mark\" href=\"#p{number}\">[{number}]</a>")
}

fn figure(figure: Figure, paper: &Paper) -> String {
    match (figure.value, figure.post, figure.set) {
        (None, _, _) => escaped(&paper.lang.text("digest.not_measured")),
        (Some(value), Some(post), _) => format!("<a href=\"#p{post}\">{value}</a>"),
        (Some(value), None, Some(set)) => format!("<a href=\"#s{set}\">{value}</a>"),
        (Some(value), None, None) => value.to_string(),
    }
}

fn runs(text: &[Run], paper: &Paper) -> String {
    let mut out = String::new();
    for run in text {
        out += &match run {
            Run::Text(text) => escaped(text),
            Run::Part(text) => format!("<strong class=\"part\">{}</strong>", escaped(text)),
            Run::Strong(text) => format!("<strong>{}</strong>", escaped(text)),
            Run::Quote(q) => {
                format!("<q>{}</q>{}", escaped(&quoted(&q.text)), mark(q.post))
            }
            Run::Title(t) => {
                format!("<cite>{}</cite>{}", escaped(&titled(&t.text, paper.lang)), mark(t.post))
            }
            Run::Mark(number) => mark(*number),
            Run::Count(count) => figure(*count, paper),
            Run::Address(url) => match link_target(url) {
                Some(target) => {
                    let target = target.replace('&', "&amp;");
                    format!(
                        "<a class=\"address\" href=\"{target}\" rel=\"noopener noreferrer\">{}</a>",
                        escaped(url)
                    )
                }
                None => format!("<span class=\"address\">{}</span>", escaped(url)),
            },
        };
    }
    out
}

fn escaped(text: &str) -> String {
    visible_line(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;")
}
