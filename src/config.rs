//! The config: what the user wrote, checked as a whole and resolved to what the program needs.
//!
//! In: `guanlan.toml` and the source, rule and topic files it names, over the shipped defaults. Out: one
//! [`Config`], or every problem of every file in one run. Refuses unknown keys, secrets written in files and
//! anything it would have to guess at; starts nothing and writes nothing.

mod cross;
mod document;
mod door;
mod duty;
pub mod edit;
mod evidence_at;
mod expand;
mod files;
mod index_at;
mod load;
mod notifier;
mod problem;
mod query;
mod resolve;
mod route;
mod schema;
mod settings;
mod shipped;
pub mod short_names;
mod walk;
mod ways;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::TimeDelta;
use pipelines::annotate::TopicConfig;
use pipelines::crawl::{Pace, SourceConfig};
use pipelines::record::Subject;
use pipelines::watch::RuleConfig;

pub(crate) use cross::is_private_url;
pub use duty::{DUTY, DutyConfig};
pub use evidence_at::{EvidenceKind, EvidenceSettings};
pub use index_at::{IndexKind, IndexSettings};
pub use notifier::{
    MailConfig, MailSecurity, NotifierConfig, NotifierKind, RobotConfig, RobotStyle, Secret,
    SecretError,
};
pub use problem::{Fault, Level, Problem, Problems};
pub use route::{Hours, RouteConfig};
pub use settings::{
    CalendarSettings, CrawlSettings, Depth, DigestConfig, ExtractSettings, Form, JudgeSettings,
    PaperSettings, Paths, People, Period, Privacy, PublicSettings, RephraseSettings, Retention,
    Station, StoreKind, StoreSettings,
};
pub(crate) use walk::{is_contact, is_url};

use crate::cases::clock::Limits;
use crate::schedule::{Calendar, Schedule};

/// The schedule that follows how often a source publishes.
pub(crate) const ADAPTIVE: &str = "adaptive";

/// When a source is crawled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pacing {
    /// At fixed times.
    Cron(Schedule),
    /// As often as it publishes, within bounds.
    Adaptive(Pace),
}

/// What the command line and the environment say over the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--data-dir`, relative to the current folder.
    pub data_dir: Option<PathBuf>,
    /// Whether the examples of topics and rules are run; `check` and `run` do, quick commands do not.
    pub run_examples: bool,
    /// Whether the command only reads what is stored: secrets of ways out need not be there.
    pub reads_only: bool,
    /// A file as it would be: read instead of what lies there, so that a change is judged before it is written.
    pub as_if: Option<(PathBuf, String)>,
}

