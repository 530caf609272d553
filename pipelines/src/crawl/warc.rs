//! Evidence (留证): each kept page as a WARC/1.1 response record, found again by file and offset.
//!
//! In: pages. Out: `.warc.gz` files with one gzip member per record, a new one each day (UTC) and after so many
//! bytes, and the [`Location`] of each record; any WARC reader opens them. Verifying checks the packed bytes, the
//! block and the payload. A file is never appended to after a restart: a kill can only cut the record that was
//! not yet acknowledged. The body is stored as decoded for transport (no content coding), cookies are not stored.

mod reader;

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use flate2::{Compression, GzBuilder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::record::Page;
use crate::text::hex;

pub use reader::{Fields, Reader, Record, WarcError, sound_length};

/// Where a record lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Name of the file within the evidence folder.
    pub file: String,
    /// Byte at which the record's gzip member begins.
    pub offset: u64,
    /// Length of the member in bytes.
    pub length: u64,
    /// SHA-256 of the member as stored, in hex.
    pub sha256: String,
}

/// A record packed as one gzip member, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The packed bytes.
    pub bytes: Vec<u8>,
    /// Decides which day's file it goes into.
    pub at: DateTime<Utc>,
}

/// Packs a page as a `response` record. Pure work; may be done on any thread before the record is written.
///
/// # Errors
/// Never on memory; the compressor's type says it could.
pub fn pack(page: &Page) -> std::io::Result<Member> {
    Ok(Member { bytes: packed(&response_record(page))?, at: page.fetched_at })
}

/// Writes records into a folder.
pub struct Writer {
    dir: PathBuf,
    max_bytes: u64,
    software: String,
    open: Option<OpenFile>,
}

struct OpenFile {
    file: File,
    name: String,
    day: NaiveDate,
    offset: u64,
    /// Whether the folder may still forget the file's name in a power cut.
    is_unnamed: bool,
}

impl Writer {
    /// A writer into `dir` that begins a new file after `max_bytes`. `software` is named in each file.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(dir: &Path, max_bytes: u64, software: &str) -> std::io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        Ok(Self { dir: dir.to_owned(), max_bytes, software: software.to_owned(), open: None })
    }

    /// Stores a page. The bytes are with the system when this returns; [`Writer::sync`] makes them durable.
    ///
    /// # Errors
    /// When the disk refuses; the record does not count as stored then.
    pub fn append(&mut self, page: &Page) -> std::io::Result<Location> {
        self.append_packed(&pack(page)?)
    }

    /// Stores a record that is packed already, under the same promise.
    ///
    /// # Errors
    /// As [`Writer::append`].
    pub fn append_packed(&mut self, member: &Member) -> std::io::Result<Location> {
        let is_over =
            |open: &OpenFile| open.offset >= self.max_bytes || open.day < member.at.date_naive();
        if self.open.as_ref().is_some_and(is_over) {
            self.close()?;
        }
        let written = self.write(&member.bytes, member.at);
        if written.is_err() {
            // What was half written stays at the end of a file that is not written to again.
            self.open = None;
        }
        written
    }

    /// Makes all records stored so far durable.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&mut self) -> std::io::Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.file.sync_data()?;
        if open.is_unnamed {
            File::open(&self.dir)?.sync_all()?;
            open.is_unnamed = false;
        }
        Ok(())
    }

    /// Ends the current file; the next record begins a new one.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn close(&mut self) -> std::io::Result<()> {
        self.sync()?;
        self.open = None;
        Ok(())
    }

    /// The file records go into now.
    #[must_use]
    pub fn current(&self) -> Option<&str> {
        self.open.as_ref().map(|open| open.name.as_str())
    }

    fn write(&mut self, member: &[u8], now: DateTime<Utc>) -> std::io::Result<Location> {
        let open = match &mut self.open {
            Some(open) => open,
            none => none.insert(begin(&self.dir, &self.software, now)?),
        };
        open.file.write_all(member)?;
        let length = member.len() as u64;
        let offset = open.offset;
        open.offset += length;
        let sha256 = hex(&Sha256::digest(member));
        Ok(Location { file: open.name.clone(), offset, length, sha256 })
    }
}

/// A file of `members` made in memory, to be called `name`, and where each of them lies in it. The same is made of the
/// same.
///
/// # Errors
/// As [`pack`].
pub fn file_of<'m>(
    name: &str,
    software: &str,
    at: DateTime<Utc>,
    members: impl IntoIterator<Item = &'m [u8]>,
) -> std::io::Result<(Vec<u8>, Vec<Location>)> {
    let mut file = packed(&info_record(name, software, at))?;
    let mut places = Vec::new();
    for member in members {
        let (offset, length) = (file.len() as u64, member.len() as u64);
        let (name, sha256) = (name.to_owned(), hex(&Sha256::digest(member)));
        places.push(Location { file: name, offset, length, sha256 });
        file.extend_from_slice(member);
    }
    Ok((file, places))
}

