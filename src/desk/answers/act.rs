//! What is done to answers on record: written, written anew, approved by a second person, taken out of force.
//!
//! In: who, the version they saw, what they typed. Out: the number or version after it. Version, entry and audit line are
//! one transaction. Nothing is done where the entry is not as they saw it, and nothing leaves the station.

use pipelines::record::PostId;

use super::{read, unknown};
use crate::answers::{Done, Entry, Fields, Refusal, Wording};
use crate::desk::{Act, Desk, DeskError, Result, Who};
use crate::store::{AnswerVersion, StoreWrite};

impl Desk {
    /// Puts a draft on record; its number.
    ///
    /// # Errors
    /// `Answer` with the field that cannot be taken.
    pub fn add_answer(&self, who: &Who, typed: &Fields) -> Result<i64> {
        self.check(who, Act::WriteAnswer)?;
        let wording = self.wording(who, typed)?;
        self.put_new(who, &wording, None)
    }

    /// Writes an entry anew that stands at `version`; what was approved stays in force until this is.
    ///
    /// # Errors
    /// `Unknown`; `Answer` with the field, or who was first.
    pub fn write_answer(
        &self,
        who: &Who,
        number: i64,
        version: u32,
        typed: &Fields,
    ) -> Result<u32> {
        self.check(who, Act::WriteAnswer)?;
        let wording = self.wording(who, typed)?;
        self.change_answer(who, number, version, Done::Write, &|entry| {
            entry.write(wording.clone(), &who.name, self.now())
        })
    }

    /// Approves the latest wording of an entry that stands at `version`.
    ///
    /// # Errors
    /// `Unknown`; `Answer` where it is one's own, nothing waits, or somebody was first.
    pub fn approve_answer(&self, who: &Who, number: i64, version: u32) -> Result<u32> {
        self.check(who, Act::ApproveAnswer)?;
        self.change_answer(who, number, version, Done::Approve, &|entry| {
            entry.approve(&who.name, self.now())
        })
    }

    /// Takes an entry out of force, with the reason.
    ///
    /// # Errors
    /// `Unknown`; `Answer` without a reason, or where somebody was first.
    pub fn retire_answer(&self, who: &Who, number: i64, version: u32, why: &str) -> Result<u32> {
        self.check(who, Act::ApproveAnswer)?;
        self.change_answer(who, number, version, Done::Retire, &|entry| entry.retire(why))
    }

    /// A new entry with its audit line.
    pub(super) fn put_new(&self, who: &Who, wording: &Wording, case: Option<&str>) -> Result<i64> {
        self.in_one(&mut |write| {
            let number = write.next_answer_number()?;
            let mut entry = Entry::new(number, wording.clone(), &who.name, self.now());
            entry.case = case.map(str::to_owned);
            self.put_version(write, who, &entry, Done::Write)?;
            Ok(number)
        })
    }

    fn change_answer(
        &self,
        who: &Who,
        number: i64,
        version: u32,
        done: Done,
        work: &dyn Fn(&Entry) -> Result<Entry, Refusal>,
    ) -> Result<u32> {
        let seen = self.entry_of(who, number)?;
        if !self.is_of_units(who, &seen.wording) {
            return Err(Refusal::NotYours.into());
        }
        self.in_one(&mut |write| {
            let found = read(&write.answer_now(number)?.ok_or_else(|| unknown(number))?)?;
            if found.version != version {
                let lines = self.store.answer_versions(Some(number))?;
                let who = lines.last().map_or_else(String::new, |line| line.who.clone());
                return Err(Refusal::Overtaken { number, who }.into());
            }
            let after = work(&found)?;
            self.put_version(write, who, &after, done)?;
            Ok(after.version)
        })
    }

    fn put_version(
        &self,
        write: &dyn StoreWrite,
        who: &Who,
        entry: &Entry,
        done: Done,
    ) -> Result<()> {
        let record = serde_json::to_string(entry).map_err(anyhow::Error::from)?;
        let (number, version, at) = (entry.number, entry.version, self.now());
        let done = done.as_str().to_owned();
        let detail = format!("{done} version {version} by {}", who.name);
        let line = AnswerVersion { number, version, at, who: who.name.clone(), done, record };
        write.put_answer(&line)?;
        write.audit_by(at, &who.name, "answer", &number.to_string(), &detail)?;
        Ok(())
    }

    /// What was typed, with units, topics and posts by their ids.
    pub(super) fn wording(&self, who: &Who, typed: &Fields) -> Result<Wording> {
        let mut fields = typed.clone();
        let mut put = |name: &str, ids: Vec<String>| fields.insert(name.to_owned(), ids.join(" "));
        let said = |name: &str| typed.get(name).map_or("", String::as_str);
        put("units", self.ids(said("units"), "units", &|name| self.unit_id(name))?);
        put("topics", self.ids(said("topics"), "topics", &|name| self.topic_id(name))?);
        let mut posts = Vec::new();
        for name in said("posts").split_whitespace() {
            posts.push(self.post_id(who, "posts", name)?);
        }
        put("posts", posts);
        let mut evidence = Vec::new();
        for name in said("evidence").split_whitespace() {
            let is_address = name.contains("://");
            let id = || self.post_id(who, "evidence", name);
            evidence.push(if is_address { name.to_owned() } else { id()? });
        }
        put("evidence", evidence);
        let wording = Wording::read(&fields, self.config.station.zone)?;
        if self.is_of_units(who, &wording) { Ok(wording) } else { Err(Refusal::NotYours.into()) }
    }

    fn ids(
        &self,
        typed: &str,
        field: &str,
        id: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Vec<String>> {
        let names = typed.split([',', '，', '、', ' ', '\n', '\r', '\t']);
        let wrong = |name: &str| Refusal::Wrong { field: field.to_owned(), value: name.to_owned() };
        let named = names.filter(|name| !name.is_empty());
        named.map(|name| id(name).ok_or_else(|| wrong(name).into())).collect()
    }

    fn unit_id(&self, name: &str) -> Option<String> {
        let is_called = |s: &&pipelines::record::Subject| {
            s.id.as_str() == name || s.names().any(|known| known == name)
        };
        self.config.subjects.iter().find(is_called).map(|subject| subject.id.0.clone())
    }

    fn topic_id(&self, name: &str) -> Option<String> {
        let topics = &self.config.topics;
        let found = topics
            .iter()
            .find(|topic| topic.id.as_str() == name || topic.name == name || topic.name_en == name);
        found.map(|topic| topic.id.as_str().to_owned())
    }

    /// The full id of a post that is seen; one that was purged keeps the id an entry knew it by.
    fn post_id(&self, who: &Who, field: &str, name: &str) -> Result<String> {
        let wrong = || -> DeskError {
            Refusal::Wrong { field: field.to_owned(), value: name.to_owned() }.into()
        };
        match self.store.posts_by_prefix(name, 2)?.as_slice() {
            [one] if self.store.post(*one)?.is_some_and(|post| self.sees(who, &post)) => {
                Ok(one.to_string())
            }
            [] => {
                let id = name.parse::<PostId>().map_err(|_| wrong())?;
                if self.is_known(id)? { Ok(id.to_string()) } else { Err(wrong()) }
            }
            _ => Err(wrong()),
        }
    }

    /// Whether an entry rests on a post that is past its date.
    fn is_known(&self, id: PostId) -> Result<bool> {
        let name = id.to_string();
        let rests =
            |wording: &Wording| wording.posts.contains(&id) || wording.evidence.contains(&name);
        Ok(self.entries_on_record()?.iter().any(|entry| rests(&entry.wording)))
    }
}
