//! Who wrote a page, who published it, and where it was first (来源).
//!
//! In: what the page states and the lines around its main text. Out: author, outlet and origin as shown. Names
//! are taken from labels (`作者：`, `记者 张三`, `（总台记者 李四）`), from meta tags and JSON-LD; an editor stands in for an
//! author only where nobody else is named. Guesses no names out of running text.

use std::sync::LazyLock;

use regex::Regex;

use super::clip::{back, front};
use super::published::Evidence;

/// The three names, each as shown by the page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Byline {
    pub(super) author: Option<String>,
    pub(super) outlet: Option<String>,
    pub(super) origin: Option<String>,
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

const HAN_NAMES: &str = r"\p{Han}{2,4}(?:[、，,\s]{1,3}\p{Han}{2,4}){0,5}";

static AUTHOR_LABEL: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?x)(?: (?:作\s*者|撰\s*文|撰\s*稿|执\s*笔人?|文\s*字|楼\s*主|博\s*主|供\s*稿|发布者|发布人|发贴人|发帖人|文|By|by|BY)\s*[:：/／]
            | (?:^|[\s|])(?:作者|by|By)\s ) \s*(?P<v>[^\n|]{2,60})",
    )
});
static POSTED: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^(?P<v>[\p{Han}\w\-·.]{2,20})\s*(?:发表于|发布于|于\s*\d{4}|提问于)"));
static ORIGIN_LABEL: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:来\s*源|稿\s*源|文章来源|信息来源|转载自|转自|出\s*处)\s*[:：]\s*(?P<v>[^\s|　]{2,40}(?:\s[^\s|:：]{2,10})?)",
    )
});
static EDITOR_LABEL: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?:责任编辑|责\s*编|编\s*辑|编\s*审|编\s*校)\s*[:：]\s*(?P<v>[^\n|]{2,30})")
});
static REPORTER: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?:记\s*者|通讯员|评论员|特约撰稿人?|见习生|实习生)[\s:：]*(?P<v>{HAN_NAMES})"
    ))
});
static SIGNED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"[（(](?P<v>\p{Han}{2,3}(?:[、\s]{1,3}\p{Han}{2,3}){0,3})(?:\s*[\p{Han}]{2,4}(?:报道|供稿|摄影报道))?\s*[)）]\s*$",
    )
});
static OFFICE: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?:发文机关|发布机构|发布单位|公开主体)\s*[:：]\s*(?P<v>\p{Han}{3,30})")
});

/// Reads the names.
pub(super) fn find(e: &Evidence<'_, '_>) -> Byline {
    let blocks = &e.lines.blocks;
    let first = e.body.kept.first().copied().unwrap_or(0);
    let last = e.body.kept.last().copied().unwrap_or(0);
    let head: Vec<String> = joined_labels(
        (first.saturating_sub(25)..(first + 3).min(blocks.len()))
            .filter(|&i| blocks[i].chars < 120)
            .map(|i| front(e.lines.line(&blocks[i]), EDGE_BYTES)),
    );
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let opening: Vec<&str> =
        e.body.kept.iter().take(4).map(|&i| front(e.lines.line(&blocks[i]), EDGE_BYTES)).collect();
    let closing: Vec<&str> = e
        .body
        .kept
        .iter()
        .rev()
        .take(4)
        .rev()
        .copied()
        .chain((last + 1)..(last + 8).min(blocks.len()))
        .map(|i| back(e.lines.line(&blocks[i]), EDGE_BYTES))
        .collect();
    let author = author(e, &head, &opening, &closing);
    let origin = head
        .iter()
        .chain(&closing)
        .find_map(|line| labelled(&ORIGIN_LABEL, line))
        .or_else(|| {
            stated(e, &["source", "contentsource", "article:source", "mediaid", "dc.source"])
        })
        .map(|v| outlet_name(&v))
        .filter(|v| v.chars().count() >= 2);
    let outlet = stated(e, &["og:site_name", "sitename", "application-name", "copyright"])
        .or_else(|| e.meta.name_in_json_ld("publisher"))
        .or_else(|| head.iter().find_map(|line| labelled(&OFFICE, line)));
    Byline { author, outlet: outlet.map(|o| outlet_name(&o)).filter(|o| !o.is_empty()), origin }
}

/// Lines in which a label that stands alone (`发文机关：`) is joined with the line after it.
fn joined_labels<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in lines {
        match out.last_mut() {
            Some(last) if last.ends_with(['：', ':']) && last.chars().count() <= 9 => {
                last.push_str(line)
            }
            _ => out.push(line.to_owned()),
        }
    }
    out
}

/// Bytes of a line in which a byline may stand; lines of hostile pages have megabytes.
const EDGE_BYTES: usize = 360;

