//! What every member of a registry owes: a full description, a gradient that the differences of its reference agree with,
//! the same bits everywhere and for every cut of its buffers, and NaN out for NaN in. A new member is tested by being
//! listed.

mod common;

use common::{Stream, assert_same_bits, cpus};
use kernels::activation::{self, Activation};
use kernels::loss::{self, Loss, Targets};
use kernels::optimizer;
use kernels::{Cpu, Form, Member};

/// The settings' defaults, and 0.1 where there is none.
fn defaults<B>(member: &Member<B>) -> Vec<f64> {
    let values = |setting: &kernels::Setting| setting.default.unwrap_or(&[0.1]).to_vec();
    member.settings.iter().flat_map(values).collect()
}

/// The settings with every one of them in use: flags and words turned, zeros made a half, a list of `count` numbers.
fn busy<B>(member: &Member<B>, count: usize) -> Vec<f64> {
    let value = |setting: &kernels::Setting| match setting.form {
        Form::Flag => vec![1.0 - setting.default.map_or(0.0, |flag| flag[0])],
        Form::Word(words) => vec![(words.len() - 1) as f64],
        Form::Whole => {
            let default = setting.default.map_or(0.0, |x| x[0]);
            vec![if setting.bounds.allow(default + 1.0) { default + 1.0 } else { default }]
        }
        Form::List => (0..count).map(|i| 0.5 + 0.25 * i as f64).collect(),
        Form::Number | Form::Pair => {
            setting.default.unwrap_or(&[0.1]).iter().map(|&x| if x == 0.0 { 0.5 } else { x }).collect()
        }
    };
    member.settings.iter().flat_map(value).collect()
}

fn described<B>(members: &[Member<B>]) {
    let mut names: Vec<&str> = Vec::new();
    for member in members {
        assert!(
            !member.summary.is_empty() && !member.formula.is_empty() && !member.source.is_empty(),
            "{}",
            member.name
        );
        assert!(!member.summary.ends_with('.'), "{}: a summary has no final period", member.name);
        names.push(member.name);
        names.extend(member.aliases);
        let mut keys: Vec<&str> = Vec::new();
        for setting in member.settings {
            assert!(!setting.summary.is_empty(), "{}.{}", member.name, setting.name);
            keys.push(setting.name);
            keys.extend(setting.aliases);
            for &value in setting.default.unwrap_or(&[]) {
                assert!(setting.bounds.allow(value), "{}.{}: default {value}", member.name, setting.name);
            }
            let width = setting.form.width();
            assert!(
                setting.default.is_none_or(|numbers| width.is_none_or(|width| width == numbers.len())),
                "{}.{}: width of the default",
                member.name,
                setting.name
            );
            assert!(setting.form != Form::Flag || setting.bounds.allow(1.0), "{}.{}", member.name, setting.name);
            let last = std::ptr::eq(setting, member.settings.last().expect("this one"));
            assert!(width.is_some() || last, "{}.{}: a list is the last setting", member.name, setting.name);
            let first = setting.default.and_then(|numbers| numbers.first()).copied();
            let known = match setting.form {
                Form::Word(words) => first.is_none_or(|place| words.get(place as usize).is_some()),
                Form::Whole => first.is_none_or(|x| x.fract() == 0.0),
                _ => true,
            };
            assert!(known, "{}.{}: the default cannot be written", member.name, setting.name);
        }
        unique(keys);
    }
    unique(names);
}

fn unique(mut names: Vec<&str>) {
    names.sort_unstable();
    assert!(names.is_sorted_by(|a, b| a < b), "a name twice in {names:?}");
}

#[test]
fn every_member_is_described() {
    described(activation::ALL);
    described(loss::ALL);
    described(optimizer::ALL);
    for member in optimizer::ALL {
        assert_eq!(member.settings[0].name, "lr", "{}", member.name);
        assert!(member.settings.iter().any(|setting| setting.name == "weight_decay"), "{}", member.name);
    }
}

/// Points away from kinks, of both signs.
fn points(len: usize) -> Vec<f32> {
    Stream(len as u64).units(len).iter().map(|x| 6.0 * x + 0.01_f32.copysign(*x)).collect()
}

fn close(ours: f32, theirs: f64, tolerance: f64, what: &str) {
    let ours = f64::from(ours);
    assert!((ours - theirs).abs() <= tolerance * theirs.abs().max(1.0), "{what}: {ours:e}, not {theirs:e}");
}

