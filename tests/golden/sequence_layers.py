"""Golden values of the layers that work on sequences: what torch.nn answers, from the same initial parameters.

    VENV/bin/python tests/golden/sequence_layers.py      # as make.py beside it, whose formulas and conventions these are

Every case is a network on rows of T steps of F features: its layers as a file of ours says them, its tensors in the
order and layout of torch, and what becomes of it in 50 steps of training on all rows. In the cases of padded rows these
have different lengths: packed sequences, keys that attention does not see, and a loss without the targets of the padding.
"""

import math

import make
import torch
import torch.nn.functional as F
from make import FOLDER, flat, render, single, value
from torch import nn

ROWS, T, FEATURES = 8, 6, 3
STEPS = 50
LENGTHS = torch.tensor([6, 4, 1, 3, 6, 2, 5, 1])


class Recurrent(nn.Module):
    """A recurrent module of torch, with its last states or all of them; cut: gradients stop every so many steps."""

    lengths = None

    def __init__(self, kind, whole=False, cut=None, **settings):
        super().__init__()
        self.core = kind(batch_first=True, **settings)
        self.whole, self.cut = whole, cut

    def forward(self, x):
        if self.cut:
            return self.cut_short(x)
        if self.lengths is not None:
            x = nn.utils.rnn.pack_padded_sequence(x, self.lengths, batch_first=True, enforce_sorted=False)
        y, state = self.core(x)
        if self.lengths is not None:
            y, _ = nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=T)
        if self.whole:
            return y
        h = state[0] if isinstance(state, tuple) else state
        ways = 2 if self.core.bidirectional else 1
        return torch.cat(list(h[-ways:]), dim=-1)

    def cut_short(self, x):
        """Step by step: the state of a row that has ended stays, with its way back."""
        outputs, state = [], None
        for t in range(x.shape[1]):
            alive = torch.ones(len(x), 1, dtype=torch.bool) if self.lengths is None else t < self.lengths[:, None]
            if state is not None and t % self.cut == 0:
                state = [torch.where(alive, s.detach(), s) for s in state]
            before = state if state is None or len(state) > 1 else state[0]
            y, after = self.core(x[:, t : t + 1], before if state is None or len(state) == 1 else tuple(before))
            after = list(after) if isinstance(after, tuple) else [after]
            state = after if state is None else [torch.where(alive, a, b) for a, b in zip(after, state)]
            outputs.append(torch.where(alive[:, None], y, torch.zeros_like(y)))
        return torch.cat(outputs, dim=1) if self.whole else state[0][-1]


class Attention(nn.Module):
    """Self-attention with its own parameters alone."""

    lengths = None

    def __init__(self, features, heads, causal=False, **settings):
        super().__init__()
        self.core = nn.MultiheadAttention(features, heads, batch_first=True, **settings)
        self.causal = causal

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1]) if self.causal else None
        ended = None if self.lengths is None else torch.arange(x.shape[1]) >= self.lengths[:, None]
        unseen = None if ended is None else torch.zeros(ended.shape).masked_fill(ended, -math.inf)
        return self.core(x, x, x, attn_mask=mask, key_padding_mask=unseen, need_weights=False)[0]


