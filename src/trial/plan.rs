//! A plan: everything about a trial's setting that can be known before its first step. Shapes are placed, the loss is
//! matched with the data, steps and evaluations are counted. All plans of a sweep are made before one trial is trained.

use crate::base::diagnostics::{Diagnostics, Place};
use crate::base::random::{Purpose, Seeds};
use crate::base::shape::{Shape, Target};
use crate::base::values::{Chosen, Value, Values};
use crate::data::Outline;
use crate::data::augment::Augment;
use crate::learn::objective::Objective;
use crate::learn::optimizer::{self, Instead};
use crate::learn::schedule::{Rates, Run};
use crate::learn::stopping::Measures;
use crate::learn::training::Training;
use crate::nn::network::Network;
use crate::nn::place::Input;
use crate::probe::{self, Probe, Wants};

use super::checkpoint::{self, Moment};
use super::looks::Looks;
use super::search::Search;
use super::sections::{Read, member, table};
use super::update::Update;

/// What is known of the data before it is loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct DataOutline {
    /// The shape of a row, before it is augmented.
    pub shape: Shape,
    /// What is predicted.
    pub target: Target,
    /// Rows that are trained on, after validation was taken out.
    pub train: usize,
    /// Targets of a row: 1, or one for each of its steps.
    pub steps: usize,
    /// Where the inputs are the numbers of symbols: how many symbols there are.
    pub symbols: Option<usize>,
    /// Whether rows are sequences of different lengths, filled up to the shape.
    pub padded: bool,
    /// The parts that are measured, in order: `train`, perhaps `validation`, `test`.
    pub parts: Vec<&'static str>,
}

impl From<Outline> for DataOutline {
    fn from(found: Outline) -> Self {
        let Outline { shape, target, train, steps, symbols, padded, .. } = found;
        let held = (found.validation > 0).then_some("validation");
        Self {
            shape,
            target,
            train,
            steps,
            symbols,
            padded,
            parts: ["train"].into_iter().chain(held).chain(["test"]).collect(),
        }
    }
}

impl DataOutline {
    /// What is done to a row each time it is trained on, if anything.
    fn augment(&self, read: &Read) -> Option<Augment> {
        member(read, "data").and_then(|section| Augment::new(section, &self.shape))
    }

    /// What a network gets.
    fn rows<'a>(&'a self, augment: Option<&'a Augment>) -> Input<'a> {
        let shape = augment.map_or(&self.shape, Augment::shape);
        Input { shape, symbols: self.symbols, padded: self.padded.then(|| shape.0[0]) }
    }
}

/// A trial's setting, ready to be trained with any seed.
pub struct Plan {
    /// The placed network.
    pub network: Network,
    /// What is minimised.
    pub objective: Objective,
    /// What is done to a row each time it is trained on.
    pub augment: Option<Augment>,
    /// How a step is taken.
    pub update: Update,
    /// How large it is.
    pub rates: Rates,
    /// For how long.
    pub training: Training,
    /// The run in steps.
    pub run: Run,
    /// When it is measured.
    pub looks: Looks,
    /// What is measured.
    pub probes: Vec<Probe>,
    /// The parts of the data that are measured.
    pub parts: Vec<&'static str>,
    /// The columns that this gives.
    pub columns: Vec<String>,
    /// Which weights are kept.
    pub saves: Vec<Moment>,
    /// Streams that are held at a seed of their own.
    pins: Vec<(Purpose, u64)>,
}

impl Plan {
    /// Makes the plan, or reports all that stands in its way: a section that could not be read takes with it only what
    /// depends on it.
    pub fn new(read: &Read, data: &DataOutline, diagnostics: &mut Diagnostics) -> Option<Self> {
        let augment = data.augment(read);
        let rows = data.rows(augment.as_ref());
        let network = table(read, "network").and_then(|section| Network::place(section, rows, diagnostics));
        let objective = network.as_ref().zip(member(read, "loss")).and_then(|(network, loss)| {
            let place = width_place(table(read, "network").expect("the network was placed from it"));
            let place = (place, network.story());
            Objective::new(loss, (data.target, data.steps), network.output(), place, diagnostics)
        });
        let probes = network.as_ref().and_then(|network| probes(read, network, data, diagnostics));
        let columns =
            network.as_ref().zip(probes.as_ref()).map(|(network, probes)| columns(probes, network, &data.parts));
        let measures = columns.as_deref().map(|columns| Measures { columns, better: probe::better })?;
        let training = Training::new(table(read, "train")?, measures, diagnostics)?;
        let run = Run { steps: training.steps(data.train), per_epoch: training.steps_per_epoch(data.train) };
        let chosen = member(read, "optimizer")?;
        let fits = member(read, "loss").is_none_or(|loss| optimizer::fits(chosen, loss, diagnostics));
        let rates = rates(read, chosen, run, measures, diagnostics);
        let looks = Looks::new(table(read, "eval")?.times("every"), run);
        let (network, objective, rates) = (network?, objective?, rates.filter(|_| fits)?);
        coupled(&network, (&training, run), data, read, diagnostics)?;
        let rule = optimizer::build(chosen, Instead::default());
        let network = network.trained_by(rule.is_some_and(|rule| rule.scale_free()));
        searches(chosen, &network, (&training, data.train), read, diagnostics)?;
        let update = Update::new(chosen, &objective, rates.largest_momentum(), network.slots());
        Some(Self {
            augment,
            network,
            objective,
            update,
            rates,
            training,
            run,
            looks,
            probes: probes?,
            parts: data.parts.clone(),
            columns: columns?,
            saves: checkpoint::wanted(table(read, "checkpoint")?),
            pins: pins(table(read, "pin")?),
        })
    }

