//! The misbehaviours by address. `answer` returns whether the connection may be used again.
//!
//! Proper pages: `/`, `/article/N`, `/list`, `/feed.xml`, `/feed-gbk.xml`, `/sitemap.xml`, `/board`. All else
//! is wrong in the way its name says.

use std::io::Write as _;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{Asked, Context, RobotsFile, write};

/// 64 MiB of zeros, packed by brotli.
const BROTLI_BOMB: &[u8] = &[
    0xcf, 0xff, 0xff, 0x7f, 0xf8, 0x27, 0x00, 0xe2, 0xb1, 0x40, 0x20, 0xf7, 0xfe, 0x9f, 0xff, 0xff,
    0xff, 0xf0, 0x4f, 0x00, 0xc4, 0x61, 0x01, 0x80, 0xee, 0xfd, 0x3f, 0xff, 0xff, 0xff, 0xe1, 0x9f,
    0x00, 0x88, 0xc3, 0x22, 0x00, 0xdd, 0xfb, 0x7f, 0xfe, 0xff, 0xff, 0xc3, 0x3f, 0x01, 0x10, 0x87,
    0x05, 0x00, 0xba, 0xf7, 0xff, 0x03,
];

const HTML: (&str, &str) = ("content-type", "text/html; charset=utf-8");

/// Answers one request.
pub async fn answer(
    stream: &mut TcpStream,
    asked: &Asked,
    context: &Context,
) -> std::io::Result<bool> {
    let path = asked.path.as_str();
    if let Some((kind, body)) = context.pages.get(path) {
        return write(stream, "200 OK", &[("content-type", kind)], body).await;
    }
    match path {
        "/robots.txt" => robots(stream, &context.robots).await,
        "/slow-header" => hold(stream).await,
        "/slow-body" => {
            stream
                .write_all(
                    b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 500\r\n\r\n<p>",
                )
                .await?;
            hold(stream).await
        }
        "/cut-body" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 9000\r\n\r\n<p>").await?;
            Ok(false)
        }
        "/wrong-length" => {
            let text = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 12\r\n\r\n<p>twelve...and more";
            stream.write_all(text.as_bytes()).await?;
            Ok(false)
        }
        "/endless" => endless(stream).await,
        "/gzip-bomb" => bomb(stream, "gzip", &GZIP_BOMB).await,
        "/brotli-bomb" => bomb(stream, "br", BROTLI_BOMB).await,
        "/broken-gzip" => {
            bomb(stream, "gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03broken").await
        }
        "/garbage" => {
            stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n\r\n").await?;
            Ok(false)
        }
        "/no-answer" => Ok(false),
        _ if path.starts_with("/redirect") || path == "/cookie-wall" || path == "/login-wall" => {
            redirect(stream, asked, context).await
        }
        _ if path.starts_with("/status/") => status(stream, path).await,
        "/etag" | "/last-modified" => conditional(stream, asked).await,
        _ => page(stream, path).await,
    }
}

async fn robots(stream: &mut TcpStream, robots: &RobotsFile) -> std::io::Result<bool> {
    match robots {
        RobotsFile::Text(text) => {
            write(stream, "200 OK", &[("content-type", "text/plain")], text.as_bytes()).await
        }
        RobotsFile::Status(status) => write(stream, &format!("{status} Robots"), &[], b"").await,
        RobotsFile::Redirect(place) => {
            write(stream, "301 Moved", &[("location", place)], b"").await
        }
    }
}

/// Says nothing more until the client hangs up.
async fn hold(stream: &mut TcpStream) -> std::io::Result<bool> {
    let mut byte = [0u8; 1];
    let _ = tokio::io::AsyncReadExt::read(stream, &mut byte).await;
    Ok(false)
}

async fn endless(stream: &mut TcpStream) -> std::io::Result<bool> {
    stream
        .write_all(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ntransfer-encoding: chunked\r\n\r\n",
        )
        .await?;
    let piece = format!("1000\r\n{}\r\n", "<p>a ".repeat(819) + "a");
    loop {
        stream.write_all(piece.as_bytes()).await?;
    }
}

