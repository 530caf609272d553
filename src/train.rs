//! Makes the shipped models again from a folder of labelled sets, and says how good they are.
//!
//! In: a folder laid out like the shared data, the lexicons, corrections of officers. Out: model files, and
//! a [`TrainReport`] with cross-validated figures. Deterministic for a seed. Refuses to write anything when a
//! figure falls below its floor, unless told so. The texts themselves are written nowhere.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pipelines::annotate::deep::DeepReader;
use pipelines::annotate::dense::DenseHead;
use pipelines::annotate::lexicon::Lexicon;
use pipelines::annotate::model::Model;
use pipelines::annotate::officer::Labels;
use serde::{Deserialize, Serialize};

mod boost;
mod dense;
pub mod happenings;
mod labels;
mod officer;
pub mod pages;
mod parties;
mod texts;

/// Order of rows and parts: the shipped models were made from it.
pub const SEED: u64 = 1;

/// How to train.
#[derive(Clone, Debug, Default)]
pub struct TrainOptions {
    /// The lexicons, which have a say in polarity: name and text.
    pub lexicons: Vec<(String, String)>,
    /// Labels that officers gave, for the models of the older sets.
    pub corrections: Vec<Correction>,
    /// Posts as officers corrected them, for the officer's model.
    pub filed: Vec<Filed>,
    /// The deep reader's file, which tells the judge of happenings what posts are about and is heard beside the models of the
    /// older sets: name, bytes. Without it they learn from words alone.
    pub deep: Option<(String, Cow<'static, [u8]>)>,
    /// Models to make; all when empty.
    pub only: Vec<String>,
    /// Seed of the order of rows and of the parts of cross-validation.
    pub seed: u64,
    /// Floors by figure, as `weibo.accuracy` = 0.80.
    pub floors: BTreeMap<String, f32>,
    /// Write the models even when a figure fell.
    pub even_if_lower: bool,
}

/// A label that an officer gave to a post.
#[derive(Clone, Debug, Default)]
pub struct Correction {
    /// Title of the post.
    pub title: String,
    /// Its text.
    pub text: String,
    /// `weibo` or `news` (by its shape), `risk`, `petitions`.
    pub model: String,
    /// The right label: `negative`, a kind, a class.
    pub label: String,
    /// What it counts against a row of a set.
    pub weight: f32,
}

/// A post as it stands after officers' corrections: what nobody corrected of it is what was judged.
#[derive(Clone, Debug)]
pub struct Filed {
    /// Title of the post.
    pub title: String,
    /// Its text.
    pub text: String,
    /// How it is filed.
    pub labels: Labels,
    /// What it counts against a row of a set.
    pub weight: f32,
}

/// What was trained and how good it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TrainReport {
    /// By name of the model.
    pub models: BTreeMap<String, Trained>,
    /// Figures below their floor: `name`: figure, floor.
    pub fell: BTreeMap<String, (f32, f32)>,
}

/// One trained model.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Trained {
    /// Rows it learned from.
    pub rows: usize,
    /// Labels it tells apart.
    pub labels: usize,
    /// Size of its file.
    pub bytes: usize,
    /// First 16 hex digits of the SHA-256 of each set it learned from.
    pub learned_from: BTreeMap<String, String>,
    /// Cross-validated figures: `accuracy`, `macro_f1`, …
    pub figures: BTreeMap<String, f32>,
}

impl TrainReport {
    /// Notes the figures of a model that lie below their floor.
    fn hold(&mut self, name: &str, about: &Trained, options: &TrainOptions) {
        for (figure, value) in &about.figures {
            let figure = format!("{name}.{figure}");
            if let Some(floor) = options.floors.get(&figure).filter(|f| value < f) {
                self.fell.insert(figure, (*value, *floor));
            }
        }
    }
}

/// A model made, not yet written.
struct Made {
    model: Model,
    /// A head over the deep reader's states that stands beside it.
    beside: Option<DenseHead>,
    about: Trained,
}

