//! What is judged stands where officers look: doubt can be asked for, a source unlike all training is named, and what was
//! judged in haste is read deeply later.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{TimeDelta, Utc};
use guanlan::config::{Config, Depth, Overrides};
use guanlan::engine::run::Rounds;
use guanlan::engine::{Clock, Station, annotator_config, deep, import, nobody};
use guanlan::store::PostRange;
use pipelines::annotate::Annotator;
use pipelines::crawl::{FileFormat, SourceConfig, parse_map};
use pipelines::record::{AnnotatedPost, Post, PostId};
use serde_json::{Value, json};

use crate::duties::{Bench, close, step};
use crate::lab::{Lab, Run, stored};

/// Posts of each source: as many as its doubt is told from, and a few.
const POSTS: usize = 15;

/// Two sources of the project's own posts: what the fast models are sure of, and what they doubt.
fn two_sources() -> Lab {
    let lab = Lab::fast();
    let source = |id: &str, name: &str| {
        format!(
            "[[source]]\nid = \"{id}\"\nname = \"{name}\"\nkind = \"files\"\npath = \"../{id}\"\nformat = \"jsonl\"\n\
             map = {{ id = \"id\", title = \"title\", text = \"text\" }}\n"
        )
    };
    lab.write("sources/s.toml", &(source("plain", "直言") + &source("strange", "天书")));
    let mut config = Config::shipped(&Overrides::default());
    config.judge.depth = Depth::Fast;
    let annotator = Annotator::load(annotator_config(&config)).unwrap();
    let mut texts = [Vec::new(), Vec::new()];
    for line in include_str!("../eval/data/domain/own.jsonl").lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let of = |field: &str| row[field].as_str().unwrap_or_default();
        let (title, text) = (of("title"), of("text"));
        let post = Post { title: title.to_owned(), ..bare(text) };
        let is_doubted = annotator.annotate(post, Utc::now()).shown().0.is_unsure();
        let texts = &mut texts[usize::from(is_doubted)];
        // A post without a title is given one by the station.
        if texts.len() < POSTS && !title.is_empty() {
            let row = json!({ "id": texts.len(), "title": title, "text": text });
            texts.push(row.to_string() + "\n");
        }
    }
    for (name, texts) in ["plain", "strange"].iter().zip(&texts) {
        assert_eq!(texts.len(), POSTS, "{name}");
        lab.write(format!("{name}/rows.jsonl"), &texts.concat());
    }
    lab.run(&["crawl"]).good();
    lab
}

/// A post of this text alone.
fn bare(text: &str) -> Post {
    let json = json!({
        "id": PostId::of_url("import:s/1"), "url": "import:s/1", "source": "s", "channel": "other", "trust": "normal",
        "site": "s", "title": "", "text": text, "author": null, "outlet": null, "origin": null, "published": null,
        "fetched_at": "2026-11-20T00:00:00Z", "counts": {}, "comments": [], "issues": [], "content_hash": 1,
    });
    serde_json::from_value(json).unwrap()
}

fn all(data: &Path) -> Vec<AnnotatedPost> {
    let mut posts = Vec::new();
    let each = &mut |post| {
        posts.push(post);
        true
    };
    stored(data).each_post(&PostRange::default(), each).unwrap();
    posts
}

fn search(lab: &Lab, query: &str) -> Run {
    lab.run(&["search", query, "--posts", "--format", "jsonl", "--limit", "999"])
}

