//! What a site's robots.txt permits (RFC 9309), with the line that decided.
//!
//! In: the file's bytes, our product token, an address. Out: allowed or not and by which line, the
//! crawl-delay, the sitemaps named. Pure: fetching and caching it is the fetcher's work. Follows the RFC
//! and, where it is silent, the public conformance cases of the largest reader of such files (typing
//! errors in keys, a blank for a colon, `index.html` standing for its folder). It knows no switch to ignore a rule.

use serde::{Deserialize, Serialize};

/// How many bytes of a file are read: the RFC asks for at least 500 KiB.
pub const MAX_ROBOTS_BYTES: usize = 500 * 1024;

/// A line longer than this is cut: the longest address a browser took, times eight.
const MAX_LINE_BYTES: usize = 2083 * 8;

/// A robots.txt as read. Any bytes read to something.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Robots {
    groups: Vec<Group>,
    /// Addresses of `Sitemap:` lines, in order.
    pub sitemaps: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Group {
    agents: Vec<String>,
    everyone: bool,
    rules: Vec<Rule>,
    crawl_delay_secs: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Rule {
    allow: bool,
    pattern: String,
    line: u32,
}

/// The answer for one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RobotsDecision {
    /// Whether it may be asked for.
    pub allowed: bool,
    /// The line that decided (counted from 1) and its rule; `None`: no rule speaks of it.
    pub rule: Option<(u32, String)>,
}

impl Robots {
    /// Reads a file; what is no line of the grammar is passed over.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let bytes = &bytes[..bytes.len().min(MAX_ROBOTS_BYTES)];
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}');
        let mut robots = Self::default();
        let mut group_is_open = false;
        for (number, line) in lines(text).enumerate() {
            let Some((key, value)) = key_value(line) else { continue };
            match key {
                Key::UserAgent => {
                    if !group_is_open {
                        robots.groups.push(Group::default());
                        group_is_open = true;
                    }
                    if let Some(group) = robots.groups.last_mut() {
                        group.name(value);
                    }
                }
                Key::Rule { allow } => {
                    group_is_open = false;
                    let Some(group) = robots.groups.last_mut() else { continue };
                    if !value.is_empty() {
                        let line = u32::try_from(number + 1).unwrap_or(u32::MAX);
                        group.rules.push(Rule { allow, pattern: escaped(value), line });
                    }
                }
                Key::CrawlDelay => {
                    let delay = value.parse::<f64>().ok().filter(|d| d.is_finite() && *d >= 0.0);
                    if let (Some(group), Some(_)) = (robots.groups.last_mut(), delay) {
                        group.crawl_delay_secs = delay;
                    }
                }
                Key::Sitemap => robots.sitemaps.push(value.to_owned()),
            }
        }
        robots
    }

    /// Whether `agent` (a product token such as `guanlan`) may ask for `url`.
    #[must_use]
    pub fn check(&self, agent: &str, url: &str) -> RobotsDecision {
        let path = path_and_query(url);
        let mut best: Option<(usize, &Rule)> = None;
        for rule in self.groups_for(agent).into_iter().flat_map(|g| &g.rules) {
            let Some(length) = rule.matches(&path) else { continue };
            let wins = best.is_none_or(|(longest, held)| {
                length > longest || (length == longest && rule.allow && !held.allow)
            });
            if wins {
                best = Some((length, rule));
            }
        }
        RobotsDecision {
            allowed: best.is_none_or(|(_, rule)| rule.allow),
            rule: best.map(|(_, rule)| (rule.line, rule.shown())),
        }
    }

    /// Seconds the site asks `agent` to leave between two requests.
    #[must_use]
    pub fn crawl_delay_secs(&self, agent: &str) -> Option<f64> {
        self.groups_for(agent).into_iter().filter_map(|g| g.crawl_delay_secs).reduce(f64::max)
    }

    /// The groups that speak to `agent` by name; where there is none, those for everyone.
    fn groups_for(&self, agent: &str) -> Vec<&Group> {
        let named: Vec<&Group> = self
            .groups
            .iter()
            .filter(|g| g.agents.iter().any(|a| a.eq_ignore_ascii_case(agent)))
            .collect();
        if named.is_empty() { self.groups.iter().filter(|g| g.everyone).collect() } else { named }
    }
}

