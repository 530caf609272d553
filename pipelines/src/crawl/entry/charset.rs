//! Decodes entry pages: feeds and lists, whose claims about their charset are often wrong.
//!
//! In: bytes and the Content-Type. Out: text and what had to be guessed. Valid UTF-8 is UTF-8 whatever is
//! claimed; then the claim that decodes without a bad byte; then what does so but for a few (one bad byte costs one
//! character, never the feed); then the guess. Never fails.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};

use crate::record::Issue;

/// Bytes searched for a claim.
const CLAIM_BYTES: usize = 2048;

/// Bytes shown to the guesser.
const GUESS_BYTES: usize = 256 * 1024;

/// The text of `body`, and the issue to note of it.
pub(crate) fn decoded(body: &[u8], content_type: Option<&str>) -> (String, Option<Issue>) {
    if let Some((encoding, bom)) = Encoding::for_bom(body) {
        return whole(&body[bom..], encoding, None);
    }
    if let Ok(text) = std::str::from_utf8(body) {
        // ISO-2022 and UTF-16 without a mark are ASCII bytes too, but hold escapes or zeros.
        if !text.contains('\0') {
            return (text.to_owned(), None);
        }
    }
    if let Some(encoding) = wide(body) {
        return whole(body, encoding, None);
    }
    let head = String::from_utf8_lossy(&body[..body.len().min(CLAIM_BYTES)]).to_ascii_lowercase();
    let claims = [
        claim(&head, "encoding="),
        claim(&head, "charset="),
        content_type.and_then(|c| claim(c, "charset=")),
    ];
    let claims: Vec<&'static Encoding> = claims.into_iter().flatten().map(superset).collect();
    for encoding in &claims {
        if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(body) {
            return (text.into_owned(), None);
        }
    }
    // A few bad bytes are a fault of transmission, not another charset: UTF-8 says by itself that it is meant, and
    // a claim that is nearly kept stands. Only then is it guessed.
    let nearly = std::iter::once(&UTF_8).chain(&claims).find(|encoding| nearly_is(body, encoding));
    let encoding = nearly.copied().unwrap_or_else(|| guess(body));
    let (text, _) = encoding.decode_without_bom_handling(body);
    let issue = match claims.is_empty() {
        _ if text.contains('\u{fffd}') => Issue::BadBytes,
        true => Issue::GuessedCharset,
        false => Issue::WrongCharset,
    };
    (text.into_owned(), Some(issue))
}

/// Whether at most one in five characters beyond ASCII cannot be read in this charset of several bytes. Text of
/// another charset fails in more than every second (measured on the texts of the tests).
fn nearly_is(body: &[u8], encoding: &'static Encoding) -> bool {
    if encoding.is_single_byte() {
        return false;
    }
    let text = if *encoding == *UTF_8 {
        String::from_utf8_lossy(body)
    } else {
        encoding.decode_without_bom_handling(body).0
    };
    let bad = text.matches('\u{fffd}').count();
    let beyond = text.chars().filter(|c| !c.is_ascii()).count();
    beyond > bad && bad * 5 <= beyond
}

fn guess(body: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(&body[..body.len().min(GUESS_BYTES)], true);
    let guessed = superset(detector.guess(None, Utf8Detection::Allow));
    // A charset of single bytes has no bad ones; the text of a Chinese feed has one soon.
    if guessed.is_single_byte() && nearly_is(body, GB18030) { GB18030 } else { guessed }
}

fn whole(
    body: &[u8],
    encoding: &'static Encoding,
    issue: Option<Issue>,
) -> (String, Option<Issue>) {
    let (text, is_bad) = encoding.decode_without_bom_handling(body);
    (text.into_owned(), if is_bad { Some(Issue::BadBytes) } else { issue })
}

/// UTF-16 without a mark: every other byte of the first markup is zero.
fn wide(body: &[u8]) -> Option<&'static Encoding> {
    match body {
        [b'<', 0, _, 0, ..] => Some(UTF_16LE),
        [0, b'<', 0, _, ..] => Some(UTF_16BE),
        _ => None,
    }
}

fn claim(head: &str, key: &str) -> Option<&'static Encoding> {
    let at = head.to_ascii_lowercase().find(key)? + key.len();
    let rest = head.get(at..)?.trim_start_matches(['"', '\'', ' ']);
    let label: String =
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_:".contains(*c)).collect();
    Encoding::for_label(label.as_bytes())
}

/// GB18030 reads all that GBK and GB2312 read, and more.
fn superset(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == GBK { GB18030 } else { encoding }
}

#[cfg(test)]
mod tests {
    use encoding_rs::BIG5;

    use super::*;

    fn check(bytes: &[u8], content_type: Option<&str>, expected: (&str, Option<Issue>)) {
        assert_eq!(decoded(bytes, content_type), (expected.0.to_owned(), expected.1));
    }

    #[test]
    fn a_claim_is_believed_when_the_bytes_agree() {
        let text = "<?xml version='1.0' encoding='GB2312'?><t>云岭矿业镕</t>";
        check(&GBK.encode(text).0, None, (text, None));
        let text = "<?xml version='1.0'?><t>雲嶺礦業集團公告</t>";
        check(&BIG5.encode(text).0, Some("text/xml; charset=big5"), (text, None));
        check("矿".as_bytes(), Some("text/xml; charset=gb2312"), ("矿", None));
        let wide: Vec<u8> = "<?矿>a".encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(&wide, None, ("<?矿>a", None));
    }

    #[test]
    fn one_bad_byte_costs_one_character() {
        let text =
            "<?xml version='1.0' encoding='utf-8'?><t>南关煤矿今日检CUT…</t><t>食堂重新开放</t>";
        for cut in [1, 2] {
            let part = &"修".as_bytes()[..cut];
            let at = text.find("CUT").unwrap();
            let mut bytes = text.as_bytes()[..at].to_vec();
            bytes.extend(part);
            bytes.extend(&text.as_bytes()[at + 3..]);
            let expected = text.replace("CUT", "\u{fffd}");
            for claimed in [None, Some("text/xml; charset=gb2312"), Some("text/xml")] {
                check(&bytes, claimed, (&expected, Some(Issue::BadBytes)));
            }
        }
        // The same without any claim, and of a table in GBK that says nothing of itself.
        let mut csv = "编号,标题,正文\n1,截断的一行,南关煤矿今日检".as_bytes().to_vec();
        csv.extend(&"修".as_bytes()[..2]);
        csv.extend("\n2,完好的一行,食堂\n".as_bytes());
        assert!(decoded(&csv, None).0.contains("2,完好的一行,食堂"));
        let mut gbk = GBK.encode("编号,标题,正文\n1,截断的一行,南关煤矿今日检修").0.into_owned();
        gbk.pop();
        gbk.extend(GBK.encode("\n2,完好的一行,食堂改造完成重新开放").0.as_ref());
        let (text, issue) = decoded(&gbk, Some("text/csv; charset=gbk"));
        assert!(text.contains("完好的一行,食堂改造完成"), "{text}");
        assert_eq!(issue, Some(Issue::BadBytes));
        assert!(decoded(&gbk, None).0.contains("食堂改造完成重新开放"));
    }

    #[test]
    fn without_a_claim_it_is_guessed_and_noted() {
        let text = "云岭矿业集团今日召开安全生产会议，部署冬季防寒防冻工作。";
        check(&GBK.encode(text).0, None, (text, Some(Issue::GuessedCharset)));
    }
}
