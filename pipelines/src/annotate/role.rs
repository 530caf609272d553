//! What a post is within its story: hearsay, a report, an official answer, or a correction of what was said.
//!
//! In: a post. Out: its [`Role`], by who speaks (the channel) and how (a notice in the name of an office or house, "网传",
//! "不实"). It reads the form, not the truth: a rumour that is right stays one. Judges no person.

use serde::{Deserialize, Serialize};

use crate::record::{Channel, Post};
use crate::text::fold;

/// What a post is within its story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Told as hearsay or asked: 听说, 网传, 是真的吗.
    Rumour,
    /// Told by somebody who was there or asked around.
    Report,
    /// An office or the house itself answers: 情况通报, 声明.
    Response,
    /// What was said is denied or taken back: 不实, 辟谣, 致歉.
    Correction,
}

impl Role {
    /// The name used in output and locale keys (`record.role.…`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rumour => "rumour",
            Self::Report => "report",
            Self::Response => "response",
            Self::Correction => "correction",
        }
    }

    /// Whether the story is answered with it.
    #[must_use]
    pub fn answers(self) -> bool {
        matches!(self, Self::Response | Self::Correction)
    }
}

/// Characters of the text that are read: hearsay and answers say so at once.
const READ: usize = 200;

const DENIES: [&str; 11] = [
    "辟谣",
    "不实",
    "谣言",
    "不属实",
    "并非事实",
    "更正",
    "致歉",
    "纯属捏造",
    "虚假信息",
    "误读",
    "不存在此",
];
const ANSWERS: [&str; 11] = [
    "情况通报",
    "情况说明",
    "通报",
    "声明",
    "回应",
    "公告",
    "答复",
    "说明",
    "通告",
    "工作专班",
    "调查结果",
];
/// How an answer speaks of itself.
const IN_OWN_NAME: [&str; 8] =
    ["我公司", "我集团", "我局", "我镇", "我县", "我市", "我矿", "本公司"];
const HEARSAY: [&str; 12] = [
    "听说",
    "网传",
    "据说",
    "传言",
    "爆料",
    "求证",
    "真的吗",
    "是真是假",
    "有知道的",
    "有人说",
    "疑似",
    "据传",
];

/// The role of a post.
#[must_use]
pub fn role_of(post: &Post) -> Role {
    let title = fold(&post.title);
    let lead: String = post.text.chars().take(READ).collect();
    let lead = fold(&lead);
    let (title, lead) = (title.text(), lead.text());
    let says =
        |words: &[&str]| words.iter().any(|word| title.contains(word) || lead.contains(word));
    let titled = |words: &[&str]| words.iter().any(|word| title.contains(word));
    let is_office = post.channel == Channel::Gov;
    let is_notice = titled(&ANSWERS) && (title.starts_with("关于") || says(&IN_OWN_NAME));
    // Hearsay comes first where nobody of standing speaks: 网传…不实吗.
    let is_of_people = !matches!(post.channel, Channel::News | Channel::Gov);
    if is_of_people && says(&HEARSAY) && !is_notice && !titled(&DENIES) {
        return Role::Rumour;
    }
    if says(&DENIES) {
        return Role::Correction;
    }
    if is_notice || is_office || (titled(&ANSWERS) && !is_of_people) {
        return Role::Response;
    }
    if is_of_people && titled(&["?"]) { Role::Rumour } else { Role::Report }
}

#[cfg(test)]
mod tests {
    use super::super::sample::post;
    use super::*;

    fn check(channel: Channel, title: &str, text: &str, expected: Role) {
        let mut post = post("a", title, text, 0);
        post.channel = channel;
        assert_eq!(role_of(&post), expected, "{title}");
    }

    #[test]
    fn who_speaks_and_how_tells_the_role() {
        check(Channel::Forum, "听说青岚沟今天冒顶了？", "有知道的吗", Role::Rumour);
        check(Channel::Weibo, "突发！网传井下埋了三个", "矿上不让进", Role::Rumour);
        check(Channel::Forum, "三个月没发工资了", "问队长说下周", Role::Report);
        check(Channel::News, "煤矿冒顶两人受伤", "记者从现场获悉，救援在继续", Role::Report);
        check(Channel::Gov, "关于顶板事故的情况通报", "两人轻伤，当班人员全部升井", Role::Response);
        check(Channel::News, "关于近期网络信息的声明", "我公司注意到有关信息", Role::Response);
        check(Channel::News, "当地称“三死”是谣言", "两名矿工被砸伤", Role::Correction);
        check(Channel::Wechat, "致歉：昨日推文数字有误", "向矿工家属道歉", Role::Correction);
    }
}
