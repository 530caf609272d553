//! What goes to a terminal: bytes of text without anything that steers it.
//!
//! In: what commands write. Out: the same without control characters but line breaks and tabs, and without signs that
//! turn the direction of writing. Posts are clean when they are made; names of sources, addresses, errors of others
//! and rows of files are not, and all of them pass here. Works on bytes, since writers cut where they like.

use std::io::{self, Write};

use pipelines::text::visible;

/// A writer for people's eyes.
pub struct Shown<W: Write> {
    inner: W,
    /// The beginning of a character whose end was not written yet.
    torn: Vec<u8>,
    has_begun: bool,
}

/// The byte order mark that spreadsheets ask for at the head of a table.
const MARK: &str = "\u{feff}";

impl<W: Write> Shown<W> {
    /// Writes what may be seen to `inner`.
    pub fn new(inner: W) -> Self {
        Self { inner, torn: Vec::new(), has_begun: false }
    }
}

impl<W: Write> Write for Shown<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.torn.extend_from_slice(bytes);
        let whole = whole_characters(&self.torn);
        let rest = self.torn.split_off(whole);
        let text = std::mem::replace(&mut self.torn, rest);
        let text = String::from_utf8_lossy(&text);
        if !self.has_begun && text.starts_with(MARK) {
            self.inner.write_all(MARK.as_bytes())?;
        }
        self.has_begun |= !text.is_empty();
        self.inner.write_all(visible(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Bytes up to the last character that may still go on: at most its first three are kept back.
fn whole_characters(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let at = bytes.len() - back;
        let length = match bytes[at] {
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf7 => 4,
            0x80..=0xbf => continue,
            _ => 1,
        };
        return if length > back { at } else { bytes.len() };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_of_a_page_never_reaches_the_terminal_however_it_is_cut() {
        let text = "\u{feff}标题\u{feff}\u{1b}]0;pwned\u{7}\u{202e}逆\u{9b}31m\n下\t一行";
        for size in 1..text.len() {
            let mut out = Shown::new(Vec::new());
            for piece in text.as_bytes().chunks(size) {
                out.write_all(piece).unwrap();
            }
            assert_eq!(
                String::from_utf8(out.inner).unwrap(),
                "\u{feff}标题]0;pwned逆31m\n下\t一行",
                "{size}"
            );
        }
    }
}