/// 16 MiB of blanks.
static GZIP_BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..16 {
        encoder.write_all(&blanks).unwrap();
    }
    encoder.finish().unwrap()
});

async fn bomb(stream: &mut TcpStream, coding: &str, body: &[u8]) -> std::io::Result<bool> {
    write(stream, "200 OK", &[HTML, ("content-encoding", coding)], body).await
}

/// `/redirect-loop`, `/redirect-chain/N`, `/redirect-to?PLACE`, `/redirect-home`, walls.
async fn redirect(
    stream: &mut TcpStream,
    asked: &Asked,
    context: &Context,
) -> std::io::Result<bool> {
    let path = asked.path.as_str();
    let place = match path {
        "/redirect-loop" => "/redirect-loop/back".to_owned(),
        "/redirect-loop/back" => "/redirect-loop".to_owned(),
        "/redirect-home" => "/".to_owned(),
        "/redirect-nowhere" => String::new(),
        "/redirect-bad" => "http://[bad".to_owned(),
        "/cookie-wall" if asked.headers.contains_key("cookie") => "/article/1".to_owned(),
        "/cookie-wall" => "/cookie-wall".to_owned(),
        "/login-wall" => "/member/login.php?back=1".to_owned(),
        _ if path.starts_with("/redirect-to?") => path["/redirect-to?".len()..].to_owned(),
        _ => {
            let left: u32 = path.rsplit('/').next().and_then(|n| n.parse().ok()).unwrap_or(0);
            if left == 0 {
                "/article/1".to_owned()
            } else {
                format!("/redirect-chain/{}", left - 1)
            }
        }
    };
    if place.is_empty() {
        return write(stream, "302 Found", &[], b"").await;
    }
    let place = place.replace("PORT", &context.address.port().to_string());
    let mut headers = vec![("location", place.as_str())];
    if path == "/cookie-wall" {
        headers.push(("set-cookie", "seen=1"));
    }
    write(stream, "302 Found", &headers, b"").await
}

/// `/status/CODE`, `/status/429/SECONDS`, `/status/503/date`.
async fn status(stream: &mut TcpStream, path: &str) -> std::io::Result<bool> {
    let mut parts = path.trim_start_matches("/status/").split('/');
    let code = parts.next().unwrap_or("500");
    let line = format!("{code} Status");
    match parts.next() {
        Some("date") => {
            let date = "Sun, 22 Nov 2026 14:00:00 GMT";
            write(stream, &line, &[("retry-after", date)], b"").await
        }
        Some(secs) => write(stream, &line, &[("retry-after", secs)], b"").await,
        None => write(stream, &line, &[HTML], b"<p>status").await,
    }
}

async fn conditional(stream: &mut TcpStream, asked: &Asked) -> std::io::Result<bool> {
    let (etag, date) = ("\"v1\"", "Sat, 21 Nov 2026 08:00:00 GMT");
    let validator = if asked.path == "/etag" { ("etag", etag) } else { ("last-modified", date) };
    let is_known = asked.headers.get("if-none-match").is_some_and(|v| v == etag)
        || asked.headers.get("if-modified-since").is_some_and(|v| v == date);
    if is_known {
        return write(stream, "304 Not Modified", &[validator], b"").await;
    }
    write(stream, "200 OK", &[HTML, validator], article(1).as_bytes()).await
}