    /// Whether a probe looks at this beside the parameters.
    pub fn wants(&self, what: Wants) -> bool {
        self.probes.iter().any(|probe| probe.wants(what))
    }

    /// Whether the gradient of all parameters is there at once, and not only a block of it at a time.
    pub fn keeps_gradient(&self) -> bool {
        !self.update.alone() || self.wants(Wants::Gradient)
    }

    /// The seeds of the trial with this seed.
    pub fn seeds(&self, own: u64) -> Seeds {
        self.pins.iter().fold(Seeds::new(own), |seeds, (purpose, seed)| seeds.pin(*purpose, *seed))
    }

    /// Rows of a training step on a training set of `rows`.
    pub fn batch_rows(&self, rows: usize) -> usize {
        self.training.batch_rows(rows)
    }

    /// Floating-point operations of the whole run's training steps, see [`Network::operations`]; never 0.
    pub fn operations(&self, rows: usize) -> f64 {
        let climbs = if self.update.climb().is_some() { 2.0 } else { 1.0 };
        let passes = self.update.search().map_or(climbs, |how| how.max_iter as f64);
        passes * self.network.operations().max(1) as f64 * self.batch_rows(rows) as f64 * self.run.steps as f64
    }

    /// Bytes that training one trial takes beside its data.
    pub fn memory(&self, rows: usize) -> usize {
        let kept = usize::from(self.keeps_gradient()) + usize::from(self.wants(Wants::Start));
        let beside = usize::from(self.update.climb().is_some()) + usize::from(self.training.average.is_some());
        let searching = self.update.search().map_or(0, |how| Search::floats(how, self.run.steps));
        let copies = 1 + kept + beside + searching + self.update.planes();
        let batch = self.batch_rows(rows);
        let inputs = self.augment.as_ref().map_or(self.network.input().width(), Augment::room);
        let spare = self.augment.as_ref().map_or(0, Augment::spare);
        let batch = self.network.kept(batch) + batch * (inputs + self.objective.steps()) + spare;
        4 * (self.network.parameters() * copies + batch)
    }
}

/// Looks for batches that a network cannot take which couples their rows.
fn coupled(
    network: &Network,
    (training, run): (&Training, Run),
    data: &DataOutline,
    read: &Read,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let Some(least) = network.coupled() else { return Some(()) };
    let batch = training.batch_rows(data.train);
    let smallest = match data.train % batch {
        rest if rest > 0 && run.steps >= run.per_epoch => rest,
        _ => batch,
    };
    if smallest >= least {
        return Some(());
    }
    let message = format!(
        "`batch_norm` measures a variance over the rows of a batch, but batches of {batch} leave a single one of {} rows",
        data.train
    );
    let hint = "choose another `batch_size`: a channel needs two numbers";
    diagnostics.error_with_hint(table(read, "train")?.place("batch_size"), message, "", hint);
    None
}

