//! Bytes to text: which charset a page really has.
//!
//! In: body bytes and the Content-Type header. Out: text, the charset used, and what was wrong with the
//! claim. Order: BOM, header, `<meta>` or XML declaration, guess. A claim is checked against the bytes and
//! overruled when it does not fit. Never fails; at most `MAX_BYTES` are read.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};

use crate::record::Issue;

/// Bytes read of one page; what follows is cut and marked. The largest real page seen has 1.3 MB.
pub const MAX_BYTES: usize = 4 << 20;
/// Bytes searched for a `<meta>` charset; browsers look at 1,024, old pages put scripts before it.
const META_BYTES: usize = 16 << 10;
/// Bytes shown to the guesser.
const GUESS_BYTES: usize = 256 << 10;

/// Text and how it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text; bytes that cannot be read stand as U+FFFD.
    pub text: String,
    /// Name of the charset used, as in the WHATWG standard (`UTF-8`, `gb18030`, `Big5`…).
    pub charset: &'static str,
    /// What was wrong: guessed, wrong claim, unreadable bytes, cut.
    pub issues: Vec<Issue>,
}

/// Decodes a page.
#[must_use]
pub fn decode(body: &[u8], content_type: Option<&str>) -> Decoded {
    let mut issues = Vec::new();
    let mut bytes = body;
    if bytes.len() > MAX_BYTES {
        bytes = &bytes[..MAX_BYTES];
        issues.push(Issue::Truncated);
    }
    if let Some((encoding, bom)) = Encoding::for_bom(bytes) {
        return finish(&bytes[bom..], encoding, issues);
    }
    let claims = [content_type.and_then(charset_of_header), charset_of_markup(bytes)];
    for claim in claims.into_iter().flatten() {
        if fits(bytes, claim) {
            return finish(bytes, claim, issues);
        }
    }
    let claimed = claims.iter().any(Option::is_some);
    issues.push(if claimed { Issue::WrongCharset } else { Issue::GuessedCharset });
    let encoding = guess(bytes);
    finish(bytes, encoding, issues)
}

fn finish(bytes: &[u8], encoding: &'static Encoding, mut issues: Vec<Issue>) -> Decoded {
    let (text, bad) = encoding.decode_without_bom_handling(bytes);
    let cut_tail = issues.contains(&Issue::Truncated);
    let mut text = text.into_owned();
    if bad && cut_tail && text.ends_with('\u{fffd}') {
        text.pop();
    }
    if bad && text.contains('\u{fffd}') {
        issues.push(Issue::BadBytes);
    }
    Decoded { text, charset: encoding.name(), issues }
}

/// GB2312 and GBK pages hold characters beyond both; GB18030 contains them.
fn widened(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == GBK { GB18030 } else { encoding }
}

fn charset_of_header(content_type: &str) -> Option<&'static Encoding> {
    let lower = content_type.to_ascii_lowercase();
    label_after(lower.as_bytes(), b"charset")
}

/// The charset named in the first `META_BYTES` of markup.
fn charset_of_markup(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(META_BYTES)];
    let lower = head.to_ascii_lowercase();
    let xml = if lower.trim_ascii_start().starts_with(b"<?xml") {
        let end = find(&lower, b"?>").unwrap_or(0);
        label_after(&lower[..end], b"encoding")
    } else {
        None
    };
    let mut at = 0;
    while let Some(found) = find(&lower[at..], b"<meta") {
        let tag = at + found;
        let end = find(&lower[tag..], b">").map_or(lower.len(), |i| tag + i);
        let encoding = label_after(&lower[tag..end], b"charset");
        if encoding.is_some() {
            return encoding.map(not_utf16);
        }
        at = end.max(tag + 5);
    }
    xml.map(not_utf16)
}

/// Markup that could be read as ASCII is not UTF-16, whatever it says.
fn not_utf16(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == UTF_16LE || encoding == UTF_16BE { UTF_8 } else { encoding }
}

fn label_after(text: &[u8], key: &[u8]) -> Option<&'static Encoding> {
    let mut at = 0;
    while let Some(found) = find(&text[at..], key) {
        let rest = text[at + found + key.len()..].trim_ascii_start();
        at += found + key.len();
        let Some(value) = rest.strip_prefix(b"=") else { continue };
        let value = value.trim_ascii_start();
        let value = value.strip_prefix(b"\"").or(value.strip_prefix(b"'")).unwrap_or(value);
        let len = value
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.'))
            .count();
        if let Some(encoding) = Encoding::for_label(&value[..len]) {
            return Some(widened(encoding));
        }
    }
    None
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

/// Whether a claim agrees with the bytes: nearly nothing unreadable, and no UTF-8 page under another name.
fn fits(bytes: &[u8], claim: &'static Encoding) -> bool {
    if claim == UTF_8 {
        return utf8_errors(bytes) * 500 <= non_ascii(bytes);
    }
    let high = non_ascii(bytes);
    if high == 0 {
        return true;
    }
    if high >= 6 && std::str::from_utf8(whole_characters(bytes)).is_ok() {
        return false;
    }
    let sample = &bytes[..bytes.len().min(GUESS_BYTES)];
    let (text, bad) = claim.decode_without_bom_handling(sample);
    !bad || text.matches('\u{fffd}').count() * 100 <= non_ascii(sample)
}

