//! The appendix: each original with its source, time, address and hash, and for each figure the posts it counts.
//!
//! In: the posts and sets of a digest. Out: lines with the anchors that marks and figures lead to.

use super::super::digest::{PostLine, PostSet};
use super::super::paper::{Block, Run, Runs, marks, text};
use super::Writer;

impl Writer<'_> {
    pub(super) fn originals(&self) -> Vec<Block> {
        let d = self.d;
        if d.posts.is_empty() {
            return Vec::new();
        }
        let note = self.say("appendix.posts", &[("count", &d.posts.len())]);
        let mut blocks = vec![Block::Note(text(note))];
        blocks.extend(
            d.posts
                .iter()
                .map(|post| Block::Line(format!("p{}", post.number), self.original(post))),
        );
        if d.unlisted_posts > 0 {
            let line = self.say("appendix.unlisted", &[("count", &d.unlisted_posts)]);
            blocks.push(Block::Note(text(line)));
        }
        if !d.sets.is_empty() {
            blocks.push(Block::Heading(2, text(self.text("heading.sets"))));
            blocks.extend(
                d.sets.iter().map(|set| Block::Line(format!("s{}", set.number), self.set(set))),
            );
        }
        blocks
    }

    fn original(&self, post: &PostLine) -> Runs {
        let published = post.published_at.map_or_else(
            || self.text("unknown_time"),
            |at| self.when(at, if post.has_time { "full" } else { "date" }),
        );
        let channel = self.lang.text(&format!("record.channel.{}", post.channel.as_str()));
        let hash = match &post.page_sha256 {
            Some(hash) => self.say("appendix.page_hash", &[("hash", hash)]),
            None => self.say("appendix.text_hash", &[("hash", &post.content_hash)]),
        };
        let verdict = match (post.polarity, post.other) {
            (None, _) => self.text("appendix.unrelated"),
            (Some(polarity), None) => {
                self.lang.text(&format!("record.polarity.{}", polarity.as_str()))
            }
            (Some(polarity), Some(other)) => {
                let name = |p: pipelines::record::Polarity| {
                    self.lang.text(&format!("record.polarity.{}", p.as_str()))
                };
                self.say(
                    "appendix.unsure",
                    &[("polarity", &name(polarity)), ("other", &name(other))],
                )
            }
        };
        let mut marks = Vec::new();
        if post.outside {
            marks.push(self.text("appendix.outside"));
        }
        for (key, at) in [("edited", post.edited_at), ("gone", post.gone_at)] {
            if let Some(at) = at {
                marks.push(
                    self.say(&format!("appendix.{key}"), &[("at", &self.when(at, "minute"))]),
                );
            }
        }
        let details = self.say(
            "appendix.details",
            &[
                ("source", &post.source),
                ("channel", &channel),
                ("published", &published),
                ("fetched", &self.when(post.fetched_at, "minute")),
                ("verdict", &verdict),
            ],
        );
        let mut runs = vec![
            Run::Strong(format!("[{}] {}", post.number, post.title)),
            Run::Text(details),
            Run::Address(post.url.clone()),
            Run::Text(self.say("appendix.proof", &[("id", &post.id), ("hash", &hash)])),
        ];
        runs.extend(
            marks
                .into_iter()
                .map(|mark| Run::Strong(self.say("appendix.mark", &[("mark", &mark)]))),
        );
        runs
    }

    fn set(&self, set: &PostSet) -> Runs {
        let name =
            |part: &String| if self.lang.has(part) { self.lang.text(part) } else { part.clone() };
        let label = set.label.iter().map(name).collect::<Vec<_>>().join(" · ");
        let value = set.posts.len() + set.unlisted;
        let mut runs = text(self.say("appendix.set", &[("label", &label), ("count", &value)]));
        runs.extend(marks(&set.posts));
        if set.unlisted > 0 {
            runs.extend(text(self.say("appendix.set_unlisted", &[("count", &set.unlisted)])));
        }
        runs
    }
}
