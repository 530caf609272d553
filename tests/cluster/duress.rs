//! Workers on one store whose disk is full, whose server is away, whose sites answer nothing: they wait, go on, and end when
//! they are told to.
//!
//! In: a server, which goes away. Out: nothing. That a disk is full says a trigger; that a real one is told as such stands in
//! `trouble.rs`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use guanlan::store::{Address, Place};

use crate::lab::Lab;
use crate::postgres::Postgres;
use crate::promise::{ends_in_time, until};
use crate::small_web::{hanging, serve};
use crate::workers::{ROLES, Worker, World, all, holding, on_a_server};

/// Until every one of `workers` is at work on `schema`.
fn start(server: &Postgres, schema: &str, workers: &mut [Worker]) {
    workers.iter_mut().for_each(Worker::start);
    let there = format!("SELECT COUNT(*) FROM {schema}.workers");
    let count = workers.len().to_string();
    until("all are at work", || server.psql(&there).ok().as_ref() == Some(&count));
}

fn of_roles(
    server: &Postgres,
    schema: &str,
    roles: &[&'static str],
    furnish: &dyn Fn(&Lab),
) -> Vec<Worker> {
    let address = format!("{}?schema={schema}", server.address());
    let worker = |role: &&'static str| {
        let lab = Lab::new();
        furnish(&lab);
        Worker { lab, address: address.clone(), role, child: None }
    };
    roles.iter().map(worker).collect()
}

/// Nothing is stored and nothing is lost while the disk is full, and it is told.
pub fn full_disk(server: &Postgres) {
    let (world, evidence) = (World::start(), tempfile::tempdir().unwrap());
    let furnish = |lab: &Lab| world.furnish(lab, evidence.path());
    let mut workers = of_roles(server, "crowded", &["all", "crawl"], &furnish);
    start(server, "crowded", &mut workers);
    let full = "CREATE FUNCTION crowded() RETURNS TRIGGER LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'No space left' USING ERRCODE = '53100'; END $$;
        CREATE TRIGGER crowded BEFORE INSERT ON crowded.posts EXECUTE FUNCTION crowded()";
    server.psql(full).unwrap();
    world.grow(Duration::from_millis(500));
    let is_told =
        || workers.iter().any(|worker| worker.log().contains("no room on a disk of the server"));
    until("the full disk is told", is_told);
    let place = Place::Server(Address::parse(&workers[0].address).unwrap());
    let held = || place.open_to_read().ok().flatten().map(|store| holding(&*store));
    assert_eq!(held().unwrap().0.len(), 0);
    server.psql("DROP FUNCTION crowded CASCADE").unwrap();
    let (posts, alerts) = all();
    until("all is stored", || {
        held().is_some_and(|(stored, told, left)| (stored.len(), told, left) == (posts, alerts, 0))
    });
    for worker in &mut workers {
        let state = format!("`{}` after a full disk", worker.role);
        ends_in_time(&state, worker.child.as_mut().unwrap());
    }
}

/// What the deep readers of all processes have read is told as one figure.
pub fn deep_share(server: &Postgres) {
    let worker = of_roles(server, "reading", &["all"], &|lab| {
        furnish_hanging(lab, Path::new("evidence"), &[]);
    })
    .remove(0);
    let place = Place::Server(Address::parse(&worker.address).unwrap());
    let store = place.open().unwrap();
    for (name, posts, asked) in [("one", 30, 20), ("other", 10, 0)] {
        let about = format!(
            r#"{{"roles":["judge"],"machine":"m","pid":1,"keeps":false,"received":{posts},"judges_by":null,
                "deep":{{"posts":{posts},"asked":{asked},"micros":500000}},"config":"c"}}"#
        );
        store.cluster().unwrap().sign(name, &about, 60_000).unwrap();
    }
    let said = worker.command(&["status"]).output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout);
    assert!(
        said.contains("40 posts judged since the start, 20 of them read deeply (50%)"),
        "{said}"
    );
}

fn furnish_hanging(lab: &Lab, evidence: &Path, ports: &[u16]) {
    lab.write("guanlan.toml", &on_a_server(evidence));
    let source = |port: &u16| {
        let host = format!("127.0.0.1:{port}");
        format!(
            "[[source]]\nid = \"s{port}\"\nname = \"站{port}\"\nkind = \"feed\"\n\
             url = \"http://{host}/rss.xml\"\nallow_private = [\"{host}\"]\n"
        )
    };
    lab.write("sources/all.toml", &ports.iter().map(source).collect::<String>());
}

/// Every role, with sites that hang, and with the server gone.
pub fn ends(server: &Postgres) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
    let asked = Arc::<AtomicUsize>::default();
    let ports: Vec<u16> = (0..6).map(|_| serve(&runtime, hanging(&asked))).collect();
    let evidence = tempfile::tempdir().unwrap();
    let furnish = |lab: &Lab| furnish_hanging(lab, evidence.path(), &ports);
    for (state, is_away) in [("sites hang", false), ("the server is away", true)] {
        let schema = if is_away { "ending_away" } else { "ending" };
        let mut workers = of_roles(server, schema, &ROLES, &furnish);
        let before = asked.load(Ordering::SeqCst);
        start(server, schema, &mut workers);
        until("sites are asked", || asked.load(Ordering::SeqCst) > before + 2);
        if is_away {
            server.down().unwrap();
        }
        for worker in &mut workers {
            let state = format!("{state}, `{}`", worker.role);
            ends_in_time(&state, worker.child.as_mut().unwrap());
        }
        if is_away {
            begins_with_the_server(server, &mut workers);
        }
    }
}

/// One that is started while the server is away says so and waits, ends when it is told to, and works once the server is
/// back.
fn begins_with_the_server(server: &Postgres, workers: &mut [Worker]) {
    let (left, stays) = workers.split_at_mut(1);
    for worker in [&mut left[0], &mut stays[0]] {
        worker.start();
        until("it is told", || worker.log().contains("starts by itself"));
    }
    ends_in_time("waits for its server", left[0].child.as_mut().unwrap());
    server.up().unwrap();
    let there =
        "SELECT 1 FROM ending_away.workers WHERE seen > (EXTRACT(EPOCH FROM now()) - 5) * 1000";
    until("it works", || server.psql(there).is_ok_and(|seen| seen.contains('1')));
    ends_in_time("began with its server", stays[0].child.as_mut().unwrap());
}
