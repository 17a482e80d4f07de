//! Every kernel returns the same bits at every SIMD level that this processor has, whatever the input.

#![allow(missing_docs)]

#[path = "../support/mod.rs"]
mod support;

use ferrumba_kernels::healpix::{lonlat_to_nested, nested_to_lonlat};
use ferrumba_kernels::simd::Level;
use support::{Inputs, Random, kernels, valid};

fn assert_same_bits(inputs: &Inputs, label: &str) {
    for (name, kernel) in kernels(inputs) {
        let expected = kernel(Level::BASELINE);
        for level in Level::available() {
            assert!(kernel(level) == expected, "{name}, {label}, differs at {}", level.name());
        }
    }
}

#[test]
fn valid_rows_of_any_order_and_number() {
    for order in 0..=29 {
        assert_same_bits(&valid(300, order), &format!("order {order}"));
    }
    for n in [0, 1, 2, 7, 63, 64, 65, 255, 257, 1023, 1024, 1025, 5000] {
        let inputs = valid(n, 18);
        assert_same_bits(&inputs, &format!("{n} rows"));
        for (name, kernel) in kernels(&inputs) {
            assert_eq!(kernel(Level::BASELINE).1, None, "{name}");
        }
    }
}

#[test]
fn any_bits_in_any_row() {
    let mut random = Random(7);
    for round in 0..40 {
        let mut inputs = valid(1500, 18);
        let n = inputs.lon.len();
        let own_orders = round % 2 == 1;
        if own_orders {
            inputs.order = (0..n).map(|_| random.below(34) as i64 - 2).collect();
            inputs.coarse = inputs.order.clone();
            inputs.fine = (0..n).map(|_| random.below(22) as i64 - 1).collect();
        }
        for row in (0..n).filter(|row| row % 5 == 0) {
            let bits = random.bits(64);
            let short = bits as i64 >> random.below(64);
            (inputs.lon[row], inputs.lat[row]) = (f64::from_bits(bits), f64::from_bits(random.bits(64)));
            (inputs.nested[row], inputs.uniq[row]) = (short, short);
            (inputs.morton[row], inputs.ancestor[row]) = (short, bits as i64);
        }
        for value in [f64::NAN, f64::INFINITY, -0.0, 90.0, -90.0, 90.1, 720.0, 1e300] {
            inputs.lon[random.below(n as u64) as usize] = value;
            inputs.lat[random.below(n as u64) as usize] = value;
        }
        for value in [i64::MIN, i64::MAX, 0, -1] {
            let row = random.below(n as u64) as usize;
            (inputs.nested[row], inputs.uniq[row], inputs.morton[row]) = (value, value, value);
        }
        assert_same_bits(&inputs, &format!("round {round}"));
    }
}

#[test]
fn centres_lie_in_their_cells() {
    for order in 0..=29 {
        let inputs = valid(2000, order);
        for level in Level::available() {
            let n = inputs.nested.len();
            let (mut lon, mut lat, mut nested) = (vec![0.0; n], vec![0.0; n], vec![0; n]);
            assert_eq!(nested_to_lonlat(level, &inputs.nested, &inputs.order, &mut lon, &mut lat), None);
            assert_eq!(lonlat_to_nested(level, &lon, &lat, &inputs.order, &mut nested), None);
            assert_eq!(nested, inputs.nested, "order {order}, {}", level.name());
        }
    }
}
