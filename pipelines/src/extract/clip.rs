//! Bounded views of lines, cut on character boundaries.
//!
//! In: a line of any length (hostile pages have lines of megabytes). Out: its first or last bytes, so that
//! patterns run on a bounded part. Copies nothing.

/// The first `max` bytes or a little less.
pub(super) fn front(line: &str, max: usize) -> &str {
    let mut end = line.len().min(max);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    &line[..end]
}

/// The last `max` bytes or a little less.
pub(super) fn back(line: &str, max: usize) -> &str {
    let mut start = line.len().saturating_sub(max);
    while !line.is_char_boundary(start) {
        start += 1;
    }
    &line[start..]
}

#[cfg(test)]
mod tests {
    use super::{back, front};

    #[test]
    fn cuts_fall_on_characters() {
        assert_eq!((front("云岭矿业", 7), back("云岭矿业", 7)), ("云岭", "矿业"));
        assert_eq!((front("云岭", 99), back("云岭", 99), front("云", 1)), ("云岭", "云岭", ""));
    }
}
