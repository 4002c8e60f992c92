//! Networks that show what layers can do: each by its own example, and together what no example shows, behind and inside of
//! each other. All of them take rows of [`INPUTS`] numbers, or of symbols, and end in [`OUTPUTS`] numbers.

use runner::base::registry::Members;
use runner::nn::activation::ACTIVATIONS;
use runner::nn::layers::LAYERS;

use super::{FORMS, rehearse, rows};

/// Numbers of a row.
pub const INPUTS: usize = 5;
/// What they are to tell: one of so many classes.
pub const OUTPUTS: usize = 3;

/// What a member's example does not show: layers first and inside of others, their other settings.
pub const OTHERS: &[&str] = &[
    "{ type = 'dropout', rate = 0.4 }, 'flatten', { type = 'permute', seed = 3 }, { type = 'dense', units = 70 },
     { type = 'concat', layers = [{ type = 'dropout', rate = 0.5 }, { type = 'dense', units = 18, activation = 'tanh' }] },
     { type = 'scale', by = 'inverse_sqrt' }",
    // two that learn nothing, the second in the place of the first's output
    "{ type = 'scale', by = 1.5 }, { type = 'activation', function = 'tanh' }, { type = 'dense', units = 4, activation = 'tanh' }",
    "{ type = 'scale', by = 1.5, learned = 'vector' },
     { type = 'residual', layers = [{ type = 'scale', learned = 'number' }, { type = 'permute', seed = 1 }] },
     { type = 'concat', layers = [{ type = 'concat', layers = [{ type = 'scale', by = -0.5, learned = 'number' }] }] }",
    "{ type = 'dense', units = 17, bias = false }, 'batch_norm', { type = 'activation', function = 'tanh' }, { type = 'dense', units = 18 },
     { type = 'reshape', shape = [2, 3, 3] }, { type = 'batch_norm', affine = false, momentum = 0.3 },
     { type = 'residual', layers = [{ type = 'conv2d', channels = 2, kernel_size = 3, padding = 1 }, 'batch_norm'] },
     { type = 'layer_norm', over = 'all' }, { type = 'reshape', shape = [3, 6] },
     { type = 'per_step', layers = [{ type = 'dense', units = 5 }, 'layer_norm', 'batch_norm'] }",
    "{ type = 'dense', units = 34 }, { type = 'reshape', shape = [2, 17] }, { type = 'rms_norm', eps = 0.01 },
     { type = 'layer_norm', bias = false }, { type = 'rms_norm', elementwise_affine = false, over = 'all' }, 'batch_norm'",
    "{ type = 'dense', units = 120 }, { type = 'reshape', shape = [2, 6, 10] },
     { type = 'conv2d', channels = 4, kernel_size = [3, 2], padding = [1, 0], groups = 2, activation = 'tanh' },
     { type = 'max_pool2d', kernel_size = 3, stride = 2, padding = 1 },
     { type = 'conv2d', channels = 18, kernel_size = 2, dilation = [2, 1], bias = false },
     { type = 'l2_pool2d', kernel_size = 'global' }",
    "{ type = 'dense', units = 46 }, { type = 'reshape', shape = [2, 23] },
     { type = 'conv1d', channels = 5, kernel_size = 5, stride = 2, padding = 1 }, { type = 'max_pool1d', kernel_size = 2, dilation = 2, stride = 1 },
     { type = 'conv1d', channels = 3, kernel_size = 2, padding = 'same', dilation = 2, activation = 'sigmoid' },
     { type = 'avg_pool1d', kernel_size = 3, stride = 2, padding = 1 }",
    "{ type = 'dense', units = 75 }, { type = 'reshape', shape = [3, 5, 5] },
     { type = 'avg_pool2d', kernel_size = [2, 1], stride = 1 }, { type = 'conv2d', channels = 6, kernel_size = 3, stride = [1, 2], padding = 'same' },
     { type = 'l2_pool2d', kernel_size = 2, stride = 1 }, { type = 'conv2d', channels = 33, kernel_size = 1 }, { type = 'avg_pool2d', kernel_size = 'global' }",
    "{ type = 'reshape', shape = [5, 1] }, { type = 'lstm', units = 17, forget_bias = 1.0 }",
    // large enough for sums of blocks of rows
    "{ type = 'reshape', shape = [5, 1] }, { type = 'gru', units = 27, return_sequences = true }, { type = 'lstm', units = 18 }",
    "{ type = 'dense', units = 8 }, { type = 'reshape', shape = [4, 2] },
     { type = 'lstm', units = 3, layers = 2, bidirectional = true, dropout = 0.3 }",
    "{ type = 'dense', units = 8 }, { type = 'reshape', shape = [4, 2] },
     { type = 'gru', units = 3, bidirectional = true, return_sequences = true, forget_bias = 'chrono' },
     { type = 'gru', units = 4, bias = false, return_sequences = true },
     { type = 'per_step', layers = [{ type = 'dropout', rate = 0.4 }, { type = 'dense', units = 2, activation = 'sigmoid' }] }",
    "{ type = 'dense', units = 8 }, { type = 'reshape', shape = [4, 2] },
     { type = 'rnn', units = 3, nonlinearity = 'relu', layers = 3, return_sequences = true },
     { type = 'residual', layers = [{ type = 'rnn', units = 3, return_sequences = true, recurrent_init = 'orthogonal' }] }",
    "{ type = 'embedding', units = 4, vocabulary = 6 }, 'positional_embedding',
     { type = 'residual', layers = [{ type = 'attention', heads = 2 }] },
     { type = 'residual', layers = [{ type = 'per_step', layers = [
        { type = 'dense', units = 3, activation = 'gelu' }, { type = 'dense', units = 4 },
     ] }] }",
    "{ type = 'dense', units = 18 }, { type = 'reshape', shape = [6, 3] },
     { type = 'positional_embedding', kind = 'sinusoidal' }, { type = 'attention', bias = false, causal = true }",
    "{ type = 'dense', units = 36 }, { type = 'reshape', shape = [2, 3, 6] }, { type = 'spatial_dropout', rate = 0.3 },
     { type = 'upsample', factor = [2, 3] }, { type = 'transpose', extents = [0, -1] },
     { type = 'spatial_dropout', extent = -1 }, { type = 'transpose', extents = [2, 1] }",
    "{ type = 'parallel', join = 'add', branches = [[{ type = 'dense', units = 6 }], [{ type = 'dense', units = 6, bias = false }, 'dropout']] },
     { type = 'parallel', branches = [[], [{ type = 'dense', units = 3 }, { type = 'activation', function = 'tanh' }], [{ type = 'scale', learned = 'vector' }]] },
     { type = 'dense', units = 32 }, { type = 'reshape', shape = [2, 4, 4] },
     { type = 'parallel', branches = [
        [{ type = 'conv2d', channels = 3, kernel_size = 1 }],
        [{ type = 'conv2d', channels = 1, kernel_size = 3, padding = 1, activation = 'tanh' }, 'batch_norm'],
        [{ type = 'parallel', extent = 1, branches = [[{ type = 'max_pool2d', kernel_size = [2, 1] }], [{ type = 'avg_pool2d', kernel_size = [2, 1] }]] }],
        [],
     ] },
     { type = 'avg_pool2d', kernel_size = 2 }, { type = 'reshape', shape = [8, 4] },
     { type = 'parallel', extent = -1, branches = [[{ type = 'per_step', layers = [{ type = 'dense', units = 2 }] }], [], [{ type = 'gru', units = 3, return_sequences = true }]] },
     { type = 'parallel', branches = [[{ type = 'dense', units = 2 }]] }, { type = 'parallel', branches = [[], []], join = 'add' }",
    "{ type = 'dense', units = 4, activation = 'tanh' }, { type = 'dense', units = 5, tied = '0' }, { type = 'dense', units = 4, share = '0' },
     { type = 'residual', layers = [{ type = 'dense', units = 5, tied = '0', bias = false }, { type = 'dense', units = 4, share = '0' }] },
     { type = 'scale', by = 0.5, learned = 'vector' }, { type = 'scale', share = '4', learned = 'vector' },
     { type = 'scale', by = 1.5, learned = 'number' }, { type = 'scale', share = '6', learned = 'number' },
     { type = 'dense', units = 32 }, { type = 'reshape', shape = [2, 4, 4] },
     { type = 'conv2d', channels = 2, kernel_size = 3, padding = 1, activation = 'tanh' }, { type = 'conv2d', channels = 2, kernel_size = 3, padding = 1, share = '10' }",
    "{ type = 'embedding', units = 4 }, 'positional_embedding', { type = 'positional_embedding', share = '1' },
     { type = 'residual', layers = ['layer_norm', { type = 'attention', heads = 2, causal = true }] },
     { type = 'residual', layers = ['layer_norm', { type = 'attention', heads = 2, causal = true }], share = '3' },
     { type = 'gru', units = 4, return_sequences = true }, { type = 'gru', units = 4, return_sequences = true, share = '5' },
     { type = 'per_step', layers = [{ type = 'dense', units = 5, tied = '0' }] }",
    "{ type = 'parallel', branches = [[{ type = 'embedding', units = 3 }], [{ type = 'embedding', units = 3, share = '0.branches.0.0' }]] }",
];

