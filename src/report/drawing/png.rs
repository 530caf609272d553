//! A canvas of dots and its PNG: filled rectangles, and digits from a small face of five by seven dots.
//!
//! In: rectangles and digits in the units of a drawing. Out: bytes. Draws no letters; what is not a digit or one of the
//! signs `.`, `-`, `:` leaves a gap.

use std::io::Write as _;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

/// Dots a unit.
const SCALE: f64 = 3.0;
/// Dots a dot of the face.
const FACE: usize = 4;

/// The rows of each sign, five bits each, the leftmost highest.
const SIGNS: [(char, [u8; 7]); 13] = [
    ('0', [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110]),
    ('1', [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110]),
    ('2', [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111]),
    ('3', [0b01110, 0b10001, 0b00001, 0b00110, 0b00001, 0b10001, 0b01110]),
    ('4', [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010]),
    ('5', [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110]),
    ('6', [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110]),
    ('7', [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000]),
    ('8', [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110]),
    ('9', [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100]),
    ('.', [0, 0, 0, 0, 0, 0b00110, 0b00110]),
    ('-', [0, 0, 0, 0b01110, 0, 0, 0]),
    (':', [0, 0b00110, 0b00110, 0, 0b00110, 0b00110, 0]),
];

pub(super) struct Canvas {
    width: usize,
    height: usize,
    /// White where nothing is drawn; three bytes a dot.
    dots: Vec<u8>,
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a small canvas"
)]
fn dots(units: f64) -> usize {
    (units * SCALE).round().clamp(0.0, 65_535.0) as usize
}

impl Canvas {
    pub(super) fn new(width: f64, height: f64) -> Self {
        let (width, height) = (dots(width), dots(height));
        Self { width, height, dots: vec![0xff; width * height * 3] }
    }

    pub(super) fn fill(&mut self, (x, y, w, h): (f64, f64, f64, f64), colour: [u8; 3]) {
        let (left, top) = (dots(x), dots(y));
        let (right, bottom) = (dots(x + w).max(left + 1), dots(y + h).max(top + 1));
        self.block((left, top), (right, bottom), colour);
    }

    fn block(&mut self, from: (usize, usize), to: (usize, usize), colour: [u8; 3]) {
        for y in from.1..to.1.min(self.height) {
            for x in from.0..to.0.min(self.width) {
                let at = (y * self.width + x) * 3;
                self.dots[at..at + 3].copy_from_slice(&colour);
            }
        }
    }

    /// `text` with its foot at `y`, its middle or its end at `x`.
    pub(super) fn digits(&mut self, (x, y): (f64, f64), at_end: bool, text: &str, colour: [u8; 3]) {
        let long = text.chars().count() * 6 * FACE;
        let before = if at_end { long } else { long / 2 };
        let (left, top) = (dots(x).saturating_sub(before), dots(y).saturating_sub(7 * FACE));
        for (i, c) in text.chars().enumerate() {
            let Some((_, rows)) = SIGNS.iter().find(|(sign, _)| *sign == c) else { continue };
            for (row, bits) in rows.iter().enumerate() {
                for column in (0..5).filter(|column| bits & (0b10000 >> column) != 0) {
                    let (x, y) = (left + (i * 6 + column) * FACE, top + row * FACE);
                    self.block((x, y), (x + FACE, y + FACE), colour);
                }
            }
        }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
        for row in self.dots.chunks(self.width * 3) {
            // Each row is stored as it is; they are alike, so that packing finds them.
            packed.write_all(&[0]).expect("memory takes what is written");
            packed.write_all(row).expect("memory takes what is written");
        }
        let packed = packed.finish().expect("memory takes what is written");
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX).to_be_bytes();
        let mut head = [side(self.width), side(self.height)].concat();
        head.extend([8, 2, 0, 0, 0]);
        for (name, data) in [(b"IHDR", head.as_slice()), (b"IDAT", &packed), (b"IEND", &[])] {
            png.extend(side(data.len()));
            let mut crc = Crc::new();
            crc.update(name);
            crc.update(data);
            png.extend(name);
            png.extend(data);
            png.extend(crc.sum().to_be_bytes());
        }
        png
    }
}
