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
        while bench.told().len() < 2 {
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