/// Networks of layers `W` wide. The first layer of each is dense, so that the gradient of its parameters holds the gradient
/// of the input of the others.
const NETWORKS: &[&str] = &[
    "{ type = 'dense', units = W, activation = 'tanh' }",
    "{ type = 'dense', units = W, bias = false }, { type = 'dense', units = W, bias = false, activation = 'sigmoid' }",
    "{ type = 'dense', units = W }, { type = 'residual', layers = [
        { type = 'dense', units = W, activation = 'relu' },
        { type = 'residual', layers = [
            { type = 'dense', units = W, bias = false },
            { type = 'activation', function = 'sigmoid' },
        ] },
        { type = 'dense', units = W },
    ] }",
];

/// Whether these layers can be placed on rows of [`INPUTS`] numbers.
pub fn fits(layers: &str) -> bool {
    fits_on(layers, "")
}

/// The same on rows of which `more` is said.
fn fits_on(layers: &str, more: &str) -> bool {
    let zeros = rows(&[0.0; INPUTS * OUTPUTS], INPUTS);
    let text = format!(
        "optimizer = {{ type = 'sgd', lr = 0.1 }}
         loss = 'cross_entropy'
         train = {{ steps = 1, batch_size = 'full' }}
         network = {{ layers = [{layers}, {{ type = 'dense', units = {OUTPUTS} }}] }}
         data = {{ type = 'table', inputs = {zeros}, targets = [0, 1, 2]{more} }}"
    );
    rehearse(&text).is_ok()
}

