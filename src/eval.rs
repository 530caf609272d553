//! Scores every judge on the labelled sets of a folder, and lists where it errs.
//!
//! In: a folder laid out like the shared data (its README has the scoring rules), and the shipped lexicons and
//! models. Out: [`EvalReport`]; a set that the folder lacks is left out. Files whose name says `train` are
//! scored only when asked for, apart from the others. A set that a shipped model learned from is marked
//! `seen`: such a figure tells what the model remembers, not how good it is.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use pipelines::annotate::AnnotatorConfig;
use pipelines::annotate::deep::DeepReader;
use serde::Serialize;

mod domain;
mod evidence;
pub mod happenings;
pub mod pages;
mod score;
mod segmentation;
pub mod sets;
mod speed;
pub mod stories;
mod tasks;

pub use domain::{DomainScore, auc, score_set};
pub use evidence::EvidenceScore;
pub use score::{ClassScore, Mistake, TargetScore};
pub use segmentation::SegmentationScore;

/// What to score and with what.
#[derive(Clone, Debug)]
pub struct EvalOptions {
    /// The lexicons, models and topics to score.
    pub judges: AnnotatorConfig,
    /// `figures.json` of the models, which says what they learned from.
    pub figures: Option<String>,
    /// Score the sets for training, too.
    pub train: bool,
    /// How many mistakes to list a set.
    pub worst: usize,
    /// Tasks to score: `pages`, `sites` (pages again, by readers that have not seen their site), `domain`, `polarity`, `risk`, `petitions`, `stories`, `happenings`, `segmentation`, `speed`; all of these when
    /// empty. `evidence` (every text of the folder, some minutes) only where it is named.
    pub tasks: Vec<String>,
}

impl EvalOptions {
    /// Everything, with what is compiled in, three mistakes a set.
    #[must_use]
    pub fn shipped() -> Self {
        let config = crate::config::Config::shipped(&crate::config::Overrides::default());
        Self {
            judges: crate::engine::annotator_config(&config),
            figures: Some(crate::config::Config::model_figures().to_owned()),
            train: false,
            worst: 3,
            tasks: Vec::new(),
        }
    }

    fn wants(&self, task: &str) -> bool {
        self.tasks.is_empty() || self.tasks.iter().any(|t| t == task)
    }
}

/// All figures. The names of its JSON are relied on by scripts.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EvalReport {
    /// Main text, date, title, author of pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<pages::PagesScore>,
    /// Polarity by kind of text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polarity: Option<PolarityReport>,
    /// The officer's verdicts on posts of known families of sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<DomainScore>,
    /// The same on sources of other forms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain_new_sources: Option<DomainScore>,
    /// The same on official replies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain_replies: Option<DomainScore>,
    /// Kinds of company risk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<ClassScore>,
    /// Classes of petition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub petitions: Option<ClassScore>,
    /// Pairs of headlines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stories: Option<stories::StoryScore>,
    /// Items of feeds that tell of happenings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub happenings: Option<happenings::HappeningScore>,
    /// Verdicts against the words they rest on, over every text of the folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceScore>,
    /// Word F1 by corpus (`pku`, `msr`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub segmentation: BTreeMap<String, SegmentationScore>,
    /// Whole annotation, one thread, the texts of the polarity sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posts_per_second: Option<f64>,
    /// What that was measured on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<speed::SpeedScore>,
    /// The same of the sets for training, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train: Option<Box<EvalReport>>,
}

/// Polarity by kind of text: `weibo`, `news`, `implicit`, `emoticon` and whatever else the folder names.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PolarityReport {
    /// By kind.
    #[serde(flatten)]
    pub kinds: BTreeMap<String, ClassScore>,
    /// Bad news and for whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetScore>,
}

