//! Rows are copied as they are, from wherever they lie.

use kernels::{Cpu, rows};

#[test]
fn every_row_arrives() {
    for cpu in Cpu::all() {
        for width in [1, 15, 16, 17, 50] {
            let from: Vec<f32> = (0..9 * width).map(|i| i as f32).collect();
            for picked in [&[][..], &[4_u32], &[8, 0, 0, 3, 7]] {
                let mut to = vec![f32::NAN; picked.len() * width];
                rows::gather(cpu, &from, width, picked, &mut to);
                let expected: Vec<f32> =
                    picked.iter().flat_map(|row| from[*row as usize * width..][..width].to_vec()).collect();
                assert_eq!(to, expected, "{cpu:?}, {width} wide");
            }
        }
    }
}

#[test]
fn rows_of_nothing() {
    rows::gather(Cpu::best(), &[], 0, &[], &mut []);
}
