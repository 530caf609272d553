//! What officers say of a post where the judges were wrong: its polarity, kind, urgency, topics, and whom it is about.
//!
//! In: a post and what it is. Out: the post changed in every list at once, what was before, and who said what when. Every
//! correction is audited with the name of who made it. Which story a post is in is corrected in `grouping`.

use chrono::{DateTime, Utc};
use pipelines::record::{
    AnnotatedPost, Correction, Filing, Polarity, PostId, PostKind, Said, SubjectId, TopicId,
    correct,
};
use serde::Serialize;

use super::line::PostLine;
use super::search::{Ask, MOST, Order};
use super::{Act, Desk, DeskError, Result, Who};

/// What a post is, as an officer says; what is not said stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// How it speaks.
    pub polarity: Option<Polarity>,
    /// What it is.
    pub kind: Option<PostKind>,
    /// How soon somebody must act, 0 to 3.
    pub urgency: Option<u8>,
    /// Topics by id or name, each after `+` or `-`.
    pub topics: Vec<String>,
    /// Subjects by id or name, each after `+` or `-`.
    pub subjects: Vec<String>,
}

/// A field that an officer changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ChangedField {
    /// `polarity`, `kind`, `urgency`, `topics` or `subject`.
    #[schema(value_type = String)]
    pub field: &'static str,
    /// What it was, in words.
    pub was: String,
    /// What it is.
    pub is: String,
}

/// What came of a correction.
#[derive(Clone, Debug)]
pub struct Corrected {
    /// The post.
    pub id: PostId,
    /// The polarity that was shown before.
    pub was: Polarity,
    /// What was changed.
    pub changes: Vec<ChangedField>,
}

/// One thing an officer said of a post, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CorrectionLine {
    /// `polarity`, `kind`, `urgency`, `topics`, `subject`, or `story`.
    pub field: String,
    /// As stored.
    pub value: String,
    /// In words.
    pub words: String,
    /// Who said it; empty where that was not noted.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A post that waits for an officer's word.
#[derive(Clone, Debug, Serialize)]
pub struct InLine {
    /// The post.
    pub line: PostLine,
    /// How sure its polarity is, 0 to 1.
    pub confidence: f32,
}

impl Wanted {
    /// A word on the polarity alone.
    #[must_use]
    pub fn polarity(polarity: Polarity) -> Self {
        Self { polarity: Some(polarity), ..Self::default() }
    }
}

impl Desk {
    /// An officer's word on a post; in force at once.
    ///
    /// # Errors
    /// `Unknown` for the post, a topic or a subject; `Value` where nothing is said, or a name has no sign; a broken store.
    pub fn correct(&self, who: &Who, id: &str, wanted: &Wanted) -> Result<Corrected> {
        self.check(who, Act::Correct)?;
        let was = self.post_named(who, id)?;
        let id = was.post.id;
        let said = self.all_said(&was, wanted)?;
        let (at, annotator) = (self.now(), self.annotator()?);
        let of = |said: Said| Correction { post: id, said, by: who.name.clone(), at };
        let corrections: Vec<Correction> = said.into_iter().map(of).collect();
        let (before, mut after) = (was.clone(), was);
        let detail = corrections.iter().map(|c| {
            let was = raw(&before, c.said.field());
            format!("{} {was} -> {}", c.said.field(), c.said.value())
        });
        let detail = detail.collect::<Vec<_>>().join(", ");
        self.audited(who, ("label", &id.to_string(), &detail), &mut |write| {
            for correction in &corrections {
                write.put_correction(correction)?;
            }
            let Some(mut post) = write.post(id)? else { return Ok(false) };
            correct(&mut post, &write.corrections_of(id)?);
            post.risk = annotator.reassess_alone(&post);
            write.rewrite_post(&post)?;
            after = post;
            Ok(true)
        })?;
        if corrections.iter().any(|c| matches!(c.said, Said::Polarity(_) | Said::Kind(_))) {
            self.learn_from(&before.post.source)?;
        }
        let changed = |c: &Correction| {
            let field = c.said.field();
            let words = |post| self.field_in_words(who, post, field);
            ChangedField { field, was: words(&before), is: words(&after) }
        };
        let changes = corrections.iter().map(changed).collect();
        Ok(Corrected { id, was: before.shown().0.polarity, changes })
    }

