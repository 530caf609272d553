//! `guanlan search QUERY`: posts that match, newest first, one line per story, with the words marked.
//!
//! The index finds; the store has the texts; the in-memory matcher says where the words stand. A literal
//! without a hit is not silently read as something else: the answer says what else could be asked.

use std::io::Write;
use std::str::FromStr;

use clap::Args;
use index::{Facet, Hit, PageToken, SearchIndex, SearchOptions, SearchResults, Sort, highlight};
use pipelines::query::{Query, Target};
use pipelines::record::{AnnotatedPost, TextField};
use serde_json::{Map, Value, json};

use super::output::Table;
use super::standing::{self, Asked};
use super::{Format, Globals, Outcome, open};
use crate::desk::export::ExportForm;
use crate::desk::search::field_of;
use crate::engine::StoredPosts;
use crate::store::{ReadEvidence, Store};

/// Lines shown unless said.
const LINES: usize = 10;

/// Characters of a snippet around the words found.
const SNIPPET_CHARS: usize = 90;

#[derive(Args)]
pub struct SearchArgs {
    #[arg(required = true, num_args = 1..)]
    query: Vec<String>,
    #[arg(long, short = 'n')]
    limit: Option<usize>,
    #[arg(long, value_name = "ORDER", default_value = "newest", value_parser = ["newest", "relevance", "risk", "heat"])]
    sort: String,
    #[arg(long)]
    posts: bool,
    #[arg(long)]
    facets: bool,
    #[arg(long, value_name = "TOKEN")]
    after: Option<String>,
}

impl SearchArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let reading = match open::reading(globals)? {
            Ok(reading) => reading,
            Err(outcome) => return Ok(outcome),
        };
        // What a shell cut at blanks is one query.
        let text = self.query.join(" ");
        let query = match open::query_of_posts(&text, &reading, globals)? {
            Ok(query) => query,
            Err(outcome) => return Ok(outcome),
        };
        if globals.format == Format::Csv && self.limit.is_none() {
            return export(&text, globals, out);
        }
        let asked = reading.index()?;
        let posts = StoredPosts(&reading.store);
        let results = asked.index.search(&query, &self.options(&reading, globals)?, Some(&posts))?;
        asked.say_lag(globals, out)?;
        let view = View { reading: &reading, query: &query, globals, asked: &asked };
        view.show(&results, out)?;
        Ok(Outcome::Good)
    }

    fn options(&self, reading: &open::Reading, globals: &Globals) -> anyhow::Result<SearchOptions> {
        let sort = match self.sort.as_str() {
            "relevance" => Sort::Relevance,
            "risk" => Sort::Risk,
            "heat" => Sort::Heat,
            _ => Sort::Newest,
        };
        // A script that reads rows wants every post; people want one line per happening.
        let grouped = !self.posts && globals.format == Format::Table;
        Ok(SearchOptions {
            limit: self.limit.unwrap_or(LINES),
            sort,
            after: self.after.as_deref().map(PageToken::from_str).transpose()?,
            group_by_story: grouped,
            facets: if self.facets { Facet::ALL.to_vec() } else { Vec::new() },
            histogram: self.facets.then(|| open::zone_offset_secs(&reading.config)),
            // Rows are shown without them.
            totals: globals.format == Format::Table,
        })
    }
}

/// A ledger of all posts: as the console hands it out, and in the audit like there.
fn export(query: &str, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let desk = match open::desk(globals)? {
        Ok(desk) => desk,
        Err(outcome) => return Ok(outcome),
    };
    match desk.export(&open::who(globals), query, ExportForm::Csv) {
        Ok(rows) => out.write_all(&rows)?,
        Err(error) => return open::refused(error, globals.lang),
    }
    Ok(Outcome::Good)
}

/// Shows what a search finds, as the command would, for people.
pub fn show(query: &str, limit: usize, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let args = SearchArgs {
        query: vec![query.to_owned()],
        limit: Some(limit),
        sort: "newest".to_owned(),
        posts: false,
        facets: false,
        after: None,
    };
    args.run(&Globals { format: Format::Table, ..globals.clone() }, out)
}

struct View<'a> {
    reading: &'a open::Reading,
    query: &'a Query,
    globals: &'a Globals,
    asked: &'a Asked,
}