fn activations() -> impl Iterator<Item = (&'static str, Box<dyn Activation>)> {
    activation::ALL
        .iter()
        .flat_map(|member| [defaults(member), busy(member, 0)].map(|settings| (member.name, (member.build)(&settings))))
}

#[test]
fn activations_match_their_reference() {
    let (x, dy) = (points(1000), Stream(2).units(1000));
    let (mut y, mut dx) = (vec![f32::NAN; 1000], vec![f32::NAN; 1000]);
    for (name, f) in activations() {
        f.forward(Cpu::best(), &x, &mut y);
        f.backward(Cpu::best(), &x, &y, &dy, &mut dx);
        for i in 0..x.len() {
            let at = f64::from(x[i]);
            close(y[i], f.reference(at), 1e-6, name);
            let h = 1e-4;
            let slope = (f.reference(at + h) - f.reference(at - h)) / (2.0 * h);
            close(dx[i], f64::from(dy[i]) * slope, 1e-6, name);
        }
    }
}

#[test]
fn activations_give_the_same_bits() {
    for (name, f) in activations() {
        for len in [0, 1, 15, 16, 17, 100] {
            let (x, dy) = (points(len), Stream(2).units(len));
            let run = |cpu| {
                let (mut y, mut dx) = (vec![f32::NAN; len], vec![f32::NAN; len]);
                f.forward(cpu, &x, &mut y);
                f.backward(cpu, &x, &y, &dy, &mut dx);
                [y, dx].concat()
            };
            for cpu in cpus() {
                assert_same_bits(&run(cpu), &run(Cpu::best()), name);
            }
        }
    }
}