class Positions(nn.Module):
    """A learned vector for every place, or the waves of Vaswani et al. 2017."""

    def __init__(self, steps, features, learned=True):
        super().__init__()
        self.learned = nn.Embedding(steps, features) if learned else None
        t, i = torch.arange(steps)[:, None], torch.arange(features)[None]
        angle = t.double() / 10000.0 ** ((i // 2 * 2).double() / features)
        self.waves = torch.where(i % 2 == 0, angle.sin(), angle.cos()).float()

    def forward(self, x):
        return x + (self.learned.weight if self.learned else self.waves)


class Residual(nn.Module):
    """A way around."""

    def __init__(self, *body):
        super().__init__()
        self.body = nn.Sequential(*body)

    def forward(self, x):
        return x + self.body(x)


def symbol_cases():
    """The same on rows of symbols."""
    sgd, adam = ("sgd", {"lr": 0.1, "momentum": 0.9}), ("adam", {"lr": 0.01})
    dense = "{ type = 'dense', units = 4 }"
    head = lambda width: [nn.Flatten(), nn.Linear(width, 4)]  # noqa: E731
    mlp = "{ type = 'dense', units = 8, activation = 'gelu' }, { type = 'dense', units = 6 }"
    block = (
        "{ type = 'residual', layers = [{ type = 'attention', heads = 2, causal = true }] }, "
        f"{{ type = 'residual', layers = [{{ type = 'per_step', layers = [{mlp}] }}] }}"
    )
    return [
        (f"{{ type = 'embedding', units = 3 }}, {dense}", [nn.Embedding(5, 3), *head(18)], adam),
        (
            f"{{ type = 'embedding', units = 6 }}, 'positional_embedding', {block}, {dense}",
            [
                *(nn.Embedding(5, 6), Positions(T, 6), Residual(Attention(6, 2, True))),
                *(Residual(nn.Linear(6, 8), nn.GELU(), nn.Linear(8, 6)), *head(36)),
            ],
            # at 0.01 the rows are learned by heart, and a loss of 3e-4 is what float32 leaves of a one
            ("adam", {"lr": 0.002}),
        ),
        (
            "{ type = 'embedding', units = 4 }, { type = 'positional_embedding', kind = 'sinusoidal' }, "
            f"{{ type = 'attention', heads = 4, bias = false }}, {dense}",
            [nn.Embedding(5, 4), Positions(T, 4, False), Attention(4, 4, bias=False), *head(24)],
            sgd,
        ),
    ]


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
        (
            f"{{ type = 'rnn', units = 3, bidirectional = true, return_sequences = true }}, {dense}",
            [Recurrent(nn.RNN, True, input_size=3, hidden_size=3, bidirectional=True), *head(36)],
            sgd,
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


def padded_cases():
    """On rows of different lengths, with a class for each row or each of its steps."""
    sgd, adam = ("sgd", {"lr": 0.1, "momentum": 0.9}), ("adam", {"lr": 0.01})
    dense = "{ type = 'dense', units = 4 }"
    each = f"{{ type = 'per_step', layers = [{dense}] }}"
    head = lambda width: [nn.Flatten(), nn.Linear(width, 4)]  # noqa: E731
    two = {"num_layers": 2, "bidirectional": True}
    see = "{ type = 'attention', heads = 3, causal = true }"
    return [
        (
            f"{{ type = 'lstm', units = 5, return_sequences = true }}, {each}",
            [Recurrent(nn.LSTM, True, input_size=3, hidden_size=5), nn.Linear(5, 4)],
            adam,
            True,
        ),
        (
            f"{{ type = 'gru', units = 2, layers = 2, bidirectional = true, return_sequences = true }}, {each}",
            [Recurrent(nn.GRU, True, input_size=3, hidden_size=2, **two), nn.Linear(4, 4)],
            sgd,
            True,
        ),
        (
            f"{{ type = 'lstm', units = 5, return_sequences = true, truncate = 2 }}, {each}",
            [Recurrent(nn.LSTM, True, 2, input_size=3, hidden_size=5), nn.Linear(5, 4)],
            adam,
            True,
        ),
        (
            f"{{ type = 'residual', layers = [{{ type = 'attention' }}] }}, {each}",
            [Residual(Attention(3, 1)), nn.Linear(3, 4)],
            sgd,
            True,
        ),
        (
            f"{{ type = 'rnn', units = 6, return_sequences = true }}, {see}, {each}",
            [Recurrent(nn.RNN, True, input_size=3, hidden_size=6), Attention(6, 3, True), nn.Linear(6, 4)],
            adam,
            True,
        ),
        (
            f"{{ type = 'lstm', units = 2, layers = 2, bidirectional = true }}, {dense}",
            [Recurrent(nn.LSTM, input_size=3, hidden_size=2, **two), nn.Linear(4, 4)],
            adam,
            False,
        ),
        (
            f"{{ type = 'gru', units = 5, truncate = 2 }}, {dense}",
            [Recurrent(nn.GRU, False, 2, input_size=3, hidden_size=5), nn.Linear(5, 4)],
            sgd,
            False,
        ),
        # what is made of the padding is looked at here
        (
            f"{{ type = 'lstm', units = 4, return_sequences = true }}, {dense}",
            [Recurrent(nn.LSTM, True, input_size=3, hidden_size=4), *head(24)],
            sgd,
            False,
        ),
        (f"{{ type = 'attention', heads = 3 }}, {dense}", [Attention(3, 3), *head(18)], adam, False),
    ]


def start(network):
    """Puts tensor k of fan f at flat index i to (((i * 37 + k * 17 + 11) % 101) / 50.5 - 1) / sqrt(f)."""
    for k, p in enumerate(network.parameters()):
        fan = p.shape[-1] if p.dim() > 1 else 6
        numbers = [(((i * 37 + k * 17 + 11) % 101) / 50.5 - 1.0) / math.sqrt(fan) for i in range(p.numel())]
        p.data = single(numbers).reshape(p.shape)


def run(layers, modules, optimizer, x, classes, lengths=None):
    """A case with its answers."""
    network = nn.Sequential(*modules)
    start(network)
    for module in network.modules():
        if isinstance(module, (Recurrent, Attention)):
            module.lengths = lengths
    counted = torch.ones_like(classes, dtype=torch.bool)
    if classes.dim() > 1:
        counted = torch.arange(T) < lengths[:, None]
    name, settings = optimizer
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[name]
    rule = kind(network.parameters(), foreach=False, **settings)
    case = {"layers": layers, "optimizer": name, "settings": settings}
    case["tensors"] = [{"shape": list(p.shape), "initial": flat(p)} for p in network.parameters()]
    case["losses"] = []
    for step in range(STEPS):
        outputs = network(x)
        loss = F.cross_entropy(outputs[counted], classes[counted])
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
    of_steps = torch.tensor([(i * 5 + i // 4) % 4 for i in range(ROWS * T)]).reshape(ROWS, T)
    padded = x * (torch.arange(T) < LENGTHS[:, None])[:, :, None]

    def run_padded(layers, modules, optimizer, each):
        answers = run(layers, modules, optimizer, padded, of_steps if each else classes, LENGTHS)
        return answers | {"each": each}

    symbols = torch.tensor([(i * i + i // 6) % 5 for i in range(ROWS * T)]).reshape(ROWS, T)
    content = {
        "torch": torch.__version__.split("+")[0],
        "about": "cross_entropy of all rows before each of 50 steps; outputs and gradients before the first. Tensor k, flat "
        "index i: (((i * 37 + k * 17 + 11) % 101) / 50.5 - 1.0) / sqrt(fan); " + make.VALUE,
        "shape": [T, FEATURES],
        "x": flat(x),
        "classes": classes.tolist(),
        "cases": [run(*case, x, classes) for case in cases()],
        "lengths": LENGTHS.tolist(),
        "padded_x": flat(padded),
        "padded_classes": of_steps.flatten().tolist(),
        "padded_cases": [run_padded(*case) for case in padded_cases()],
        "symbols": symbols.flatten().tolist(),
        "symbol_cases": [run(*case, symbols, classes) for case in symbol_cases()],
    }
    (FOLDER / "sequence_layers.json").write_text(render(content) + "\n", encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
