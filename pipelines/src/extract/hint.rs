//! What the class and id of elements say about them: body, furniture, comments, byline.
//!
//! In: a `Dom`. Out: per node the hint it inherits. Words of page authors in English and pinyin, matched on
//! word borders of the name (`relatedNews`, `art_content`). A hint is a prior: `body` overrules it where
//! the text itself says otherwise.

use std::collections::HashMap;

use super::dom::{AttrName, Dom, NodeId};
use super::tag::Tag;

/// What the names around a node say. Several may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hint(u16);

impl Hint {
    /// Furniture: menus, related links, share bars, advertisements.
    pub(super) const NOISE: Self = Self(1);
    /// Comments and replies.
    pub(super) const COMMENT: Self = Self(2);
    /// Time, source, author, counters.
    pub(super) const META: Self = Self(4);
    /// Main text.
    pub(super) const BODY: Self = Self(8);
    /// Header or footer of the page.
    pub(super) const EDGE: Self = Self(16);

    /// Overlays that are never text, whatever else the page has.
    pub(super) const OVERLAY: Self = Self(32);

    /// Numbers and buttons beside listings.
    pub(super) const GUTTER: Self = Self(64);
    /// Words of somebody else, repeated.
    pub(super) const QUOTE: Self = Self(128);
    /// Licence, signature, reward: notices at the foot of a text.
    pub(super) const NOTICE: Self = Self(256);

    /// The text of the page itself, by a name that is given to nothing else (`articleBody`, `entry-content`).
    pub(super) const STRONG: Self = Self(512);

