//! Appending to a file of JSON lines, each key once.
//!
//! In: a path, a key, a line. Out: the line stands in the file, on disk. A line torn by a crash is cut off
//! first if it is ours; a key among the last lines is not written again. Rewrites nothing else.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// How far back a key is looked for: a redelivery after a crash is among the last messages.
const TAIL_BYTES: u64 = 1_048_576;

/// Appends `line` (JSON that begins with the key) unless `key` is among the last lines.
///
/// # Errors
/// The file or its folder cannot be read, made or written.
pub(super) fn append_once(path: &Path, key: &str, line: &str) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    let tail = Tail::read(&mut file)?;
    if tail.lines().any(|line| key_of(line).is_some_and(|k| k == key)) {
        return Ok(());
    }
    let mut addition = Vec::with_capacity(line.len() + 2);
    let torn = tail.after_the_last_line_end();
    if torn.is_empty() {
        file.seek(SeekFrom::End(0))?;
    } else if is_ours(torn) && key_of(torn).is_none() {
        let end = tail.end - torn.len() as u64;
        file.set_len(end)?;
        file.seek(SeekFrom::Start(end))?;
    } else {
        file.seek(SeekFrom::End(0))?;
        addition.push(b'\n');
    }
    addition.extend_from_slice(line.as_bytes());
    addition.push(b'\n');
    file.write_all(&addition)?;
    file.sync_data()
}

/// How every line of ours begins.
const BEGIN: &[u8] = b"{\"key\":";

/// Whether a line without an end is one of ours, or as much of its beginning as was written.
fn is_ours(line: &[u8]) -> bool {
    line.starts_with(BEGIN) || BEGIN.starts_with(line)
}

fn key_of(line: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(line).ok()?;
    value.get("key")?.as_str().map(str::to_owned)
}

/// The last bytes of the file. A crash may have cut a line anywhere, also within a character.
struct Tail {
    bytes: Vec<u8>,
    /// The length of the file.
    end: u64,
}

impl Tail {
    fn read(file: &mut File) -> io::Result<Self> {
        let start = file.metadata()?.len().saturating_sub(TAIL_BYTES);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let end = start + bytes.len() as u64;
        Ok(Self { bytes, end })
    }

    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        // The first may be cut by where we began to read; it is none of ours then.
        self.bytes.split(|b| *b == b'\n')
    }

    fn after_the_last_line_end(&self) -> &[u8] {
        self.lines().last().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(key: &str) -> String {
        format!("{{\"key\":\"{key}\",\"title\":\"预警\"}}")
    }

    fn check(before: &str, key: &str, after: &str) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out/alerts.jsonl");
        if !before.is_empty() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, before).unwrap();
        }
        append_once(&path, key, &line(key)).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), after);
    }

    #[test]
    fn a_line_torn_within_a_character_does_not_swallow_the_next_alert() {
        let (a, b) = (line("a"), line("b"));
        for cut in 1..b.len() {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("alerts.jsonl");
            let torn = [a.as_bytes(), b"\n", &b.as_bytes()[..cut]].concat();
            std::fs::write(&path, torn).unwrap();
            append_once(&path, "b", &b).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(text, format!("{a}\n{b}\n"), "torn after {cut} bytes");
        }
    }

    #[test]
    fn a_key_is_written_once_and_torn_lines_are_mended() {
        let (a, b) = (line("a"), line("b"));
        check("", "a", &format!("{a}\n"));
        check(&format!("{a}\n"), "a", &format!("{a}\n"));
        check(&format!("{a}\n"), "b", &format!("{a}\n{b}\n"));
        check(&format!("{a}\n{}", &b[..9]), "b", &format!("{a}\n{b}\n"));
        check(&a, "b", &format!("{a}\n{b}\n"));
        check("别人写的一行", "a", &format!("别人写的一行\n{a}\n"));
    }
}
