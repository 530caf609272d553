//! A digest as a Word file in official-document layout (GB/T 9704): page, margins, fonts, line spacing.
//!
//! In: a [`Digest`], a language. Out: the bytes of a `.docx` (Office Open XML). Figures and lines are links to
//! the appendix, as in the other forms. Embeds no fonts and no pictures; every text is escaped.

mod ooxml;

use chrono::{DateTime, Utc};
use pipelines::locale::Lang;

use super::digest::{Change, Digest, Emptiness, Figure, Shares, SourceLine, StoryLine};
use super::why;
use ooxml::{Paragraphs, link};

/// Why a Word file cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot write digest as a Word file")]
pub struct WordError(#[from] zip::result::ZipError);

/// `digest` as the bytes of a Word file.
///
/// # Errors
/// The archive cannot be written: a defect of the program, since it is written to memory.
pub fn render_word(digest: &Digest, lang: Lang) -> Result<Vec<u8>, WordError> {
    let mut writer = Writer { digest, lang, out: Paragraphs::default() };
    writer.head();
    writer.summary();
    writer.stories("stories", &digest.stories);
    writer.alerts();
    writer.stories("grievances", &digest.grievances);
    writer.stories("praise", &digest.praise);
    writer.subjects();
    writer.channels();
    writer.words();
    writer.sources();
    writer.appendix();
    Ok(ooxml::package(&writer.out)?)
}

struct Writer<'a> {
    digest: &'a Digest,
    lang: Lang,
    out: Paragraphs,
}

