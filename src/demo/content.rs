//! What the demo sites say: the data files under `site/`, read into plain values.
//!
//! In: TOML compiled in. Out: sites with their pages, times as distances from now. Refuses a file that does
//! not fit the schema; holds no markup.

use chrono::Duration;
use serde::Deserialize;

const FILES: [(&str, &str); 9] = [
    ("daily", include_str!("site/daily.toml")),
    ("portal", include_str!("site/portal.toml")),
    ("gov", include_str!("site/gov.toml")),
    ("forum", include_str!("site/forum.toml")),
    ("energy", include_str!("site/energy.toml")),
    ("blog", include_str!("site/blog.toml")),
    ("finance", include_str!("site/finance.toml")),
    ("hub", include_str!("site/hub.toml")),
    ("quiet", include_str!("site/quiet.toml")),
];

/// Every site of the demo in the order of its loopback addresses; the last one answers 500 to everything.
pub const SITE_KEYS: [&str; 10] =
    ["daily", "portal", "gov", "forum", "energy", "blog", "finance", "hub", "quiet", "down"];

/// A data file of the demo that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// Not the schema.
    #[error("cannot read demo site `{key}`")]
    Schema {
        /// Which file.
        key: String,
        /// Where and why.
        source: toml::de::Error,
    },
    /// An age that is not days, hours and minutes.
    #[error("demo page `{path}` has an unreadable age `{age}`")]
    Age {
        /// The page.
        path: String,
        /// As written.
        age: String,
    },
}

/// How a site is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// `/rss.xml`
    Rss,
    /// `/atom.xml`
    Atom,
    /// `/feed.json`
    Json,
    /// `/news/list-1.html` and on.
    List,
    /// `/forum-37-1.html`
    Board,
}

/// How a page answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// With its text.
    #[default]
    Good,
    /// Always 500.
    Broken,
    /// By sending to a login form.
    Login,
    /// With its text, but robots.txt forbids to ask.
    Disallowed,
}

/// One site.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteText {
    /// Its short name; the id of its source.
    pub key: String,
    /// Its name in Chinese.
    pub name: String,
    /// The template of its pages.
    pub layout: String,
    /// How it is entered.
    pub entry: Entry,
    /// The section its pages stand in.
    pub section: String,
    /// Its pages.
    #[serde(default, rename = "page")]
    pub pages: Vec<PageText>,
}

/// One page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageText {
    /// Path on the site.
    pub path: String,
    /// Age when the demo starts: `2d3h`, `9h20m`.
    pub ago: String,
    /// Title.
    pub title: String,
    /// Author as shown.
    pub author: String,
    /// Original outlet, for reposts.
    pub origin: Option<String>,
    /// `gbk`, or UTF-8 where absent.
    pub charset: Option<String>,
    /// How it answers.
    #[serde(default)]
    pub behaviour: Behaviour,
    /// Paragraphs, one a line; `{d1}` stands for the day before, `{m1}` for the month before, `{y}` the year.
    pub text: String,
    /// Replies, for threads.
    #[serde(default, rename = "reply")]
    pub replies: Vec<Reply>,
}

/// A reply in a thread.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// Author as shown.
    pub author: String,
    /// Age when the demo starts.
    pub ago: String,
    /// What it says.
    pub text: String,
}

/// All sites that have pages.
///
/// # Errors
/// A data file does not fit the schema.
pub fn sites() -> Result<Vec<SiteText>, ContentError> {
    FILES
        .iter()
        .map(|(key, text)| {
            toml::from_str(text)
                .map_err(|source| ContentError::Schema { key: (*key).to_owned(), source })
        })
        .collect()
}

/// `2d3h` as a duration; none where it is anything else.
pub(super) fn age(written: &str) -> Option<Duration> {
    let mut total = Duration::zero();
    let mut digits = String::new();
    for c in written.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let count: i64 = digits.parse().ok()?;
        digits.clear();
        total += match c {
            'd' => Duration::days(count),
            'h' => Duration::hours(count),
            'm' => Duration::minutes(count),
            _ => return None,
        };
    }
    (digits.is_empty() && !written.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ages_are_read_or_refused() {
        for (written, minutes) in [
            ("45m", Some(45)),
            ("2d3h", Some(2 * 1440 + 180)),
            ("9h20m", Some(560)),
            ("9", None),
            ("", None),
            ("3w", None),
        ] {
            assert_eq!(age(written).map(|d| d.num_minutes()), minutes, "{written}");
        }
    }

    #[test]
    fn about_sixty_pages_of_the_length_of_real_ones() {
        let sites = sites().unwrap();
        let pages: Vec<&PageText> = sites.iter().flat_map(|s| &s.pages).collect();
        assert!((55..=70).contains(&pages.len()), "{} pages", pages.len());
        for page in pages.iter().filter(|p| p.behaviour == Behaviour::Good) {
            let chars = page.text.chars().count();
            assert!((80..=900).contains(&chars), "{} has {chars} characters", page.path);
            assert!(age(&page.ago).is_some(), "{}", page.path);
            for reply in &page.replies {
                assert!(
                    age(&reply.ago) < age(&page.ago),
                    "a reply before its thread: {}",
                    page.path
                );
            }
        }
        let layouts: BTreeSet<&str> = sites.iter().map(|s| s.layout.as_str()).collect();
        assert!(layouts.len() >= 5, "{layouts:?}");
    }
}
