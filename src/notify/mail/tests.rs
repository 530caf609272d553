//! Letters against a mail server played on loopback: taken, refused by recipient, put off, logged in, encrypted.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use chrono::TimeZone;
use pipelines::locale::Lang;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use super::super::{Blame, MessageKind};
use super::*;

/// A mail server that answers as told.
#[derive(Clone, Default)]
struct Server {
    /// What is answered to a command, by how its line begins; first ones first, the last one stays.
    says: Arc<Mutex<HashMap<String, Vec<&'static str>>>>,
    /// Letters taken, with the recipient.
    taken: Arc<Mutex<Vec<(String, String)>>>,
    /// Every line that was heard.
    heard: Arc<Mutex<Vec<String>>>,
    /// How it encrypts, and whether from the first byte.
    tls: Option<(tokio_rustls::TlsAcceptor, bool)>,
}

impl Server {
    fn says(&self, command: &str, answers: &[&'static str]) {
        self.says.lock().unwrap().insert(command.to_owned(), answers.to_vec());
    }

    fn answer(&self, line: &str) -> Option<&'static str> {
        let mut says = self.says.lock().unwrap();
        let (_, answers) = says.iter_mut().find(|(begin, _)| line.starts_with(begin.as_str()))?;
        Some(if answers.len() > 1 { answers.remove(0) } else { answers[0] })
    }

    async fn open(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move { server.talk(stream).await });
            }
        });
        address
    }

    async fn talk(&self, mut stream: tokio::net::TcpStream) {
        const HELLO: &[u8] = b"220 mail.test ESMTP\r\n";
        let Some((acceptor, at_once)) = self.tls.clone() else {
            stream.write_all(HELLO).await.unwrap();
            self.serve(&mut BufReader::new(stream)).await;
            return;
        };
        if at_once {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                stream.write_all(HELLO).await.unwrap();
                self.serve(&mut BufReader::new(stream)).await;
            }
            return;
        }
        stream.write_all(HELLO).await.unwrap();
        let mut plain = BufReader::new(stream);
        loop {
            let mut line = String::new();
            if plain.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            self.heard.lock().unwrap().push(format!("plain {}", line.trim()));
            if line.starts_with("STARTTLS") {
                plain.get_mut().write_all(b"220 go\r\n").await.unwrap();
                break;
            }
            plain.get_mut().write_all(b"250-mail.test\r\n250 STARTTLS\r\n").await.unwrap();
        }
        if let Ok(stream) = acceptor.accept(plain.into_inner()).await {
            self.serve(&mut BufReader::new(stream)).await;
        }
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: &mut BufReader<S>) {
        let mut recipient = String::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim().to_owned();
            self.heard.lock().unwrap().push(line.clone());
            let said = self.answer(&line);
            let usual = match line.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => "250-mail.test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME",
                "DATA" => "354 go on",
                "AUTH" => "235 come in",
                _ => "250 ok",
            };
            if line.starts_with("RCPT") {
                recipient = line.clone();
            }
            let answer = format!("{}\r\n", said.unwrap_or(usual));
            stream.get_mut().write_all(answer.as_bytes()).await.unwrap();
            if answer.starts_with("354") {
                let mut letter = String::new();
                while !letter.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut letter).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                let said = self.answer("LETTER").unwrap_or("250 queued as 42");
                if said.starts_with("250") {
                    self.taken.lock().unwrap().push((recipient.clone(), letter));
                }
                stream.get_mut().write_all(format!("{said}\r\n").as_bytes()).await.unwrap();
            }
        }
    }
}

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 26, 8, 0, 0).unwrap()
}

fn config(address: SocketAddr) -> MailConfig {
    MailConfig {
        host: "127.0.0.1".into(),
        port: Some(address.port()),
        security: MailSecurity::None,
        user: None,
        password_env: None,
        password_file: None,
        from: "舆情值班 <desk@example.com>".into(),
        to: vec!["head@example.com".into(), "值班 <duty@example.com>".into()],
        ca_file: None,
        timeout_secs: 5,
    }
}

fn message(files: &serde_json::Value) -> Message {
    Message {
        key: "digest:daily:2026-11-26@leaders".into(),
        kind: MessageKind::Digest,
        title: "云岭矿业集团 舆情日报".into(),
        body_markdown:
            "### 云岭矿业集团 舆情日报\n\n**要点**：[欠薪<投诉>](http://demo.invalid/1?a=1&b=2)\n"
                .into(),
        data: json!({ "files": files }),
    }
}

