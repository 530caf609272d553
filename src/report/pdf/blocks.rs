//! From the parts of a paper to items of strips: paragraphs, tables, pictures, the head and the end.
//!
//! In: a paper, faces. Out: items, and what their links lead to. Says what the Word file says, in the same styles.

use pipelines::locale::Lang;
use pipelines::text::visible_line;

use super::super::digest::Figure;
use super::super::drawing::{Drawing, LABELS, LETTERS};
use super::super::form::{quoted, titled};
use super::super::markdown::link_target;
use super::super::paper::{Block, CloudWord, Paper, Run, Table, plain};
use super::super::sheet::{self, Align, BLACK, BLUE, Face, Ink, Style, styled};
use super::faces::Faces;
use super::lines::{Sign, broken, is_wide, placed};
use super::pages::{Item, Mark, Strip};

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A place in the paper.
    Anchor(String),
    /// An address outside.
    Url(String),
}

/// The width of the text, in points.
pub(super) const WIDTH: f32 = points(sheet::WIDTH);
/// How far the foot line of a character is below the top of its square.
const FOOT: f32 = 0.86;

pub(super) const fn points(twips: u32) -> f32 {
    twips as f32 / 20.0
}

/// How a character is set.
#[derive(Clone, Copy)]
struct Hand {
    face: Face,
    size: f32,
    ink: Ink,
    rise: f32,
    link: Option<usize>,
    is_address: bool,
}

impl Hand {
    fn of(style: &Style) -> Self {
        let size = style.size as f32 / 2.0;
        Self { face: style.face, size, ink: style.ink, rise: 0.0, link: None, is_address: false }
    }
}

/// A paper that is being set.
pub(super) struct Setter<'a> {
    faces: Faces<'a>,
    lang: Lang,
    items: Vec<Item>,
    targets: Vec<Target>,
}

impl<'a> Setter<'a> {
    pub fn new(faces: Faces<'a>, lang: Lang) -> Self {
        Self { faces, lang, items: Vec::new(), targets: Vec::new() }
    }

    pub fn finish(self) -> (Faces<'a>, Vec<Item>, Vec<Target>) {
        (self.faces, self.items, self.targets)
    }

    pub fn paper(&mut self, paper: &Paper) {
        self.head(paper);
        self.blocks(&paper.body);
        self.end(paper);
        if !paper.appendix.is_empty() {
            self.plain("AnnexTitle", &paper.appendix_title);
            self.blocks(&paper.appendix);
        }
    }

    fn head(&mut self, paper: &Paper) {
        let head = &paper.head;
        if !head.red.is_empty() {
            self.plain("RedHead", &head.red);
            if !head.issue.is_empty() {
                self.plain("Issue", &head.issue);
            }
            self.between("RedLine", &head.unit, &head.day);
        }
        self.plain("DocTitle", &paper.title);
        if head.red.is_empty() {
            self.plain("Centred", &format!("{}　{}", head.unit, head.day));
        }
        let span = match self.lang {
            Lang::Zh => format!("（{}）", head.span),
            Lang::En => format!("({})", head.span),
        };
        self.plain("Centred", &span);
    }

