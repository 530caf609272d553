//! Small pictures for the HTML digest: a bar of shares, a curve, a spark line. Inline SVG, no script.
//!
//! In: counts and already translated labels. Out: markup whose every text is escaped. Draws nothing for
//! nothing; scales so that the largest value fills the height.

use std::fmt::Write;

/// Colours that stay apart in grey print: bad dark, good light.
const NEGATIVE: &str = "#b3261e";
const NEUTRAL: &str = "#b9c0c8";
const POSITIVE: &str = "#2f7d5b";

/// A bar divided by polarity, `share` (0 to 1) of the full width long.
pub(super) fn shares(negative: u64, neutral: u64, positive: u64, share: f64) -> String {
    let total = negative + neutral + positive;
    let mut svg =
        r#"<svg class="shares" viewBox="0 0 200 10" preserveAspectRatio="none" aria-hidden="true">"#
            .to_owned();
    let full = 200.0 * share.clamp(0.0, 1.0);
    let mut x = 0.0;
    for (count, colour) in [(negative, NEGATIVE), (neutral, NEUTRAL), (positive, POSITIVE)] {
        if count > 0 {
            let width = full * count as f64 / total as f64;
            let _ = write!(
                svg,
                r#"<rect x="{x:.1}" y="0" width="{width:.1}" height="10" fill="{colour}"/>"#
            );
            x += width;
        }
    }
    svg.push_str("</svg>");
    svg
}

/// Columns over time: all posts light, the negative ones among them dark. `labels` may be empty texts.
pub(super) fn curve(posts: &[u64], negative: &[u64], labels: &[String]) -> String {
    let (width, height, left, floor) = (660.0, 150.0, 30.0, 122.0);
    let highest = posts.iter().copied().max().unwrap_or(0);
    let scale = top_of_scale(highest);
    let mut svg = format!(
        r#"<svg class="curve" viewBox="0 0 {width} {height}" role="img" aria-hidden="true">"#
    );
    let y = |value: f64| floor - (floor - 12.0) * value / scale as f64;
    for tick in [0, scale / 2, scale] {
        let at = y(tick as f64);
        let _ = write!(
            svg,
            r##"<line x1="{left}" y1="{at:.1}" x2="{width}" y2="{at:.1}" stroke="#dfe3e8"/><text x="{}" y="{:.1}" text-anchor="end">{tick}</text>"##,
            left - 6.0,
            at + 3.5
        );
    }
    let step = (width - left) / posts.len().max(1) as f64;
    for (i, all) in posts.iter().enumerate() {
        let x = left + step * i as f64 + step * 0.16;
        let bar = step * 0.68;
        let bad = negative.get(i).copied().unwrap_or(0);
        for (value, colour) in [(*all, "#c9d3de"), (bad, NEGATIVE)] {
            if value > 0 {
                let top = y(value as f64);
                let _ = write!(
                    svg,
                    r#"<rect x="{x:.1}" y="{top:.1}" width="{bar:.1}" height="{:.1}" fill="{colour}"/>"#,
                    floor - top
                );
            }
        }
        if let Some(label) = labels.get(i).filter(|l| !l.is_empty()) {
            let _ = write!(
                svg,
                r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
                x + bar / 2.0,
                floor + 15.0,
                escaped(label)
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

/// A story's course in the width of a word.
pub(super) fn spark(counts: &[u64]) -> String {
    let highest = counts.iter().copied().max().unwrap_or(0);
    if highest == 0 {
        return String::new();
    }
    let (width, height) = (96.0, 18.0);
    let step = width / counts.len() as f64;
    let mut svg =
        format!(r#"<svg class="spark" viewBox="0 0 {width} {height}" aria-hidden="true">"#);
    let _ = write!(
        svg,
        r##"<line x1="0" y1="17.5" x2="{width}" y2="17.5" stroke="#c9d3de" stroke-width="1"/>"##
    );
    for (i, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let tall = (height - 2.0) * *count as f64 / highest as f64;
        let _ = write!(
            svg,
            r##"<rect x="{:.1}" y="{:.1}" width="{:.1}" height="{tall:.1}" fill="#5b6b7f"/>"##,
            step * i as f64,
            height - 1.0 - tall,
            (step * 0.8).max(1.0)
        );
    }
    svg.push_str("</svg>");
    svg
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
    fn labels_cannot_break_out() {
        let svg = curve(&[1], &[0], &["<script>\"&".to_owned()]);
        assert!(svg.contains("&lt;script&gt;&quot;&amp;") && !svg.contains("<script"));
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert!(!shares(0, 0, 0, 1.0).contains("rect"));
        assert_eq!(spark(&[0, 0]), "");
        assert!(!curve(&[], &[], &[]).contains("rect"));
        assert_eq!(shares(1, 1, 0, 1.0).matches("rect").count(), 2);
    }
}
