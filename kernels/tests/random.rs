//! Draws inside kernels: the published answers of Philox, the same on every instruction set, and dropout bit for bit
//! against a plain loop.

mod common;

use common::{Stream, assert_same_bits, cpus};
use kernels::random::{Draw, Key, dropout, philox4x32};

/// Counter, key and answer of `philox4x32 10` in the known answers of Random123 (Salmon et al. 2011).
const KNOWN: [([u32; 4], Key, [u32; 4]); 3] = [
    ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
    ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
    (
        [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
        [0xa409_3822, 0x299f_31d0],
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
    ),
];

#[test]
fn philox_gives_the_known_answers_in_every_lane() {
    let mut stream = Stream(1);
    for cpu in cpus() {
        for (counter, key, answer) in KNOWN {
            for lane in 0..16 {
                // the other lanes hold anything, and must not matter
                let mut counters = [[0; 16]; 4].map(|lanes: [u32; 16]| lanes.map(|_| stream.bits() as u32));
                counters.iter_mut().zip(counter).for_each(|(lanes, word)| lanes[lane] = word);
                let out = philox4x32(cpu, counters, key);
                assert_eq!(out.map(|lanes| lanes[lane]), answer, "lane {lane} on {}", cpu.isa());
            }
        }
    }
}

/// One counter, written as the paper does.
fn philox(mut c: [u32; 4], mut key: Key) -> [u32; 4] {
    for _ in 0..10 {
        let (a, b) = (0xd251_1f53_u64 * u64::from(c[0]), 0xcd9e_8d57_u64 * u64::from(c[2]));
        c = [(b >> 32) as u32 ^ c[1] ^ key[0], b as u32, (a >> 32) as u32 ^ c[3] ^ key[1], a as u32];
        key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
    }
    c
}

#[test]
fn dropout_is_a_function_of_key_row_and_column() {
    for cpu in cpus() {
        for cols in [1, 5, 15, 16, 17, 33, 63, 64, 65, 100, 200] {
            for rate in [0.0, 0.1, 0.5, 0.75] {
                let key = [cols as u32, 7];
                let x = Stream(cols as u64).units(6 * cols);
                let of = |i: usize| {
                    let (row, col) = ((2 + i / cols) as u32, i % cols);
                    let word = philox([(col / 64 * 16 + col % 16) as u32, row, 0, 0], key)[col / 16 % 4];
                    let unit = (word >> 9) as f32 / 8_388_608.0;
                    if unit < rate { 0.0 } else { x[i] * (1.0 / (1.0 - rate)) }
                };
                let expected: Vec<f32> = (0..x.len()).map(of).collect();
                let mut y = vec![f32::NAN; x.len()];
                dropout(cpu, Draw { key, rate, row: 2 }, cols, &x, &mut y);
                assert_same_bits(&y, &expected, "dropout");
                // the rows in two parts, as two threads would take them
                let (first, second) = y.split_at_mut(4 * cols);
                dropout(cpu, Draw { key, rate, row: 2 }, cols, &x[..4 * cols], first);
                dropout(cpu, Draw { key, rate, row: 6 }, cols, &x[4 * cols..], second);
                assert_same_bits(&y, &expected, "dropout in two parts");
            }
        }
    }
}

/// The share that is kept is binomial: five of its deviations are allowed. So is the mean of ones, which dropout keeps.
#[test]
fn the_right_share_is_kept_and_the_mean_stays() {
    let (rows, cols) = (1000, 100);
    let n = f64::from(rows) * cols as f64;
    let x = vec![1.0; rows as usize * cols];
    for rate in [0.1_f32, 0.2, 0.5, 0.9] {
        let mut y = x.clone();
        dropout(kernels::Cpu::best(), Draw { key: [1, 2], rate, row: 0 }, cols, &x, &mut y);
        let p = f64::from(rate);
        let kept = y.iter().filter(|y| **y != 0.0).count() as f64 / n;
        let deviation = (p * (1.0 - p) / n).sqrt();
        assert!((kept - (1.0 - p)).abs() < 5.0 * deviation, "{rate}: {kept}");
        let mean = y.iter().map(|y| f64::from(*y)).sum::<f64>() / n;
        assert!((mean - 1.0).abs() < 5.0 * deviation / (1.0 - p), "{rate}: {mean}");
    }
}
