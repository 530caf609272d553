//! What newspapers and sites put among their articles that is none: staff lines, tables of contents, pictures alone.
//!
//! In: title and text. Out: whether it is no article. Only where the title says so and no prose contradicts it: an
//! article about a table of contents has sentences.

/// Letters of prose from which something is an article whatever it is called.
const PROSE_CHARS: usize = 40;

/// Whether title and text are those of a page's furniture.
pub(super) fn is_none(title: &str, text: &str) -> bool {
    let name = own_name(title);
    let prose = || prose_chars(text);
    if is_staff_line(&name) {
        return prose() < PROSE_CHARS;
    }
    if is_contents(&name) {
        return prose() < PROSE_CHARS;
    }
    is_picture(&name) && letters(text) < 12
}

/// The title without the number of its page: `07版 - 本版责编`.
fn own_name(title: &str) -> String {
    let title = title.trim();
    let rest = title.split_once("版").map_or(title, |(number, rest)| {
        let is_number = number.chars().all(|c| c.is_ascii_alphanumeric() || c == '第');
        if is_number && number.chars().count() <= 4 { rest } else { title }
    });
    let rest = rest.trim_start_matches([' ', '-', '—', '－', '：', ':', '\u{3000}', '|']);
    rest.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// 本版责编：…, 一版责编：… 二版责编：…, 责任编辑：….
fn is_staff_line(name: &str) -> bool {
    const WORK: [&str; 12] = [
        "责编",
        "责任编辑",
        "责任校对",
        "版式设计",
        "美术编辑",
        "值班编委",
        "值班主任",
        "版面编辑",
        "本版制图",
        "本版编辑",
        "编辑",
        "校对",
    ];
    const PAGES: [&str; 12] = [
        "本版",
        "本期",
        "一版",
        "二版",
        "三版",
        "四版",
        "五版",
        "六版",
        "七版",
        "八版",
        "要闻版",
        "",
    ];
    let is_work = |rest: &str| {
        WORK.iter().any(|work| {
            rest.strip_prefix(work).is_some_and(|names| {
                names.is_empty() || names.starts_with([' ', '：', ':', '　', '/'])
            })
        })
    };
    !name.contains(['。', '！', '？'])
        && PAGES
            .iter()
            .any(|page| name.strip_prefix(page).is_some_and(|rest| is_work(rest.trim_start())))
}

fn is_contents(name: &str) -> bool {
    matches!(
        name,
        "导读"
            | "今日导读"
            | "要闻导读"
            | "本期导读"
            | "内容导读"
            | "版面导读"
            | "目录"
            | "本期目录"
            | "总目录"
            | "要目"
            | "本期要目"
            | "版面导航"
            | "版面目录"
            | "今日看点"
            | "报头"
            | "广告"
            | "公益广告"
    )
}

fn is_picture(name: &str) -> bool {
    matches!(
        name,
        "图片报道"
            | "图片新闻"
            | "图片"
            | "组图"
            | "图说"
            | "图说新闻"
            | "无标题"
            | "无题"
            | "摄影报道"
            | "摄影"
    )
}

fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphabetic()).count()
}

/// Letters of lines that are sentences: with a full stop, or long with a comma. Names of staff, dates and addresses
/// of mail have neither.
fn prose_chars(text: &str) -> usize {
    text.lines()
        .filter(|line| {
            let stops = line.contains(['。', '！', '？']);
            stops || letters(line) >= 40 && line.contains('，')
        })
        .map(letters)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::is_none;

    fn check(title: &str, text: &str, expected: bool) {
        assert_eq!(is_none(title, text), expected, "{title}");
    }

    #[test]
    fn furniture_of_newspapers_is_no_article() {
        check("07版 -  本版责编：甲某某 ", "2026年11月20日\n版式设计：乙某某", true);
        check(
            "08版 -  本版责编  甲某某  乙某",
            "本版邮箱 a@example.cn版式设计  丙某\n云 岭 日 报",
            true,
        );
        check("04版 -  一版责编：甲 某  二版责编：乙某", "2026年11月20日\n云 岭 日 报", true);
        check("责任编辑：甲某", "", true);
        check("01版 -  导读 ", "矿区供暖提前一周第三版\n班车时刻调整第五版", true);
        check("本期目录", "一、安全生产\n二、职工生活", true);
        check("03版 -  图片报道", "2026年11月20日", true);
    }

    #[test]
    fn articles_of_the_same_names_stay() {
        let prose = "11月20日，检修人员在南关煤矿检查主通风机，共更换轴承六套，设备恢复运行，各队照常下井作业。";
        check("03版 -  图片报道", prose, false);
        check("导读", &prose.repeat(2), false);
        check("编辑部来了新同事", "短讯一则", false);
        check("责任编辑谈校对：十年一日", prose, false);
        check("停水通知", "因管道检修，南关镇明日停水。", false);
        check("南关煤矿出版目录", "", false);
    }
}
