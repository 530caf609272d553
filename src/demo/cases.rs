//! The two cases of the demo, opened from its alerts and taken through the desk as far as `cases.toml` says.
//!
//! In: the desk of the demo's station after a round. Out: the numbers of the cases. A rule that raised no alert is a
//! defect of the demo and told as such.

use anyhow::Context as _;
use pipelines::record::SubjectId;
use serde::Deserialize;

use crate::cases::{Fields, Step};
use crate::desk::cases::opening::CaseOrder;
use crate::desk::{Desk, Role, Scope, Who};
use pipelines::locale::Lang;

/// Days of alerts that are looked at.
const DAYS: u32 = 3_660;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Play {
    case: Vec<CaseText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseText {
    rule: String,
    title: String,
    step: Vec<StepText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepText {
    who: String,
    role: String,
    #[serde(default)]
    units: Vec<SubjectId>,
    step: Step,
    #[serde(default)]
    fields: Fields,
}

/// Opens the cases and takes their steps; their numbers.
///
/// # Errors
/// A rule without an alert, a step that is refused.
pub fn play(desk: &Desk, lang: Lang) -> anyhow::Result<Vec<String>> {
    let play: Play = toml::from_str(include_str!("cases.toml"))?;
    play.case.iter().map(|case| played(desk, case, lang)).collect()
}

fn played(desk: &Desk, case: &CaseText, lang: Lang) -> anyhow::Result<String> {
    let first = case.step.first().context("a case of the demo has steps")?;
    let opener = who(first, lang)?;
    let said = |error: crate::desk::DeskError| anyhow::anyhow!("{}", error.in_words(lang));
    let alerts = desk.alerts(&opener, DAYS, None, usize::MAX).map_err(said)?;
    let of_rule = alerts.iter().filter(|alert| alert.rule == case.rule);
    let gravest =
        of_rule.max_by_key(|alert| (alert.severity, alert.posts, std::cmp::Reverse(alert.id)));
    let alert = gravest.with_context(|| format!("no alert of the rule `{}`", case.rule))?;
    let fields = Fields::from([("title".to_owned(), case.title.clone())]);
    let order = CaseOrder { origin: "alert".to_owned(), id: alert.id.to_string(), fields };
    let number = desk.open_case(&opener, &order).map_err(said)?;
    for text in &case.step {
        let who = who(text, lang)?;
        let sheet = desk.case(&who, &number).map_err(said)?;
        let mut fields = text.fields.clone();
        if text.step == Step::Verify {
            let posts =
                sheet.links.iter().filter(|link| link.kind == "post").map(|link| link.id.as_str());
            fields.insert("originals".to_owned(), posts.collect::<Vec<_>>().join(" "));
        }
        desk.step_case(&who, &number, sheet.version, text.step, &fields).map_err(said)?;
    }
    Ok(number)
}

fn who(text: &StepText, lang: Lang) -> anyhow::Result<Who> {
    let role = Role::parse(&text.role).context("a role of the demo")?;
    let (name, units) = (text.who.clone(), text.units.clone());
    Ok(Who { name, lang, role, units, scope: Scope::Write })
}
