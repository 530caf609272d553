//! What single lines say by their words: labels, counters, shares, notices.
//!
//! In: one line and its letters. Out: a few yes-or-no signs as numbers, the same for every site. They are signs for
//! the learned judge, not verdicts: a line with 来源 in it may well be text.

use std::sync::LazyLock;

use daachorse::CharwiseDoubleArrayAhoCorasick;

use super::super::blocks::Block;
use super::super::{phrase, thread};

/// Kinds of words, each a sign of its own.
const KINDS: [&[&str]; 14] = [
    &["来源", "稿源", "转自", "转载自", "出处", "来自"],
    &["编辑", "责编", "审核", "校对", "编审", "监制", "审签", "终审"],
    &["作者", "记者", "通讯员", "供稿", "撰文", "文/", "文｜", "Author", "发布者", "发布人"],
    &["浏览", "点击", "阅读", "人气", "评论", "次数", "views", "Views", "点赞", "热度", "字数"],
    &["分享", "转发", "收藏", "举报", "打印", "字号", "字体", "Share", "复制链接", "纠错"],
    &["关注", "扫码", "扫一扫", "二维码", "公众号", "下载", "客户端", "APP", "App", "订阅"],
    &[
        "版权",
        "转载",
        "声明",
        "侵权",
        "免责",
        "协议",
        "许可",
        "Copyright",
        "CC BY",
        "仅供参考",
        "投稿",
    ],
    &["相关", "推荐", "更多", "热门", "猜你", "延伸", "最新", "排行", "精彩"],
    &["上一", "下一", "首页", "返回", "目录", "当前位置", "上页", "下页", "末页", "Next", "Prev"],
    &["图片", "图为", "摄", "图源", "图/", "资料图", "视频", "示意图", "供图", "截图"],
    &["电话", "地址", "邮编", "传真", "邮箱", "联系人", "热线", "QQ", "咨询"],
    &["登录", "注册", "密码", "验证码", "登陆", "用户名", "发表评论", "发帖", "搜索"],
    &["标签", "分类", "专题", "关键词", "关键字", "Tags", "栏目", "归档"],
    &["附件", "附：", "附表", "注：", "备注", "参考", "原文", "链接"],
];

static WORDS_OF_KINDS: LazyLock<CharwiseDoubleArrayAhoCorasick<u32>> = LazyLock::new(|| {
    let words = (0u32..).zip(KINDS).flat_map(|(kind, words)| words.iter().map(move |w| (*w, kind)));
    CharwiseDoubleArrayAhoCorasick::with_values(words).expect("the words are constant and differ")
});

/// What a line is by its words alone.
#[derive(Clone, Copy, Default)]
pub(super) struct Said {
    pub(super) is_furniture: bool,
    pub(super) is_end: bool,
    pub(super) is_legal: bool,
    pub(super) is_byline: bool,
    pub(super) is_post_meta: bool,
}

impl Said {
    pub(super) fn of(line: &str, chars: u32) -> Self {
        Self {
            is_furniture: phrase::is_furniture(line, chars),
            is_end: phrase::is_end(line, chars),
            is_legal: phrase::is_legal(line),
            is_byline: phrase::is_byline(line, chars),
            is_post_meta: thread::is_post_meta(line, chars),
        }
    }
}

/// Writes the signs of a line to `out`.
pub(super) fn signs(line: &str, block: &Block, said: Said, out: &mut Vec<f32>) {
    let chars = block.chars;
    let short = super::super::clip::front(line, 400);
    let yes = |b: bool| f32::from(u8::from(b));
    let mut kinds = [0.0; KINDS.len()];
    for found in WORDS_OF_KINDS.find_overlapping_iter(short) {
        // A word says more of a short line.
        kinds[found.value() as usize] = 20.0 / (chars as f32 + 10.0);
    }
    out.extend(kinds);
    let digits = short.bytes().filter(u8::is_ascii_digit).count() as f32;
    let latin = short.bytes().filter(u8::is_ascii_alphabetic).count() as f32;
    let letters = (chars as f32).clamp(1.0, 400.0);
    let code = short.bytes().filter(|b| b"{}()[];=<>$#_\\/".contains(b)).count() as f32;
    out.extend([
        digits / letters,
        latin / letters,
        yes(said.is_furniture),
        yes(said.is_end),
        yes(said.is_legal),
        yes(said.is_byline),
        yes(said.is_post_meta),
        yes(line.ends_with(['。', '！', '？', '”', '…', '!', '?', '；', '.', '~'])),
        yes(line.ends_with(['：', ':'])),
        yes(short.contains("http") || short.contains("www.")),
        yes(has_date(short)),
        code / (letters + code),
        yes(line.starts_with(['【', '[', '（', '(', '>', '«', '|', '·', '•', '#', '©', '▲', '△'])),
    ]);
}

/// `2019-`, `2019年`, `2019/`, `2019.`.
fn has_date(line: &str) -> bool {
    let bytes = line.as_bytes();
    bytes.windows(5).enumerate().any(|(at, w)| {
        (w.starts_with(b"20") || w.starts_with(b"19"))
            && w[2].is_ascii_digit()
            && w[3].is_ascii_digit()
            && (matches!(w[4], b'-' | b'/' | b'.')
                || line.as_bytes()[at + 4..].starts_with("年".as_bytes()))
    })
}
