//! Tells in words what was judged of a post, and why: for `guanlan explain POST`.
//!
//! In: an annotated post, the annotator that knows the names, and a language. Out: plain text, one verdict
//! a paragraph, each with the words of the post it rests on. It judges nothing itself: what it tells stands
//! in the post, but for people and money, which are read from its text again.

use std::fmt::{Display, Write};

use crate::locale::Lang;
use crate::record::{
    AnnotatedPost, Basis, Polarity, PolarityVerdict, PostKind, Severity, Span, TextField,
};

use super::annotator::{Annotator, Texts, counted};
use super::quantities::QuantityKind;
use super::risk::{Counted, SeverityReason, severity};

/// Words shown for one verdict.
const WORDS: usize = 6;

/// Tells in words what was judged of `annotated`, and why.
#[must_use]
pub fn explain(annotator: &Annotator, annotated: &AnnotatedPost, lang: Lang) -> String {
    let teller = Teller { annotator, annotated, lang };
    let mut out = teller.say("heading", &[("title", &annotated.post.title)]);
    let paragraphs = [
        teller.polarity(),
        teller.filing(),
        teller.subjects(),
        teller.topics(),
        teller.keywords(),
        teller.facts(),
        teller.risk(),
        teller.story(),
    ];
    for paragraph in paragraphs.into_iter().filter(|paragraph| !paragraph.is_empty()) {
        out.push_str("\n\n");
        out.push_str(&paragraph);
    }
    out
}

/// A polarity in words, in doubt with both readings, and whether it is for us.
#[must_use]
pub fn shown_words(shown: (Polarity, Option<Polarity>), for_us: bool, lang: Lang) -> String {
    let key = if for_us { "record.verdict.ours" } else { "record.verdict.whole" };
    lang.fill(key, &[("polarity", &polarity_words(shown, lang))])
}

/// A polarity in words; in doubt with both readings.
fn polarity_words((polarity, other): (Polarity, Option<Polarity>), lang: Lang) -> String {
    let name = |p: Polarity| lang.text(&format!("record.polarity.{}", p.as_str()));
    match other {
        Some(other) => {
            let (first, second) = (name(polarity), name(other));
            lang.fill("record.verdict.unsure", &[("first", &first), ("second", &second)])
        }
        None => name(polarity),
    }
}

/// Why a severity is suggested, in one sentence.
#[must_use]
pub fn severity_reason(annotated: &AnnotatedPost, lang: Lang) -> String {
    let counted = counted(&Texts::of(&annotated.post));
    let names_subject = !annotated.mentions.is_empty();
    let (grade, reason) = severity(annotated.risk.score, &counted, names_subject);
    let name = lang.text(&format!("record.severity.{}", grade.as_str()));
    let fill = |key: &str, args: &[(&str, &dyn Display)]| {
        lang.fill(&format!("annotate.explain.severity.{key}"), args)
    };
    match reason {
        SeverityReason::Grade(words) => {
            let words = words.join(&lang.text("annotate.explain.comma"));
            let rule = lang.text(&format!("annotate.explain.grade.{}", grade.as_str()));
            fill("grade", &[("severity", &name), ("words", &words), ("rule", &rule)])
        }
        SeverityReason::Score(score) => {
            let from = if grade >= Severity::Major { 80 } else { 60 };
            fill("score", &[("severity", &name), ("score", &score), ("from", &from)])
        }
        SeverityReason::NoSubject => fill("no_subject", &[("severity", &name)]),
        SeverityReason::Low => fill("low", &[("severity", &name)]),
    }
}

struct Teller<'a> {
    annotator: &'a Annotator,
    annotated: &'a AnnotatedPost,
    lang: Lang,
}

