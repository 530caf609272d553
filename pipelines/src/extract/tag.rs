//! The elements the reader knows, and what each means for the shape of a text.
//!
//! In: a tag name in any case. Out: a small closed set with the few properties that reading needs
//! (does it break a line, is it empty, is its content raw). Unknown names are `Other`: inline, harmless.

/// An element, or one of the two pseudo-nodes `Text` and `Root`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Root,
    Text,
    Other,
    Html,
    Head,
    Body,
    Title,
    Meta,
    Link,
    Base,
    Script,
    Style,
    Noscript,
    Template,
    Iframe,
    Textarea,
    Select,
    Option,
    Button,
    Input,
    Form,
    Svg,
    Div,
    P,
    Br,
    Hr,
    Pre,
    Blockquote,
    Section,
    Article,
    Main,
    Header,
    Footer,
    Nav,
    Aside,
    Center,
    Figure,
    Figcaption,
    Address,
    Dl,
    Dt,
    Dd,
    Ul,
    Ol,
    Li,
    Table,
    Caption,
    Tbody,
    Tr,
    Td,
    Heading(u8),
    A,
    Img,
    Time,
    Video,
    Inline,
}

impl Tag {
    /// The element with this name, whatever its case.
    pub(super) fn of(name: &[u8]) -> Self {
        let mut lower = [0u8; 12];
        if name.len() > lower.len() {
            return Self::Other;
        }
        for (to, from) in lower.iter_mut().zip(name) {
            *to = from.to_ascii_lowercase();
        }
        Self::of_lower(&lower[..name.len()])
    }

    /// Page structure and everything that is no text.
    fn of_lower(name: &[u8]) -> Self {
        match name {
            b"html" => Self::Html,
            b"head" => Self::Head,
            b"body" => Self::Body,
            b"title" => Self::Title,
            b"meta" => Self::Meta,
            b"link" => Self::Link,
            b"base" => Self::Base,
            b"script" => Self::Script,
            b"style" => Self::Style,
            b"noscript" | b"noframes" | b"noembed" => Self::Noscript,
            b"template" => Self::Template,
            b"iframe" => Self::Iframe,
            b"textarea" | b"xmp" => Self::Textarea,
            b"select" | b"datalist" => Self::Select,
            b"option" | b"optgroup" => Self::Option,
            b"button" => Self::Button,
            b"input" | b"embed" | b"source" | b"track" | b"wbr" | b"col" | b"area" | b"param"
            | b"frame" => Self::Input,
            b"form" => Self::Form,
            b"svg" | b"object" | b"canvas" => Self::Svg,
            _ => Self::of_text(name),
        }
    }

    /// Elements that hold text.
    fn of_text(name: &[u8]) -> Self {
        match name {
            b"div" | b"dialog" | b"details" | b"summary" | b"fieldset" => Self::Div,
            b"p" => Self::P,
            b"br" => Self::Br,
            b"hr" => Self::Hr,
            b"pre" | b"listing" => Self::Pre,
            b"blockquote" => Self::Blockquote,
            b"section" | b"hgroup" => Self::Section,
            b"article" => Self::Article,
            b"main" => Self::Main,
            b"header" => Self::Header,
            b"footer" => Self::Footer,
            b"nav" | b"menu" => Self::Nav,
            b"aside" => Self::Aside,
            b"center" => Self::Center,
            b"figure" => Self::Figure,
            b"figcaption" => Self::Figcaption,
            b"address" => Self::Address,
            b"dl" => Self::Dl,
            b"dt" => Self::Dt,
            b"dd" => Self::Dd,
            b"ul" => Self::Ul,
            b"ol" => Self::Ol,
            b"li" => Self::Li,
            b"table" => Self::Table,
            b"caption" => Self::Caption,
            b"tbody" | b"thead" | b"tfoot" => Self::Tbody,
            b"tr" => Self::Tr,
            b"td" | b"th" => Self::Td,
            b"h1" => Self::Heading(1),
            b"h2" => Self::Heading(2),
            b"h3" => Self::Heading(3),
            b"h4" => Self::Heading(4),
            b"h5" | b"h6" => Self::Heading(5),
            b"a" => Self::A,
            b"img" | b"image" => Self::Img,
            b"time" => Self::Time,
            b"video" | b"audio" => Self::Video,
            b"span" | b"font" | b"b" | b"i" | b"em" | b"strong" | b"u" | b"s" | b"small"
            | b"big" | b"code" | b"label" | b"sup" | b"sub" => Self::Inline,
            _ => Self::Other,
        }
    }

    /// Has no content and no end tag.
    pub(super) fn is_empty(self) -> bool {
        matches!(
            self,
            Self::Meta | Self::Link | Self::Base | Self::Input | Self::Br | Self::Hr | Self::Img
        )
    }

    /// Its content is text up to its own end tag.
    pub(super) fn is_raw(self) -> bool {
        matches!(self, Self::Script | Self::Style | Self::Title | Self::Textarea | Self::Iframe)
    }

    /// Its content is never part of what a reader sees as text.
    pub(super) fn is_silent(self) -> bool {
        matches!(
            self,
            Self::Head
                | Self::Script
                | Self::Style
                | Self::Title
                | Self::Textarea
                | Self::Iframe
                | Self::Noscript
                | Self::Template
                | Self::Select
                | Self::Option
                | Self::Svg
                | Self::Video
        )
    }

    /// Begins and ends a line of text.
    pub(super) fn is_block(self) -> bool {
        !matches!(
            self,
            Self::Text
                | Self::Other
                | Self::A
                | Self::Img
                | Self::Time
                | Self::Inline
                | Self::Button
                | Self::Input
                | Self::Br
        )
    }

    /// An end tag inside must not close what was opened outside.
    pub(super) fn is_fence(self) -> bool {
        matches!(self, Self::Td | Self::Table | Self::Body | Self::Html | Self::Root)
    }

    /// May stand in a document's head.
    pub(super) fn is_head_matter(self) -> bool {
        matches!(
            self,
            Self::Title
                | Self::Meta
                | Self::Link
                | Self::Base
                | Self::Script
                | Self::Style
                | Self::Noscript
                | Self::Template
                | Self::Text
        )
    }
}
