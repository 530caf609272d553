//! Whether groups of digits are written as one number, or are several figures that stand near each other.
//!
//! In: a run and the groups looked at. Out: yes or no. The customary groupings of phones are believed anywhere;
//! any other only where the groups stand apart from further figures by signs of their own, or a label says so.
//! Dates, addresses of machines, amounts with thousands apart and pairs of decimals are never one number.

use super::run::{Group, Run};

/// Groupings of mobile numbers that people use.
const MOBILE: &[&[usize]] = &[
    &[11],
    &[3, 4, 4],
    &[3, 8],
    &[3, 3, 5],
    &[4, 3, 4],
    &[7, 4],
    &[3, 4, 2, 2],
    &[3, 2, 2, 4],
    &[3, 2, 2, 2, 2],
    &[1, 3, 3, 4],
];

/// Groups on either side that tell a row of figures: a run may have a hundred thousand, and each is asked.
const ROW: usize = 32;

/// Most groups of an unusual grouping.
const MAX_UNUSUAL: usize = 6;

/// Some groups of a run, looked at as one number.
#[derive(Clone, Copy)]
pub(super) struct Window<'a> {
    pub(super) run: &'a Run,
    pub(super) first: usize,
    pub(super) last: usize,
    /// Its digits.
    pub(super) values: &'a [u8],
    /// How many of them each group has.
    pub(super) sizes: &'a [usize],
}