/// The parts of a letter that are base64, decoded; what stands between them as it is.
fn read(letter: &str) -> String {
    let mut whole = String::new();
    for block in letter.split("\r\n\r\n") {
        let packed: String =
            block.split("\r\n--").next().unwrap_or_default().split_whitespace().collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(&packed);
        match bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(text) => whole.push_str(&text),
            None => whole.push_str(&unquoted(block)),
        }
        whole.push('\n');
    }
    whole
}

/// Quoted-printable, as it is read.
fn unquoted(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let sign = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match sign.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) if *first == b'=' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn sent(mail: &Mail, message: &Message) -> Vec<Result<String, Refusal>> {
    let mut sent = Vec::new();
    for recipient in mail.recipients().collect::<Vec<_>>() {
        sent.push(mail.send(message, &recipient, now()).await);
    }
    sent
}

#[tokio::test]
async fn a_digest_goes_to_each_with_its_text_its_page_and_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let (word, gone) = (dir.path().join("d.docx"), dir.path().join("gone.html"));
    std::fs::write(&word, "文件内容").unwrap();
    let files = json!([{ "name": "舆情日报 2026-11-26.docx", "path": word }, { "name": "x.html", "path": gone }]);
    let server = Server::default();
    let mail = Mail::new(&config(server.open().await), None).unwrap();
    let said = sent(&mail, &message(&files)).await;
    assert_eq!(said.into_iter().map(Result::unwrap).collect::<Vec<_>>(), ["250 queued as 42"; 2]);
    let taken = server.taken.lock().unwrap();
    assert!(taken[0].0.contains("<head@example.com>") && taken[1].0.contains("<duty@example.com>"));
    let (first, second) = (&taken[0].1, &taken[1].1);
    assert!(first.is_ascii(), "nothing that an old server could break");
    let id = |letter: &str| {
        letter.lines().find(|line| line.starts_with("Message-ID:")).unwrap().to_owned()
    };
    assert_eq!(id(first), id(second), "one message is one message");
    let whole = read(first);
    for said in [
        "要点：欠薪<投诉> http://demo.invalid/1?a=1&b=2",
        "<b>要点</b>",
        "href=\"http://demo.invalid/1?a=1&amp;b=2\">欠薪&lt;投诉&gt;",
        "文件内容",
    ] {
        assert!(whole.contains(said), "{said}\n{whole}");
    }
    // RFC 2231: the name of the file in UTF-8.
    assert!(first.contains("utf-8''%E8%88%86%E6%83%85"), "{first}");
    assert!(!first.contains("x.html"), "a file that is gone is left out");
}

#[tokio::test]
async fn a_refused_recipient_is_told_by_name_and_keeps_no_other_from_the_letter() {
    let server = Server::default();
    server.says("RCPT TO:<head@", &["550 5.1.1 no such user"]);
    let mail = Mail::new(&config(server.open().await), None).unwrap();
    let said = sent(&mail, &message(&json!([]))).await;
    let refused = said[0].as_ref().unwrap_err();
    assert_eq!((refused.why, refused.blame()), (Why::Recipient, Blame::Message));
    assert!(refused.said.contains("head@example.com") && refused.said.contains("no such user"));
    assert!(refused.words(Lang::Zh).contains("head@example.com"), "{}", refused.words(Lang::Zh));
    assert!(said[1].is_ok() && server.taken.lock().unwrap().len() == 1);
}