fn author(
    e: &Evidence<'_, '_>,
    head: &[&str],
    opening: &[&str],
    closing: &[&str],
) -> Option<String> {
    let posted = || {
        head.iter()
            .chain(closing)
            .find_map(|line| labelled(&POSTED, line))
            .filter(|v| !v.starts_with('发'))
    };
    let label = || {
        head.iter()
            .filter(|l| !l.contains("owered"))
            .find_map(|line| labelled(&AUTHOR_LABEL, line).and_then(|v| names(&v)))
    };
    let tag = || {
        let names = [
            "author",
            "article:author",
            "dc.creator",
            "citation_author",
            "byl",
            "og:article:author",
            "bytedance:author",
        ];
        stated(e, &names).filter(|v| is_person_or_account(v))
    };
    let reporter_in = |lines: &[&str], part: fn(&str, usize) -> &str| {
        lines.iter().find_map(|l| reporter(part(l, 150)))
    };
    let signed = || {
        closing
            .iter()
            .rev()
            .find_map(|line| SIGNED.captures(line).map(|c| c["v"].trim().to_owned()))
    };
    let json = || e.meta.name_in_json_ld("author").filter(|v| is_person_or_account(v));
    let office = || head.iter().find_map(|line| labelled(&OFFICE, line));
    let editor = || {
        head.iter()
            .chain(closing)
            .find_map(|line| labelled(&EDITOR_LABEL, line).and_then(|v| names(&v)))
    };
    label()
        .or_else(|| account_of(e.url))
        .or_else(|| reporter_in(opening, front))
        .or_else(|| reporter_in(closing, back))
        .or_else(|| {
            closing
                .iter()
                .filter(|l| {
                    !["owered", "rited", "ritten", "esign", "heme", "opyright"]
                        .iter()
                        .any(|w| l.contains(w))
                })
                .find_map(|line| labelled(&AUTHOR_LABEL, line).and_then(|v| names(&v)))
        })
        .or_else(signed)
        .or_else(posted)
        .or_else(tag)
        .or_else(json)
        .or_else(office)
        .or_else(editor)
}

/// Whose blog it is, by an address on a host of blogs: `/blog/NAME/archive/…`, `/NAME/archive/…`, `?name=NAME`. What is
/// told in such a page of reporters is told of others.
fn account_of(url: &str) -> Option<String> {
    let (host, rest) = url.split_once("://")?.1.split_once('/')?;
    if !host.split('.').any(|label| matches!(label, "blog" | "blogs" | "cnblogs")) {
        return None;
    }
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let parts: Vec<&str> = path.split('/').collect();
    let before = parts.iter().position(|part| matches!(*part, "archive" | "article" | "p"));
    let in_path = before.and_then(|at| parts.get(at.checked_sub(1)?)).copied();
    let in_query = query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        matches!(key, "name" | "user" | "username" | "blogger").then_some(value)
    });
    let is_name = |name: &&str| {
        (3..=20).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
            && name.bytes().any(|b| b.is_ascii_alphabetic())
            && !matches!(*name, "blog" | "blogs" | "index" | "home")
    };
    in_path.filter(is_name).or(in_query.filter(is_name)).map(str::to_owned)
}

