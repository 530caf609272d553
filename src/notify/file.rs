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
    let tail = tail(&mut file)?;
    let is_same = |line: &str| key_of(line).is_some_and(|k| k == key);
    let torn = tail.rsplit('\n').next().unwrap_or_default();
    if tail.lines().any(is_same) {
        return Ok(());
    }
    let end = file.seek(SeekFrom::End(0))?;
    let mut addition = String::with_capacity(line.len() + 2);
    if torn.starts_with("{\"key\":") && key_of(torn).is_none() {
        file.set_len(end - torn.len() as u64)?;
        file.seek(SeekFrom::End(0))?;
    } else if !torn.is_empty() {
        addition.push('\n');
    }
    addition.push_str(line);
    addition.push('\n');
    file.write_all(addition.as_bytes())?;
    file.sync_data()
}

fn key_of(line: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    value.get("key")?.as_str().map(str::to_owned)
}

/// The last whole lines of the file, and what follows the last line end. Not UTF-8: as if it were not ours.
fn tail(file: &mut File) -> io::Result<String> {
    let length = file.metadata()?.len();
    let start = length.saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let from = match start {
        0 => 0,
        _ => bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| at + 1),
    };
    match std::str::from_utf8(&bytes[from..]) {
        Ok(text) => Ok(text.to_owned()),
        // A crash may have cut a character; the whole lines before it are still ours.
        Err(e) => {
            let whole = &bytes[from..][..e.valid_up_to()];
            Ok(String::from_utf8_lossy(whole).into_owned())
        }
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