    /// Takes back what officers said of a post: it is judged anew. Answers how many fields that were.
    ///
    /// # Errors
    /// `Unknown` for the post, or where nothing was said of it; a broken store.
    pub fn take_back(&self, who: &Who, id: &str) -> Result<(PostId, usize)> {
        self.check(who, Act::Correct)?;
        let was = self.post_named(who, id)?;
        let id = was.post.id;
        let count = self.store.corrections_of(id)?.len();
        if count == 0 {
            return Err(DeskError::Unknown { what: "correction", id: id.to_string() });
        }
        let (annotator, source) = (self.annotator()?, was.post.source.clone());
        let judged = annotator.annotate(was.post, self.now());
        self.audited(who, ("label", &id.to_string(), "undone"), &mut |write| {
            write.drop_corrections(id)?;
            let Some(mut post) = write.post(id)? else { return Ok(false) };
            post.polarity = judged.polarity.clone();
            post.filing = judged.filing;
            post.mentions = judged.mentions.clone();
            post.topics = judged.topics.clone();
            post.risk = annotator.reassess_alone(&post);
            write.rewrite_post(&post)?;
            Ok(true)
        })?;
        self.learn_from(&source)?;
        Ok((id, count))
    }

    /// The posts in doubt that an officer should look at first: the most doubt and the highest risk, the newest of equals;
    /// those she has said something of are done with.
    ///
    /// # Errors
    /// A broken store or index.
    pub fn next_in_line(&self, who: &Who, count: usize) -> Result<Vec<InLine>> {
        self.check(who, Act::Search)?;
        let ask = Ask {
            query: "unsure:yes".to_owned(),
            sort: Order::Risk,
            posts: true,
            limit: MOST,
            counts: false,
            ..Ask::default()
        };
        let mut waiting = Vec::new();
        for line in self.search(who, &ask)?.lines {
            if self.store.corrections_of(line.id)?.is_empty()
                && let Some(post) = self.store.post(line.id)?
            {
                let confidence = post.shown().0.confidence;
                waiting.push(InLine { line, confidence });
            }
        }
        let weight = |it: &InLine| (1.0 - it.confidence) * f32::from(it.line.risk);
        waiting.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(b.line.time.cmp(&a.line.time)));
        waiting.truncate(count);
        Ok(waiting)
    }

    /// What officers said of a post, the story it is in with it.
    pub(super) fn corrections_of(
        &self,
        who: &Who,
        post: &AnnotatedPost,
    ) -> Result<Vec<CorrectionLine>> {
        let line = |c: Correction| CorrectionLine {
            field: c.said.field().to_owned(),
            value: c.said.value(),
            words: self.in_words(who, &c.said),
            by: c.by,
            at: c.at,
        };
        let mut lines: Vec<_> =
            self.store.corrections_of(post.post.id)?.into_iter().map(line).collect();
        let mut moved = self.groupings(post.story)?.into_iter();
        let moved = moved.find(|act| act.into == post.story && act.posts.contains(&post.post.id));
        lines.extend(moved.map(|act| CorrectionLine {
            field: "story".to_owned(),
            value: act.into.to_string(),
            words: act.into.to_string(),
            by: act.by,
            at: act.at,
        }));
        Ok(lines)
    }

    /// A correction in one sentence, with who and when.
    pub(super) fn correction_in_words(&self, who: &Who, said: &CorrectionLine) -> String {
        let field = who.lang.text(&format!("desk.correction.field.{}", said.field));
        let at = said.at.with_timezone(&self.config.station.zone).format("%Y-%m-%d %H:%M");
        let key = if said.by.is_empty() { "told_by_nobody" } else { "told" };
        let args: [(&str, &dyn std::fmt::Display); 4] =
            [("field", &field), ("words", &said.words), ("by", &said.by), ("at", &at)];
        who.lang.fill(&format!("desk.correction.{key}"), &args)
    }

    /// What is wanted, field by field, as it stands with what officers said before.
    fn all_said(&self, post: &AnnotatedPost, wanted: &Wanted) -> Result<Vec<Said>> {
        let mut said = Vec::new();
        said.extend(wanted.polarity.map(Said::Polarity));
        said.extend(wanted.kind.map(Said::Kind));
        if let Some(urgency) = wanted.urgency {
            let wrong = || DeskError::Value { what: "correction", value: urgency.to_string() };
            let known = (urgency <= Filing::MOST_URGENT).then_some(urgency);
            said.push(Said::Urgency(known.ok_or_else(wrong)?));
        }
        if let Some(topics) = signed("topic_sign", &wanted.topics)? {
            let mut stand: Vec<TopicId> = post.topics.iter().map(|hit| hit.topic.clone()).collect();
            for (is_on, name) in topics {
                let topic = self.topic_named(&name, post)?;
                stand.retain(|other| *other != topic);
                stand.extend(is_on.then_some(topic));
            }
            said.push(Said::Topics(stand));
        }
        if let Some(subjects) = signed("subject_sign", &wanted.subjects)? {
            let before = self.store.corrections_of(post.post.id)?;
            let before = before.into_iter().find_map(|c| match c.said {
                Said::Subjects { about, not } => Some((about, not)),
                _ => None,
            });
            let (mut about, mut not) = before.unwrap_or_default();
            for (is_on, name) in subjects {
                let subject = self.subject_named(&name, post)?;
                about.retain(|other| *other != subject);
                not.retain(|other| *other != subject);
                if is_on { about.push(subject) } else { not.push(subject) }
            }
            said.push(Said::Subjects { about, not });
        }
        if said.is_empty() {
            return Err(DeskError::Value { what: "correction", value: String::new() });
        }
        Ok(said)
    }

    fn topic_named(&self, name: &str, post: &AnnotatedPost) -> Result<TopicId> {
        let is_it = |topic: &&pipelines::annotate::TopicConfig| {
            topic.id.as_str() == name || topic.name == name || topic.name_en == name
        };
        let known = self.config.topics.iter().find(is_it).map(|topic| topic.id.clone());
        // One that config no longer has can still be taken away.
        let held = || post.topics.iter().map(|hit| &hit.topic).find(|id| id.as_str() == name);
        let unknown = || DeskError::Unknown { what: "any_topic", id: name.to_owned() };
        known.or_else(|| held().cloned()).ok_or_else(unknown)
    }

    fn subject_named(&self, name: &str, post: &AnnotatedPost) -> Result<SubjectId> {
        let subjects = &self.config.subjects;
        let known = subjects.iter().find(|subject| subject.id.as_str() == name);
        let known = known.or_else(|| subjects.iter().find(|s| s.names().any(|n| n == name)));
        let held = || post.mentions.iter().map(|m| &m.subject).find(|id| id.as_str() == name);
        let unknown = || DeskError::Unknown { what: "subject", id: name.to_owned() };
        known.map(|s| s.id.clone()).or_else(|| held().cloned()).ok_or_else(unknown)
    }

    /// What an officer said, in words.
    fn in_words(&self, who: &Who, said: &Said) -> String {
        let comma = who.lang.text("desk.list_comma");
        let name = |field: &str, value: &str| self.value_name(who, field, value);
        match said {
            Said::Topics(topics) if topics.is_empty() => who.lang.text("desk.correction.none"),
            Said::Topics(topics) => {
                let names = topics.iter().map(|topic| name("topic", topic.as_str()));
                names.collect::<Vec<_>>().join(&comma)
            }
            Said::Subjects { about, not } => {
                let told = |key: &str, id: &SubjectId| {
                    let subject = name("subject", id.as_str());
                    who.lang.fill(&format!("desk.correction.{key}"), &[("subject", &subject)])
                };
                let about = about.iter().map(|id| told("about", id));
                let all = about.chain(not.iter().map(|id| told("not", id)));
                all.collect::<Vec<_>>().join(&comma)
            }
            other => name(other.field(), &other.value()),
        }
    }

    /// What a field of a post is now, in words.
    fn field_in_words(&self, who: &Who, post: &AnnotatedPost, field: &str) -> String {
        let of = if field == "topics" { "topic" } else { field };
        let raw = raw(post, field);
        let names = raw.split(',').filter(|value| !value.is_empty());
        let names: Vec<String> = names.map(|value| self.value_name(who, of, value)).collect();
        if names.is_empty() {
            return who.lang.text("desk.correction.none");
        }
        names.join(&who.lang.text("desk.list_comma"))
    }
}

