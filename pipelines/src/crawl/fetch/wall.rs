//! Walls and pages that are not what was asked for: logins, captchas, soft 404s.
//!
//! In: where we were led, and the body. Out: nothing, or a counted drop. A wall is a stop, not an obstacle:
//! nothing here tries to pass it. The marks are only believed on pages with next to no text, since articles
//! quote them and headers carry login boxes.

use url::Url;

use super::Step;
use super::outcome::FetchOutcome;
use crate::record::DropReason;

/// Visible characters below which a page with a mark is the wall itself. Interstitials met in practice have
/// under 200; the shortest notices that are real posts carry no mark.
const SCANT_CHARS: usize = 300;

/// Bytes looked at; walls are small pages.
const LOOKED_AT_BYTES: usize = 256 * 1024;

const WALL_MARKS: &[&str] = &[
    "请输入验证码",
    "完成验证",
    "安全验证",
    "滑动验证",
    "拖动滑块",
    "访问过于频繁",
    "访问频率过高",
    "环境异常",
    "请先登录",
    "登录后查看",
    "登录后可见",
    "需要登录",
    "人机验证",
    "captcha",
    "geetest",
    "just a moment",
    "verify you are human",
    "access denied",
    "enable javascript and cookies",
];

const GONE_MARKS: &[&str] = &[
    "页面不存在",
    "页面未找到",
    "找不到页面",
    "页面找不到",
    "网页不存在",
    "页面已删除",
    "内容已删除",
    "文章不存在",
    "文章已删除",
    "内容不存在",
    "已被发布者删除",
    "帖子不存在",
    "主题不存在",
    "信息不存在",
    "该页无法显示",
    "您访问的页面",
    "404 not found",
    "page not found",
    "此内容因违规无法查看",
    "404错误",
];

/// Refuses a redirect from an ordinary address to a login or captcha.
pub(super) fn redirect_to_a_wall(from: &str, to: &Url) -> Step<()> {
    let was_meant = Url::parse(from).is_ok_and(|from| is_wall_address(&from));
    if is_wall_address(to) && !was_meant {
        return Err(FetchOutcome::dropped(DropReason::Walled, format!("{from} leads to {to}")));
    }
    Ok(())
}

fn is_wall_address(url: &Url) -> bool {
    const HOSTS: &[&str] =
        &["passport", "login", "sso", "signin", "account", "accounts", "cas", "captcha"];
    const PATHS: &[&str] = &[
        "login",
        "signin",
        "logon",
        "passport",
        "captcha",
        "antispider",
        "verify",
        "verification",
        "sso",
    ];
    let first = url.host_str().and_then(|h| h.split('.').next()).unwrap_or_default();
    HOSTS.contains(&first)
        || url.path_segments().is_some_and(|mut parts| {
            parts.any(|part| {
                let stem = part.split('.').next().unwrap_or_default().to_ascii_lowercase();
                PATHS.contains(&stem.as_str())
            })
        })
}

/// Refuses a page that is a wall, or tells with status 200 that there is none.
pub(super) fn stands_before(seen: &[String], url: &Url, body: &[u8]) -> Step<()> {
    let asked = seen.first().and_then(|first| Url::parse(first).ok());
    let was_deep = asked.as_ref().is_some_and(|asked| asked.path().len() > 1);
    if was_deep && seen.len() > 1 && url.path() == "/" && url.query().is_none() {
        let detail = format!("{} leads to the front page {url}", seen[0]);
        return Err(FetchOutcome::dropped(DropReason::Gone, detail));
    }
    if !looks_like_html(body) {
        return Ok(());
    }
    let Some(text) = scant_text(body) else { return Ok(()) };
    let found = |marks: &'static [&'static str]| marks.iter().find(|mark| text.contains(**mark));
    if let Some(mark) = found(GONE_MARKS) {
        return Err(FetchOutcome::dropped(DropReason::Gone, format!("`{mark}` at {url}")));
    }
    if let Some(mark) = found(WALL_MARKS) {
        return Err(FetchOutcome::dropped(DropReason::Walled, format!("`{mark}` at {url}")));
    }
    Ok(())
}

