//! Tallies of read pages: what each got right, and the means.
//!
//! In: one page's truth and what was read. Out: its scores, and after the last page the figures of the folder. A page
//! without a label for something counts nothing there.

use super::{
    Case, Found, PagesScore, SetScore, Value, WorstPage, bare, local_day, mean, overlap, right,
    same_day, text_of, thread, whole_thread,
};

/// F1 below which a page is lost.
const LOST: f64 = 0.8;

#[derive(Default)]
pub(super) struct Tally {
    precision: Vec<f64>,
    recall: Vec<f64>,
    article: Vec<f64>,
    forum: Vec<f64>,
    new: Vec<f64>,
    hard: Vec<f64>,
    sets: std::collections::BTreeMap<String, Vec<f64>>,
    date_right: Vec<f64>,
    date_wrong: Vec<f64>,
    title: Vec<f64>,
    author: Vec<f64>,
}

impl Tally {
    pub(super) fn add(&mut self, case: &Case, found: &Found) -> WorstPage {
        let truth = &case.truth;
        let set = truth["set"].as_str().unwrap_or_default().to_owned();
        let mut wrong = Vec::new();
        let body = truth["body"].as_str().filter(|b| !b.is_empty()).map(|expected| {
            let all = if set == "forum" {
                thread(found, expected)
            } else {
                found.text.clone().unwrap_or_default()
            };
            let (p, r, f) = overlap(expected, &all);
            self.precision.push(p);
            self.recall.push(r);
            let list = if set == "forum" { &mut self.forum } else { &mut self.article };
            list.push(f);
            if let Some(made) = text_of(truth, "truth") {
                self.new.push(f);
                if made != "consensus" {
                    self.hard.push(f);
                }
            }
            self.sets.entry(set.clone()).or_default().push(f);
            (p, r, f)
        });
        if let Some(expected) = text_of(truth, "title") {
            let got = found.title.clone().unwrap_or_default();
            self.title.push(right(
                bare(expected) == bare(&got),
                "title",
                expected,
                &got,
                &mut wrong,
            ));
        }
        if let Some(expected) = text_of(truth, "author") {
            let names = [&found.author, &found.outlet, &found.origin];
            let hit = names.iter().copied().flatten().any(|n| bare(n) == bare(expected));
            let got = format!("{names:?}");
            self.author.push(right(hit, "author", expected, &got, &mut wrong));
        }
        if let Some(expected) = text_of(truth, "published_at") {
            let got = found.published.as_ref().map(|p| local_day(p.at));
            let hit = got.as_ref().is_some_and(|g| same_day(expected, g));
            let shown = found.published.as_ref().map(|p| format!("{} ({})", p.at, p.place));
            let shown = shown.unwrap_or_default();
            self.date_right.push(right(hit, "published_at", expected, &shown, &mut wrong));
            self.date_wrong.push(f64::from(u8::from(got.is_some() && !hit)));
        }
        let text = whole_thread(found);
        for (key, wanted) in [("must_contain", true), ("must_not_contain", false)] {
            for part in truth[key].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if text.contains(part) != wanted {
                    wrong.push(format!("{key}: {part}"));
                }
            }
        }
        WorstPage { slug: case.slug.clone(), set, body, wrong }
    }

    pub(super) fn fill(&self, score: &mut PagesScore) {
        score.precision = mean(&self.precision);
        score.recall = mean(&self.recall);
        score.article_f1 = mean(&self.article);
        score.forum_f1 = mean(&self.forum);
        let all: Vec<f64> = self.article.iter().chain(&self.forum).copied().collect();
        score.f1 = mean(&all);
        score.new_f1 = mean(&self.new);
        score.hard_f1 = mean(&self.hard);
        score.lost = mean(&all.iter().map(|f| f64::from(u8::from(*f < LOST))).collect::<Vec<_>>());
        let set = |(name, f1): (&String, &Vec<f64>)| {
            (name.clone(), SetScore { n: f1.len(), f1: mean(f1) })
        };
        score.sets = self.sets.iter().map(set).collect();
        score.date_right = mean(&self.date_right);
        score.date_wrong = mean(&self.date_wrong);
        score.title_right = mean(&self.title);
        score.author_right = mean(&self.author);
    }
}
