//! What `source add` found, for people and for programs: the page's role, the ways in, the posts of the best one.
//!
//! In: a discovery and what was tried of it. Out: lines of the locale, or one JSON object. It decides nothing.

use std::io::Write;

use pipelines::crawl::{Discovery, PageRole, entry_addresses};
use pipelines::locale::Lang;
use serde_json::json;

use super::add::Way;
use super::tell::{Teller, as_json};
use crate::cli::{Format, Globals};
use crate::engine::trial::PostSeen;

/// What was found, for people and for programs.
pub(super) struct Report<'a> {
    pub(super) found: &'a Discovery,
    pub(super) ways: &'a [Way],
    pub(super) silent: &'a [String],
    pub(super) posts: &'a [PostSeen],
}

impl Report<'_> {
    pub(super) fn write(
        &self,
        teller: Teller,
        globals: &Globals,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        if globals.format != Format::Table {
            let ways = self.ways.iter().map(|way| {
                json!({
                    "why": way.proposal.why, "source": way.proposal.source,
                    "items": way.entries.items.len(), "links": way.entries.jobs.len(),
                    "addresses": way.entries.jobs.iter().map(|(url, _)| url).collect::<Vec<_>>(),
                })
            });
            let report = json!({
                "page": role_name(self.found.role), "ways": ways.collect::<Vec<_>>(),
                "silent": self.silent, "trial": as_json(&[], self.posts),
            });
            serde_json::to_writer_pretty(&mut *out, &report)?;
            return Ok(writeln!(out)?);
        }
        let lang = teller.lang;
        let role = lang.text(&format!("cli.source.page_{}", role_name(self.found.role)));
        writeln!(out, "{}", lang.fill("cli.source.page", &[("role", &role)]))?;
        for (number, way) in self.ways.iter().enumerate() {
            writeln!(out, "{}", way_line(number + 1, way, lang))?;
        }
        for address in self.silent {
            writeln!(out, "{}", lang.fill("cli.source.silent_way", &[("url", address)]))?;
        }
        if self.ways.is_empty() {
            writeln!(out, "{}", lang.text("cli.source.no_way"))?;
            return Ok(());
        }
        writeln!(out, "{}", lang.fill("cli.source.preview", &[("n", &self.posts.len())]))?;
        for (number, post) in self.posts.iter().enumerate() {
            teller.post(number + 1, post, out)?;
        }
        Ok(())
    }
}

fn way_line(number: usize, way: &Way, lang: Lang) -> String {
    let why = lang.text(&format!("crawl.discover.{}", way.proposal.why));
    let address = entry_addresses(&way.proposal.source).join(" ");
    let count = way.entries.items.len() + way.entries.jobs.len();
    lang.fill(
        "cli.source.way",
        &[("number", &number), ("why", &why), ("url", &address), ("count", &count)],
    )
}

fn role_name(role: PageRole) -> &'static str {
    match role {
        PageRole::Feed => "feed",
        PageRole::Sitemap => "sitemap",
        PageRole::List => "list",
        PageRole::Article => "article",
        PageRole::Other => "other",
    }
}
