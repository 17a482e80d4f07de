//! Values less the middle of their column.

use crate::simd::at_every_level;

at_every_level! {
    /// Fills `centred`, with 0 where the value is not finite, and `missing`.
    pub fn centre(values: &[f64], middle: &[f64], centred: &mut [f64], missing: &mut [bool]) -> Option<usize> {
        let columns = middle.len().max(1);
        let rows = values.chunks_exact(columns).zip(centred.chunks_exact_mut(columns));
        for ((values, centred), missing) in rows.zip(missing.chunks_exact_mut(columns)) {
            for (((value, middle), centred), missing) in values.iter().zip(middle).zip(centred).zip(missing) {
                let finite = value.is_finite();
                let difference = value - middle;
                *centred = if finite { difference } else { 0.0 };
                *missing = !finite;
            }
        }
        None
    }
}