/// What makes the inputs of a table the numbers of symbols.
pub const SYMBOLS: &str = ", symbols = 5";

/// A layer behind a dense one, on rows of the first form that it takes; or alone, on symbols.
fn on_form(example: &str) -> String {
    let on = |form: &&str| format!("{{ type = 'dense', units = 18 }}, {form}{example}");
    let found = FORMS.iter().map(on).find(|layers| fits(layers));
    let found = found.or_else(|| fits_on(example, SYMBOLS).then(|| example.to_owned()));
    found.unwrap_or_else(|| panic!("no form of rows fits {example}"))
}

/// The networks at widths below, at and above a block of lanes; every layer and every activation by its own example. Each is
/// a list as a file says it, and whether it takes symbols.
pub fn networks() -> Vec<(String, bool)> {
    let mut bodies = Vec::new();
    for width in [1, 3, 17, 33] {
        let flat = LAYERS.all().into_iter().filter(|layer| fits(&layer.example));
        let own = flat.map(|layer| format!("{{ type = 'dense', units = W }}, {}", layer.example));
        let all = NETWORKS.iter().map(|body| (*body).to_owned()).chain(own);
        bodies.extend(all.map(|body| body.replace('W', &width.to_string())));
    }
    let dense = |example: &str| format!("{{ type = 'dense', units = 17, activation = {example} }}");
    bodies.extend(ACTIVATIONS.all().into_iter().map(|activation| dense(&activation.example)));
    bodies.extend(OTHERS.iter().map(|body| (*body).to_owned()));
    bodies.extend(LAYERS.all().into_iter().filter(|layer| !fits(&layer.example)).map(|layer| on_form(&layer.example)));
    let whole = |body: &String| (format!("[{body}, {{ type = 'dense', units = {OUTPUTS} }}]"), !fits(body));
    bodies.iter().map(whole).collect()
}
