"""Golden values of networks that are no chain: branches side by side or summed, and weights that several layers share.

    VENV/bin/python tests/golden/branches.py      # as sequence_layers.py beside it, whose rows and way of training these are

A tensor that several layers share is listed once, where it is first used, as `parameters()` of torch does.
"""

import make
import torch
from make import FOLDER, flat, render, single, value
from sequence_layers import FEATURES, ROWS, Positions, Residual, T, run
from torch import nn


class Parallel(nn.Module):
    """Branches side by side along a dimension, or summed."""

    def __init__(self, *branches, dim=1, add=False):
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*branch) for branch in branches)
        self.join = sum if add else lambda results: torch.cat(list(results), dim)

    def forward(self, x):
        return self.join([branch(x) for branch in self.branches])


def cases():
    """(layers as we write them, modules as torch has them, optimizer): on sequences of 6 steps of 3 features."""
    # slowly: rows that are learned by heart leave losses that float32 rounds away
    sgd, adam = ("sgd", {"lr": 0.01, "momentum": 0.9}), ("adam", {"lr": 0.005})
    dense = "{ type = 'dense', units = 4 }"
    tanh = "{ type = 'activation', function = 'tanh' }"
    head = lambda width: [nn.Flatten(), nn.Linear(width, 4)]  # noqa: E731
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
    ]


def symbol_cases():
    """The same on rows of symbols."""
    return []


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
