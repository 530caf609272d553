//! The letter: headers, plain text, simple HTML, and the files of a digest under names that people read.
//!
//! In: a message, from whom, to whom, and when. Out: the bytes that a server takes. A file that is gone is left out and
//! said so in the log; the letter goes all the same. The same message is the same `Message-ID` whenever it is sent.

use chrono::{DateTime, Utc};
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use pipelines::text::hex;
use sha2::{Digest as _, Sha256};

use super::super::Message;
use super::super::items::{Item, Span, items};
use super::super::message::Enclosure;

/// Bytes of all files together; what mail servers take at least.
const FILES_BYTES: u64 = 8 * 1024 * 1024;

/// The letter as it is sent; the error is why there is none.
pub(super) async fn letter(
    message: &Message,
    from: &Mailbox,
    to: &[Mailbox],
    now: DateTime<Utc>,
) -> Result<Vec<u8>, String> {
    let items = items(&message.body_markdown, &message.title);
    let said = MultiPart::alternative_plain_html(
        plain(&message.title, &items),
        html(&message.title, &items),
    );
    let mut whole = MultiPart::mixed().multipart(said);
    let mut room = FILES_BYTES;
    for enclosure in message.enclosures() {
        match file(&enclosure, &mut room).await {
            Ok(part) => whole = whole.singlepart(part),
            Err(error) => {
                tracing::warn!(path = %enclosure.path.display(), %error, "file not sent with the mail");
            }
        }
    }
    let id = hex(&Sha256::digest(message.key.as_bytes()));
    let id = format!("<{}@{}>", &id[..32], from.email.domain());
    let mut builder = lettre::Message::builder()
        .from(from.clone())
        .subject(message.title.clone())
        .message_id(Some(id))
        .date(now.into());
    for mailbox in to {
        builder = builder.to(mailbox.clone());
    }
    let letter = builder.multipart(whole).map_err(|e| e.to_string())?;
    Ok(letter.formatted())
}

async fn file(enclosure: &Enclosure, room: &mut u64) -> Result<SinglePart, String> {
    let bytes = tokio::fs::read(&enclosure.path).await.map_err(|e| e.to_string())?;
    *room = room.checked_sub(bytes.len() as u64).ok_or("the files are too large for a letter")?;
    let kind = match enclosure.path.extension().and_then(|end| end.to_str()) {
        Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Some("html") => "text/html; charset=utf-8",
        Some("pdf") => "application/pdf",
        _ => "application/octet-stream",
    };
    let kind = ContentType::parse(kind).map_err(|e| e.to_string())?;
    Ok(Attachment::new(enclosure.name.clone()).body(bytes, kind))
}

/// What a reader without HTML sees.
pub(in super::super) fn plain(title: &str, items: &[Item]) -> String {
    let lines = items.iter().map(Item::plain);
    std::iter::once(title.to_owned()).chain(lines).collect::<Vec<_>>().join("\r\n\r\n")
}

fn html(title: &str, items: &[Item]) -> String {
    let lines: String =
        items.iter().map(|item| format!("<p>{}</p>\r\n", html_line(item))).collect();
    let title = escaped(title);
    format!(
        "<!doctype html>\r\n<html><head><meta charset=\"utf-8\"><title>{title}</title></head>\r\n\
         <body>\r\n<h3>{title}</h3>\r\n{lines}</body></html>\r\n"
    )
}

fn html_line(item: &Item) -> String {
    let spans = item.0.iter().map(|span| match span {
        Span::Text(text) => escaped(text),
        Span::Bold(text) => format!("<b>{}</b>", escaped(text)),
        Span::Link { text, url } => {
            format!("<a href=\"{}\">{}</a>", escaped(url), escaped(text))
        }
    });
    spans.collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
