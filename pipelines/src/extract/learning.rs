//! What training needs to see of a page: its lines and their figures.
//!
//! In: a `Page`. Out: every line with the row of figures the judge would see. Reads as `read_page` does, so that
//! what is learned is what is used. Knows no truth and learns nothing itself.

use super::page;
use crate::record::Page;

/// A page as the judge sees it.
#[derive(Clone, Debug, Default)]
pub struct PageLines {
    /// The text of every line, in order.
    pub lines: Vec<String>,
    /// Figures a line.
    pub width: usize,
    /// The first figures of a line that owe nothing to the rules.
    pub seen: usize,
    /// The figures of all lines, line after line.
    pub figures: Vec<f32>,
}

/// Cuts a page and writes down its figures.
#[must_use]
pub fn page_lines(page: &Page) -> PageLines {
    page::lines_for_learning(page)
}
