//! Drawings of a digest, the same in every form: rectangles, lines and short labels of digits.
//!
//! In: counts. Out: a [`Drawing`], as SVG or as PNG. Scales so that the largest value fills the height; draws nothing for
//! nothing. Holds no words: what a drawing shows stands beside it, and its table too.

mod heat;
mod png;

use std::fmt::Write;

/// Colours that stay apart in grey print: bad dark, good light.
const NEGATIVE: Colour = Colour(0xb3, 0x26, 0x1e);
const NEUTRAL: Colour = Colour(0xb9, 0xc0, 0xc8);
const POSITIVE: Colour = Colour(0x2f, 0x7d, 0x5b);
const GRID: Colour = Colour(0xdf, 0xe3, 0xe8);
const INK: Colour = Colour(0x3c, 0x46, 0x50);

/// The size of labels, in units of a drawing.
pub(super) const LETTERS: f64 = 11.0;

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Colour(u8, u8, u8);

impl Colour {
    fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Shape {
    /// x, y, width, height.
    Rect(f64, f64, f64, f64, Colour),
    /// Digits, their middle (or end) and their foot.
    Label(f64, f64, bool, String),
}

/// A rectangle (x, y, width, height) and its colour.
pub(super) type Filled = ([f64; 4], (u8, u8, u8));
/// Where a label stands (x, foot), whether it ends there, and its digits.
pub(super) type Labelled<'a> = ([f64; 2], bool, &'a str);

/// The colour of labels.
pub(super) const LABELS: (u8, u8, u8) = (INK.0, INK.1, INK.2);

/// A drawing, in units of which a page is about 660 wide.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    shapes: Vec<Shape>,
}

impl Drawing {
    /// Columns over time, each divided by polarity; `labels` are digits and the signs `.`, `-`, `:`, or empty.
    #[must_use]
    pub fn curve(bands: &[[u64; 3]], labels: &[String]) -> Self {
        let (width, height, left, floor) = (660.0, 150.0, 34.0, 124.0);
        let mut shapes = Vec::new();
        let scale = top_of_scale(bands.iter().map(|band| band.iter().sum()).max().unwrap_or(0));
        let tall = |value: u64| (floor - 12.0) * value as f64 / scale as f64;
        for tick in [0, scale / 2, scale] {
            let at = floor - tall(tick);
            shapes.push(Shape::Rect(left, at, width - left, 1.0, GRID));
            shapes.push(Shape::Label(left - 6.0, at + 4.0, true, tick.to_string()));
        }
        let step = (width - left) / bands.len().max(1) as f64;
        for (i, band) in bands.iter().enumerate() {
            let x = left + step * i as f64 + step * 0.16;
            let mut top = floor;
            for (value, colour) in band.iter().zip([NEGATIVE, NEUTRAL, POSITIVE]) {
                if *value > 0 {
                    top -= tall(*value);
                    shapes.push(Shape::Rect(x, top, step * 0.68, tall(*value), colour));
                }
            }
            if let Some(label) = labels.get(i).filter(|label| !label.is_empty()) {
                shapes.push(Shape::Label(x + step * 0.34, floor + 15.0, false, label.clone()));
            }
        }
        Self { width, height, shapes }
    }

    /// A bar a row, divided by polarity and as long as its share of the longest; rows are numbered as in the table beside.
    #[must_use]
    pub fn bands(rows: &[[u64; 3]]) -> Self {
        let (width, row, left) = (660.0, 18.0, 34.0);
        let longest = rows.iter().map(|row| row.iter().sum::<u64>()).max().unwrap_or(0).max(1);
        let mut shapes = Vec::new();
        for (i, bands) in rows.iter().enumerate() {
            let y = row * i as f64 + 4.0;
            shapes.push(Shape::Label(left - 8.0, y + 9.0, true, (i + 1).to_string()));
            let mut x = left;
            for (value, colour) in bands.iter().zip([NEGATIVE, NEUTRAL, POSITIVE]) {
                if *value > 0 {
                    let long = (width - left) * *value as f64 / longest as f64;
                    shapes.push(Shape::Rect(x, y, long, 11.0, colour));
                    x += long;
                }
            }
        }
        Self { width, height: row * rows.len() as f64 + 6.0, shapes }
    }

