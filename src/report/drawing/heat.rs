//! A heat map: a cell a row and a column, the darker the more, with its number where there is room.
//!
//! In: counts. Out: a drawing. The scale ends at the highest count; nothing is as light as paper.

use super::{Colour, Drawing, GRID, Shape};

/// From little to much; dark ink stays readable on all of them, and grey print keeps their order.
const SCALE: [Colour; 5] = [
    Colour(0xe3, 0xee, 0xf8),
    Colour(0xc3, 0xdb, 0xf0),
    Colour(0x9f, 0xc4, 0xe6),
    Colour(0x7a, 0xac, 0xd9),
    Colour(0x58, 0x93, 0xc9),
];

/// Columns beyond which a cell has no room for its number.
const NUMBERED: usize = 14;

impl Drawing {
    /// Rows are numbered as in the table beside; `labels` name the columns, or are empty.
    #[must_use]
    pub fn heat(rows: &[Vec<u64>], labels: &[String]) -> Self {
        let (width, tall, left, head) = (660.0, 22.0, 34.0, 20.0);
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let wide = (width - left) / columns as f64;
        let most = rows.iter().flatten().copied().max().unwrap_or(0).max(1);
        let mut shapes = Vec::new();
        for (i, label) in labels.iter().enumerate().filter(|(_, label)| !label.is_empty()) {
            let x = left + wide * (i as f64 + 0.5);
            shapes.push(Shape::Label(x, head - 6.0, false, label.clone()));
        }
        for (r, row) in rows.iter().enumerate() {
            let y = head + tall * r as f64;
            shapes.push(Shape::Label(left - 8.0, y + 15.0, true, (r + 1).to_string()));
            for (c, posts) in row.iter().enumerate() {
                let x = left + wide * c as f64;
                shapes.push(Shape::Rect(
                    x + 0.5,
                    y + 0.5,
                    wide - 1.0,
                    tall - 1.0,
                    shade(*posts, most),
                ));
                if *posts > 0 && columns <= NUMBERED {
                    let label = posts.to_string();
                    shapes.push(Shape::Label(x + wide / 2.0, y + 15.0, false, label));
                }
            }
        }
        Self { width, height: head + tall * rows.len() as f64 + 4.0, shapes }
    }
}

fn shade(posts: u64, most: u64) -> Colour {
    match posts {
        0 => Colour(0xf6, 0xf7, 0xf9),
        _ if most == 0 => GRID,
        _ => {
            let steps = SCALE.len() as u64;
            let at = (posts * steps).div_ceil(most).clamp(1, steps) - 1;
            SCALE[usize::try_from(at).unwrap_or(0)]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_darker_and_none_is_no_shade_of_it() {
        for (posts, expected) in [(1, SCALE[0]), (2, SCALE[0]), (3, SCALE[1]), (10, SCALE[4])] {
            assert_eq!(shade(posts, 10), expected, "{posts}");
        }
        assert!(!SCALE.contains(&shade(0, 10)));
        assert_eq!(shade(1, 1), SCALE[4]);
    }

    #[test]
    fn a_cell_a_row_and_day_and_a_number_where_there_is_room() {
        let labels = vec!["11.20".to_owned(); 7];
        let week = Drawing::heat(&[vec![0, 1, 2, 3, 4, 5, 6], vec![1; 7]], &labels);
        let of = |drawing: &Drawing| {
            drawing.shapes.iter().filter(|shape| matches!(shape, Shape::Rect(..))).count()
        };
        assert_eq!(of(&week), 14);
        // Days, rows, and each count but the 0.
        assert_eq!(week.shapes.len() - 14, 7 + 2 + 13);
        let month = Drawing::heat(&[vec![1; 30]], &[]);
        assert_eq!(month.shapes.len(), 31);
    }
}
