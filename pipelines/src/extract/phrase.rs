//! Lines that say of themselves that they are not text: share bars, related links, disclaimers, breadcrumbs.
//!
//! In: single lines, and the kept lines of a body. Out: whether a line goes, and where the body ends. Phrases of
//! Chinese sites in general, matched on short lines only; what an article says in a sentence is never cut.

use super::blocks::Lines;

/// Longest line, in letters, that is furniture by its first words.
const SHORT: u32 = 48;
/// After this share of the letters a heading like 相关阅读 ends the text.
const TAIL_FROM: f32 = 0.45;

/// Company and licence lines at the foot of a page.
pub(super) fn is_legal(line: &str) -> bool {
    const WORDS: [&str; 16] = [
        "ICP备",
        "ICP证",
        "公网安备",
        "许可证",
        "Copyright",
        "copyright",
        "COPYRIGHT",
        "All Rights",
        "all rights",
        "版权所有",
        "违法和不良信息",
        "不良信息举报",
        "备案号",
        "经营许可",
        "法律顾问：",
        "技术支持：",
    ];
    line.len() < 600 && WORDS.iter().any(|w| line.contains(w))
}

/// Beginnings of lines after which nothing of the article comes.
const ENDS: [&str; 46] = [
    "作者其他文章",
    "精选视频",
    "热门视频",
    "更多新闻",
    "最新文章",
    "热门文章",
    "相关新闻",
    "相关报道",
    "相关阅读",
    "相关链接",
    "相关文章",
    "相关专题",
    "相关推荐",
    "相关附件",
    "相关稿件",
    "推荐阅读",
    "热门推荐",
    "延伸阅读",
    "更多精彩",
    "更多报道",
    "免责声明",
    "版权声明",
    "特别声明",
    "反侵权公告",
    "网站声明",
    "转载声明",
    "本网声明",
    "郑重声明",
    "以上内容（包括",
    "以上内容仅",
    "凡本网",
    "凡注明",
    "网友评论",
    "最新评论",
    "热门评论",
    "猜你喜欢",
    "为您推荐",
    "大家都在看",
    "精彩推荐",
    "热点推荐",
    "上一篇",
    "下一篇",
    "下一条",
    "上一条",
    "阅读下一篇",
    "扫一扫在手机",
];

/// Beginnings of short lines that are furniture wherever they stand.
const FURNITURE: [&str; 44] = [
    "分享到",
    "分享至",
    "分享：",
    "分享给",
    "当前位置",
    "您的位置",
    "您所在的位置",
    "所在位置",
    "您当前的位置",
    "你的位置",
    "首页 >",
    "首页>",
    "打印",
    "关闭窗口",
    "【关闭",
    "[关闭",
    "【打印",
    "[打印",
    "字号",
    "字体：",
    "【字体",
    "[字体",
    "点击数",
    "点击量",
    "浏览次数",
    "浏览量",
    "阅读量",
    "阅读数",
    "访问量",
    "扫一扫",
    "扫描二维码",
    "微信扫",
    "用微信",
    "长按二维码",
    "打开APP",
    "打开客户端",
    "加入收藏",
    "我要纠错",
    "我要评论",
    "发表评论",
    "返回顶部",
    "返回首页",
    "返回列表",
    "本文标签",
];

/// Short lines that are furniture as a whole.
const WHOLE: [&str; 60] = [
    "播报",
    "编辑",
    "打印",
    "关闭",
    "收藏",
    "分享",
    "举报",
    "评论",
    "点赞",
    "关注",
    "已关注",
    "取消",
    "确定",
    "登录",
    "注册",
    "首页",
    "更多",
    "纠错",
    "转发",
    "复制",
    "大",
    "中",
    "小",
    "展开",
    "收起",
    "展开全部",
    "展开全文",
    "阅读全文",
    "返回",
    "顶部",
    "广告",
    "复制链接",
    "回复",
    "引用",
    "置顶",
    "精华",
    "只看该作者",
    "倒序浏览",
    "不喜欢",
    "投诉",
    "订阅",
    "相关",
    "推荐",
    "热门",
    "最新",
    "赞",
    "踩",
    "顶",
    "×",
    "来源",
    "责任编辑",
    "播报文章",
    "详情",
    "查看更多",
    "点击查看",
    "加载更多",
    "全部",
    "下载",
    "推",
    "荐",
];

/// Whether a line is furniture by its words.
pub(super) fn is_furniture(line: &str, chars: u32) -> bool {
    let line = line.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '【' | '['));
    if chars <= 8 && WHOLE.contains(&line) {
        return true;
    }
    chars <= SHORT && FURNITURE.iter().any(|w| line.starts_with(w))
}

