//! The sheet that Word and PDF share: the page of an official document, and the styles of its paragraphs.
//!
//! In: nothing. Out: measures in twentieths of a point, unless another unit is said. They are those of GB/T 9704-2012: 3号仿宋
//! (16 pt), 22 lines of 28.95 pt, 28 characters of 15.75 pt, margins of 37, 26, 35 and 28 mm. Knows neither form.

/// A4: width and height.
pub(super) const PAPER: (u32, u32) = (11_906, 16_838);
/// Top, right, bottom and left.
pub(super) const MARGINS: [u32; 4] = [2_098, 1_474, 1_984, 1_588];
/// The width of the text: 156 mm.
pub(super) const WIDTH: u32 = 8_844;
/// The foot of the page number above the lower edge: 7 mm below the text, and its own height.
pub(super) const FOOT: u32 = 1_307;
/// How much every character is drawn in, so that 28 fill a line.
pub(super) const SPACING: i32 = -5;
/// Two characters.
pub(super) const INDENT: u32 = 630;
/// One character of the page number and of the end.
pub(super) const ASIDE: u32 = 280;
/// Half-points of the page number.
pub(super) const FOLIO: u32 = 28;
/// Left and right of the text in a cell.
pub(super) const CELL: u32 = 80;

/// A Chinese face that official documents use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    /// 小标宋: titles.
    Song,
    /// 仿宋: the text.
    Fang,
    /// 楷体: the second level.
    Kai,
    /// 黑体: the first level.
    Hei,
}

/// Red, green, blue.
pub(super) type Ink = (u8, u8, u8);

/// The red of heads.
pub(super) const RED: Ink = (0xff, 0, 0);
/// Marks and words.
pub(super) const BLUE: Ink = (0x1f, 0x4e, 0x79);
/// All else.
pub(super) const BLACK: Ink = (0, 0, 0);

/// How lines lie between the margins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// Filled, but for the last.
    Both,
    /// At the left.
    Left,
    /// In the middle.
    Centre,
}

/// A rule as wide as the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// Eighths of a point.
    pub thick: u32,
    /// Points between it and the text.
    pub space: u32,
    pub ink: Ink,
}

/// A style of paragraphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    pub id: &'static str,
    /// As Word names it.
    pub name: &'static str,
    pub face: Face,
    /// Half-points.
    pub size: u32,
    pub ink: Ink,
    /// The height of a line; none: as tall as what stands in it.
    pub line: Option<u32>,
    pub before: u32,
    pub after: u32,
    pub align: Align,
    /// Whether it begins two characters in.
    pub is_indented: bool,
    /// From the left.
    pub left: u32,
    /// Whether it stays with what follows.
    pub keeps: bool,
    /// Whether it begins a page.
    pub turns: bool,
    /// Where a second text ends.
    pub tab: Option<u32>,
    /// Its level in the outline, from 0.
    pub level: Option<u8>,
    pub above: Option<Rule>,
    pub below: Option<Rule>,
}

const fn style(id: &'static str, name: &'static str, face: Face, size: u32) -> Style {
    Style {
        id,
        name,
        face,
        size,
        ink: BLACK,
        line: Some(579),
        before: 0,
        after: 0,
        align: Align::Both,
        is_indented: false,
        left: 0,
        keeps: false,
        turns: false,
        tab: None,
        level: None,
        above: None,
        below: None,
    }
}

const fn heading(id: &'static str, name: &'static str, face: Face, level: u8) -> Style {
    Style { keeps: true, level: Some(level), is_indented: true, ..style(id, name, face, 32) }
}

const fn centred(id: &'static str, name: &'static str, face: Face, size: u32) -> Style {
    Style { align: Align::Centre, ..style(id, name, face, size) }
}

const fn end(id: &'static str, name: &'static str) -> Style {
    Style { line: Some(500), left: ASIDE, align: Align::Left, ..style(id, name, Face::Fang, 28) }
}