/// Looks for what an optimizer that searches cannot be given: batches that are not all rows and rows that are changed, so
/// that the loss is another at every step, and settings of single steps or parameters.
fn searches(
    chosen: &Chosen,
    network: &Network,
    (training, rows): (&Training, usize),
    read: &Read,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    optimizer::search(chosen).map_or(Some(()), |_| {
        let name = chosen.name;
        let batch = training.batch_rows(rows);
        if batch < rows {
            let place = table(read, "train")?.place("batch_size");
            let message =
                format!("`{name}` needs the loss of all rows at each step, and a batch has {batch} of {rows}");
            diagnostics.error_with_hint(place, message, "", "write `batch_size = \"full\"`, or take `adam` or `sgd`");
            return None;
        }
        let data = member(read, "data")?;
        if !data.values.list("augment").is_empty() {
            let message =
                format!("`{name}` measures the same loss again and again, and `augment` changes the rows each time");
            diagnostics.error_with_hint(
                data.values.place("augment"),
                message,
                "",
                "leave it out, or take `adam` or `sgd`",
            );
            return None;
        }
        if let Some(key) = ["clip_norm", "clip_value", "sam"].into_iter().find(|key| chosen.values.has(key)) {
            let message = format!("`{key}` has no meaning for `{name}`, which compares gradients with one another");
            diagnostics.error_with_hint(chosen.values.place(key), message, "", "leave it out");
            return None;
        }
        if let Some(slot) = network.slots().iter().find(|slot| slot.care.lr != 1.0) {
            let message = format!("`{name}` moves all parameters by one length, and `{}` has its own rate", slot.name);
            let hint = "leave out `lr` at layers and initialisers that set rates; `frozen` layers are allowed";
            diagnostics.error_with_hint(chosen.place, message, "", hint);
            return None;
        }
        Some(())
    })
}

/// The rates of the run, if the schedule fits the optimizer.
fn rates(
    read: &Read,
    optimizer: &Chosen,
    run: Run,
    measures: Measures<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Rates> {
    let chosen = member(read, "schedule")?;
    let rates = Rates::new(chosen, optimizer::rate(optimizer), run, measures, diagnostics)?;
    if rates.largest_momentum().is_some() && optimizer::momentum(optimizer).is_none() {
        let message = format!("schedule `{}` cycles the momentum, and `{}` has none", chosen.name, optimizer.name);
        diagnostics.error_with_hint(chosen.place, message, "", "write `cycle_momentum = false` here");
        return None;
    }
    Some(rates)
}

/// The streams that `[pin]` holds, each with its seed.
fn pins(section: &Values) -> Vec<(Purpose, u64)> {
    let held = Purpose::ALL.into_iter().map(|(purpose, _)| purpose).filter(|purpose| section.has(purpose.name()));
    held.map(|purpose| (purpose, section.whole(purpose.name()) as u64)).collect()
}

/// Where the width of the last layer is written: its `units`, or the whole layer.
fn width_place(network: &Values) -> Place {
    let last = network.list("layers").last().expect("a network has a layer");
    let units = match &last.value {
        Value::Member(layer) => layer.values.items.iter().find(|(key, _)| *key == "units"),
        other => unreachable!("a layer is a member: {other:?}"),
    };
    units.map_or(last.place, |(_, item)| item.place)
}

/// The columns that a setting's evaluations will have, also when the setting has a mistake elsewhere.
pub fn measured(read: &Read, data: &DataOutline) -> Option<Vec<String>> {
    let mut quiet = Diagnostics::new();
    let augment = data.augment(read);
    let network = Network::place(table(read, "network")?, data.rows(augment.as_ref()), &mut quiet)?;
    Some(columns(&probes(read, &network, data, &mut quiet)?, &network, &data.parts))
}

fn probes(read: &Read, network: &Network, data: &DataOutline, diagnostics: &mut Diagnostics) -> Option<Vec<Probe>> {
    let section = table(read, "eval")?;
    if !section.has("metrics") {
        return Some(probe::usual(data.target));
    }
    let before = diagnostics.count();
    let mut probes = Vec::new();
    let mut known: Vec<String> = Vec::new();
    for item in section.list("metrics") {
        let Value::Member(chosen) = &item.value else { unreachable!("metrics are members") };
        let probe = probe::build(chosen);
        if let Some(why) = probe.misfit(data.target, network) {
            let message = format!("metric `{}` cannot be measured here: {why}", chosen.name);
            diagnostics.error_with_hint(item.place, message, "", "`runner list metric` shows all");
        }
        if let Some(word) = probe::prefix(chosen).filter(|word| !is_word(word)) {
            let hint = "it becomes a part of the columns' names: letters, digits and `_`";
            diagnostics.error_with_hint(chosen.values.place("name"), format!("`{word}` is no word"), "", hint);
        }
        let columns = probe.columns(&data.parts, network);
        if let Some(again) = columns.iter().find(|c| known.contains(c)) {
            let hint =
                "leave it out, or give it a `name` that goes before the measure's: `{ type = ..., name = \"my\" }`";
            diagnostics.error_with_hint(item.place, format!("`{again}` is measured twice"), "", hint);
        }
        known.extend(columns);
        probes.push(probe);
    }
    (diagnostics.count() == before).then_some(probes)
}

/// Whether a text can be a part of a column's name.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The names of the measures: `train_loss`, `test_loss`, `train_accuracy`, ..., `weight_norm`.
fn columns(probes: &[Probe], network: &Network, parts: &[&'static str]) -> Vec<String> {
    probes.iter().flat_map(|probe| probe.columns(parts, network)).collect()
}
