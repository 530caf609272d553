//! The answers on record of the demo: written by one person and approved by another, as `answers.toml` says.
//!
//! In: the desk of the demo's station, the number of the case they stand beside. Out: their numbers. A title that no post
//! of the case has is a defect of the demo and told as such.

use anyhow::Context as _;
use pipelines::locale::Lang;
use pipelines::record::SubjectId;
use serde::Deserialize;

use crate::answers::Fields;
use crate::desk::cases::sheet::LinkRow;
use crate::desk::{Desk, Role, Scope, Who};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    answer: Vec<AnswerText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerText {
    writer: String,
    #[serde(default)]
    writer_units: Vec<SubjectId>,
    approver: String,
    said_by: Vec<String>,
    borne_out_by: Vec<String>,
    fields: Fields,
}

/// Puts the answers on record and has them approved; their numbers.
///
/// # Errors
/// A title that no post has, an act that is refused.
pub fn put_on_record(desk: &Desk, case: &str, lang: Lang) -> anyhow::Result<Vec<i64>> {
    let record: Record = toml::from_str(include_str!("answers.toml"))?;
    let said = |error: crate::desk::DeskError| anyhow::anyhow!("{}", error.in_words(lang));
    let who = |name: &str, role, units: &[SubjectId]| {
        let (name, units) = (name.to_owned(), units.to_vec());
        Who { name, lang, role, units, scope: Scope::Write }
    };
    let mut numbers = Vec::new();
    for text in &record.answer {
        let writer = who(&text.writer, Role::Commentator, &text.writer_units);
        let links = desk.case(&writer, case).map_err(said)?.links;
        let mut fields = text.fields.clone();
        fields.insert("posts".to_owned(), ids(&links, &text.said_by)?);
        fields.insert("evidence".to_owned(), ids(&links, &text.borne_out_by)?);
        let number = desk.add_answer(&writer, &fields).map_err(said)?;
        let approver = who(&text.approver, Role::Leader, &[]);
        desk.approve_answer(&approver, number, 1).map_err(said)?;
        numbers.push(number);
    }
    Ok(numbers)
}

/// The first post whose title has each of these words.
fn ids(links: &[LinkRow], titles: &[String]) -> anyhow::Result<String> {
    let id = |words: &String| {
        let is_called = |link: &&LinkRow| link.title.as_ref().is_some_and(|t| t.contains(words));
        let found = links.iter().find(is_called).map(|link| link.id.as_str());
        found.with_context(|| format!("no post of the case is called `{words}`"))
    };
    Ok(titles.iter().map(id).collect::<anyhow::Result<Vec<_>>>()?.join(" "))
}
