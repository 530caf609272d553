//! What officers corrected weighs in the next training.

use pipelines::annotate::officer::OfficerJudge;

use super::*;

const NOTICE: &str = "食堂午餐时间改为十一点半";

fn lexicon() -> Lexicon {
    let file = include_str!("../../../config/lexicons/safety.tsv");
    Lexicon::read([("safety.tsv", file)]).unwrap()
}

/// A folder with a small set: complaints are negative grievances, notices neutral policies.
fn data() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let rows = (0..40).map(|at| {
        let (text, polarity, kind, urgency) = match at % 2 {
            0 => (format!("工资拖欠{at}个月了，没人管"), "negative", "grievance", 2),
            _ => (format!("关于第{at}号通知，{NOTICE}"), "neutral", "policy", 0),
        };
        serde_json::json!({
            "id": format!("s-{at}"), "title": "", "text": text, "polarity": polarity,
            "kind": kind, "urgency": urgency,
        })
        .to_string()
    });
    std::fs::create_dir(dir.path().join("domain")).unwrap();
    let text = rows.collect::<Vec<_>>().join("\n");
    std::fs::write(dir.path().join("domain/posts-train.jsonl"), text).unwrap();
    dir
}

fn trained(filed: &[Filed]) -> (Trained, Vec<u8>) {
    let options = TrainOptions { filed: filed.to_vec(), seed: 1, ..TrainOptions::default() };
    let mut made = officer(data().path(), &options, &lexicon()).unwrap();
    let (about, bytes, _) = made.remove(0);
    (about, bytes)
}

fn judged(bytes: &[u8], text: &str) -> (Polarity, PostKind) {
    let judge = OfficerJudge::load("officer.gom", bytes, lexicon()).unwrap();
    let (title_folded, body_folded) = (fold(""), fold(text));
    let post = FoldedPost {
        title: "",
        body: text,
        title_folded: &title_folded,
        body_folded: &body_folded,
    };
    let heads = judge.read(&post).heads;
    (heads.polarity().0, heads.filing(0.0).kind)
}

#[test]
fn what_was_corrected_weighs_and_counts_in_no_figure() {
    let place = |kind| PostKind::ALL.iter().position(|k| *k == kind).unwrap();
    let asked = format!("{NOTICE}，凭什么");
    let labels = Labels { polarity: 0, kind: place(PostKind::Grievance), urgency: 1 };
    let filed = Filed { title: String::new(), text: asked.clone(), labels, weight: 3.0 };
    let (before, shipped) = trained(&[]);
    let (after, taught) = trained(&vec![filed; 8]);
    assert_eq!(judged(&shipped, &asked), (Polarity::Neutral, PostKind::Policy));
    assert_eq!(judged(&taught, &asked), (Polarity::Negative, PostKind::Grievance));
    assert_eq!(trained(&[]).1, shipped, "without corrections it is the same file");
    assert_eq!((before.rows, after.rows), (40, 48));
    assert_eq!(before.figures.len(), after.figures.len());
}
