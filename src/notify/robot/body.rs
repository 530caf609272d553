//! Bodies of robots: the Markdown of 企业微信 and 钉钉, the post of 飞书, and plain text for all three.
//!
//! In: a title and items. Out: the JSON that the robot reads, without signature, and whether it is short enough. Signs
//! that would mean something to the robot become their full-width forms: nobody escapes them the same way.

use serde_json::{Value, json};

use super::super::items::{Item, Span};
use super::Brand;
use crate::config::RobotStyle;

/// Bytes of the content of a WeCom message in Markdown, and in plain text.
const WECOM_BYTES: (usize, usize) = (4_096, 2_048);

/// Bytes of a whole DingTalk body: 20,000 are taken.
const DINGTALK_BYTES: usize = 20_000;

/// Bytes of a whole Feishu body, less room for the signature: 20 KB are taken.
const FEISHU_BYTES: usize = 19_800;

/// What is sent.
pub(super) fn body(brand: Brand, style: RobotStyle, title: &str, items: &[Item]) -> Value {
    match (brand, style) {
        (Brand::Wecom, RobotStyle::Rich) => {
            let content = format!("### {}\n{}", calm(title), lines(items, "\n"));
            json!({ "msgtype": "markdown", "markdown": { "content": content } })
        }
        (Brand::Dingtalk, RobotStyle::Rich) => {
            let text = format!("### {}\n\n{}", calm(title), lines(items, "\n\n"));
            json!({ "msgtype": "markdown", "markdown": { "title": calm(title), "text": text } })
        }
        (Brand::Feishu, RobotStyle::Rich) => {
            let content: Vec<Value> = items.iter().map(post_line).collect();
            let post = json!({ "zh_cn": { "title": title, "content": content } });
            json!({ "msg_type": "post", "content": { "post": post } })
        }
        (Brand::Wecom | Brand::Dingtalk, RobotStyle::Text) => {
            json!({ "msgtype": "text", "text": { "content": plain(title, items) } })
        }
        (Brand::Feishu, RobotStyle::Text) => {
            json!({ "msg_type": "text", "content": { "text": plain(title, items) } })
        }
    }
}

/// Whether the robot takes `body`.
pub(super) fn is_short_enough(brand: Brand, style: RobotStyle, body: &Value) -> bool {
    let content = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map_or(0, str::len);
    match (brand, style) {
        (Brand::Wecom, RobotStyle::Rich) => content("/markdown/content") <= WECOM_BYTES.0,
        (Brand::Wecom, RobotStyle::Text) => content("/text/content") <= WECOM_BYTES.1,
        (Brand::Dingtalk, _) => body.to_string().len() <= DINGTALK_BYTES,
        (Brand::Feishu, _) => body.to_string().len() <= FEISHU_BYTES,
    }
}

fn lines(items: &[Item], between: &str) -> String {
    items.iter().map(markdown_line).collect::<Vec<_>>().join(between)
}

fn markdown_line(item: &Item) -> String {
    let shown = item.0.iter().map(|span| match span {
        Span::Text(text) => calm(text),
        Span::Bold(text) => format!("**{}**", calm(text)),
        Span::Link { text, url } => format!("[{}]({url})", calm(text)),
    });
    shown.collect()
}

fn post_line(item: &Item) -> Value {
    let spans = item.0.iter().map(|span| match span {
        Span::Text(text) => json!({ "tag": "text", "text": text }),
        Span::Bold(text) => json!({ "tag": "text", "text": text, "style": ["bold"] }),
        Span::Link { text, url } => json!({ "tag": "a", "text": text, "href": url }),
    });
    Value::Array(spans.collect())
}

/// Plain text, in which only `<at …>` could mean something.
fn plain(title: &str, items: &[Item]) -> String {
    let lines = items.iter().map(Item::plain);
    let all: Vec<String> = std::iter::once(title.to_owned()).chain(lines).collect();
    all.join("\n").replace('<', "＜").replace('>', "＞")
}

/// `text` in which no sign starts anything.
fn calm(text: &str) -> String {
    let calm = text.chars().map(|c| match c {
        '*' => '＊',
        '[' => '［',
        ']' => '］',
        '<' => '＜',
        '>' => '＞',
        '`' => '｀',
        '#' => '＃',
        '~' => '～',
        c => c,
    });
    calm.collect()
}
