"""Golden values of networks that are no chain: branches side by side or summed, and weights that several layers share.

    VENV/bin/python tests/golden/branches.py      # as sequence_layers.py beside it, whose rows and way of training these are

A tensor that several layers share is listed once, where it is first used, as `parameters()` of torch does.
"""

import make
import torch
from make import FOLDER, flat, render, single, value
from sequence_layers import FEATURES, ROWS, Attention, Positions, Recurrent, Residual, T, run
from torch import nn


class Parallel(nn.Module):
    """Branches side by side along a dimension, or summed."""

    def __init__(self, *branches, dim=1, add=False):
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*branch) for branch in branches)
        self.join = sum if add else lambda results: torch.cat(list(results), dim)

    def forward(self, x):
        return self.join([branch(x) for branch in self.branches])


class Turned(nn.Module):
    """A linear layer whose weights are those of another turned over."""

    def __init__(self, other, bias=True):
        super().__init__()
        self.other = [other]  # in a list, so that its weights are listed where they belong
        self.bias = nn.Parameter(torch.zeros(other.in_features)) if bias else None

    def forward(self, x):
        return nn.functional.linear(x, self.other[0].weight.t(), self.bias)


class Scores(nn.Module):
    """How near a step is to the vector of each symbol: a linear layer with the weights of an embedding."""

    def __init__(self, embedding):
        super().__init__()
        self.embedding = [embedding]
        self.bias = nn.Parameter(torch.zeros(embedding.num_embeddings))

    def forward(self, x):
        return nn.functional.linear(x, self.embedding[0].weight, self.bias)


def cases():
    """(layers as we write them, modules as torch has them, optimizer): on sequences of 6 steps of 3 features, which a `reshape` makes."""
    # slowly: rows that are learned by heart leave losses that float32 rounds away
    sgd, adam = ("sgd", {"lr": 0.01, "momentum": 0.9}), ("adam", {"lr": 0.005})
    dense = "{ type = 'dense', units = 4 }"
    tanh = "{ type = 'activation', function = 'tanh' }"
    head = lambda width: [nn.Flatten(), nn.Linear(width, 4)]  # noqa: E731
    conv = "type = 'conv2d', channels = 2, kernel_size = 3, padding = 1"
    first, image = nn.Linear(18, 5), nn.Conv2d(2, 2, 3, padding=1)
    block, steps = Residual(nn.LayerNorm(3), Attention(3, 1)), Recurrent(nn.LSTM, True, input_size=3, hidden_size=3)
    return [
        (
            "{ type = 'reshape', shape = [2, 3, 3] }, { type = 'parallel', branches = ["
            "[{ type = 'conv2d', channels = 3, kernel_size = 1 }], "
            "[{ type = 'conv2d', channels = 2, kernel_size = 3, padding = 1, activation = 'tanh' }], "
            "[{ type = 'max_pool2d', kernel_size = 3, stride = 1, padding = 1 }], []] }, "
            "{ type = 'parallel', join = 'add', branches = [[{ type = 'conv2d', channels = 2, kernel_size = 2 }], "
            "[{ type = 'avg_pool2d', kernel_size = 2, stride = 1 }, { type = 'conv2d', channels = 2, kernel_size = 1 }]] }, "
            + dense,
            [
                nn.Flatten(), nn.Unflatten(1, (2, 3, 3)),
                Parallel([nn.Conv2d(2, 3, 1)], [nn.Conv2d(2, 2, 3, padding=1), nn.Tanh()], [nn.MaxPool2d(3, 1, 1)], []),
                Parallel([nn.Conv2d(9, 2, 2)], [nn.AvgPool2d(2, 1), nn.Conv2d(9, 2, 1)], add=True),
                *head(8),
            ],
            sgd,
        ),
        (
            "{ type = 'parallel', extent = -1, branches = [[], "
            "[{ type = 'per_step', layers = [{ type = 'dense', units = 2, activation = 'tanh' }] }]] }, "
            f"{{ type = 'parallel', branches = [['rms_norm'], [{tanh}, 'layer_norm'], []], join = 'add' }}, {dense}",
            [
                Parallel([], [nn.Linear(3, 2), nn.Tanh()], dim=2),
                Parallel([nn.RMSNorm(5)], [nn.Tanh(), nn.LayerNorm(5)], [], add=True), *head(30),
            ],
            adam,
        ),
        (
            "{ type = 'dense', units = 5, activation = 'tanh' }, { type = 'dense', units = 18, tied = '1' }, "
            "{ type = 'dense', units = 5, share = '1' }, "
            "{ type = 'residual', layers = [{ type = 'dense', units = 18, tied = '1', bias = false }, "
            f"{{ type = 'dense', units = 5, share = '1' }}] }}, {dense}",
            [nn.Flatten(), first, nn.Tanh(), Turned(first), first, Residual(Turned(first, False), first), nn.Linear(5, 4)],
            adam,
        ),
        (
            f"{{ type = 'reshape', shape = [2, 3, 3] }}, {{ {conv} }}, {tanh}, {{ {conv}, share = '2' }}, {tanh}, "
            "{ type = 'reshape', shape = [6, 3] }, { type = 'residual', layers = ['layer_norm', { type = 'attention' }] }, "
            "{ type = 'residual', layers = ['layer_norm', { type = 'attention' }], share = '7' }, "
            "{ type = 'lstm', units = 3, return_sequences = true }, "
            f"{{ type = 'lstm', units = 3, return_sequences = true, share = '9' }}, {dense}",
            [
                *(nn.Flatten(), nn.Unflatten(1, (2, 3, 3)), image, nn.Tanh(), image, nn.Tanh(), nn.Flatten()),
                *(nn.Unflatten(1, (6, 3)), block, block, steps, steps, *head(18)),
            ],
            adam,
        ),
    ]


