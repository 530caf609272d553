//! An officer's word on what belongs together: a split and a merge are remembered by whoever comes later, by restarts and by
//! a rebuilt index, and each is undone by its number.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Utc};
use guanlan::store::PostRange;
use pipelines::record::AnnotatedPost;
use serde_json::{Value, json};

use crate::lab::{Lab, stored};

const RIVER: &str = "今天上午，村民发现槐坪村边的河水发黑，上游的选煤厂正在往河里排水，鱼死了一片，地也不敢浇了。\
    大家打了三次电话，镇里说会派人来看，到傍晚还没有人来，水还在往下流。住在下游的养鸭户说，前天夜里就听见排水的声音，\
    早上起来塘里浮着一层油，三十多只鸭子不肯下水；村口的机井离河不到五十米，有人担心井水也会受影响，已经开始买桶装水做饭。";
const AWARD: &str = "昨天下午，全省职工技能大赛在省城闭幕，来自十二家单位的选手同场比试，霁河发电厂的两名青年职工拿到了焊工组第二名，\
    领奖台上他们说，师傅教得细，平时练得多。大赛设焊工、钳工、电工三个组别，理论和实操各占一半，评委从高校和大企业里抽签产生，\
    闭幕式上还为各组前三名颁发了技术能手证书，明年的比赛将增加采煤机操作项目。";

/// Posts that come one after another, each by a command of its own: between two of them the station restarts.
struct Office {
    lab: Lab,
    count: i64,
}

impl Office {
    fn new() -> Self {
        Self { lab: Lab::fast(), count: 0 }
    }

    /// Takes in a post and gives its id.
    fn take(&mut self, title: &str, text: &str) -> String {
        self.count += 1;
        let url = format!("https://news{}.example/post", self.count);
        // Of the last hours: a command that begins anew knows the posts of the last days alone.
        let at = (Utc::now() - TimeDelta::hours(12) + TimeDelta::hours(self.count)).to_rfc3339();
        let row = json!({ "url": url, "title": title, "text": text, "at": at });
        self.lab.write("row.jsonl", &format!("{row}\n"));
        let map = "url=url,title=title,text=text,published_at=at";
        self.lab.run(&["import", "row.jsonl", "--map", map]).good();
        let posts = self.posts();
        posts.iter().find(|post| post.post.url == url).expect("it is kept").post.id.to_string()
    }

    fn posts(&self) -> Vec<AnnotatedPost> {
        let mut posts = Vec::new();
        let each = &mut |post| {
            posts.push(post);
            true
        };
        stored(&self.lab.data()).each_post(&PostRange::default(), each).unwrap();
        posts
    }

    /// The story of each post.
    fn stories(&self) -> BTreeMap<String, String> {
        let posts = self.posts();
        posts.iter().map(|post| (post.post.id.to_string(), post.story.to_string())).collect()
    }

    /// Builds the index anew: it has the stories that the store has.
    fn rebuild(&self) {
        self.lab.run(&["reindex"]).good();
        let all = ["search", "河水 | 大赛", "--posts", "--format", "jsonl", "--limit", "99"];
        let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
        let rows = self.lab.run(&all).good().rows();
        let found = rows.iter().map(|row| (text(row, "id"), text(row, "story")));
        assert_eq!(found.collect::<BTreeMap<_, _>>(), self.stories());
    }

    /// What a command on stories says, as data.
    fn story(&self, args: &[&str]) -> Value {
        let run = self.lab.run(&[&["story"], args, &["--format", "json"]].concat()).good();
        serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {}", run.out))
    }

    #[track_caller]
    fn together(&self, posts: &[&String], expected: bool) {
        let stories = self.stories();
        let is = posts.windows(2).all(|pair| stories[pair[0]] == stories[pair[1]]);
        assert_eq!(is, expected, "{stories:?}");
    }
}

#[test]
fn a_split_is_remembered_over_restarts_and_undone() {
    let mut office = Office::new();
    let a = office.take("槐坪村河水发黑", RIVER);
    let b = office.take("槐坪村河水发黑", RIVER);
    let c = office.take("槐坪村河水发黑", RIVER);
    office.together(&[&a, &b, &c], true);
    let act = office.story(&["split", &c]);
    office.together(&[&a, &b], true);
    office.together(&[&b, &c], false);
    // A copy of what was taken out comes later: it must not bring the two together again.
    let d = office.take("槐坪村河水发黑", RIVER);
    office.together(&[&a, &b], true);
    office.together(&[&b, &c], false);
    office.rebuild();
    office.together(&[&b, &c], false);
    let shown = office.lab.run(&["story", "show", &c]).good();
    assert!(shown.out.contains(&c), "{}", shown.out);

    let number = act["number"].as_u64().expect("it can be undone").to_string();
    office.story(&["undo", &number]);
    office.together(&[&a, &b, &c], true);
    office.take("槐坪村河水发黑", RIVER);
    office.together(&[&a, &b, &c], true);
    assert!(office.stories().contains_key(&d));
    let twice = office.lab.run(&["story", "undo", &number]);
    assert_ne!(twice.code, Some(0), "an act is undone once: {}", twice.out);
}

#[test]
fn a_merge_is_remembered_over_restarts_and_undone() {
    let mut office = Office::new();
    let river = office.take("槐坪村河水发黑", RIVER);
    let award = office.take("技能大赛闭幕", AWARD);
    office.together(&[&river, &award], false);
    let (from, into) = (office.stories()[&award].clone(), office.stories()[&river].clone());
    let act = office.story(&["merge", &from, &into]);
    office.together(&[&river, &award], true);
    let more = office.take("技能大赛闭幕", AWARD);
    office.together(&[&river, &award, &more], true);
    office.rebuild();
    office.together(&[&river, &award, &more], true);
    let number = act["number"].as_u64().expect("it can be undone").to_string();
    office.story(&["undo", &number]);
    office.together(&[&river, &award], false);
}
