//! Judging asked of processes whose one role it is, by those that crawl without judging.
//!
//! In: read posts of a process that crawls. Out: the same posts judged by another process of the same program and config, as
//! tasks in the store that are nobody else's while they are worked on. Nothing waits for a judge: where none is heard, or
//! none answers in time, the process judges by itself, so that one who dies costs some seconds and no post.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use chrono::Utc;
use pipelines::record::{AnnotatedPost, Post};

use super::annotator::mark;
use super::holding::{About, Holding};
use super::process::Stages;
use super::stop::Stop;
use crate::config::Config;
use crate::store::Result;
use crate::store::cluster::{NewTask, Task};

/// How long a judge may take; a post takes some tens of milliseconds, the rest is waiting for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// A judge that was not heard for so long, twice as long as it takes to say that it is there, is not asked.
const HEARD_MS: u64 = 7_000;

/// How often is looked who is there, for answers, and for what is asked where nothing was.
const LOOK: Duration = Duration::from_secs(3);
const ANSWERS: Duration = Duration::from_millis(15);
const IDLE: Duration = Duration::from_millis(20);

/// The pause after the server failed.
const AFTER_FAULT: Duration = Duration::from_secs(1);

/// Posts taken at once by a thread that judges: few, so that those behind them find other threads.
const AT_ONCE: usize = 4;

/// Posts handed over before answers are looked for.
const ASKED_AT_ONCE: usize = 32;

/// Who sits here.
#[derive(Clone)]
pub(super) struct Bench {
    pub holding: Arc<Holding>,
    pub stop: Stop,
}

/// What judging is called that goes by this mark.
fn kind_of(mark: &str) -> String {
    format!("judge:{mark}")
}

