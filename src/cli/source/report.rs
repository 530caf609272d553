//! What `source add` found, for people and for programs: the page's role, the ways in, the posts of the best one.
//!
//! In: a discovery and what was tried of it. Out: lines of the locale, or one JSON object. It decides nothing.

use std::io::Write;

use pipelines::crawl::{PageRole, entry_addresses};
use pipelines::locale::Lang;
use serde_json::json;

use super::tell::{Teller, as_json};
use crate::cli::{Format, Globals};
use crate::desk::adding::{Looked, Way};

/// What was found, for people and for programs.
pub(super) struct Report<'a> {
    pub(super) looked: &'a Looked,
}

impl Report<'_> {
    pub(super) fn write(
        &self,
        teller: Teller,
        globals: &Globals,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        if globals.format != Format::Table {
            let ways = self.looked.ways.iter().map(|way| {
                json!({
                    "why": way.proposal.why, "source": way.proposal.source,
                    "items": way.entries.items.len(), "links": way.entries.jobs.len(),
                    "addresses": way.entries.jobs.iter().map(|(url, _)| url).collect::<Vec<_>>(),
                })
            });
            let report = json!({
                "page": role_name(self.looked.found.role), "ways": ways.collect::<Vec<_>>(),
                "silent": self.looked.silent, "trial": as_json(&[], &self.looked.posts),
            });
            serde_json::to_writer_pretty(&mut *out, &report)?;
            return Ok(writeln!(out)?);
        }
        let lang = teller.lang;
        let role = lang.text(&format!("cli.source.page_{}", role_name(self.looked.found.role)));
        writeln!(out, "{}", lang.fill("cli.source.page", &[("role", &role)]))?;
        for (number, way) in self.looked.ways.iter().enumerate() {
            writeln!(out, "{}", way_line(number + 1, way, lang))?;
        }
        for address in &self.looked.silent {
            writeln!(out, "{}", lang.fill("cli.source.silent_way", &[("url", address)]))?;
        }
        if self.looked.ways.is_empty() {
            writeln!(out, "{}", lang.text("cli.source.no_way"))?;
            return Ok(());
        }
        writeln!(out, "{}", lang.fill("cli.source.preview", &[("n", &self.looked.posts.len())]))?;
        for (number, post) in self.looked.posts.iter().enumerate() {
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