    /// Whether it holds (any of) `other`.
    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Without `other`.
    fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Both.
    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Hints of every node of a page.
pub(super) struct Hints {
    /// The node's own hint with those of everything around it.
    pub(super) inherited: Vec<Hint>,
    /// What the node's own names say.
    pub(super) own: Vec<Hint>,
}

impl Hints {
    /// Reads all names of a page once; equal names are judged once.
    pub(super) fn of(dom: &Dom<'_>) -> Self {
        let mut known: HashMap<&str, Hint> = HashMap::new();
        let mut inherited = Vec::with_capacity(dom.nodes.len());
        let mut owns = Vec::with_capacity(dom.nodes.len());
        owns.push(Hint::default());
        // A byline's name reaches one level down only: `post by-user` is a whole post.
        let mut handed: Vec<Hint> = Vec::with_capacity(dom.nodes.len());
        inherited.push(Hint::default());
        handed.push(Hint::default());
        for id in 1..dom.nodes.len() as NodeId {
            let node = dom.node(id);
            let around: Hint = handed[node.parent as usize];
            if node.tag == Tag::Text {
                handed.push(around);
                inherited.push(around);
                owns.push(Hint::default());
                continue;
            }
            let mut own = of_tag(node.tag);
            for attr in &dom.attrs[node.from as usize..node.to as usize] {
                if attr.name == AttrName::Itemprop && attr.value.contains("articleBody") {
                    own = own.with(Hint::BODY).with(Hint::STRONG);
                }
                if matches!(attr.name, AttrName::Class | AttrName::Id) && !attr.value.is_empty() {
                    let named = *known.entry(attr.value).or_insert_with(|| of_name(attr.value));
                    own = agreed(own, named);
                }
            }
            // A body inside furniture is still furniture; furniture named so inside a body as well.
            if matches!(node.tag, Tag::Body | Tag::Html) {
                own = Hint::default();
            }
            inherited.push(around.with(own));
            owns.push(own);
            handed.push(around.without(Hint::META).with(own));
        }
        Self { inherited, own: owns }
    }
}

/// What tag, class and id say together: where one of them names a text (`articleContent`) and another furniture
/// (`ad_area2`), it is a text that the page puts furniture around or into.
fn agreed(one: Hint, other: Hint) -> Hint {
    let split = |text: Hint, noise: Hint| {
        text.has(Hint::BODY)
            && !text.has(Hint::NOISE)
            && noise.has(Hint::NOISE)
            && !noise.has(Hint::OVERLAY)
    };
    if split(one, other) {
        one.with(other.without(Hint::NOISE))
    } else if split(other, one) {
        other.with(one.without(Hint::NOISE))
    } else {
        one.with(other)
    }
}

fn of_tag(tag: Tag) -> Hint {
    match tag {
        Tag::Nav | Tag::Aside => Hint::NOISE,
        Tag::Footer => Hint::EDGE,
        Tag::Article | Tag::Main => Hint::BODY,
        Tag::Time => Hint::META,
        _ => Hint::default(),
    }
}

/// What a class or id value says.
pub(super) fn of_name(name: &str) -> Hint {
    let mut hint = Hint::default();
    // Long lists are utility classes and switches; the box's own name comes first.
    let all = name.split_ascii_whitespace().count();
    for class in name.split_ascii_whitespace().take(if all > 6 { 2 } else { 6 }) {
        let words = words(class);
        let is_switch = words.first().is_some_and(|w| {
            matches!(
                w.as_str(),
                "enable" | "disable" | "has" | "is" | "no" | "with" | "show" | "hide"
            )
        });
        // `enableAdSlotsOneSlot` is a switch, not the name of a box.
        if !is_switch && (words.len() <= 3 || class.contains(['-', '_'])) {
            let named = words.iter().fold(Hint::default(), |h, word| h.with(of_word(word)));
            // `thing-main__footer` is the foot of a component, not of the page.
            let is_part = class.contains("__");
            if is_text_itself(&words) {
                hint = hint.with(Hint::BODY).with(Hint::STRONG);
            }
            hint = hint.with(if is_part { named.without(Hint::EDGE) } else { named });
        }
    }
    hint
}

/// Words of a name: cut at signs, digits and humps, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut was_lower = false;
    for c in name.chars().take(200) {
        let hump = c.is_ascii_uppercase() && was_lower;
        if (!c.is_ascii_alphabetic() || hump) && !word.is_empty() {
            out.push(std::mem::take(&mut word));
        }
        if c.is_ascii_alphabetic() {
            word.push(c.to_ascii_lowercase());
        }
        was_lower = c.is_ascii_lowercase();
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

/// Whether a name is that of the text itself, as the common systems and house styles call it.
fn is_text_itself(words: &[String]) -> bool {
    const NAMES: [&str; 44] = [
        "articlebody",
        "articlecontent",
        "articlecont",
        "articlecon",
        "articletext",
        "articledetail",
        "artibody",
        "artcontent",
        "arttext",
        "artbody",
        "artcon",
        "artdetail",
        "postcontent",
        "postbody",
        "posttext",
        "postmessage",
        "entrycontent",
        "entrybody",
        "storybody",
        "storycontent",
        "storytext",
        "newscontent",
        "newstext",
        "newsbody",
        "newsdetail",
        "newscon",
        "contenttext",
        "contentbody",
        "contentdetail",
        "detailcontent",
        "detailtext",
        "textcontent",
        "jscontent",
        "richmediacontent",
        "richtext",
        "trseditor",
        "trsueditor",
        "viewtrsueditor",
        "markdownbody",
        "mwparseroutput",
        "topiccontent",
        "threadcontent",
        "zhengwen",
        "zoom",
    ];
    words.len() <= 4 && NAMES.contains(&words.concat().as_str())
}

fn of_word(word: &str) -> Hint {
    match word {
        "nav" | "navi" | "navbar" | "navigation" | "menu" | "menus" | "submenu" | "crumb"
        | "crumbs" | "breadcrumb" | "breadcrumbs" | "bread" | "sidebar" | "sidenav" | "aside"
        | "related" | "relate" | "relation" | "relevant" | "recommend" | "recommends"
        | "recommended" | "recommendation" | "recom" | "rec" | "tuijian" | "hotnews" | "rank"
        | "ranking" | "ranklist" | "paihang" | "share" | "shares" | "sharebar" | "sharebox"
        | "bdshare" | "bdsharebuttonbox" | "jiathis" | "fenxiang" | "ad" | "ads" | "adv"
        | "advert" | "advertise" | "advertisement" | "banner" | "guanggao" | "sponsor"
        | "login" | "toolbar" | "tools" | "pager" | "pagination" | "pagebar" | "pagenav"
        | "paging" | "tags" | "taglist" | "keywords" | "qrcode" | "erweima" | "ewm"
        | "download" | "vote" | "subscribe" | "copyright" | "copy" | "declare" | "declaration"
        | "disclaimer" | "statement" | "shengming" | "mianze" | "links" | "friendlink" | "hot"
        | "latest" | "newest" | "rss" | "search" | "toc" | "catalog" | "prevnext" | "prev"
        | "nextpage" | "sitemap" | "weather" | "feedback" | "report" | "jubao" | "jiucuo"
        | "rightbar" | "leftbar" | "fixedbar" | "slider" | "carousel" | "swiper" | "reference"
        | "references" | "reflist" | "navbox" | "noprint" | "mw-editsection" | "editsection"
        | "catlinks" => Hint::NOISE,
        "modal" | "popup" | "dialog" | "tooltip" | "dropdown" | "lightbox" | "mask" => {
            Hint::NOISE.with(Hint::OVERLAY)
        }
        "comment" | "comments" | "commentlist" | "pinglun" | "reply" | "replies" | "cmt"
        | "discuss" => Hint::COMMENT,
        "header" | "footer" | "foot" | "head" | "bottombar" | "topbar" | "sitefooter" => Hint::EDGE,
        "time" | "date" | "pubtime" | "publishtime" | "datetime" | "timestamp" | "source"
        | "laiyuan" | "author" | "authors" | "byline" | "editor" | "info" | "meta" | "artinfo"
        | "articleinfo" | "subinfo" | "views" | "username" | "nickname" | "user" => Hint::META,
        "article" | "articlebody" | "articlecontent" | "content" | "contents" | "artibody"
        | "body" | "text" | "maintext" | "detail" | "details" | "post" | "entry" | "story"
        | "zoom" | "trs" | "zhengwen" | "neirong" | "cnt" | "paragraph" | "postmessage"
        | "richtext" | "rich" | "wenzhang" | "markdown" | "message" | "msg" => Hint::BODY,
        "gutter" | "lineno" | "linenos" | "linenumber" | "linenumbers" | "lnum" | "linenums" => {
            Hint::GUTTER
        }
        "quote" | "quoted" | "quotes" | "yinyong" => Hint::QUOTE,
        "license" | "licence" | "reward" | "donate" | "sign" | "signature" | "sigline" | "cc"
        | "creative" => Hint::NOTICE,
        _ => Hint::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Hint, of_name};

    fn check(name: &str, expected: &[Hint]) {
        let all = [Hint::NOISE, Hint::COMMENT, Hint::META, Hint::BODY, Hint::EDGE, Hint::OVERLAY];
        let got: Vec<Hint> = all.into_iter().filter(|h| of_name(name).has(*h)).collect();
        assert_eq!(got, expected, "{name}");
    }

    #[test]
    fn a_text_with_an_advertisement_in_its_id_is_a_text() {
        let dom =
            super::super::markup::parse("<div class=articleContent id=keyword_ad_area>文</div>");
        let own = super::Hints::of(&dom).own[1];
        assert!(own.has(Hint::BODY) && !own.has(Hint::NOISE));
    }

    #[test]
    fn names_are_read_word_by_word() {
        check("articleContent", &[Hint::BODY]);
        check("TRS_Editor", &[Hint::META, Hint::BODY]);
        check("related-news", &[Hint::NOISE]);
        check("commentList", &[Hint::COMMENT]);
        check("pub-time", &[Hint::META]);
        check("footer", &[Hint::EDGE]);
        check("ui modal", &[Hint::NOISE, Hint::OVERLAY]);
        check("headline", &[]);
        check("enableAdSlotsOneSlot", &[]);
        check("loading", &[]);
    }
}