/// 版记: the outer rules 0.35 mm, the inner ones 0.25 mm.
const OUTER: Option<Rule> = Some(Rule { thick: 8, space: 1, ink: BLACK });
const INNER: Option<Rule> = Some(Rule { thick: 6, space: 1, ink: BLACK });
/// One character in from the right.
const END_TAB: Option<u32> = Some(WIDTH - ASIDE);

/// All styles; the first is that of the text.
pub(super) const STYLES: [Style; 21] = [
    Style { is_indented: true, ..style("Normal", "Normal", Face::Fang, 32) },
    Style {
        line: Some(640),
        after: 60,
        keeps: true,
        ..centred("DocTitle", "Title", Face::Song, 44)
    },
    Style {
        line: Some(1_000),
        after: 200,
        ink: RED,
        ..centred("RedHead", "Red head", Face::Song, 72)
    },
    centred("Issue", "Issue", Face::Fang, 32),
    Style {
        tab: Some(WIDTH),
        after: 160,
        below: Some(Rule { thick: 18, space: 8, ink: RED }),
        align: Align::Left,
        ..style("RedLine", "Red line", Face::Fang, 32)
    },
    Style { line: Some(480), ..centred("Centred", "Subtitle", Face::Kai, 28) },
    heading("Heading1", "heading 1", Face::Hei, 0),
    heading("Heading2", "heading 2", Face::Kai, 1),
    heading("Heading3", "heading 3", Face::Fang, 2),
    Style { line: Some(400), ..style("Note", "Note", Face::Fang, 24) },
    Style {
        line: Some(320),
        after: 60,
        align: Align::Left,
        ..style("Small", "Small", Face::Fang, 21)
    },
    Style { line: Some(330), align: Align::Left, ..style("Cell", "Cell", Face::Fang, 21) },
    Style { line: Some(330), ..centred("CellNumber", "Cell number", Face::Fang, 21) },
    Style { line: None, before: 120, keeps: true, ..centred("Picture", "Picture", Face::Fang, 32) },
    Style {
        line: None,
        before: 120,
        keeps: true,
        ink: BLUE,
        ..centred("Cloud", "Cloud", Face::Hei, 28)
    },
    Style { line: Some(400), ..centred("Caption", "caption", Face::Kai, 24) },
    Style { before: 200, tab: END_TAB, above: OUTER, below: OUTER, ..end("EndOnly", "End") },
    Style { before: 200, keeps: true, above: OUTER, ..end("EndFirst", "End first") },
    Style { keeps: true, ..end("EndNext", "End next") },
    Style { tab: END_TAB, above: INNER, below: OUTER, ..end("EndLast", "End last") },
    Style {
        keeps: true,
        turns: true,
        level: Some(0),
        align: Align::Both,
        ..style("AnnexTitle", "Annex title", Face::Hei, 32)
    },
];

/// The style of that id.
///
/// # Panics
/// There is none: a defect of the program.
pub(super) fn styled(id: &str) -> &'static Style {
    STYLES.iter().find(|style| style.id == id).expect("a style is named as it stands in the table")
}

/// Half-points of a word of a cloud by its size from 1 to 5: 10.5 to 24 points.
pub(super) fn cloud_size(size: u8) -> u32 {
    21 + u32::from(size.saturating_sub(1).min(4)) * 27 / 4
}

/// The widths of columns by their shares.
pub(super) fn columns(shares: &[u16]) -> Vec<u32> {
    let sum: u32 = shares.iter().map(|share| u32::from(*share)).sum::<u32>().max(1);
    shares.iter().map(|share| WIDTH * u32::from(*share) / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_holds_22_lines_of_28_characters() {
        let [top, right, bottom, left] = MARGINS;
        assert_eq!(PAPER.0 - left - right, WIDTH);
        let text = styled("Normal");
        assert_eq!((PAPER.1 - top - bottom) / text.line.unwrap(), 22);
        assert_eq!(i64::from(WIDTH) / (i64::from(text.size * 10) + i64::from(SPACING)), 28);
        assert_eq!(i64::from(INDENT), 2 * (i64::from(text.size * 10) + i64::from(SPACING)));
    }
}