#[tokio::test]
async fn what_a_server_says_at_each_step_means_what_it_says() {
    let (m, w, u) = (Blame::Message, Blame::Way, Blame::Unclear);
    for (command, answer, why, blame) in [
        ("RCPT", "451 4.7.1 greylisted", Why::Later, u),
        ("MAIL", "553 5.7.1 sender not owned", Why::Sender, w),
        ("MAIL", "421 4.3.2 shutting down", Why::Later, u),
        ("EHLO", "554 5.7.1 go away", Why::Server, w),
        ("LETTER", "552 5.3.4 too big", Why::TooLong, m),
        ("LETTER", "554 5.7.1 spam", Why::Content, m),
        ("LETTER", "451 4.3.0 try again", Why::Later, u),
        ("DATA", "not smtp at all", Why::NoAnswer, u),
    ] {
        let server = Server::default();
        server.says(command, &[answer]);
        let mail = Mail::new(&config(server.open().await), None).unwrap();
        let refused = sent(&mail, &message(&json!([]))).await.remove(0).unwrap_err();
        assert_eq!((refused.why, refused.blame()), (why, blame), "{command} {answer}: {refused}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mail = Mail::new(&config(closed), None).unwrap();
    let refused = sent(&mail, &message(&json!([]))).await.remove(0).unwrap_err();
    assert_eq!(refused.why, Why::NoAnswer);
}

fn password(text: &str) -> Option<Secret> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("password");
    std::fs::write(&file, text).unwrap();
    Secret::read(None, Some(&file)).unwrap()
}

#[tokio::test]
async fn who_logs_in_is_told_apart_and_the_password_shown_nowhere() {
    let server = Server::default();
    let address = server.open().await;
    let with_login = MailConfig { user: Some("desk".into()), ..config(address) };
    let mail = Mail::new(&with_login, password("s3cret-pass")).unwrap();
    assert!(sent(&mail, &message(&json!([]))).await.iter().all(Result::is_ok));
    let packed = base64::engine::general_purpose::STANDARD.encode("\0desk\0s3cret-pass");
    assert!(server.heard.lock().unwrap().iter().any(|line| line.ends_with(&packed)));
    server.says("AUTH", &["535 5.7.8 bad credentials"]);
    let refused = sent(&mail, &message(&json!([]))).await.remove(0).unwrap_err();
    assert_eq!((refused.why, refused.blame()), (Why::Login, Blame::Way));
    let shown = format!("{refused:?} {refused} {mail:?} {}", refused.words(Lang::En));
    assert!(!shown.contains("s3cret") && !shown.contains(&packed), "{shown}");
}

#[tokio::test]
async fn without_the_encryption_asked_for_nothing_is_sent() {
    let server = Server::default();
    let starttls = MailConfig { security: MailSecurity::Starttls, ..config(server.open().await) };
    let mail = Mail::new(&starttls, None).unwrap();
    let refused = sent(&mail, &message(&json!([]))).await.remove(0).unwrap_err();
    assert_eq!((refused.why, refused.blame()), (Why::Server, Blame::Way), "{refused}");
    assert!(server.heard.lock().unwrap().iter().all(|line| !line.starts_with("MAIL")));
}

fn acceptor() -> tokio_rustls::TlsAcceptor {
    use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/site");
    let certificate = CertificateDer::from(std::fs::read(folder.join("h2.cert.der")).unwrap());
    let key = PrivatePkcs8KeyDer::from(std::fs::read(folder.join("h2.key.der")).unwrap());
    let config = rustls::ServerConfig::builder_with_provider(
        rustls::crypto::ring::default_provider().into(),
    )
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(vec![certificate], key.into())
    .unwrap();
    tokio_rustls::TlsAcceptor::from(Arc::new(config))
}

#[tokio::test]
async fn an_authority_of_ones_own_is_believed_where_it_is_named_and_nowhere_else() {
    let own = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/site/h2.ca.pem");
    for security in [MailSecurity::Tls, MailSecurity::Starttls] {
        let server =
            Server { tls: Some((acceptor(), security == MailSecurity::Tls)), ..Server::default() };
        let address = server.open().await;
        let believing = MailConfig { security, ca_file: Some(own.clone()), ..config(address) };
        let said = sent(&Mail::new(&believing, None).unwrap(), &message(&json!([]))).await;
        assert!(said.iter().all(Result::is_ok), "{security:?}: {said:?}");
        let heard = server.heard.lock().unwrap().clone();
        assert!(!heard.iter().any(|line| line.starts_with("plain MAIL")), "{heard:?}");
        let others = MailConfig { ca_file: None, ..believing };
        let said = sent(&Mail::new(&others, None).unwrap(), &message(&json!([]))).await.remove(0);
        let refused = said.unwrap_err();
        assert_eq!((refused.why, refused.blame()), (Why::Tls, Blame::Way), "{refused}");
        assert_eq!(server.taken.lock().unwrap().len(), 2, "{security:?}");
    }
}
