//! `guanlan search QUERY`: posts that match, newest first, one line per story, with the words marked.
//!
//! The desk finds; this shows. A literal without a hit is not silently read as something else: the answer says what
//! else could be asked.

use std::io::Write;

use clap::Args;
use pipelines::annotate::shown_words;
use pipelines::locale::Lang;

use super::output::Table;
use super::{Format, Globals, Outcome, open};
use crate::desk::Desk;
use crate::desk::export::ExportForm;
use crate::desk::line::{Piece, PostLine};
use crate::desk::search::{Ask, Found, Order};

/// Lines shown unless said.
const LINES: usize = 10;

/// Characters of a snippet around the words found.
const SNIPPET_CHARS: usize = 90;

/// Values of a facet that are shown.
const VALUES: usize = 8;

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
        let desk = match open::reading(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        let ask = self.ask(globals);
        let done = match globals.format {
            Format::Table => desk.search(&open::who(globals), &ask).map(|found| {
                open::say_lag(found.behind, globals, out)?;
                View { desk: &desk, lang: globals.lang, facets: self.facets }.show(&found, out)
            }),
            Format::Csv if self.limit.is_none() => {
                let rows = desk.export(&open::who(globals), &ask.query, ExportForm::Csv);
                rows.map(|rows| Ok(out.write_all(&rows)?))
            }
            _ => desk.search_rows(&open::who(globals), &ask).map(|found| {
                open::say_lag(found.behind, globals, out)?;
                Ok(table(found.rows).write(globals.format, globals.lang, out)?)
            }),
        };
        match done {
            Ok(shown) => shown.map(|()| Outcome::Good),
            Err(error) => open::refused(error, globals.lang),
        }
    }

    fn ask(&self, globals: &Globals) -> Ask {
        Ask {
            // What a shell cut at blanks is one query.
            query: self.query.join(" "),
            sort: match self.sort.as_str() {
                "relevance" => Order::Relevance,
                "risk" => Order::Risk,
                "heat" => Order::Heat,
                _ => Order::Newest,
            },
            // A script that reads rows wants every post; people want one line per happening.
            posts: self.posts || globals.format != Format::Table,
            limit: self.limit.unwrap_or(LINES),
            after: self.after.clone(),
            counts: self.facets,
            snippet: SNIPPET_CHARS,
        }
    }
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

fn table(rows: Vec<serde_json::Map<String, serde_json::Value>>) -> Table {
    Table {
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
    }
}

struct View<'a> {
    desk: &'a Desk,
    lang: Lang,
    facets: bool,
}

impl View<'_> {
    fn show(&self, found: &Found, out: &mut dyn Write) -> anyhow::Result<()> {
        let lang = self.lang;
        if found.posts == 0 {
            let none = if found.behind == 0 { "cli.search.none" } else { "cli.search.none_yet" };
            writeln!(out, "{}", lang.text(none))?;
            if found.words_offer > 0 {
                let offer: [(&str, &dyn std::fmt::Display); 2] =
                    [("n", &found.words_offer), ("query", &found.query)];
                writeln!(out, "{}", lang.fill("cli.search.words_offer", &offer))?;
            }
            return Ok(());
        }
        let counts: [(&str, &dyn std::fmt::Display); 2] =
            [("posts", &found.posts), ("stories", &found.stories)];
        writeln!(out, "{}", lang.fill("cli.search.found", &counts))?;
        for line in &found.lines {
            self.show_line(line, out)?;
        }
        for facet in found.facets.iter().filter(|_| self.facets) {
            let counts = facet.values.iter().take(VALUES).map(|v| format!("{} {}", v.value, v.posts));
            let name = lang.text(&format!("cli.search.facet_{}", facet.field));
            writeln!(out, "{name}: {}", counts.collect::<Vec<_>>().join("  "))?;
        }
        for day in &found.days {
            writeln!(out, "{}  {}", day.day, day.posts)?;
        }
        if let Some(next) = &found.next {
            writeln!(out, "\n{}", lang.fill("cli.search.more", &[("token", next)]))?;
        }
        Ok(())
    }

    fn show_line(&self, line: &PostLine, out: &mut dyn Write) -> anyhow::Result<()> {
        let (lang, zone) = (self.lang, self.desk.config.station.zone);
        let time = open::shown_time(line.time, zone);
        let kind = line.filing.map_or_else(String::new, |filing| {
            lang.text(&format!("record.kind.{}", filing.kind.as_str()))
        });
        let polarity = shown_words((line.polarity, line.other), line.for_us, lang);
        writeln!(out, "\n{}", marked(&line.title))?;
        let said: [(&str, &dyn std::fmt::Display); 6] = [
            ("id", &line.id),
            ("time", &time),
            ("outlet", &line.outlet),
            ("polarity", &polarity),
            ("kind", &kind),
            ("risk", &line.risk),
        ];
        writeln!(out, "  {}", lang.fill("cli.search.line", &said))?;
        if let Some(said) = open::marks_in_words((line.edited, line.gone), lang, zone) {
            writeln!(out, "  {said}")?;
        }
        if let Some((source, first)) = &line.first {
            let first = open::shown_time(*first, zone);
            let said: [(&str, &dyn std::fmt::Display); 3] =
                [("n", &line.in_story), ("source", source), ("time", &first)];
            writeln!(out, "  {}", lang.fill("cli.search.story", &said))?;
        }
        writeln!(out, "  {}", marked(&line.snippet))?;
        writeln!(out, "  {}", line.url)?;
        Ok(())
    }
}

/// Pieces of text with the marked ones in brackets.
pub fn marked(pieces: &[Piece]) -> String {
    let piece = |piece: &Piece| {
        if piece.marked { format!("【{}】", piece.text) } else { piece.text.clone() }
    };
    pieces.iter().map(piece).collect()
}
