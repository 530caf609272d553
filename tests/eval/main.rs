//! The floors of judging, on the project's own labelled set: a change that judges worse fails here.
//!
//! In: `tests/eval/data` (written for this project, fictitious names) and `tests/eval/floors.toml`. Where the
//! shared data lies beside the project its open sets are scored too, against their own floors; they were
//! learned from, so those floors guard against broken files rather than tell how good the judges are.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../shared/data.rs"]
mod data;
mod equal;
mod own;

use std::collections::BTreeMap;
use std::path::Path;

use guanlan::eval::sets::{sets, text};
use guanlan::eval::{EvalOptions, run};
use guanlan::train::{TrainOptions, train};
use pipelines::annotate::polarity::{FoldedPost, PolarityJudge};
use pipelines::record::TextField;
use pipelines::text::fold;
use serde_json::Value;

/// Floors by dotted name of the figure.
type Floors = BTreeMap<String, f64>;

pub(crate) fn floors(table: &str) -> Floors {
    let text = include_str!("floors.toml");
    let all: BTreeMap<String, Floors> = toml::from_str(text).expect("floors.toml reads");
    all.get(table).cloned().expect("the table of floors is there")
}

fn check(dir: &Path, tasks: &[&str], table: &str) {
    let mut options = EvalOptions::shipped();
    options.tasks = tasks.iter().map(|t| (*t).to_owned()).collect();
    hold(&serde_json::to_value(run(dir, &options).expect("the set is scored")).unwrap(), table);
}

/// No figure of `report` lies below its floor.
pub(crate) fn hold(report: &Value, table: &str) {
    let mut fell = Vec::new();
    for (figure, floor) in floors(table) {
        let value = figure.split('.').fold(report, |at, key| &at[key]);
        eprintln!("{table}: {figure} {value}, floor {floor}");
        match value.as_f64() {
            Some(value) if value >= floor => {}
            _ => fell.push(format!("{figure} is {value}, its floor {floor}")),
        }
    }
    assert!(fell.is_empty(), "{fell:#?}\n{}", worst(report));
}

/// The mistakes of a report, so that one sees why a figure fell.
fn worst(report: &Value) -> String {
    serde_json::to_string_pretty(report).unwrap_or_default()
}

#[test]
fn figures_on_the_own_set_hold() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eval/data");
    check(&own, &["polarity", "petitions"], "own");
}

#[test]
fn figures_on_the_shared_data_hold() {
    let Some(shared) = data::shared("") else { return };
    check(&shared, &["petitions"], "shared");
}

/// Every span of every verdict on the own texts lies on the words it claims.
#[test]
fn spans_lie_on_the_words_they_claim() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped = EvalOptions::shipped().judges;
    let judge = PolarityJudge::load(&shipped.lexicons, &shipped.models).unwrap();
    let (mut by_lexicon, mut by_model) = (0, 0);
    for set in sets(&root.join("tests/eval/data"), "polarity").unwrap() {
        for row in &set.rows {
            let (title, body) = (text(row, "title"), text(row, "text"));
            let (t, b) = (fold(title), fold(body));
            let post = FoldedPost { title, body, title_folded: &t, body_folded: &b };
            for basis in judge.judge(&post, &[]).0.basis {
                let field = if basis.span.field == TextField::Title { title } else { body };
                let shown = &field[basis.span.start as usize..basis.span.end as usize];
                match basis.why.split_once(':') {
                    Some((_, word)) => {
                        by_lexicon += 1;
                        assert_eq!(fold(shown).text(), fold(word).text());
                    }
                    None => {
                        by_model += 1;
                        assert_eq!(basis.why, "model");
                        assert!(shown.chars().count() >= 2, "{shown:?}");
                    }
                }
            }
        }
    }
    assert!(by_lexicon > 50 && by_model > 50, "{by_lexicon} {by_model}");
}

#[test]
fn a_folder_without_sets_has_no_figures() {
    let empty = tempfile::tempdir().unwrap();
    let options = EvalOptions::shipped();
    let report = run(empty.path(), &options).unwrap();
    assert_eq!(serde_json::to_string(&report).unwrap(), "{}");
    assert!(run(&empty.path().join("none"), &options).is_err());
}