impl Bench {
    /// Takes up `roles`: to judge for others, to ask those who do, or neither.
    ///
    /// # Errors
    /// A thread that cannot be started.
    pub fn take_up(self, roles: &[&str], config: &Config, stages: &Arc<Stages>) -> io::Result<()> {
        match (roles.contains(&"crawl"), roles.contains(&"judge")) {
            (false, true) => self.judge(&mark(config), stages),
            (true, false) => {
                stages.ask(Judges::start(self, mark(config))?);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Judges what others ask, on all cores, until the process is to stop.
    fn judge(self, mark: &str, stages: &Arc<Stages>) -> io::Result<()> {
        self.holding.says_it_judges(mark);
        let threads = thread::available_parallelism().map_or(1, usize::from);
        for number in 0..threads {
            let (bench, kind, stages) = (self.clone(), kind_of(mark), stages.clone());
            let judge = move || bench.serve(&kind, &stages);
            thread::Builder::new().name(format!("judge-{number}")).spawn(judge)?;
        }
        Ok(())
    }

    fn serve(&self, kind: &str, stages: &Stages) {
        while !self.stop.is_asked() {
            let mut judge = |task: &Task| answer(task, stages);
            match self.holding.cluster().serve(kind, AT_ONCE, &mut judge) {
                Ok(0) => thread::sleep(IDLE),
                Ok(judged) => self.holding.counts(judged as u64),
                Err(error) => {
                    tracing::warn!(%error, "what others want judged cannot be read or answered");
                    thread::sleep(AFTER_FAULT);
                }
            }
        }
    }
}

/// The judged post; nothing where it cannot be read: who asked judges it then.
fn answer(task: &Task, stages: &Stages) -> String {
    let judged = serde_json::from_str(&task.body)
        .map(|post: Post| stages.annotate(post, Utc::now()))
        .and_then(|judged| serde_json::to_string(&judged));
    judged.unwrap_or_else(|error| {
        tracing::error!(%error, task = task.id, "a post that cannot be read");
        String::new()
    })
}

/// A post that somebody wants judged.
struct Wish {
    source: String,
    body: String,
    reply: SyncSender<String>,
}

/// Those who judge for this process.
pub(super) struct Judges {
    wishes: Mutex<Sender<Wish>>,
    are_there: Arc<AtomicBool>,
}

impl Judges {
    fn start(bench: Bench, mark: String) -> io::Result<Self> {
        let (wishes, queue) = channel();
        let are_there = Arc::new(AtomicBool::new(false));
        let asking = Asking {
            asker: format!("{}/judging", bench.holding.name()),
            kind: kind_of(&mark),
            bench,
            mark,
            are_there: are_there.clone(),
            waiting: HashMap::new(),
            number: 0,
        };
        thread::Builder::new().name("judges".to_owned()).spawn(move || asking.work(&queue))?;
        Ok(Self { wishes: Mutex::new(wishes), are_there })
    }

    /// What a judge says of `post`; none where none is there or answers in time. Blocks.
    pub fn ask(&self, post: &Post) -> Option<AnnotatedPost> {
        if !self.are_there.load(Ordering::SeqCst) {
            return None;
        }
        let (reply, answer) = sync_channel(1);
        let body = serde_json::to_string(post).ok()?;
        let wish = Wish { source: post.source.0.clone(), body, reply };
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner).send(wish).ok()?;
        // The other end is dropped when its time is over.
        serde_json::from_str(&answer.recv().ok()?).ok()
    }
}

/// The thread that asks.
struct Asking {
    bench: Bench,
    mark: String,
    kind: String,
    asker: String,
    are_there: Arc<AtomicBool>,
    waiting: HashMap<String, (Instant, SyncSender<String>)>,
    number: u64,
}

impl Asking {
    fn work(mut self, queue: &Receiver<Wish>) {
        let mut looked: Option<Instant> = None;
        while !self.bench.stop.is_asked() {
            if looked.is_none_or(|at| at.elapsed() >= LOOK) {
                looked = Some(Instant::now());
                self.are_there.store(self.is_somebody_there(), Ordering::SeqCst);
            }
            let pause = if self.waiting.is_empty() { LOOK / 10 } else { ANSWERS };
            let done = match queue.recv_timeout(pause) {
                Ok(first) => self.ask_all(std::iter::once(first).chain(queue.try_iter())),
                Err(RecvTimeoutError::Timeout) => Ok(()),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            if let Err(error) = done.and_then(|()| self.look()) {
                tracing::warn!(%error, "judges cannot be asked; this process judges by itself");
                self.are_there.store(false, Ordering::SeqCst);
                self.waiting.clear();
            }
        }
        self.are_there.store(false, Ordering::SeqCst);
        for key in std::mem::take(&mut self.waiting).into_keys() {
            // What stays is swept by the keeper.
            let _ = self.bench.holding.cluster().withdraw(&key);
        }
    }

    fn is_somebody_there(&self) -> bool {
        let judges_alike = |about: &str| {
            // What another version says of itself may lack what this one knows: it is not asked.
            let about: About = serde_json::from_str(about).unwrap_or_default();
            about.judges_by.as_deref() == Some(&self.mark)
        };
        match self.bench.holding.cluster().workers() {
            Ok(workers) => workers.iter().any(|w| w.silent_ms < HEARD_MS && judges_alike(&w.about)),
            Err(error) => {
                tracing::warn!(%error, "who judges is not known");
                false
            }
        }
    }

    fn ask_all(&mut self, wishes: impl Iterator<Item = Wish>) -> Result<()> {
        for wish in wishes.take(ASKED_AT_ONCE) {
            self.number += 1;
            let key = format!("{}-{}", self.asker, self.number);
            let task = NewTask {
                key: &key,
                kind: &self.kind,
                source: &wish.source,
                asker: &self.asker,
                body: &wish.body,
                needs_lease: false,
            };
            self.bench.holding.cluster().ask(&task)?;
            self.waiting.insert(key, (Instant::now(), wish.reply));
        }
        Ok(())
    }

    /// Hands on what was answered; what was not in time, nobody waits for any longer.
    fn look(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let cluster = self.bench.holding.cluster();
        let mut done = Vec::new();
        for (id, key, answer) in cluster.answers(&self.asker)? {
            if let Some((_, reply)) = self.waiting.remove(&key) {
                // Who asked may have ended.
                let _ = reply.try_send(answer);
            }
            done.push(id);
        }
        cluster.forget(&done)?;
        let is_late = |asked: &Instant| asked.elapsed() > PATIENCE;
        let late = self.waiting.iter().filter(|(_, (asked, _))| is_late(asked));
        let late: Vec<String> = late.map(|(key, _)| key.clone()).collect();
        if !late.is_empty() && done.is_empty() {
            // Nobody answers: until they are heard again.
            self.are_there.store(false, Ordering::SeqCst);
        }
        for key in late {
            self.waiting.remove(&key);
            cluster.withdraw(&key)?;
        }
        Ok(())
    }
}