impl View<'_> {
    fn show(&self, results: &SearchResults, out: &mut dyn Write) -> anyhow::Result<()> {
        if self.globals.format == Format::Table {
            return self.show_lines(results, out);
        }
        let mut rows = Vec::new();
        for hit in &results.hits {
            rows.extend(self.row(hit)?);
        }
        let table = Table {
            columns: vec![
                ("id", "cli.search.id"),
                ("published_at", "cli.search.time"),
                ("source", "cli.search.source"),
                ("channel", "cli.search.channel"),
                ("polarity", "cli.search.polarity"),
                ("risk", "cli.search.risk"),
                ("title", "cli.search.title"),
                ("url", "cli.search.url"),
            ],
            rows,
        };
        table.write(self.globals.format, self.globals.lang, out)?;
        Ok(())
    }

    /// The post of a hit; none where it was deleted and the index has not followed yet.
    fn post(&self, hit: &Hit) -> anyhow::Result<Option<AnnotatedPost>> {
        let post = self.reading.store.post(hit.post)?;
        if post.is_none() && self.asked.lacking == 0 && standing::asked(self.reading)?.lacking == 0 {
            anyhow::bail!("post {} is in the index and not in the store; run `guanlan reindex`", hit.post);
        }
        Ok(post)
    }

    fn show_lines(&self, results: &SearchResults, out: &mut dyn Write) -> anyhow::Result<()> {
        let lang = self.globals.lang;
        let posts = results.posts.unwrap_or(0);
        if posts == 0 {
            let none = if self.asked.lacking == 0 { "cli.search.none" } else { "cli.search.none_yet" };
            writeln!(out, "{}", lang.text(none))?;
            let words = self.query.source();
            let n = self.asked.index.words_available(words)?;
            if n > 0 {
                let offer = [("n", &n as &dyn std::fmt::Display), ("query", &words)];
                writeln!(out, "{}", lang.fill("cli.search.words_offer", &offer))?;
            }
            return Ok(());
        }
        let stories = results.stories.unwrap_or(posts);
        writeln!(out, "{}", lang.fill("cli.search.found", &[("posts", &posts), ("stories", &stories)]))?;
        for hit in &results.hits {
            self.show_hit(hit, out)?;
        }
        for facet in &results.facets {
            let counts = facet.counts.iter().take(8).map(|(v, n)| format!("{v} {n}")).collect::<Vec<_>>();
            let name = lang.text(&format!("cli.search.facet_{}", field_of(facet.facet)));
            writeln!(out, "{name}: {}", counts.join("  "))?;
        }
        for day in &results.histogram {
            writeln!(out, "{}  {}", day.day, day.posts)?;
        }
        if let Some(next) = &results.next {
            writeln!(out, "\n{}", lang.fill("cli.search.more", &[("token", next)]))?;
        }
        Ok(())
    }

    /// The name of a source as officers know it.
    fn source_name<'b>(&'b self, id: &'b str) -> &'b str {
        let source = self.reading.config.sources.iter().find(|s| s.id.as_str() == id);
        source.map_or(id, |s| s.name.as_str())
    }

    fn show_hit(&self, hit: &Hit, out: &mut dyn Write) -> anyhow::Result<()> {
        let lang = self.globals.lang;
        let Some(annotated) = self.post(hit)? else { return Ok(()) };
        let post = &annotated.post;
        let spans = self.query.matches(&Target::new(&annotated)).unwrap_or_default();
        let title = highlight::mark_all(&post.title, TextField::Title, &spans).render("【", "】");
        let time = open::shown_time(post.time(), self.reading.config.station.zone);
        let polarity = pipelines::annotate::verdict_words(&annotated, lang);
        let kind = annotated.filing.map_or_else(String::new, |filing| {
            lang.text(&format!("record.kind.{}", filing.kind.as_str()))
        });
        let outlet = post.outlet.as_deref().unwrap_or(self.source_name(post.source.as_str()));
        writeln!(out, "\n{title}")?;
        let line = lang.fill(
            "cli.search.line",
            &[("id", &post.id), ("time", &time), ("outlet", &outlet), ("polarity", &polarity), ("kind", &kind), ("risk", &annotated.risk.score)],
        );
        writeln!(out, "  {line}")?;
        let marks = self.reading.store.marks(post.id)?;
        if let Some(line) = open::marks_in_words(&marks, lang, self.reading.config.station.zone) {
            writeln!(out, "  {line}")?;
        }
        if hit.in_story > 1 {
            let first = open::shown_time(hit.first.time, self.reading.config.station.zone);
            writeln!(
                out,
                "  {}",
                lang.fill("cli.search.story", &[("n", &hit.in_story), ("source", &self.source_name(&hit.first.source)), ("time", &first)])
            )?;
        }
        let snippet = highlight::snippet(&post.text, TextField::Body, &spans, SNIPPET_CHARS);
        writeln!(out, "  {}", snippet.render("【", "】").replace('\n', " "))?;
        writeln!(out, "  {}", post.url)?;
        Ok(())
    }

    fn row(&self, hit: &Hit) -> anyhow::Result<Option<Map<String, Value>>> {
        let Some(annotated) = self.post(hit)? else { return Ok(None) };
        let spans = self.query.matches(&Target::new(&annotated)).unwrap_or_default();
        let post = &annotated.post;
        let marks = self.reading.store.marks(post.id)?;
        let highlights = spans
            .iter()
            .map(|span| {
                let text = if span.field == TextField::Title { &post.title } else { &post.text };
                let words = &text[span.start as usize..span.end as usize];
                json!({"field": span.field, "start": span.start, "end": span.end, "text": words})
            })
            .collect::<Vec<_>>();
        let Value::Object(row) = json!({
            "id": post.id,
            "url": post.url,
            "title": post.title,
            "published_at": post.published.as_ref().map(|p| p.at.to_rfc3339()),
            "time": post.time().to_rfc3339(),
            "source": post.source,
            "channel": post.channel,
            "site": post.site,
            "outlet": post.outlet,
            "polarity": annotated.shown().0.polarity,
            "polarity_of": annotated.shown().1,
            "unsure": annotated.shown().0.is_unsure(),
            "polarity_other": annotated.shown().0.other,
            "confidence": annotated.shown().0.confidence,
            "kind": annotated.filing.map(|f| f.kind),
            "urgency": annotated.filing.map(|f| f.urgency),
            "risk": annotated.risk.score,
            "severity": annotated.risk.severity,
            "subjects": annotated.mentions.iter().map(|m| &m.subject).collect::<Vec<_>>(),
            "topics": annotated.topics.iter().map(|t| &t.topic).collect::<Vec<_>>(),
            "story": annotated.story,
            "text": post.text,
            "edited_at": marks.edited.map(|at| at.to_rfc3339()),
            "gone_at": marks.gone.map(|at| at.to_rfc3339()),
            "highlights": highlights,
            "score": hit.score,
        }) else {
            unreachable!("an object literal")
        };
        Ok(Some(row))
    }
}
