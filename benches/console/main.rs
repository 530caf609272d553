//! The console under people: how long pages take, and how large they are, while the station collects.
//!
//! `cargo bench --bench console -- --posts 200000 --people 20 --clicks 60 [--dir D]` fills a station with generated
//! posts (once, where a directory is named), starts it as a whole process with a feed that brings new posts all the
//! time, and lets people click through its rooms, each with a pause of half a second to one and a half before each
//! click. Prints of each room how many clicks, the median, the 99th of a hundred and the longest in milliseconds, and
//! the largest page in KB, as served without compression. Asserts only that every page is answered.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{TimeDelta, Utc};
use serde_json::json;

#[allow(dead_code, reason = "shared with the bench of the index, which uses all of it")]
#[path = "../../index/benches/scale/corpus.rs"]
mod corpus;
mod feed;

use corpus::{Corpus, Dice};

const SEED: u64 = 2026;

struct Wanted {
    posts: usize,
    people: usize,
    clicks: usize,
    dir: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let mut wanted = Wanted { posts: 2_000, people: 4, clicks: 10, dir: None };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().unwrap_or_default().parse::<usize>();
        match arg.as_str() {
            "--posts" => wanted.posts = number()?,
            "--people" => wanted.people = number()?,
            "--clicks" => wanted.clicks = number()?,
            "--dir" => wanted.dir = args.next().map(PathBuf::from),
            _ => {}
        }
    }
    let folder = tempfile::tempdir()?;
    let dir = wanted.dir.clone().unwrap_or_else(|| folder.path().to_owned());
    let words = fill(&dir, wanted.posts)?;
    let station = Station::start(&dir)?;
    let seen = Mutex::new(Seen::default());
    let pages = station.pages(&words)?;
    std::thread::scope(|scope| {
        let visits: Vec<_> = (0..wanted.people)
            .map(|person| {
                let (station, pages, seen) = (&station, &pages, &seen);
                let mut dice = Dice(SEED + person as u64);
                scope.spawn(move || -> anyhow::Result<()> {
                    for _ in 0..wanted.clicks {
                        std::thread::sleep(Duration::from_millis(500 + dice.below(1_000) as u64));
                        let (room, path) = &pages[dice.below(pages.len())];
                        let (took, bytes) = station.click(path)?;
                        seen.lock().expect("no thread panics").note(room, took, bytes);
                    }
                    Ok(())
                })
            })
            .collect();
        visits.into_iter().try_for_each(|visit| visit.join().expect("no thread panics"))
    })?;
    seen.into_inner().expect("no thread panics").print();
    Ok(())
}

/// Fills the station in `dir` where it has none yet; words that stand in its titles.
fn fill(dir: &Path, posts: usize) -> anyhow::Result<Vec<String>> {
    let mut words = Vec::new();
    let titles = Corpus::new(SEED, posts as u64, Utc::now()).map(|indexed| indexed.post.post);
    let mut rows = Vec::new();
    let (mut dice, end) = (Dice(SEED), Utc::now());
    for (n, post) in titles.enumerate() {
        let at = end - TimeDelta::minutes(1 + (dice.roll() % 40_000).cast_signed());
        if n % 997 == 0 {
            words.extend(word_in(&post.title));
        }
        let text =
            if n % 50 == 0 { format!("云岭矿业集团：{}", post.text) } else { post.text };
        let row = json!({"id": n, "title": post.title, "text": text, "at": at.to_rfc3339()});
        writeln!(rows, "{row}")?;
    }
    if dir.join("data/guanlan.db").exists() {
        return Ok(words);
    }
    std::fs::create_dir_all(dir)?;
    std::fs::write(dir.join("rows.jsonl"), rows)?;
    configure(dir, 0, 0)?;
    let started = Instant::now();
    let map = "id=id,title=title,text=text,published_at=at";
    let ended = guanlan(dir).args(["--quiet", "import", "rows.jsonl", "--map", map]).status()?;
    anyhow::ensure!(ended.success(), "the import failed: {ended}");
    println!("{posts} posts imported in {:.0} s", started.elapsed().as_secs_f64());
    Ok(words)
}

/// Two characters of a title that stand together and are no signs.
fn word_in(title: &str) -> Option<String> {
    let chars: Vec<char> = title.chars().collect();
    let word = chars.windows(2).skip(1).find(|two| two.iter().all(|c| c.is_alphabetic()));
    word.map(|two| two.iter().collect())
}

fn guanlan(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guanlan"));
    command.current_dir(dir).args(["--lang", "zh"]).stdout(Stdio::null());
    command
}

