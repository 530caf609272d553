//! Loading: raw → resolve → validate, for the main file and all that it names.
//!
//! In: a path, or none for the shipped defaults. Out: the config, or every problem of every file. Reads
//! files and nothing else. A file that is not TOML is reported and the others are still checked; what
//! refers to something in a broken file is not called an error.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::Utc;
use pipelines::annotate::TopicConfig;
use pipelines::crawl::SourceConfig;
use pipelines::query::Context;
use pipelines::record::Subject;
use pipelines::watch::RuleConfig;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::document::{FileText, Node, Placed, decode, entries};
use super::duty::DutyConfig;
use super::evidence_at::{self, EvidenceSettings};
use super::files::{named_files, over};
use super::index_at::{self, IndexSettings};
use super::notifier::NotifierConfig;
use super::problem::{Fault, Problem, Problems};
use super::resolve::{absolute, notifier_paths, resolve, source_paths};
use super::route::RouteConfig;
use super::schema::{self, Key};
use super::settings::{
    CalendarSettings, CrawlSettings, DigestConfig, ExtractSettings, JudgeSettings, PaperSettings,
    Paths, People, Privacy, PublicSettings, RephraseSettings, Retention, Station, StoreSettings,
};
use super::walk::{Reference, Walk};
use super::{Config, Overrides, cross, query, shipped};
use crate::cases::clock::Limits;
use crate::schedule::Calendar;

/// The tables of the main file that are inherited key by key.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Settings {
    pub(super) station: Station,
    pub(super) store: StoreSettings,
    pub(super) people: People,
    pub(super) paper: PaperSettings,
    pub(super) public: PublicSettings,
    pub(super) rephrase: RephraseSettings,
    pub(super) paths: Paths,
    pub(super) crawl: CrawlSettings,
    pub(super) extract: ExtractSettings,
    pub(super) judge: JudgeSettings,
    pub(super) privacy: Privacy,
    pub(super) retention: Retention,
    pub(super) evidence: EvidenceSettings,
    pub(super) index: IndexSettings,
    pub(super) cases: Limits,
    pub(super) calendar: CalendarSettings,
}

