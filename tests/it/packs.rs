//! Packs: sites of a trade are gone through with the same discovery, and only what was chosen is written.

use chrono::Utc;

use crate::lab::Lab;

const MAIN: &str = "[station]\nname = \"云岭矿业集团\"\ncontact = \"desk@example.com\"\n\
                    [judge]\ndepth = \"fast\"\n[crawl]\ndelay_secs = 0.0\n[[subject]]\nid = \"group\"\nname = \"云岭矿业集团\"\n";

fn site(name: &str, address: &str, channel: &str, more: &str) -> String {
    format!(
        "[[site]]\nname = \"{name}\"\n{address}\nchannel = \"{channel}\"\ntrust = \"high\"\n{more}\n"
    )
}

fn files(lab: &Lab) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(lab.path().join("sources")) else { return Vec::new() };
    let texts = entries.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    texts.collect()
}

#[test]
fn the_sites_of_a_pack_are_looked_at_and_only_the_chosen_are_written() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let demo = runtime.block_on(guanlan::demo::serve_at(Utc::now())).unwrap();
    let lab = Lab::new();
    lab.write("guanlan.toml", MAIN);
    let url = |key: &str, path: &str| format!("url = \"http://{}{path}\"", demo.addresses[key]);
    let pack = [
        "id = \"own\"\nname = \"本地\"\n".to_owned(),
        site("云岭日报", &url("daily", "/rss.xml"), "news", ""),
        site("云岭市政府", &url("gov", "/news/list-1.html"), "gov", "places = [\"山西\"]"),
        site("外省论坛", &url("forum", "/forum-37-1.html"), "forum", "places = [\"贵州\"]"),
        site("热榜", "route = \"/weibo/search/hot\"", "weibo", ""),
    ]
    .concat();
    lab.write("packs/own.toml", &pack);
    lab.run(&["check"]).good();
    let add = ["source", "add", "--pack", "own", "--place", "山西", "--allow-private"];

    let looked = lab.run(&add).good();
    for part in [
        "1. 云岭日报",
        "2. 云岭市政府",
        "3. 热榜",
        "feed_gateway is not set",
        "--take 1,3-5",
        "kept",
    ] {
        assert!(looked.out.contains(part), "{part} in\n{}\n{}", looked.out, looked.err);
    }
    assert!(!looked.out.contains("外省论坛"), "another province\n{}", looked.out);
    assert_eq!(files(&lab), Vec::<String>::new(), "a look writes nothing");

    let mut take = add.to_vec();
    take.extend(["--take", "2"]);
    lab.run(&take).good();
    let written = files(&lab);
    assert_eq!(written.len(), 1, "{written:?}");
    for part in ["云岭市政府", "channel = \"gov\"", "trust = \"high\"", "kind = \"list\""] {
        assert!(written[0].contains(part), "{part} in {}", written[0]);
    }
    lab.run(&["check"]).good();

    let unknown = lab.run(&["source", "add", "--pack", "nosuch"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("mining") && unknown.err.contains("own"), "{}", unknown.err);
}

#[test]
fn check_tells_of_a_pack_that_cannot_be_used() {
    let lab = Lab::new();
    lab.write("guanlan.toml", MAIN);
    let bad = site("没有网址", "", "news", "");
    lab.write("packs/own.toml", &format!("id = \"own\"\nname = \"本地\"\n{bad}"));
    let run = lab.run(&["check"]);
    assert!(run.out.contains("没有网址") && run.out.contains("own.toml"), "{}", run.out);
}
