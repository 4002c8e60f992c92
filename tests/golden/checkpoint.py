"""Checkpoints as PyTorch saves them, and what the networks answer with them. See make.py, whose inputs and way of writing these
are. The small file beside the mistakes of the tests comes from here too. (The names that share a tensor stand in another order
in each run, which is how safetensors writes them.)

    VENV/bin/pip install torch safetensors
    VENV/bin/python tests/golden/checkpoint.py                      # writes the files
    VENV/bin/python tests/golden/checkpoint.py --verify RUNNER      # writes nothing

The second is the way back, with the program RUNNER (`target/release/runner`): it trains every network, and what it kept is
loaded into the modules of torch as strictly as torch can, which must then have the losses that the program measured.
`tests/checkpoints.rs` does it where `python3`, or what RUNNER_TEST_PYTHON names, has torch and safetensors.
"""

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from branches import Parallel, Turned
from make import FOLDER, VALUE, flat, render, single, value

import torch
from safetensors.torch import load_file, load_model, save_model
from torch import nn


class Residual(nn.Module):
    """Our `residual`: x + g(x)."""

    def __init__(self, *layers):
        super().__init__()
        self.body = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.body(x)


class Concat(Residual):
    """Our `concat`: x and g(x) side by side."""

    def forward(self, x):
        return torch.cat((x, self.body(x)), dim=1)


class Lstm(nn.LSTM):
    """The state after the last step of the last level."""

    def forward(self, x):
        return super().forward(x)[0][:, -1]


class Gru(nn.GRU):
    """The last states of both directions."""

    def forward(self, x):
        return torch.cat(tuple(super().forward(x)[1]), dim=1)


class Rnn(nn.RNN):
    """The states after every step."""

    def forward(self, x):
        return super().forward(x)[0]


class Symbols(nn.Embedding):
    """Vectors of symbols that come as floats."""

    def forward(self, x):
        return super().forward(x.long())


class Positions(nn.Module):
    """Our `positional_embedding`."""

    def __init__(self, steps, features):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(steps, features))

    def forward(self, x):
        return x + self.weight


class Attention(nn.MultiheadAttention):
    """Self-attention in which a step sees none that follow it."""

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1], dtype=x.dtype)
        return super().forward(x, x, x, attn_mask=mask, need_weights=False)[0]


class PerStep(nn.Module):
    """Our `per_step`: torch's layers see every step by itself unasked."""

    def __init__(self, *layers):
        super().__init__()
        self.body = nn.Sequential(*layers)

    def forward(self, x):
        return self.body(x)