impl Group {
    fn name(&mut self, value: &str) {
        let rest = value.strip_prefix('*');
        if rest.is_some_and(|r| r.is_empty() || r.starts_with(char::is_whitespace)) {
            self.everyone = true;
            return;
        }
        let token: String = value
            .chars()
            .take_while(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '_'))
            .collect();
        if !token.is_empty() {
            self.agents.push(token);
        }
    }
}

impl Rule {
    /// The length of the pattern when it matches, which is its rank.
    fn matches(&self, path: &str) -> Option<usize> {
        if wildcard(&self.pattern, path) {
            return Some(self.pattern.len());
        }
        // The conformance cases compare as written, the RFC what is meant: both forbid, only the first allows.
        let is_escaped = self.pattern.contains('%') || path.contains('%');
        if !self.allow && is_escaped && wildcard(&unescaped(&self.pattern), &unescaped(path)) {
            return Some(self.pattern.len());
        }
        // `Allow: /a/index.html` also allows `/a/`.
        let folder = &self.pattern[..=self.pattern.rfind('/')?];
        let stands_for_folder = self.allow && self.pattern[folder.len()..].starts_with("index.htm");
        (stands_for_folder && path == folder).then_some(folder.len() + 1)
    }

    fn shown(&self) -> String {
        format!("{}: {}", if self.allow { "Allow" } else { "Disallow" }, self.pattern)
    }
}

enum Key {
    UserAgent,
    Rule { allow: bool },
    CrawlDelay,
    Sitemap,
}

/// Lines end with `\n`, `\r` or `\r\n`; an over-long one is cut, its tail is no line of its own.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|l| l.strip_suffix('\r').unwrap_or(l).split('\r')).map(|line| {
        let mut end = line.len().min(MAX_LINE_BYTES);
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        &line[..end]
    })
}

fn key_value(line: &str) -> Option<(Key, &str)> {
    let line = line.split('#').next().unwrap_or_default().trim();
    let (key, value) = match line.split_once(':') {
        Some((key, value)) => (key.trim(), value.trim()),
        // A blank for the colon is understood when there are exactly two words.
        None => {
            let (key, value) = line.split_once(char::is_whitespace)?;
            let value = value.trim();
            (!value.contains(char::is_whitespace)).then_some((key, value))?
        }
    };
    let key = match key.to_ascii_lowercase().as_str() {
        "user-agent" | "useragent" | "user agent" => Key::UserAgent,
        "allow" => Key::Rule { allow: true },
        "disallow" | "dissallow" | "dissalow" | "disalow" | "diasllow" | "disallaw" => {
            Key::Rule { allow: false }
        }
        "crawl-delay" | "crawldelay" => Key::CrawlDelay,
        "sitemap" | "site-map" => Key::Sitemap,
        _ => return None,
    };
    Some((key, value))
}

/// Non-ASCII as percent signs, hex in upper case: the form in which addresses arrive.
fn escaped(pattern: &str) -> String {
    spelt(pattern, |_| false)
}