/// Everything read so far, with its places.
#[derive(Debug)]
pub(super) struct Raw {
    /// What queries are read against: the clock, the zone, the subjects as aliases.
    pub(super) context: Context,
    pub(super) subjects: Vec<Placed<Subject>>,
    pub(super) notifiers: Vec<Placed<NotifierConfig>>,
    pub(super) digests: Vec<Placed<DigestConfig>>,
    pub(super) routes: Vec<Placed<RouteConfig>>,
    pub(super) duties: Vec<Placed<DutyConfig>>,
    pub(super) sources: Vec<Placed<SourceConfig>>,
    pub(super) rules: Vec<Placed<RuleConfig>>,
    pub(super) topics: Vec<Placed<TopicConfig>>,
    /// Table and id of everything that was written, also where it was refused: names that point at such a
    /// thing are not errors of their own. With the place, but for what is shipped.
    pub(super) declared: HashMap<(&'static str, String), Option<String>>,
    /// Names used.
    pub(super) references: Vec<Reference>,
    pub(super) problems: Vec<Problem>,
    /// What is read now is shipped: an equal id in the user's own files replaces it.
    shipping: bool,
    /// A file could not be read: what refers to its contents cannot be judged.
    pub(super) incomplete: bool,
    /// A file as it would be.
    pub(super) as_if: Option<(PathBuf, String)>,
}

pub(super) fn load(main: Option<PathBuf>, overrides: &Overrides) -> Result<Config, Problems> {
    let mut raw = Raw::new();
    raw.as_if.clone_from(&overrides.as_if);
    let text = match &main {
        Some(path) => raw.file(path).map_err(|problem| Problems(vec![*problem]))?,
        None => FileText::of(PathBuf::from("guanlan.toml"), String::new()),
    };
    let mut settings = raw.main(&text);
    (raw.context.zone, raw.context.subjects) = (settings.station.zone, raw.aliases());
    let dir = text.path.parent().unwrap_or(Path::new("")).to_owned();
    raw.items(&text, &dir, &settings.paths);
    raw.expand_sources();
    let station =
        cross::Station { file: &text, settings: &settings.station, crawl: &settings.crawl };
    let examples_run = cross::check(&mut raw, &station, overrides.run_examples);
    let lexicons = named_files(&mut raw, &text, "paths.lexicons", &settings.paths.lexicons);
    let models = named_files(&mut raw, &text, "paths.models", &settings.paths.models);
    let problems = raw.judged(overrides)?;
    resolve(&mut settings, &dir, overrides);
    let entry_files = raw.entry_files();
    let Raw { subjects, notifiers, digests, routes, duties, sources, rules, topics, .. } = raw;
    Ok(Config {
        file: main.map(|path| absolute(&path)),
        station: settings.station,
        store: settings.store,
        people: settings.people,
        paper: settings.paper,
        public: settings.public,
        rephrase: settings.rephrase,
        paths: settings.paths,
        crawl: settings.crawl,
        extract: settings.extract,
        judge: settings.judge,
        privacy: settings.privacy,
        retention: settings.retention,
        evidence: settings.evidence,
        index: settings.index,
        cases: settings.cases,
        calendar: Arc::new(calendar(&settings.calendar)),
        entry_files,
        subjects: subjects.into_iter().map(|s| s.item).collect(),
        sources: sources.into_iter().map(source_paths).collect(),
        topics: topics.into_iter().map(|t| t.item).collect(),
        rules: rules.into_iter().map(|r| r.item).collect(),
        notifiers: notifiers.into_iter().map(|n| notifier_paths(n.item, &dir)).collect(),
        digests: digests.into_iter().map(|d| d.item).collect(),
        routes: routes.into_iter().map(|route| route.item).collect(),
        duties: duties.into_iter().map(|duty| duty.item).collect(),
        lexicons: over(shipped::LEXICONS, lexicons, Cow::Borrowed, |bytes| text_of(&bytes)),
        // The deep reader's comes first: one of the user's own is taken before it.
        models: std::iter::once((shipped::DEEP.0.to_owned(), Cow::Borrowed(shipped::DEEP.1)))
            .chain(over(shipped::MODELS, models, Cow::Borrowed, Cow::Owned))
            .collect(),
        warnings: problems,
        examples_run,
    })
}

/// Working days, of dates that were checked.
fn calendar(settings: &CalendarSettings) -> Calendar {
    Calendar::new(&settings.holidays, &settings.workdays).expect("dates are checked before")
}

/// A word list as text.
fn text_of(bytes: &[u8]) -> Cow<'static, str> {
    Cow::Owned(String::from_utf8_lossy(bytes).into_owned())
}

impl Raw {
    fn new() -> Self {
        Self {
            context: Context::at(Utc::now()),
            subjects: Vec::new(),
            notifiers: Vec::new(),
            digests: Vec::new(),
            routes: Vec::new(),
            duties: Vec::new(),
            sources: Vec::new(),
            rules: Vec::new(),
            topics: Vec::new(),
            declared: HashMap::new(),
            references: Vec::new(),
            problems: Vec::new(),
            shipping: false,
            incomplete: false,
            as_if: None,
        }
    }

    /// The file at `path`, or what it would be.
    fn file(&self, path: &Path) -> Result<FileText, Box<Problem>> {
        match &self.as_if {
            Some((file, text)) if absolute(file) == absolute(path) => {
                Ok(FileText::of(path.to_owned(), text.clone()))
            }
            _ => FileText::read(path),
        }
    }