def models():
    """(name, module, numbers of a row, layers as a file of ours says them); all end in three numbers."""
    dense = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), Residual(nn.Linear(7, 7, bias=False), nn.Tanh()), nn.Linear(7, 3))
    conv2d = nn.Sequential(
        nn.Unflatten(1, (2, 4, 5)), nn.Conv2d(2, 4, (2, 3), groups=2), nn.ReLU(), nn.Flatten(), nn.Linear(36, 3)
    )
    conv1d = nn.Sequential(nn.Unflatten(1, (2, 6)), nn.Conv1d(2, 3, 3), nn.Flatten(), nn.Linear(12, 3))
    lstm = nn.Sequential(nn.Unflatten(1, (4, 3)), Lstm(3, 5, num_layers=2, batch_first=True), nn.Linear(5, 3))
    gru = nn.Sequential(nn.Unflatten(1, (4, 3)), Gru(3, 2, bidirectional=True, batch_first=True), nn.Linear(4, 3))
    rnn = nn.Sequential(
        nn.Unflatten(1, (4, 3)), Rnn(3, 2, 2, nonlinearity="relu", bidirectional=True, batch_first=True), nn.Flatten(),
        nn.Linear(16, 3),
    )
    norms = nn.Sequential(
        nn.Unflatten(1, (2, 3, 4)), nn.Conv2d(2, 3, 2), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(18, 5), nn.BatchNorm1d(5),
        nn.LayerNorm(5), nn.RMSNorm(5), nn.Linear(5, 3),
    )
    transformer = nn.Sequential(
        Symbols(5, 4), Positions(6, 4), Residual(nn.LayerNorm(4), Attention(4, 2, batch_first=True)),
        Residual(nn.LayerNorm(4), PerStep(nn.Linear(4, 6), nn.GELU(), nn.Linear(6, 4))), nn.Flatten(), nn.Linear(24, 3),
    )
    branches = nn.Sequential(
        Concat(nn.Linear(4, 2), nn.Tanh()), nn.Unflatten(1, (2, 3)),
        Parallel([nn.Conv1d(2, 3, 1)], [], [nn.Conv1d(2, 1, 3, padding=1), nn.Tanh()]), nn.Flatten(), nn.Linear(18, 3),
    )
    first = nn.Linear(4, 4)
    shared = nn.Sequential(first, nn.Tanh(), Turned(first), nn.Tanh(), first, nn.Linear(4, 3))
    tanh = "{ type = 'activation', function = 'tanh' }"
    return [
        ("norms", norms, 24, "{ type = 'reshape', shape = [2, 3, 4] }, { type = 'conv2d', channels = 3, kernel_size = 2 }, "
         "'batch_norm2d', 'flatten', { type = 'dense', units = 5 }, 'batch_norm1d', 'layer_norm', 'rms_norm'"),
        ("dense", dense, 5, f"{{ type = 'dense', units = 7 }}, {tanh}, "
         f"{{ type = 'residual', layers = [{{ type = 'dense', units = 7, bias = false }}, {tanh}] }}"),
        ("conv2d", conv2d, 40, "{ type = 'reshape', shape = [2, 4, 5] }, "
         "{ type = 'conv2d', channels = 4, kernel_size = [2, 3], groups = 2 }, "
         "{ type = 'activation', function = 'relu' }, 'flatten'"),
        ("conv1d", conv1d, 12, "{ type = 'reshape', shape = [2, 6] }, { type = 'conv1d', channels = 3, kernel_size = 3 }, 'flatten'"),
        ("lstm", lstm, 12, "{ type = 'reshape', shape = [4, 3] }, { type = 'lstm', units = 5, layers = 2 }"),
        ("gru", gru, 12, "{ type = 'reshape', shape = [4, 3] }, { type = 'gru', units = 2, bidirectional = true }"),
        ("rnn", rnn, 12, "{ type = 'reshape', shape = [4, 3] }, { type = 'rnn', units = 2, layers = 2, nonlinearity = 'relu', "
         "bidirectional = true, return_sequences = true }, 'flatten'"),
        ("transformer", transformer, 6, "{ type = 'embedding', units = 4 }, 'positional_embedding', "
         "{ type = 'residual', layers = ['layer_norm', { type = 'attention', heads = 2, causal = true }] }, "
         "{ type = 'residual', layers = ['layer_norm', { type = 'per_step', layers = [{ type = 'dense', units = 6 }, "
         "{ type = 'activation', function = 'gelu' }, { type = 'dense', units = 4 }] }] }, 'flatten'"),
        ("branches", branches, 4, f"{{ type = 'concat', layers = [{{ type = 'dense', units = 2 }}, {tanh}] }}, "
         "{ type = 'reshape', shape = [2, 3] }, { type = 'parallel', branches = [[{ type = 'conv1d', channels = 3, "
         "kernel_size = 1 }], [], [{ type = 'conv1d', channels = 1, kernel_size = 3, padding = 1 }, "
         f"{tanh}]] }}, 'flatten'"),
        ("shared", shared, 4, f"{{ type = 'dense', units = 4 }}, {tanh}, {{ type = 'dense', units = 4, tied = '0' }}, {tanh}, "
         "{ type = 'dense', units = 4, share = '0' }"),
    ]


def fill(model):
    """Parameters from the common formula, no two tensors alike."""
    for k, (name, tensor) in enumerate(model.state_dict().items()):
        if tensor.dtype == torch.int64:
            tensor.fill_(300 + k)
            continue
        numbers = [0.5 * value(19 * k + 3 * n + n * n) for n in range(tensor.numel())]
        numbers = [abs(x) for x in numbers] if name.endswith("running_var") else numbers
        tensor.copy_(single(numbers).reshape(tensor.shape))


