//! Posts judged per second on one core, for posts of about 150 and 600 characters, and what stories cost; then the deep path on
//! the project's own labelled posts, and the memory at its highest.
//!
//! `cargo bench -p guanlan-pipelines --bench annotate [-- --rounds 10]`. The posts are put together from clauses of the
//! project's own, so that lexicons, topics, subjects and figures all find something. Judges with all that is
//! shipped in `config`; figures belong into `pipelines/README.md`.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pipelines::annotate::lexicon::Lexicon;
use pipelines::annotate::{Annotator, AnnotatorConfig, StoryBook, StoryConfig, TopicConfig};
use pipelines::record::{
    AnnotatedPost, Channel, Confidence, Counts, Post, PostId, Published, Subject, Trust,
};
use pipelines::text::{Segmenter, fold};
use pipelines::words::{Cutter, FoldedTexts};

const CLAUSES: [&str; 12] = [
    "云岭矿业集团南关煤矿井下发生透水，3名矿工被困",
    "救援队连夜赶到现场，排水设备已经到位",
    "网友发帖称外包队拖欠工资三个月，工人到门口讨薪",
    "公司回应称正在核实，将依法保障职工权益",
    "市应急管理局介入调查，责令停产整顿",
    "前十个月原煤产量突破四百万吨，同比增长百分之八",
    "职工代表老李说，过去下井靠力气，现在靠按钮",
    "这服务态度真是没谁了，打了三次电话都没人管",
    "机电队党支部开展主题党日活动，慰问困难职工",
    "村里的井水发黑发臭，群众多次反映没有结果",
    "该技术获得科技进步一等奖，填补了国内空白",
    "今天天气不错，下班路上买了点菜",
];

fn main() {
    let mut args = std::env::args().skip_while(|arg| arg != "--rounds").skip(1);
    let rounds: usize = args.next().and_then(|n| n.parse().ok()).unwrap_or(1);
    let annotator = Annotator::load(config()).expect("the shipped config loads");
    for chars in [150, 600] {
        let posts = posts(chars, 2_000);
        let now = posts[0].fetched_at;
        // The first posts pay for what is loaded lazily.
        for post in posts.iter().take(200) {
            black_box(annotator.annotate(post.clone(), now));
        }
        words_alone(&posts, chars);
        for _ in 1..rounds {
            let clones = posts.clone();
            clones.into_iter().for_each(|post| drop(black_box(annotator.annotate(post, now))));
        }
        let clones = posts.clone();
        let began = Clock::start();
        let judged: Vec<AnnotatedPost> =
            clones.into_iter().map(|post| annotator.annotate(post, now)).collect();
        report(&format!("annotate, {chars} characters"), judged.len(), began.elapsed());
        assert!(judged.iter().any(|p| !p.mentions.is_empty() && !p.topics.is_empty()));

        let mut book = StoryBook::new(StoryConfig::default());
        let began = Clock::start();
        for batch in judged.chunks(50) {
            book.assign(batch);
        }
        report(&format!("stories, {chars} characters"), judged.len(), began.elapsed());
        assert_eq!(book.posts().count(), judged.len());
    }
    drop(annotator);
    cascade();
}

/// The deep path as a crawl takes it: every post is read for what it is about, those in doubt for their verdict as well. And the
/// linear judges alone on the same posts.
fn cascade() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let file = std::fs::read(root.join("config/models/deep/deep.bin")).expect("the shipped file");
    let deep = Some(("deep.bin".to_owned(), file.into()));
    let annotator = Annotator::load(AnnotatorConfig { deep, ..config() }).expect("it loads");
    let own = std::fs::read_to_string(root.join("tests/eval/data/domain/own.jsonl"));
    let own = own.expect("the project's own posts");
    let frame = posts(1, 1).remove(0);
    let posts = own.lines().enumerate().map(|(number, line)| {
        let row: serde_json::Value = serde_json::from_str(line).expect("a line is a post");
        let of = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let id = PostId::of_url(&number.to_string());
        Post { id, title: of("title"), text: of("text"), ..frame.clone() }
    });
    let posts: Vec<Post> = posts.collect();
    let now = frame.fetched_at;
    black_box(annotator.annotate(posts[0].clone(), now));
    let asked = || annotator.deep_asked().unwrap_or_default();
    let (clones, before, began) = (posts.clone(), asked(), Clock::start());
    clones.into_iter().for_each(|post| drop(black_box(annotator.annotate(post, now))));
    report("deep path, own posts", posts.len(), began.elapsed());
    println!("  of them in doubt and asked: {} of {}", asked() - before, posts.len());
    let (clones, began) = (posts.clone(), Clock::start());
    clones.into_iter().for_each(|post| drop(black_box(annotator.annotate_fast(post, now))));
    report("linear judges alone, own posts", posts.len(), began.elapsed());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let highest = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    println!("memory at its highest, everything loaded: {highest}");
}

