//! Matrix products of the crate `gemm` on one thread: reads lines `name;form;m;k;n` from the standard input, as `products.py`
//! lists them, and prints GFLOP/s by name as a line of JSON.

use std::io::Read;
use std::time::Instant;

/// Numbers between -1 and 1 that begin at a cache line, as a part of `room`.
fn numbers(room: &mut Vec<f32>, count: usize) -> &mut [f32] {
    room.extend((0..count + 16).map(|i| ((i * 37 + 11) % 101) as f32 / 50.5 - 1.0));
    let first = room.as_ptr().align_offset(64);
    &mut room[first..first + count]
}

/// The median over a few runs of calls in a row, as `seconds` of `products.py`.
fn seconds(mut call: impl FnMut()) -> f64 {
    call();
    let (mut count, mut each) = (1, Vec::new());
    while each.len() < 5 {
        let begun = Instant::now();
        (0..count).for_each(|_| call());
        let took = begun.elapsed().as_secs_f64();
        if took < 0.01 { count *= 2 } else { each.push(took / f64::from(count)) }
    }
    each.sort_by(f64::total_cmp);
    each[each.len() / 2]
}

/// GFLOP/s of `c = a b` with `a` of (m, k) and `b` of (k, n), the one that the form turns stored by columns.
fn rate(form: &str, m: usize, k: usize, n: usize) -> f64 {
    let mut rooms = [const { Vec::new() }; 3];
    let [a, b, c] = &mut rooms;
    let (a, b, c) = (numbers(a, m * k), numbers(b, k * n), numbers(c, m * n));
    // strides from a column to the next, and from a row to the next
    let (a_by, b_by) = match form {
        "weights" => ((m, 1), (1, n)),
        "inputs" => ((1, k), (k, 1)),
        _ => ((1, k), (1, n)),
    };
    let multiply = || {
        let alone = gemm::Parallelism::None;
        let stride = |by: (usize, usize)| (by.0 as isize, by.1 as isize);
        let ((a_cols, a_rows), (b_cols, b_rows), (c_cols, c_rows)) = (stride(a_by), stride(b_by), stride((1, n)));
        // SAFETY: the slices have as many numbers as the extents say, and the strides stay within them.
        unsafe {
            gemm::gemm(
                m,
                n,
                k,
                c.as_mut_ptr(),
                c_cols,
                c_rows,
                false,
                a.as_ptr(),
                a_cols,
                a_rows,
                b.as_ptr(),
                b_cols,
                b_rows,
                0.0,
                1.0,
                false,
                false,
                false,
                alone,
            );
        }
    };
    let rate = 2e-9 * (m * k * n) as f64 / seconds(multiply);
    let chain = |sum: f32, p: usize| a[p * a_by.0 + (m - 1) * a_by.1].mul_add(b[(n - 1) * b_by.0 + p * b_by.1], sum);
    let (last, expected) = (c[m * n - 1], (0..k).fold(0.0, chain));
    assert!((last - expected).abs() < 1e-3 * k as f32, "{form} {m}x{k}x{n}: {last}, not {expected}");
    rate
}

fn main() {
    let mut lines = String::new();
    std::io::stdin().read_to_string(&mut lines).expect("lines of text");
    let rates = lines.lines().map(|line| {
        let words: Vec<&str> = line.split(';').collect();
        let [name, form, m, k, n] = words[..] else { panic!("no product: {line}") };
        let [m, k, n] = [m, k, n].map(|side| side.parse().expect("a side is a number"));
        format!("\"{name}\": {}", rate(form, m, k, n))
    });
    println!("{{{}}}", rates.collect::<Vec<_>>().join(", "));
}
