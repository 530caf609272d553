//! What was typed into the fields of a step, made clean: known fields only, times and grades as they are stored.
//!
//! In: names and texts, from whatever door. Out: the same in one form, without what is empty; or the field that cannot
//! be taken. Whether units and cases exist is not known here.

use chrono::{DateTime, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use pipelines::record::Severity;

use super::table::{Field, Form, Line};
use super::{Fields, Refusal};

/// Characters of a line.
const LINE_CHARS: usize = 200;

/// Characters of paragraphs.
const TEXT_CHARS: usize = 20_000;

/// The fields of a step, clean.
pub(super) fn clean(line: &Line, typed: &Fields, zone: Tz) -> Result<Fields, Refusal> {
    let mut fields = Fields::new();
    for (name, value) in typed {
        let wrong = || Refusal::Wrong { field: name.clone(), value: value.clone() };
        let value = value.trim();
        if value.is_empty() {
            continue;
        }
        let field = line.fields.iter().find(|field| field.name == name).ok_or_else(wrong)?;
        fields.insert(name.clone(), taken(field, value, zone).ok_or_else(wrong)?);
    }
    let missing = |field: &&Field| field.must && !fields.contains_key(field.name);
    match line.fields.iter().find(missing) {
        Some(field) => Err(Refusal::Missing(field.name)),
        None => Ok(fields),
    }
}

fn taken(field: &Field, value: &str, zone: Tz) -> Option<String> {
    let is_short = |most: usize| value.chars().count() <= most;
    match field.form {
        Form::Line | Form::Unit | Form::Units | Form::Case => {
            let line = pipelines::text::visible_line(value).into_owned();
            is_short(LINE_CHARS).then_some(line)
        }
        Form::Text => {
            let plain = value.replace("\r\n", "\n");
            let is_plain = plain.chars().all(|c| c == '\n' || c == '\t' || !c.is_control());
            (is_plain && is_short(TEXT_CHARS)).then_some(plain)
        }
        Form::Choice(known) => known.contains(&value).then(|| value.to_owned()),
        Form::Grade => Severity::parse(value).map(|grade| grade.as_str().to_owned()),
        Form::Address => {
            let url = url::Url::parse(value).ok().filter(|_| is_short(2_000))?;
            let is_web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
            (is_web && url.password().is_none()).then(|| url.to_string())
        }
        Form::Time => time_of(value, zone).map(|at| at.to_rfc3339()),
    }
}

/// A time as stored, or as people and browsers write it in local time.
fn time_of(value: &str, zone: Tz) -> Option<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(value) {
        return Some(at.to_utc());
    }
    let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"];
    let local = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(value, form).ok())?;
    zone.from_local_datetime(&local).earliest().map(|at| at.to_utc())
}
