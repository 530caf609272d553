//! What kind of place a post comes from. The source itself is config; these are the closed sets it uses.

use serde::{Deserialize, Serialize};

/// The kind of medium a post appeared in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// News sites and newspapers (新闻).
    #[default]
    News,
    /// Government sites, notices, petitions and their answers (政务).
    Gov,
    /// Weibo and other micro-blogs (微博).
    Weibo,
    /// WeChat articles (微信).
    Wechat,
    /// Forums and boards (论坛).
    Forum,
    /// Question-and-answer sites (问答).
    Qa,
    /// Blogs and self-media columns (博客/自媒体).
    Blog,
    /// Video pages (视频).
    Video,
    /// Anything else.
    Other,
}

impl Channel {
    /// All channels, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::News,
        Self::Gov,
        Self::Weibo,
        Self::Wechat,
        Self::Forum,
        Self::Qa,
        Self::Blog,
        Self::Video,
        Self::Other,
    ];

    /// The name used in config, queries, the store and the index.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::News => "news",
            Self::Gov => "gov",
            Self::Weibo => "weibo",
            Self::Wechat => "wechat",
            Self::Forum => "forum",
            Self::Qa => "qa",
            Self::Blog => "blog",
            Self::Video => "video",
            Self::Other => "other",
        }
    }

    /// The channel with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == name)
    }
}

/// How far a source reaches; weighs in risk and heat.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Private accounts and small boards.
    Low,
    /// Ordinary local media and large boards.
    #[default]
    Normal,
    /// National and provincial media, government.
    High,
}
