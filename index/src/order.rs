//! Values that lines are sorted by, as whole numbers that keep their order; and back.
//!
//! In: a time or a heat. Out: a number for [`PageToken`](crate::PageToken), larger where the value is larger.

/// An image of `value` that keeps its order.
pub(crate) fn order_i64(value: i64) -> u64 {
    value.cast_unsigned() ^ (1 << 63)
}

/// What [`order_i64`] is of.
pub(crate) fn from_order_i64(image: u64) -> i64 {
    (image ^ (1 << 63)).cast_signed()
}

/// An image of a heat (which is kept as 32 bits) that keeps its order.
pub(crate) fn heat_key(heat: f64) -> u32 {
    let bits = (heat as f32).to_bits();
    if bits >> 31 == 0 { bits | 1 << 31 } else { !bits }
}

/// What [`heat_key`] is of.
pub(crate) fn from_heat_key(image: u32) -> f32 {
    f32::from_bits(if image >> 31 == 1 { image & !(1 << 31) } else { !image })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_keep_order_and_lead_back() {
        let times = [i64::MIN, -5, 0, 7, 1_795_312_800_000_000, i64::MAX];
        assert!(times.windows(2).all(|two| order_i64(two[0]) < order_i64(two[1])));
        assert!(times.iter().all(|time| from_order_i64(order_i64(*time)) == *time));
        let heats = [-1.5, 0.0, 0.25, 3.0, 1e9];
        assert!(heats.windows(2).all(|two| heat_key(two[0]) < heat_key(two[1])));
        assert!(heats.iter().all(|heat| f64::from(from_heat_key(heat_key(*heat))) == *heat));
    }
}
