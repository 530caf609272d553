//! `guanlan demo`: the whole job on a machine without network and config.

use std::path::PathBuf;
use std::sync::OnceLock;

use guanlan::store::PostRange;
use pipelines::record::{AnnotatedPost, Polarity, PostKind};

use crate::lab::{Lab, stored};

/// Puts the data of a whole demo into the laboratory; what it said when it was played, which is once for all tests.
pub fn kept(lab: &Lab) -> &'static str {
    static PLAYED: OnceLock<(PathBuf, String)> = OnceLock::new();
    let (data, said) = PLAYED.get_or_init(|| {
        // Cleared by the next run: what a static holds is never dropped.
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("demo");
        let _ = std::fs::remove_dir_all(&dir);
        let played =
            Lab::new().run(&["demo", "--keep", "--data-dir", dir.to_str().unwrap()]).good();
        (dir, played.out)
    });
    crate::kept::copy(data, &lab.data());
    said
}

#[test]
fn the_demo_ends_with_posts_an_alert_and_a_digest() {
    let lab = Lab::new();
    let data = lab.data();
    let data = data.to_str().unwrap();
    let said = kept(&lab);
    assert!(said.contains("guanlan"), "{said}");
    the_readme_prints_what_the_program_prints(said);
    the_verdicts_are_an_officers(&lab);
    let digests = std::fs::read_dir(lab.data().join("digests")).unwrap();
    let names = digests.map(|e| e.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>();
    assert!(
        names.iter().any(|n| n.ends_with(".md")) && names.iter().any(|n| n.ends_with(".html")),
        "{names:?}"
    );
    let found = lab
        .run(&["--data-dir", data, "search", "工资", "--format", "jsonl", "--limit", "50"])
        .good()
        .rows();
    assert!(!found.is_empty());
    for row in &found {
        for field in [
            "id",
            "url",
            "title",
            "published_at",
            "source",
            "channel",
            "polarity",
            "risk",
            "story",
            "highlights",
        ] {
            assert!(row.get(field).is_some(), "{field} is missing in {row}");
        }
        assert!(!row["highlights"].as_array().unwrap().is_empty());
    }
    let words =
        lab.run(&["--data-dir", data, "words", "--days", "3", "--format", "jsonl"]).good().rows();
    assert!(words.len() >= 5, "{words:?}");
    for hot in words.iter().filter(|row| row["new"] == false).take(5) {
        let query = format!("关键词：“{}”", hot["word"].as_str().unwrap());
        let asked = ["--data-dir", data, "search", &query, "--format", "jsonl", "--limit", "99"];
        let found = lab.run(&asked).good().rows();
        assert!(found.len() as u64 >= hot["posts"].as_u64().unwrap(), "{hot}");
    }
    let alerts = lab.run(&["--data-dir", data, "alerts", "--format", "jsonl"]).good().rows();
    assert!(!alerts.is_empty());
}

/// The words of a line without those that differ from run to run: days and times, ids, ports, and points of risk, which
/// grow with the posts of the story that had come when a post was judged.
fn plain(text: &str) -> String {
    let changes = |word: &&str| {
        let word = word.trim_matches(['(', ')', ':']);
        let is_time = word.len() == 5 && word.as_bytes()[2] == b':';
        let is_day = word.len() == 10 && word.starts_with("202") && word.as_bytes()[4] == b'-';
        let is_id = word.len() == 16 && word.chars().all(|c| c.is_ascii_hexdigit());
        is_time || is_day || is_id || word.starts_with("http://")
    };
    let mut after = "";
    let kept = text.split_whitespace().filter(|word| {
        let is_risk = after == "risk" && word.parse::<u8>().is_ok();
        after = word;
        !changes(word) && !is_risk
    });
    kept.collect::<Vec<_>>().join(" ")
}

fn the_readme_prints_what_the_program_prints(out: &str) {
    let readme = include_str!("../../README.md");
    let (_, block) = readme.split_once("```text\n").unwrap();
    let (block, _) = block.split_once("\n```").unwrap();
    let said: Vec<String> = out.lines().map(plain).collect();
    for line in block.lines().map(plain).filter(|line| !line.is_empty() && line != "…") {
        let start = line.trim_end_matches('…').trim_end();
        assert!(
            said.iter().any(|s| s.starts_with(start)),
            "the program does not say: {line}\n{out}"
        );
    }
}

/// Posts of the demo that complain of unpaid wages, by what they say, whatever they are judged to be. One more asks what the law
/// says of them; it is a question.
const WAGES: [&str; 5] = [
    "云岭运输分公司三个月不发工资，还有人管没有",
    "运输分公司欠薪第四个月了，今天又说下周",
    "云岭运输的司机工资，信访局登记了，贴个进度",
    "运输分公司发了两千，剩下的工资还是没影",
    "跑一个月煤，只领一千块：云岭运输的司机们怎么了",
];
/// Posts that praise somebody.
const PRAISE: [&str; 4] = [
    "表扬一下霁河电厂的检修师傅，半夜帮我们楼修暖气",
    "暖心！矿山救护队员在洪水里背出八十一岁奶奶，视频看哭网友",
    "青岚镇敬老院来了“矿工理发队” 八年剪了一万多个头",
    "山洪夜袭石门峪 云岭矿业救护队六小时转移四十三名村民",
];
/// The rumour of the accident, what takes it back, and what else tells of it.
const RUMOURS: [&str; 2] = [
    "有在青岚沟煤矿的吗？听说下午冒顶了，三个人没了？",
    "突发！网传青岚沟冒顶埋了三个人，矿上手机全收了？",
];
const REFUTATIONS: [&str; 6] = [
    "关于青岚沟煤矿“顶板事故”网传信息的情况通报",
    "青岚沟煤矿发生顶板事故两人轻伤 县应急局：网传“三人遇难”不实",
    "云岭矿业青岚沟煤矿冒顶两人受伤，官方回应“三人遇难”传言",
    "澜川一煤矿冒顶！两人受伤送医，当地：网传“三人遇难”是谣言",
    "关于昨晚那篇文章，我们向大家和矿上说声对不起",
    "【转】青岚沟煤矿的事有准信了，大家别再传三个人遇难了",
];
const REPORTS: [&str; 3] = [
    "云岭矿业一矿井发生局部冒顶 两名矿工轻伤 井下211人全部升井",
    "突发事故拷问安全投入：云岭矿业青岚沟煤矿冒顶致两人受伤",
    "青岚沟事故来龙去脉，一文看懂",
];
/// What comes days later, of a wounded man who goes home: it stands alone (config/models/README.md).
const APART: &str = "后续来了：青岚沟煤矿两名伤者一人已出院，支护排查查出隐患十九条";

/// The posts of the kept demo.
struct Posts(Vec<AnnotatedPost>);

impl Posts {
    fn of(lab: &Lab) -> Self {
        let mut all = Vec::new();
        let each = &mut |post| {
            all.push(post);
            true
        };
        stored(&lab.data()).each_post(&PostRange::default(), each).unwrap();
        Self(all)
    }

    /// The post with this headline.
    fn titled(&self, title: &str) -> &AnnotatedPost {
        let found = self.0.iter().find(|post| post.post.title == title);
        found.unwrap_or_else(|| panic!("no post is titled {title}"))
    }
}

#[test]
fn every_wage_grievance_and_every_praise_is_filed_as_one() {
    let lab = Lab::new();
    kept(&lab);
    let posts = Posts::of(&lab);
    let mut wrong = Vec::new();
    for title in WAGES {
        let post = posts.titled(title);
        let kind = post.filing.expect("kinds are judged").kind;
        if (post.shown().0.polarity, kind) != (Polarity::Negative, PostKind::Grievance) {
            wrong.push(format!("{title}: {:?} {kind:?}", post.shown().0.polarity));
        }
    }
    for title in PRAISE {
        let found = posts.titled(title).shown().0.polarity;
        if found != Polarity::Positive {
            wrong.push(format!("{title}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_refutation_lies_below_the_rumour_in_risk() {
    let lab = Lab::new();
    kept(&lab);
    let posts = Posts::of(&lab);
    let risk = |title: &&str| posts.titled(title).risk.score;
    let rumour = RUMOURS.iter().map(risk).min().unwrap();
    for title in REFUTATIONS {
        assert!(risk(&title) < rumour, "{title} has {}, the rumour {rumour}", risk(&title));
    }
}

#[test]
fn the_accident_is_one_story_and_one_alert_that_grew() {
    let lab = Lab::new();
    kept(&lab);
    let posts = Posts::of(&lab);
    let told = RUMOURS.iter().chain(&REFUTATIONS).chain(&REPORTS);
    let told: Vec<&AnnotatedPost> = told.map(|title| posts.titled(title)).collect();
    let story = told[0].story;
    let strays = told.iter().filter(|post| post.story != story).map(|post| &post.post.title);
    assert_eq!(strays.collect::<Vec<_>>(), Vec::<&String>::new(), "not with the accident");
    assert_ne!(posts.titled(APART).story, story, "the follow-up stands with the rest by now");
    let all = stored(&lab.data()).alerts(&PostRange::default(), 99).unwrap();
    let of_story = all.iter().filter(|stored| stored.alert.story == Some(story));
    let of_story: Vec<_> = of_story.collect();
    assert_eq!(of_story.len(), 1, "{of_story:#?}");
    let alert = &of_story[0].alert;
    assert!(alert.evidence.len() >= 6 && alert.told.posts >= 6, "{alert:#?}");
    assert!(alert.told.answered, "{alert:#?}");
    let accident = all.iter().filter(|stored| stored.alert.rule.as_str() == "accident").count();
    assert_eq!(accident, 1, "{all:#?}");
}

/// Every pay grievance and every praise is one, and what refutes the rumour stands below it, in risk and in the digest.
fn the_verdicts_are_an_officers(lab: &Lab) {
    let data = lab.data();
    let asked = |query: &str| {
        let data = data.to_str().unwrap();
        let args =
            ["--data-dir", data, "search", query, "--posts", "--format", "jsonl", "--limit", "99"];
        lab.run(&args).good().rows()
    };
    let pay = asked("(欠薪 | 拖欠 | 工资) (channel:forum | channel:wechat) (云岭 | 运输)");
    // One of them asks what the law says, and is filed as a question.
    let grievances: Vec<_> = pay.iter().filter(|row| row["kind"] != "question").collect();
    assert!(grievances.len() >= 5, "{pay:?}");
    for row in grievances {
        let found = (row["polarity"].as_str(), row["kind"].as_str());
        assert_eq!(found, (Some("negative"), Some("grievance")), "{row}");
    }
    let praise = asked("kind:praise");
    assert!(praise.len() >= 2, "{praise:?}");
    for row in praise {
        assert_eq!(
            (&row["polarity"], &row["unsure"]),
            (&"positive".into(), &false.into()),
            "{row}"
        );
    }
    let risk = |row: &serde_json::Value| row["risk"].as_u64().unwrap();
    let rumour = asked("title:网传 -title:(不实 | 谣言 | 通报 | 情况) @qinglangou");
    let rumour = rumour.iter().map(risk).min().expect("the rumour is there");
    let refutations = asked("(谣言 | 不实 | 与事实不符 | 准信) @qinglangou");
    assert!(refutations.len() >= 3, "{refutations:?}");
    for row in &refutations {
        assert!(risk(row) < rumour, "below {rumour}: {row}");
    }
    let daily = std::fs::read_dir(data.join("digests")).unwrap().map(|e| e.unwrap().path());
    let daily = daily.into_iter().find(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("daily") && name.ends_with(".md")
    });
    let daily = std::fs::read_to_string(daily.unwrap()).unwrap();
    // The rumour, what became of it and by whose word stand together, and lead.
    let told = daily.lines().find(|line| line.starts_with("**(1)**")).expect("a happening is told");
    let first = daily.lines().skip_while(|line| !line.starts_with("## 1")).nth(2).unwrap();
    assert!(first.contains("青岚沟") && told.contains("三个人"), "{first}\n{told}");
    let settled = daily.lines().find(|line| line.contains("is untrue") || line.contains("denies"));
    assert!(settled.is_some_and(|line| line.contains("三人遇难")), "{daily}");
}
