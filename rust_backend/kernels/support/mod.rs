//! Inputs for the tests and the benchmarks, and every kernel in one form.

use ferrumba_kernels::healpix::*;
use ferrumba_kernels::simd::Level;

/// A pseudo-random sequence: the multiplier and increment of Knuth's MMIX, high bits first.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn bits(&mut self, count: u32) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 ^ self.0 >> 29).rotate_left(17) & (u64::MAX >> (64 - count))
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.bits(64)) * u128::from(limit)) >> 64) as u64
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.bits(53) as f64 / (1_u64 << 53) as f64
    }
}

/// Inputs of all kernels.
pub(crate) struct Inputs {
    pub(crate) lon: Vec<f64>,
    pub(crate) lat: Vec<f64>,
    pub(crate) order: Vec<i64>,
    pub(crate) nested: Vec<i64>,
    pub(crate) uniq: Vec<i64>,
    pub(crate) morton: Vec<i64>,
    pub(crate) ancestor: Vec<i64>,
    pub(crate) coarse: Vec<i64>,
    pub(crate) fine: Vec<i64>,
}

/// Returns `n` rows of valid inputs of one order.
pub(crate) fn valid(n: usize, order: u64) -> Inputs {
    let mut random = Random(order + 1);
    let lon = (0..n).map(|_| random.between(-180.0, 180.0)).collect();
    let lat = (0..n).map(|_| random.between(-1.0, 1.0).asin().to_degrees()).collect();
    let nested: Vec<_> = (0..n).map(|_| random.below(12 << (2 * order)) as i64).collect();
    let uniq = nested.iter().map(|id| id + (4 << (2 * order))).collect();
    let mut id = |order: u64| {
        let digits = (0..order).fold(1 + random.below(6) as i64, |id, _| 10 * id + 1 + random.below(4) as i64);
        if random.bits(1) == 0 { digits } else { -digits }
    };
    let morton: Vec<_> = (0..n).map(|_| id(order.min(18))).collect();
    let ancestor = morton.iter().map(|id| id / 10_i64.pow(order.min(18) as u32 / 2)).collect();
    let (coarse, fine) = (vec![order as i64 / 2], vec![18]);
    Inputs { lon, lat, order: vec![order as i64], nested, uniq, morton, ancestor, coarse, fine }
}

type Kernel<'a> = Box<dyn Fn(Level) -> (Vec<u64>, Option<usize>) + 'a>;

/// A type of output, and the bits that tell its values apart.
trait Bits: Copy {
    const ZERO: Self;
    fn bits(self) -> u64;
}

impl Bits for i64 {
    const ZERO: Self = 0;
    fn bits(self) -> u64 {
        self as u64
    }
}

impl Bits for bool {
    const ZERO: Self = false;
    fn bits(self) -> u64 {
        u64::from(self)
    }
}

impl Bits for f64 {
    const ZERO: Self = 0.0;
    fn bits(self) -> u64 {
        if self.is_nan() { u64::MAX } else { self.to_bits() }
    }
}

fn one<T: Bits>(size: usize, kernel: impl Fn(&mut [T]) -> Option<usize>) -> (Vec<u64>, Option<usize>) {
    let mut out = vec![T::ZERO; size];
    let first = kernel(&mut out);
    (out.into_iter().map(T::bits).collect(), first)
}

fn two<T: Bits>(size: usize, kernel: impl Fn(&mut [T], &mut [T]) -> Option<usize>) -> (Vec<u64>, Option<usize>) {
    one(2 * size, |out: &mut [T]| {
        let (first, second) = out.split_at_mut(size);
        kernel(first, second)
    })
}

/// Returns every kernel by name, as a function from a level to the bits of its results and the first invalid row.
pub(crate) fn kernels(inputs: &Inputs) -> Vec<(&'static str, Kernel<'_>)> {
    let Inputs { lon, lat, order, nested, uniq, morton, ancestor, coarse, fine } = inputs;
    let n = lon.len();
    vec![
        ("lonlat_to_nested", Box::new(move |level| one(n, |out| lonlat_to_nested(level, lon, lat, order, out)))),
        ("lonlat_to_morton", Box::new(move |level| one(n, |out| lonlat_to_morton(level, lon, lat, order, out)))),
        ("nested_to_lonlat", Box::new(move |level| two(n, |a, b| nested_to_lonlat(level, nested, order, a, b)))),
        ("morton_to_lonlat", Box::new(move |level| two(n, |a, b| morton_to_lonlat(level, morton, a, b)))),
        ("nested_to_morton", Box::new(move |level| one(n, |out| nested_to_morton(level, nested, order, out)))),
        ("morton_to_nested", Box::new(move |level| one(n, |out| morton_to_nested(level, morton, out)))),
        ("morton_order", Box::new(move |level| one(n, |out| morton_order(level, morton, out)))),
        ("morton_parent", Box::new(move |level| one(n, |out| morton_parent(level, morton, coarse, out)))),
        ("morton_children", Box::new(move |level| one(4 * n, |out| morton_children(level, ancestor, &[1], out)))),
        ("morton_contains", Box::new(move |level| one(n, |out| morton_contains(level, ancestor, morton, out)))),
        ("morton_range", Box::new(move |level| two(n, |a, b| morton_range(level, morton, fine, a, b)))),
        ("is_morton", Box::new(move |level| one(n, |out| is_morton(level, morton, out)))),
        (
            "neighbours",
            Box::new(move |level| {
                one(8 * n, |out: &mut [i64]| neighbours(level, nested, order, out.as_chunks_mut().0))
            }),
        ),
        ("nested_to_uniq", Box::new(move |level| one(n, |out| nested_to_uniq(level, nested, order, out)))),
        ("uniq_to_nested", Box::new(move |level| two(n, |a, b| uniq_to_nested(level, uniq, a, b)))),
        (
            "cell_vertices",
            Box::new(move |level| {
                two(4 * n, |a, b| cell_vertices(level, nested, order, a.as_chunks_mut().0, b.as_chunks_mut().0))
            }),
        ),
    ]
}
