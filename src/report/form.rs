//! The forms of a paper that are text: Markdown, and one self-contained HTML file for mail, browser and A4.
//!
//! In: a [`Paper`], a format. Out: text. Every text of a post is escaped for its form; only markup made here is let through.

mod html;
mod markdown;

use pipelines::locale::Lang;

use super::paper::Paper;

/// A form that is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One HTML file for screen and A4 paper, without script and without anything from outside.
    Html,
    /// Markdown with tables.
    Markdown,
}

impl Format {
    /// File name extension, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Markdown => "md",
        }
    }
}

/// `paper` as a document.
#[must_use]
pub fn render(paper: &Paper, format: Format) -> String {
    match format {
        Format::Html => html::html(paper),
        Format::Markdown => markdown::markdown(paper),
    }
}

/// A quotation in its marks; one that stands in marks already gets no second ones.
pub(super) fn quoted(text: &str) -> String {
    match text.starts_with('“') && text.ends_with('”') && text.matches('“').count() == 1 {
        true => text.to_owned(),
        false => format!("“{text}”"),
    }
}

/// A title in its marks.
pub(super) fn titled(text: &str, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("《{text}》"),
        Lang::En => format!("“{text}”"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Digest, DigestInput, SourceOutcome, compose, sample};
    use super::*;

    fn rendered(input: &DigestInput, lang: Lang, format: Format) -> String {
        render(&compose(&Digest::build(input), lang), format)
    }

    #[test]
    fn every_mark_and_figure_of_the_html_leads_to_its_posts() {
        for lang in [Lang::Zh, Lang::En] {
            let html = rendered(&sample::input(), lang, Format::Html);
            let document = scraper::Html::parse_document(&html);
            let links = scraper::Selector::parse("a[href^='#']").unwrap();
            let mut count = 0;
            for link in document.select(&links) {
                let target = scraper::Selector::parse(link.value().attr("href").unwrap()).unwrap();
                assert!(document.select(&target).next().is_some(), "{target:?} leads nowhere");
                count += 1;
            }
            assert!(count > 40, "only {count} links to posts");
            assert!(!html.contains("digest."), "a text is missing");
            assert!(!html.contains("<script") && !html.contains("src="));
        }
    }

    #[test]
    fn every_link_of_the_markdown_leads_somewhere() {
        for lang in [Lang::Zh, Lang::En] {
            let text = rendered(&sample::input(), lang, Format::Markdown);
            let mut links = 0;
            for rest in text.split("](#").skip(1) {
                let anchor = rest.split(')').next().unwrap();
                assert!(text.contains(&format!("<a id=\"{anchor}\"></a>")), "{anchor}");
                links += 1;
            }
            assert!(links > 40, "only {links} links to posts");
            assert!(!text.contains("digest."), "a text is missing");
        }
    }

    #[test]
    fn hostile_texts_stay_texts() {
        let mut input = sample::input();
        for post in &mut input.posts {
            post.title = "</a><script>alert(1)</script>|[x](javascript:alert(1))\n# 大标题".into();
            post.said.lead = "<img src=x onerror=alert(1)> ![](http://x.invalid)".into();
            post.said.point = post.said.lead.clone();
            post.source_name = "\"><b>源".into();
            post.url = "javascript:alert(1)".into();
        }
        input.organisation = "集团<b>&".into();
        let html = rendered(&input, Lang::Zh, Format::Html);
        for bad in ["<script>alert", "<img", "<b>源", "集团<b>", "href=\"javascript"] {
            assert!(!html.contains(bad), "{bad}");
        }
        let markdown = rendered(&input, Lang::Zh, Format::Markdown).replace("\\]", "");
        for bad in ["<script", "<img", "](javascript", "\n# 大标题", "![]("] {
            assert!(!markdown.contains(bad), "{bad}");
        }
    }

    #[test]
    fn an_empty_period_says_in_one_line_why_it_is_empty() {
        let mut input = sample::input();
        input.posts.clear();
        input.other_posts.clear();
        input.alerts.clear();
        input.cases.clear();
        input.previous = None;
        for format in [Format::Html, Format::Markdown] {
            let text = rendered(&input, Lang::Zh, format);
            assert!(text.contains("不等于没有舆情"), "failed sources are not silence");
            let mut heard = input.clone();
            for source in heard.sources.as_mut().unwrap() {
                source.outcome = SourceOutcome::Good;
            }
            let digest = Digest::build(&heard);
            assert_eq!(compose(&digest, Lang::Zh).body.len(), 2, "a heading and a line");
            let text = rendered(&heard, Lang::Zh, format);
            assert!(!text.contains("不等于没有舆情") && text.contains("均正常采集"));
            heard.sources = None;
            assert!(rendered(&heard, Lang::Zh, format).contains("未测"));
        }
    }

    #[test]
    fn the_opening_has_at_most_five_sentences_and_leads_with_the_gravest() {
        use super::super::paper::{Block, plain};
        let digest = Digest::build(&sample::input());
        let paper = compose(&digest, Lang::Zh);
        let opening: Vec<_> =
            paper.body.iter().skip(1).take_while(|block| matches!(block, Block::Para(_))).collect();
        assert!((1..=5).contains(&opening.len()), "{}", opening.len());
        let Block::Para(first) = opening[0] else { panic!() };
        assert!(plain(first).contains(&digest.happenings.matters[0].title.text));
    }
}