def symbol_cases():
    """The same on rows of symbols."""
    words, tied = nn.Embedding(5, 3), nn.Embedding(5, 3)
    positions = Positions(T, 3)
    dense = "{ type = 'dense', units = 4 }"
    return [
        (
            "{ type = 'parallel', extent = -1, branches = [[{ type = 'embedding', units = 3 }], "
            f"[{{ type = 'embedding', units = 3, share = '0.branches.0.0' }}, 'positional_embedding']] }}, {dense}",
            [Parallel([words], [words, Positions(T, 3)], dim=2), nn.Flatten(), nn.Linear(36, 4)],
            ("adam", {"lr": 0.005}),
        ),
        (
            "{ type = 'embedding', units = 3 }, 'positional_embedding', { type = 'attention', causal = true }, "
            "{ type = 'positional_embedding', share = '1' }, "
            f"{{ type = 'per_step', layers = [{{ type = 'dense', units = 5, tied = '0' }}] }}, {dense}",
            [tied, positions, Attention(3, 1, True), positions, Scores(tied), nn.Flatten(), nn.Linear(30, 4)],
            ("sgd", {"lr": 0.01, "momentum": 0.9}),
        ),
    ]


def main():
    """Writes branches.json."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    x = single([value(n) for n in range(ROWS * T * FEATURES)]).reshape(ROWS, T, FEATURES)
    classes = torch.tensor([(i * 7 + i // 5) % 4 for i in range(ROWS)])
    symbols = torch.tensor([(i * i + i // 6) % 5 for i in range(ROWS * T)]).reshape(ROWS, T)
    content = {
        "torch": torch.__version__.split("+")[0],
        "about": "cross_entropy of all rows before each of 50 steps; outputs and gradients before the first. Tensor k, flat "
        "index i: (((i * 37 + k * 17 + 11) % 101) / 50.5 - 1.0) / sqrt(fan); " + make.VALUE,
        "shape": [T, FEATURES],
        "x": flat(x),
        "classes": classes.tolist(),
        "cases": [run(*case, x, classes) for case in cases()],
        "symbols": symbols.flatten().tolist(),
        "symbol_cases": [run(*case, symbols, classes) for case in symbol_cases()],
    }
    (FOLDER / "branches.json").write_text(render(content) + "\n", encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