impl Teller<'_> {
    fn say(&self, key: &str, args: &[(&str, &dyn Display)]) -> String {
        self.lang.fill(&format!("annotate.explain.{key}"), args)
    }

    /// What the post is about; nothing where it has no keywords.
    fn keywords(&self) -> String {
        let words = self.annotated.words.keywords.iter().map(|k| k.word.as_str());
        let words = words.collect::<Vec<_>>().join(&self.comma());
        if words.is_empty() { words } else { self.say("keywords", &[("words", &words)]) }
    }

    /// Who is dead, hurt, trapped, missing, rescued, and how sure it is; nothing where nobody is.
    fn facts(&self) -> String {
        let told = self.annotated.facts.iter().map(|fact| {
            let text = |key: &str| self.lang.text(&format!("annotate.explain.fact.{key}"));
            let status = match &fact.by {
                Some(by) => self.say("fact.by", &[("by", by)]),
                None => text(fact.status.as_str()),
            };
            self.say(
                "fact.line",
                &[
                    ("kind", &text(fact.kind.as_str())),
                    ("count", &fact.count),
                    ("words", &self.words_at(fact.span)),
                    ("status", &status),
                ],
            )
        });
        let told = told.collect::<Vec<_>>().join(&self.comma());
        if told.is_empty() { told } else { self.say("facts", &[("facts", &told)]) }
    }

    fn comma(&self) -> String {
        self.lang.text("annotate.explain.comma")
    }

    fn words_at(&self, span: Span) -> &str {
        let text = match span.field {
            TextField::Title => &self.annotated.post.title,
            TextField::Body => &self.annotated.post.text,
        };
        text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    fn polarity(&self) -> String {
        let verdict = &self.annotated.polarity;
        self.verdict("polarity", verdict, &self.lang.text("annotate.explain.whole"))
    }

    /// Kind and urgency.
    fn filing(&self) -> String {
        let Some(filing) = &self.annotated.filing else { return self.say("no_filing", &[]) };
        let name = |kind: PostKind| self.lang.text(&format!("record.kind.{}", kind.as_str()));
        let other = filing.other_kind.map(name);
        let other = other.map_or_else(String::new, |kind| self.say("or_kind", &[("kind", &kind)]));
        let urgency = self.lang.text(&format!("record.urgency.{}", filing.urgency));
        let percent = |share: f32| format!("{:.0}", share * 100.0);
        let told = self.say(
            "filing",
            &[
                ("kind", &name(filing.kind)),
                ("percent", &percent(filing.kind_confidence)),
                ("other", &other),
                ("urgency", &urgency),
                ("today", &percent(filing.today)),
            ],
        );
        told + &self.unlayered(filing.unlayered.map(name).as_deref())
    }

    fn verdict(&self, key: &str, verdict: &PolarityVerdict, whose: &str) -> String {
        let name = polarity_words((verdict.polarity, verdict.other), self.lang);
        let percent = format!("{:.0}", verdict.confidence * 100.0);
        let why = if verdict.basis.is_empty() {
            // A model is never certain.
            self.say(if verdict.confidence < 1.0 { "nothing_speaks" } else { "by_officer" }, &[])
        } else {
            // Strongest first; a word that stands in several places is told once.
            let mut told: Vec<&Basis> = Vec::new();
            for basis in &verdict.basis {
                let word = self.words_at(basis.span);
                if told.len() < WORDS && told.iter().all(|b| self.words_at(b.span) != word) {
                    told.push(basis);
                }
            }
            let words: Vec<String> = told.into_iter().map(|b| self.contribution(b)).collect();
            let words = self.say("rests_on", &[("words", &words.join(&self.comma()))]);
            let odds = if verdict.at_odds { self.say("at_odds", &[]) } else { String::new() };
            words + &odds
        };
        let bare = verdict.unlayered.map(|bare| polarity_words((bare, None), self.lang));
        let why = why + &self.unlayered(bare.as_deref());
        self.say(
            key,
            &[("whose", &whose), ("polarity", &name), ("percent", &percent), ("why", &why)],
        )
    }

    /// That officers' corrections made the verdict another, where they did.
    fn unlayered(&self, bare: Option<&str>) -> String {
        bare.map_or_else(String::new, |bare| self.say("unlayered", &[("bare", &bare)]))
    }

    fn contribution(&self, basis: &Basis) -> String {
        let (word, weight) = (self.words_at(basis.span), format!("{:+.1}", basis.weight));
        let (kind, rest) = basis.why.split_once(':').unwrap_or((&basis.why, ""));
        let key = format!("annotate.why.{kind}");
        let why = if self.lang.has(&key) { self.lang.text(&key) } else { kind.to_owned() };
        let why = if rest.is_empty() || rest == word { why } else { format!("{why} {rest}") };
        self.say("contribution", &[("word", &word), ("weight", &weight), ("why", &why)])
    }

    fn subjects(&self) -> String {
        if self.annotated.mentions.is_empty() {
            return self.say("no_subject", &[]);
        }
        let mut lines = Vec::new();
        for mention in &self.annotated.mentions {
            let subject = self.annotator.subjects().iter().find(|s| s.id == mention.subject);
            let name = subject.map_or(mention.subject.as_str(), |s| s.name.as_str());
            let mut said: Vec<&str> = Vec::new();
            for span in &mention.spans {
                if !said.contains(&self.words_at(*span)) {
                    said.push(self.words_at(*span));
                }
            }
            let (times, said) = (mention.spans.len(), said.join(&self.comma()));
            let args: [(&str, &dyn Display); 3] =
                [("name", &name), ("said", &said), ("times", &times)];
            let named = self.say(if times == 0 { "named_by_officer" } else { "named" }, &args);
            lines.push(self.verdict("subject", &mention.polarity, &named));
        }
        lines.join("\n")
    }

    fn topics(&self) -> String {
        if self.annotated.topics.is_empty() {
            return self.say("no_topic", &[]);
        }
        let mut lines = vec![self.say("topics", &[])];
        for hit in &self.annotated.topics {
            let weight = self.annotator.topics().weight(&hit.topic);
            let name = weight.map_or(hit.topic.as_str(), |w| match self.lang {
                Lang::Zh => w.name.as_str(),
                Lang::En => w.name_en.as_str(),
            });
            let mut words: Vec<&str> = Vec::new();
            for basis in &hit.basis {
                let word = self.words_at(basis.span);
                if !words.contains(&word) && words.len() < WORDS {
                    words.push(word);
                }
            }
            let words = words.join(&self.comma());
            let is_query = hit.basis.first().is_some_and(|b| b.why.starts_with("query:"));
            let key = match is_query {
                true => "topic_by_query",
                // A model is never certain.
                false if hit.basis.is_empty() && hit.confidence >= 1.0 => "topic_by_officer",
                false => "topic_by_class",
            };
            let percent = format!("{:.0}", hit.confidence * 100.0);
            let args: [(&str, &dyn Display); 4] =
                [("name", &name), ("id", &hit.topic), ("words", &words), ("percent", &percent)];
            lines.push(self.say(key, &args));
        }
        lines.join("\n")
    }

    fn risk(&self) -> String {
        let risk = &self.annotated.risk;
        let counted = counted(&Texts::of(&self.annotated.post));
        let mut out = self.say("risk", &[("score", &risk.score)]);
        for part in &risk.parts {
            let name = self.lang.text(&format!("annotate.risk.{}", part.name));
            let points = format!("{:+.1}", part.points);
            let from = self.part_from(&part.name, &part.from, &counted);
            let line =
                self.say("risk_part", &[("name", &name), ("points", &points), ("from", &from)]);
            let _ = write!(out, "\n{line}");
        }
        let _ = write!(out, "\n{}", severity_reason(self.annotated, self.lang));
        out
    }

    /// What a part was computed from, in this language; parts are stored in Chinese.
    fn part_from(&self, part: &str, stored: &str, counted: &[Counted]) -> String {
        let list = |people: bool| {
            let mut told: Vec<&Counted> = Vec::new();
            for c in counted.iter().filter(|c| c.kind.counts_people() == people) {
                if told.iter().all(|t| (t.kind, t.value) != (c.kind, c.value)) {
                    told.push(c);
                }
            }
            let said: Vec<String> = told.into_iter().map(|c| self.quantity(c)).collect();
            said.join(&self.comma())
        };
        match part {
            "casualties" => list(true),
            "money" => list(false),
            "speed" => self.say("speed_from", &[("posts", &stored)]),
            "reach" => {
                let post = &self.annotated.post;
                let channel = self.lang.text(&format!("record.channel.{}", post.channel.as_str()));
                self.say("reach_from", &[("source", &post.site), ("channel", &channel)])
            }
            "urgency" => self.say("urgency_from", &[("percent", &stored.trim_end_matches('%'))]),
            _ if self.lang == Lang::Zh => stored.to_owned(),
            "polarity" => self.lang.text("annotate.explain.polarity_from"),
            _ => self.lang.text("annotate.explain.topic_from"),
        }
    }

    fn quantity(&self, counted: &Counted) -> String {
        let key = format!("quantity.{}", counted.kind.as_str());
        let value = match counted.kind {
            QuantityKind::Owed | QuantityKind::Fined | QuantityKind::Lost
                if counted.value >= 10_000 && self.lang == Lang::Zh =>
            {
                format!("{} 万", counted.value as f64 / 1e4)
            }
            _ => counted.value.to_string(),
        };
        self.say(&key, &[("value", &value), ("words", &counted.words)])
    }

    fn story(&self) -> String {
        if self.annotated.story.0 == self.annotated.post.id {
            self.say("story_own", &[])
        } else {
            self.say("story", &[("story", &self.annotated.story)])
        }
    }
}
