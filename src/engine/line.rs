//! The line before the judges: how many posts of feeds were read and not judged yet.
//!
//! In: how many posts a reading brought. Out: for each, when its turn comes, whether it is judged in haste, without the deep
//! reader, since the line is long. Who judges in haste notes that the post is owed a second look (`deep.rs`).

use std::sync::atomic::{AtomicUsize, Ordering};

/// Posts in line from which the deep reader steps aside: some five seconds of its work on one core.
const LONG: usize = 200;

/// The line of one process.
#[derive(Debug, Default)]
pub struct Line(AtomicUsize);

/// The place in it of the posts of one reading.
#[derive(Debug)]
pub struct Place<'a> {
    line: &'a Line,
    left: usize,
}

impl Line {
    /// Takes its place with so many posts.
    pub fn enter(&self, posts: usize) -> Place<'_> {
        self.0.fetch_add(posts, Ordering::Relaxed);
        Place { line: self, left: posts }
    }

    /// Whether so many wait that the deep reader steps aside.
    pub fn is_long(&self) -> bool {
        self.0.load(Ordering::Relaxed) > LONG
    }
}

impl Place<'_> {
    /// The turn of its next post has come: whether it is judged in haste.
    pub fn turn(&mut self) -> bool {
        let in_haste = self.line.is_long();
        if self.left > 0 {
            self.left -= 1;
            self.line.0.fetch_sub(1, Ordering::Relaxed);
        }
        in_haste
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.line.0.fetch_sub(self.left, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stands_in_a_long_line_is_judged_in_haste_until_it_is_short() {
        let line = Line::default();
        let mut first = line.enter(LONG);
        assert!(!first.turn(), "a line of so many is not long yet");
        let mut second = line.enter(2);
        assert!(second.turn() && line.0.load(Ordering::Relaxed) == LONG);
        assert!(!first.turn());
        drop(first);
        assert_eq!(line.0.load(Ordering::Relaxed), 1);
        assert!(!second.turn() && !second.turn(), "one turn more than posts");
        drop(second);
        assert_eq!(line.0.load(Ordering::Relaxed), 0);
    }
}