/// Creates the next file and writes its `warcinfo`.
fn begin(dir: &Path, software: &str, now: DateTime<Utc>) -> std::io::Result<OpenFile> {
    let stem = now.format("guanlan-%Y%m%d%H%M%S");
    for number in 0..100_000 {
        let name = format!("{stem}-{number:05}.warc.gz");
        match private().create_new(true).open(dir.join(&name)) {
            Ok(mut file) => {
                let member = packed(&info_record(&name, software, now))?;
                file.write_all(&member)?;
                let (day, offset) = (now.date_naive(), member.len() as u64);
                return Ok(OpenFile { file, name, day, offset, is_unnamed: true });
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(std::io::Error::other(format!("no free name for {stem}")))
}

/// For writing; readable by the owner only where the system knows owners.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The packed bytes at a location as they stand there, unchecked.
///
/// # Errors
/// The file is not there, or ends before the record does.
pub fn packed_at(dir: &Path, location: &Location) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(dir.join(&location.file))?;
    file.seek(SeekFrom::Start(location.offset))?;
    let mut member = Vec::new();
    file.take(location.length).read_to_end(&mut member)?;
    match member.len() as u64 == location.length {
        true => Ok(member),
        false => Err(std::io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Reads the record at a location and checks it whole: packed bytes, block and payload.
///
/// # Errors
/// [`WarcError`]: not there, or not what was stored.
pub fn read_at(dir: &Path, location: &Location) -> Result<Record, WarcError> {
    checked(packed_at(dir, location)?, location)
}

/// The record that `member` is, checked whole against what was noted of it: packed bytes, block and payload.
///
/// # Errors
/// [`WarcError`]: not what was stored.
pub fn checked(member: Vec<u8>, location: &Location) -> Result<Record, WarcError> {
    if hex(&Sha256::digest(&member)) != location.sha256 {
        return Err(WarcError::Changed { what: "stored bytes", at: location.offset });
    }
    let record = Reader::of_bytes(member).next().ok_or(WarcError::Cut)??;
    record.verify(location.offset)?;
    Ok(record)
}

fn packed(record: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::default());
    encoder.write_all(record)?;
    encoder.finish()
}

fn info_record(name: &str, software: &str, now: DateTime<Utc>) -> Vec<u8> {
    let block = format!(
        "software: {software}\r\nformat: WARC File Format 1.1\r\n\
         conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n\
         robots: obeyed (RFC 9309)\r\n"
    );
    let fields = [("WARC-Filename", name.to_owned())];
    record("warcinfo", now, &fields, "application/warc-fields", block.as_bytes())
}

fn response_record(page: &Page) -> Vec<u8> {
    let mut block = format!("HTTP/1.1 {} {}\r\n", page.status, reason(page.status)).into_bytes();
    let is_transport = |name: &str| {
        matches!(name, "content-length" | "content-encoding" | "transfer-encoding" | "connection")
    };
    for (name, value) in page.headers.iter().filter(|(name, _)| !is_transport(name)) {
        let value: String = value.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        block.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    block.extend_from_slice(format!("content-length: {}\r\n\r\n", page.body.len()).as_bytes());
    block.extend_from_slice(&page.body);
    let fields = [
        ("WARC-Target-URI", page.url.clone()),
        ("WARC-Payload-Digest", format!("sha256:{}", base32(&page.sha256))),
    ];
    record("response", page.fetched_at, &fields, "application/http; msgtype=response", &block)
}

fn record(
    kind: &str,
    at: DateTime<Utc>,
    fields: &[(&str, String)],
    content_type: &str,
    block: &[u8],
) -> Vec<u8> {
    let digest = Sha256::digest(block);
    let date = at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut head = format!("WARC/1.1\r\nWARC-Type: {kind}\r\n");
    for (name, value) in fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!(
        "WARC-Date: {date}\r\nWARC-Record-ID: <urn:uuid:{}>\r\nWARC-Block-Digest: sha256:{}\r\n\
         Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        uuid_of(kind, fields, &date, &digest),
        base32(&digest),
        block.len()
    ));
    let mut record = head.into_bytes();
    record.extend_from_slice(block);
    record.extend_from_slice(b"\r\n\r\n");
    record
}

/// A UUID of version 8 (own scheme) from what the record is: the same record has the same id.
fn uuid_of(kind: &str, fields: &[(&str, String)], date: &str, digest: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(kind);
    hash.update(date);
    hash.update(digest);
    for (name, value) in fields {
        hash.update(name);
        hash.update(value);
    }
    let mut id = hash.finalize().to_vec();
    id[6] = (id[6] & 0x0f) | 0x80;
    id[8] = (id[8] & 0x3f) | 0x80;
    let id = hex(&id[..16]);
    format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..])
}

/// RFC 4648 base 32, the customary writing of digests in WARC files.
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let mut five = [0u8; 5];
        five[..chunk.len()].copy_from_slice(chunk);
        let bits = five.iter().fold(0u64, |bits, b| bits << 8 | u64::from(*b));
        for place in 0..8 {
            let is_used = place * 5 < chunk.len() * 8;
            let index = (bits >> (35 - place * 5)) & 31;
            out.push(if is_used { char::from(ALPHABET[index as usize]) } else { '=' });
        }
    }
    out
}

fn reason(status: u16) -> &'static str {
    reqwest::StatusCode::from_u16(status)
        .ok()
        .and_then(|s| s.canonical_reason())
        .unwrap_or("Unknown")
}

#[cfg(test)]
mod tests;
