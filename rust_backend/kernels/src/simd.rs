//! The SIMD levels that every kernel is compiled for, and the choice among them at run time.
//!
//! A kernel is an ordinary loop that LLVM vectorises, or one over [`lanes`], compiled once per level; the level is
//! chosen once per call, high above the loop. Rust contracts no `a * b + c` into one rounding, so the levels agree to
//! the last bit; where a step is fused by name, it decides nothing that its rounding could change.

pub(crate) mod lanes;

use std::fmt;
use std::sync::OnceLock;

/// The environment variable that chooses the level.
pub const VARIABLE: &str = "FERRUMBA_RUST_SIMD";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// A set of instructions that this processor has; none can be made for one that it lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    pub(crate) kind: Kind,
}

impl Level {
    /// The level that every processor of this architecture has.
    pub const BASELINE: Self = Self { kind: Kind::Baseline };

    /// The names of the levels that this build was compiled for, slowest first.
    pub fn compiled() -> &'static [&'static str] {
        #[cfg(target_arch = "x86_64")]
        return &["baseline", "avx2", "avx512"];
        #[cfg(not(target_arch = "x86_64"))]
        return &["baseline"];
    }

    /// The levels that this build and this processor have, slowest first.
    pub fn available() -> Vec<Self> {
        #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut, reason = "only x86-64 has more than one level"))]
        let mut levels = vec![Self::BASELINE];
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("popcnt");
            let avx512 = avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512cd")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            levels.extend(avx2.then_some(Self { kind: Kind::Avx2 }));
            levels.extend(avx512.then_some(Self { kind: Kind::Avx512 }));
        }
        levels
    }

    /// The name of the level, as [`VARIABLE`] takes it.
    pub fn name(self) -> &'static str {
        match self.kind {
            Kind::Baseline => "baseline",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
        }
    }

    /// The level that a value of [`VARIABLE`] asks for; unset, empty and `auto` ask for the fastest.
    pub fn parse(value: Option<&str>) -> Result<Self, UnknownLevel> {
        let levels = Self::available();
        match value {
            None | Some("" | "auto") => Ok(levels.last().copied().unwrap_or(Self::BASELINE)),
            Some(name) => levels
                .into_iter()
                .find(|level| level.name() == name)
                .ok_or_else(|| UnknownLevel { value: name.to_owned() }),
        }
    }

    /// The level that the environment asks for, read once in the life of the process.
    pub fn active() -> Result<Self, &'static UnknownLevel> {
        static ACTIVE: OnceLock<Result<Level, UnknownLevel>> = OnceLock::new();
        ACTIVE
            .get_or_init(|| {
                Self::parse(std::env::var_os(VARIABLE).map(|value| value.to_string_lossy().into_owned()).as_deref())
            })
            .as_ref()
            .copied()
    }
}

/// The value of [`VARIABLE`] names no level that this build and this processor have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLevel {
    value: String,
}

impl fmt::Display for UnknownLevel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = &self.value;
        let known = if Level::compiled().contains(&value.as_str()) { "is not in this processor" } else { "is unknown" };
        let names: Vec<_> = Level::available().into_iter().map(Level::name).collect();
        write!(out, "{VARIABLE} is {value:?}, which {known}; set it to auto, {} or unset it", names.join(", "))
    }
}

impl std::error::Error for UnknownLevel {}

/// Asks for the cache line of an element, which need not exist.
#[inline(always)]
pub(crate) fn prefetch<T>(values: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every processor of this architecture has the instruction, which reads nothing: any address will do.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(values.as_ptr().wrapping_add(at).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, at);
}