fn looks_like_html(body: &[u8]) -> bool {
    let head = body[..body.len().min(1024)].to_ascii_lowercase();
    let has = |word: &[u8]| head.windows(word.len()).any(|w| w == word);
    (has(b"<html") || has(b"<!doctype html") || has(b"<head") || has(b"<body") || has(b"<title"))
        && !has(b"<rss")
        && !has(b"<feed")
}

/// The visible text in lower case, when there is little of it.
fn scant_text(body: &[u8]) -> Option<String> {
    if body.len() > LOOKED_AT_BYTES {
        return None;
    }
    let source = std::str::from_utf8(body).map_or_else(
        |_| encoding_rs::GB18030.decode_without_bom_handling(body).0.into_owned(),
        str::to_owned,
    );
    let mut text = String::new();
    let mut visible = 0;
    let mut rest = source.as_str();
    while let Some(open) = rest.find('<') {
        visible += keep(&mut text, &rest[..open]);
        if visible > SCANT_CHARS {
            return None;
        }
        rest = skip_tag(&rest[open..]);
    }
    visible += keep(&mut text, rest);
    (visible <= SCANT_CHARS).then_some(text)
}

fn keep(text: &mut String, piece: &str) -> usize {
    text.push_str(&piece.to_lowercase());
    text.push(' ');
    piece.chars().filter(|c| !c.is_whitespace()).count()
}

/// What follows a tag; scripts, styles and comments are skipped whole.
fn skip_tag(rest: &str) -> &str {
    let starts =
        |name: &str| rest.get(1..=name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name));
    let end = if rest.starts_with("<!--") {
        "-->"
    } else if starts("script") {
        "</script"
    } else if starts("style") {
        "</style"
    } else {
        ">"
    };
    let Some(at) = rest.find(end) else { return "" };
    let rest = &rest[at + end.len()..];
    if end.starts_with("</") { rest.find('>').map_or("", |at| &rest[at + 1..]) } else { rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: Option<DropReason>) {
        let url = Url::parse("https://example.cn/a/1.html").unwrap();
        let got = stands_before(&[url.to_string()], &url, body.as_bytes());
        let reason = got.err().map(|outcome| match outcome {
            FetchOutcome::Dropped { reason, .. } => reason,
            other => panic!("{other:?}"),
        });
        assert_eq!(reason, expected, "{body}");
    }

    #[test]
    fn walls_and_soft_404s_are_told_from_pages_that_speak_of_them() {
        let long = "云岭矿业集团发布安全生产通报。".repeat(40);
        check("<html><title>提示</title><p>请先登录后再查看该帖</p>", Some(DropReason::Walled));
        check(
            "<html><body>当前环境异常，完成验证后即可继续访问。</body>",
            Some(DropReason::Walled),
        );
        check("<html><title>404</title>抱歉，您访问的页面不存在或已删除", Some(DropReason::Gone));
        check(&format!("<html><div>请先登录</div><p>{long}</p>"), None);
        check(&format!("<html><p>{long}页面不存在</p>"), None);
        check("<html><p>公告：明日停电检修。</p><script>var m='请输入验证码'</script>", None);
        check("<rss><channel><title>安全验证</title></channel></rss>", None);
    }

    #[test]
    fn a_redirect_to_a_login_is_a_wall_unless_it_was_asked_for() {
        let to = |u: &str| Url::parse(u).unwrap();
        assert!(
            redirect_to_a_wall("https://example.cn/t/1", &to("https://passport.example.cn/x"))
                .is_err()
        );
        assert!(
            redirect_to_a_wall("https://example.cn/t/1", &to("https://example.cn/login.php?b=1"))
                .is_err()
        );
        assert!(
            redirect_to_a_wall("https://example.cn/t/1", &to("https://example.cn/t/2")).is_ok()
        );
        assert!(
            redirect_to_a_wall("https://example.cn/login", &to("https://example.cn/login/"))
                .is_ok()
        );
    }
}