fn configure(dir: &Path, console: u16, site: u16) -> anyhow::Result<()> {
    let main = format!(
        "[station]\nname = \"云岭矿业集团\"\ncontact = \"desk@example.com\"\ndata_dir = \"data\"\n\
         listen = \"127.0.0.1:{console}\"\n[crawl]\nschedule = \"*/5 * * * * *\"\ndelay_secs = 0.0\n\
         [[subject]]\nid = \"group\"\nname = \"云岭矿业集团\"\n\
         [[notifier]]\nname = \"file\"\nkind = \"file\"\npath = \"data/alerts.jsonl\"\ndefault = true\n"
    );
    let source = format!(
        "[[source]]\nid = \"feed\"\nname = \"快讯\"\nallow_private = [\"127.0.0.1:{site}\"]\n\
         kind = \"feed\"\nurl = \"http://127.0.0.1:{site}/rss.xml\"\n"
    );
    let rule = "[[rule]]\nid = \"us\"\nname = \"涉我\"\nkind = \"any\"\nquery = \"云岭矿业\"\n";
    for (file, text) in [
        ("guanlan.toml", main.as_str()),
        ("sources/feed.toml", source.as_str()),
        ("rules/us.toml", rule),
    ] {
        let file = dir.join(file);
        std::fs::create_dir_all(file.parent().context("a folder")?)?;
        std::fs::write(file, text)?;
    }
    Ok(())
}

/// A station at work, and the key to its console.
struct Station {
    child: Child,
    address: SocketAddr,
    cookie: String,
}

impl Drop for Station {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Station {
    fn start(dir: &Path) -> anyhow::Result<Self> {
        let site = feed::serve()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        configure(dir, port, site)?;
        let mut command = guanlan(dir);
        command.arg("run").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let said = BufReader::new(child.stdout.take().context("its words")?);
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut station = Self { child, address, cookie: String::new() };
        let mut lines = said.lines();
        let entry = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, path) = line.split_once(&format!("{address}/enter?"))?;
            Some(format!("/enter?{}", path.split_whitespace().next()?))
        });
        // What it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let entry = entry.context("the station ended before its console opened")?;
        let head = station.ask(&entry)?.0;
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: "));
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).context("no cookie")?;
        station.cookie = cookie.to_owned();
        Ok(station)
    }

    fn ask(&self, path: &str) -> anyhow::Result<(String, Vec<u8>)> {
        let mut stream = TcpStream::connect(self.address)?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nCookie: {}\r\n\r\n",
            self.address, self.cookie
        )?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").context("no head")?;
        let head = String::from_utf8_lossy(&bytes[..end]).replace("\r\n", "\n");
        Ok((head, bytes.split_off(end + 4)))
    }

    fn click(&self, path: &str) -> anyhow::Result<(Duration, usize)> {
        let started = Instant::now();
        let (head, body) = self.ask(path)?;
        anyhow::ensure!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        Ok((started.elapsed(), body.len()))
    }

    /// The rooms and what is clicked in each: searches of `words`, posts and stories that they find.
    fn pages(&self, words: &[String]) -> anyhow::Result<Vec<(&'static str, String)>> {
        let mut pages = vec![
            ("today", "/".to_owned()),
            ("search", "/search".to_owned()),
            ("alerts", "/alerts".to_owned()),
            ("rules", "/rules".to_owned()),
            ("sources", "/sources".to_owned()),
            ("digests", "/digests".to_owned()),
            ("deliveries", "/deliveries".to_owned()),
            ("station", "/station".to_owned()),
        ];
        let encoded = |text: &str| -> String {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
        };
        for word in words.iter().chain(&["云岭矿业".to_owned()]).take(12) {
            let path = format!("/search?q={}&sort=newest", encoded(word));
            let found = String::from_utf8_lossy(&self.ask(&path)?.1).into_owned();
            for (room, link) in [("post", "href=\"/post/"), ("story", "href=\"/story/")] {
                if let Some((_, rest)) = found.split_once(link) {
                    let id: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
                    pages.push((room, format!("/{room}/{id}")));
                }
            }
            pages.push(("search found", format!("/search?q={}&sort=risk", encoded(word))));
            pages.push(("search found", path));
        }
        pages.push(("rehearsal", format!("/rules?q={}&days=30", encoded("云岭矿业"))));
        Ok(pages)
    }
}

#[derive(Default)]
struct Seen(BTreeMap<&'static str, (Vec<Duration>, usize)>);

impl Seen {
    fn note(&mut self, room: &&'static str, took: Duration, bytes: usize) {
        let (times, largest) = self.0.entry(room).or_default();
        times.push(took);
        *largest = bytes.max(*largest);
    }

    fn print(self) {
        let head = ["page", "clicks", "p50 ms", "p99 ms", "longest", "KB"];
        println!(
            "{:<14} {:>7} {:>8} {:>8} {:>8} {:>6}",
            head[0], head[1], head[2], head[3], head[4], head[5]
        );
        let mut all = (Vec::new(), 0);
        for (room, (times, largest)) in self.0 {
            all.0.extend(&times);
            all.1 = largest.max(all.1);
            row(room, times, largest);
        }
        row("all", all.0, all.1);
    }
}

fn row(room: &str, mut times: Vec<Duration>, largest: usize) {
    times.sort();
    let at = |share: f64| {
        let place = (times.len() as f64 * share).ceil() as usize;
        times[place.clamp(1, times.len()) - 1].as_secs_f64() * 1e3
    };
    let (n, kb) = (times.len(), largest.div_ceil(1_000));
    println!("{room:<14} {n:>7} {:>8.1} {:>8.1} {:>8.1} {kb:>6}", at(0.5), at(0.99), at(1.0));
}
