//! What a trial saw, in words: shared by `source add` and `source test`.

use std::fmt::Display;
use std::io::{self, Write};

use chrono_tz::Tz;
use pipelines::locale::Lang;
use pipelines::record::{AnnotatedPost, Author, Verdict};
use serde_json::{Value, json};

use crate::desk::trying::{EntrySeen, PostSeen, RobotsSaid, Trouble, trouble_in_words};

/// Characters of a text that are shown.
const SHOWN_CHARS: usize = 60;

/// Tells of a trial in a language and a zone.
#[derive(Clone, Copy)]
pub struct Teller {
    pub lang: Lang,
    pub zone: Tz,
}

impl Teller {
    fn say(
        self,
        out: &mut dyn Write,
        key: &str,
        args: &[(&str, &dyn Display)],
    ) -> io::Result<()> {
        writeln!(out, "{}", self.lang.fill(&format!("cli.source.{key}"), args))
    }

    /// An entry: what robots.txt says, whether it came, what was found on it.
    pub fn entry(self, entry: &EntrySeen, out: &mut dyn Write) -> io::Result<()> {
        self.say(out, "entry", &[("url", &entry.url)])?;
        self.say(out, "robots", &[("said", &self.robots(&entry.robots))])?;
        match &entry.read {
            Err(trouble) => self.say(out, "not_read", &[("why", &self.trouble(trouble))]),
            Ok(read) => {
                let dropped: u64 = read.drops.values().sum();
                self.say(
                    out,
                    "found",
                    &[
                        ("bytes", &entry.bytes),
                        ("items", &read.items.len()),
                        ("links", &read.jobs.len()),
                        ("more", &read.more.len()),
                        ("dropped", &dropped),
                    ],
                )?;
                for (reason, n) in &read.drops {
                    let words = self.lang.text(&format!("record.drop.{}", reason.as_str()));
                    self.say(out, "found_drop", &[("reason", &words), ("n", n)])?;
                }
                Ok(())
            }
        }
    }

    /// A post: whether it came, what was read, where each part was found, and what would become of it.
    pub fn post(self, number: usize, post: &PostSeen, out: &mut dyn Write) -> io::Result<()> {
        self.say(out, "post", &[("number", &number), ("url", &post.url)])?;
        if !matches!(post.robots, RobotsSaid::Nothing | RobotsSaid::Unread) {
            self.say(out, "robots", &[("said", &self.robots(&post.robots))])?;
        }
        if let Some(missed) = &post.missed {
            self.say(out, "missed", &[("why", &self.trouble(missed))])?;
        }
        match &post.read {
            Err(trouble) => self.say(out, "not_read", &[("why", &self.trouble(trouble))]),
            Ok(Verdict::Drop(reason)) => {
                let words = self.lang.text(&format!("record.drop.{}", reason.as_str()));
                self.say(out, "drop", &[("reason", &words)])
            }
            Ok(Verdict::Keep(post)) => self.kept(post, out),
        }
    }