    /// Where each entry of the user stands.
    fn entry_files(&self) -> HashMap<(&'static str, String), PathBuf> {
        fn of<'a, T>(
            table: &'static str,
            all: &'a [Placed<T>],
            id: fn(&T) -> &str,
        ) -> impl Iterator<Item = ((&'static str, String), PathBuf)> + 'a {
            let file = |placed: &Placed<T>| absolute(Path::new(&placed.file));
            all.iter().map(move |p| ((table, id(&p.item).to_owned()), file(p)))
        }
        let own = |(_, file): &((&'static str, String), PathBuf)| file.is_file();
        of("rule", &self.rules, |rule| rule.id.as_str())
            .chain(of("source", &self.sources, |source| source.id.as_str()))
            .chain(of("topic", &self.topics, |topic| topic.id.as_str()))
            .chain(of("subject", &self.subjects, |subject| subject.id.as_str()))
            .filter(own)
            .collect()
    }

    /// The subjects that queries may name, also those refused: naming one is not an error of its own.
    fn aliases(&self) -> Vec<Subject> {
        let mut subjects: Vec<Subject> = self.subjects.iter().map(|s| s.item.clone()).collect();
        for (_, id) in self.declared.keys().filter(|(table, _)| *table == "subject") {
            if !subjects.iter().any(|s| s.id.as_str() == id) {
                let id = id.as_str();
                subjects.push(Subject { id: id.into(), name: id.to_owned(), ..Subject::default() });
            }
        }
        subjects
    }

    /// All problems by file and line; an error where one of them keeps the config from being used.
    fn judged(&mut self, overrides: &Overrides) -> Result<Problems, Problems> {
        let mut problems = Problems(std::mem::take(&mut self.problems));
        if overrides.reads_only {
            problems.0.retain(|problem| !matches!(problem.fault, Fault::SecretUnreadable { .. }));
        }
        problems.0.sort_by(|a, b| (a.level, &a.file, a.line).cmp(&(b.level, &b.file, b.line)));
        if problems.stop() { Err(problems) } else { Ok(problems) }
    }

    /// The main file: its own tables over the shipped ones, and its lists of tables.
    fn main(&mut self, file: &FileText) -> Settings {
        let shipped = FileText::of(file.path.clone(), shipped::MAIN.to_owned());
        let mut base = shipped.parse(&mut self.problems).expect("the shipped file parses (tested)");
        let defaults = |table: &DeTable| decode_table::<Settings>(table);
        let shipped_settings = defaults(&base).expect("the shipped file is complete (tested)");
        let Some(own) = self.parse(file, schema::MAIN) else { return shipped_settings };
        for name in ["subject", "route", "duty"] {
            self.read(file, &own, name);
        }
        for name in ["notifier", "digest"] {
            let (from, table) =
                if own.contains_key(name) { (file, &own) } else { (&shipped, &base) };
            self.read(from, table, name);
        }
        lay_over(&mut base, &own);
        let settings = defaults(&base).unwrap_or(shipped_settings);
        self.problems.extend(evidence_at::check(file, &settings.evidence));
        self.problems.extend(index_at::check(file, &settings.index));
        settings
    }

    /// Parses and walks one file; none where it is not TOML.
    fn parse<'t>(&mut self, file: &'t FileText, keys: &[Key]) -> Option<DeTable<'t>> {
        let Some(table) = file.parse(&mut self.problems) else {
            self.incomplete = true;
            return None;
        };
        let context = &self.context;
        let check = |text: &str| query::fault(text, context);
        let (problems, references) = (&mut self.problems, &mut self.references);
        Walk { file, queries: &check, problems, references }.table(&table, 1, &[keys], "");
        Some(table)
    }

    /// Takes note of the id of an entry, and says where it was used before.
    fn declare(&mut self, file: &FileText, node: &Node, name: &'static str) {
        let DeValue::Table(entry) = node.get_ref() else { return };
        let key = if entry.contains_key("id") { "id" } else { "name" };
        let Some(id) = entry.get(key).and_then(|id| id.get_ref().as_str()) else { return };
        let placed = Placed::new((), file, node);
        let place = (!self.shipping).then(|| placed.place());
        let before = self.declared.insert((name, id.to_owned()), place);
        if let Some(Some(first)) = before {
            self.problems.push(placed.problem(
                name,
                key,
                Fault::Duplicate { first: first.clone() },
            ));
            self.declared.insert((name, id.to_owned()), Some(first));
        }
    }

    /// The files of sources, rules and topics.
    fn items(&mut self, main: &FileText, dir: &Path, paths: &Paths) {
        if paths.shipped_topics {
            self.shipping = true;
            for (name, text) in shipped::TOPICS {
                let path = PathBuf::from(format!("topics/{name}"));
                let file = FileText::of(path, (*text).to_owned());
                // Checked by a test and not at every start, where each millisecond is waited for.
                if let Some(table) = file.parse(&mut self.problems) {
                    self.read(&file, &table, "topic");
                }
            }
        }
        self.shipping = false;
        let shipped_topics = self.topics.len();
        for (name, patterns) in
            [("source", &paths.sources), ("rule", &paths.rules), ("topic", &paths.topics)]
        {
            for path in self.find(main, &format!("paths.{name}s"), dir, patterns) {
                self.item_file(&path, name);
            }
        }
        let own: Vec<_> = self.topics[shipped_topics..].iter().map(|t| t.item.id.clone()).collect();
        let mut place = 0;
        self.topics.retain(|topic| {
            place += 1;
            place > shipped_topics || !own.contains(&topic.item.id)
        });
    }

    fn item_file(&mut self, path: &Path, name: &'static str) {
        let file = match self.file(path) {
            Ok(file) => file,
            Err(problem) => {
                self.incomplete = true;
                return self.problems.push(*problem);
            }
        };
        let keys = match name {
            "source" => schema::SOURCES,
            "rule" => schema::RULES,
            _ => schema::TOPICS,
        };
        let Some(table) = self.parse(&file, keys) else { return };
        self.read(&file, &table, name);
    }

    /// Reads all `[[name]]` of a file.
    fn read(&mut self, file: &FileText, table: &DeTable, name: &'static str) {
        for node in entries(table, name) {
            self.declare(file, node, name);
        }
        let problems = &mut self.problems;
        match name {
            "subject" => read(file, table, name, &mut self.subjects, problems),
            "notifier" => read(file, table, name, &mut self.notifiers, problems),
            "digest" => read(file, table, name, &mut self.digests, problems),
            "route" => read(file, table, name, &mut self.routes, problems),
            "duty" => read(file, table, name, &mut self.duties, problems),
            "source" => read(file, table, name, &mut self.sources, problems),
            "rule" => read(file, table, name, &mut self.rules, problems),
            "topic" => read(file, table, name, &mut self.topics, problems),
            _ => unreachable!("the tables with ids are the eight above"),
        }
    }
}

/// Reads the entries of `[[name]]` that are sound; the others have been reported.
fn read<T: DeserializeOwned>(
    file: &FileText,
    table: &DeTable,
    name: &str,
    into: &mut Vec<Placed<T>>,
    problems: &mut Vec<Problem>,
) {
    let of_file = problems.iter().filter(|problem| problem.file == file.shown());
    let told: BTreeSet<usize> = of_file.map(|problem| problem.line).collect();
    for node in entries(table, name) {
        match decode::<T>(node) {
            Ok(item) => into.push(Placed::new(item, file, node)),
            Err(why) => {
                let refused = Placed::new((), file, node);
                if told.range(refused.lines()).next().is_none() {
                    problems.push(refused.problem(name, "", Fault::Refused { why }));
                }
            }
        }
    }
}

fn decode_table<T: DeserializeOwned>(table: &DeTable) -> Result<T, String> {
    decode(&toml::Spanned::new(0..0, DeValue::Table(table.clone())))
}

/// Replaces in `base` what `own` says, key by key in tables.
fn lay_over<'t>(base: &mut DeTable<'t>, own: &DeTable<'t>) {
    for (name, node) in own {
        match (base.get_mut(name).map(toml::Spanned::get_mut), node.get_ref()) {
            (Some(DeValue::Table(below)), DeValue::Table(above)) => lay_over(below, above),
            (Some(below), above) => *below = above.clone(),
            (None, _) => {
                base.insert(name.clone(), node.clone());
            }
        }
    }
}