fn stated(e: &Evidence<'_, '_>, names: &[&'static str]) -> Option<String> {
    e.meta
        .first(names)
        .map(|(_, v)| super::plain(v))
        .filter(|v| (2..=40).contains(&v.chars().count()))
}

fn labelled(pattern: &Regex, line: &str) -> Option<String> {
    pattern.captures(line).map(|c| c["v"].trim().to_owned()).filter(|v| !v.is_empty())
}

fn reporter(text: &str) -> Option<String> {
    let c = REPORTER.captures(text)?;
    let after = &text[c.get(0).map_or(0, |m| m.end())..];
    let verb_follows = VERBS.iter().any(|v| after.starts_with(v));
    let last = c["v"].split_whitespace().count().saturating_sub(1);
    let value: Vec<&str> = c["v"]
        .split(['、', '，', ',', ' ', '\u{3000}'])
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .collect();
    let mut kept: Vec<String> = Vec::new();
    for (n, part) in value.into_iter().enumerate() {
        let cut = VERBS.iter().filter_map(|w| part.find(w)).min().unwrap_or(part.len());
        let name = part[..cut].trim_end_matches('摄');
        // `山东冠县报道` after a name is a place; `周山发自云岭` is a name.
        let is_place =
            n > 0 && (cut < part.len() || n == last && verb_follows && part.chars().count() == 4);
        if is_place || !(2..=4).contains(&name.chars().count()) || part.starts_with(NO_SURNAMES) {
            break;
        }
        kept.push(name.to_owned());
        if cut < part.len() {
            break;
        }
    }
    (!kept.is_empty()).then(|| kept.join(" "))
}

/// Words that follow a name in a byline.
const VERBS: [&str; 16] = [
    "报道",
    "发自",
    "摄影",
    "获悉",
    "了解",
    "采访",
    "日前",
    "通讯员",
    "记者",
    "表示",
    "看到",
    "来源",
    "编辑",
    "注意",
    "近日",
    "见习",
];
/// Words after 记者 that begin a sentence, not a name.
const NO_SURNAMES: [char; 12] =
    ['从', '在', '问', '看', '说', '对', '的', '走', '来', '就', '了', '将'];

/// Keeps the names at the start of a labelled value: `宋怡 杨志华`, `周思博 (Joel Spolsky)`, `张三 2005-03-21`.
fn names(value: &str) -> Option<String> {
    let stop = value
        .find(|c: char| {
            c.is_ascii_digit()
                || matches!(
                    c,
                    '|' | '：' | ':' | '〓' | '，' | '。' | ';' | '；' | '>' | '<' | '[' | '【'
                )
        })
        .unwrap_or(value.len());
    let mut head = value[..stop].trim().to_owned();
    for word in [
        "来源", "发布", "编辑", "时间", "责任", "发表", "出自", "点击", "浏览", "阅读", "译",
        "日期", "字体", "字号",
    ] {
        if let Some(at) = head.find(word) {
            head.truncate(at);
        }
    }
    let head = head.trim_matches([' ', '\u{3000}', '/', '、', '(', '（', '-']).trim();
    let open = head.matches(['(', '（']).count() > head.matches([')', '）']).count();
    let head = if open && head.contains('(') { format!("{head})") } else { head.to_owned() };
    (2..=40).contains(&head.chars().count()).then_some(head)
}

fn is_person_or_account(value: &str) -> bool {
    let chars = value.chars().count();
    (2..=20).contains(&chars)
        && !value.contains("http")
        && !value.contains(',')
        && !value.eq_ignore_ascii_case("admin")
        && !value.contains(['.', '!', '@'])
}

/// The bare name of a medium: no brackets, link or trailing labels.
fn outlet_name(value: &str) -> String {
    let mut name = value.trim();
    for word in [
        "作者",
        "编辑",
        "责编",
        "记者",
        "发布时间",
        "发布日期",
        "发布者",
        "时间",
        "点击",
        "浏览",
        "字号",
        "分享",
        "http",
    ] {
        if let Some(at) = name.find(word) {
            name = &name[..at];
        }
    }
    name.trim_matches([
        '《', '》', ' ', '(', ')', '（', '）', '"', '“', '”', '|', ',', '，', '。', '[', ']', '【',
        '】',
    ])
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::{AUTHOR_LABEL, account_of, labelled, names, outlet_name, reporter};

    #[test]
    fn labels_give_names() {
        let check = |line: &str, expected: Option<&str>| {
            let got = labelled(&AUTHOR_LABEL, line).and_then(|v| names(&v));
            assert_eq!(got.as_deref(), expected, "{line}");
        };
        check("作者：周山 李河", Some("周山 李河"));
        check("2026-11-02 来源：云岭日报 作者：周山 编辑：李河", Some("周山"));
        check("作者:岭上云 2026-11-02", Some("岭上云"));
        check("作者： 周山 (Joe Zhou)", Some("周山 (Joe Zhou)"));
        check("云岭矿业集团的作者群体庞大", None);
    }

    #[test]
    fn reporters_are_named_up_to_the_verb() {
        let check = |line: &str, expected: Option<&str>| {
            assert_eq!(reporter(line).as_deref(), expected, "{line}");
        };
        check("本报记者周山发自云岭", Some("周山"));
        check("（记者 周山 李河）", Some("周山 李河"));
        check("云岭日报记者 周山、李河 报道", Some("周山 李河"));
        check("云岭日报记者 周山 岭南铁城报道", Some("周山"));
        check("记者从云岭矿业集团获悉", None);
        check("安全生产月启动", None);
    }

    #[test]
    fn the_address_on_a_host_of_blogs_names_its_owner() {
        let check = |url: &str, expected: Option<&str>| {
            assert_eq!(account_of(url).as_deref(), expected, "{url}");
        };
        check("http://blog.example.com/blog/minelamp/archive/2026/11/20/1.aspx", Some("minelamp"));
        check("https://www.cnblogs.com/minelamp/p/12345.html", Some("minelamp"));
        check("http://blog.example.cn/more.asp?name=minelamp&id=2", Some("minelamp"));
        check("https://blog.example.com/2026/11/20/", None);
        check("https://news.example.com/minelamp/archive/1.html", None);
    }

    #[test]
    fn outlets_are_bare() {
        let check =
            |value: &str, expected: &str| assert_eq!(outlet_name(value), expected, "{value}");
        check("《云岭日报》", "云岭日报");
        check("云岭日报作者：周山", "云岭日报");
    }
}