impl<'a> Window<'a> {
    pub(super) fn groups(&self) -> &'a [Group] {
        &self.run[self.first..=self.last]
    }

    /// Lengths of the groups, the first without `prefix` digits.
    fn sizes_behind(&self, prefix: usize) -> Vec<usize> {
        let mut sizes = self.sizes.to_vec();
        sizes[0] = sizes[0].saturating_sub(prefix);
        sizes
    }

    fn gaps(&self) -> impl Iterator<Item = &'a str> {
        self.groups().iter().skip(1).map(|g| g.gap.as_str())
    }

    fn is_uniform(&self) -> bool {
        let mut gaps = self.gaps();
        let first = gaps.next();
        gaps.all(|gap| Some(gap) == first)
    }

    /// Whether what stands beside it is no further figure of the same row.
    fn is_alone(&self) -> bool {
        let inner: Vec<&str> = self.gaps().collect();
        let before = &self.run[self.first];
        let is_apart = self.first == 0
            // Behind the number of an item, not behind a clock or a date.
            || !inner.contains(&before.gap.as_str())
                && !before.gap.contains([':', '-', '/'])
                && self.run[self.first - 1].values.len() <= 2;
        is_apart
            && self.run.get(self.last + 1).is_none_or(|next| !inner.contains(&next.gap.as_str()))
    }

    /// Few groups, or all apart by the same sign: not `14:26:26）1986-07-07 11:45`, which makes an identity number.
    pub(super) fn is_even_or_few(&self) -> bool {
        self.last - self.first < MAX_UNUSUAL || self.is_uniform()
    }

    /// Digits one by one: `1 3 8 1 2 …`.
    pub(super) fn is_spelled(&self) -> bool {
        self.last > self.first && self.groups().iter().all(|g| g.values.len() == 1)
    }

    /// Groups that make one number though not in a usual grouping.
    pub(super) fn is_unusual_whole(&self, is_labelled: bool) -> bool {
        if self.is_decimal() {
            return is_labelled;
        }
        // `1541254640(1)` is a name of a file.
        let has_halves =
            self.groups().len() != 2 || self.groups().iter().all(|g| g.values.len() > 1);
        is_labelled
            || has_halves
                && self.is_alone()
                && self.is_uniform()
                && (self.is_spelled() || self.last - self.first < MAX_UNUSUAL)
    }

    /// Whether the groups are cut as people cut mobile numbers.
    pub(super) fn is_usual_mobile(&self, prefix: usize) -> bool {
        MOBILE.contains(&self.sizes_behind(prefix).as_slice())
    }

    /// Whether a mobile number of this window, less `prefix` digits, is written as one.
    pub(super) fn is_mobile_grouping(&self, prefix: usize, is_labelled: bool) -> bool {
        let sizes = self.sizes_behind(prefix);
        if self.is_machine_address() || self.has_thousands() {
            return false;
        }
        if sizes.len() > 1
            && sizes[0] == 4
            && sizes[1] != 3
            && self.begins_with_year()
            && !is_labelled
        {
            return false;
        }
        // `1399-150=1249` is a sum.
        let is_sum = sizes[0] != 3 && !self.is_uniform();
        if (self.is_list() || is_sum) && !is_labelled {
            return false;
        }
        self.is_usual_mobile(prefix) || self.is_unusual_whole(is_labelled)
    }

    /// Two or three groups among many others of the same gap: a row of a table.
    fn is_list(&self) -> bool {
        const FIGURES_OF_A_ROW: usize = 3;
        if self.last == self.first {
            return false;
        }
        let Some(gap) = self.gaps().next() else { return false };
        let is_figure = |g: &&Group| !matches!(g.values.len(), 3 | 4 | 8 | 11);
        // The gap behind a group stands with the next one.
        let behind = self.run[self.last + 1..].iter().take(ROW).take_while(|g| g.gap == gap);
        let is_joined = |n: &usize| self.run[n + 1].gap == gap;
        let before = (0..self.first).rev().take(ROW).take_while(is_joined).map(|n| &self.run[n]);
        let (behind, before) = (behind.filter(is_figure).count(), before.filter(is_figure).count());
        before + behind >= FIGURES_OF_A_ROW
    }

    fn begins_with_year(&self) -> bool {
        self.groups()[0].values.starts_with(&[1, 9])
    }

    /// `192.168.10.101`
    fn is_machine_address(&self) -> bool {
        let is_byte = |g: &Group| {
            g.values.len() <= 3 && g.values.iter().fold(0u32, |n, d| n * 10 + u32::from(*d)) <= 255
        };
        self.groups().len() == 4
            && self.gaps().all(|gap| gap == ".")
            && self.groups().iter().all(is_byte)
    }

    /// `13,812,345,678`
    fn has_thousands(&self) -> bool {
        let groups = self.groups();
        groups.len() > 2
            && groups[0].values.len() <= 3
            && groups[1..].iter().all(|g| g.values.len() == 3)
            && self.gaps().all(|gap| matches!(gap, "," | "'" | "’"))
    }

    /// `139.691` and the like, alone or in pairs.
    fn is_decimal(&self) -> bool {
        let points = self.gaps().filter(|gap| *gap == ".").count();
        points > 0 && (self.groups().len() == 2 || !self.is_uniform())
    }

    /// Whether the groups from `from` on are a date: `2026-11-22`.
    pub(super) fn has_date_from(&self, from: usize) -> bool {
        let groups = &self.groups()[from.min(self.groups().len())..];
        let number = |g: &Group| g.values.iter().fold(0u32, |n, d| n * 10 + u32::from(*d));
        match groups {
            [one] if one.values.len() == 8 => {
                let n = number(one);
                is_date(n / 10_000, n / 100 % 100, n % 100)
            }
            [year, month, day] => is_date(number(year), number(month), number(day)),
            _ => false,
        }
    }

    /// Whether this window is the part of a fraction behind `0.`, or has a short fraction behind it: `13812345678.50`.
    pub(super) fn has_fraction(&self) -> bool {
        let first = &self.run[self.first];
        if self.first > 0 && first.gap == "." && self.run[self.first - 1].values == [0] {
            return true;
        }
        let Some(next) = self.run.get(self.last + 1) else { return false };
        self.last == self.first
            && next.gap == "."
            && next.values.len() <= 2
            && self
                .run
                .get(self.last + 2)
                .is_none_or(|after| !matches!(after.gap.as_str(), "." | "" | "-"))
    }
}

fn is_date(year: u32, month: u32, day: u32) -> bool {
    (1949..2050).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
}