    /// As inline SVG, without script; `says` is read to those who cannot see it.
    #[must_use]
    pub fn svg(&self, says: &str) -> String {
        self.vectors(r#"class="drawing""#, says)
    }

    /// As an SVG file that needs no style beside it.
    #[must_use]
    pub fn svg_file(&self, says: &str) -> String {
        let (width, height) = (self.width, self.height);
        let root = format!(
            r#"xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="Arial,sans-serif" font-size="{LETTERS}""#
        );
        self.vectors(&root, says)
    }

    fn vectors(&self, root: &str, says: &str) -> String {
        let mut svg = format!(
            r#"<svg {root} viewBox="0 0 {} {}" role="img"><title>{}</title>"#,
            self.width,
            self.height,
            escaped(says)
        );
        for shape in &self.shapes {
            let _ = match shape {
                Shape::Rect(x, y, w, h, colour) => write!(
                    svg,
                    r#"<rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" fill="{}"/>"#,
                    colour.hex()
                ),
                Shape::Label(x, y, at_end, text) => write!(
                    svg,
                    r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{}" fill="{}">{}</text>"#,
                    if *at_end { "end" } else { "middle" },
                    INK.hex(),
                    escaped(text)
                ),
            };
        }
        svg.push_str("</svg>");
        svg
    }

    /// Its rectangles (x, y, width, height, colour) and labels (x, foot, whether it ends at x, digits), for a form that draws
    /// for itself.
    pub(super) fn strokes(&self) -> (Vec<Filled>, Vec<Labelled<'_>>) {
        let (mut filled, mut labelled) = (Vec::new(), Vec::new());
        for shape in &self.shapes {
            match shape {
                Shape::Rect(x, y, w, h, Colour(r, g, b)) => {
                    filled.push(([*x, *y, *w, *h], (*r, *g, *b)));
                }
                Shape::Label(x, y, at_end, text) => {
                    labelled.push(([*x, *y], *at_end, text.as_str()))
                }
            }
        }
        (filled, labelled)
    }

    /// As the bytes of a PNG, three dots a unit.
    #[must_use]
    pub fn png(&self) -> Vec<u8> {
        let mut canvas = png::Canvas::new(self.width, self.height);
        for shape in &self.shapes {
            match shape {
                Shape::Rect(x, y, w, h, Colour(r, g, b)) => {
                    canvas.fill((*x, *y, *w, *h), [*r, *g, *b])
                }
                Shape::Label(x, y, at_end, text) => {
                    canvas.digits((*x, *y), *at_end, text, [INK.0, INK.1, INK.2]);
                }
            }
        }
        canvas.bytes()
    }
}

/// An even number that holds `highest` and is easy to read.
fn top_of_scale(highest: u64) -> u64 {
    let mut unit = 1;
    loop {
        for steps in [2, 4, 6, 10] {
            if steps * unit >= highest {
                return steps * unit;
            }
        }
        unit *= 10;
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_hold_their_highest_value_and_halve_evenly() {
        for (highest, expected) in
            [(0, 2), (2, 2), (3, 4), (7, 10), (11, 20), (99, 100), (420, 600)]
        {
            assert_eq!(top_of_scale(highest), expected, "{highest}");
        }
    }

    #[test]
    fn labels_and_titles_cannot_break_out() {
        let svg = Drawing::curve(&[[0, 1, 0]], &["<script>\"&".to_owned()]).svg("<b>");
        assert!(
            svg.contains("&lt;script&gt;&quot;&amp;")
                && !svg.contains("<script")
                && !svg.contains("<b>")
        );
    }

    #[test]
    fn nothing_is_drawn_of_nothing_and_all_of_something() {
        let is_band = |shape: &&Shape| matches!(shape, Shape::Rect(_, _, _, _, c) if *c != GRID);
        let count = |drawing: Drawing| drawing.shapes.iter().filter(is_band).count();
        assert_eq!(count(Drawing::curve(&[[0, 0, 0]], &[])), 0);
        assert_eq!(count(Drawing::curve(&[[1, 2, 3], [0, 0, 1]], &[])), 4);
        assert_eq!(count(Drawing::bands(&[[1, 0, 3]])), 2);
    }

    #[test]
    fn a_png_is_the_same_each_time_and_as_large_as_its_drawing() {
        let drawing = Drawing::curve(&[[1, 2, 3]; 24], &["0".to_owned(), "12:30".to_owned()]);
        let bytes = drawing.png();
        assert_eq!(bytes, drawing.png());
        assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!((number(16), number(20)), (1980, 450));
        assert!(bytes.len() < 20_000, "{}", bytes.len());
    }
}
