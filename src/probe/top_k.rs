//! `top_k`: the share of rows whose class is among the `k` largest outputs. Its columns are called `train_top_5_accuracy`.
//! Of equal outputs the one of the lower class counts as the larger, as it does for `accuracy`.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "top_k",
        aliases: &["top_k_accuracy", "top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy"],
        summary: "`top_5_accuracy`: the share of rows whose class is among the k largest outputs",
        formula: "#{r : #{j : z_j > z_y, or z_j = z_y and j < y} < k} / rows",
        source: "Russakovsky et al. 2015 (ImageNet)",
        keys: vec![Key::preset("k", Kind::COUNT, "5", "so many guesses; fewer than there are classes")],
        example: "{ type = \"top_k\", k = 3 }".into(),
    };
    let make = |values: &Values| {
        let k = values.count("k");
        Probe::Outputs(format!("top_{k}_accuracy"), Box::new(TopK(k)))
    };
    Entry { about, build: Build::outputs(Better::Higher, make) }
}

struct TopK(usize);

impl OfOutputs for TopK {
    fn misfit(&self, target: Target) -> Option<String> {
        match target {
            Target::Classes(n) if self.0 >= n => {
                Some(format!("the right one of {n} classes is always among {}", self.0))
            }
            _ => classes::misfit(target),
        }
    }

    fn measure(&self, outputs: &Outputs<'_>) -> f64 {
        let right = outputs.right();
        if outputs.objective.form() == Form::Binary {
            // two classes: k is 1
            return outputs.hits() as f64 / outputs.rows() as f64;
        }
        let among = |(z, y): (&[f32], &u32)| {
            let y = *y as usize;
            let before = z.iter().enumerate().filter(|(j, x)| **x > z[y] || (**x == z[y] && *j < y)).count();
            before < self.0 && !z[y].is_nan()
        };
        let hits = outputs.z.chunks(outputs.objective.width()).zip(&right).filter(|row| among(*row)).count();
        hits as f64 / outputs.rows() as f64
    }
}