/// The spelling in which paths are compared (RFC 9309, 2.2.2): what need not be escaped stands for itself.
fn unescaped(pattern: &str) -> String {
    spelt(pattern, |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

fn spelt(pattern: &str, stands_for_itself: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(pattern.len());
    let bytes = pattern.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        at += 1;
        let code = bytes.get(at..at + 2).filter(|_| byte == b'%');
        let code = code.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match code {
            Some(code) => {
                at += 2;
                match stands_for_itself(code) {
                    true => out.push(code as char),
                    false => out.push_str(&format!("%{code:02X}")),
                }
            }
            None if byte >= 0x80 => out.push_str(&format!("%{byte:02X}")),
            None => out.push(byte as char),
        }
    }
    out
}

/// Path, parameters and query of `url`, from its first slash; `/` where there is none.
fn path_and_query(url: &str) -> String {
    let after_scheme = match url.find("//") {
        Some(at) if !url[..at].contains(['/', '?', '#']) => &url[at + 2..],
        _ => url,
    };
    let whole = after_scheme.split('#').next().unwrap_or_default();
    match whole.find(['/', '?', ';']) {
        Some(at) if whole[at..].starts_with('/') => whole[at..].to_owned(),
        Some(at) => format!("/{}", &whole[at..]),
        None => "/".to_owned(),
    }
}

/// `*` stands for anything, a last `$` for the end; linear in the length of both.
fn wildcard(pattern: &str, path: &str) -> bool {
    let (pattern, to_the_end) =
        pattern.strip_suffix('$').map_or((pattern, false), |rest| (rest, true));
    let mut parts = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return !to_the_end || rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if to_the_end && parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
#[path = "../../../tests/shared/data.rs"]
mod data;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "# 云岭矿业\nUser-agent: *\nDisallow: /admin/\nAllow: /admin/gonggao$\n\
        Crawl-delay: 2.5\nDisallow: /*.pdf\n\nUser-agent: guanlan\nUser-agent: other\nDisallow: /内部/\n\
        Sitemap: https://example.cn/sitemap.xml\n";

    fn check(agent: &str, path: &str, expected: (bool, Option<u32>)) {
        let got = Robots::parse(FILE.as_bytes()).check(agent, &format!("https://example.cn{path}"));
        assert_eq!((got.allowed, got.rule.map(|r| r.0)), expected, "{agent} {path}");
    }

    #[test]
    fn the_line_that_decides_is_named() {
        check("someone", "/news", (true, None));
        check("someone", "/admin/x", (false, Some(3)));
        check("someone", "/admin/gonggao", (true, Some(4)));
        check("someone", "/a/b.pdf?x=1", (false, Some(6)));
        check("Guanlan", "/admin/x", (true, None));
        check("guanlan", "/%E5%86%85%E9%83%A8/1.html", (false, Some(10)));
    }

    #[test]
    fn an_escaped_letter_is_that_letter_on_both_sides() {
        for (rule, path, allowed) in [
            ("/%61/", "/a/1.html", false),
            ("/a/", "/%61/1.html", false),
            ("/%7Eq", "/~q/1", false),
            ("/a%2Fb", "/a/b", true),
            ("/a%2fb", "/a%2Fb/1", false),
            ("/%e5%86%85/", "/%E5%86%85/1", false),
            ("/%zz", "/%zz/1", false),
            ("/内/", "/%E5%86%85/1", false),
        ] {
            let robots = Robots::parse(format!("User-agent: *\nDisallow: {rule}\n").as_bytes());
            let url = format!("https://example.cn{path}");
            assert_eq!(robots.check("guanlan", &url).allowed, allowed, "{rule} {path}");
        }
    }

    #[test]
    fn delay_and_sitemaps_are_read() {
        let robots = Robots::parse(FILE.as_bytes());
        assert_eq!(robots.crawl_delay_secs("someone"), Some(2.5));
        assert_eq!(robots.crawl_delay_secs("guanlan"), None);
        assert_eq!(robots.sitemaps, ["https://example.cn/sitemap.xml"]);
    }

    #[test]
    fn conformance_cases_of_rfc_9309() {
        #[derive(Deserialize)]
        struct Case {
            case: String,
            robots: String,
            agent: String,
            url: String,
            allowed: bool,
        }
        let Some(path) = data::shared("robots/cases.jsonl") else { return };
        let text = std::fs::read_to_string(path).unwrap();
        let mut count = 0;
        for line in text.lines() {
            let c: Case = serde_json::from_str(line).unwrap();
            let got = Robots::parse(c.robots.as_bytes()).check(&c.agent, &c.url);
            assert_eq!(got.allowed, c.allowed, "{} {} {}\n{}", c.case, c.agent, c.url, c.robots);
            count += 1;
        }
        assert_eq!(count, 142);
    }

    #[test]
    fn real_files_parse() {
        let Some(dir) = data::shared("robots/real") else { return };
        let mut groups = 0;
        let files: Vec<_> = std::fs::read_dir(dir).unwrap().collect();
        for file in &files {
            let robots = Robots::parse(&std::fs::read(file.as_ref().unwrap().path()).unwrap());
            groups += robots.groups.len();
            let _ = robots.check("guanlan", "https://example.cn/a/b?c=d");
        }
        assert!(files.len() >= 300, "{} files", files.len());
        assert!(groups > 300, "{groups} groups in 300 files");
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes in proptest::collection::vec(any::<u8>(), 0..400), path in "[/*$a-c]{0,12}") {
            let _ = Robots::parse(&bytes).check("guanlan", &path);
        }

        #[test]
        fn a_pattern_without_signs_is_a_prefix(pattern in "/[a-c/]{0,6}", path in "/[a-c/]{0,9}") {
            prop_assert_eq!(wildcard(&pattern, &path), path.starts_with(&pattern));
        }
    }
}
