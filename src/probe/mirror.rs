//! `mirror`: how a network that detects mirror symmetry does it (Rumelhart, Hinton & Williams 1986, figure 2). The
//! solution they found has, in every hidden unit, weights that are opposite in sign about the middle of the input, and
//! whose sizes on one side are in the ratio 1 : 2 : 4.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "mirror",
        aliases: &[],
        summary: "how nearly the first layer's weights are antisymmetric about the middle of the input, and their ratios",
        formula: "antisymmetry = max |w_i + w_{n+1-i}| / max |w|; ratio_k = the k-th smallest |w| of a half over the smallest; \
                  each the mean over hidden units",
        source: "Rumelhart, Hinton & Williams 1986",
        keys: NO_KEYS,
        example: "\"mirror\"".into(),
    };
    Entry { about, build: Build::state(|_| Probe::State(String::new(), Box::new(Mirror))) }
}

struct Mirror;

impl OfState for Mirror {
    fn misfit(&self, network: &Network) -> Option<String> {
        let fits = first_weight(network).is_some_and(|s| s.extents[0] >= 6 && s.extents[0] % 2 == 0);
        (!fits).then(|| "it looks at a first layer with an even number of inputs, at least 6".into())
    }

    fn columns(&self, _: &Network) -> Vec<String> {
        ["antisymmetry", "ratio_2", "ratio_3"].map(str::to_owned).into()
    }

    fn measure(&self, state: &State<'_>) -> Vec<f64> {
        let slot = first_weight(state.network).expect("checked when it was planned");
        let (inputs, units) = (slot.extents[0], slot.extents[1]);
        let weight = |i: usize, unit: usize| f64::from(state.params[slot.offset + i * units + unit]);
        let mut sums = [0.0; 3];
        for unit in 0..units {
            let largest = (0..inputs).map(|i| weight(i, unit).abs()).fold(0.0, f64::max);
            let skew =
                (0..inputs / 2).map(|i| (weight(i, unit) + weight(inputs - 1 - i, unit)).abs()).fold(0.0, f64::max);
            let mut half: Vec<f64> = (0..inputs / 2).map(|i| weight(i, unit).abs()).collect();
            half.sort_by(f64::total_cmp);
            let found = [skew / largest, half[1] / half[0], half[2] / half[0]];
            sums.iter_mut().zip(found).for_each(|(s, x)| *s += x);
        }
        sums.iter().map(|s| s / units as f64).collect()
    }
}