#[test]
fn activations_in_place_give_the_same_bits() {
    let special = [0.0, -0.0, 1e-40, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
    let x = [points(33), special.to_vec()].concat();
    let dy = Stream(2).units(x.len());
    for (name, f) in activations().filter(|(_, f)| f.in_place()) {
        for cpu in cpus() {
            let (mut y, mut dx) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
            f.forward(cpu, &x, &mut y);
            f.backward(cpu, &x, &y, &dy, &mut dx);
            let (mut own, mut d) = (x.clone(), dy.clone());
            f.forward_in_place(cpu, &mut own);
            f.backward_in_place(cpu, &own, &mut d);
            assert_same_bits(&own, &y, name);
            assert_same_bits(&d, &dx, name);
        }
    }
}

#[test]
fn activations_keep_nan() {
    for (name, f) in activations() {
        let (mut y, mut dx) = ([0.0; 3], [0.0; 3]);
        f.forward(Cpu::best(), &[1.0, f32::NAN, 2.0], &mut y);
        f.backward(Cpu::best(), &[1.0, 1.0, 2.0], &y, &[f32::NAN, 1.0, 1.0], &mut dx);
        assert!(!y[0].is_nan() && y[1].is_nan() && !y[2].is_nan() && dx[0].is_nan() && !dx[2].is_nan(), "{name}");
    }
}

/// Outputs, targets of either kind, of a batch.
struct Batch {
    rows: usize,
    width: usize,
    z: Vec<f32>,
    classes: Vec<u32>,
    values: Vec<f32>,
}

impl Batch {
    fn new(rows: usize, width: usize) -> Self {
        let mut stream = Stream((rows * 10_007 + width) as u64);
        Batch {
            rows,
            width,
            z: stream.units(rows * width).iter().map(|z| 5.0 * z).collect(),
            classes: (0..rows).map(|_| stream.below(width as u64) as u32).collect(),
            values: stream.units(rows * width).iter().map(|t| t.abs()).collect(),
        }
    }

    /// The same with outputs where the loss has a value: positive ones, where its reference has none for the others.
    fn within(mut self, loss: &dyn Loss) -> Self {
        if (0..self.rows).any(|row| self.reference(loss, row, &self.outputs(row)).is_nan()) {
            self.z.iter_mut().for_each(|z| *z = z.abs() + 0.5);
        }
        self
    }

    fn outputs(&self, row: usize) -> Vec<f64> {
        self.z[row * self.width..][..self.width].iter().map(|&z| f64::from(z)).collect()
    }

    /// The loss in `f64` of a row with the outputs `z`.
    fn reference(&self, loss: &dyn Loss, row: usize, z: &[f64]) -> f64 {
        if loss.takes_classes() {
            return loss.reference(z, &[f64::from(self.classes[row])]);
        }
        let target: Vec<f64> = self.values[row * self.width..][..self.width].iter().map(|&t| f64::from(t)).collect();
        loss.reference(z, &target)
    }

    /// Losses and gradient of some of the rows, and the losses alone, which have to agree.
    fn run(&self, loss: &dyn Loss, cpu: Cpu, rows: std::ops::Range<usize>, scale: f32) -> (Vec<f32>, Vec<f32>) {
        let outputs = rows.start * self.width..rows.end * self.width;
        let targets = if loss.takes_classes() {
            Targets::Classes(&self.classes[rows.clone()])
        } else {
            Targets::Values(&self.values[outputs.clone()])
        };
        let z = &self.z[outputs];
        let (mut losses, mut gradient) = (vec![f32::NAN; rows.len()], vec![f32::NAN; z.len()]);
        loss.rows(cpu, self.width, z, targets, &mut losses, Some((&mut gradient, scale)));
        let mut alone = vec![f32::NAN; rows.len()];
        loss.rows(cpu, self.width, z, targets, &mut alone, None);
        assert_same_bits(&alone, &losses, "with and without gradient");
        (losses, gradient)
    }
}

fn losses(width: usize) -> impl Iterator<Item = (&'static str, Box<dyn Loss>)> {
    loss::ALL.iter().flat_map(move |member| {
        [defaults(member), busy(member, width)].map(|settings| (member.name, (member.build)(&settings)))
    })
}

#[test]
fn losses_match_their_reference() {
    for width in [1, 2, 3, 10, 16, 17, 40, 1000] {
        for (name, loss) in losses(width) {
            let batch = Batch::new(5, width).within(&*loss);
            let (losses, gradient) = batch.run(&*loss, Cpu::best(), 0..5, 0.25);
            for r in 0..batch.rows {
                let mut z = batch.outputs(r);
                close(losses[r], batch.reference(&*loss, r, &z), 2e-6, name);
                for c in 0..width.min(20) {
                    let (at, h) = (z[c], 1e-4);
                    z[c] = at + h;
                    let above = batch.reference(&*loss, r, &z);
                    z[c] = at - h;
                    let below = batch.reference(&*loss, r, &z);
                    z[c] = at;
                    close(gradient[r * width + c], 0.25 * (above - below) / (2.0 * h), 1e-6, name);
                }
            }
        }
    }
}

#[test]
fn losses_give_the_same_bits_for_every_cut_of_the_rows() {
    for (rows, width) in [(37, 1), (20, 10), (19, 33)] {
        for (name, loss) in losses(width) {
            let batch = Batch::new(rows, width).within(&*loss);
            let whole = batch.run(&*loss, Cpu::best(), 0..rows, 1.0 / 3.0);
            for cpu in cpus() {
                for cut in [0, 1, 5, 16, 17, rows] {
                    let first = batch.run(&*loss, cpu, 0..cut, 1.0 / 3.0);
                    let second = batch.run(&*loss, cpu, cut..rows, 1.0 / 3.0);
                    assert_same_bits(&[first.0, second.0].concat(), &whole.0, name);
                    assert_same_bits(&[first.1, second.1].concat(), &whole.1, name);
                }
            }
        }
    }
}

#[test]
fn losses_keep_nan_in_its_row() {
    for width in [1, 3, 16, 21] {
        for (name, loss) in losses(width) {
            for place in [0, width / 2, width - 1] {
                let mut batch = Batch::new(3, width).within(&*loss);
                batch.z[width + place] = f32::NAN;
                for cpu in cpus() {
                    let (losses, _) = batch.run(&*loss, cpu, 0..3, 1.0);
                    assert!(!losses[0].is_nan() && losses[1].is_nan() && !losses[2].is_nan(), "{name} {width} {place}");
                }
            }
        }
    }
}

#[test]
fn losses_bear_large_outputs() {
    for (name, loss) in losses(2) {
        for size in [100.0, 1e4, 1e18] {
            let mut batch = Batch::new(2, 2);
            batch.z = vec![size, -size, -size, size];
            batch.classes = vec![0, 1];
            // a loss that has no such value, or one beyond every float, cannot bear them
            let representable = |row| batch.reference(&*loss, row, &batch.outputs(row)) < f64::from(f32::MAX);
            if !(0..2).all(representable) {
                continue;
            }
            let (losses, gradient) = batch.run(&*loss, Cpu::best(), 0..2, 1.0);
            assert!(losses.iter().chain(&gradient).all(|x| x.is_finite()), "{name} {size}: {losses:?} {gradient:?}");
        }
    }
}
