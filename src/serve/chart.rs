//! Columns by day, as a picture in the page: no script, no style, every column a link where one is wanted.
//!
//! In: days in order with their counts, and where a day leads. Out: SVG whose colours come from the style sheet.
//! Draws nothing for nothing. The page gives the same counts as a table.

use std::fmt::Write;

/// A column.
pub(super) struct Column {
    pub day: String,
    pub posts: u64,
    /// Where it leads.
    pub href: Option<String>,
}

/// The picture; `label` is what it is called for those who cannot see it.
pub(super) fn columns(columns: &[Column], label: &str) -> String {
    let (height, floor, step) = (72.0, 56.0, 24.0);
    let highest = columns.iter().map(|column| column.posts).max().unwrap_or(0);
    if highest == 0 {
        return String::new();
    }
    let width = step * columns.len().max(14) as f64;
    let mut svg = format!(
        r#"<svg class="columns" viewBox="0 0 {width} {height}" preserveAspectRatio="xMinYMid meet" role="group" aria-label="{}">"#,
        escaped(label)
    );
    // A label needs the width of two columns.
    let every = columns.len().div_ceil(8).max(2);
    for (i, column) in columns.iter().enumerate() {
        let x = step * i as f64;
        let tall = (floor - 12.0) * column.posts as f64 / highest as f64;
        let bar = format!(
            r#"<g><title>{day}: {posts}</title><rect class="hit" x="{x}" y="0" width="{step}" height="{floor}"/><rect class="bar" x="{:.1}" y="{:.1}" width="{:.1}" height="{tall:.1}"/></g>"#,
            x + 3.0,
            floor - tall,
            step - 6.0,
            day = escaped(&column.day),
            posts = column.posts,
        );
        // Writing to a String cannot fail.
        let _ = match &column.href {
            Some(href) => write!(
                svg,
                r#"<a href="{}" aria-label="{}: {}">{bar}</a>"#,
                escaped(href),
                escaped(&column.day),
                column.posts
            ),
            None => write!(svg, "{bar}"),
        };
        if i % every == 0 {
            let short = column.day.get(5..).unwrap_or(&column.day);
            let _ = write!(
                svg,
                r#"<text x="{:.1}" y="{:.1}">{}</text>"#,
                x + 2.0,
                height - 3.0,
                escaped(short)
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_draws_nothing_and_labels_cannot_break_out() {
        assert_eq!(columns(&[], "x"), "");
        let column = Column { day: "2026-11-26".into(), posts: 3, href: Some("/?q=\"<".into()) };
        let svg = columns(&[column], "\"><script>");
        assert!(!svg.contains("<script>") && svg.contains("q=&quot;&lt;"), "{svg}");
    }
}
