//! One happening, one alert: it grows with its story and is told again when it doubles, gets graver or is answered.

use guanlan::engine::run::Rounds;
use guanlan::engine::{Station, import};
use guanlan::store::PostRange;
use pipelines::crawl::{FileFormat, SourceConfig, parse_map};
use pipelines::record::Alert;
use serde_json::json;

use crate::duties::{Bench, FILE, close, step};

const RULE: &str = "[[rule]]\nid = \"dust\"\nname = \"煤尘\"\nkind = \"any\"\nquery = \"煤尘\"\nmerge_hours = 48\n";

const DUST: &str = "槐坪村的村民说，云岭矿业集团的煤场没有盖，一刮风煤尘就飘进村里，门窗不敢开，衣服不敢晒，家家桌上一层黑。\
    村里几位老人整夜咳嗽，菜地里的白菜洗三遍还是灰的。半年来他们往煤场、镇里各反映了几次，对方每次都说尽快安排，\
    可是防尘网到现在也没有拉起来，路上的洒水车只来过一回，就再也没有人来看过。";

/// A post an hour later than the one before.
fn take(bench: &Bench, station: &Station, number: usize, title: &str, text: &str) {
    bench.later(chrono::TimeDelta::hours(1));
    let source: SourceConfig = toml::from_str(
        "id = \"s\"\nname = \"s\"\nkind = \"files\"\npath = \"x\"\nformat = \"jsonl\"\nchannel = \"forum\"",
    )
    .unwrap();
    let at = bench.now().to_rfc3339();
    let url = format!("https://board{number}.example/post");
    let row = json!({ "url": url, "title": title, "text": text, "at": at });
    let path = bench.lab.write("row.jsonl", &format!("{row}\n"));
    let map = parse_map("url=url,title=title,text=text,published_at=at").unwrap();
    let taken = tokio::task::block_in_place(|| {
        import::file(&station.collector, &path, FileFormat::Jsonl, &map, &source).unwrap()
    });
    assert_eq!(taken.tally.kept, 1);
}

fn alerts(station: &Station) -> Vec<Alert> {
    let all = station.store.alerts(&PostRange::default(), 99).unwrap();
    all.into_iter().map(|stored| stored.alert).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_happening_is_one_alert_that_is_told_again_when_it_doubles_worsens_or_is_answered() {
    let bench = Bench::new(FILE);
    bench.lab.write("rules/dust.toml", RULE);
    let station = bench.station();
    let mut rounds = Rounds::new(&station, bench.now()).unwrap();
    let dead = format!("{DUST}今天下午煤场的堆垛塌下来，已经造成3人死亡。");
    let answer = format!("{DUST}我镇已责令煤场停工，调查正在进行。");
    let posts = [
        ("煤尘飘进村", DUST, ""),
        ("煤尘飘进村，没人管", DUST, "+doubled2"),
        // Three are not twice two: it grows and stays quiet.
        ("转发：煤尘进村", DUST, "quiet"),
        ("煤尘之外又塌了", &dead, "+graver4"),
        ("关于槐坪村煤尘问题的情况通报", &answer, "+answered5"),
        ("煤尘的事还有人转", DUST, "quiet"),
    ];
    let mut told = Vec::new();
    for (number, (title, text, mark)) in posts.iter().enumerate() {
        take(&bench, &station, number, title, text);
        step(&mut rounds, &bench).await;
        let all = alerts(&station);
        assert_eq!(all.len(), 1, "{title}: {all:#?}");
        assert_eq!(all[0].evidence.len(), number + 1, "{title}: it rests on every post");
        if *mark != "quiet" {
            told.push(format!("{}{mark}@file", all[0].key));
        }
        assert_eq!(bench.told(), told, "after {title}");
    }
    // Another happening is another alert.
    let far = "青岚沟的矿工宿舍楼下，锅炉房的煤尘今天落了一地，物业用水冲了，居民说烧的煤比往年差，烟囱也没有除尘。";
    take(&bench, &station, 99, "锅炉房的煤尘落了一地", far);
    step(&mut rounds, &bench).await;
    assert_eq!((alerts(&station).len(), bench.told().len()), (2, told.len() + 1));
    drop(rounds);
    close(station).await;
}