    fn kept(self, annotated: &AnnotatedPost, out: &mut dyn Write) -> io::Result<()> {
        let post = &annotated.post;
        self.say(out, "title", &[("title", &post.title)])?;
        match &post.published {
            Some(published) => {
                let format = if published.has_time { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d" };
                let at = published.at.with_timezone(&self.zone).format(format).to_string();
                let sure = format!("cli.source.confidence_{}", name_of(&published.confidence));
                let sure = self.lang.text(&sure);
                let args: [(&str, &dyn Display); 3] =
                    [("at", &at), ("place", &published.place), ("sure", &sure)];
                self.say(out, "published", &args)?;
            }
            None => self.say(out, "undated", &[])?,
        }
        if let Some(author) = author_of(annotated) {
            self.say(out, "author", &[("author", &author)])?;
        }
        let text: String = post.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown: String = text.chars().take(SHOWN_CHARS).collect();
        let chars = post.text.chars().count();
        self.say(out, "text", &[("chars", &chars), ("text", &shown)])?;
        if !post.comments.is_empty() {
            self.say(out, "replies", &[("n", &post.comments.len())])?;
        }
        for issue in &post.issues {
            let words = self.lang.text(&format!("record.issue.{}", name_of(issue)));
            self.say(out, "issue", &[("issue", &words)])?;
        }
        self.say(out, "keep", &[])
    }

    /// Why something was not read.
    pub fn trouble(self, trouble: &Trouble) -> String {
        trouble_in_words(&trouble.kind, &trouble.said, self.lang)
    }

    /// What robots.txt says.
    pub fn robots(self, said: &RobotsSaid) -> String {
        let fill = |key: &str, args: &[(&str, &dyn Display)]| {
            self.lang.fill(&format!("cli.source.robots_{key}"), args)
        };
        match said {
            RobotsSaid::Nothing => self.lang.text("cli.source.robots_nothing"),
            RobotsSaid::Unread => self.lang.text("cli.source.robots_unread"),
            RobotsSaid::Allows { line, rule } => fill("allows", &[("line", line), ("rule", rule)]),
            RobotsSaid::Forbids { line, rule } => {
                fill("forbids", &[("line", line), ("rule", rule)])
            }
            RobotsSaid::Unreachable { cause } => fill("unreachable", &[("cause", cause)]),
        }
    }
}

/// Who wrote it, as stored: a pseudonym for private persons.
fn author_of(annotated: &AnnotatedPost) -> Option<String> {
    let post = &annotated.post;
    let named = post.author.as_ref().map(|author| match author {
        Author::Official(name) | Author::Pseudonym(name) => name.clone(),
    });
    named.or_else(|| post.outlet.clone()).or_else(|| post.origin.clone())
}

/// The serde name of a unit variant: the key its words stand under.
fn name_of(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A trial as data.
pub fn as_json(entries: &[EntrySeen], posts: &[PostSeen]) -> Value {
    let robots = |said: &RobotsSaid| match said {
        RobotsSaid::Nothing => json!({ "said": "nothing" }),
        RobotsSaid::Unread => json!({ "said": "unread" }),
        RobotsSaid::Allows { line, rule } => json!({ "said": "allows", "line": line, "rule": rule }),
        RobotsSaid::Forbids { line, rule } => {
            json!({ "said": "forbids", "line": line, "rule": rule })
        }
        RobotsSaid::Unreachable { cause } => json!({ "said": "unreachable", "cause": cause }),
    };
    let trouble = |t: &Trouble| json!({ "kind": t.kind, "said": t.said });
    let entries = entries.iter().map(|entry| match &entry.read {
        Ok(read) => json!({
            "url": entry.url, "robots": robots(&entry.robots), "bytes": entry.bytes,
            "items": read.items.len(), "links": read.jobs.len(), "more": read.more,
            "drops": read.drops,
            "addresses": read.jobs.iter().map(|(url, _)| url).collect::<Vec<_>>(),
        }),
        Err(t) => json!({ "url": entry.url, "robots": robots(&entry.robots), "error": trouble(t) }),
    });
    let posts = posts.iter().map(|post| match &post.read {
        Ok(Verdict::Keep(kept)) => json!({
            "url": post.url, "robots": robots(&post.robots), "outcome": "kept",
            "title": kept.post.title, "published": kept.post.published,
            "author": author_of(kept), "chars": kept.post.text.chars().count(),
            "replies": kept.post.comments.len(), "issues": kept.post.issues,
            "missed": post.missed.as_ref().map(trouble),
        }),
        Ok(Verdict::Drop(reason)) => json!({
            "url": post.url, "robots": robots(&post.robots), "outcome": "dropped",
            "reason": reason.as_str(),
        }),
        Err(t) => json!({ "url": post.url, "robots": robots(&post.robots), "error": trouble(t) }),
    });
    json!({ "entries": entries.collect::<Vec<_>>(), "posts": posts.collect::<Vec<_>>() })
}
