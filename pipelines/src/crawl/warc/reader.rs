//! Reads WARC files, our own and others': 0.18 to 1.1, plain or gzip per record.
//!
//! In: a file. Out: records in order; a record that cannot be read is an error of its own, and reading goes on
//! at the next. Digests are checked where they are stated and can be computed. Bounded by record size.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use chrono::{DateTime, Utc};
use flate2::bufread::{DeflateDecoder, GzDecoder, MultiGzDecoder, ZlibDecoder};
use sha2::{Digest, Sha256};

use super::{base32, hex};
use crate::record::{Page, SourceId};

/// Larger records are passed over as errors.
const MAX_RECORD_BYTES: u64 = 128 * 1024 * 1024;

/// Longest header of a record or answer.
const MAX_HEAD_BYTES: u64 = 256 * 1024;

/// Why a record cannot be read or believed.
#[derive(Debug, thiserror::Error)]
pub enum WarcError {
    /// The file cannot be read.
    #[error("cannot read the archive: {0}")]
    Io(#[from] std::io::Error),
    /// It ends within a record.
    #[error("the record is cut")]
    Cut,
    /// What stands there is no WARC record.
    #[error("not a WARC record: {0}")]
    NotARecord(String),
    /// A digest does not fit.
    #[error("the {what} of the record at {at} changed since it was stored")]
    Changed {
        /// Which digest.
        what: &'static str,
        /// Offset of the record.
        at: u64,
    },
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Header fields, names in lower case.
    pub fields: Vec<(String, String)>,
    /// The block: for a response, the HTTP header and body.
    pub block: Vec<u8>,
}

type Source = Box<dyn BufRead + Send>;

/// Header fields, names in lower case.
pub type Fields = Vec<(String, String)>;

/// The records of a file.
pub struct Reader {
    source: Source,
    is_done: bool,
}

impl Reader {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        Ok(Self {
            source: Box::new(BufReader::with_capacity(1 << 16, File::open(path)?)),
            is_done: false,
        })
    }

    /// Reads bytes at hand.
    #[must_use]
    pub fn of_bytes(bytes: Vec<u8>) -> Self {
        Self { source: Box::new(Cursor::new(bytes)), is_done: false }
    }

    fn next_record(&mut self) -> Result<Option<Record>, WarcError> {
        let is_gzip = match self.source.fill_buf()? {
            [] => return Ok(None),
            [0x1f, ..] => true,
            _ => false,
        };
        if !is_gzip {
            return read_record(&mut self.source);
        }
        let mut member = BufReader::new(GzDecoder::new(&mut self.source));
        let record = read_record(&mut member);
        // The check sum stands at the end of the member.
        let rest = std::io::copy(&mut member.take(MAX_RECORD_BYTES), &mut std::io::sink());
        match (record, rest) {
            (Ok(record), Ok(_)) => Ok(record),
            (Err(error), _) => Err(error),
            (_, Err(error)) => Err(error.into()),
        }
    }

    /// Moves to the next thing that looks like a record after one that could not be read.
    fn resume(&mut self) {
        while let Ok(buffer) = self.source.fill_buf() {
            if buffer.is_empty() {
                break;
            }
            let begins = |w: &[u8]| w.starts_with(&[0x1f, 0x8b, 8]) || w == b"WARC/";
            if let Some(at) = buffer.windows(5).position(begins) {
                self.source.consume(at);
                return;
            }
            let used = buffer.len().saturating_sub(4).max(1);
            self.source.consume(used);
        }
        self.is_done = true;
    }
}

impl Iterator for Reader {
    type Item = Result<Record, WarcError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        match self.next_record() {
            Ok(Some(record)) => Some(Ok(record)),
            Ok(None) => {
                self.is_done = true;
                None
            }
            Err(error) => {
                self.resume();
                Some(Err(error))
            }
        }
    }
}

/// How many bytes of `path` are whole gzip members, counted on from `from`, where one is known to begin. What
/// stands behind was cut while it was written.
///
/// # Errors
/// The file cannot be read.
pub fn sound_length(path: &Path, from: u64) -> std::io::Result<u64> {
    let mut source = BufReader::new(File::open(path)?);
    let mut sound = source.seek(SeekFrom::Start(from))?;
    while !source.fill_buf()?.is_empty() {
        let member = GzDecoder::new(&mut source);
        let limit = MAX_RECORD_BYTES + MAX_HEAD_BYTES;
        if std::io::copy(&mut member.take(limit), &mut std::io::sink()).is_err() {
            break;
        }
        sound = source.stream_position()?;
    }
    Ok(sound)
}

fn read_record(source: &mut impl BufRead) -> Result<Option<Record>, WarcError> {
    let mut first = Vec::new();
    loop {
        first.clear();
        if source.take(MAX_HEAD_BYTES).read_until(b'\n', &mut first)? == 0 {
            return Ok(None);
        }
        // Records are apart by blank lines.
        if !first.iter().all(u8::is_ascii_whitespace) {
            break;
        }
    }
    if !first.starts_with(b"WARC/") {
        let start = String::from_utf8_lossy(&first[..first.len().min(40)]).into_owned();
        return Err(WarcError::NotARecord(start));
    }
    let fields = read_fields(source)?;
    let length = field(&fields, "content-length").and_then(|n| n.trim().parse::<u64>().ok());
    let length = length.ok_or_else(|| WarcError::NotARecord("no length".to_owned()))?;
    if length > MAX_RECORD_BYTES {
        std::io::copy(&mut source.take(length), &mut std::io::sink())?;
        return Err(WarcError::NotARecord(format!("{length} bytes are too many")));
    }
    let mut block = Vec::new();
    source.take(length).read_to_end(&mut block)?;
    if (block.len() as u64) < length {
        return Err(WarcError::Cut);
    }
    Ok(Some(Record { fields, block }))
}