/// Compiles a function once per level and gives it a first argument, the [`Level`] to run at.
///
/// Whatever the body calls must be `#[inline(always)]`, or it runs at the baseline. A body that names its lanes in
/// angle brackets gets the [`lanes::Lanes`] of the level under that name.
macro_rules! at_every_level {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident($($arguments:tt)*) -> $result:ty $body:block) => {
        $crate::simd::at_every_level! {
            $(#[$attribute])* $visibility fn $name<_lanes>($($arguments)*) -> $result $body
        }
    };
    (
        $(#[$attribute:meta])* $visibility:vis fn $name:ident<$lanes:ident>($($argument:ident: $type:ty),* $(,)?)
        -> $result:ty $body:block
    ) => {
        $(#[$attribute])*
        $visibility fn $name(level: $crate::simd::Level, $($argument: $type),*) -> $result {
            #[inline(always)]
            fn body($lanes: impl $crate::simd::lanes::Lanes, $($argument: $type),*) -> $result $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
            fn avx2($($argument: $type),*) -> $result {
                // SAFETY: this function runs only where its features are.
                let lanes = unsafe { $crate::simd::lanes::Avx2::new() };
                body(lanes, $($argument),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
            fn avx512($($argument: $type),*) -> $result {
                // SAFETY: as above.
                let lanes = unsafe { $crate::simd::lanes::Avx512::new() };
                body(lanes, $($argument),*)
            }

            match level.kind {
                // SAFETY: every processor of this architecture has the instructions.
                $crate::simd::Kind::Baseline => body(unsafe { $crate::simd::lanes::Baseline::new() }, $($argument),*),
                // SAFETY: a level exists only on processors that have its instructions.
                #[cfg(target_arch = "x86_64")]
                $crate::simd::Kind::Avx2 => unsafe { avx2($($argument),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::simd::Kind::Avx512 => unsafe { avx512($($argument),*) },
            }
        }
    };
}
pub(crate) use at_every_level;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::lanes::Lanes;

    at_every_level! {
        /// Sums, to show that every level that is offered can run.
        fn sum(values: &[u64]) -> u64 {
            values.iter().sum()
        }
    }

    #[test]
    fn every_level_offered_runs() {
        let values: Vec<u64> = (0..1000).collect();
        for level in Level::available() {
            assert_eq!(sum(level, &values), 499_500, "{}", level.name());
        }
    }

    #[inline(always)]
    fn rows_of<L: Lanes>(_: L) -> usize {
        L::ROWS
    }

    at_every_level! {
        /// Divides values and their running sums by a number; both are as many as vectors hold.
        fn divide<lanes>(values: &[f64], divisor: f64, quotients: &mut [f64], sums: &mut [f64]) -> () {
            let divisor = lanes.all(divisor.to_bits());
            let mut before = lanes.all(0);
            let mut at = 0;
            while at < values.len() {
                let own = lanes.load_floats(&values[at..]);
                lanes.store_floats(lanes.divided_by(own, divisor), &mut quotients[at..]);
                let running = lanes.running_sums(own);
                lanes.store_floats(lanes.add_floats(before, running), &mut sums[at..]);
                before = lanes.add_floats(before, lanes.last(running));
                at += rows_of(lanes);
            }
        }
    }

    #[test]
    fn quotients_by_one_number_are_rounded_once_and_whole_numbers_summed_up() {
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 12
        };
        for divisor in (1..200).chain([1000, 4095, 65_537, 10_000_019, i32::MAX]).map(f64::from) {
            // Mantissas of all kinds, multiples of the divisor, and what is beside them.
            let value = |k: u64, bits: u64| match k % 4 {
                0 => f64::from_bits(bits | 1023 << 52),
                1 => (bits >> 20) as f64 * divisor,
                2 => f64::from_bits(((bits >> 22) as f64 * divisor).to_bits() + 1),
                _ => -f64::from_bits(((bits >> 22) as f64 * divisor).to_bits().saturating_sub(1)),
            };
            let values: Vec<f64> =
                (0..512).map(|k| value(k, random()) * 2_f64.powi((k % 7) as i32 * 100 - 300)).collect();
            let whole: Vec<f64> = (0..512).map(|_| (random() >> 20) as f64).collect();
            let expected: Vec<f64> = values.iter().map(|value| value / divisor).collect();
            for level in Level::available() {
                let (mut quotients, mut sums) = (vec![0.0; 512], vec![0.0; 512]);
                divide(level, &values, divisor, &mut quotients, &mut sums);
                assert_eq!(quotients, expected, "{} {divisor}", level.name());
                divide(level, &whole, divisor, &mut quotients, &mut sums);
                let mut total = 0.0;
                assert!(whole.iter().zip(&sums).all(|(value, sum)| {
                    total += value;
                    total == *sum
                }));
            }
        }
    }

    at_every_level! {
        fn invert<lanes>(counts: &[f64; 8], inverses: &mut [f64; 8]) -> () {
            lanes.reciprocals(counts, inverses);
        }
    }

    #[test]
    fn reciprocals_of_counts_are_rounded_once() {
        let beside = |exponent: i32| (-4..4).map(move |part| 2_f64.powi(exponent) + f64::from(part));
        let counts: Vec<f64> = (-8..200_000).map(f64::from).chain((20..52).flat_map(beside)).collect();
        for (level, counts) in Level::available()
            .into_iter()
            .flat_map(|level| counts.as_chunks().0.iter().map(move |eight| (level, eight)))
        {
            let mut inverses = [0.0; 8];
            invert(level, counts, &mut inverses);
            for (count, inverse) in counts.iter().zip(inverses) {
                let nothing = *count == 0.0 && !inverse.is_finite();
                assert!(inverse == 1.0 / count || nothing, "{} {count} {inverse}", level.name());
            }
        }
    }

    #[test]
    fn names_are_parsed_strictly() {
        for level in Level::available() {
            assert_eq!(Level::parse(Some(level.name())), Ok(level));
        }
        let fastest = Level::available().last().copied();
        for value in [None, Some(""), Some("auto")] {
            assert_eq!(Level::parse(value).ok(), fastest);
        }
        for value in ["AVX2", " avx2", "sse9", "0"] {
            let fault = Level::parse(Some(value)).unwrap_err().to_string();
            assert!(fault.contains(&format!("{value:?}")) && fault.contains("auto, baseline"), "{fault}");
        }
    }

    #[test]
    fn available_levels_are_compiled() {
        let mut compiled = Level::compiled().iter();
        for level in Level::available() {
            assert!(compiled.any(|name| *name == level.name()));
        }
    }
}
