//! A case is opened: from an alert, a happening, a post, or by hand.
//!
//! In: what it is about, and what is said of it. Out: what the form begins with, or the number. Its number is drawn in the
//! transaction that opens it; what it is about and has an open case gets no second one. The alert counts as acknowledged.

use chrono::{DateTime, Utc};
use pipelines::record::{AlertState, AnnotatedPost, PostId, Severity, StoryId};
use serde::{Deserialize, Serialize};

use super::act::Taking;
use super::fault::CaseFault;
use super::{read, unknown};
use crate::cases::{Fields, Step, table};
use crate::desk::{Act, Desk, DeskError, Result, Who};
use crate::engine::watching::rule_of;
use crate::store::{CaseLink, StoreWrite};

/// Posts of a happening that are put down with its case; it goes on being about the happening as a whole.
const LINKED: usize = 200;

/// Posts of an import that get a case at once.
const IMPORTED: usize = 1_000;

/// Characters of a title.
const TITLE_CHARS: usize = 120;

/// A case to be opened.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct CaseOrder {
    /// alert, story, post, import or hand.
    pub origin: String,
    /// The number of the alert, the id of the happening, post or imported post; empty by hand.
    pub id: String,
    /// What is said, over what is known of it: title, whence, link, first_at, units, suggested, details.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    pub fields: Fields,
}

/// What became of the posts of an import.
#[derive(Clone, Debug, Default, Serialize, utoipa::ToSchema)]
pub struct OpenedCases {
    /// The numbers of the cases that were opened.
    pub opened: Vec<String>,
    /// Posts that had a case.
    pub known: u64,
}

/// What it is about.
#[derive(Default)]
struct About {
    links: Vec<CaseLink>,
    posts: Vec<AnnotatedPost>,
    title: String,
    grade: Option<Severity>,
    /// An alert that nobody has looked at.
    open_alert: Option<i64>,
}

impl Desk {
    /// What the form begins with.
    ///
    /// # Errors
    /// `Unknown` for what it is about; `Value` for an origin that is none.
    pub fn case_begin(&self, who: &Who, order: &CaseOrder) -> Result<Fields> {
        self.check(who, Act::OpenCase)?;
        let about = self.about(who, order)?;
        Ok(self.known_of(order, &about))
    }

    /// Opens a case; its number.
    ///
    /// # Errors
    /// `Unknown` for what it is about; `Case` where there is one, or something must be said.
    pub fn open_case(&self, who: &Who, order: &CaseOrder) -> Result<String> {
        self.check(who, Act::OpenCase)?;
        let about = self.about(who, order)?;
        let mut fields = self.known_of(order, &about);
        fields.extend(order.fields.clone());
        fields.insert("origin".to_owned(), order.origin.clone());
        let fields = self.with_units(table::line(Step::Open).fields, &fields)?;
        let now = self.now();
        self.in_one(&mut |write| {
            no_other(write, &about.links)?;
            let number = write.next_case_number(self.case_year(now))?;
            let (fields, links) = (fields.clone(), about.links.clone());
            let taking = Taking { who, number: &number, step: Step::Open, fields, links, now };
            self.take(write, None, &taking)?;
            if let Some(alert) = about.open_alert {
                write.set_alert_state(alert, AlertState::Acknowledged, now)?;
                let detail = format!("acknowledged with case {number} by {}", who.name);
                write.audit_by(now, &who.name, "alert", &alert.to_string(), &detail)?;
            }
            Ok(number)
        })
    }

