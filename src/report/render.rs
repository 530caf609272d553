//! From a digest to a document: Markdown or one self-contained HTML file, in Chinese or English.
//!
//! In: a [`Digest`], a language, a format. Out: text. Every text of a post is escaped for the format by the
//! engine itself; only markup made here is let through. Reads no files: the templates are compiled in.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, State, Value, context, escape_formatter,
};
use pipelines::locale::Lang;

use super::digest::{Curve, Digest, StoryLine};
use super::{chart, markdown, why};

/// A form a digest can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One HTML file for screen and A4 paper.
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

    fn template(self) -> &'static str {
        match self {
            Self::Html => include_str!("templates/digest.html"),
            Self::Markdown => include_str!("templates/digest.md"),
        }
    }
}

/// Why a digest cannot be rendered.
#[derive(Debug, thiserror::Error)]
#[error("cannot render digest as {format:?}")]
pub struct ReportError {
    format: Format,
    source: Error,
}

/// `digest` as a document.
///
/// # Errors
/// The shipped template does not fit the digest: a defect of the program.
pub fn render(digest: &Digest, lang: Lang, format: Format) -> Result<String, ReportError> {
    let failed = |source| ReportError { format, source };
    let env = environment(format, lang, digest.zone).map_err(failed)?;
    let template = env.template_from_str(format.template()).map_err(failed)?;
    let whys: Vec<String> =
        digest.alerts.iter().map(|line| why::why(line.rule.as_ref(), &line.alert, lang)).collect();
    let labels = curve_labels(&digest.curve, lang, digest.zone);
    let leanings = |stories: &[StoryLine]| -> Vec<&'static str> {
        stories.iter().map(|s| s.leaning().as_str()).collect()
    };
    template
        .render(context! {
            d => Serde(digest),
            lang => match lang { Lang::Zh => "zh-CN", Lang::En => "en" },
            whys,
            labels,
            leanings => leanings(&digest.stories),
            largest_subject => digest.subjects.iter().filter_map(|s| s.shares.posts.value).max(),
            largest_channel => digest.channels.iter().filter_map(|c| c.shares.posts.value).max(),
        })
        .map_err(failed)
}

/// One label a step, most of them empty so that they do not run into each other.
fn curve_labels(curve: &Curve, lang: Lang, zone: Tz) -> Vec<String> {
    let every = curve.starts.len().div_ceil(10).max(1);
    let key = if curve.is_hourly { "digest.format.hour" } else { "digest.format.short_day" };
    curve
        .starts
        .iter()
        .enumerate()
        .map(|(i, start)| match i % every {
            0 => start.with_timezone(&zone).format(&lang.text(key)).to_string(),
            _ => String::new(),
        })
        .collect()
}

fn environment(format: Format, lang: Lang, zone: Tz) -> Result<Environment<'static>, Error> {
    let mut env = Environment::new();
    env.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    env.set_auto_escape_callback(move |_| match format {
        Format::Html => AutoEscape::Html,
        Format::Markdown => AutoEscape::Custom("markdown".into()),
    });
    env.set_formatter(|out, state, value| match state.auto_escape() {
        AutoEscape::Custom(_) => {
            out.write_str(&markdown_text(value)).map_err(|_| ErrorKind::WriteFailure.into())
        }
        _ => escape_formatter(out, state, value),
    });
    env.add_function("t", move |state: &mut State, key: &str, args: Kwargs| {
        say(state, lang, key, &args)
    });
    env.add_function("when", move |at: Value, style: &str| when(&at, style, lang, zone));
    env.add_function(
        "label",
        move |part: &str| if lang.has(part) { lang.text(part) } else { part.to_owned() },
    );
    env.add_function("target", |url: &str| markdown::link_target(url).map(Value::from_safe_string));
    env.add_function("shares_svg", |bad: u64, plain: u64, good: u64, share: f64| {
        Value::from_safe_string(chart::shares(bad, plain, good, share))
    });
    env.add_function("spark_svg", |counts: Vec<u64>| {
        Value::from_safe_string(chart::spark(&counts))
    });
    env.add_function("curve_svg", |posts: Vec<u64>, negative: Vec<u64>, labels: Vec<String>| {
        Value::from_safe_string(chart::curve(&posts, &negative, &labels))
    });
    Ok(env)
}

fn markdown_text(value: &Value) -> String {
    match value.as_str() {
        Some(text) if !value.is_safe() => markdown::escape(text),
        Some(text) => text.to_owned(),
        None if value.is_none() || value.is_undefined() => String::new(),
        None => value.to_string(),
    }
}

