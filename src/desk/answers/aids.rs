//! What helps with an answer: templates of an open answer, and what to look at before something is called true or false.
//!
//! In: a language. Out: texts of the locale files, whose names stand here.

use pipelines::locale::Lang;
use serde::Serialize;

/// Templates; locale keys under `answers.template`.
const TEMPLATES: [&str; 5] = ["accident", "rumour", "environment", "pay", "service"];

/// Checklists; locale keys under `answers.checklist`.
const CHECKLISTS: [&str; 4] = ["rumour", "accident", "environment", "grievance"];

/// A template or a checklist.
#[derive(Clone, Debug, Serialize)]
pub struct Aid {
    /// Its name in the address.
    pub id: &'static str,
    /// What it is called.
    pub name: String,
    /// Its text; of a checklist: a line an item.
    pub lines: Vec<String>,
}

/// Both kinds.
#[derive(Clone, Debug, Serialize)]
pub struct Aids {
    /// Templates of an open answer.
    pub templates: Vec<Aid>,
    /// What to look at.
    pub checklists: Vec<Aid>,
}

/// All of them.
#[must_use]
pub fn aids(lang: Lang) -> Aids {
    let aid = |table: &str, id: &'static str| Aid {
        id,
        name: lang.text(&format!("answers.{table}.{id}.name")),
        lines: lines(&lang.text(&format!("answers.{table}.{id}.text"))),
    };
    Aids {
        templates: TEMPLATES.into_iter().map(|id| aid("template", id)).collect(),
        checklists: CHECKLISTS.into_iter().map(|id| aid("checklist", id)).collect(),
    }
}

/// The text of a template.
pub(super) fn template(id: &str, lang: Lang) -> Option<String> {
    let known = TEMPLATES.into_iter().find(|known| *known == id)?;
    Some(lang.text(&format!("answers.template.{known}.text")).trim_end().to_owned())
}

fn lines(text: &str) -> Vec<String> {
    text.trim_end().lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_and_checklists_are_whole_in_both_languages() {
        for lang in [Lang::Zh, Lang::En] {
            let Aids { templates, checklists } = aids(lang);
            for aid in &templates {
                let text = template(aid.id, lang).unwrap();
                // What is to be filled in stands in brackets of its own.
                assert!(text.contains('【') && text.contains('】'), "{}", aid.id);
                assert!(!aid.name.starts_with("answers."), "{}", aid.id);
            }
            for aid in &checklists {
                assert!(aid.lines.len() >= 4, "{}", aid.id);
                assert!(aid.lines.iter().all(|line| !line.trim().is_empty()), "{}", aid.id);
            }
        }
        assert_eq!(template("praise", Lang::Zh), None);
    }
}