fn read_fields(source: &mut impl BufRead) -> Result<Fields, WarcError> {
    let mut fields = Fields::new();
    let mut total = 0;
    loop {
        let mut line = Vec::new();
        let read = source.take(MAX_HEAD_BYTES).read_until(b'\n', &mut line)?;
        total += read as u64;
        if read == 0 || total > MAX_HEAD_BYTES {
            return Err(WarcError::Cut);
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        if line.trim().is_empty() {
            return Ok(fields);
        }
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

impl Record {
    /// A header field by its lower-case name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        field(&self.fields, name)
    }

    /// Checks the digests the record states, where they are SHA-256.
    ///
    /// # Errors
    /// [`WarcError::Changed`] naming the digest that does not fit.
    pub fn verify(&self, at: u64) -> Result<(), WarcError> {
        if !fits(self.field("warc-block-digest"), &self.block) {
            return Err(WarcError::Changed { what: "block", at });
        }
        let payload = self.http().map(|(_, _, body)| body);
        match payload {
            Some(body) if !fits(self.field("warc-payload-digest"), body) => {
                Err(WarcError::Changed { what: "payload", at })
            }
            _ => Ok(()),
        }
    }

    /// Status, header fields (names in lower case) and body as stored, of a response.
    #[must_use]
    pub fn http(&self) -> Option<(u16, Fields, &[u8])> {
        let mut rest = self.block.as_slice();
        let mut line = Vec::new();
        (&mut rest).take(MAX_HEAD_BYTES).read_until(b'\n', &mut line).ok()?;
        let line = String::from_utf8_lossy(&line).into_owned();
        let status = line.strip_prefix("HTTP/")?.split_whitespace().nth(1)?.parse().ok()?;
        let fields = read_fields(&mut rest).ok()?;
        Some((status, fields, rest))
    }

    /// The page of a response or resource record that was answered with success.
    #[must_use]
    pub fn into_page(self, source: &SourceId) -> Option<Page> {
        let url = self.field("warc-target-uri")?.trim_matches(['<', '>']).to_owned();
        let fetched_at = DateTime::parse_from_rfc3339(self.field("warc-date")?).ok()?;
        if !url.starts_with("http") {
            return None;
        }
        let (status, headers, body) = match self.field("warc-type")? {
            "response" => {
                let (status, headers, body) = self.http()?;
                let body = decoded(&headers, body)?;
                (status, headers, body)
            }
            "resource" => {
                let kind = self.field("content-type").unwrap_or_default().to_owned();
                (200, vec![("content-type".to_owned(), kind)], self.block.clone())
            }
            _ => return None,
        };
        let kind = field(&headers, "content-type").unwrap_or("text/html").to_ascii_lowercase();
        let is_text = ["text/", "html", "xml", "json"].iter().any(|word| kind.contains(word));
        if !(200..300).contains(&status) || !is_text {
            return None;
        }
        Some(Page {
            requested_url: url.clone(),
            url,
            source: source.clone(),
            status,
            headers,
            sha256: Sha256::digest(&body).into(),
            body,
            fetched_at: fetched_at.with_timezone(&Utc),
        })
    }
}

fn fits(stated: Option<&str>, bytes: &[u8]) -> bool {
    let Some((algorithm, value)) = stated.and_then(|s| s.split_once(':')) else { return true };
    if !algorithm.eq_ignore_ascii_case("sha256") && !algorithm.eq_ignore_ascii_case("sha-256") {
        return true;
    }
    let digest = Sha256::digest(bytes);
    let bare = |text: &str| text.trim_end_matches('=').to_ascii_lowercase();
    bare(value) == bare(&base32(&digest)) || bare(value) == hex(&digest)
}

/// The body without transfer and content coding; `None` where it cannot be undone.
fn decoded(headers: &[(String, String)], body: &[u8]) -> Option<Vec<u8>> {
    let is_chunked = field(headers, "transfer-encoding").is_some_and(|v| v.contains("chunked"));
    // Some archives keep the header but undo the chunks.
    let body =
        if is_chunked { dechunked(body).unwrap_or_else(|| body.to_vec()) } else { body.to_vec() };
    let mut out = Vec::new();
    let limit = MAX_RECORD_BYTES;
    let coding = field(headers, "content-encoding").unwrap_or_default().trim().to_ascii_lowercase();
    match coding.as_str() {
        "gzip" | "x-gzip" if body.starts_with(&[0x1f, 0x8b]) => {
            MultiGzDecoder::new(body.as_slice()).take(limit).read_to_end(&mut out).ok()?;
        }
        "deflate" => {
            let zlib = ZlibDecoder::new(body.as_slice()).take(limit).read_to_end(&mut out);
            if zlib.is_err() {
                out.clear();
                DeflateDecoder::new(body.as_slice()).take(limit).read_to_end(&mut out).ok()?;
            }
        }
        "br" | "zstd" => return None,
        _ => return Some(body),
    }
    Some(out)
}

fn dechunked(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = body;
    loop {
        let end = rest.windows(2).position(|w| w == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = rest.get(end + 2..)?;
        if size == 0 {
            return Some(out);
        }
        out.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}