fn ids(run: &Run) -> BTreeSet<String> {
    run.rows().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_source_unlike_all_training_is_named_and_its_doubtful_posts_are_found() {
    let lab = two_sources();
    let status = lab.run(&["status"]).good();
    let named = |name: &str| {
        status.out.lines().any(|line| line.contains(name) && line.contains("are unlike what"))
    };
    assert!(named("天书") && !named("直言"), "{}", status.out);
    let posts = all(&lab.data());
    assert_eq!(posts.len(), 2 * POSTS);
    for row in lab.run(&["status", "--format", "jsonl"]).good().rows() {
        let of = posts.iter().filter(|p| p.post.source.as_str() == row["source"]);
        let unsure = of.filter(|post| post.shown().0.is_unsure()).count() as f64;
        let told = row["unsure_share"].as_f64().expect("enough posts to tell");
        assert!((told - unsure / POSTS as f64).abs() < 1e-9, "{row}");
        if row["source"] == "strange" {
            assert!(status.out.contains(&format!("{:.0} %", told * 100.0)), "{}", status.out);
        }
    }

    let is_unsure = |wanted: bool| -> BTreeSet<String> {
        let such = posts.iter().filter(|post| post.shown().0.is_unsure() == wanted);
        such.map(|post| post.post.id.to_string()).collect()
    };
    let (unsure, sure) = (is_unsure(true), is_unsure(false));
    assert!(!unsure.is_empty() && !sure.is_empty(), "{} {}", unsure.len(), sure.len());
    for (query, expected) in
        [("unsure:yes", &unsure), ("存疑：是", &unsure), ("unsure:no", &sure), ("存疑：否", &sure)]
    {
        let found = search(&lab, query).good();
        assert_eq!(ids(&found), *expected, "{query}");
        for row in found.rows() {
            assert_eq!(row["unsure"], Value::Bool(expected == &unsure), "{row}");
        }
    }
    let both = search(&lab, "unsure:yes source:strange").good();
    assert!(ids(&both).is_subset(&unsure) && ids(&both).len() * 10 >= POSTS * 6);
    let refused = search(&lab, "unsure:perhaps");
    assert_eq!(refused.code, Some(2), "{}{}", refused.out, refused.err);
    assert!(refused.err.contains("perhaps"), "{}", refused.err);
}

/// A station on the bench's folder that reads as deep as it is told.
fn station(bench: &Bench, depth: Depth) -> Station {
    let overrides = Overrides { data_dir: Some(bench.lab.data()), ..Overrides::default() };
    let config = Config::load(Some(bench.lab.path()), &overrides);
    let mut config = config.unwrap_or_else(|p| panic!("{}", p.render(pipelines::locale::Lang::En)));
    config.judge.depth = depth;
    let secs = bench.secs.clone();
    let clock: Clock = std::sync::Arc::new(move || {
        let secs = secs.load(std::sync::atomic::Ordering::SeqCst);
        chrono::DateTime::from_timestamp(secs, 0).unwrap()
    });
    Station::open(config, clock, nobody()).unwrap()
}

/// Posts that a linear judge is not sure of.
fn backlog() -> String {
    let said = [
        "又到月底了，卡里还是那点数，谁懂。",
        "云岭矿业集团的班车今天又让我们在风里站了四十分钟。",
        "窗口的姑娘一句一句给我讲，我这耳背的老头子总算听懂了。",
        "说好的冬天到了，暖气片比我的心还凉。",
        "这已经是第三次来测温了，测完就走。",
        "不得不说这次处理得还行，就是来得晚了点。",
        "食堂的肉又涨了，工资倒是稳。",
        "矿上今年的中秋月饼换成了一张纸。",
        "师傅把我从井口背到医院，连名字都没留。",
        "楼下那条路挖了填，填了挖，云岭矿业集团真有钱。",
    ];
    let row = |(id, text): (usize, &&str)| format!("{}\n", json!({ "id": id, "text": text }));
    said.iter().enumerate().map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_judged_in_haste_is_read_deeply_later_and_nothing_stays_owed() {
    let bench = Bench::new("");
    let path = bench.lab.write("rows.jsonl", &backlog());
    let hasty = station(&bench, Depth::Fast);
    let source: SourceConfig = toml::from_str(
        "id = \"s\"\nname = \"s\"\nkind = \"files\"\npath = \"x\"\nformat = \"jsonl\"",
    )
    .unwrap();
    let (collector, map) = (hasty.collector.clone(), parse_map("id=id,text=text").unwrap());
    let taken = tokio::task::spawn_blocking(move || {
        import::file(&collector, &path, FileFormat::Jsonl, &map, &source).unwrap()
    });
    let kept = usize::try_from(taken.await.unwrap().tally.kept).unwrap();
    // What an import notes that is too large to be read deeply as it comes.
    let number = hasty.store.imports(1).unwrap()[0].id;
    let owed = format!("deep:import:{number}");
    hasty.store.write(&mut |write| write.put_state(&owed, "0")).unwrap();
    let before = all(&bench.lab.data());
    assert_eq!((before.len(), deep::waiting(&*hasty.store).unwrap()), (kept, kept));
    close(hasty).await;

    let thorough = station(&bench, Depth::Deep);
    let annotator = Annotator::load(annotator_config(&thorough.config)).unwrap();
    let mut rounds = Rounds::new(&thorough, bench.now()).unwrap();
    for _ in 0..20 {
        step(&mut rounds, &bench).await;
        bench.later(TimeDelta::minutes(2));
    }
    drop(rounds);
    assert_eq!(deep::waiting(&*thorough.store).unwrap(), 0);
    assert_eq!(thorough.store.state(&owed).unwrap(), None, "nothing is owed any more");
    let mut changed = 0;
    for (was, is) in before.iter().zip(all(&bench.lab.data())) {
        let deeply = annotator.annotate(was.post.clone(), bench.now());
        assert_eq!(
            (&is.polarity, &is.filing),
            (&deeply.polarity, &deeply.filing),
            "{}",
            is.post.text
        );
        assert_eq!((is.post.id, is.story), (was.post.id, was.story));
        changed += usize::from(is.filing != was.filing);
    }
    assert!(changed > 0, "the deep reader agrees with every hasty verdict");
    close(thorough).await;
}