/// What a field of a post is, as it is stored.
fn raw(post: &AnnotatedPost, field: &str) -> String {
    let filing = post.filing.as_ref();
    match field {
        "polarity" => post.shown().0.polarity.as_str().to_owned(),
        "kind" => filing.map_or("", |f| f.kind.as_str()).to_owned(),
        "urgency" => filing.map_or_else(String::new, |f| f.urgency.to_string()),
        "topics" => post.topics.iter().map(|hit| hit.topic.as_str()).collect::<Vec<_>>().join(","),
        _ => post.mentions.iter().map(|m| m.subject.as_str()).collect::<Vec<_>>().join(","),
    }
}

/// Names after their signs; none where there is none.
fn signed(what: &'static str, names: &[String]) -> Result<Option<Vec<(bool, String)>>> {
    let read = |text: &String| {
        let text = text.trim();
        let (on, off) = (text.strip_prefix('+'), text.strip_prefix('-'));
        let name = on.or(off).map(str::trim).filter(|name| !name.is_empty());
        let wrong = || DeskError::Value { what, value: text.to_owned() };
        Ok((on.is_some(), name.ok_or_else(wrong)?.to_owned()))
    };
    let all = names.iter().map(read).collect::<Result<Vec<_>>>()?;
    Ok((!all.is_empty()).then_some(all))
}
