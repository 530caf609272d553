//! What officers say of posts: in force in every list at once, kept through a new reading, taken back with one command.

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