fn non_ascii(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| **b >= 0x80).count()
}

fn utf8_errors(bytes: &[u8]) -> usize {
    whole_characters(bytes).utf8_chunks().filter(|c| !c.invalid().is_empty()).count()
}

/// Without up to three bytes of a character cut at the end.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    let tail = bytes.len().saturating_sub(3);
    let cut = (tail..bytes.len()).find(|&i| bytes[i] >= 0xc0).unwrap_or(bytes.len());
    &bytes[..cut]
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    if utf8_errors(bytes) * 500 <= non_ascii(bytes) {
        return UTF_8;
    }
    // The start of a page may be all ASCII: show the guesser the part that is not.
    let first = bytes.iter().position(|b| *b >= 0x80).unwrap_or(0);
    let sample = &bytes[first..bytes.len().min(first + GUESS_BYTES)];
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let guess = widened(detector.guess(None, Utf8Detection::Deny));
    if guess.is_single_byte() && reads_as_gb(sample) { GB18030 } else { guess }
}

/// Whether bytes that look like some Latin charset (a few stray bytes confuse the guesser) are Chinese after
/// all: nearly everything high decodes, and to common Han.
fn reads_as_gb(sample: &[u8]) -> bool {
    let (text, _) = GB18030.decode_without_bom_handling(sample);
    let bad = text.matches('\u{fffd}').count();
    let han = text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count();
    let high = non_ascii(sample);
    bad * 50 <= high && han * 3 >= high
}

#[cfg(test)]
mod tests {
    use encoding_rs::{BIG5, GBK};

    use super::{MAX_BYTES, decode};
    use crate::record::Issue;

    const LINE: &str =
        "云岭矿业集团安全生产月活动启动，南坡煤矿开展应急演练，职工反映食堂饭菜质量有所改善。";

    fn check(bytes: &[u8], header: Option<&str>, charset: &str, issues: &[Issue]) {
        let decoded = decode(bytes, header);
        assert_eq!(decoded.charset, charset, "{}", decoded.text);
        assert_eq!(decoded.issues, issues);
        assert!(decoded.text.contains("南坡煤矿开展应急演练"), "{}", decoded.text);
    }

    fn gbk(text: &str) -> Vec<u8> {
        GBK.encode(text).0.into_owned()
    }

    #[test]
    fn claims_are_taken_in_order() {
        let bom = format!("\u{feff}{LINE}");
        check(bom.as_bytes(), Some("text/html; charset=gbk"), "UTF-8", &[]);
        check(&gbk(LINE), Some("text/html; charset=GB2312"), "gb18030", &[]);
        let meta = format!("<html><head><meta charset=gbk></head>{LINE}");
        check(&gbk(&meta), None, "gb18030", &[]);
        let old =
            format!("<meta http-equiv=Content-Type content=\"text/html; charset=gb2312\">{LINE}");
        check(&gbk(&old), None, "gb18030", &[]);
        let xml = format!("<?xml version='1.0' encoding='gbk'?><rss>{LINE}</rss>");
        check(&gbk(&xml), None, "gb18030", &[]);
    }

    #[test]
    fn a_wrong_claim_is_overruled_and_told() {
        check(LINE.as_bytes(), Some("text/html; charset=gbk"), "UTF-8", &[Issue::WrongCharset]);
        check(&gbk(LINE), Some("text/html; charset=utf-8"), "gb18030", &[Issue::WrongCharset]);
        let wrong = format!("<meta charset=utf-8>{LINE}");
        check(&gbk(&wrong), None, "gb18030", &[Issue::WrongCharset]);
        // The header lies, the markup does not.
        let right = format!("<meta charset=gbk>{LINE}");
        check(&gbk(&right), Some("text/html; charset=utf-8"), "gb18030", &[]);
    }

    #[test]
    fn no_claim_is_guessed_and_told() {
        check(LINE.as_bytes(), None, "UTF-8", &[Issue::GuessedCharset]);
        check(&gbk(LINE), Some("text/html"), "gb18030", &[Issue::GuessedCharset]);
        let text = "雲嶺礦業集團安全生產月活動啟動，南坡煤礦開展應急演練";
        let decoded = decode(&BIG5.encode(text).0, None);
        assert_eq!((decoded.charset, decoded.text.as_str()), ("Big5", text));
    }

    #[test]
    fn bad_bytes_are_told_and_few_of_them_do_not_overrule() {
        let mut bytes = LINE.repeat(30).into_bytes();
        bytes.push(0xff);
        bytes.extend(LINE.as_bytes());
        check(&bytes, Some("text/html; charset=utf-8"), "UTF-8", &[Issue::BadBytes]);
    }

    #[test]
    fn a_huge_page_is_cut_on_a_character() {
        let body = LINE.repeat(MAX_BYTES / LINE.len() + 2);
        check(body.as_bytes(), Some("text/html; charset=utf-8"), "UTF-8", &[Issue::Truncated]);
    }
}
