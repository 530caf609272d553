//! The one place of officer-facing text: Chinese by default, complete English beside it.
//!
//! Texts live in `config/locales/{zh,en}/<area>.toml` and are compiled in. A key is `area.name` (or
//! `area.table.name`); `{name}` in a text is a place for an argument, `{name|post|posts}` the first word where
//! that argument is 1 and the second where it is not. A key that stands in one language and not in the other, or
//! with other places, fails a test.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::text::visible;

/// A language of the texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    /// Chinese.
    #[default]
    Zh,
    /// English.
    En,
}

macro_rules! areas {
    ($($area:literal),* $(,)?) => {
        const ZH: &[(&str, &str)] =
            &[$(($area, include_str!(concat!("../../config/locales/zh/", $area, ".toml")))),*];
        const EN: &[(&str, &str)] =
            &[$(($area, include_str!(concat!("../../config/locales/en/", $area, ".toml")))),*];
    };
}

areas!(
    "annotate", "answers", "cases", "cli", "config", "crawl", "demo", "desk", "digest", "notify",
    "query", "record", "serve", "watch"
);

type Texts = HashMap<String, String>;

fn load(files: &[(&str, &str)]) -> Texts {
    let mut texts = Texts::new();
    for (area, source) in files {
        let table: toml::Table =
            source.parse().expect("shipped locale files are valid TOML (tested)");
        flatten(area, &table, &mut texts);
    }
    texts
}

fn flatten(prefix: &str, table: &toml::Table, texts: &mut Texts) {
    for (key, value) in table {
        let path = format!("{prefix}.{key}");
        match value {
            toml::Value::Table(inner) => flatten(&path, inner, texts),
            toml::Value::String(text) => {
                texts.insert(path, text.clone());
            }
            other => panic!("locale key {path} is not a text: {other}"),
        }
    }
}

fn texts(lang: Lang) -> &'static Texts {
    static ZH_TEXTS: OnceLock<Texts> = OnceLock::new();
    static EN_TEXTS: OnceLock<Texts> = OnceLock::new();
    match lang {
        Lang::Zh => ZH_TEXTS.get_or_init(|| load(ZH)),
        Lang::En => EN_TEXTS.get_or_init(|| load(EN)),
    }
}

impl Lang {
    /// The text for `key`; the key itself if there is none, so that a gap is seen and not silent.
    #[must_use]
    pub fn text(self, key: &str) -> String {
        self.get(key).map_or_else(|| key.to_owned(), str::to_owned)
    }

    /// The text for `key`, where there is one.
    #[must_use]
    pub fn get(self, key: &str) -> Option<&'static str> {
        texts(self).get(key).map(String::as_str)
    }

    /// The text for `key` with each `{name}` replaced by its argument.
    #[must_use]
    pub fn fill(self, key: &str, args: &[(&str, &dyn std::fmt::Display)]) -> String {
        let template = self.text(key);
        let mut out = String::with_capacity(template.len() + 16);
        let mut rest = template.as_str();
        while let Some(open) = rest.find('{') {
            out.push_str(&rest[..open]);
            let tail = &rest[open + 1..];
            let Some(close) = tail.find('}') else {
                out.push('{');
                rest = tail;
                continue;
            };
            let (place, words) = place(&tail[..close]);
            match args.iter().find(|(name, _)| *name == place) {
                Some((_, value)) => match words {
                    Some(words) => out.push_str(words.of(&value.to_string())),
                    // Values come from anywhere: a row of a file, an answer of a site, a title.
                    None => out.push_str(&visible(&value.to_string())),
                },
                None => out.push_str(&rest[open..=open + 1 + close]),
            }
            rest = &tail[close + 1..];
        }
        out.push_str(rest);
        out
    }

    /// Whether `key` has a text in this language.
    #[must_use]
    pub fn has(self, key: &str) -> bool {
        self.get(key).is_some()
    }
}

/// The words of a place that go by a number: of one, and of any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words<'t>(&'t str, &'t str);

impl<'t> Words<'t> {
    /// The word for `number`.
    #[must_use]
    pub fn of(self, number: &str) -> &'t str {
        if number == "1" { self.0 } else { self.1 }
    }
}

/// What stands between the braces of a place: the name of its argument, and the words that go by its number where it is
/// those that are shown.
#[must_use]
pub fn place(inner: &str) -> (&str, Option<Words<'_>>) {
    match inner.split_once('|') {
        None => (inner, None),
        Some((name, words)) => {
            let (one, many) = words.split_once('|').unwrap_or((words, words));
            (name, Some(Words(one, many)))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn places(text: &str) -> BTreeSet<&str> {
        let inner = text.split('{').skip(1).filter_map(|s| s.split_once('}'));
        inner.map(|(inner, _)| place(inner).0).collect()
    }

    #[test]
    fn both_languages_have_the_same_keys_and_places() {
        let (zh, en) = (texts(Lang::Zh), texts(Lang::En));
        let keys: BTreeSet<_> = zh.keys().chain(en.keys()).collect();
        assert!(!keys.is_empty());
        for key in keys {
            let zh_text = zh.get(key).unwrap_or_else(|| panic!("{key} has no Chinese text"));
            let en_text = en.get(key).unwrap_or_else(|| panic!("{key} has no English text"));
            assert_eq!(places(zh_text), places(en_text), "places of {key} differ");
        }
    }

    #[test]
    fn words_go_by_their_number() {
        for (number, expected) in [(0, "0 posts are"), (1, "1 post is"), (2, "2 posts are")] {
            let text = "{n} {n|post|posts} {n|is|are}";
            assert_eq!(Lang::En.fill(text, &[("n", &number)]), expected);
        }
        assert_eq!(Lang::En.fill("{n} case{n||s}", &[("n", &1)]), "1 case");
        assert_eq!(Lang::En.fill("{n} case{n||s}", &[("n", &11)]), "11 cases");
    }

    /// A word of many right behind a number would be wrong of one.
    #[test]
    fn no_english_text_counts_one_in_the_plural() {
        let counted = [
            "posts",
            "sources",
            "alerts",
            "cases",
            "happenings",
            "copies",
            "records",
            "hours",
            "days",
            "minutes",
            "outlets",
            "pages",
            "matches",
            "windows",
        ];
        for (key, text) in texts(Lang::En) {
            // Reports and alerts; a message of the command line may count as it likes.
            if !["digest.", "notify.", "watch.", "cases."].iter().any(|area| key.starts_with(area))
            {
                continue;
            }
            for word in counted {
                let is_bare = text.contains(&format!("}} {word}"));
                assert!(!is_bare, "{key}: `{word}` does not go by its number in: {text}");
            }
        }
    }

    #[test]
    fn fill_replaces_only_named_places() {
        let filled = Lang::En.fill("no.such.key {a}", &[("a", &1)]);
        assert_eq!(filled, "no.such.key 1");
        assert_eq!(Lang::Zh.text("no.such.key"), "no.such.key");
    }
}