async fn page(stream: &mut TcpStream, path: &str) -> std::io::Result<bool> {
    let html = |body: String| (HTML, body.into_bytes());
    let xml = ("content-type", "application/xml");
    let (kind, body) = match path {
        "/" => html(format!("<html><title>云岭矿业集团</title>{}", list(0..3))),
        "/list" => html(list(1..13)),
        "/board" => html(list(20..30)),
        "/feed.xml" => (xml, feed("utf-8").into_bytes()),
        "/feed-gbk.xml" => (("content-type", "text/xml"), gbk(&feed("gb2312"))),
        "/sitemap.xml" => (xml, sitemap().into_bytes()),
        "/wrong-charset" => (HTML, gbk(&article(1))),
        "/many-links" => html(many_links()),
        "/hostile" => html("<div><b><table><tr>".repeat(20_000)),
        "/picture" => (("content-type", "image/png"), b"\x89PNG\r\n\x1a\n".to_vec()),
        "/picture-as-html" => (HTML, b"\x89PNG\r\n\x1a\n\0\0".to_vec()),
        "/captcha" => html("<html><title>安全验证</title><p>请输入验证码后继续访问。".into()),
        "/soft-404" => {
            html("<html><title>提示</title><p>抱歉，您访问的页面不存在或已删除。".into())
        }
        "/member/login.php?back=1" => html("<html><p>请先登录</p><input type=password>".into()),
        _ if path.starts_with("/article/") || path.starts_with("/forbidden/") => {
            html(article(path.rsplit('/').next().and_then(|n| n.parse().ok()).unwrap_or(0)))
        }
        _ if path.starts_with("/calendar/") => html(calendar(path)),
        _ => return write(stream, "404 Not Found", &[HTML], b"<p>404").await,
    };
    write(stream, "200 OK", &[kind], &body).await
}

/// An article long enough to be one.
pub fn article(number: u32) -> String {
    let text = "云岭矿业集团南关煤矿今日恢复生产，安全监管人员全程驻矿督导，职工工资按月足额发放。"
        .repeat(5);
    format!(
        "<html><head><title>南关煤矿第{number}号公告_云岭在线</title>\
         <meta property='article:published_time' content='2026-11-21T08:00:00+08:00'></head>\
         <body><h1>南关煤矿第{number}号公告</h1><div class='content'><p>{text}</p><p>{text}</p></div></body></html>"
    )
}

fn list(numbers: std::ops::Range<u32>) -> String {
    let items: String = numbers
        .map(|n| {
            format!(
                "<li><a href='/article/2026112{n:03}'>云岭矿业集团南关煤矿第{n}号安全公告</a>\
                 <span>2026-11-{:02}</span></li>",
                n % 20 + 1
            )
        })
        .collect();
    format!(
        "<html><body><div class='nav'><a href='/'>首页</a><a href='/about'>关于我们</a>\
         <a href='/board'>论坛</a></div><ul class='list'>{items}</ul><a href='/list?page=2'>下一页</a></body></html>"
    )
}

fn feed(charset: &str) -> String {
    let items: String = (1..=5)
        .map(|n| {
            format!(
                "<item><title>第{n}号公告</title><link>/article/{n}</link><pubDate>Sat, 21 Nov 2026 \
                 08:0{n}:00 +0800</pubDate><description>&lt;p&gt;南关煤矿恢复生产的第{n}次通报全文。&lt;/p&gt;</description></item>"
            )
        })
        .collect();
    format!(
        "<?xml version='1.0' encoding='{charset}'?><rss version='2.0'><channel><title>云岭</title>{items}</channel></rss>"
    )
}

fn sitemap() -> String {
    let urls: String = (1..=20)
        .map(|n| format!("<url><loc>http://site.invalid/article/{n}</loc></url>"))
        .collect();
    format!("<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>")
}

fn many_links() -> String {
    let links: String = (0..100_000)
        .map(|n| format!("<li><a href='/article/{n}'>云岭矿业第{n}号安全公告</a></li>"))
        .collect();
    format!("<html><ul>{links}</ul></html>")
}

/// Each month links to the next, for ever.
fn calendar(path: &str) -> String {
    let month: u64 = path.rsplit('/').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    format!(
        "<html><a href='/calendar/{}'>上个月的日程安排</a><a href='/calendar/{}'>下个月的日程安排</a></html>",
        month.saturating_sub(1),
        month + 1
    )
}

fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GBK.encode(text).0.into_owned()
}