#[test]
fn a_set_is_known_by_the_beginning_of_its_name_whatever_follows() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("polarity");
    std::fs::create_dir(&folder).unwrap();
    let row = r#"{"id": "1", "text": "云岭矿业拖欠工资，太气人了", "polarity": "negative"}"#;
    for name in ["weibo-heldout.jsonl", "emoticon.accept.jsonl", "weibo-train.jsonl"] {
        std::fs::write(folder.join(name), format!("{row}\n")).unwrap();
    }
    let mut options = EvalOptions::shipped();
    options.tasks = vec!["polarity".to_owned()];
    options.train = true;
    let report = serde_json::to_value(run(dir.path(), &options).unwrap()).unwrap();
    assert_eq!(report["polarity"]["weibo"]["n"], 1);
    assert_eq!(report["polarity"]["emoticon"]["n"], 1);
    assert_eq!(report["train"]["polarity"]["weibo"]["n"], 1);
}

/// Scripts rely on the names of the figures, whatever they are.
#[test]
fn the_figures_of_eval_have_the_names_that_scripts_rely_on() {
    let dir = tempfile::tempdir().unwrap();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eval/data");
    let rows = std::fs::read_to_string(own.join("domain/own.jsonl")).unwrap();
    let few: String = rows.lines().step_by(60).map(|line| format!("{line}\n")).collect();
    for folder in ["domain", "happenings"] {
        std::fs::create_dir(dir.path().join(folder)).unwrap();
    }
    for name in ["posts-test", "posts-new-sources", "posts-replies"] {
        std::fs::write(dir.path().join(format!("domain/{name}.jsonl")), &few).unwrap();
    }
    let items = std::fs::read_to_string(own.join("happenings/own.jsonl")).unwrap();
    let few: String = items.lines().take(20).map(|line| format!("{line}\n")).collect();
    std::fs::write(dir.path().join("happenings/items-open.jsonl"), few).unwrap();
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_guanlan"))
        .current_dir(dir.path())
        .args(["eval", ".", "--json", "--task", "domain", "--task", "happenings"])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();
    let is_figure = |path: &str| {
        let value = path.split('.').fold(&report, |at, key| &at[key]);
        assert!(value.as_f64().is_some_and(|v| (0.0..=1.0).contains(&v)), "{path}: {value}");
    };
    let of_posts = "polarity.accuracy polarity.macro_f1 kind.accuracy kind.macro_f1 urgency.auc \
                    parties.row_accuracy sure.share sure.accuracy";
    for set in ["domain", "domain_new_sources", "domain_replies"] {
        of_posts.split_whitespace().for_each(|name| is_figure(&format!("{set}.{name}")));
    }
    for name in ["pair_precision", "pair_recall", "b3_f1"] {
        is_figure(&format!("happenings.{name}"));
    }
}

fn small_training() -> TrainOptions {
    TrainOptions {
        lexicons: EvalOptions::shipped().judges.lexicons,
        only: vec!["petitions".to_owned()],
        seed: 3,
        ..TrainOptions::default()
    }
}

#[test]
fn training_again_gives_the_same_bytes_and_a_fallen_figure_is_refused() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eval/data");
    let out = tempfile::tempdir().unwrap();
    let (once, again) = (out.path().join("once"), out.path().join("again"));
    let mut options = small_training();
    train(&data, &once, &options).unwrap();
    train(&data, &again, &options).unwrap();
    for file in ["petitions.glm", "figures.json"] {
        assert_eq!(
            std::fs::read(once.join(file)).unwrap(),
            std::fs::read(again.join(file)).unwrap()
        );
    }
    options.floors.insert("petitions.accuracy".to_owned(), 1.01);
    let refused = out.path().join("refused");
    let error = train(&data, &refused, &options).unwrap_err().to_string();
    assert!(error.starts_with("petitions.accuracy fell to"), "{error}");
    assert!(!refused.exists());
    options.even_if_lower = true;
    assert_eq!(train(&data, &refused, &options).unwrap().fell.len(), 1);
}