    /// Opens a case for each post of an import that has none: rows of a hotline, of a mailbox. The same import asked for
    /// again opens those that are lacking.
    ///
    /// # Errors
    /// `Unknown` for an import without posts; what was opened before stays.
    pub fn open_cases_of(&self, who: &Who, import: i64) -> Result<OpenedCases> {
        self.check(who, Act::OpenCase)?;
        let posts = self.store.import_posts(import, IMPORTED)?;
        if posts.is_empty() {
            return Err(DeskError::Unknown { what: "import", id: import.to_string() });
        }
        let mut done = OpenedCases::default();
        for post in posts {
            let order = CaseOrder {
                origin: "import".to_owned(),
                id: post.to_string(),
                fields: Fields::new(),
            };
            match self.open_case(who, &order) {
                Ok(number) => done.opened.push(number),
                Err(DeskError::Case(fault)) if matches!(*fault, CaseFault::Already { .. }) => {
                    done.known += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn about(&self, who: &Who, order: &CaseOrder) -> Result<About> {
        match order.origin.as_str() {
            "alert" => self.about_alert(who, &order.id),
            "story" => {
                let unknown = || DeskError::Unknown { what: "story", id: order.id.clone() };
                let story = StoryId(order.id.parse::<PostId>().map_err(|_| unknown())?);
                let about = self.about_story(who, story)?;
                if about.posts.is_empty() { Err(unknown()) } else { Ok(about) }
            }
            "post" => {
                let post = self.post_named(who, &order.id)?;
                let links = vec![CaseLink::Post(post.post.id), CaseLink::Story(post.story)];
                let (title, grade) = (post.post.title.clone(), Some(post.risk.severity));
                Ok(About { links, posts: vec![post], title, grade, open_alert: None })
            }
            // Of a hotline each row is a matter of its own, however alike two of them are.
            "import" => {
                let post = self.post_named(who, &order.id)?;
                let (title, grade) = (post.post.title.clone(), Some(post.risk.severity));
                let links = vec![CaseLink::Post(post.post.id)];
                Ok(About { links, posts: vec![post], title, grade, open_alert: None })
            }
            "hand" => Ok(About::default()),
            other => Err(DeskError::Value { what: "case_origin", value: other.to_owned() }),
        }
    }

    fn about_alert(&self, who: &Who, id: &str) -> Result<About> {
        let unknown = || DeskError::Unknown { what: "alert", id: id.to_owned() };
        let stored = self.stored_alert(who, id.parse().map_err(|_| unknown())?)?;
        let alert = &stored.alert;
        let mut about = match alert.story {
            Some(story) => self.about_story(who, story)?,
            None => About::default(),
        };
        for evidence in &alert.evidence {
            let is_there = about.posts.iter().any(|post| post.post.id == evidence.post);
            let post = self.store.post(evidence.post)?.filter(|post| self.sees(who, post));
            if let Some(post) = post.filter(|_| !is_there) {
                about.links.push(CaseLink::Post(post.post.id));
                about.posts.push(post);
            }
        }
        about.links.push(CaseLink::Alert(stored.id));
        about.grade = Some(alert.severity);
        about.open_alert = (alert.state == AlertState::Open).then_some(stored.id);
        if about.title.is_empty() {
            let newest = about.posts.last().map(|post| post.post.title.clone());
            let rule = rule_of(&self.config, &alert.rule).map(|rule| rule.name);
            about.title = newest.or(rule).unwrap_or_else(|| alert.rule.0.clone());
        }
        Ok(about)
    }

    fn about_story(&self, who: &Who, story: StoryId) -> Result<About> {
        let mut about = About { links: vec![CaseLink::Story(story)], ..About::default() };
        for id in self.store.story_posts(story, LINKED)? {
            if let Some(post) = self.store.post(id)?.filter(|post| self.sees(who, post)) {
                about.links.push(CaseLink::Post(id));
                about.posts.push(post);
            }
        }
        about.posts.sort_by_key(|post| (post.post.time(), post.post.id));
        about.title = about.posts.first().map(|post| post.post.title.clone()).unwrap_or_default();
        about.grade = about.posts.iter().map(|post| post.risk.severity).max();
        Ok(about)
    }

    fn known_of(&self, order: &CaseOrder, about: &About) -> Fields {
        let mut fields = Fields::new();
        let mut put = |name: &str, value: String| {
            if !value.is_empty() {
                fields.insert(name.to_owned(), value);
            }
        };
        put("origin", order.origin.clone());
        put("title", about.title.chars().take(TITLE_CHARS).collect());
        put("suggested", about.grade.map_or("", Severity::as_str).to_owned());
        let first = about.posts.iter().min_by_key(|post| post.post.time());
        if let Some(first) = first {
            let is_web = first.post.url.starts_with("http");
            put("link", if is_web { first.post.url.clone() } else { String::new() });
            let at: DateTime<Utc> = first.post.time();
            put("first_at", at.to_rfc3339());
            put(
                "whence",
                first.post.outlet.clone().unwrap_or_else(|| self.source_name(&first.post.source)),
            );
        }
        let mentions = about.posts.iter().flat_map(|post| &post.mentions);
        let mut units: Vec<_> = mentions.map(|mention| mention.subject.0.clone()).collect();
        units.sort_unstable();
        units.dedup();
        units.retain(|id| self.config.subjects.iter().any(|subject| subject.id.as_str() == id));
        put("units", units.join(" "));
        fields
    }
}

/// What it is about has no case that has not ended.
fn no_other(write: &dyn StoreWrite, links: &[CaseLink]) -> Result<()> {
    for link in links {
        for number in write.cases_about_now(*link)? {
            let case = read(&write.case_now(&number)?.ok_or_else(|| unknown(&number))?)?;
            if !case.is_ended() {
                return Err(CaseFault::Already { number }.into());
            }
        }
    }
    Ok(())
}