/// Everything the station needs to know, checked: references exist, schedules and queries can be read,
/// paths are absolute.
#[derive(Clone, Debug)]
pub struct Config {
    /// The main file; none where only the shipped defaults hold.
    pub file: Option<PathBuf>,
    /// Who runs it, and where it lives.
    pub station: Station,
    /// Those who log in.
    pub people: People,
    /// What keeps the truth.
    pub store: StoreSettings,
    /// How digests are headed.
    pub paper: PaperSettings,
    /// What stands on the public board.
    pub public: PublicSettings,
    /// The model that may say the opening of digests in other words.
    pub rephrase: RephraseSettings,
    /// The other files as named in the main one.
    pub paths: Paths,
    /// How politely and how much.
    pub crawl: CrawlSettings,
    /// What counts as a text.
    pub extract: ExtractSettings,
    /// How deep posts are read.
    pub judge: JudgeSettings,
    /// The key of pseudonyms.
    pub privacy: Privacy,
    /// Days things are kept.
    pub retention: Retention,
    /// Where pages are kept as they were served.
    pub evidence: EvidenceSettings,
    /// Where the index lies.
    pub index: IndexSettings,
    /// How long the steps of a case may take.
    pub cases: Limits,
    /// Working days.
    pub calendar: Arc<Calendar>,
    /// The enterprise and its units.
    pub subjects: Vec<Subject>,
    /// All sources, also those not enabled.
    pub sources: Vec<SourceConfig>,
    /// Shipped topics with the user's own over them.
    pub topics: Vec<TopicConfig>,
    /// All rules, also those not enabled.
    pub rules: Vec<RuleConfig>,
    /// Ways out.
    pub notifiers: Vec<NotifierConfig>,
    /// Reports on a schedule.
    pub digests: Vec<DigestConfig>,
    /// Who is told of which alert.
    pub routes: Vec<RouteConfig>,
    /// Who has the desk when.
    pub duties: Vec<DutyConfig>,
    /// Word lists: file name and text.
    pub lexicons: Vec<(String, Cow<'static, str>)>,
    /// Trained models: file name and bytes.
    pub models: Vec<(String, Cow<'static, [u8]>)>,
    /// What does not stop the station but should be looked at.
    pub warnings: Problems,
    /// Examples of topics and rules that were run while loading; 0 where that was not asked for.
    pub examples_run: usize,
    /// The file that each `[[subject]]`, `[[source]]`, `[[topic]]` and `[[rule]]` of the user stands in, by table and id.
    pub entry_files: HashMap<(&'static str, String), PathBuf>,
}

impl Config {
    /// Reads and checks the config that [`find`](Self::find) finds, or the shipped defaults alone.
    ///
    /// # Errors
    /// Every problem of every file.
    pub fn load(path: Option<&Path>, overrides: &Overrides) -> Result<Self, Problems> {
        load::load(Self::find(path, overrides), overrides)
    }

    /// The main file: `path`, or `guanlan.toml` in it where it is a folder; where none is given, that of the
    /// current folder, or of the data folder named on the command line (the demo's carries its own).
    #[must_use]
    pub fn find(path: Option<&Path>, overrides: &Overrides) -> Option<PathBuf> {
        const MAIN_FILE: &str = "guanlan.toml";
        match path {
            Some(dir) if dir.is_dir() => Some(dir.join(MAIN_FILE)),
            Some(file) => Some(file.to_owned()),
            None => [Some(Path::new("")), overrides.data_dir.as_deref()]
                .into_iter()
                .flatten()
                .map(|dir| dir.join(MAIN_FILE))
                .find(|file| file.exists()),
        }
    }

    /// The file that the entry `id` of `table` stands in; none for what is shipped.
    #[must_use]
    pub fn file_of(&self, table: &'static str, id: &str) -> Option<&Path> {
        self.entry_files.get(&(table, id.to_owned())).map(PathBuf::as_path)
    }

    /// The shipped defaults: no subjects, sources or rules; data in `./data`.
    ///
    /// # Panics
    /// Never: the shipped file loads, which is tested.
    #[must_use]
    pub fn shipped(overrides: &Overrides) -> Self {
        load::load(None, overrides).expect("the shipped config loads (tested)")
    }

    /// The text of the shipped `guanlan.toml`: the manual.
    #[must_use]
    pub fn manual() -> &'static str {
        shipped::MAIN
    }

    /// `figures.json` of the shipped models: what each learned from and how good it is.
    #[must_use]
    pub fn model_figures() -> &'static str {
        shipped::FIGURES
    }

    /// When `source` is crawled: as it says itself, as its group does, or as all do.
    #[must_use]
    pub fn source_pacing(&self, source: &SourceConfig) -> Pacing {
        let of_group = source.group.as_ref().and_then(|group| self.crawl.groups.get(group));
        let text = source.schedule.as_ref().or(of_group).unwrap_or(&self.crawl.schedule);
        if text == ADAPTIVE {
            let minutes = |n: u32| TimeDelta::minutes(n.into());
            return Pacing::Adaptive(Pace {
                shortest: minutes(self.crawl.adaptive_shortest_minutes),
                longest: minutes(self.crawl.adaptive_longest_minutes),
            });
        }
        Pacing::Cron(self.schedule(text, source.workday_only))
    }

    /// When `digest` is written.
    #[must_use]
    pub fn digest_schedule(&self, digest: &DigestConfig) -> Schedule {
        self.schedule(&digest.schedule, digest.workday_only)
    }

    fn schedule(&self, text: &str, workday_only: bool) -> Schedule {
        let schedule =
            Schedule::parse(text).expect("schedules are checked when the config is loaded");
        let schedule = schedule.in_zone(self.station.zone);
        if workday_only { schedule.on_workdays(Arc::clone(&self.calendar)) } else { schedule }
    }

    /// The notifiers called `names`, or the default ones where no name is given.
    pub fn notifiers(&self, names: &[String]) -> impl Iterator<Item = &NotifierConfig> {
        self.notifiers.iter().filter(move |notifier| match names {
            [] => notifier.default,
            names => names.contains(&notifier.name),
        })
    }
}