/// Trains what `data` has sets for and writes it to `out`.
///
/// # Errors
/// A set or lexicon that cannot be read, a model that cannot be trained or written, a figure below its floor.
pub fn train(data: &Path, out: &Path, options: &TrainOptions) -> Result<TrainReport> {
    let lexicon = Lexicon::read(options.lexicons.iter().map(|(n, t)| (n.as_str(), t.as_str())))?;
    let deep = options.deep.clone().map(|(_, bytes)| DeepReader::of(bytes));
    let ground = texts::Ground { lexicon, deep };
    let mut made: Vec<Made> = Vec::new();
    let wanted = |name: &str| options.only.is_empty() || options.only.iter().any(|o| o == name);
    for (name, make) in texts::MAKERS {
        if wanted(name) {
            made.extend(make(data, options, &ground).with_context(|| format!("model `{name}`"))?);
        }
    }
    if wanted("target") {
        made.extend(parties::target(data, options)?);
    }
    let mut report = TrainReport::default();
    let (mut files, mut heads) = (Vec::new(), Vec::new());
    for Made { model, beside, mut about } in made {
        let name = model.head().name.clone();
        let bytes = model.to_bytes()?;
        about.bytes = bytes.len();
        report.hold(&name, &about, options);
        report.models.insert(name.clone(), about);
        files.push((out.join(format!("{name}.glm")), bytes));
        let bytes = beside.map(|head| head.to_bytes()).transpose()?;
        heads.push((out.join(format!("{name}.dense")), bytes));
    }
    if wanted("officer") {
        let made = officer::officer(data, options, &ground.lexicon).context("model `officer`")?;
        for (about, bytes, file) in made {
            let name = file.split('.').next().unwrap_or(file);
            report.hold(name, &about, options);
            report.models.insert(name.to_owned(), about);
            files.push((out.join(file), bytes));
        }
    }
    if wanted("reader") && data.join("pages").is_dir() {
        let (about, bytes) = reader(&data.join("pages"), options.seed)?;
        report.hold("reader", &about, options);
        report.models.insert("reader".to_owned(), about);
        files.push((out.join("reader.trees"), bytes));
    }
    if wanted("happenings")
        && let Some((about, bytes)) = happenings::make(data, ground.deep.as_ref(), options.seed)?
    {
        report.hold("happenings", &about, options);
        report.models.insert("happenings".to_owned(), about);
        files.push((out.join("happenings.bin"), bytes));
    }
    if let Some((figure, (value, floor))) =
        report.fell.iter().next().filter(|_| !options.even_if_lower)
    {
        bail!("{figure} fell to {value:.3}, its floor is {floor:.3}; nothing was written");
    }
    std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    for (path, bytes) in files {
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    write_heads(&heads)?;
    write_figures(out, &report)?;
    Ok(report)
}

/// The heads that stand beside models. One that stood beside a model before and was not made anew goes: it knew another model.
fn write_heads(heads: &[(PathBuf, Option<Vec<u8>>)]) -> Result<()> {
    for (path, bytes) in heads {
        match bytes {
            Some(bytes) => std::fs::write(path, bytes)
                .with_context(|| format!("cannot write {}", path.display()))?,
            None if path.exists() => std::fs::remove_file(path)
                .with_context(|| format!("cannot remove {}", path.display()))?,
            None => {}
        }
    }
    Ok(())
}

/// The reader of pages: its trees as a file, with figures on sites it had not seen.
fn reader(pages: &Path, seed: u64) -> Result<(Trained, Vec<u8>)> {
    let by_site = crate::eval::pages::score_by_site(pages, seed).context("model `reader`")?;
    let bytes = crate::eval::pages::learn_reader(pages, seed)?.to_bytes();
    let figures = [
        ("f1", by_site.f1),
        ("new_f1", by_site.new_f1),
        ("hard_f1", by_site.hard_f1),
        ("forum_f1", by_site.forum_f1),
    ];
    let about = Trained {
        rows: by_site.n,
        labels: 2,
        bytes: bytes.len(),
        learned_from: BTreeMap::new(),
        figures: figures.into_iter().map(|(n, v)| (n.to_owned(), v as f32)).collect(),
    };
    Ok((about, bytes))
}

/// `figures.json` beside the models: what each learned from and how good it is. Models not made anew keep
/// what stands there of them.
fn write_figures(out: &Path, report: &TrainReport) -> Result<()> {
    let path = out.join("figures.json");
    let mut all = match std::fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str::<TrainReport>(&text)
            .with_context(|| format!("cannot read {}", path.display()))?,
        Err(_) => TrainReport::default(),
    };
    all.models.extend(report.models.clone());
    all.fell.clone_from(&report.fell);
    let text = serde_json::to_string_pretty(&all)? + "\n";
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// A figure that falls by no more than this has not fallen: folds of another set differ by so much.
const TOLERANCE: f32 = 0.005;

/// The floors that a new training is held to: the figures of the shipped models (`figures.json`).
///
/// # Errors
/// The text is not what [`train`] writes.
pub fn pinned_floors(figures: &str) -> Result<BTreeMap<String, f32>> {
    let report: TrainReport = serde_json::from_str(figures).context("figures of the models")?;
    let figures = report.models.iter().flat_map(|(name, trained)| {
        trained
            .figures
            .iter()
            .map(move |(figure, value)| (format!("{name}.{figure}"), value - TOLERANCE))
    });
    Ok(figures.collect())
}
