//! What one of several processes on a store does.
//!
//! In: a word. Out: roles. A store that is one file has one process, which does everything.

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Reads sources, and judges what it read where no process judges for others.
    pub crawls: bool,
    /// Judges; by itself: for those that crawl without judging.
    pub judges: bool,
    /// Stores, watches, tells and indexes, as one of those that may: one at a time does.
    pub keeps: bool,
    /// Has a console.
    pub serves: bool,
}

impl Roles {
    /// Everything.
    pub const ALL: Self = Self { crawls: true, judges: true, keeps: true, serves: true };

    /// The roles called `word`: `all`, `crawl`, `judge`, `keep` or `serve`.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        let none = Self { crawls: false, judges: false, keeps: false, serves: false };
        Some(match word {
            "all" => Self::ALL,
            "crawl" => Self { crawls: true, ..none },
            "judge" => Self { judges: true, ..none },
            "keep" => Self { keeps: true, ..none },
            "serve" => Self { serves: true, ..none },
            _ => return None,
        })
    }

    /// Their names.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let named = [
            (self.crawls, "crawl"),
            (self.judges, "judge"),
            (self.keeps, "keep"),
            (self.serves, "serve"),
        ];
        named.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect()
    }
}
