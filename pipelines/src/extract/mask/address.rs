//! Web addresses within a text: a number in the path of one names a page, not a person.
//!
//! In: a reading. Out: the signs of each address after its host are closed. Only a scheme with a host before it
//! protects; a parameter that says it is a phone or identity number does not.

use super::reading::Reading;

/// Ends of parameter names whose value is a person's number.
const PERSONAL: [&str; 9] =
    ["tel", "phone", "mobile", "shouji", "idcard", "idno", "sfz", "cardno", "qq"];

/// Closes what an address protects.
pub(super) fn close(reading: &mut Reading<'_>) {
    let schemes: Vec<usize> = (1..reading.signs.len().saturating_sub(2))
        .filter(|&at| [':', '/', '/'].iter().zip(&reading.signs[at..]).all(|(c, s)| *c == s.c))
        .collect();
    let mut closed_to = 0;
    for at in schemes {
        // An address written right after another is closed with it.
        if at < closed_to || !follows_scheme(reading, at) {
            continue;
        }
        let host_end = end_of(reading, at + 3, |c| c.is_ascii_alphanumeric() || ".-:".contains(c));
        let host: String = reading.signs[at + 3..host_end].iter().map(|s| s.c).collect();
        if is_host(host.split(':').next().unwrap_or_default()) {
            let end = end_of(reading, host_end, is_of_address);
            close_path(reading, at + 3, end);
            closed_to = end;
        }
    }
}

fn follows_scheme(reading: &Reading<'_>, at: usize) -> bool {
    ["http", "https", "ftp"].iter().any(|scheme| {
        at >= scheme.len()
            && scheme.chars().zip(&reading.signs[at - scheme.len()..at]).all(|(c, s)| c == s.c)
    })
}

fn is_host(host: &str) -> bool {
    let is_name = host.contains('.') && host.contains(|c: char| c.is_ascii_lowercase());
    is_name || (host.split('.').count() == 4 && host.split('.').all(|p| p.parse::<u8>().is_ok()))
}

fn end_of(reading: &Reading<'_>, from: usize, fits: impl Fn(char) -> bool) -> usize {
    let rest = &reading.signs[from..];
    from + rest.iter().position(|s| !fits(s.c)).unwrap_or(rest.len())
}

fn is_of_address(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '(' | ')' | ',' | ';' | '*')
}

fn close_path(reading: &mut Reading<'_>, start: usize, end: usize) {
    let mut word = String::new();
    let mut is_personal = false;
    for place in start..end {
        let c = reading.signs[place].c;
        match c {
            '=' => is_personal = PERSONAL.iter().any(|name| word.ends_with(name)),
            '&' | '?' | '/' | '#' => is_personal = false,
            _ => {}
        }
        if c.is_ascii_alphabetic() {
            word.push(c);
        } else if !matches!(c, '_' | '-') {
            word.clear();
        }
        if !is_personal {
            reading.close(place);
        }
    }
}
