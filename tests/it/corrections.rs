//! What officers say of posts: in force in every list at once, kept through a new reading, taken back with one command.

use guanlan::config::{Config, Overrides};
use guanlan::desk::corrections::Wanted;
use guanlan::desk::{Desk, Who};
use pipelines::locale::Lang;
use pipelines::record::{AnnotatedPost, Polarity, PostKind};

use crate::lab::{Lab, stored};

const CONFIG: &str = "[station]\ncontact = \"desk@example.com\"\n\
    [[subject]]\nid = \"group\"\nname = \"云岭矿业集团\"\n\
    [[subject]]\nid = \"port\"\nname = \"望江港务公司\"\n";

fn lab(rows: &str) -> Lab {
    let lab = Lab::new();
    lab.write("guanlan.toml", CONFIG);
    import(&lab, rows);
    lab
}

fn import(lab: &Lab, rows: &str) {
    lab.write("rows.jsonl", rows);
    lab.run(&["import", "rows.jsonl", "--map", "id=id,title=title,text=text"]).good();
}

/// The index follows the store while a station is at work: the same rows once more are one that changes nothing.
fn follow(lab: &Lab) {
    import(lab, &row(1, NOTICE.0, NOTICE.1));
}

fn row(id: u32, title: &str, text: &str) -> String {
    format!("{{\"id\": {id}, \"title\": \"{title}\", \"text\": \"{text}\"}}\n")
}