def inputs(name, width, rows):
    """Rows for a model; for the transformer numbers of symbols."""
    if name == "transformer":
        return single([(n * n + n // 6) % 5 for n in range(rows * width)]).reshape(rows, width)
    return single([value(3 * n) for n in range(rows * width)]).reshape(rows, width)


def main():
    """Writes a checkpoint of each model, checkpoints.json, and the file for the mistakes."""
    cases = []
    for name, model, width, layers in models():
        model.eval()
        fill(model)
        save_model(model, FOLDER / f"checkpoint_{name}.safetensors", metadata={"format": "pt"})
        x = inputs(name, width, 4)
        case = {"name": name, "layers": layers, "width": width, **({"symbols": 5} if name == "transformer" else {})}
        cases.append({**case, "x": flat(x), "outputs": flat(model.double()(x.double()))})
    content = {
        "torch": torch.__version__,
        "about": "x (4, width) and the outputs (4, 3) of small networks with the parameters of checkpoint_NAME.safetensors",
        "formula": VALUE,
        "cases": cases,
    }
    (FOLDER / "checkpoints.json").write_text(render(content) + "\n", encoding="ascii", newline="\n")
    small = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
    fill(small)
    save_model(small, FOLDER.parent / "mistakes" / "small.safetensors", metadata={"format": "pt"})


ROWS, TESTED = 9, 4
# of a loss of order one that was measured in float32
ERROR = 1e-5


def verify(runner):
    """Holds what the program `runner` keeps of a training against torch."""
    for name, model, width, layers in models():
        x = inputs(name, width, ROWS + TESTED)
        y = single([value(7 * n) for n in range((ROWS + TESTED) * 3)]).reshape(-1, 3)
        rows = {key: json.dumps(part.tolist()) for key, part in [
            ("inputs", x[:ROWS]), ("targets", y[:ROWS]), ("test_inputs", x[ROWS:]), ("test_targets", y[ROWS:]),
        ]}
        if name == "transformer":
            rows["symbols"] = 5
        text = f"""
            name = "kept"
            data = {{ type = "table", {", ".join(f"{key} = {part}" for key, part in rows.items())} }}
            network.layers = [{layers}, {{ type = "dense", units = 3 }}]
            loss = "mse"
            optimizer = {{ type = "adam", lr = 0.02 }}
            train = {{ steps = 15, batch_size = "full" }}
            eval.every = {{ steps = 15 }}
            checkpoint.save = ["init", "last"]
        """
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            (folder / "kept.toml").write_text(text, encoding="utf-8")
            subprocess.run([runner, "kept.toml", "--out", ".", "-qq"], cwd=folder, check=True)
            with open(folder / "kept" / "metrics.csv", encoding="utf-8") as file:
                measured = list(csv.DictReader(file))
            assert [row["step"] for row in measured] == ["0", "15"]
            for row, moment in zip(measured, ["init", "last"]):
                model.float()
                fill(model)
                kept = folder / "kept" / "checkpoints" / row["trial"] / f"{moment}.safetensors"
                if name == "shared":
                    # to a state dict what is shared is there under each of its names
                    load_model(model, kept, strict=True)
                else:
                    model.load_state_dict(load_file(kept), strict=True)
                model.eval().double()
                z = model(x.double())
                for part, theirs in [("train", (z - y)[:ROWS]), ("test", (z - y)[ROWS:])]:
                    ours, theirs = float(row[f"{part}_loss"]), theirs.square().mean().item()
                    assert abs(ours - theirs) < ERROR * max(1.0, theirs), f"{name}, {moment}, {part}: {ours}, not {theirs}"
            assert measured[0]["train_loss"] != measured[1]["train_loss"], f"{name} was not trained"
        print(f"{name}: what was kept is what torch loads")


if __name__ == "__main__":
    with torch.no_grad():
        verify(str(Path(sys.argv[2]).resolve())) if sys.argv[1:2] == ["--verify"] else main()
