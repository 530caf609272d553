//! The duty roster in config, on the command line and in the console: who has the desk, and the times without anybody.

use guanlan::config::DutyConfig;
use guanlan::desk::Who;
use pipelines::locale::Lang;

use crate::console::Served;
use crate::lab::Lab;

const HEAD: &str = "[station]\ncontact = \"press@example.com\"\n\
    [[subject]]\nid = \"mine\"\nname = \"青岚沟煤矿\"\n";

#[test]
fn the_command_shows_who_is_on_duty_and_when_nobody_is() {
    let lab = Lab::new();
    lab.write("guanlan.toml", HEAD);
    let run = |args: &[&str]| lab.run(args);
    assert!(run(&["duty"]).good().out.contains("There is no roster"));
    let day = "[[duty]]\nname = \"day\"\npeople = [\"周岚\"]\nhours = \"08:00-20:00\"\n";
    lab.write("guanlan.toml", &format!("{HEAD}{day}"));
    let rows = run(&["duty", "--days", "3", "--format", "jsonl"]).good().rows();
    let (gaps, shifts): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row["gap"] == true);
    assert!(shifts.len() >= 3 && gaps.len() >= 3, "{rows:?}");
    assert!(shifts.iter().all(|row| row["who"] == "周岚"), "{rows:?}");
    // Each begins where the one before ends: three days are told without a hole.
    assert!(rows.windows(2).all(|pair| pair[0]["until"] == pair[1]["from"]), "{rows:?}");
    let night = "[[duty]]\nname = \"night\"\npeople = [\"陆平\"]\nhours = \"20:00-08:00\"\n";
    lab.write("guanlan.toml", &format!("{HEAD}{day}{night}"));
    let rows = run(&["duty", "--format", "jsonl"]).good().rows();
    assert!(rows.iter().all(|row| row["gap"] == false), "{rows:?}");
    lab.write("guanlan.toml", &format!("{HEAD}{}", day.replace("08:00-20:00", "8-20")));
    let refused = run(&["duty"]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.err.contains("duty.hours") && refused.err.contains("22:00-07:00"),
        "{}",
        refused.err
    );
    lab.write("guanlan.toml", &format!("{HEAD}[[route]]\nname = \"r\"\nnotify = [\"duty\"]\n"));
    let refused = run(&["check"]);
    assert!(
        refused.err.contains("[[duty]]") || refused.out.contains("[[duty]]"),
        "{}",
        refused.err
    );
}

fn shift(name: &str, hours: Option<&str>, units: &[&str]) -> DutyConfig {
    DutyConfig {
        name: name.to_owned(),
        people: vec![format!("{name}<b>")],
        notify: Vec::new(),
        weekdays: Vec::new(),
        dates: Vec::new(),
        hours: hours.map(str::to_owned),
        units: units.iter().map(|unit| (*unit).into()).collect(),
    }
}

#[test]
fn the_room_shows_who_has_the_desk_now_and_the_gaps_of_a_unit_too() {
    let served = Served::with(
        |config| {
            config.duties =
                vec![shift("all", None, &[]), shift("mine", Some("08:00-09:00"), &["qinglangou"])]
        },
        |_| {},
    );
    let who = Who::owner("x", Lang::En);
    let sheet = served.desk.duty(&who, 7).unwrap();
    assert!(sheet.kept && sheet.gaps.is_empty(), "the unit is that of the whole: {:?}", sheet.gaps);
    assert_eq!(sheet.now.iter().filter(|span| span.shift == "all").count(), 1);
    assert_eq!(sheet.spans.iter().filter(|span| span.shift == "all").count(), 1, "one span");
    assert!(sheet.spans.iter().filter(|span| span.shift == "mine").count() >= 7);

    let served = Served::with(
        |config| config.duties = vec![shift("mine", Some("08:00-09:00"), &["qinglangou"])],
        |_| {},
    );
    let sheet = served.desk.duty(&who, 2).unwrap();
    assert!(!sheet.gaps.is_empty() && sheet.gaps.iter().all(|gap| !gap.units.is_empty()));
}

#[test]
fn the_pages_of_duty_are_whole_in_both_languages() {
    let bare = Served::new();
    let page = bare.page("/duty");
    assert!(page.contains("没有值班表"), "{page}");
    let shifts = vec![shift("all", Some("08:00-20:00"), &[]), shift("mine", None, &["qinglangou"])];
    let served = Served::with(|config| config.duties = shifts, |_| {}).entered();
    for lang in ["zh", "en"] {
        let cookie = format!("{}; guanlan-lang={lang}", served.cookie);
        for path in ["/duty", "/duty?days=31"] {
            let answer = served.ask("GET", path, &[("Cookie", &cookie)], "");
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            assert!(answer.body.contains("all&lt;b&gt;") && !answer.body.contains("all<b>"));
            let is_raw = |text: &str| text.trim().starts_with("serve.duty");
            assert!(!answer.body.split(['<', '>', '"']).any(is_raw), "{path}: {}", answer.body);
        }
    }
}
