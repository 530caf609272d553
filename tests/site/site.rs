//! A site on loopback that misbehaves on purpose, each way under its own address.
//!
//! In: nothing; it takes a free port and serves until dropped. Out: real HTTP over raw TCP, since a proper
//! server is too well-behaved to lie about lengths. It counts what it was asked. `behaviour.rs` lists the
//! addresses; `tls.rs` is the same on a certificate nobody signed. Everything on it is invented: 云岭矿业集团.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "shared by several test binaries, each using a part"
)]

pub mod behaviour;
pub mod http2;
pub mod tls;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Path and query.
    pub path: String,
    /// Header names in lower case.
    pub headers: HashMap<String, String>,
    /// When.
    pub at: Instant,
}

/// What the site serves under `/robots.txt`.
#[derive(Clone, Debug)]
pub enum RobotsFile {
    /// This text.
    Text(String),
    /// No text, this status.
    Status(u16),
    /// A redirect to this place.
    Redirect(String),
}

/// The running site; dropped, it stops.
pub struct Site {
    /// Where it listens.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// What a behaviour may look at.
pub struct Context {
    /// Where the site listens.
    pub address: SocketAddr,
    /// What it says to robots.
    pub robots: RobotsFile,
    /// Pages added by the test: path → (content type, body).
    pub pages: HashMap<String, (String, Vec<u8>)>,
}

impl Site {
    /// A site whose robots.txt forbids `/forbidden/`.
    pub fn start() -> Self {
        Self::with(
            RobotsFile::Text("User-agent: *\nDisallow: /forbidden/\n".into()),
            HashMap::new(),
        )
    }

    /// A site with its own robots.txt and pages of the test's.
    pub fn with(robots: RobotsFile, pages: HashMap<String, (String, Vec<u8>)>) -> Self {
        Self::at("127.0.0.1:0", robots, pages)
    }

    /// The same at a given address (another host of 127.0.0.0/8).
    pub fn at(place: &str, robots: RobotsFile, pages: HashMap<String, (String, Vec<u8>)>) -> Self {
        let listener = std::net::TcpListener::bind(place).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (stop, stopped) = oneshot::channel();
        let log = asked.clone();
        let context = Arc::new(Context { address, robots, pages });
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                tokio::select! {
                    () = serve(listener, &context, &log) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, asked, stop: Some(stop), thread: Some(thread) }
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How often a path was asked for.
    pub fn count(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|a| a.path == path).count()
    }

    /// Everything asked for, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(
    listener: std::net::TcpListener,
    context: &Arc<Context>,
    log: &Arc<Mutex<Vec<Asked>>>,
) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (context, log) = (context.clone(), log.clone());
        tokio::spawn(async move {
            // A client that hangs up is part of many tests.
            let _ = connection(stream, &context, &log).await;
        });
    }
}

async fn connection(
    mut stream: TcpStream,
    context: &Context,
    log: &Mutex<Vec<Asked>>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    loop {
        let Some(asked) = next_request(&mut stream, &mut buffer).await? else { return Ok(()) };
        log.lock().unwrap().push(asked.clone());
        if !behaviour::answer(&mut stream, &asked, context).await? {
            return Ok(());
        }
    }
}

/// Reads up to the blank line; requests here have no body.
async fn next_request(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> std::io::Result<Option<Asked>> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    buffer.drain(..end + 4);
    let mut lines = head.split("\r\n");
    let path = lines.next().and_then(|l| l.split(' ').nth(1)).unwrap_or("/").to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Ok(Some(Asked { path, headers, at: Instant::now() }))
}

/// Writes a whole answer; the connection stays open.
pub async fn write(
    stream: &mut TcpStream,
    status: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<bool> {
    let mut head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    stream.write_all(&bytes).await?;
    Ok(true)
}