/// The text for `key`, escaped, with its places filled by `args`: escaped too unless they are markup made here.
fn say(state: &State, lang: Lang, key: &str, args: &Kwargs) -> Result<Value, Error> {
    let is_html = matches!(state.auto_escape(), AutoEscape::Html);
    let escaped = |value: &Value| match value.as_str() {
        Some(text) if is_html && !value.is_safe() => html_text(text),
        _ if is_html => value.to_string(),
        _ => markdown_text(value),
    };
    if !lang.has(key) {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("no text for `{key}`")));
    }
    let mut filled = Vec::new();
    for name in args.args() {
        filled.push((name, escaped(&args.get::<Value>(name)?)));
    }
    let places: Vec<(&str, &dyn std::fmt::Display)> =
        filled.iter().map(|(name, text)| (*name, text as &dyn std::fmt::Display)).collect();
    Ok(Value::from_safe_string(lang.fill(key, &places)))
}

fn html_text(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;")
}

/// An instant in the digest's zone; `style` is a key under `digest.format`.
fn when(at: &Value, style: &str, lang: Lang, zone: Tz) -> Result<String, Error> {
    let Some(text) = at.as_str() else { return Ok(lang.text("digest.unknown_time")) };
    let instant: DateTime<Utc> = text.parse().map_err(|e: chrono::ParseError| {
        Error::new(ErrorKind::InvalidOperation, format!("`{text}` is no instant: {e}"))
    })?;
    let format = lang.text(&format!("digest.format.{style}"));
    Ok(instant.with_timezone(&zone).format(&format).to_string())
}

#[cfg(test)]
mod tests {
    use super::super::{DigestInput, SourceOutcome, sample};
    use super::*;

    fn rendered(input: &DigestInput, lang: Lang, format: Format) -> String {
        let text = render(&Digest::build(input), lang, format).unwrap();
        if let Some(folder) = std::env::var_os("SHOW_DIGESTS") {
            let name = format!("{}-{lang:?}.{}", input.organisation, format.extension());
            std::fs::write(std::path::Path::new(&folder).join(name), &text).unwrap();
        }
        text
    }

    fn anchors_lead_somewhere(html: &str) {
        let document = scraper::Html::parse_document(html);
        let links = scraper::Selector::parse("a[href^='#']").unwrap();
        let mut count = 0;
        for link in document.select(&links) {
            let target = link.value().attr("href").unwrap();
            let target = scraper::Selector::parse(target).unwrap();
            assert!(document.select(&target).next().is_some(), "{target:?} leads nowhere");
            count += 1;
        }
        assert!(count > 40, "only {count} links to posts");
    }

    #[test]
    fn every_figure_of_the_html_leads_to_its_posts() {
        for lang in [Lang::Zh, Lang::En] {
            let html = rendered(&sample::input(), lang, Format::Html);
            anchors_lead_somewhere(&html);
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
            post.snippet = "<img src=x onerror=alert(1)> ![](http://x.invalid)".into();
            post.source_name = "\"><b>源".into();
            post.url = "javascript:alert(1)".into();
        }
        input.organisation = "集团<b>&".into();
        let html = rendered(&input, Lang::Zh, Format::Html);
        for bad in [
            "<script>alert",
            "<img",
            "<b>源",
            "集团<b>",
            "href=\"javascript",
            "href=\"&#x6a;avascript",
        ] {
            assert!(!html.contains(bad), "{bad}");
        }
        let markdown = rendered(&input, Lang::Zh, Format::Markdown).replace("\\]", "");
        for bad in ["<script", "<img", "](javascript", "\n# 大标题", "![]("] {
            assert!(!markdown.contains(bad), "{bad}");
        }
    }

    #[test]
    fn an_empty_period_says_why_it_is_empty() {
        let mut input = sample::input();
        input.organisation = "空".into();
        input.posts.clear();
        input.other_posts.clear();
        input.alerts.clear();
        input.previous = None;
        for format in [Format::Html, Format::Markdown] {
            let text = rendered(&input, Lang::Zh, format);
            assert!(text.contains("不等于没有舆情"), "failed sources are not silence");
            assert!(text.contains("未统计"), "the period before was not measured");
            let mut heard = input.clone();
            for source in heard.sources.as_mut().unwrap() {
                source.outcome = SourceOutcome::Good;
            }
            let text = rendered(&heard, Lang::Zh, format);
            assert!(!text.contains("不等于没有舆情") && text.contains("均正常采集"));
            heard.sources = None;
            assert!(rendered(&heard, Lang::Zh, format).contains("未测"));
        }
    }
}