/// Scores what `dir` has.
///
/// # Errors
/// A set, lexicon or model that cannot be read, with its place.
pub fn run(dir: &Path, options: &EvalOptions) -> Result<EvalReport> {
    anyhow::ensure!(dir.is_dir(), "no folder {}", dir.display());
    let judges = tasks::Judges::load(&options.judges, options.figures.as_deref())?;
    let mut report = part(dir, options, &judges, false)?;
    if options.wants("pages") && dir.join("pages").is_dir() {
        report.pages = Some(pages::score(&dir.join("pages"))?).filter(|p| p.n > 0);
    }
    if options.wants("sites") && dir.join("pages").is_dir() {
        let mut by_site = pages::score_by_site(&dir.join("pages"), crate::train::SEED)?;
        by_site.worst.truncate(options.worst);
        report.pages.get_or_insert_default().by_site = Some(Box::new(by_site));
    }
    if (options.wants("pages") || options.wants("sites"))
        && let Some(pages) = &mut report.pages
    {
        pages.worst.truncate(options.worst);
    }
    if options.wants("happenings") {
        report.happenings = happenings(dir, options)?;
    }
    if options.wants("segmentation") {
        report.segmentation = segmentation::score(&dir.join("segmentation"))?;
    }
    if options.wants("domain") {
        let saw = |set: &sets::Set| judges.saw(set);
        let scores = domain::score(dir, &options.judges, &saw, options.worst)?;
        [report.domain, report.domain_new_sources, report.domain_replies] = scores;
    }
    if options.tasks.iter().any(|task| task == "evidence") {
        report.evidence = Some(evidence::score(dir, &options.judges)?);
    }
    if options.wants("speed") {
        report.speed = speed::measure(dir, &options.judges)?;
        report.posts_per_second = report.speed.as_ref().map(|s| s.posts_per_second);
    }
    if options.train {
        report.train = Some(Box::new(part(dir, options, &judges, true)?));
    }
    Ok(report)
}

/// The first set of happenings: by folds where the shipped judge learned from it.
fn happenings(dir: &Path, options: &EvalOptions) -> Result<Option<happenings::HappeningScore>> {
    let Some(set) = happenings::read(dir)?.into_iter().next() else { return Ok(None) };
    let deep = options.judges.deep.clone().map(|(_, bytes)| DeepReader::of(bytes));
    let set = set.read_by(deep.as_ref());
    let trained = options
        .figures
        .as_deref()
        .map(serde_json::from_str::<crate::train::TrainReport>)
        .transpose()?;
    let judge = trained.and_then(|report| report.models.get("happenings").cloned());
    let is_seen = judge.is_some_and(|judge| judge.learned_from.values().any(|d| *d == set.digest));
    Ok(Some(if is_seen {
        let shipped = pipelines::annotate::Judge::shipped();
        let seed = crate::train::SEED;
        crate::train::happenings::folds_like(dir, shipped, &set, deep.as_ref(), seed)?.score(&set)
    } else {
        let answer = happenings::stories(&set, None);
        happenings::score(&set, &[answer], &vec![0; set.posts.len()])
    }))
}

/// The sets that are, or are not, for training.
fn part(
    dir: &Path,
    options: &EvalOptions,
    judges: &tasks::Judges,
    for_training: bool,
) -> Result<EvalReport> {
    let wanted = |folder: &str| -> Result<Vec<sets::Set>> {
        let sets = sets::sets(dir, folder)?;
        Ok(sets.into_iter().filter(|s| s.for_training == for_training).collect())
    };
    let mut report = EvalReport::default();
    if options.wants("polarity") {
        report.polarity = tasks::polarity(&wanted("polarity")?, judges, options.worst);
    }
    if options.wants("risk") {
        report.risk = tasks::risk(&wanted("risk")?, judges, options.worst);
    }
    if options.wants("petitions") {
        report.petitions = tasks::petitions(&wanted("petitions")?, judges, options.worst);
    }
    if options.wants("stories") {
        let pairs = wanted("stories")?.into_iter().find(|s| s.kind == "pairs");
        let score = pairs.map(|s| {
            stories::score(&s.path).with_context(|| format!("cannot score {}", s.path.display()))
        });
        report.stories = score.transpose()?;
    }
    Ok(report)
}
