//! A site that has something new each time it is asked.
//!
//! In: nothing. Out: its port; every answer of it is a feed of twenty posts, ten of them new.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::Utc;

/// Posts of one answer, and how many of them were not in the answer before.
const POSTS: u64 = 20;
const NEW: u64 = 10;

/// Serves until the process ends.
pub fn serve() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let asked = AtomicU64::new(0);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let first = asked.fetch_add(NEW, Ordering::Relaxed);
            // A station that goes away is no concern of the site.
            let _ = answer(&stream, first);
        }
    });
    Ok(port)
}

fn answer(mut stream: &TcpStream, first: u64) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let asked = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let (status, body) = if asked.contains("/rss.xml") {
        ("200 OK", rss(first))
    } else {
        ("404 Not Found", String::new())
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/rss+xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn rss(first: u64) -> String {
    let now = Utc::now().to_rfc2822();
    let item = |n: u64| {
        format!(
            "<item><title>第{n}号快讯：道路养护与供水安排</title><link>http://127.0.0.1/p/{n}.html</link>\
             <guid isPermaLink='false'>p{n}</guid><pubDate>{now}</pubDate>\
             <description>第{n}段路面今日起封闭养护，沿线居民请提前安排出行，供水恢复时间另行通知。</description></item>"
        )
    };
    let items: String = (first..first + POSTS).map(item).collect();
    format!(
        "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>快讯</title>{items}</channel></rss>"
    )
}
