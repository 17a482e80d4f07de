//! Eight series in lockstep, in windows that all have one width.
//!
//! The series are columns, or parts of those that are left over, each behind as many rows as its first window reaches
//! back to.

use crate::simd::lanes::Lanes;
use crate::table::Table;
use crate::timeseries::halves::{Halves, LANES, MISSING};
use crate::timeseries::order_statistics::Statistic;
use crate::timeseries::results::{CHUNK, Results, Sheet};
use crate::timeseries::windows::Rules;

#[inline(always)]
fn bits_of(value: f64) -> i64 {
    if value.is_finite() { value.to_bits() as i64 } else { MISSING }
}

/// Fills tables with a statistic of windows of `size` rows, the same for all.
#[inline(always)]
pub(crate) fn fill(
    lanes: impl Lanes,
    values: Table<'_, f64>,
    rules: Rules,
    size: usize,
    statistic: Statistic<'_>,
    tables: &mut [Results<'_>],
) {
    let columns = values.columns();
    // Whole columns, and parts of those that are left over.
    let whole = columns / LANES * LANES;
    let rest = columns - whole;
    let groups = [(0, whole, 1), (whole, rest, (LANES / rest.max(1)).clamp(1, rules.rows.max(1)))];
    let firsts = groups.map(|(begin, many, parts)| {
        (0..many * parts).step_by(LANES).map(move |first| (begin, parts, first, (many * parts - first).min(LANES)))
    });
    let mut sheet = Sheet::<LANES>::new(tables, columns);
    let (mut windows, mut ring) = (Halves::new(lanes, size), vec![[MISSING; LANES]; size]);
    let mut loaded = [0.0; CHUNK];
    let mut entering = vec![[MISSING; LANES]; CHUNK];
    for (begin, parts, first, many) in firsts.into_iter().flatten() {
        let length = rules.rows.div_ceil(parts);
        windows.clear();
        ring.fill([MISSING; LANES]);
        // The series of a lane: its column, and its rows of the call. Lanes without one repeat the last, so that all
        // windows have as many values.
        let series: [_; LANES] = std::array::from_fn(|lane| {
            let place = first + lane.min(many - 1);
            let (column, part) = (begin + place / parts, place % parts);
            let start = (part * length).min(rules.rows);
            (column, start, (start + length).min(rules.rows))
        });
        let (mut place, mut needed) = (0, [0; LANES]);
        for step in (0..length + size - 1).step_by(CHUNK) {
            let steps = (length + size - 1 - step).min(CHUNK);
            for (lane, (column, start, stop)) in series.iter().enumerate() {
                // Row `history + start + step - (size - 1)` of the table, which may lie before its first.
                let (row, back) = (rules.history + start + step, size - 1);
                let skipped = back.saturating_sub(row).min(steps);
                let end = (rules.history + stop + back).saturating_sub(row).min(steps);
                let wanted = loaded.get_mut(..end.saturating_sub(skipped)).unwrap_or_default();
                let found = values.load(*column, (row + skipped).saturating_sub(back), wanted);
                for bits in entering.iter_mut().take(skipped) {
                    bits[lane] = MISSING;
                }
                for (bits, value) in entering.iter_mut().skip(skipped).zip(found.iter()) {
                    bits[lane] = bits_of(*value);
                }
                for bits in entering.iter_mut().skip(skipped + found.len()) {
                    bits[lane] = MISSING;
                }
            }
            for (at, entering) in entering.iter().enumerate().take(steps) {
                let Some(slot) = ring.get_mut(place) else { break };
                let leaving = std::mem::replace(slot, *entering);
                place = if place + 1 < size { place + 1 } else { 0 };
                windows.step(&leaving, entering);
                if let Some(row) = (step + at + 1).checked_sub(size) {
                    if row < size {
                        needed = series.map(|(_, start, _)| rules.needed((rules.history + start + row + 1).min(size)));
                    }
                    let last =
                        entering.map(|bits| if bits == MISSING { f64::NAN } else { f64::from_bits(bits as u64) });
                    sheet.note(statistic, &windows, last, needed, at);
                }
            }
            for (lane, (column, start, stop)) in series.iter().enumerate().take(many) {
                let from = (size - 1).saturating_sub(step).min(steps);
                let row = start + (step + from).saturating_sub(size - 1);
                let end = (from + stop.saturating_sub(row)).min(steps);
                sheet.write(tables, *column, row, lane, from..end);
            }
        }
    }
}