/// Whether a line begins what follows an article.
pub(super) fn is_end(line: &str, chars: u32) -> bool {
    let line = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    let limit = if line.starts_with("凡") || line.contains("声明") || line.starts_with("以上内容")
    {
        400
    } else {
        SHORT
    };
    chars <= limit && ENDS.iter().any(|w| line.starts_with(w))
}

/// A line of time, source and author: a date or a label and little else.
pub(super) fn is_byline(line: &str, chars: u32) -> bool {
    if chars > 70 {
        return false;
    }
    let has_date = line.contains("20") || line.contains("19");
    let digits = line.bytes().filter(u8::is_ascii_digit).count();
    let labelled = [
        "来源：",
        "来源:",
        "发布时间",
        "发布日期",
        "更新时间",
        "时间：",
        "日期：",
        "作者：",
        "作者:",
        "编辑：",
        "编辑:",
        "责编：",
        "浏览",
        "点击：",
        "阅读：",
        "更新 来源",
    ]
    .iter()
    .any(|w| line.contains(w));
    let is_prose = line.contains(['。', '，']);
    !is_prose
        && (labelled && (digits >= 4 || chars < 30)
            || has_date && digits >= 6 && digits * 3 >= chars as usize)
}

/// Cuts what is no text from the kept lines: furniture anywhere, bylines at the front, everything after the end.
pub(super) fn trim(kept: &mut Vec<usize>, lines: &Lines) {
    let line = |i: usize| (lines.line(&lines.blocks[i]), lines.blocks[i].chars);
    let total: u32 = kept.iter().map(|&i| lines.blocks[i].chars).sum();
    let mut seen = 0;
    let end = kept.iter().position(|&i| {
        let (text, chars) = line(i);
        let ends = seen as f32 > total as f32 * TAIL_FROM && is_end(text, chars);
        seen += chars;
        ends
    });
    kept.truncate(end.unwrap_or(kept.len()));
    kept.retain(|&i| {
        let (text, chars) = line(i);
        chars > 0 && !is_furniture(text, chars)
    });
    trim_head(kept, lines);
}

/// Cuts bylines, and what stands above them, from the front of the kept lines.
pub(super) fn trim_head(kept: &mut Vec<usize>, lines: &Lines) {
    let line = |i: usize| (lines.line(&lines.blocks[i]), lines.blocks[i].chars);
    let head = kept
        .iter()
        .take(8)
        .take_while(|&&i| lines.blocks[i].chars < 60 && lines.blocks[i].punct < 3)
        .enumerate()
        .filter(|&(_, &i)| is_byline(line(i).0, line(i).1))
        .map(|(n, _)| n + 1)
        .last();
    kept.drain(..head.unwrap_or(0));
}

#[cfg(test)]
mod tests {
    use super::{is_byline, is_end, is_furniture, is_legal};
    use crate::extract::blocks::count_chars;

    fn check(lines: &[&str], judge: impl Fn(&str, u32) -> bool, expected: bool) {
        for line in lines {
            assert_eq!(judge(line, count_chars(line)), expected, "{line}");
        }
    }

    #[test]
    fn furniture_and_prose_are_told_apart() {
        check(
            &["分享到：", "当前位置：首页 > 要闻", "打印", "【关闭窗口】", "浏览次数：356"],
            is_furniture,
            true,
        );
        check(
            &[
                "打印机厂的工人说，分享到的成果不多。矿工们对此议论纷纷，认为公司应当尽快答复并公开整个事情的经过和处理结果。",
                "关注矿工健康",
            ],
            is_furniture,
            false,
        );
    }

    #[test]
    fn ends_are_headings_not_sentences() {
        check(
            &[
                "相关新闻",
                "【相关阅读】",
                "免责声明：本文仅代表作者个人观点，与本网无关。",
                "上一篇：云岭矿业复产",
            ],
            is_end,
            true,
        );
        check(
            &[
                "相关新闻报道出来以后，云岭矿业集团立即成立了由主要负责人任组长的调查组，赶赴南坡煤矿现场核实情况，并向社会公开结果。",
            ],
            is_end,
            false,
        );
    }

    #[test]
    fn bylines_have_a_date_or_a_label() {
        check(
            &["2026-11-02 09:30 来源：云岭日报", "来源：云岭日报 作者：周山", "2026年11月02日"],
            is_byline,
            true,
        );
        check(&["2026年11月2日，云岭矿业集团召开会议。", "云岭矿业集团召开会议"], is_byline, false);
    }

    #[test]
    fn legal_lines() {
        check(&["云岭网 晋ICP备12345678号-1", "Copyright 2026 云岭矿业"], |l, _| is_legal(l), true);
        check(&["云岭矿业取得版权"], |l, _| is_legal(l), false);
    }
}