/// What the stage of words costs alone, on texts that are folded already.
fn words_alone(posts: &[Post], chars: usize) {
    let AnnotatorConfig { subjects, lexicons, .. } = config();
    let names = subjects.iter().flat_map(|s| s.names().map(str::to_owned));
    let lexicon = Lexicon::read(lexicons.iter().map(|(n, t)| (n.as_str(), t.as_str())));
    let cutter = Cutter::new(Segmenter::new(names), lexicon.expect("shipped lexicons are valid"));
    let folded: Vec<_> = posts.iter().map(|p| (fold(&p.title), fold(&p.text))).collect();
    let began = Clock::start();
    let mut keywords = 0;
    for (title, body) in &folded {
        keywords += black_box(cutter.cut(FoldedTexts { title, body })).keywords.len();
    }
    report(&format!("words, {chars} characters"), folded.len(), began.elapsed());
    assert!(keywords >= 5 * folded.len());
}

/// Processor time of this thread where the system tells it (Linux), else the wall clock: other work on the
/// machine must not count.
struct Clock {
    wall: Instant,
    processor: Option<Duration>,
}

impl Clock {
    fn start() -> Self {
        Self { wall: Instant::now(), processor: Self::processor() }
    }

    fn elapsed(&self) -> Duration {
        match (self.processor, Self::processor()) {
            (Some(before), Some(now)) => now - before,
            _ => self.wall.elapsed(),
        }
    }

    fn processor() -> Option<Duration> {
        let line = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        line.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    }
}

fn report(what: &str, count: usize, took: Duration) {
    let secs = took.as_secs_f64();
    println!(
        "{what}: {:.0} posts/s, {:.1} µs a post",
        count as f64 / secs,
        secs * 1e6 / count as f64
    );
}

#[derive(serde::Deserialize)]
struct TopicFile {
    topic: Vec<TopicConfig>,
}

fn config() -> AnnotatorConfig {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    let read = |path: &PathBuf| std::fs::read(path).expect("a shipped file can be read");
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = |path: &PathBuf| String::from_utf8(read(path)).expect("shipped texts are UTF-8");
    let topics = files(&root.join("topics"), "toml");
    let topics = topics.iter().flat_map(|path| {
        toml::from_str::<TopicFile>(&text(path)).expect("shipped topics are valid").topic
    });
    AnnotatorConfig {
        subjects: vec![
            subject("group", "云岭矿业集团有限公司", &["云岭矿业集团", "云岭矿业"], None),
            subject("nanguan", "云岭矿业集团南关煤矿", &["南关煤矿"], Some("group")),
        ],
        topics: topics.collect(),
        lexicons: files(&root.join("lexicons"), "tsv").iter().map(|p| (name(p), text(p))).collect(),
        models: ["glm", "gom"]
            .into_iter()
            .flat_map(|kind| files(&root.join("models"), kind))
            .map(|path| (name(&path), read(&path)))
            .collect(),
        deep: None,
    }
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|p| p.extension().is_some_and(|e| e == extension)).collect();
    paths.sort();
    paths
}

fn subject(id: &str, name: &str, short: &[&str], parent: Option<&str>) -> Subject {
    Subject {
        id: id.into(),
        name: name.into(),
        short_names: short.iter().map(|s| (*s).to_owned()).collect(),
        parent: parent.map(Into::into),
        ..Subject::default()
    }
}

/// Posts of about `chars` characters; one in ten is a copy of the one before it.
fn posts(chars: usize, count: usize) -> Vec<Post> {
    let start: chrono::DateTime<chrono::Utc> =
        "2026-11-20T00:00:00Z".parse().expect("a fixed instant");
    let mut seed = 7u64;
    let mut next = |bound: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % bound
    };
    let mut posts: Vec<Post> = Vec::with_capacity(count);
    for number in 0..count {
        let title = CLAUSES[next(CLAUSES.len())].to_owned();
        let mut text = String::new();
        while text.chars().count() < chars {
            text.push_str(CLAUSES[next(CLAUSES.len())]);
            text.push_str(&format!("，编号{}。", next(1_000)));
        }
        if number % 10 == 9 {
            text.clone_from(&posts[number - 1].text);
        }
        let url = format!("https://news.example/{number}");
        let at = start + chrono::Duration::minutes(number as i64);
        posts.push(Post {
            id: PostId::of_url(&url),
            url,
            source: "local".into(),
            channel: Channel::News,
            trust: Trust::Normal,
            site: "news.example".into(),
            title,
            content_hash: number as u64,
            text,
            author: None,
            outlet: None,
            origin: None,
            published: Some(Published {
                at,
                has_time: true,
                confidence: Confidence::High,
                place: "feed".into(),
            }),
            fetched_at: at,
            counts: Counts::default(),
            comments: Vec::new(),
            issues: Vec::new(),
        });
    }
    posts
}