impl Writer<'_> {
    fn text(&self, key: &str) -> String {
        self.lang.text(&format!("digest.{key}"))
    }

    fn fill(&self, key: &str, args: &[(&str, &dyn std::fmt::Display)]) -> String {
        self.lang.fill(&format!("digest.{key}"), args)
    }

    fn when(&self, at: DateTime<Utc>, style: &str) -> String {
        let format = self.text(&format!("format.{style}"));
        at.with_timezone(&self.digest.zone).format(&format).to_string()
    }

    fn figure(&self, figure: Figure) -> String {
        let Some(value) = figure.value else { return self.text("not_measured") };
        match (figure.post, figure.set) {
            (Some(post), _) => link(&format!("p{post}"), &value.to_string()),
            (None, Some(set)) => link(&format!("s{set}"), &value.to_string()),
            (None, None) => value.to_string(),
        }
    }

    fn refs(numbers: &[usize]) -> String {
        numbers.iter().map(|n| link(&format!("p{n}"), &format!("[{n}]"))).collect()
    }

    fn change(&self, change: Change) -> String {
        let direction = |by: i64| if by > 0 { "more" } else { "less" };
        match (change.by, change.percent) {
            (None, _) => self.text("change.unknown"),
            (Some(0), _) => self.text("change.same"),
            (Some(by), None) => {
                self.fill(&format!("change.{}", direction(by)), &[("by", &by.unsigned_abs())])
            }
            (Some(by), Some(percent)) => self.fill(
                &format!("change.{}_percent", direction(by)),
                &[("by", &by.unsigned_abs()), ("percent", &percent.abs().round())],
            ),
        }
    }

    fn counts(&self, shares: &Shares) -> String {
        self.fill(
            "story.counts",
            &[
                ("posts", &self.figure(shares.posts)),
                ("negative", &self.figure(shares.negative)),
                ("neutral", &self.figure(shares.neutral)),
                ("positive", &self.figure(shares.positive)),
            ],
        )
    }

    fn heading(&mut self, key: &str) {
        let text = self.text(&format!("heading.{key}"));
        self.out.heading(&text);
    }

    fn nothing(&mut self) {
        let is_unheard =
            matches!(self.digest.emptiness, Emptiness::NothingHeard | Emptiness::Unknown);
        let text = self.text(if is_unheard { "not_measured" } else { "none" });
        self.out.body(&text);
    }

    fn head(&mut self) {
        let d = self.digest;
        let title = d.title.clone();
        let title = title.unwrap_or_else(|| self.text(&format!("title.{}", d.period.as_str())));
        self.out.title(&title);
        let (from, to) = (self.when(d.from, "full"), self.when(d.to, "full"));
        let subtitle = self.fill("subtitle", &[("from", &from), ("to", &to)]);
        self.out.centred(&subtitle);
        let organisation = self.fill("organisation", &[("name", &d.organisation)]);
        let made = self.fill("made", &[("at", &self.when(d.generated_at, "full"))]);
        self.out.centred(&format!("{organisation}　{made}"));
    }

    fn summary(&mut self) {
        let d = self.digest;
        self.heading("summary");
        let (from, to) = (self.when(d.from, "full"), self.when(d.to, "full"));
        let totals = d.source_totals.unwrap_or_default();
        let line = match d.emptiness {
            Emptiness::NotEmpty => self.fill(
                "summary.line",
                &[
                    ("from", &from),
                    ("to", &to),
                    ("posts", &self.figure(d.shares.posts)),
                    ("change", &self.change(d.posts_change)),
                    ("negative", &self.figure(d.shares.negative)),
                    ("bad", &self.change(d.negative_change)),
                    ("neutral", &self.figure(d.shares.neutral)),
                    ("positive", &self.figure(d.shares.positive)),
                    ("stories", &self.figure(d.stories_told)),
                    ("collected", &self.figure(d.collected)),
                ],
            ),
            emptiness => self.fill(
                &format!("empty.{}", emptiness.as_str()),
                &[
                    ("from", &from),
                    ("to", &to),
                    ("count", &totals.sources),
                    ("failed", &totals.failed),
                    ("idle", &totals.not_run),
                ],
            ),
        };
        self.out.body(&line);
        let open = d.alerts.iter().filter(|a| a.state == pipelines::record::AlertState::Open);
        let alerts = match d.alerts.len() {
            0 => self.text("summary.no_alerts"),
            count => self.fill("summary.alerts", &[("count", &count), ("open", &open.count())]),
        };
        self.out.body(&alerts);
        let sources = match d.source_totals {
            None => self.text("summary.unknown"),
            Some(t) if t.good < t.sources => self.trouble(),
            Some(t) => self.fill("summary.sound", &[("count", &t.sources)]),
        };
        self.out.body(&sources);
    }

    fn trouble(&self) -> String {
        let lines = self.digest.sources.as_deref().unwrap_or_default();
        let mut text = String::new();
        for state in ["failed", "partial", "silent", "not_run"] {
            let names: Vec<&str> =
                lines.iter().filter(|l| l.state == state).map(|l| l.name.as_str()).collect();
            if !names.is_empty() {
                let list = names.join(&self.text("separator"));
                text += &self
                    .fill(&format!("summary.{state}"), &[("count", &names.len()), ("list", &list)]);
            }
        }
        text + &self.text("summary.trouble")
    }

    fn stories(&mut self, heading: &str, stories: &[StoryLine]) {
        self.heading(heading);
        if stories.is_empty() {
            self.nothing();
        }
        for (i, story) in stories.iter().enumerate() {
            let title = match story.first {
                Some(first) => link(&format!("p{first}"), &story.title),
                None => story.title.clone(),
            };
            self.out.subheading(&format!("{}. {title}", i + 1));
            let key = if story.is_older { "story.older" } else { "story.first" };
            let at = self.when(story.first_at, "minute");
            let first = self.fill(key, &[("source", &story.first_source), ("at", &at)]);
            let read =
                format!("{} {}", self.text("story.read"), Self::refs(&story.representatives));
            let counts = self.counts(&story.shares);
            self.out.body(&format!("{}…", story.snippet));
            self.out.body(&format!("{first}；{counts}；{read}"));
        }
    }

    fn alerts(&mut self) {
        self.heading("alerts");
        let digest = self.digest;
        if digest.alerts.is_empty() {
            let none = self.text("none");
            self.out.body(&none);
        }
        for (i, alert) in digest.alerts.iter().enumerate() {
            let severity = self.lang.text(&format!("record.severity.{}", alert.severity.as_str()));
            let state = self.lang.text(&format!("record.alert_state.{}", alert.state.as_str()));
            let headline = alert.headline.as_deref().unwrap_or_default();
            self.out.subheading(&format!("{}. {severity}　{}", i + 1, alert.rule_name));
            let why = why::why(alert.rule.as_ref(), &alert.alert, self.lang);
            let at = self.when(alert.fired_at, "minute");
            self.out.body(&format!(
                "{headline}（{at}，{state}）；{why}；{} {} {}",
                self.text("alert.evidence"),
                self.figure(alert.evidence),
                Self::refs(&alert.posts)
            ));
        }
    }

    fn subjects(&mut self) {
        self.heading("subjects");
        let digest = self.digest;
        let named: Vec<_> =
            digest.subjects.iter().filter(|s| s.shares.posts.value.unwrap_or(0) > 0).collect();
        if named.is_empty() {
            self.nothing();
        }
        for subject in named {
            let counts = self.counts(&subject.shares);
            self.out.body(&format!("{}　{counts}", subject.name));
        }
    }

    fn channels(&mut self) {
        self.heading("channels");
        let digest = self.digest;
        if digest.channels.is_empty() {
            self.nothing();
        }
        for channel in &digest.channels {
            let name = self.lang.text(&format!("record.channel.{}", channel.channel.as_str()));
            let counts = self.counts(&channel.shares);
            self.out.body(&format!("{name}　{counts}"));
        }
    }

    fn words(&mut self) {
        self.heading("words");
        let digest = self.digest;
        if digest.words.is_empty() {
            return self.nothing();
        }
        let told = digest.words.iter().map(|w| {
            let posts = self.figure(w.posts);
            match w.before {
                Some(before) => self.fill(
                    "word.line",
                    &[("word", &w.word), ("posts", &posts), ("before", &before)],
                ),
                None => self.fill("word.new", &[("word", &w.word), ("posts", &posts)]),
            }
        });
        let told = told.collect::<Vec<_>>().join(&self.text("separator"));
        self.out.body(&told);
    }

    fn sources(&mut self) {
        self.heading("sources");
        let Some(lines) = self.digest.sources.as_deref() else {
            let text = self.text("source.not_measured");
            return self.out.body(&text);
        };
        for line in lines {
            let text = self.source(line);
            self.out.body(&text);
        }
        let adds_up = self.text("source.adds_up");
        self.out.body(&adds_up);
    }

    fn source(&self, line: &SourceLine) -> String {
        let mut text = format!("{}　{}", line.name, self.text(&format!("source.{}", line.state)));
        if let Some(reason) = &line.reason {
            text += &format!("（{}）", self.fill("source.reason", &[("reason", reason)]));
        }
        for (key, figure) in [
            ("received", line.received),
            ("kept", line.kept),
            ("dropped", line.dropped),
            ("failed", line.failed),
            ("period_posts", line.posts),
        ] {
            text += &format!("，{} {}", self.text(&format!("column.{key}")), self.figure(figure));
        }
        if !line.adds_up {
            text += &format!("（{}）", self.text("source.does_not_add_up"));
        }
        text
    }

    fn appendix(&mut self) {
        let digest = self.digest;
        self.out.page_break();
        self.heading("appendix_posts");
        let note = self.fill("appendix.posts", &[("count", &digest.posts.len())]);
        self.out.small(&note);
        for post in &digest.posts {
            let at = post.published_at.map_or_else(
                || self.text("unknown_time"),
                |at| self.when(at, if post.has_time { "minute" } else { "day" }),
            );
            let mut line = format!(
                "[{}] {}　{}　{at}　{}　{} {}",
                post.number, post.title, post.source, post.url, post.id, post.content_hash
            );
            for (key, at) in [("edited", post.edited_at), ("gone", post.gone_at)] {
                let Some(at) = at else { continue };
                let at = self.when(at, "minute");
                line += &format!("　{}", self.fill(&format!("appendix.{key}"), &[("at", &at)]));
            }
            self.out.small_at(&format!("p{}", post.number), &line);
        }
        self.heading("appendix_sets");
        for set in &digest.sets {
            let label: Vec<String> = set
                .label
                .iter()
                .map(|part| if self.lang.has(part) { self.lang.text(part) } else { part.clone() })
                .collect();
            let refs = Self::refs(&set.posts);
            self.out
                .small_at(&format!("s{}", set.number), &format!("{}：{refs}", label.join(" · ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::sample;
    use super::*;

    fn part(bytes: &[u8], name: &str) -> String {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn every_link_of_the_word_file_leads_to_a_bookmark() {
        for lang in [Lang::Zh, Lang::En] {
            let digest = Digest::build(&sample::input());
            let bytes = render_word(&digest, lang).unwrap();
            if let Some(folder) = std::env::var_os("SHOW_DIGESTS") {
                let name = format!("day-{lang:?}.docx");
                std::fs::write(std::path::Path::new(&folder).join(name), &bytes).unwrap();
            }
            let document = part(&bytes, "word/document.xml");
            let mut links = 0;
            for rest in document.split("w:anchor=\"").skip(1) {
                let anchor = rest.split('"').next().unwrap();
                assert!(document.contains(&format!("w:name=\"{anchor}\"")), "{anchor}");
                links += 1;
            }
            assert!(links > 40, "only {links} links");
            assert!(!document.contains("digest."), "a text is missing");
            assert!(part(&bytes, "word/styles.xml").contains("方正小标宋简体"));
        }
    }
}
