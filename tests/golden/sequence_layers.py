"""Golden values of the layers that work on sequences: what torch.nn answers, from the same initial parameters.

    VENV/bin/python tests/golden/sequence_layers.py      # as make.py beside it, whose formulas and conventions these are

Every case is a network on rows of T steps of F features: its layers as a file of ours says them, its tensors in the
order and layout of torch, and what becomes of it in 50 steps of training on all rows.
"""

import math

import make
import torch
import torch.nn.functional as F
from make import FOLDER, flat, render, single, value
from torch import nn

ROWS, T, FEATURES = 8, 6, 3
STEPS = 50


class Recurrent(nn.Module):
    """A recurrent module of torch, with its last states or all of them; cut: gradients stop every so many steps."""

    def __init__(self, kind, whole=False, cut=None, **settings):
        super().__init__()
        self.core = kind(batch_first=True, **settings)
        self.whole, self.cut = whole, cut

    def forward(self, x):
        if self.cut:
            outputs, state = [], None
            for piece in x.split(self.cut, dim=1):
                y, state = self.core(piece, state)
                state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
                outputs.append(y)
            return torch.cat(outputs, dim=1)
        y, state = self.core(x)
        if self.whole:
            return y
        h = state[0] if isinstance(state, tuple) else state
        ways = 2 if self.core.bidirectional else 1
        return torch.cat(list(h[-ways:]), dim=-1)


def cases():
    """(layers as we write them, modules as torch has them, loss, optimizer)."""
    sgd, adam = ("sgd", {"lr": 0.1, "momentum": 0.9}), ("adam", {"lr": 0.01})
    dense = "{ type = 'dense', units = 4 }"
    head = lambda width: [nn.Flatten(), nn.Linear(width, 4)]  # noqa: E731
    return [
        (f"{{ type = 'rnn', units = 5 }}, {dense}", [Recurrent(nn.RNN, input_size=3, hidden_size=5), *head(5)], sgd),
        (
            f"{{ type = 'rnn', units = 5, nonlinearity = 'relu', layers = 2, return_sequences = true }}, {dense}",
            [Recurrent(nn.RNN, True, input_size=3, hidden_size=5, num_layers=2, nonlinearity="relu"), *head(30)],
            adam,
        ),
        (f"{{ type = 'lstm', units = 5 }}, {dense}", [Recurrent(nn.LSTM, input_size=3, hidden_size=5), *head(5)], adam),
        (
            f"{{ type = 'lstm', hidden_size = 4, num_layers = 2, bidirectional = true, return_sequences = true }}, {dense}",
            [Recurrent(nn.LSTM, True, input_size=3, hidden_size=4, num_layers=2, bidirectional=True), *head(48)],
            sgd,
        ),
        (
            f"{{ type = 'lstm', units = 5, return_sequences = true, truncate = 4 }}, {dense}",
            [Recurrent(nn.LSTM, True, 4, input_size=3, hidden_size=5), *head(30)],
            adam,
        ),
        (f"{{ type = 'gru', units = 5 }}, {dense}", [Recurrent(nn.GRU, input_size=3, hidden_size=5), *head(5)], adam),
        (
            f"{{ type = 'gru', units = 4, bidirectional = true, bias = false }}, {dense}",
            [Recurrent(nn.GRU, input_size=3, hidden_size=4, bidirectional=True, bias=False), *head(8)],
            sgd,
        ),
        (
            f"{{ type = 'gru', units = 4, layers = 2, return_sequences = true, truncate = 2 }}, {dense}",
            [Recurrent(nn.GRU, True, 2, input_size=3, hidden_size=4, num_layers=2), *head(24)],
            sgd,
        ),
        (
            f"{{ type = 'per_step', layers = [{{ type = 'dense', units = 5, activation = 'tanh' }}] }}, {dense}",
            [nn.Linear(3, 5), nn.Tanh(), *head(30)],
            sgd,
        ),
    ]


def start(network):
    """Puts tensor k of fan f at flat index i to (((i * 37 + k * 17 + 11) % 101) / 50.5 - 1) / sqrt(f)."""
    for k, p in enumerate(network.parameters()):
        fan = p.shape[-1] if p.dim() > 1 else 6
        numbers = [(((i * 37 + k * 17 + 11) % 101) / 50.5 - 1.0) / math.sqrt(fan) for i in range(p.numel())]
        p.data = single(numbers).reshape(p.shape)


def run(layers, modules, optimizer, x, classes):
    """A case with its answers."""
    network = nn.Sequential(*modules)
    start(network)
    name, settings = optimizer
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[name]
    rule = kind(network.parameters(), foreach=False, **settings)
    case = {"layers": layers, "optimizer": name, "settings": settings}
    case["tensors"] = [{"shape": list(p.shape), "initial": flat(p)} for p in network.parameters()]
    case["losses"] = []
    for step in range(STEPS):
        outputs = network(x)
        loss = F.cross_entropy(outputs, classes)
        rule.zero_grad()
        loss.backward()
        case["losses"].append(loss.item())
        if step == 0:
            case["outputs"] = flat(outputs)
            case["gradients"] = [flat(p.grad) for p in network.parameters()]
        rule.step()
    return case


def main():
    """Writes sequence_layers.json."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    x = single([value(n) for n in range(ROWS * T * FEATURES)]).reshape(ROWS, T, FEATURES)
    classes = torch.tensor([(i * 7 + i // 5) % 4 for i in range(ROWS)])
    content = {
        "torch": torch.__version__.split("+")[0],
        "about": "cross_entropy of all rows before each of 50 steps; outputs and gradients before the first. Tensor k, flat "
        "index i: (((i * 37 + k * 17 + 11) % 101) / 50.5 - 1.0) / sqrt(fan); " + make.VALUE,
        "shape": [T, FEATURES],
        "x": flat(x),
        "classes": classes.tolist(),
        "cases": [run(*case, x, classes) for case in cases()],
    }
    (FOLDER / "sequence_layers.json").write_text(render(content) + "\n", encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