    fn end(&mut self, paper: &Paper) {
        for (i, sent) in paper.sent.iter().enumerate() {
            self.plain(if i == 0 { "EndFirst" } else { "EndNext" }, sent);
        }
        let style = if paper.sent.is_empty() { "EndOnly" } else { "EndLast" };
        self.between(style, &paper.head.unit, &paper.made);
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Heading(1, runs) => self.paragraph("Heading1", None, runs),
                Block::Heading(2, runs) => self.paragraph("Heading2", None, runs),
                Block::Heading(_, runs) => self.paragraph("Heading3", None, runs),
                Block::Para(runs) | Block::Warn(runs) => self.paragraph("Normal", None, runs),
                Block::Note(runs) => self.paragraph("Note", None, runs),
                Block::Table(table) => self.table(table),
                Block::Cloud(words, says) => self.cloud(words, says),
                Block::Drawing(drawing, says) => self.drawing(drawing, says),
                Block::Line(anchor, runs) => self.paragraph("Small", Some(anchor), runs),
            }
        }
    }

    fn plain(&mut self, style: &str, text: &str) {
        self.paragraph(style, None, &[Run::Text(text.to_owned())]);
    }

    fn paragraph(&mut self, style: &str, anchor: Option<&str>, runs: &[Run]) {
        let style = styled(style);
        let mut signs = Vec::new();
        self.runs(&mut signs, runs, Hand::of(style));
        let strips = set(&signs, style, WIDTH - points(style.left));
        let title = style.level.filter(|level| *level == 0).map(|_| plain(runs));
        self.put(
            style,
            Item { anchor: anchor.map(str::to_owned), title, strips, ..Item::default() },
        );
    }

    /// One text at the left and one at the right of a line.
    fn between(&mut self, style: &str, left: &str, right: &str) {
        let style = styled(style);
        let hand = Hand::of(style);
        let (mut near, mut far) = (Vec::new(), Vec::new());
        self.text(&mut near, left, hand);
        self.text(&mut far, right, hand);
        let wide: f32 = far.iter().map(|sign| sign.advance).sum();
        let end = points(style.tab.unwrap_or(sheet::WIDTH));
        let room = (end - wide - points(style.left)).max(hand.size);
        let mut strips = set(&near, style, room);
        if let Some(Mark::Signs(_, last)) =
            strips.last_mut().and_then(|strip| strip.marks.last_mut())
        {
            last.extend(placed(&far, (end, end - wide), Align::Left, true));
        }
        self.put(style, Item { strips, ..Item::default() });
    }

    /// With the space and the rules of its style.
    fn put(&mut self, style: &Style, mut item: Item) {
        if let (Some(rule), Some(first)) = (style.above, item.strips.first_mut()) {
            let thick = rule.thick as f32 / 8.0;
            let down = thick + rule.space as f32;
            first.height += down;
            for mark in &mut first.marks {
                match mark {
                    Mark::Signs(foot, _) => *foot += down,
                    Mark::Fill([_, top, ..], _) => *top += down,
                }
            }
            first.marks.push(Mark::Fill([0.0, 0.0, WIDTH, thick], rule.ink));
        }
        if let (Some(rule), Some(last)) = (style.below, item.strips.last_mut()) {
            let thick = rule.thick as f32 / 8.0;
            let top = last.height + rule.space as f32;
            last.marks.push(Mark::Fill([0.0, top, WIDTH, thick], rule.ink));
            last.height = top + thick;
        }
        item.before = points(style.before);
        item.after = points(style.after);
        item.keeps = style.keeps;
        item.turns = style.turns;
        self.items.push(item);
    }

    fn runs(&mut self, out: &mut Vec<Sign>, runs: &[Run], hand: Hand) {
        for run in runs {
            match run {
                Run::Text(text) => self.text(out, text, hand),
                Run::Part(text) => self.text(out, text, Hand { face: Face::Kai, ..hand }),
                Run::Strong(text) => self.text(out, text, Hand { face: Face::Hei, ..hand }),
                Run::Quote(quote) => {
                    self.text(out, &quoted(&quote.text), hand);
                    self.mark(out, quote.post, hand);
                }
                Run::Title(title) => {
                    let text = titled(&title.text, self.lang);
                    self.text(out, &text, hand);
                    self.mark(out, title.post, hand);
                }
                Run::Mark(number) => self.mark(out, *number, hand),
                Run::Count(figure) => self.figure(out, *figure, hand),
                Run::Address(url) => {
                    let link = link_target(url).map(|target| self.target(Target::Url(target)));
                    self.text(out, url, Hand { link, is_address: true, ..hand });
                }
            }
        }
    }

    fn target(&mut self, target: Target) -> usize {
        self.targets.push(target);
        self.targets.len() - 1
    }

    fn mark(&mut self, out: &mut Vec<Sign>, number: usize, hand: Hand) {
        let link = Some(self.target(Target::Anchor(format!("p{number}"))));
        let (size, rise) = (hand.size * 0.6, hand.size * 0.34);
        let first = out.len();
        self.text(out, &format!("[{number}]"), Hand { size, rise, ink: BLUE, link, ..hand });
        if let Some(sign) = out.get_mut(first) {
            sign.glued = true;
        }
    }

    fn figure(&mut self, out: &mut Vec<Sign>, figure: Figure, hand: Hand) {
        let Some(value) = figure.value else {
            let text = self.lang.text("digest.not_measured");
            return self.text(out, &text, hand);
        };
        let anchor = match (figure.post, figure.set) {
            (Some(post), _) => Some(format!("p{post}")),
            (None, Some(set)) => Some(format!("s{set}")),
            (None, None) => None,
        };
        let link = anchor.map(|anchor| self.target(Target::Anchor(anchor)));
        self.text(out, &value.to_string(), Hand { link, ..hand });
    }

    fn text(&mut self, out: &mut Vec<Sign>, text: &str, hand: Hand) {
        for c in visible_line(text).chars() {
            let c = if c.is_whitespace() && c != '\u{3000}' { ' ' } else { c };
            if c.is_control() {
                continue;
            }
            // Quotation marks and dashes are those of the language that is written.
            let is_western = !is_wide(c) || (self.lang == Lang::En && c < '\u{2e80}');
            let glyph = self.faces.glyph(c, hand.face, is_western);
            let advance = f32::from(glyph.wide) / 1000.0 * hand.size + sheet::SPACING as f32 / 20.0;
            let Hand { size, ink, rise, link, is_address, .. } = hand;
            let glued = false;
            out.push(Sign { c, glyph, size, advance, rise, ink, link, glued, is_address });
        }
    }

    fn table(&mut self, table: &Table) {
        let head: Vec<Vec<Run>> =
            table.head.iter().map(|text| vec![Run::Strong(text.clone())]).collect();
        let head = self.row(table, &head, true);
        let last = table.rows.len().saturating_sub(1);
        let mut strips: Vec<Strip> =
            table.rows.iter().map(|row| self.row(table, row, false)).collect();
        if let Some(strip) = strips.get_mut(last) {
            strip.marks.push(Mark::Fill([0.0, strip.height - 0.5, WIDTH, 1.0], BLACK));
        }
        let (head, strips) =
            if strips.is_empty() { (None, vec![head]) } else { (Some(head), strips) };
        self.items.push(Item { head, strips, ..Item::default() });
    }

    /// A row with the rules at its left, between its cells, and below.
    fn row(&mut self, table: &Table, cells: &[Vec<Run>], is_head: bool) -> Strip {
        let pad = points(sheet::CELL);
        let mut strip = Strip::default();
        let mut edges = vec![0.0];
        for (column, (cell, wide)) in cells.iter().zip(sheet::columns(&table.widths)).enumerate() {
            let style = styled(if table.numbers[column] { "CellNumber" } else { "Cell" });
            let (left, wide) = (edges[column], points(wide));
            let mut signs = Vec::new();
            self.runs(&mut signs, cell, Hand::of(style));
            let mut top = 0.0;
            for line in set(&signs, style, (wide - 2.0 * pad).max(1.0)) {
                for mark in line.marks {
                    let Mark::Signs(foot, signs) = mark else { continue };
                    let moved = signs.into_iter().map(|(x, sign)| (x + left + pad, sign));
                    strip.marks.push(Mark::Signs(foot + top, moved.collect()));
                }
                top += line.height;
            }
            strip.height = strip.height.max(top);
            edges.push(left + wide);
        }
        for edge in edges {
            strip.marks.push(Mark::Fill([edge.min(WIDTH) - 0.25, 0.0, 0.5, strip.height], BLACK));
        }
        let above = if is_head { 1.0 } else { 0.5 };
        strip.marks.push(Mark::Fill([0.0, 0.0, WIDTH, above], BLACK));
        strip
    }

    /// Words by size, as text; lines end between words.
    fn cloud(&mut self, words: &[CloudWord], says: &str) {
        let style = styled("Cloud");
        let mut signs = Vec::new();
        for CloudWord { word, size } in words {
            let hand = Hand { size: sheet::cloud_size(*size) as f32 / 2.0, ..Hand::of(style) };
            let first = signs.len();
            self.text(&mut signs, &format!("{word}　"), hand);
            for sign in signs.iter_mut().skip(first + 1) {
                sign.glued = true;
            }
        }
        let strips = set(&signs, style, WIDTH);
        self.put(style, Item { strips, ..Item::default() });
        self.plain("Caption", says);
    }

    /// A drawing as wide as the text, with what it shows below it.
    fn drawing(&mut self, drawing: &Drawing, says: &str) {
        let style = styled("Picture");
        let scale = f64::from(WIDTH) / drawing.width;
        let on_paper = |length: f64| narrow(length * scale);
        let (filled, labelled) = drawing.strokes();
        let mut marks: Vec<Mark> =
            filled.into_iter().map(|(at, ink)| Mark::Fill(at.map(on_paper), ink)).collect();
        let hand = Hand { size: on_paper(LETTERS), ink: LABELS, ..Hand::of(style) };
        for ([x, foot], at_end, text) in labelled {
            let mut signs = Vec::new();
            self.text(&mut signs, text, hand);
            let wide: f32 = signs.iter().map(|sign| sign.advance).sum();
            let left = on_paper(x) - if at_end { wide } else { wide / 2.0 };
            marks.push(Mark::Signs(
                on_paper(foot),
                placed(&signs, (WIDTH, left), Align::Left, true),
            ));
        }
        let strips = vec![Strip { height: on_paper(drawing.height), marks }];
        self.put(style, Item { strips, ..Item::default() });
        self.plain("Caption", says);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a length on a page")]
fn narrow(length: f64) -> f32 {
    length as f32
}

/// The lines of a paragraph as strips.
fn set(signs: &[Sign], style: &Style, width: f32) -> Vec<Strip> {
    let indent = if style.is_indented { points(sheet::INDENT) } else { 0.0 };
    let lines = broken(signs, width, indent);
    let last = lines.len().saturating_sub(1);
    let left = points(style.left);
    let mut strips = Vec::new();
    for (i, line) in lines.into_iter().enumerate() {
        let signs = &signs[line];
        let indent = if i == 0 { indent } else { 0.0 };
        let size = signs.iter().map(|sign| sign.size).fold(0.0, f32::max);
        let height = style.line.map_or(size * 1.3, points);
        let foot = (height - size) / 2.0 + FOOT * size;
        let mut signs = placed(signs, (width, indent), style.align, i == last);
        for (x, _) in &mut signs {
            *x += left;
        }
        strips.push(Strip { height, marks: vec![Mark::Signs(foot, signs)] });
    }
    if strips.is_empty() {
        let height = style.line.map_or(style.size as f32 / 2.0 * 1.3, points);
        strips.push(Strip { height, marks: vec![Mark::Signs(height, Vec::new())] });
    }
    strips
}
