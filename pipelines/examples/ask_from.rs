//! From which doubt on the deep reader should be asked: what asking costs and gains on posts that neither reader learned from.
//!
//! `cargo run --release --example ask_from -p guanlan-pipelines -- POSTS.jsonl [CONFIG_DIR]` reads labelled posts (`title`,
//! `text`, `polarity`, `kind`) and the models and lexicons of CONFIG_DIR (`config`); prints for each bound of doubt the share
//! asked and what comes of polarity and kind (accuracy / macro-F1), and the same for other shares of the deep reader's word.

use std::borrow::Cow;
use std::path::Path;

use anyhow::Context as _;
use pipelines::annotate::deep::DeepReader;
use pipelines::annotate::lexicon::Lexicon;
use pipelines::annotate::officer::{Heads, OfficerJudge};
use pipelines::annotate::polarity::FoldedPost;
use pipelines::annotate::train::macro_f1;
use pipelines::record::{Polarity, PostKind};
use pipelines::text::fold;
use serde_json::Value;

/// A post as both readers read it, and its labels.
struct Case {
    fast: Heads,
    deep: Heads,
    polarity: usize,
    kind: usize,
}

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let posts = args.next().context("usage: ask_from POSTS.jsonl [CONFIG_DIR]")?;
    let config = args.next().unwrap_or_else(|| "config".to_owned());
    let cases = read(&posts, Path::new(&config))?;
    println!("{} posts", cases.len());
    for share in [0.5, 0.6, 0.65, 0.7, 0.8] {
        println!("the deep reader counts {share}");
        for bound in [9.0, 1.6, 1.4, 1.2, 1.0, 0.8, 0.6, 0.4, 0.2, 0.0] {
            tell(&cases, bound, share);
        }
    }
    println!("the deep reader alone");
    tell(&cases, 0.0, 1.0);
    Ok(())
}

fn read(posts: &str, config: &Path) -> anyhow::Result<Vec<Case>> {
    let mut lexicons = Vec::new();
    for file in std::fs::read_dir(config.join("lexicons"))? {
        let path = file?.path();
        if path.extension().is_some_and(|e| e == "tsv") {
            lexicons.push((path.display().to_string(), std::fs::read_to_string(&path)?));
        }
    }
    lexicons.sort();
    let lexicon = Lexicon::read(lexicons.iter().map(|(n, t)| (n.as_str(), t.as_str())))?;
    let file = std::fs::read(config.join("models/officer.gom"))?;
    let officer = OfficerJudge::load("officer.gom", &file, lexicon)?;
    let deep = DeepReader::of(Cow::Owned(std::fs::read(config.join("models/deep/deep.bin"))?));
    let encoder = deep.encoder().context("cannot use deep.bin")?;
    let text = std::fs::read_to_string(posts)?;
    text.lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line)?;
            let of = |name: &str| row[name].as_str().unwrap_or_default();
            let (title, body) = (of("title"), of("text"));
            let (title_folded, body_folded) = (fold(title), fold(body));
            let post =
                FoldedPost { title, body, title_folded: &title_folded, body_folded: &body_folded };
            let read = encoder.read(title, body);
            let polarity = Polarity::ALL.iter().position(|p| p.as_str() == of("polarity"));
            let kind = PostKind::ALL.iter().position(|k| k.as_str() == of("kind"));
            Ok(Case {
                fast: officer.read(&post).heads,
                deep: Heads { polarity: read.polarity, kind: read.kind, urgency: read.urgency },
                polarity: polarity.context("a post without polarity")?,
                kind: kind.context("a post without kind")?,
            })
        })
        .collect()
}

fn tell(cases: &[Case], bound: f32, share: f32) {
    let (mut asked, mut polarity, mut kind) = (0, Vec::new(), Vec::new());
    for case in cases {
        let is_asked = case.fast.doubt() >= bound;
        asked += usize::from(is_asked);
        let heads = if is_asked { case.fast.mixed(&case.deep, share) } else { case.fast };
        polarity.push(largest(&heads.polarity));
        kind.push(largest(&heads.kind));
    }
    let truth = |of: &dyn Fn(&Case) -> usize| cases.iter().map(of).collect::<Vec<_>>();
    let (right, f1) = macro_f1(&truth(&|c| c.polarity), &polarity);
    let (kind_right, kind_f1) = macro_f1(&truth(&|c| c.kind), &kind);
    let asked = asked as f32 / cases.len().max(1) as f32;
    println!(
        "from {bound:.1}: asked {asked:.2}, polarity {right:.3}/{f1:.3}, kind {kind_right:.3}/{kind_f1:.3}"
    );
}

fn largest(numbers: &[f32]) -> usize {
    (0..numbers.len()).max_by(|a, b| numbers[*a].total_cmp(&numbers[*b])).unwrap_or_default()
}
