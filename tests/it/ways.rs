//! Ways out that take so much and no more: the limits of robots over restarts, parts that are not doubled, refusals that
//! keep their messages, and a way that hangs while the others go on.

use std::sync::{Arc, Mutex};

use axum::Router;
use chrono::{DateTime, TimeDelta, Utc};
use guanlan::engine::faults::Part;
use guanlan::engine::run::Rounds;
use serde_json::{Value, json};

use crate::duties::{Bench, FILE, close, enqueue, states, step};

/// A house that answers by what is asked of it, and keeps what it took.
#[derive(Clone)]
struct House {
    answer: Arc<Mutex<Value>>,
    asked: Arc<Mutex<Vec<Value>>>,
    taken: Arc<Mutex<Vec<Value>>>,
    woken: Arc<tokio::sync::Notify>,
}

fn fine() -> Value {
    json!({ "errcode": 0, "errmsg": "ok" })
}

impl House {
    /// A house, and the robot of it in `bench`.
    async fn open(bench: &Bench, kind: &str) -> Self {
        let house = Self {
            answer: Arc::new(Mutex::new(fine())),
            asked: Arc::default(),
            taken: Arc::default(),
            woken: Arc::default(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let at = house.clone();
        let router = Router::new().fallback(move |body: String| {
            let house = at.clone();
            async move {
                let body: Value = serde_json::from_str(&body).unwrap();
                house.asked.lock().unwrap().push(body.clone());
                house.woken.notify_one();
                let answer = house.answer.lock().unwrap().clone();
                if answer.is_null() {
                    std::future::pending::<()>().await;
                }
                if answer["errcode"] == 0 {
                    house.taken.lock().unwrap().push(body);
                }
                answer.to_string()
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        bench.lab.write(
            "robot.url",
            &format!("http://127.0.0.1:{port}/robot/send?access_token=SECRETKEY"),
        );
        let main = std::fs::read_to_string(bench.lab.path().join("guanlan.toml")).unwrap();
        let robot = format!(
            "[[notifier]]\nname = \"robot\"\nkind = \"{kind}\"\nurl_file = \"robot.url\"\ntimeout_secs = 600\n"
        );
        bench.lab.write("guanlan.toml", &format!("{main}{robot}"));
        house
    }

    fn says(&self, answer: Value) {
        *self.answer.lock().unwrap() = answer;
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn taken(&self) -> usize {
        self.taken.lock().unwrap().len()
    }
}

/// A round of the station, as after a restart.
async fn round(bench: &Bench) -> (usize, usize) {
    let station = bench.station();
    let mut rounds = Rounds::new(&station, bench.now()).unwrap();
    step(&mut rounds, bench).await;
    let counts = (states(&station, "sent"), states(&station, "dead"));
    drop(rounds);
    close(station).await;
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_gets_no_more_than_its_minute_over_any_restart_and_everything_in_the_end() {
    let bench = Bench::new("");
    let house = House::open(&bench, "wecom").await;
    let station = bench.station();
    let keys: Vec<String> = (0..50).map(|i| format!("alert-{i:02}")).collect();
    enqueue(&station, &keys.iter().map(String::as_str).collect::<Vec<_>>(), "robot", bench.now());
    close(station).await;
    for expected in [18, 18, 18, 18] {
        round(&bench).await;
        assert_eq!(house.taken(), expected, "the minute is full, whoever starts anew");
        bench.later(TimeDelta::seconds(19));
    }
    assert_eq!(round(&bench).await, (36, 0));
    bench.later(TimeDelta::seconds(61));
    assert_eq!(round(&bench).await, (50, 0));
    assert_eq!((house.asked(), house.taken()), (50, 50), "none is lost, none told twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_ways_to_one_robot_share_its_minute_and_its_block() {
    let bench = Bench::new("");
    let house = House::open(&bench, "wecom").await;
    let main = std::fs::read_to_string(bench.lab.path().join("guanlan.toml")).unwrap();
    let second = "[[notifier]]\nname = \"again\"\nkind = \"wecom\"\nurl_file = \"robot.url\"\n";
    bench.lab.write("guanlan.toml", &format!("{main}{second}"));
    let station = bench.station();
    for way in ["robot", "again"] {
        let keys: Vec<String> = (0..15).map(|i| format!("{way}-{i:02}")).collect();
        enqueue(&station, &keys.iter().map(String::as_str).collect::<Vec<_>>(), way, bench.now());
    }
    close(station).await;
    round(&bench).await;
    assert_eq!(house.taken(), 18, "side by side they take no more than one would");
    round(&bench).await;
    assert_eq!(house.taken(), 18, "nor after a restart");
    bench.later(TimeDelta::seconds(61));
    house.says(json!({ "errcode": 45009, "errmsg": "api freq out of limit" }));
    round(&bench).await;
    let asked = house.asked();
    house.says(fine());
    bench.later(TimeDelta::seconds(30));
    round(&bench).await;
    assert_eq!(house.asked(), asked, "who throttles one way throttles the other");
    bench.later(TimeDelta::minutes(20));
    round(&bench).await;
    bench.later(TimeDelta::minutes(20));
    assert_eq!(round(&bench).await, (30, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_part_goes_after_the_wait_and_the_parts_before_it_not_again() {
    let bench = Bench::new("");
    let house = House::open(&bench, "dingtalk").await;
    let station = bench.station();
    let listed: String =
        (0..500).map(|i| format!("{i}. 青岚沟煤矿第{i}号通报，今日照常生产，无事。\n")).collect();
    let body = json!({ "key": "long@robot", "kind": "alert", "title": "事故", "body_markdown": listed, "data": {} });
    let due: DateTime<Utc> = bench.now();
    station
        .store
        .write(&mut |write| write.enqueue("long@robot", "robot", &body.to_string(), due).map(drop))
        .unwrap();
    let mut rounds = Rounds::new(&station, bench.now()).unwrap();
    // The robot takes the first part and is then too busy with others.
    let house_at_work = house.clone();
    let shut = tokio::spawn(async move {
        house_at_work.woken.notified().await;
        house_at_work.says(json!({ "errcode": 130101, "errmsg": "send too fast", "status": 1111 }));
    });
    step(&mut rounds, &bench).await;
    shut.await.unwrap();
    drop(rounds);
    close(station).await;
    let (asked, taken) = (house.asked(), house.taken());
    assert!(taken < asked, "one was refused: {asked} asked, {taken} taken");
    house.says(fine());
    bench.later(TimeDelta::minutes(9));
    assert_eq!(round(&bench).await, (0, 0));
    assert_eq!(house.asked(), asked, "ten minutes are kept over a restart");
    bench.later(TimeDelta::minutes(2));
    assert_eq!(round(&bench).await, (1, 0));
    let texts: String = house.taken.lock().unwrap().iter().map(Value::to_string).collect();
    for i in 0..500 {
        assert_eq!(texts.matches(&format!("煤矿第{i}号")).count(), 1, "{i}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_that_wants_something_mended_keeps_its_messages_and_says_what() {
    let bench = Bench::new("");
    let house = House::open(&bench, "dingtalk").await;
    house.says(json!({ "errcode": 310000, "errmsg": "keywords not in content SECRETKEY" }));
    let station = bench.station();
    let mut rounds = Rounds::new(&station, bench.now()).unwrap();
    enqueue(&station, &["a"], "robot", bench.now());
    step(&mut rounds, &bench).await;
    bench.later(TimeDelta::hours(5));
    step(&mut rounds, &bench).await;
    assert_eq!(house.asked(), 1, "it is not asked again and again");
    assert_eq!((states(&station, "pending"), states(&station, "dead")), (1, 0));
    let way = Part::Way("robot".to_owned());
    let fault = station.board.faults().into_iter().find(|f| f.part == way).unwrap();
    assert!(fault.words.contains("keyword") && fault.words.contains("关键词"), "{}", fault.words);
    assert!(!fault.words.contains("SECRETKEY"), "{}", fault.words);
    house.says(fine());
    bench.later(TimeDelta::hours(2));
    step(&mut rounds, &bench).await;
    assert_eq!(states(&station, "sent"), 1);
    drop(rounds);
    close(station).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_that_hangs_holds_up_no_other_way() {
    let bench = Bench::new(FILE);
    let house = House::open(&bench, "wecom").await;
    house.says(Value::Null);
    let station = bench.station();
    enqueue(&station, &["a", "b"], "robot", bench.now());
    enqueue(&station, &["a", "b"], "file", bench.now());
    {
        let run = guanlan::engine::run::run(&station);
        tokio::pin!(run);
        tokio::select! {
            ended = &mut run => panic!("the station ended: {ended:?}"),
            () = house.woken.notified() => {}
        }
        // Until it is noted: what is only out goes out once more under the same key.
        while states(&station, "sent") < 2 {
            tokio::select! {
                ended = &mut run => panic!("the station ended: {ended:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
        station.stop.ask();
        run.await.unwrap();
    }
    assert_eq!(states(&station, "pending"), 2, "what hung is sent at the next start");
    close(station).await;
}

#[test]
fn a_test_shows_the_answer_masked_and_sets_what_waited_free() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let bench = Bench::new(FILE);
    // The command goes by the clock of the machine.
    bench.secs.store(Utc::now().timestamp(), std::sync::atomic::Ordering::SeqCst);
    let house = runtime.block_on(House::open(&bench, "dingtalk"));
    let station = bench.station();
    enqueue(&station, &["a"], "robot", bench.now());
    house.says(json!({ "errcode": 310000, "errmsg": "keywords not in content SECRETKEY" }));
    let part = Part::Way("robot".to_owned());
    runtime.block_on(async {
        let mut rounds = Rounds::new(&station, bench.now()).unwrap();
        step(&mut rounds, &bench).await;
        assert!(station.board.is_at_fault(&part));
        let data = bench.lab.data();
        let data = data.to_str().unwrap();
        let test = |name: &str| {
            bench.lab.run(&["--data-dir", data, "--format", "jsonl", "notify", "test", name])
        };
        let refused = test("robot");
        assert_eq!(refused.code, Some(1), "{}{}", refused.out, refused.err);
        assert!(
            refused.out.contains("310000") && refused.out.contains("keyword"),
            "{}",
            refused.out
        );
        assert!(!(refused.out + &refused.err).contains("SECRETKEY"));
        house.says(fine());
        let taken = test("robot").good().rows();
        assert!(
            taken[0]["taken"] == true && taken[0]["said"].as_str().unwrap().contains("errcode"),
            "{taken:?}"
        );
        assert_eq!(test("nobody").code, Some(2));
        test("file").good();
        bench.later(TimeDelta::seconds(5));
        step(&mut rounds, &bench).await;
        assert!(!station.board.is_at_fault(&part), "what waited goes at once");
        drop(rounds);
    });
    assert_eq!(states(&station, "sent"), 1);
    let lines = station.store.audits("test", "robot", 9).unwrap();
    assert_eq!(lines.len(), 2, "{lines:?}");
    runtime.block_on(close(station));
}

/// What a recipient's name is answered, in turn; everything else is well.
type Doorkeeper = Arc<Mutex<Vec<(&'static str, Vec<&'static str>)>>>;

/// A mail server that hears one letter a connection; answers its port and who was written to.
async fn mail_server(says: Doorkeeper) -> (u16, Arc<Mutex<Vec<String>>>) {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let written: Arc<Mutex<Vec<String>>> = Arc::default();
    let taken = written.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            stream.get_mut().write_all(b"220 mail.test\r\n").await.unwrap();
            let (mut line, mut to, mut in_letter) = (String::new(), String::new(), false);
            while stream.read_line(&mut line).await.unwrap_or(0) > 0 {
                let heard = std::mem::take(&mut line);
                let answer = match heard.split([' ', ':', '\r']).next().unwrap() {
                    "." if in_letter => {
                        in_letter = false;
                        taken.lock().unwrap().push(to.clone());
                        "250 taken"
                    }
                    _ if in_letter => continue,
                    "DATA" => {
                        in_letter = true;
                        "354 go on"
                    }
                    "RCPT" => {
                        to = heard.trim().to_owned();
                        let mut says = says.lock().unwrap();
                        let told = says.iter_mut().find(|(name, _)| heard.contains(name));
                        told.map_or("250 ok", |(_, answers)| {
                            if answers.len() > 1 { answers.remove(0) } else { answers[0] }
                        })
                    }
                    _ => "250 ok",
                };
                let answer = format!("{answer}\r\n");
                if stream.get_mut().write_all(answer.as_bytes()).await.is_err() {
                    break;
                }
            }
        }
    });
    (port, written)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_reaches_each_once_whoever_is_refused_or_put_off() {
    let says: Doorkeeper = Arc::new(Mutex::new(vec![
        ("gone@", vec!["550 5.1.1 no such user"]),
        ("late@", vec!["451 4.7.1 come back", "250 ok"]),
    ]));
    let (port, written) = mail_server(says.clone()).await;
    let bench = Bench::new(&format!(
        "[[notifier]]\nname = \"mail\"\nkind = \"mail\"\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n\
         from = \"desk@example.com\"\nto = [\"gone@example.com\", \"late@example.com\", \"head@example.com\"]\n"
    ));
    let station = bench.station();
    enqueue(&station, &["a"], "mail", bench.now());
    let count = |name: &str| written.lock().unwrap().iter().filter(|to| to.contains(name)).count();
    let mut rounds = Rounds::new(&station, bench.now()).unwrap();
    step(&mut rounds, &bench).await;
    assert_eq!((count("head@"), count("late@"), count("gone@")), (1, 0, 0));
    assert_eq!(states(&station, "pending"), 1, "it is tried again for the one that was put off");
    bench.later(TimeDelta::minutes(40));
    step(&mut rounds, &bench).await;
    assert_eq!((count("head@"), count("late@"), count("gone@")), (1, 1, 0));
    let dead = station.store.deliveries("dead", DateTime::<Utc>::MAX_UTC, 9).unwrap();
    assert!(dead[0].error.as_deref().unwrap().contains("gone@example.com"), "{dead:?}");
    // The officer mends the address book of the server and sends it again: nobody hears twice.
    says.lock().unwrap().clear();
    station.store.write(&mut |write| write.revive(None, bench.now()).map(drop)).unwrap();
    bench.later(TimeDelta::minutes(40));
    step(&mut rounds, &bench).await;
    assert_eq!((count("head@"), count("late@"), count("gone@")), (1, 1, 1));
    assert_eq!(states(&station, "sent"), 1);
    drop(rounds);
    close(station).await;
}

/// Alerts of a grade, waiting for the robot.
fn alerts(bench: &Bench, station: &guanlan::engine::Station, keys: &[&str], severity: &str) {
    let due = bench.now();
    station
        .store
        .write(&mut |write| {
            for key in keys {
                let body = json!({
                    "key": format!("{key}@robot"), "kind": "alert", "title": format!("【较大】{key}"),
                    "body_markdown": key,
                    "data": { "severity": severity, "reason": "出现即报",
                              "evidence": [{ "url": format!("https://news.example/{key}") }] },
                });
                write.enqueue(&format!("{key}@robot"), "robot", &body.to_string(), due)?;
            }
            Ok(())
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn small_alerts_go_as_one_message_and_grave_ones_alone() {
    let bench = Bench::new("");
    let house = House::open(&bench, "wecom").await;
    let station = bench.station();
    alerts(&bench, &station, &["a", "b", "c", "d", "e"], "serious");
    alerts(&bench, &station, &["grave"], "critical");
    close(station).await;
    assert_eq!(round(&bench).await, (6, 0), "each counts as sent");
    assert_eq!(house.taken(), 2, "five as one, and the grave one");
    let said = house.taken.lock().unwrap()[0].to_string();
    for key in ["a", "b", "c", "d", "e"] {
        assert!(said.contains(&format!("https://news.example/{key}")), "{said}");
    }
    assert!(said.contains("5 条预警") && !said.contains("grave"), "{said}");
    // Three are not many.
    let station = bench.station();
    alerts(&bench, &station, &["f", "g", "h"], "ordinary");
    close(station).await;
    assert_eq!(round(&bench).await, (9, 0));
    assert_eq!(house.taken(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_of_many_that_was_out_when_the_station_died_is_told_once() {
    let bench = Bench::new("");
    let house = House::open(&bench, "wecom").await;
    let station = bench.station();
    alerts(&bench, &station, &["a", "b", "c", "d"], "serious");
    close(station).await;
    assert_eq!(round(&bench).await, (4, 0));
    // As if it had died between the answer and the note of it: what goes as one is still noted, and none is sent.
    let station = bench.station();
    let waiting = ["e", "f", "g", "h"];
    alerts(&bench, &station, &waiting, "serious");
    let ids: Vec<i64> = station
        .store
        .deliveries_by("robot", bench.now(), 9)
        .unwrap()
        .iter()
        .map(|d| d.id)
        .collect();
    let key = "many:as-before@robot";
    let mut pace = guanlan::engine::pieces::pace(&*station.store, "robot").unwrap();
    pace.note_out(key, "1/1");
    station
        .store
        .write(&mut |write| {
            write.put_state("together:robot", &json!({ "key": key, "ids": ids }).to_string())?;
            write.put_state("way:robot", &serde_json::to_string(&pace).unwrap())
        })
        .unwrap();
    close(station).await;
    let before = house.taken();
    assert_eq!(round(&bench).await, (8, 0), "they count as sent");
    assert_eq!(house.taken(), before, "and are not told again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_house_refuses_of_many_is_found_out_one_by_one() {
    let bench = Bench::new("");
    let house = House::open(&bench, "wecom").await;
    let station = bench.station();
    alerts(&bench, &station, &["a", "b", "c", "d"], "serious");
    close(station).await;
    house.says(json!({ "errcode": 93000, "errmsg": "invalid webhook url" }));
    assert_eq!(round(&bench).await, (0, 0), "nothing is lost");
    house.says(fine());
    bench.later(TimeDelta::hours(7));
    round(&bench).await;
    assert_eq!(round(&bench).await, (4, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_another_way_meanwhile_counts_not_as_sent_with_the_many() {
    let bench = Bench::new("");
    let _house = House::open(&bench, "wecom").await;
    let station = bench.station();
    alerts(&bench, &station, &["a", "b", "c", "d"], "serious");
    let ids: Vec<i64> = station
        .store
        .deliveries_by("robot", bench.now(), 9)
        .unwrap()
        .iter()
        .map(|d| d.id)
        .collect();
    // They were chosen to go as one when the robot took no more; then an officer sent them another way.
    let noted = json!({ "key": "many:as-before@robot", "ids": ids }).to_string();
    station
        .store
        .write(&mut |write| {
            write.put_state("together:robot", &noted)?;
            write.reroute("robot", "elsewhere", bench.now()).map(drop)
        })
        .unwrap();
    alerts(&bench, &station, &["other"], "serious");
    close(station).await;
    assert_eq!(round(&bench).await, (1, 0), "the other one alone");
    let station = bench.station();
    assert_eq!(states(&station, "pending"), 4, "they still wait for the way they were given to");
    close(station).await;
}