fn found(lab: &Lab, query: &str) -> Vec<String> {
    let run = lab.run(&["search", query, "--format", "jsonl"]).good();
    run.rows().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

fn post(lab: &Lab, id: &str) -> AnnotatedPost {
    stored(&lab.data()).post(id.parse().unwrap()).unwrap().unwrap()
}

const NOTICE: (&str, &str) =
    ("关于食堂午餐时间的通知", "自下周一起，云岭矿业集团食堂午餐时间改为十一点半。");

#[test]
fn every_field_is_corrected_at_once_in_every_list_and_taken_back() {
    let lab = lab(&row(1, NOTICE.0, NOTICE.1));
    let id = found(&lab, "食堂").remove(0);
    let was = post(&lab, &id);
    let queries =
        ["kind:grievance", "urgency:3", "polarity:negative", "topic:discipline", "subject:port"];
    for query in queries {
        assert_eq!(found(&lab, query), [""; 0], "{query} before");
    }
    assert_eq!(found(&lab, "subject:group"), [id.as_str()]);
    let said = ["--polarity", "negative", "--kind", "grievance", "--urgency", "3"];
    let topics = ["--topic", "+纪律作风", "--subject", "+port", "--subject", "-云岭矿业集团"];
    let run = lab.run(&[&["label", &id], &said[..], &topics[..]].concat()).good();
    assert_eq!(run.out.lines().count(), 5, "{}", run.out);
    follow(&lab);
    for query in queries {
        assert_eq!(found(&lab, query), [id.as_str()], "{query}");
    }
    assert_eq!(found(&lab, "subject:group"), [""; 0]);
    let is = post(&lab, &id);
    assert!(is.risk.score > was.risk.score + 20, "{:?} after {:?}", is.risk, was.risk);
    assert_eq!(is.mentions[0].polarity.polarity, Polarity::Negative);
    let undone = lab.run(&["label", &id, "--undo"]).good();
    assert!(undone.out.contains('5'), "{}", undone.out);
    assert_eq!(post(&lab, &id), was);
    follow(&lab);
    for query in queries {
        assert_eq!(found(&lab, query), [""; 0], "{query} after");
    }
    assert_ne!(lab.run(&["label", &id, "--undo"]).code, Some(0));
}

#[test]
fn a_new_reading_of_a_post_keeps_what_was_said_field_by_field() {
    let lab = lab(&row(1, NOTICE.0, NOTICE.1));
    let id = found(&lab, "食堂").remove(0);
    lab.run(&["label", &id, "--kind", "rumour", "--subject", "-group"]).good();
    lab.run(&["label", &id, "--urgency", "2", "--subject", "+port"]).good();
    let before = post(&lab, &id);
    import(&lab, &row(1, NOTICE.0, &format!("{}请互相转告。", NOTICE.1)));
    let after = post(&lab, &id);
    assert!(after.post.text.contains("互相转告"));
    let filing = after.filing.unwrap();
    assert_eq!((filing.kind, filing.urgency), (PostKind::Rumour, 2));
    let about: Vec<_> = after.mentions.iter().map(|m| m.subject.as_str()).collect();
    assert_eq!(about, ["port"]);
    assert_eq!(after.risk, before.risk, "the risk is that of the corrected post");
    let who = stored(&lab.data()).corrections().unwrap();
    assert!(who.len() == 3 && who.iter().all(|c| !c.by.is_empty()), "{who:?}");
}

#[test]
fn what_is_no_topic_subject_or_word_is_refused() {
    let lab = lab(&row(1, NOTICE.0, NOTICE.1));
    let id = found(&lab, "食堂").remove(0);
    let refused: [&[&str]; 5] = [
        &["--topic", "+没有"],
        &["--topic", "wages"],
        &["--subject", "+nobody"],
        &[],
        &["--urgency", "4"],
    ];
    for said in refused {
        let run = lab.run(&[&["label", id.as_str()], said].concat());
        assert_ne!(run.code, Some(0), "{said:?} {}", run.out);
    }
    assert_eq!(stored(&lab.data()).corrections().unwrap(), []);
}

/// Posts of one kind that the judge calls neutral; `n` tells them apart.
fn like(n: u32) -> String {
    row(n, "", &format!("{n}号食堂今天的菜单：白菜、豆腐、米饭，{}点开饭。", 10 + n % 3))
}

fn import_as(lab: &Lab, source: &str, rows: &str) {
    lab.write("rows.jsonl", rows);
    let map = "id=id,title=title,text=text";
    lab.run(&["import", "rows.jsonl", "--map", map, "--source", source]).good();
}

fn of_source(lab: &Lab, source: &str) -> Vec<String> {
    let query = format!("source:{source}");
    let run = lab.run(&["search", &query, "--posts", "-n", "40", "--format", "jsonl"]).good();
    run.rows().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// The post that `rows` brings to `source`, as it is judged there.
fn judged_as(lab: &Lab, source: &str, rows: &str) -> AnnotatedPost {
    let before = of_source(lab, source);
    import_as(lab, source, rows);
    let new = of_source(lab, source).into_iter().find(|id| !before.contains(id));
    post(lab, &new.expect("a post came"))
}

/// What `status` says of the one layer there is, of a source that config does not have: its command, and what it rests on.
fn in_status(lab: &Lab) -> (String, u64, u64) {
    let rows = lab.run(&["status", "--format", "jsonl"]).good().rows();
    let layers: Vec<_> = rows.iter().map(|row| &row["layer"]).filter(|l| !l.is_null()).collect();
    assert_eq!(layers.len(), 1, "{rows:?}");
    let command = layers[0]["command"].as_str().unwrap().to_owned();
    let told = lab.run(&["status"]).good().out;
    assert!(told.lines().any(|line| line.contains("menu") && line.ends_with(&command)), "{told}");
    let count = |field: &str| layers[0][field].as_u64().unwrap();
    (command, count("polarities"), count("kinds"))
}

#[test]
fn a_dozen_corrections_on_one_source_change_how_its_like_are_judged_until_they_are_forgotten() {
    let lab = Lab::new();
    lab.write("guanlan.toml", &format!("{CONFIG}[judge]\ndepth = \"fast\"\n"));
    let first: String = (1..=12).map(like).collect();
    import_as(&lab, "menu", &first);
    import_as(&lab, "other", &like(50));
    let bare = judged_as(&lab, "menu", &like(13));
    assert_eq!(bare.polarity.polarity, Polarity::Neutral, "{:?}", bare.polarity);
    let posts = of_source(&lab, "menu");
    let overrides = Overrides { data_dir: Some(lab.data()), ..Overrides::default() };
    let config = Config::load(Some(&lab.path().join("guanlan.toml")), &overrides).unwrap();
    let desk = Desk::open(config).unwrap();
    let (polarity, kind) = (Some(Polarity::Negative), Some(PostKind::Grievance));
    let wanted = Wanted { polarity, kind, ..Wanted::default() };
    for id in posts.iter().filter(|id| **id != bare.post.id.to_string()) {
        desk.correct(&Who::owner("王", Lang::Zh), id, &wanted).unwrap();
    }
    drop(desk);
    assert_eq!(in_status(&lab), ("guanlan label --forget menu".to_owned(), 12, 12));
    let layers = lab.run(&["label", "--layers", "--format", "jsonl"]).good().rows();
    assert_eq!(layers.len(), 1, "{layers:?}");
    assert_eq!((&layers[0]["source"], &layers[0]["state"]), (&"menu".into(), &"on".into()));
    assert_eq!((&layers[0]["polarities"], &layers[0]["kinds"]), (&12.into(), &12.into()));

    let layered = judged_as(&lab, "menu", &like(14));
    assert_eq!(layered.polarity.polarity, Polarity::Negative, "{:?}", layered.polarity);
    assert_eq!(layered.polarity.unlayered, Some(Polarity::Neutral));
    assert!(layered.polarity.confidence > 0.3 && layered.polarity.confidence < 1.0);
    assert!(layered.risk.score > bare.risk.score);
    let told = lab.run(&["explain", &layered.post.id.to_string()]).good().out;
    assert!(told.contains("corrections at this station"), "{told}");
    let elsewhere = judged_as(&lab, "other", &like(14));
    assert_eq!(elsewhere.polarity.polarity, Polarity::Neutral, "another source is not touched");
    assert_eq!(elsewhere.polarity.unlayered, None);

    lab.run(&["label", "--forget", "menu"]).good();
    assert_eq!(in_status(&lab).0, "guanlan label --learn menu");
    let forgotten = judged_as(&lab, "menu", &like(15));
    let beside = judged_as(&lab, "other", &like(15));
    assert_eq!(forgotten.polarity, beside.polarity);
    assert_eq!(forgotten.filing, beside.filing);
    assert_eq!(stored(&lab.data()).corrections().unwrap().len(), 24, "the corrections stay");
    // What is off stays off, whatever more is said.
    lab.run(&["label", &forgotten.post.id.to_string(), "--polarity", "negative"]).good();
    assert_eq!(judged_as(&lab, "menu", &like(16)).polarity.unlayered, None);
    lab.run(&["label", "--learn", "menu"]).good();
    let again = judged_as(&lab, "menu", &like(17));
    assert_eq!(again.polarity.polarity, Polarity::Negative, "{:?}", again.polarity);
    assert_ne!(lab.run(&["label", "--forget", "nowhere"]).code, Some(0));
}

#[test]
fn what_is_in_doubt_waits_in_line_until_somebody_says_what_it_is() {
    let rows: String =
        (1..=6).map(|n| row(n, "", &format!("{n}号楼的人说他们又来了，{n}次"))).collect();
    let lab = lab(&rows);
    let next = || lab.run(&["label", "--next", "--format", "jsonl"]).good().rows();
    let waiting = next();
    let Some(first) = waiting.first() else {
        return assert_eq!(found(&lab, "unsure:yes"), [""; 0]);
    };
    assert!(waiting.iter().all(|row| row["other"].is_string()), "{waiting:?}");
    let id = first["id"].as_str().unwrap();
    lab.run(&["label", id, "--polarity", "neutral"]).good();
    let left = next();
    assert_eq!(left.len(), waiting.len() - 1);
    assert!(left.iter().all(|row| row["id"] != id));
}
